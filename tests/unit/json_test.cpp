#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include "hello/error.h"
#include "hello/json.h"
#include "hello/sha256.h"
#include "support/fixtures.h"

using namespace hello;
using json::Kind;
using json::Style;

namespace {

json::Value parse(std::string_view text) { return json::parse(text, "t"); }

/// The error's text, or "" where there is none.
std::string failure(std::string_view text, const json::Limits &limits = {}) {
  try {
    json::parse(text, "t", limits);
    return "";
  } catch (const Error &error) {
    return error.what();
  }
}

std::vector<std::string> fixture(const std::string &name) {
  std::ifstream in(test::fixture_path("json/" + name));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string quoted(std::string_view text) {
  std::string out;
  json::quote(out, text);
  return out;
}

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

} // namespace

TEST_CASE("json: what 0.1.0 wrote into history and digests is written again byte for byte") {
  const auto input = fixture("input.jsonl"), canonical = fixture("canonical.jsonl"),
             as_go = fixture("as_go.jsonl"), digests = fixture("digests");
  REQUIRE(input.size() == 5);
  REQUIRE(canonical.size() == input.size());
  REQUIRE(as_go.size() == input.size());
  REQUIRE(digests.size() == input.size());
  for (std::size_t i = 0; i < input.size(); ++i) {
    const json::Value value = parse(input[i]);
    CHECK(json::canonical(value) == canonical[i]);
    CHECK(json::as_go(value) == as_go[i]);
    CHECK(hex(sha256(json::canonical(value) + "\n")) == digests[i]);
    CHECK(json::canonical(parse(canonical[i])) == canonical[i]);
    CHECK(json::as_go(parse(as_go[i])) == as_go[i]);
  }
}

TEST_CASE("json: values of every kind are read, numbers with the text they had") {
  const json::Value value = parse(
      R"( {"n" : [1e400, -0, 1.0, 123456789012345678901234567890],"s":"a\nb","t":true,"z":null,"o":{}} )");
  CHECK(value.at("n").items()[0].text() == "1e400");
  CHECK(value.at("n").items()[1].text() == "-0");
  CHECK(value.at("n").items()[2].text() == "1.0");
  CHECK(value.at("n").items()[3].text() == "123456789012345678901234567890");
  CHECK(value.text("s") == "a\nb");
  CHECK(value.at("t").boolean());
  REQUIRE(value.find("z"));
  CHECK(value.find("z")->is_null());
  CHECK(value.find("none") == nullptr);
  CHECK(value.at("o").is_object());
  CHECK(value.at("s", "below", "that").is_null());
  CHECK(value.text("n", "x").empty());
  CHECK(
      json::to_text(value) ==
      R"({"n":[1e400,-0,1.0,123456789012345678901234567890],"s":"a\nb","t":true,"z":null,"o":{}})");
}

TEST_CASE("json: whole numbers within 64 bits are numbers, anything else is the fallback") {
  const std::pair<const char *, std::int64_t> rows[] = {{"42", 42},
                                                        {"-9223372036854775808", INT64_MIN},
                                                        {"9223372036854775807", INT64_MAX},
                                                        {"9223372036854775808", 7},
                                                        {"1.0", 7},
                                                        {"1e3", 7},
                                                        {"\"12\"", 12},
                                                        {"\"\"", 7},
                                                        {"\"12x\"", 7},
                                                        {"null", 7},
                                                        {"true", 7},
                                                        {"[1]", 7}};
  for (const auto &[text, number] : rows) {
    CAPTURE(text);
    CHECK(parse(text).number(7) == number);
  }
}

TEST_CASE("json: what is not JSON is refused with its place") {
  const std::pair<const char *, const char *> rows[] = {
      {"", "t:1:1: ends where a value is expected"},
      {"  \n ", "t:2:2: ends where a value is expected"},
      {"{\n \"a\": x}", "t:2:7: expected a value"},
      {"[1,]", "t:1:4: expected a value"},
      {"[1 2]", "t:1:4: expected ','"},
      {"[1", "t:1:3: ends where ',' is expected"},
      {"{\"a\"}", "t:1:5: expected ':'"},
      {"{a:1}", "t:1:2: expected a key in quotes"},
      {"{\"a\":1,}", "t:1:8: expected a key in quotes"},
      {"{\"a\":1,\"b\":2,\"a\":3}", "t:1:20: the key 'a' twice"},
      {"01", "t:1:2: a number with a leading zero"},
      {"-", "t:1:2: expected a digit"},
      {"1.", "t:1:3: expected a digit"},
      {".5", "t:1:1: expected a value"},
      {"+1", "t:1:1: expected a value"},
      {"1e", "t:1:3: expected a digit"},
      {"NaN", "t:1:1: expected a value"},
      {"nul", "t:1:1: expected a value"},
      {"truex", "t:1:5: something follows the value"},
      {"{} {}", "t:1:4: something follows the value"},
      {"\"abc", "t:1:5: ends within a string"},
      {"\"a\\", "t:1:4: unknown escape"},
      {"\"\\x\"", "t:1:4: unknown escape"},
      {"\"\\u12g4\"", "t:1:6: expected four hexadecimal digits"},
      {"\"a\tb\"", "t:1:3: a control character within a string"},
      {"\"\xff\"", "t:1:2: not UTF-8"},
      {"\"\xc0\xaf\"", "t:1:2: not UTF-8"},         // overlong
      {"\"\xed\xa0\x80\"", "t:1:2: not UTF-8"},     // a surrogate
      {"\"\xf4\x90\x80\x80\"", "t:1:2: not UTF-8"}, // beyond U+10FFFF
      {"\"\xe2\x82\"", "t:1:2: not UTF-8"},         // cut off
      {"\xef\xbb\xbf{}", "t:1:1: expected a value"}};
  for (const auto &[text, error] : rows) {
    CAPTURE(text);
    CHECK(failure(text) == error);
  }
  CHECK(failure(std::string_view("[1\0]", 4)) == "t:1:3: expected ','");
  CHECK(failure(std::string_view("1\0", 2)) == "t:1:2: something follows the value");
  CHECK(failure(std::string_view("\"a\0b\"", 5)) == "t:1:3: a control character within a string");
}

TEST_CASE("json: bytes, depth and number of values are bounded") {
  CHECK(failure(repeated("[", 100'000)) == "t:1:201: nested deeper than 200");
  CHECK(failure(repeated("{\"a\":", 100'000)) == "t:1:1001: nested deeper than 200");
  CHECK(failure(repeated("[", 200) + repeated("]", 200)).empty());
  CHECK(failure("[1,2,3]", {.values = 3}) == "t:1:6: more than 3 values");
  CHECK(failure("[1,2,3]", {.values = 4}).empty());
  CHECK(failure("[1,2,3]", {.bytes = 6}) == "t:1:1: longer than the limit of 6 bytes");
  const std::string deep = repeated("[", 201) + repeated("]", 201);
  json::Reader reader(deep, "t");
  CHECK_THROWS_AS(reader.skip(), Error);
}

TEST_CASE("json: escapes are read, surrogates in pairs") {
  const std::pair<const char *, std::string> rows[] = {
      {R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
      {R"("\u0041\u00e9\u20AC")", "Aé€"},
      {R"("\ud83d\ude00")", "😀"},
      {R"("\ud83d")", "\xEF\xBF\xBD"},
      {R"("\ude00\ud83d")", "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {R"("\ud83dx")", "\xEF\xBF\xBDx"},
      {R"("\ud83d\u0041")", "\xEF\xBF\xBD"
                            "A"},
      {R"("\u0000")", std::string(1, '\0')},
      {R"("x\u00e9y")", "xéy"}};
  for (const auto &[text, meaning] : rows) {
    CAPTURE(text);
    CHECK(parse(text).text() == meaning);
  }
}

TEST_CASE("json: strings are escaped so that every reader and terminal shows the same") {
  const std::pair<std::string, const char *> rows[] = {
      {"plain", R"("plain")"},
      {"a\"b\\c/d", R"("a\"b\\c/d")"},
      {std::string("\0\b\f\n\r\t\x1f\x7f", 8), R"("\u0000\u0008\u000c\n\r\t\u001f\u007f")"},
      {"\u0085\u009f\u00a0", "\"\\u0085\\u009f\u00a0\""},
      {"\u2028\u2029\ufeff\uffff", R"("\u2028\u2029\ufeff\uffff")"},
      {"\U0001ffff\U0001f600", "\"\\ud83f\\udfff\U0001f600\""},
      {"a\xff\xc3(", "\"a\xEF\xBF\xBD\xEF\xBF\xBD(\""},
      {"<>&", R"("<>&")"}};
  for (const auto &[text, json] : rows) {
    CAPTURE(text);
    CHECK(quoted(text) == json);
  }
}

TEST_CASE("json: the reader gives a list object by object, and passes over what is not wanted") {
  const std::string text =
      R"({"kind":"PodList","metadata":{"resourceVersion":"7","x":[1,{"y":[]}]},"items":[{"name":"a"},{"name":"b"},3],"n":5})";
  json::Reader reader(text, "t");
  std::string version, names;
  int others = 0;
  REQUIRE(reader.enter(Kind::object));
  for (std::string_view key; reader.next(key);) {
    if (key == "metadata") {
      version = reader.value().text("resourceVersion");
    } else if (key == "items") {
      REQUIRE(reader.enter(Kind::array));
      while (reader.next()) {
        if (reader.peek() == Kind::object)
          names += reader.value().text("name");
        else
          CHECK(reader.text() == "3");
      }
    } else {
      ++others;
      CHECK(!reader.enter(Kind::array)); // passes over "kind" and "n"
    }
  }
  reader.end();
  CHECK(version == "7");
  CHECK(names == "ab");
  CHECK(others == 2);
}

TEST_CASE("json: values are built, copied and changed independently") {
  json::Value value;
  value["a"]["b"] = json::integer(1);
  value["list"].push(json::string("x"));
  value["list"].push(json::boolean(false));
  json::Value copy = value;
  copy["a"]["b"] = json::number("2e3");
  copy.erase("list");
  CHECK(json::to_text(value) == R"({"a":{"b":1},"list":["x",false]})");
  CHECK(json::to_text(copy) == R"({"a":{"b":2e3}})");
  value = value.at("list"); // a part of itself
  CHECK(json::to_text(value) == R"(["x",false])");
  value = json::Value();
  CHECK(value.is_null());
  CHECK(sizeof(json::Value) <= 40);
}

TEST_CASE("json: the writer has three styles") {
  const json::Value value = parse(R"({"a":[1,{"b":null}],"c":{},"d":[],"e":"x"})");
  CHECK(json::to_text(value) == R"({"a":[1,{"b":null}],"c":{},"d":[],"e":"x"})");
  CHECK(json::to_text(value, Style::spaced) ==
        R"({"a": [1, {"b": null}], "c": {}, "d": [], "e": "x"})");
  CHECK(json::to_text(value, Style::indented) == R"({
  "a": [
    1,
    {
      "b": null
    }
  ],
  "c": {},
  "d": [],
  "e": "x"
})");
  std::string out = "line ";
  json::Writer writer(out);
  writer.begin_object().key("n").number(-5).key("t").boolean(true).key("r").raw("[1]");
  writer.key("z").null().end_object();
  CHECK(out == R"(line {"n":-5,"t":true,"r":[1],"z":null})");
}

TEST_CASE("json: members with one key are left out, at any depth") {
  const json::Value value = json::parse(
      R"({"a":{"noise":[{"x":1}],"b":2},"noise":3,"c":[{"noise":4}]})", "t", {.without = "noise"});
  CHECK(json::to_text(value) == R"({"a":{"b":2},"c":[{}]})");
}
