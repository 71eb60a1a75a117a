#include <string>

#include <doctest/doctest.h>

#include "hello/text.h"

using namespace hello;
using namespace std::chrono_literals;
using text::Quantity;

namespace {

Quantity amount(std::string_view written) {
  const auto read = Quantity::parse(written);
  REQUIRE_MESSAGE(read, written);
  return *read;
}

std::string shown(const std::vector<std::string_view> &parts) {
  std::string out;
  for (const std::string_view part : parts) out.append("[").append(part).append("]");
  return out;
}

} // namespace

TEST_CASE("text is split at every separator") {
  CHECK(shown(text::split("a|b", '|')) == "[a][b]");
  CHECK(shown(text::split("a||b", '|')) == "[a][][b]");
  CHECK(shown(text::split("a|", '|')) == "[a][]");
  CHECK(shown(text::split("|", '|')) == "[][]");
  CHECK(shown(text::split("a", '|')) == "[a]");
  CHECK(shown(text::split("", '|')) == "");
}

TEST_CASE("words are what blanks, tabs and line ends leave") {
  CHECK(text::words(" a  b\tc\r\n") == std::vector<std::string_view>{"a", "b", "c"});
  CHECK(text::words("abc") == std::vector<std::string_view>{"abc"});
  CHECK(text::words(" \n").empty());
  CHECK(text::words("").empty());
}

TEST_CASE("lines lose their ends, and a final one begins no further line") {
  CHECK(shown(text::lines("a\nb\n")) == "[a][b]");
  CHECK(shown(text::lines("a\r\n\nb")) == "[a][][b]");
  CHECK(shown(text::lines("\n")) == "[]");
  CHECK(shown(text::lines("a\r")) == "[a\r]"); // only before a newline
  CHECK(shown(text::lines("")) == "");
  CHECK(text::first_line("a\nb") == "a");
  CHECK(text::first_line("a\r\nb") == "a");
  CHECK(text::first_line("a") == "a");
  CHECK(text::first_line("\na") == "");
}

TEST_CASE("parts are taken from the front, joined and trimmed") {
  std::string_view rest = "kind/name/more";
  CHECK(text::take(rest, '/') == "kind");
  CHECK(rest == "name/more");
  CHECK(text::take(rest, ':') == "name/more");
  CHECK(rest.empty());
  CHECK(text::join(std::vector<std::string>{"a", "", "b"}, ", ") == "a, , b");
  CHECK(text::join(std::vector<std::string_view>{"a"}, ", ") == "a");
  CHECK(text::join(std::vector<std::string>{}, ", ") == "");
  CHECK(text::trimmed(" \ta b\r\n") == "a b");
  CHECK(text::trimmed(" \n") == "");
}

TEST_CASE("alternatives read as a sentence") {
  CHECK(text::alternatives("yaml") == "yaml");
  CHECK(text::alternatives("yaml|json") == "yaml or json");
  CHECK(text::alternatives("a|b|c") == "a, b or c");
}

TEST_CASE("upper and lower change ASCII letters only") {
  CHECK(text::lower("AZaz09-Ä") == "azaz09-Ä");
  CHECK(text::upper("AZaz09-ä") == "AZAZ09-ä");
}

TEST_CASE("a whole number is the whole text, and in range") {
  CHECK(text::integer("0") == 0);
  CHECK(text::integer("-9223372036854775808") == INT64_MIN);
  CHECK(text::integer("9223372036854775807") == INT64_MAX);
  CHECK(text::integer("65535", 1, 65535) == 65535);
  for (const char *bad : {"", "+1", " 1", "1 ", "1.0", "0x1", "-", "9223372036854775808", "1e3"})
    CHECK_MESSAGE(!text::integer(bad), bad);
  CHECK(!text::integer("65536", 1, 65535));
  CHECK(!text::integer("0", 1, 65535));
  CHECK(text::is_digits("0123456789"));
  CHECK(!text::is_digits(""));
  CHECK(!text::is_digits("1a"));
}

TEST_CASE("durations have units; seconds may lack them") {
  CHECK(text::duration("250ms") == 250ms);
  CHECK(text::duration("30s") == 30s);
  CHECK(text::duration("5m") == 5min);
  CHECK(text::duration("1h30m") == 90min);
  CHECK(text::duration("7d") == 168h);
  CHECK(text::duration("0") == 0ms);
  CHECK(text::duration("36525d") == 876600h); // a century
  for (const char *bad : {"", "5", "s", "1.5s", "-1s", "1 s", "1w", "36526d", "5m30", "1S",
                          "36525d1ms", "99999999999999999999s"})
    CHECK_MESSAGE(!text::duration(bad), bad);
  CHECK(text::seconds("90") == 90s);
  CHECK(text::seconds("1m30s") == 90s);
  CHECK(text::seconds("500ms500ms") == 1s);
  CHECK(!text::seconds("500ms"));
  CHECK(!text::seconds("-1"));
  CHECK(!text::seconds(""));
  CHECK(!text::seconds("1m30"));
}

TEST_CASE("quantities compare exactly") {
  CHECK(amount("100m") == amount("0.1"));
  CHECK(amount("1Gi") == amount("1024Mi"));
  CHECK(amount("1Gi") > amount("1G"));
  CHECK(amount("1e3") == amount("1k"));
  CHECK(amount("1E") == amount("1e18"));
  CHECK(amount("1E3") == amount("1000"));
  CHECK(amount("1e-3") == amount("1m"));
  CHECK(amount("1e+3") == amount("1k"));
  CHECK(amount("7Ei") == amount("7168Pi"));
  CHECK(amount("0.1Ki") == amount("102.4"));
  CHECK(amount(".5") == amount("5.e-1"));
  CHECK(amount("9007199254740993") > amount("9007199254740992")); // equal as doubles
  CHECK(amount("-1") < amount("0"));
  CHECK(amount("+1") == amount("1"));
  CHECK(amount("000000000000000000000000000000000000000000000001") == amount("1"));
  CHECK(amount("1.00000000000000000000000000000000000000000000000") == amount("1"));
  CHECK(amount("1000000000000000000Ei") == amount("1e900")); // both beyond the bound
}

