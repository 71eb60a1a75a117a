#include <doctest/doctest.h>

#include <string>

#include "server/http/response.h"

using namespace hello::server;

namespace {

constexpr std::string_view kDate = "Sun, 29 Nov 2026 04:00:00 GMT";

std::string written(const Response &response, Persistence persistence = Persistence::implied,
                    Content content = Content::sent) {
  std::string out;
  append_response(out, response, kDate, persistence, content);
  return out;
}

/// The names of the fields, in order.
std::string names(std::string_view response) {
  std::string list;
  response = response.substr(0, response.find("\r\n\r\n"));
  for (auto at = response.find("\r\n"); at != response.npos; at = response.find("\r\n")) {
    response.remove_prefix(at + 2);
    list.append(response.substr(0, response.find(':'))).append(" ");
  }
  return list;
}

constexpr std::string_view kSafety =
    "X-Content-Type-Options X-Frame-Options Referrer-Policy Cross-Origin-Opener-Policy "
    "Cross-Origin-Embedder-Policy Cross-Origin-Resource-Policy Permissions-Policy "
    "Content-Security-Policy ";

} // namespace

TEST_CASE("response: the fields always come in the same order, and empty ones are left out") {
  Response response;
  response.content_type = "text/plain";
  response.body = "four";
  const std::string small = written(response);
  CHECK(small.starts_with("HTTP/1.1 200 OK\r\nDate: Sun, 29 Nov 2026 04:00:00 GMT\r\n"
                          "Content-Type: text/plain\r\nContent-Length: 4\r\n"));
  CHECK(small.ends_with("\r\n\r\nfour"));
  CHECK(names(small) == "Date Content-Type Content-Length Cache-Control " + std::string(kSafety));

  response.etag = "\"a\"";
  response.vary = "Accept";
  response.allow = "GET";
  response.location = "a/";
  response.request_id = "1";
  CHECK(names(written(response, Persistence::close)) ==
        "Date Content-Type Content-Length Location ETag Cache-Control Vary Allow " +
            std::string(kSafety) + "X-Request-Id Connection ");
}

TEST_CASE("response: HEAD has the head of GET; 204 and 304 have no length and no content") {
  Response response;
  response.content_type = "text/plain";
  response.body = "four";
  const std::string get = written(response);
  CHECK(written(response, Persistence::implied, Content::omitted) + "four" == get);

  response.content_type = {};
  for (int status : {204, 304}) {
    response.status = status;
    const std::string out = written(response);
    CHECK(out.ends_with("\r\n\r\n"));
    CHECK(out.find("\r\nContent-") == out.find("\r\nContent-Security-Policy"));
  }
}

TEST_CASE("response: Connection is sent only if it differs from the default of the HTTP version") {
  Request request;
  CHECK(persistence(request) == Persistence::implied);
  request.minor = 0;
  CHECK(persistence(request) == Persistence::keep_alive);
  request.keep_alive = false;
  CHECK(persistence(request) == Persistence::close);
  CHECK(written({}, Persistence::keep_alive).ends_with("\r\nConnection: keep-alive\r\n\r\n"));
  CHECK(written({}, Persistence::close).ends_with("\r\nConnection: close\r\n\r\n"));
}
