#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "server/http/framer.h"
#include "server/http/syntax.h"

using namespace hello::server;

namespace {
/// Feeds `bytes` in two pieces, cut at `cut`; what a whole request is said to be.
std::string judge(std::string_view bytes, std::size_t cut) {
  Limits limits;
  Refusal refusal;
  std::size_t scanned = 0, length = find_head(bytes.substr(0, cut), scanned, limits, refusal);
  if (!length && !refusal) length = find_head(bytes, scanned, limits, refusal);
  if (refusal) return std::to_string(refusal.status) + " " + std::string(refusal.reason);
  if (!length) return "more";
  Head head;
  if ((refusal = parse_head(bytes.substr(0, length), limits, head)))
    return std::to_string(refusal.status) + " " + std::string(refusal.reason);
  std::string text = std::string(head.method) + " " + std::string(head.path) + " " +
                     std::to_string(head.header_count) + (head.keep_alive ? " keep" : " close");
  if (head.chunked) text += " chunked";
  if (head.content_length) text += " length " + std::to_string(head.content_length);
  return text + " of " + std::to_string(length);
}
} // namespace

TEST_CASE("framer: the result does not depend on how the bytes are split") {
  struct Row {
    std::string bytes, outcome;
  };
  std::vector<Row> rows = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\nrest", "GET / 1 keep of 27"},
      {"GET /%41/../b%2Fc?d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
       "GET /b%2Fc 2 close of 60"},
      {"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 007\r\n\r\n", "PUT / 2 keep length 7 of 48"},
      {"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n",
       "PUT / 2 keep chunked of 55"},
      {"GET / HTTP/1.1\r\nHost: a\n\r\n", "400 bare_lf"},
      {"GET / HTTP/1.1\r\nHost: a\r\n", "more"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\r", "more"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\rX", "400 bare_cr"}, // and no LF to come
      {"GET / HTTP/1.1\r\r", "400 bare_cr"},
      {"\r\nGET / HTTP/1.1\r\n", "400 bad_request_line"}, // the loop takes empty lines off before
      {"GET / HTTP/1.1\r\n\r\n", "400 no_host"},
      {"GET / HTTP/3.0\r\n\r\n", "505 version"},
  };
  for (const Row &row : rows)
    for (std::size_t cut = 0; cut <= row.bytes.size(); ++cut) {
      CAPTURE(row.bytes);
      CAPTURE(cut);
      CHECK(judge(row.bytes, cut) == row.outcome);
    }
}

TEST_CASE("framer: what is longer than allowed is refused by what is too long") {
  const Limits limits{.request_line_bytes = 64, .head_bytes = 256, .body_bytes = 10};
  const auto refusal_of = [&](const std::string &bytes) {
    std::size_t scanned = 0;
    Refusal refusal;
    Head head;
    const std::size_t length = find_head(bytes, scanned, limits, refusal);
    if (length) refusal = parse_head(std::string_view(bytes).substr(0, length), limits, head);
    return refusal;
  };
  const std::string target(60, 'a'), host = " HTTP/1.1\r\nHost: a\r\n";
  const auto is = [](const Refusal &refusal, int status, std::string_view reason) {
    CHECK(refusal.status == status);
    CHECK(refusal.reason == reason);
  };
  // Complete or not, the answer is the same.
  is(refusal_of("GET /" + target), 414, "request_line_too_long");
  is(refusal_of("GET /" + target + host + "\r\n"), 414, "request_line_too_long");
  is(refusal_of(std::string(70, 'X')), 501, "unknown_method");
  is(refusal_of(std::string(70, 'X') + " /" + host + "\r\n"), 501, "unknown_method");
  is(refusal_of("BREW /" + host + "\r\n"), 501, "unknown_method");
  is(refusal_of("GET /" + host + "X: " + std::string(300, 'a')), 431, "head_too_long");
  is(refusal_of("GET /" + host + "X: " + std::string(300, 'a') + "\r\n\r\n"), 431, "head_too_long");
  std::string many = "GET /" + host;
  const Limits wide;
  for (std::size_t i = 0; i < kMaxHeaders; ++i) many += "a:\r\n";
  Head head;
  is(parse_head(many + "\r\n", wide, head), 431, "too_many_headers");
  is(refusal_of("GET /" + host + "\r\n"), 0, "");
}

