#include <doctest/doctest.h>

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "hello/error.h"
#include "hello/yaml.h"

using namespace hello;

namespace {

std::string error_of(std::string_view text, const yaml::Limits &limits = {}) {
  try {
    yaml::load(text, "f.yaml", limits);
  } catch (const Error &error) {
    CHECK(error.code() == Exit::invalid);
    return error.what();
  }
  return "no error";
}

/// A text through our emitter and a foreign reader's grammar (yaml-cpp), as value and as key.
std::string round_trip(const std::string &text) {
  YAML::Node map;
  map.force_insert(yaml::string("k"), yaml::string(text));
  return yaml::load(yaml::to_yaml(map), "round.yaml")["k"].Scalar();
}

} // namespace

TEST_CASE("yaml: every awkward string comes back byte for byte and stays a string") {
  for (std::string text : {"true",
                           "no",
                           "8080",
                           "1e3",
                           "0o14",
                           "0x1F",
                           "1_000",
                           "null",
                           "~",
                           "2026-11-22",
                           "12:30:45",
                           ".inf",
                           "",
                           " a",
                           "a ",
                           "\"",
                           "'",
                           "# x",
                           "- x",
                           "a: b",
                           "%x",
                           "@x",
                           "*x",
                           "&x",
                           "!x",
                           "{{ x }}",
                           "a\nb",
                           "a\nb\n",
                           "a\n\n",
                           "\na",
                           " a\nb",
                           "a \nb",
                           "a\tb",
                           "\ta",
                           "a\r\nb\r\n",
                           "😀",
                           "a\xC2\x85z",
                           "a\xE2\x80\xA8z",
                           "\xEF\xBB\xBFx",
                           "\x01",
                           "\x7F",
                           "?",
                           "-",
                           ":",
                           "a:",
                           "a #b",
                           "[",
                           "{",
                           "]",
                           ",",
                           "|",
                           ">",
                           "`",
                           "=",
                           "<<",
                           "y",
                           "N",
                           "oFF",
                           ".",
                           "..",
                           "---",
                           "...",
                           "--- a",
                           "0",
                           "+1",
                           "-0",
                           "08",
                           "0b1",
                           "1.",
                           ".5",
                           "1E5",
                           "\\n",
                           "100m",
                           "64Mi",
                           "1m",
                           "/",
                           "//",
                           "a\n# b\n",
                           "a\n---\nb\n",
                           "a\n  b\nc",
                           "  \n",
                           "\n",
                           "$(x)",
                           "\xF0\x9F\xBF\xBE"}) {
    CAPTURE(text);
    CHECK(round_trip(text) == text);
    CHECK(yaml::kind_of(yaml::load(yaml::to_yaml(yaml::string(text)), "x")) ==
          yaml::Scalar::string);
  }
  CHECK(round_trip(std::string(102400, 'x')).size() == 102400);
}

TEST_CASE("yaml: plain values are written so that readers of YAML 1.1 and 1.2 agree") {
  auto written = [](std::string_view plain) {
    return yaml::to_yaml(yaml::load("a: " + std::string(plain), "x"));
  };
  for (auto [in, out] : std::initializer_list<std::pair<const char *, const char *>>{
           {"True", "true"},
           {"~", "null"},
           {"", "null"},
           {"0644", "420"},
           {"0x1F", "31"},
           {"0o14", "12"},
           {"+7", "7"},
           {"-0x10", "-16"},
           {"1e3", "1.0e+3"},
           {".5", "0.5"},
           {"5.", "5.0"},
           {"1.5E-7", "1.5e-7"},
           {"00.5", "0.5"},
           {"yes", "\"yes\""},
           {"1_000", "\"1_000\""},
           {"12:30:45", "\"12:30:45\""},
           {"2026-11-22", "\"2026-11-22\""},
           {"-.INF", "-.inf"},
           {"089", "\"089\""},
           {"1.2.3", "\"1.2.3\""},
           {"18446744073709551616", "18446744073709551616"},
           {"Hello, World!", "Hello, World!"},
           {"100m", "100m"}}) {
    CHECK(written(in) == "a: " + std::string(out) + "\n");
  }
}

TEST_CASE("yaml: output has the shape that people read") {
  std::string text = "a:\n- b: 1\n  c:\n  - x\n  - - u\n    - z\n- {}\n- []\n- \"\"\nd:\n  e: |\n  "
                     "  one\n    two\n  "
                     "f: |-\n    one\n\n    two\n";
  CHECK(yaml::to_yaml(yaml::load(text, "x")) == text);
}

TEST_CASE("yaml: json") {
  YAML::Node node =
      yaml::load("{a: [1, true, ~, 1e3, 'x', \"\\u0001\\U0001FFFE\", 0644], b: {}, c: yes}", "x");
  CHECK(yaml::to_json(node) ==
        R"({"a": [1, true, null, 1.0e+3, "x", "\u0001\ud83f\udffe", 420], "b": {}, "c": "yes"})");
  CHECK(yaml::to_json(yaml::load("a: [b]", "x"), 2) == "{\n  \"a\": [\n    \"b\"\n  ]\n}");
  for (const char *none : {"[.nan]", "[.inf]", "[-.Inf]"})
    CHECK_THROWS_AS(yaml::to_json(yaml::load(none, "x")), Error);
  CHECK(yaml::to_json(yaml::load("[driver.inf, a.nan]", "x")) ==
        R"(["driver.inf", "a.nan"])"); // names, not numbers
}

