#include <doctest/doctest.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include "hello/address.h"
#include "hello/error.h"
#include "hello/json.h"
#include "server/process/application.h"

using namespace hello::server;

namespace {

struct Answer {
  std::string head, body;
  bool has(std::string_view line) const {
    return head.find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
  }
  std::string field(std::string_view name) const {
    const std::size_t at = head.find("\r\n" + std::string(name) + ": ");
    if (at == std::string::npos) return "";
    const std::size_t from = at + name.size() + 4;
    return head.substr(from, head.find("\r\n", from) - from);
  }
};

/// The application without an engine: one public and one admin handler.
struct World {
  Options options;
  Status status{1};
  Budget budget{64 << 20};
  std::unique_ptr<Application> application;
  std::unique_ptr<Handler> open, admin;

  explicit World(std::string messages = "Hello, World!") : World(text_options(messages)) {}
  static Options text_options(std::string messages) {
    Options options;
    options.messages = std::move(messages);
    options.access_log = "off";
    return options;
  }
  explicit World(Options given) : options(std::move(given)) {
    application = std::make_unique<Application>(options, status, budget);
    open = application->public_handler();
    admin = application->admin_handler();
    status.set_phase(Phase::ready);
  }

  struct Connection {
    bool keep_alive = true;
    int minor = 1; ///< of the HTTP version
  };
  static Answer ask(Handler &handler, std::string_view method, std::string_view path,
                    std::vector<Header> headers = {}, Connection connection = {true, 1}) {
    const hello::sys::Address peer = *hello::sys::parse_ip("127.0.0.1");
    Request request;
    request.method = method;
    request.target = request.path = path;
    request.headers = headers;
    request.keep_alive = connection.keep_alive;
    request.minor = connection.minor;
    request.peer = &peer;
    request.received = std::chrono::steady_clock::now();
    std::string out;
    SharedBody shared;
    handler.handle(request, out, shared);
    out += shared.bytes;
    handler.flush();
    const std::size_t end = out.find("\r\n\r\n");
    REQUIRE(end != std::string::npos);
    return {out.substr(0, end + 2), out.substr(end + 4)};
  }
  Answer get(std::string_view path, std::vector<Header> headers = {}) {
    return ask(*open, "GET", path, headers);
  }
};

const Header kBrowser = {
    "Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"};

bool starts(const Answer &answer, std::string_view line) {
  return answer.head.substr(0, line.size()) == line;
}

} // namespace

TEST_CASE("application: GET / is plain text, HTML or JSON, as Accept asks") {
  World world;
  const Answer text = world.get("/"), html = world.get("/", {kBrowser}),
               json = world.get("/", {{"accept", "application/json"}});
  CHECK(starts(text, "HTTP/1.1 200 OK\r\n"));
  CHECK(text.body == "Hello, World!\n");
  CHECK(text.has("Content-Type: text/plain; charset=utf-8"));
  CHECK(text.has("Content-Length: 14"));
  CHECK(text.has("Vary: Accept"));
  CHECK(html.has("Content-Type: text/html; charset=utf-8"));
  CHECK(html.body.find("<h1 dir=\"auto\">Hello, World!</h1>") != std::string::npos);
  CHECK(json.has("Content-Type: application/json"));
  CHECK(json.body.find("{\"messages\":[\"Hello, World!\"],\"pod\":\"") == 0);
  CHECK(world.get("/", {{"Accept", "image/png"}}).body == "Hello, World!\n");
  CHECK(world.get("/", {{"Accept", "text/plain;q=0.1"}, {"ACCEPT", "application/json"}}).body ==
        json.body);
  for (const Answer &answer : {text, html, json}) {
    CHECK(answer.field("Content-Length") == std::to_string(answer.body.size()));
    CHECK(answer.field("Date").size() == 29);
    for (const char *field :
         {"ETag", "Cache-Control", "X-Content-Type-Options", "Content-Security-Policy",
          "Referrer-Policy", "X-Frame-Options", "Permissions-Policy"})
      CHECK(answer.field(field) != "");
    CHECK(answer.field("Server") == "");
    CHECK(answer.field("Connection") == "");
  }
}

