#include <fmt/core.h>

#include "check/context.h"

namespace hello::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kVersion = "gateway.networking.k8s.io/v1";

/// The route of the steady release, for a host of its own.
std::vector<kube::Object> route_of(const Context &context, const std::string &host) {
  const std::vector<Setting> more = {{"expose", "gateway"},
                                     {"gateway.hostnames", "[" + host + "]"}};
  std::vector<kube::Object> set = context.rendered(kSteady, more);
  std::erase_if(set, [](const kube::Object &object) { return object.id.kind != "HTTPRoute"; });
  return set;
}

/// "True", or what a Gateway says against the route; empty: nothing yet.
std::string accepted(const json::Value &route) {
  for (const json::Value &parent : route.at("status", "parents").items())
    for (const json::Value &one : parent.at("conditions").items())
      if (one.text("type") == "Accepted")
        return one.text("status") == "True"
                   ? "True"
                   : fmt::format("{}: {}", one.text("reason"), one.text("message"));
  return "";
}

/// Waits until the route is accepted.
std::string await_accepted(Context &context, const kube::Id &route, milliseconds time) {
  for (const sys::Deadline end = context.until(time);; context.sleep(milliseconds(500))) {
    std::string said;
    if (const auto object = context.read(route)) said = accepted(*object);
    if (said == "True" || context.is_over(end)) return said;
  }
}

} // namespace

Outcome check_gateway(Context &context) {
  const auto parents = context.user.node("gateway.parentRefs");
  if (!context.cluster.serves(kVersion) || parents.size() == 0)
    return {.verdict = Verdict::skip,
            .cause = "NotInstalled",
            .what = "the cluster has no Gateway API, or gateway.parentRefs names no Gateway"};
  const std::string host = context.run + "-gateway.hello-check.invalid";
  const std::vector<kube::Object> route = route_of(context, host);
  const sys::Deadline start = context.cluster.now();
  if (const auto made = context.apply(route); !made || route.empty()) {
    if (made) return inconclusive("NoInstrument", "the settings render no HTTPRoute");
    context.words_of(made.failure());
    return refused(made.failure(), "make an HTTPRoute");
  }
  context.doing("waiting for the Gateway");
  const std::string said = await_accepted(context, route[0].id, context.bound("gateway.accepted"));
  if (said != "True")
    return failed("NotAccepted", "no Gateway accepts the HTTPRoute",
                  {said.empty() ? "the HTTPRoute has no status" : said},
                  "look at the Gateway of gateway.parentRefs, its allowedRoutes, and its "
                  "controller");
  const json::Value &parent = route[0].value.at("spec", "parentRefs").items().at(0);
  const std::string ns = parent.text("namespace");
  const kube::Id id{std::string(kVersion), "Gateway", ns.empty() ? context.a : ns,
                    parent.text("name")};
  const std::string address = await_address(context, id, seconds(5));
  if (address.empty())
    return inconclusive("NoAddress",
                        fmt::format("Gateway/{} has no address, or it may not be read", id.name));
  const auto waited = std::chrono::duration_cast<seconds>(context.cluster.now() - start).count();
  return check_route(context, {address, host, "check-gateway", waited});
}

} // namespace hello::check
