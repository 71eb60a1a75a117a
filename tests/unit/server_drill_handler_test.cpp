#include <doctest/doctest.h>

#include "server/process/drill_handler.h"

using namespace hello;
using namespace hello::server;

namespace {

const std::vector<Header> kRight = {{"Host", "127.0.0.1:8082"},
                                    {"Hello-Drill-Key", "key"},
                                    {"Hello-Drill", "1"},
                                    {"Content-Type", "application/json"}};

struct Listener {
  Faults faults;
  DrillRunner runner{faults, {}};
  std::unique_ptr<Handler> handler = make_drill_handler(runner, "key");

  /// The answer's status and all of it.
  std::string ask(std::string_view method, std::string_view path, std::string_view body,
                  const std::vector<Header> &headers = kRight) {
    Request request;
    request.method = method;
    request.target = request.path = path;
    request.headers = headers;
    request.body = body;
    std::string out;
    SharedBody shared;
    handler->handle(request, out, shared);
    return out.substr(sizeof "HTTP/1.1");
  }
};

} // namespace

TEST_CASE("drill listener: a drill begins before the answer, and is listed until it is stopped") {
  Listener listener;
  CHECK(
      listener.ask("POST", "/drills", R"({"drill":"latency=5ms","for":"30s"})").starts_with("200"));
  CHECK(listener.faults.has(drills::Fault::latency));
  CHECK(listener.ask("GET", "/drills", "").find(R"({"fault":"latency","drill":"latency=5ms",)") !=
        std::string::npos);
  CHECK(listener.ask("POST", "/drills/stop", R"({"fault":"errors"})").starts_with("200"));
  CHECK(listener.faults.has(drills::Fault::latency));
  CHECK(listener.ask("POST", "/drills/stop", "{}").find(R"({"active":[]})") != std::string::npos);
  CHECK_FALSE(listener.faults.any());
}

TEST_CASE("drill listener: who is no program of this machine with the key is refused") {
  Listener listener;
  const std::string body = R"({"drill":"unready"})";
  const auto with = [&](std::string_view name, std::string_view value) {
    std::vector<Header> headers;
    for (const Header &one : kRight)
      if (one.name != name) headers.push_back(one);
    if (!value.empty()) headers.push_back({name, value});
    return listener.ask("POST", "/drills", body, headers).substr(0, 3);
  };
  for (const char *host : {"localhost", "localhost:1", "127.0.0.1", "127.9.9.9:80", "[::1]:80"}) {
    INFO(host);
    CHECK(with("Host", host) == "200");
  }
  listener.runner.end_all();
  for (const char *host : {"", "evil.test", "localhost.evil.test", "10.0.0.1", "0.0.0.0", "[::]:80",
                           "127.0.0.1.evil.test", "hello.shop.svc"}) {
    INFO(host);
    CHECK(with("Host", host) == "403");
  }
  CHECK(with("Origin", "http://127.0.0.1") == "403");
  CHECK(with("Referer", "http://127.0.0.1/") == "403");
  CHECK(with("Sec-Fetch-Site", "same-origin") == "403");
  CHECK(with("Hello-Drill-Key", "") == "403");
  CHECK(with("Hello-Drill-Key", "kez") == "403");
  CHECK(with("Hello-Drill-Key", "keykey") == "403");
  CHECK(with("Hello-Drill", "") == "403");
  CHECK(with("Hello-Drill", "true") == "403");
  CHECK(with("Content-Type", "") == "403");
  CHECK(with("Content-Type", "text/plain") == "403");
  CHECK_FALSE(listener.faults.any());
  CHECK(listener.ask("GET", "/drills", "", {{"Host", "localhost"}}).starts_with("403"));
}

TEST_CASE("drill listener: only JSON that is understood begins anything") {
  Listener listener;
  for (const char *body :
       {"", "unready", "[]", R"({"drill":"unready","repeat":2})",
        R"({"drill":"crash","repeat":11})", R"({"drill":"crash","repeat":"x"})",
        R"({"drill":"disk=1Gi"})", "{}", "null", R"({"drill":"slow"})", R"({"drill":["unready"]})",
        R"({"drill":"unready","for":"0s"})", R"({"drill":"unready","for":"16m"})",
        R"({"drill":"unready","pod":"a"})", R"({"drill":"unready"}x)"}) {
    INFO(body);
    CHECK(listener.ask("POST", "/drills", body).starts_with("400"));
  }
  CHECK(listener.ask("POST", "/drills/stop", R"({"fault":"slow"})").starts_with("400"));
  CHECK(listener.ask("DELETE", "/drills", "").starts_with("405"));
  CHECK(listener.ask("GET", "/drills/stop", "").starts_with("405"));
  CHECK(listener.ask("POST", "/", "{}").starts_with("404"));
  CHECK_FALSE(listener.faults.any());
}