TEST_CASE("application: HEAD has the fields of GET and no body; a matching If-None-Match is 304") {
  World world;
  Answer get = world.get("/"), head = World::ask(*world.open, "HEAD", "/");
  CHECK(head.body.empty());
  CHECK(head.head == get.head);
  const Answer same = world.get("/", {{"If-None-Match", get.field("ETag")}});
  CHECK(starts(same, "HTTP/1.1 304 Not Modified\r\n"));
  CHECK(same.body.empty());
  CHECK(same.field("ETag") == get.field("ETag"));
  CHECK(same.field("Date").size() == 29);
  CHECK(same.field("Vary") == "Accept");
  CHECK(same.field("Content-Length") == "");
  CHECK(starts(world.get("/", {kBrowser, {"If-None-Match", get.field("ETag")}}),
               "HTTP/1.1 200 OK\r\n"));
  CHECK(starts(world.get("/", {{"If-None-Match", "\"other\""}}), "HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("application: prepared and other responses say whether the connection closes") {
  World world;
  for (const char *path : {"/", "/nothing"}) {
    CHECK(World::ask(*world.open, "GET", path, {}, {.keep_alive = false}).has("Connection: close"));
    CHECK(World::ask(*world.open, "GET", path, {}, {.minor = 0}).has("Connection: keep-alive"));
    CHECK(World::ask(*world.open, "GET", path).field("Connection") == "");
  }
}

TEST_CASE("application: errors are a small page for browsers and problem+json for other clients") {
  World world;
  const Answer json = world.get("/nothing"), page = world.get("/nothing", {kBrowser});
  CHECK(starts(json, "HTTP/1.1 404 Not Found\r\n"));
  CHECK(json.has("Content-Type: application/problem+json"));
  CHECK(json.body == "{\"type\":\"about:blank\",\"title\":\"Not "
                     "Found\",\"status\":404,\"detail\":\"There is nothing at "
                     "this address.\"}\n");
  CHECK(json.field("Content-Length") == std::to_string(json.body.size()));
  CHECK(json.field("X-Content-Type-Options") == "nosniff");
  CHECK(page.has("Content-Type: text/html; charset=utf-8"));
  CHECK(page.body.find("<h1>Not Found</h1>") != std::string::npos);
  const Answer post = World::ask(*world.open, "POST", "/");
  CHECK(starts(post, "HTTP/1.1 405 Method Not Allowed\r\n"));
  CHECK(post.has("Allow: GET, HEAD, OPTIONS"));
  CHECK(starts(World::ask(*world.open, "POST", "/nothing"), "HTTP/1.1 404"));
  CHECK(World::ask(*world.open, "HEAD", "/nothing").body.empty());
  for (const char *path : {"/", "*"}) {
    const Answer options = World::ask(*world.open, "OPTIONS", path);
    CHECK(starts(options, "HTTP/1.1 204 No Content\r\n"));
    CHECK(options.has("Allow: GET, HEAD, OPTIONS"));
    CHECK(options.field("Content-Length") == "");
    CHECK(options.body.empty());
  }
}

TEST_CASE("application: errors are in the format that Accept prefers") {
  World world;
  const auto type = [&](std::string_view accept) {
    return world.get("/nothing", {{"Accept", accept}}).field("Content-Type");
  };
  CHECK(type("application/json, text/plain, */*") == "application/problem+json");
  CHECK(type("text/plain") == "text/plain; charset=utf-8");
  CHECK(type("text/*") == "text/plain; charset=utf-8");
  CHECK(type("text/html;q=.9, application/json;q=.8") == "text/html; charset=utf-8");
  CHECK(type("image/png") == "application/problem+json");
  CHECK(world.get("/nothing", {{"Accept", "text/plain"}}).body ==
        "Not Found: There is nothing at this address.\n");
}

TEST_CASE("application: without --drills nothing disturbs a request") {
  World world;
  world.status.faults().begin(
      {.fault = hello::drills::Fault::errors, .amount = 503, .second = 100});
  CHECK(starts(world.get("/"), "HTTP/1.1 200 OK\r\n"));
  CHECK(World::ask(*world.admin, "GET", "/metrics").body.find("hello_drill_active") ==
        std::string::npos);
}

TEST_CASE("application: errors answer their share of all public requests, and count as such") {
  Options options = World::text_options("Hello");
  options.allow_drills = true;
  World world(options);
  Faults &faults = world.status.faults();
  const auto failed = [&](int requests) {
    int count = 0;
    for (int n = 0; n < requests; ++n) count += starts(world.get("/"), "HTTP/1.1 503 ");
    return count;
  };
  CHECK(failed(10) == 0);
  faults.begin({.fault = hello::drills::Fault::errors, .amount = 503, .second = 20});
  CHECK(failed(100) == 20);
  faults.begin({.fault = hello::drills::Fault::errors, .amount = 503, .second = 100});
  const Answer answer = world.get("/nothing", {{"Accept", "text/plain"}});
  CHECK(starts(answer, "HTTP/1.1 503 Service Unavailable\r\n"));
  CHECK(answer.body == "Service Unavailable: A drill makes this request fail.\n");
  CHECK(World::ask(*world.open, "HEAD", "/").body.empty());
  CHECK(starts(World::ask(*world.admin, "GET", "/readyz"), "HTTP/1.1 200"));
  const std::string metrics = World::ask(*world.admin, "GET", "/metrics").body;
  CHECK(metrics.find("hello_http_requests_total{route=\"/\",method=\"GET\",code=\"503\"} 20\n") !=
        std::string::npos);
  CHECK(metrics.find("hello_drill_active{fault=\"errors\"} 1\n") != std::string::npos);
  CHECK(metrics.find("hello_drill_active{fault=\"latency\"} 0\n") != std::string::npos);
  faults.end(hello::drills::Fault::errors);
  CHECK(failed(10) == 0);
}

TEST_CASE(
    "application: latency delays responses by its amount and jitter, and counts in durations") {
  Options options = World::text_options("Hello");
  options.allow_drills = true;
  World world(options);
  world.status.faults().begin(
      {.fault = hello::drills::Fault::latency, .amount = 700, .second = 50});
  std::int64_t least = 1000, most = 0;
  for (int n = 0; n < 200; ++n) {
    world.open->effect = {};
    world.get("/");
    least = std::min(least, world.open->effect.delay_ms);
    most = std::max(most, world.open->effect.delay_ms);
  }
  CHECK(least >= 650);
  CHECK(least < 670);
  CHECK(most <= 750);
  CHECK(most > 730);
  CHECK(World::ask(*world.admin, "GET", "/metrics")
            .body.find("duration_seconds_bucket{route=\"/\",le=\"0.5\"} 0\n") != std::string::npos);
}

TEST_CASE("application: a reset counts as 500, and work takes CPU time") {
  Options options = World::text_options("Hello");
  options.allow_drills = true;
  World world(options);
  Faults &faults = world.status.faults();
  faults.begin({.fault = hello::drills::Fault::reset, .amount = 50});
  int resets = 0;
  for (int n = 0; n < 10; ++n) {
    world.open->effect = {};
    world.get("/");
    resets += world.open->effect.reset;
  }
  CHECK(resets == 5);
  CHECK(World::ask(*world.admin, "GET", "/metrics").body.find("code=\"500\"} 5\n") !=
        std::string::npos);
  faults.end(hello::drills::Fault::reset);
  faults.begin({.fault = hello::drills::Fault::work, .amount = 20});
  const std::clock_t before = std::clock();
  world.get("/");
  CHECK(std::clock() - before >= CLOCKS_PER_SEC / 50);
}

TEST_CASE("application: unready and unlive fail their probes alone") {
  World world;
  Faults &faults = world.status.faults();
  faults.begin({.fault = hello::drills::Fault::unready});
  CHECK(World::ask(*world.admin, "GET", "/readyz").body == "drill: unready\n");
  CHECK(starts(World::ask(*world.admin, "GET", "/livez"), "HTTP/1.1 200"));
  faults.end(hello::drills::Fault::unready);
  faults.begin({.fault = hello::drills::Fault::unlive});
  CHECK(World::ask(*world.admin, "GET", "/livez").body == "drill: unlive\n");
  CHECK(starts(World::ask(*world.admin, "GET", "/readyz"), "HTTP/1.1 200"));
  CHECK(starts(world.get("/"), "HTTP/1.1 200"));
}

TEST_CASE("application: /echo is there only with --echo, and shows the request") {
  CHECK(starts(World().get("/echo"), "HTTP/1.1 404"));
  Options options = World::text_options("Hello");
  options.echo = true;
  options.node = "node-7";
  options.trusted_proxies = {"127.0.0.0/8"};
  World world(options);
  const Answer answer = World::ask(*world.open, "PUT", "/echo",
                                   {{"Host", "a.test"},
                                    {"X-Forwarded-For", "192.0.2.9"},
                                    {"X-Forwarded-Proto", "https"},
                                    {"X-Request-Id", "abc"},
                                    {"Odd", "\x80\""}});
  CHECK(starts(answer, "HTTP/1.1 200 OK\r\n"));
  CHECK(answer.has("Content-Type: application/json"));
  CHECK(answer.has("Cache-Control: no-store"));
  CHECK(answer.has("X-Content-Type-Options: nosniff"));
  CHECK(answer.field("Access-Control-Allow-Origin") == "");
  const hello::json::Value echo = hello::json::parse(answer.body, "echo");
  CHECK(echo.text("method") == "PUT");
  CHECK(echo.text("path") == "/echo");
  CHECK(echo.text("node") == "node-7");
  CHECK(echo.text("pod") != "");
  CHECK(echo.text("address") == "127.0.0.1:0");
  CHECK(echo.text("client") == "192.0.2.9");
  CHECK(echo.at("forwarded", "trusted").boolean());
  CHECK(echo.text("forwarded", "proto") == "https");
  CHECK(echo.find("forwarded")->find("host") == nullptr);
  CHECK(echo.text("request_id") == "abc");
  CHECK(echo.at("time_ns").number() > 1'700'000'000'000'000'000);
  REQUIRE(echo.at("headers").items().size() == 5);
  CHECK(echo.at("headers").items()[0].text("name") == "Host");
  CHECK(echo.at("headers").items()[4].text("value") == "\xEF\xBF\xBD\"");
  CHECK(World::ask(*world.open, "HEAD", "/echo").body.empty());
  CHECK(starts(world.get("/echo/"), "HTTP/1.1 404"));
}

TEST_CASE("application: /echo is below the base path, and is a route of the metrics") {
  Options options = World::text_options("Hello");
  options.echo = true;
  options.base_path = "/shop";
  World world(options);
  CHECK(starts(world.get("/echo"), "HTTP/1.1 404"));
  CHECK(starts(world.get("/shop/echo"), "HTTP/1.1 200"));
  CHECK(World::ask(*world.admin, "GET", "/metrics")
            .body.find(
                "hello_http_requests_total{route=\"/echo\",method=\"GET\",code=\"200\"} 1\n") !=
        std::string::npos);
  CHECK(starts(World::ask(*world.admin, "GET", "/echo"), "HTTP/1.1 404"));
}

TEST_CASE("application: /echo shows no credential") {
  for (const char *name :
       {"Authorization", "Proxy-Authorization", "Cookie", "X-Forwarded-Client-Cert", "X-Api-Key",
        "X-CSRF-Token", "Client-Secret", "X-PASSWORD", "X-Auth-Request-User", "X-Amz-Signature"}) {
    INFO(name);
    CHECK(is_masked(name));
  }
  for (const char *name : {"Host", "X-Forwarded-For", "Accept", "traceparent", "X-Request-Id"}) {
    INFO(name);
    CHECK_FALSE(is_masked(name));
  }
  Options options = World::text_options("Hello");
  options.echo = true;
  World world(options);
  const std::string body = world.get("/echo", {{"COOKIE", "id=hidden"}, {"X-Key", "hidden"}}).body;
  CHECK(body.find("hidden") == std::string::npos);
  CHECK(body.find("{\"name\":\"COOKIE\",\"value\":\"***\"}") != std::string::npos);
}

TEST_CASE("application: /echo has at most 32 KiB, and says where it is cut") {
  Options options = World::text_options("Hello");
  options.echo = true;
  World world(options);
  const std::string worst(1000, '\x7f'); // six characters each in JSON
  const Answer answer = world.get("/echo", std::vector<Header>(16, {"X", worst}));
  CHECK(answer.body.size() <= kEchoBytes);
  CHECK(answer.body.size() > kEchoBytes - 8000);
  CHECK(hello::json::parse(answer.body, "echo").at("cut").boolean());
  CHECK(hello::json::parse(world.get("/echo").body, "echo").find("cut") == nullptr);
}

TEST_CASE("application: with a base path, the page is there and nowhere else") {
  Options options = World::text_options("Hello");
  options.base_path = "/shop/front";
  World world(options);
  CHECK(world.get("/shop/front/").body == "Hello\n");
  for (const char *path : {"/", "/shop", "/shop/", "/shop/front/x", "/shop/frontx", "/front/"}) {
    INFO(path);
    CHECK(starts(world.get(path), "HTTP/1.1 404"));
  }
  const Answer redirect = world.get("/shop/front");
  CHECK(starts(redirect, "HTTP/1.1 308 Permanent Redirect\r\n"));
  CHECK(redirect.field("Location") == "front/");
  CHECK(redirect.field("Content-Length") == std::to_string(redirect.body.size()));
  CHECK(starts(World::ask(*world.open, "POST", "/shop/front"), "HTTP/1.1 405"));
  CHECK(starts(World::ask(*world.open, "HEAD", "/shop/front"), "HTTP/1.1 308"));
  CHECK(starts(World::ask(*world.admin, "GET", "/livez"), "HTTP/1.1 200"));
}

TEST_CASE("application: the link to the start page is relative to the address") {
  const auto link = [](World &world, std::string_view path) {
    const std::string body = world.get(path, {kBrowser}).body;
    const std::size_t from = body.find("<a href=\"") + 9;
    return body.substr(from, body.find('"', from) - from);
  };
  World plain;
  CHECK(link(plain, "/x") == "./");
  CHECK(link(plain, "/a/b/c") == "../../");
  Options options = World::text_options("Hello");
  options.base_path = "/shop/";
  World based(options);
  CHECK(link(based, "/x") == "shop/");
  CHECK(link(based, "/shop/x") == "../shop/");
}

TEST_CASE("application: a valid X-Request-Id is returned; without one, the access log's is") {
  World quiet;
  CHECK(quiet.get("/", {{"X-Request-Id", "abc-1"}}).field("X-Request-Id") == "abc-1");
  CHECK(quiet.get("/nothing", {{"x-request-id", "abc-1"}}).field("X-Request-Id") == "abc-1");
  CHECK(
      World::ask(*quiet.admin, "GET", "/livez", {{"X-Request-Id", "p-1"}}).field("X-Request-Id") ==
      "p-1");
  for (const std::string &bad : {std::string("a b"), std::string("<i>"), std::string(129, 'a')}) {
    INFO(bad);
    CHECK(quiet.get("/", {{"X-Request-Id", bad}}).field("X-Request-Id") == "");
  }
  CHECK(quiet.get("/").field("X-Request-Id") == "");

  Options options = World::text_options("Hello");
  options.access_log = "json";
  options.access_log_file = "/tmp/hello-application-test-" + std::to_string(::getpid()) + ".log";
  World logged(options);
  const Answer page = logged.get("/"),
               own = logged.get("/", {{"X-Request-Id", "0123456789abcdef"}}),
               longer = logged.get("/", {{"X-Request-Id", std::string(128, 'z')}});
  CHECK(page.body == "Hello\n");
  CHECK(page.field("X-Request-Id").size() == 16);
  CHECK(own.field("X-Request-Id") == "0123456789abcdef");
  CHECK(own.body == "Hello\n");
  CHECK(longer.field("X-Request-Id") == std::string(128, 'z'));
  CHECK(longer.body == "Hello\n");
  CHECK(logged.get("/").field("X-Request-Id") != page.field("X-Request-Id"));
  const hello::sys::Address peer;
  const Answer missing = logged.get("/nothing"), refused = [&] {
    std::string out;
    logged.open->refuse({400, "bad_host"}, Content::sent, {.peer = &peer}, out);
    return Answer{out, ""};
  }();
  CHECK(missing.field("X-Request-Id").size() == 16);
  CHECK(refused.field("X-Request-Id").size() == 16);
  logged.application->start();
  logged.open->flush();
  logged.application->stop(std::chrono::minutes(1));
  std::ifstream file(options.access_log_file);
  const std::string log((std::istreambuf_iterator<char>(file)), {});
  ::unlink(options.access_log_file.c_str());
  for (const Answer &answer : {page, own, longer, missing, refused})
    CHECK(log.find("\"request_id\":\"" + answer.field("X-Request-Id") + "\"") != std::string::npos);
}

TEST_CASE("application: ranges, upgrades and a malformed Accept are ignored") {
  World world;
  for (const Header &header :
       {Header{"Range", "bytes=0-3"}, Header{"Range", "bytes=9-1"}, Header{"Accept", ";;;"},
        Header{"Upgrade", "websocket"}, Header{"Expect", "100-continue"}}) {
    INFO(header.name, ": ", header.value);
    CHECK(starts(world.get("/nothing", {header}), "HTTP/1.1 404"));
    CHECK(starts(World::ask(*world.admin, "GET", "/livez", {header}), "HTTP/1.1 200 OK\r\n"));
  }
}

TEST_CASE("application: the public port serves only the page, the admin port everything else") {
  World world;
  for (const char *path : {"/metrics", "/livez", "/readyz", "/healthz", "/version"}) {
    CHECK(starts(world.get(path), "HTTP/1.1 404"));
    CHECK(starts(World::ask(*world.admin, "GET", path), "HTTP/1.1 200 OK\r\n"));
    CHECK(starts(World::ask(*world.admin, "DELETE", path), "HTTP/1.1 405"));
  }
  CHECK(starts(World::ask(*world.admin, "GET", "/nothing"), "HTTP/1.1 404"));
  const Answer live = World::ask(*world.admin, "GET", "/");
  CHECK(live.body.find("ask('metrics')") != std::string::npos);
  CHECK(live.field("Content-Security-Policy").find("unsafe") == std::string::npos);
  CHECK(live.field("Content-Security-Policy").find("script-src 'sha256-") != std::string::npos);
}

TEST_CASE("application: the admin port refuses a browser whose Host is a name but localhost") {
  World world;
  const auto status = [&](std::vector<Header> headers, std::string_view path = "/metrics") {
    return World::ask(*world.admin, "GET", path, headers).head.substr(9, 3);
  };
  const Header fetch = {"sec-fetch-site", "same-origin"}, origin = {"Origin", "http://evil.test"};
  for (const char *good : {"127.0.0.1:8081", "localhost:8081", "LOCALHOST", "localhost.:1",
                           "a.localhost", "[::1]:8081", "10.1.2.3", "[2001:db8::1]"}) {
    INFO(good);
    CHECK(status({{"Host", good}, fetch}) == "200");
    CHECK(status({{"Host", good}, origin}) == "200");
  }
  for (const char *bad : {"evil.test", "evil.test:8081", "localhost.evil.test", "notlocalhost",
                          "127.0.0.1.evil.test", "hello.hello.svc", "", "0x7f.1"}) {
    INFO(bad);
    CHECK(status({{"Host", bad}}) == "200"); // Prometheus, a probe
    for (const char *path : {"/", "/metrics", "/latency", "/livez", "/version"}) {
      CHECK(status({{"Host", bad}, fetch}, path) == "403");
      CHECK(status({{"Host", bad}, {"Sec-Fetch-Mode", "cors"}}, path) == "403");
      CHECK(status({{"Host", bad}, origin}, path) == "403");
    }
  }
}

TEST_CASE("application: /latency has the durations of the public page, and of nothing else") {
  World world;
  CHECK(World::ask(*world.admin, "GET", "/latency").body ==
        "{\"route\":\"/\",\"unit\":\"ns\",\"buckets\":[]}\n");
  for (int i = 0; i < 3; ++i) world.get("/");
  world.get("/nothing");
  const Answer answer = World::ask(*world.admin, "GET", "/latency");
  CHECK(answer.has("Content-Type: application/json"));
  const hello::json::Value value = hello::json::parse(answer.body, "latency");
  std::int64_t all = 0;
  for (const hello::json::Value &bucket : value.at("buckets").items()) {
    REQUIRE(bucket.items().size() == 3);
    CHECK(bucket.items()[0].number() < bucket.items()[1].number());
    all += bucket.items()[2].number();
  }
  CHECK(all == 3);
}

TEST_CASE("latency: the middle of a bucket is right to 12 % from 5 us to 10 s") {
  using H = LatencyHistogram;
  std::size_t before = 0;
  for (std::uint64_t ns = 5'000; ns < 10'000'000'000; ns += 1 + ns / 97) {
    const std::size_t i = H::index(ns);
    CAPTURE(ns);
    CHECK(i >= before); // and no bucket is left out
    CHECK(i <= before + 1 + (before == 0 ? 4 : 0));
    before = i;
    CHECK(H::from_ns(i) <= ns);
    CHECK(ns < H::from_ns(i + 1));
    const std::uint64_t middle = (H::from_ns(i) + H::from_ns(i + 1)) / 2;
    CHECK(middle * 100 <= ns * 113);
    CHECK(middle * 100 >= ns * 87);
  }
  CHECK(H::index(0) == 0);
  CHECK(H::index(4'095) == 0);
  CHECK(H::index(UINT64_MAX) == H::kSize - 1);
  CHECK(H::index((1ULL << H::kLastBit) - 1) == H::kSize - 1);
}

TEST_CASE("application: while draining, /readyz fails with the reason and /livez succeeds") {
  World world;
  CHECK(World::ask(*world.admin, "GET", "/readyz").body == "ok\n");
  world.status.set_phase(Phase::draining);
  const Answer draining = World::ask(*world.admin, "GET", "/readyz");
  CHECK(starts(draining, "HTTP/1.1 503 Service Unavailable\r\n"));
  CHECK(draining.body.find("draining") != std::string::npos);
  CHECK(starts(World::ask(*world.admin, "GET", "/livez"), "HTTP/1.1 200"));
}

TEST_CASE("application: a long text is served whole") {
  std::string text(500'000, 'x');
  World world(text);
  CHECK(world.get("/").body == text + "\n");
  CHECK(World::ask(*world.open, "GET", "/", {}, {.keep_alive = false}).body == text + "\n");
  CHECK(World::ask(*world.open, "HEAD", "/").field("Content-Length") == "500001");
}

TEST_CASE(
    "application: metrics count requests by route, method and code; clients cannot add series") {
  World world;
  for (int i = 0; i < 3; ++i) world.get("/");
  world.get("/a");
  world.get("/b");
  World::ask(*world.open, "POST", "/");
  std::string out;
  const hello::sys::Address peer;
  const Request known = {.peer = &peer};
  world.open->refuse({431, "head_too_long"}, Content::sent, known, out);
  CHECK(out.substr(0, 45) == "HTTP/1.1 431 Request Header Fields Too Large\r");
  CHECK(out.find("Connection: close\r\n") != std::string::npos);
  std::string head;
  world.admin->refuse({431, "head_too_long"}, Content::omitted, known, head);
  CHECK(head == out.substr(0, out.find("\r\n\r\n") + 4)); // HEAD: the same without the content
  const Answer metrics = World::ask(*world.admin, "GET", "/metrics");
  const auto says = [&](std::string_view line) {
    return metrics.body.find("\n" + std::string(line) + "\n") != std::string::npos;
  };
  CHECK(metrics.has("Content-Type: text/plain; version=0.0.4; charset=utf-8"));
  CHECK(says("hello_http_requests_total{route=\"/\",method=\"GET\",code=\"200\"} 3"));
  CHECK(says("hello_http_requests_total{route=\"/*\",method=\"GET\",code=\"404\"} 2"));
  CHECK(says("hello_http_requests_total{route=\"/\",method=\"POST\",code=\"405\"} 1"));
  CHECK(says("hello_http_requests_total{route=\"none\",method=\"other\",code=\"431\"} 2"));
  CHECK(says("hello_http_request_duration_seconds_count{route=\"/\"} 4"));
  CHECK(says("hello_http_request_duration_seconds_bucket{route=\"/\",le=\"+Inf\"} 4"));
  CHECK(says("hello_refused_total{reason=\"head_too_long\"} 2"));
  CHECK(says("# TYPE hello_http_requests_total counter"));
  CHECK(metrics.body.find("# EOF") == std::string::npos);
  const Answer open = World::ask(
      *world.admin, "GET", "/metrics",
      {{"Accept", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"}});
  CHECK(open.has("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8"));
  CHECK(open.body.find("# TYPE hello_http_requests counter\n") != std::string::npos);
  CHECK(open.body.substr(open.body.size() - 6) == "# EOF\n");
}

TEST_CASE("metrics: what cannot be known is left out, not 0") {
  Exposition known(MetricsFormat::prometheus), unknown(MetricsFormat::prometheus);
  append_process(known);
  append_process(unknown, "/nowhere");
  const std::string all = known.finish(), some = unknown.finish();
  for (const char *name :
       {"process_resident_memory_bytes ", "process_virtual_memory_bytes ", "process_open_fds ",
        "process_threads ", "process_start_time_seconds "}) {
    INFO(name);
    CHECK(all.find(std::string("\n") + name) != std::string::npos);
    CHECK(some.find(name) == std::string::npos);
  }
  CHECK(some.find("process_cpu_seconds_total ") != std::string::npos);
}

TEST_CASE("application: invalid options are errors that name the value") {
  Status status(1);
  Budget budget(64 << 20);
  const auto problem = [&](const Options &options) -> std::string {
    try {
      Application application(options, status, budget);
    } catch (const hello::Error &error) {
      return error.what();
    }
    return "no error";
  };
  CHECK(problem({.access_log = "loud"}).starts_with("--access-log: invalid value 'loud'"));
  for (const char *path : {"shop", "/a//b", "/a/../b", "/.", "/a b", "/a?b"}) {
    INFO(path);
    CHECK(problem({.base_path = path, .access_log = "off"}).starts_with("--base-path: '"));
  }
  CHECK(problem({.access_log = "off", .trusted_header = "x-real-ip"}) ==
        "--trusted-header: invalid value 'x-real-ip': use x-forwarded-for or forwarded");
  CHECK(problem({.access_log = "off", .trusted_proxies = {"everyone"}}) ==
        "--trusted-proxies: 'everyone' is not a network");
  CHECK(problem({.messages = "\xff", .access_log = "off"}) ==
        "--messages: invalid UTF-8 at byte 0");
}