TEST_CASE("framer: CONNECT needs a host and a port, and is not implemented (RFC 9112 3.2.3)") {
  const auto asks = [](std::string_view target) {
    Head head;
    return parse_request_line("CONNECT " + std::string(target) + " HTTP/1.1", head).status;
  };
  for (const char *target : {"a:80", "[::1]:443", "1.2.3.4:0"}) CHECK(asks(target) == 501);
  for (const char *target :
       {"a", "a1", "a:", "[::1]", "[::1]:", ":80", "a:65536", "/a:80", "http://a:80", "*", ""})
    CHECK(asks(target) == 400);
}

TEST_CASE("framer: the end of a chunked body does not depend on how it is split") {
  std::string body = "3;x=\"y\"\r\nabc\r\n00A\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
              all = body + "GET / HTTP/1.1\r\n";
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    ChunkedBody chunked;
    std::string_view first = std::string_view(all).substr(0, cut),
                     second = std::string_view(all).substr(cut);
    chunked.consume(first, Limits{});
    std::size_t left = first.size() + second.size();
    if (!chunked.done()) {
      chunked.consume(second, Limits{});
      left = second.size();
    }
    CAPTURE(cut);
    CHECK(chunked.done());
    CHECK(left == all.size() - body.size());
  }
}

TEST_CASE("syntax: paths are decoded, then dot segments are removed (RFC 3986 5.2.4)") {
  struct Row {
    const char *path, *normal;
  };
  for (const Row &row :
       {Row{"/", "/"}, Row{"/a/b/c/./../../g", "/a/g"}, Row{"/..", "/"}, Row{"/.", "/"},
        Row{"/a/.", "/a/"}, Row{"/a/..", "/"}, Row{"/../a", "/a"}, Row{"/...", "/..."},
        Row{"/.a", "/.a"}, Row{"//", "//"}, Row{"//..", "/"}, Row{"/%2e%2E/%61", "/a"},
        Row{"/%2f", "/%2F"}, Row{"/%252e", "/%2e"}, Row{"/%", nullptr}, Row{"/%0", nullptr},
        Row{"/%0g", nullptr}, Row{"/%00", nullptr}}) {
    std::string buffer;
    std::string_view result;
    CAPTURE(row.path);
    bool good = syntax::normalize_path(row.path, buffer, result);
    CHECK(good == (row.normal != nullptr));
    if (good && row.normal) CHECK(std::string(result) == row.normal);
  }
}

TEST_CASE("syntax: valid and invalid Host fields") {
  for (const char *good : {"a", "a:80", "a:", "1.2.3.4:8080", "[::1]", "[::1]:80",
                           "[::ffff:1.2.3.4]", "a-b.c_d~", "%41"})
    CHECK_MESSAGE(syntax::is_host_port(good), good);
  for (const char *bad : {"", ":", ":80", "a:b", "a:65536", "a b", "a/b", "a?b", "u@a", "[::1",
                          "[]", "[a]", "[1::2::3]", "[::1]a", "::1", "%4", "a:80:80", "\xc3\xa9"})
    CHECK_MESSAGE(!syntax::is_host_port(bad), bad);
}

TEST_CASE("framer: no added byte hides a Transfer-Encoding or changes its meaning") {
  for (int code = 0; code < 256; ++code) {
    const std::string name = "Transfer-Encoding", c(1, static_cast<char>(code));
    for (const std::string &line : {name + ":" + c + "chunked", name + ": chunked" + c,
                                    name + c + ": chunked", c + name + ": chunked"}) {
      std::string head = "POST / HTTP/1.1\r\n" + line + "\r\nHost: a\r\n\r\n",
                  said = judge(head, head.size());
      CAPTURE(line);
      if (!line.starts_with(name + ":"))
        CHECK(said.starts_with(syntax::is_token(c) ? "POST / 2 keep of"
                                                   : "400 ")); // another field, or none
      else
        CHECK(said.starts_with(c == " " || c == "\t" ? "POST / 2 keep chunked" : "400 "));
    }
  }
}
