#include <doctest/doctest.h>

#include "hello/base64.h"
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
