#include <doctest/doctest.h>

#include "hello/base64.h"
#include "hello/json.h"
#include "hello/mask.h"
#include "hello/sha256.h"

using namespace hello;

TEST_CASE("base64: what is encoded is decoded again; Source: RFC 4648, section 10") {
  const std::pair<const char *, const char *> known[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"},
                                                         {"\xff\xfe", "//4="}};
  for (const auto &[plain, encoded] : known) {
    CHECK(base64(plain) == encoded);
    CHECK(from_base64(encoded) == plain);
  }
  CHECK(from_base64("Zm9v\nYmFy\n") == "foobar");
  for (const char *bad : {"Zg", "Zg=", "Z===", "Zg==Zg==", "Zm9!"}) CHECK_FALSE(from_base64(bad));
  CHECK(base64(std::string(32, '\0')) == base64(Digest{}));
}

TEST_CASE("mask: a value is hidden as it is, in base64, in JSON, and line by line") {
  mask::add("mask-test-hunter22");
  mask::add("mask-test-first line\nmask-test \"second\" line\nab\n");
  mask::add("short");
  CHECK(mask::applied("password mask-test-hunter22!") == "password ***!");
  CHECK(mask::applied("data: " + base64("mask-test-hunter22")) == "data: ***");
  CHECK(mask::applied("mask-test-first line\n    mask-test \"second\" line\n    ab") ==
        "***\n    ***\n    ab");
  CHECK(mask::applied(R"({"a":"mask-test \"second\" line"})") == R"({"a":"***"})");
  CHECK(mask::applied("short") == "short");
}

TEST_CASE("mask: a value is hidden wherever and however it is written") {
  const std::string value = "mask-odd <p\"w&>/\\\xc3\xa9?";
  mask::add(value);
  std::string json, twice;
  json::quote(json, value);
  json::quote(twice, json);
  CHECK(mask::applied(json) == "\"***\"");
  CHECK(mask::applied(twice) == R"("\"***\"")"); // JSON that is text of JSON
  CHECK(mask::applied(json::as_go(json::string(value))) == "\"***\"");
  std::string digits = base64(value);
  CHECK(mask::applied(digits) == "***");
  CHECK(mask::applied(digits.substr(0, digits.find('='))) == "***");
  for (const char *user : {"", "u", "us", "use"}) { // as in "Authorization: Basic"
    CAPTURE(user);
    const std::string whole = base64(user + value + ":end"), shown = mask::applied(whole);
    CHECK(shown.find("***") != shown.npos);
    CHECK(shown.size() < whole.size() - digits.size() + 8);
  }
}

TEST_CASE("mask: base64 as URLs have it is hidden too") {
  const std::string value = "mask-url\xff\xfe\xfb\xff?>";
  mask::add(value);
  std::string digits = base64(value);
  CHECK(digits.find_first_of("+/") != digits.npos);
  for (char &c : digits) c = c == '+' ? '-' : c == '/' ? '_' : c;
  CHECK(mask::applied(digits) == "***");
}

TEST_CASE("mask: a value of many lines is hidden with the forms that views give lines") {
  mask::add("mk1\nmk2\nmk3");
  CHECK(mask::applied("words: mk1\n    mk2\n    mk3.") == "words: ***.");
  CHECK(mask::applied(R"({"a":"mk1\nmk2\nmk3"})") == R"({"a":"***"})");
  mask::add("  mask-blanks  \r\nmask-bell\x07-end\n");
  CHECK(mask::applied("mask-blanks mask-bell?-end") == "*** ***");
}

TEST_CASE("mask: a value that is a part of another leaves nothing of that") {
  mask::add("mask-part");
  mask::add("a-mask-part-of");
  CHECK(mask::applied("a-mask-part-of mask-part") == "*** ***");
}
