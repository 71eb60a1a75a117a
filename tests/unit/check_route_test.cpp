#include <doctest/doctest.h>

#include "cli/view/check.h"
#include "support/check_world.h"

using namespace hello;
using namespace hello::test;

namespace {

sys::HttpReply ours(const std::string &, int, const std::string &, const std::string &) {
  return {200, fmt::format("{{\"message\":\"{}-message-1\"}}", kRun)};
}

sys::HttpReply refused(const std::string &, int, const std::string &, const std::string &) {
  return {0, "connection refused"};
}

sys::HttpReply not_found(const std::string &, int, const std::string &, const std::string &) {
  return {404, "page not found"};
}

sys::HttpReply no_large_headers(const std::string &url, const std::string &address,
                                sys::Certificate certificate, const sys::HttpRequest &request,
                                bool *kept) {
  std::size_t bytes = 0;
  for (const auto &[name, value] : request.headers) bytes += name.size() + value.size();
  if (bytes >= 8 << 10) return {431, "Request Header Fields Too Large"};
  return echo(url, address, certificate, request, kept);
}

sys::HttpReply no_large_body(const std::string &url, const std::string &address,
                             sys::Certificate certificate, const sys::HttpRequest &request,
                             bool *kept) {
  if (request.json.size() > 512 << 10) return {413, "Request Entity Too Large"};
  return echo(url, address, certificate, request, kept);
}

/// A controller that gives the service none of the headers, and a part of the body.
sys::HttpReply cuts(const std::string &url, const std::string &address,
                    sys::Certificate certificate, const sys::HttpRequest &request, bool *kept) {
  sys::HttpRequest cut = request;
  cut.headers.clear();
  cut.json.resize(cut.json.size() / 2);
  if (kept) *kept = false;
  return echo(url, address, certificate, cut, nullptr);
}

sys::HttpReply no_echo(const std::string &, const std::string &, sys::Certificate,
                       const sys::HttpRequest &, bool *) {
  return {200, "<html>"};
}

const std::string kLargeArrives = "\"i\":2,\"step\":\"post\",\"whole\":true,\"failure\":\"\"";

/// An Ingress with an address; the control is good, also for large requests.
struct Behind : World {
  Behind() {
    cluster.api.put(
        object("{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: edge}}"));
    cluster.on_write = [this](const kube::Id &id) {
      react(id);
      if (id.kind == "Ingress" && cluster.api.find(id))
        cluster.api.update(id, "", [](json::Value &ingress) {
          ingress["status"] =
              json::parse(R"({"loadBalancer": {"ingress": [{"ip": "198.18.0.1"}]}})", "status");
        });
    };
    options.ask = ours;
    said["check-ingress"] = log_of({get(0, 150, 0), get(1, 3, 0), kLargeArrives});
  }
  check::Result result() {
    for (check::Result &one : run({"ingress"}).results)
      if (one.name == "ingress") return one;
    FAIL("it did not run");
    return {};
  }
};

} // namespace

TEST_CASE("check: ingress reports what arrives of large requests, and what the controller adds") {
  Behind world;
  const check::Report report = world.run({"ingress"});
  const Outcome &outcome = report.results.back().outcome;
  CHECK(outcome.verdict == Verdict::pass);
  REQUIRE(outcome.evidence.size() == 2);
  CHECK(outcome.evidence[0] == "8 KiB of headers and 900 KiB of body arrive");
  CHECK(outcome.evidence[1] == "X-Forwarded-For: 192.0.2.7; X-Forwarded-Proto: http; "
                               "X-Request-Id: passed on; keep-alive");
  const json::Value json = json::parse(to_json(report), "report");
  CHECK(json.at("checks").items().back().at("evidence").items().size() == 2);
  for (const std::string &form : {to_html(report), to_junit(report)})
    CHECK(form.find("X-Forwarded-For: 192.0.2.7") != std::string::npos);
}

TEST_CASE("check: ingress fails where large requests pass the Service and not the controller") {
  Behind headers, body, cut, no_control, foreign;
  headers.options.send = no_large_headers;
  const Outcome no_headers = headers.result().outcome;
  CHECK(no_headers.verdict == Verdict::fail);
  CHECK(no_headers.cause == "LargeRequestsRefused");
  REQUIRE(no_headers.evidence.size() == 2);
  CHECK(no_headers.evidence[0] ==
        "8 KiB of headers do not arrive: status 431: Request Header Fields Too Large");
  CHECK(no_headers.evidence[1] == "the same arrives through the Service");
  const std::string text = cli::text_of(headers.run({"ingress"}).results.back(), {});
  CHECK(text.find("status 431") != std::string::npos);
  CHECK(text.find("fail: LargeRequestsRefused") != std::string::npos);

  body.options.send = no_large_body;
  CHECK(body.result().outcome.evidence[0] ==
        "900 KiB of body do not arrive: status 413: Request Entity Too Large");
  cut.options.send = cuts;
  CHECK(cut.result().outcome.evidence.size() == 3);

  no_control.options.send = no_large_body;
  no_control.said["check-ingress"] =
      log_of({get(0, 150, 0), get(1, 3, 0),
              "\"i\":2,\"step\":\"post\",\"whole\":false,\"failure\":\"status 413\""});
  CHECK(no_control.result().outcome.verdict == Verdict::inconclusive);
  CHECK(no_control.result().outcome.cause == "ControlFailed");

  foreign.options.send = no_echo;
  CHECK(foreign.result().outcome.cause == "LargeRequestsRefused");
}

TEST_CASE("check: a pod asks the Ingress where this machine cannot connect to it") {
  Behind far, dead, foreign, lost, elsewhere, no_client;
  for (Behind *one : {&far, &dead, &foreign, &lost, &no_client}) one->options.ask = refused;
  far.said["check-ingress-far"] = log_of({get(0, 120, 0)});
  const Outcome good = far.result().outcome;
  CHECK(good.verdict == Verdict::pass);
  CHECK(good.what.find("120 requests") == 0);
  CHECK(good.what.find("a pod asked, this machine cannot") != std::string::npos);

  dead.said["check-ingress-far"] = log_of({get(0, 0, 3)});
  const Outcome none = dead.result().outcome;
  CHECK(none.cause == "NoRoute");
  REQUIRE(none.evidence.size() == 3);
  CHECK(none.evidence[0] == "this machine: connection refused");
  CHECK(none.evidence[1] == "a pod of the check: Connection refused");

  lost.said["check-ingress-far"] = log_of({get(0, 115, 5)});
  CHECK(lost.result().outcome.cause == "RequestsLost");

  no_client.said["check-ingress-far"] = "";
  CHECK(no_client.result().outcome.verdict == Verdict::inconclusive);

  elsewhere.options.ask = not_found; // it connects: no pod need ask
  CHECK(elsewhere.result().outcome.cause == "NoRoute");
  CHECK(elsewhere.cluster.times("apply Pod/check-ingress-far") == 0);
}