TEST_CASE("yaml: merge keys give the entries that the map does not have itself, the first map's") {
  const auto json = [](std::string_view text) { return yaml::to_json(yaml::load(text, "f")); };
  CHECK(json("<<: {a: 1, b: 2}\nb: 3") == R"({"b": 3, "a": 1})");
  CHECK(json("x: &x {a: 1}\ny: &y {a: 2, b: 2}\nz: {<<: [*x, *y], c: 3}") ==
        R"({"x": {"a": 1}, "y": {"a": 2, "b": 2}, "z": {"c": 3, "a": 1, "b": 2}})");
  CHECK(json("x: &x {a: 1}\ny: &y {<<: *x, b: 2}\nz: {<<: *y}") ==
        R"({"x": {"a": 1}, "y": {"b": 2, "a": 1}, "z": {"b": 2, "a": 1}})");
  CHECK(json("\"<<\": {a: 1}") == R"({"<<": {"a": 1}})");
}

TEST_CASE("yaml: an alias is a copy, with the place of what it stands for") {
  const YAML::Node node = yaml::load("a: &a\n  x: 1\nb: *a\nc: {<<: {d: *a}}", "test");
  YAML::Node b = node["b"];
  b["x"] = yaml::integer(2);
  YAML::Node d = node["c"]["d"];
  d["y"] = yaml::integer(3);
  CHECK(yaml::to_json(node) == R"({"a": {"x": 1}, "b": {"x": 2}, "c": {"d": {"x": 1, "y": 3}}})");
  CHECK(yaml::place(node["b"], "test") == "test:1:4");
}

TEST_CASE("yaml: merge keys count against the limit of nodes") {
  std::string text = "a: &a {";
  for (int i = 0; i < 100; ++i) text += "k" + std::to_string(i) + ": 0, ";
  text += "}\nb: {<<: [";
  for (int i = 0; i < 2000; ++i) text += "*a, ";
  try {
    yaml::load(text + "]}", "f");
    FAIL("loaded");
  } catch (const Error &error) {
    CHECK(std::string(error.what()).find("more than 100000 nodes") != std::string::npos);
  }
}

TEST_CASE("yaml: errors say where") {
  CHECK(error_of("a: 1\nb: 2\na: 3\n") ==
        "f.yaml:3:1: duplicate key 'a' (first at line 1, column 1)");
  CHECK(error_of("a:\n  b: [1, 2\n") ==
        "f.yaml:3:1: the list that began with '[' does not end: ']' or ',' is missing");
  CHECK(error_of("\xEF\xBB\xBF"
                 "a: 1\na: 2") == "f.yaml:2:1: duplicate key 'a' (first at line 1, column 1)");
  CHECK(error_of("a: \xFF") == "f.yaml:1:4: invalid UTF-8 (byte 0xFF)");
  CHECK(error_of("a: \x04 b") ==
        "f.yaml:1:4: control character U+0004: write \"\\x04\" in double quotes");
  CHECK(error_of(std::string_view("a: \0", 4)) == "f.yaml:1:4: a NUL byte: text cannot carry one");
  CHECK(error_of("a: \"x\\0y\"") == "f.yaml:1:4: a NUL (\\0): text cannot carry one");
  CHECK(error_of("<<: 1") == "f.yaml:1:1: <<: takes a map, or a list of maps");
  CHECK(error_of("<<: [1]") == "f.yaml:1:1: <<: takes a map, or a list of maps");
  CHECK(error_of("<<: {a: 1}\n<<: {b: 1}").find("f.yaml:2:1: duplicate key '<<'") == 0);
  CHECK(error_of("a: &a\n  <<: *a\n").find("nested deeper") != std::string::npos);
  CHECK(error_of("[a]: 1") == "f.yaml:1:1: a key must be a text, not a list or map");
  CHECK(error_of("~: 1") == "f.yaml:1:1: a key is empty");
  CHECK(error_of("a: !foo 1") == "f.yaml:1:4: tag '!foo' is not supported");
  for (const char *open : {"a: \"b\n", "a: 'b\r\n", "a: \"b\n  ", "a: \"b"})
    CHECK(error_of(open).find("a quotation mark that closes the text is missing") !=
          std::string::npos);
  CHECK(error_of("a: 1\n---\nb: 1\n").find("f.yaml:3:1: a second document") == 0);
  CHECK(error_of("a: \"\\ud83d\\ude00\"").find("f.yaml:1:") == 0);
  CHECK(error_of("a:\n\tb: 1\n") == "f.yaml:2:3: the line is indented with a tab: use spaces");
  CHECK(error_of("a:\n \t- b") == "f.yaml:2:3: the line is indented with a tab: use spaces");
  CHECK(error_of("a: b:\tc\n\td: e") ==
        "f.yaml:1:5: unexpected ':': quote a value that contains ': ', or mend the indentation");
  for (const char *stray : {"!a,\n- b\n", "]", ", a"}) CHECK(error_of(stray).find("f.yaml:") == 0);
}