TEST_CASE("quantities below a billionth round away from zero, as the API server rounds them") {
  CHECK(amount("0.1n") == amount("1n"));
  CHECK(amount("1.0000000001") == amount("1000000001n"));
  CHECK(amount("-0.1n") == amount("-1n"));
  CHECK(amount("0e-900") == amount("0"));
  CHECK(amount("0.0009765625Ki") == amount("1"));
}

TEST_CASE("a quantity is its whole text") {
  for (const char *bad :
       {"",    ".",     "m",    "1 ", " 1", "1K",  "1ki", "1mi",          "1.2.3", "1e",
        "--1", "1e1.5", "1Mib", "e3", "+",  "1ni", "0x1", "1e9999999999", "inf",   "nan"})
    CHECK_MESSAGE(!Quantity::parse(bad), bad);
  CHECK(amount("1500m").value() == doctest::Approx(1.5));
  CHECK(amount("64Mi").value() == 67108864);
  CHECK(amount("2").is_whole());
  CHECK(!amount("2500m").is_whole());
  CHECK(amount("-1").is_negative());
}

TEST_CASE("what is not UTF-8 is found at its first byte") {
  CHECK(text::invalid_utf8("") == std::string::npos);
  CHECK(text::invalid_utf8("a\u00e9\u20ac\U0001F600") == std::string::npos);
  CHECK(text::invalid_utf8("a\x80") == 1);
  CHECK(text::invalid_utf8("\xC0\x80") == 0);         // overlong
  CHECK(text::invalid_utf8("\xE0\x9F\xBF") == 0);     // overlong
  CHECK(text::invalid_utf8("\xED\xA0\x80") == 0);     // a surrogate
  CHECK(text::invalid_utf8("\xF0\x8F\xBF\xBF") == 0); // overlong
  CHECK(text::invalid_utf8("\xF4\x90\x80\x80") == 0); // beyond U+10FFFF
  CHECK(text::invalid_utf8("\xF5\x80\x80\x80") == 0);
  CHECK(text::invalid_utf8("ab\xE2\x82") == 2); // cut off
  CHECK(text::invalid_utf8("\xE2\x28\xA1") == 0);
  CHECK(text::utf8_length("\xF4\x8F\xBF\xBF") == 4);
  CHECK(text::utf8_length("") == 0);
}

TEST_CASE("text is cut between characters") {
  CHECK(text::cut("a\u20acb", 4) == "a\u20ac");
  CHECK(text::cut("a\u20acb", 3) == "a");
  CHECK(text::cut("a\u20acb", 5) == "a\u20acb");
  CHECK(text::cut("\u20ac", 2) == "");
  CHECK(text::shortened("abc", 3) == "abc");
  CHECK(text::shortened("abcd", 3) == "abc…");
}

TEST_CASE("a long value in a message is cut, and its size follows") {
  const std::string large(100'000, 'a'), begin(100, 'a');
  CHECK(text::abridged("--image: '" + large + "' is not valid") ==
        "--image: '" + begin + "…' (100000 bytes) is not valid");
  CHECK(text::abridged("'" + large + "' and 'b' and '" + large + "'") ==
        "'" + begin + "…' (100000 bytes) and 'b' and '" + begin + "…' (100000 bytes)");
  CHECK(text::abridged("the pod's 'x\n" + large + "'") ==
        "the pod's 'x\n" + begin.substr(2) + "…' (100002 bytes)");
  const std::string usual = "run 'kubectl get pods' to see the pods' states, or 'hello status'";
  CHECK(text::abridged(usual) == usual);
  CHECK(text::abridged("cannot read " + large + ": no such file") ==
        "cannot read " + begin + "… (100000 bytes): no such file");
}

TEST_CASE("broken sequences become one U+FFFD each") {
  CHECK(text::valid_utf8("a\x80 b") == "a\uFFFD b");
  CHECK(text::valid_utf8("\xE2\x82 b") == "\uFFFD b");
  CHECK(text::valid_utf8("\xFF\xFE") == "\uFFFD\uFFFD");
  CHECK(text::valid_utf8("\u00e9") == "\u00e9");
}

TEST_CASE("a terminal gets nothing that it obeys") {
  CHECK(text::printable("\x1B[31mred\a\x7F") == "\uFFFD[31mred\uFFFD\uFFFD");
  CHECK(text::printable("a\tb\nc\r") == "a\tb\nc\uFFFD");
  CHECK(text::printable("\u009B1m") == "\uFFFD1m");               // C1
  CHECK(text::printable("\u202Eabc\u2066") == "\uFFFDabc\uFFFD"); // direction
  CHECK(text::printable("\xFF\u20ac") == "\uFFFD\u20ac");
}

TEST_CASE("percent-encoding keeps unreserved characters") {
  CHECK(text::percent_encoded("aZ09-._~") == "aZ09-._~");
  CHECK(text::percent_encoded("app=a b,c/d") == "app%3Da%20b%2Cc%2Fd");
  CHECK(text::percent_encoded("\u00e9%") == "%C3%A9%25");
}
