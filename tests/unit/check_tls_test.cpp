#include <doctest/doctest.h>

#include "support/check_world.h"

using namespace hello;
using namespace hello::test;
using check::Outcome;
using check::Verdict;

namespace {

const std::string kOurs = std::string("{\"message\":\"") + kRun + "-message-1\"}";

sys::HttpReply redirect(const std::string &, int, const std::string &, const std::string &) {
  return {308, ""};
}

sys::HttpReply verified(const std::string &url, const std::string &, std::chrono::milliseconds,
                        sys::Certificate) {
  if (url != "https://" + std::string(kRun) + ".hello-check.invalid/") return {404, url};
  return {200, kOurs};
}

sys::HttpReply self_signed(const std::string &, const std::string &, std::chrono::milliseconds,
                           sys::Certificate certificate) {
  if (certificate == sys::Certificate::checked)
    return {0, "curl: (60) SSL certificate problem: self-signed certificate"};
  return {200, kOurs};
}

sys::HttpReply of_others(const std::string &, const std::string &, std::chrono::milliseconds,
                         sys::Certificate certificate) {
  return certificate == sys::Certificate::checked ? sys::HttpReply{0, "curl: (60)"}
                                                  : sys::HttpReply{200, "something else"};
}

sys::HttpReply no_curl(const std::string &, const std::string &, std::chrono::milliseconds,
                       sys::Certificate) {
  return {-1, "curl is not installed, which asks https"};
}

Outcome ingress_with(check::AskTls ask) {
  World world;
  world.cluster.api.put(object("{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: "
                               "{name: edge}}"));
  world.cluster.on_write = [&](const kube::Id &id) {
    world.react(id);
    if (id.kind == "Ingress" && world.cluster.api.find(id))
      world.cluster.api.update(id, "", [](json::Value &ingress) {
        ingress["status"] =
            json::parse(R"({"loadBalancer": {"ingress": [{"ip": "198.18.0.1"}]}})", "status");
      });
  };
  world.said["check-ingress"] = log_of({get(0, 150, 0)});
  world.options.ask = redirect;
  world.options.ask_tls = ask;
  return world.outcome("ingress");
}

} // namespace

TEST_CASE("check: an Ingress that sends http to https passes with a certificate that is verified") {
  const Outcome outcome = ingress_with(verified);
  INFO(outcome.what);
  CHECK(outcome.verdict == Verdict::pass);
}

TEST_CASE("check: TLS that was not verified warns, and never passes") {
  const Outcome unknown = ingress_with(self_signed);
  INFO(unknown.what);
  CHECK(unknown.verdict == Verdict::warn);
  CHECK(unknown.cause == "TlsNotVerified");
  REQUIRE_FALSE(unknown.evidence.empty());
  CHECK(unknown.evidence[0].find("self-signed") != std::string::npos);
  const Outcome without = ingress_with(no_curl);
  CHECK(without.verdict == Verdict::warn);
  CHECK(without.cause == "TlsNotVerified");
  CHECK(without.what.find("TLS not verified") != std::string::npos);
}

TEST_CASE("check: https that leads to others is no route, whatever its certificate") {
  CHECK(ingress_with(of_others).cause == "NoRoute");
}