TEST_CASE(
    "yaml: a directive stands before its document, and no line is skipped that looks like one") {
  for (const char *good : {"%YAML 1.2\n---\na: 1\n", "# c\n\n%YAML 1.2\r\n---\r\na: 1\r\n",
                           "a: 1 %\nb: |\n %c\n", "a: 1\n...\n%YAML 1.2\n---\nb: 2\n"})
    CHECK_NOTHROW(yaml::load_all(good, "f.yaml"));
  CHECK(error_of("a: 1\n%b: 2\n") ==
        "f.yaml:2:1: a line that begins with % is a directive: indent it");
  CHECK(error_of("a:\r\n\r\n%").find("f.yaml:3:1: ") == 0);
}

TEST_CASE("yaml: input is bounded in bytes, depth and nodes") {
  CHECK(error_of(std::string(2 << 20, '#')) ==
        "f.yaml: 2097152 bytes, and at most 1048576 are read");
  CHECK(
      error_of(std::string(66, '[') + std::string(66, ']')).find("nested deeper than 64 levels") !=
      std::string::npos);
  CHECK(error_of(std::string(500'000, '[')).find("nested deeper than 64 levels") !=
        std::string::npos);
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    bomb += fmt::format("{0}: &{0} [", c);
    for (int i = 0; i < 10; ++i) bomb += fmt::format("*{},", static_cast<char>(c - 1));
    bomb += "]\n";
  }
  CHECK(error_of(bomb).find("more than 100000 nodes") != std::string::npos);
  CHECK(error_of("a: &a [*a]").find("nested deeper") != std::string::npos);
}

TEST_CASE("yaml: tags and escapes that yaml-cpp reads oddly") {
  CHECK(yaml::kind_of(yaml::load("!!str 8080", "x")) == yaml::Scalar::string);
  CHECK(yaml::load("\"a\\N\\_é\\N\"", "x").Scalar() == "a\xC2\x85\xC2\xA0é\xC2\x85");
  CHECK(yaml::kind_of(YAML::Node(std::string("true"))) == yaml::Scalar::string);
  CHECK(yaml::load("a: |+\n  b\n\n", "x")["a"].Scalar() ==
        "b\n\n"); // what is put behind the input adds nothing
  CHECK(yaml::load("a: |\n  b", "x")["a"].Scalar() == "b");
  CHECK(yaml::to_yaml(yaml::integer(-5)) == "-5\n");
  CHECK(yaml::to_yaml(yaml::boolean(true)) == "true\n");
}

TEST_CASE("yaml: the simple style is read, and nothing else is taken for it") {
  for (const char *text : {"", "# nothing\n", "a: b # c\nd:\n  - e: \"1\"\n    f: g: h\n",
                           "a:\n- b\n- - c\n  - {}\nd: [x, \"y\"]\n"}) {
    CAPTURE(text);
    const auto tree = yaml::load_simple(text);
    if (std::string_view(text).find("g: h") != std::string_view::npos)
      CHECK_FALSE(tree);
    else
      CHECK(yaml::to_json(tree.value()) == yaml::to_json(yaml::load(text, "t")));
  }
  for (const char *other :
       {"a: 'b'", "a: |\n  b", "a: {b: c}", "a: [b, [c]]", "a: \"\\n\"", "a: \"b # c\"", "a: &x b",
        "a: ~", "--- a", "a", "a: b\n  c", "a:\n    b: c\n  d: e", "- a\nb: c", "? a", "a: null",
        "[\"a, b\"]", "\"a: b\""}) {
    CAPTURE(other);
    CHECK_FALSE(yaml::load_simple(other));
  }
}

TEST_CASE("yaml: at, text, items and nested: whatever is in the way, nothing is thrown and nothing "
          "is made") {
  const YAML::Node node = yaml::load("a: {b: [{c: one}, two], n: null}\ns: text\n", "x");
  CHECK(yaml::text(node, "a", "b").empty());
  CHECK(yaml::items(yaml::at(node, "a", "b")).size() == 2);
  CHECK(yaml::text(yaml::items(yaml::at(node, "a", "b"))[0], "c") == "one");
  CHECK(yaml::text(node, "s") == "text");
  for (const YAML::Node &none :
       {yaml::at(node, "s", "a"), yaml::at(node, "x", "y", "z"), yaml::at(node, "a", "b", "c")}) {
    CHECK(!none.IsDefined());
    CHECK(yaml::text(none).empty());
    CHECK(yaml::items(none).empty());
    CHECK(!yaml::at(none, "more").IsDefined());
  }
  CHECK(yaml::at(node, "a", "n").IsNull());
  CHECK(yaml::to_json(node) == R"({"a": {"b": [{"c": "one"}, "two"], "n": null}, "s": "text"})");
  CHECK(yaml::to_json(yaml::nested({"a", "b"}, yaml::string("1"))) == R"({"a": {"b": "1"}})");
}
