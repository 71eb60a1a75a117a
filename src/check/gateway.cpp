#include <fmt/core.h>

#include "check/context.h"

namespace hello::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kVersion = "gateway.networking.k8s.io/v1";

/// A host of its own, of the steady release.
std::string host_of(const Context &context) { return context.run + "-gateway.hello-check.invalid"; }

/// What Gateways say of a route.
struct Said {
  bool accepted = false;
  std::string why;    ///< not; empty: nothing yet
  json::Value parent; ///< the Gateway that accepts it
};

Said said_of(const json::Value &route) {
  Said said;
  for (const json::Value &parent : route.at("status", "parents").items())
    for (const json::Value &one : parent.at("conditions").items()) {
      if (one.text("type") != "Accepted") continue;
      if (one.text("status") == "True") return {true, "", parent.at("parentRef")};
      said.why = fmt::format("{}: {}", one.text("reason"), one.text("message"));
    }
  return said;
}

/// Waits until the route is accepted.
kube::Result<Said> await_accepted(Context &context, const kube::Id &route, milliseconds time) {
  for (const sys::Deadline end = context.until(time);; context.sleep(milliseconds(500))) {
    const auto object = context.read(route);
    Said said = object ? said_of(*object) : Said{};
    if (said.accepted || (object && context.is_over(end))) return said;
    if (context.is_over(end)) return object.failure();
  }
}

} // namespace

std::vector<kube::Object> gateway_route(const Context &context) {
  const std::vector<Setting> more = {{"expose", "gateway"},
                                     {"gateway.hostnames", fmt::format("[{}]", host_of(context))}};
  std::vector<kube::Object> set = context.rendered(kSteady, more);
  std::erase_if(set, [](const kube::Object &object) { return object.id.kind != "HTTPRoute"; });
  return set;
}

Outcome check_gateway(Context &context) {
  const auto parents = context.user.node("gateway.parentRefs");
  if (!context.cluster.serves(kVersion) || parents.size() == 0)
    return {.verdict = Verdict::skip,
            .cause = "NotInstalled",
            .what = "the cluster has no Gateway API, or gateway.parentRefs names no Gateway"};
  const std::vector<kube::Object> route = gateway_route(context);
  const sys::Deadline start = context.cluster.now();
  if (const auto made = context.apply(route); !made || route.empty()) {
    if (made) return inconclusive("NoInstrument", "the settings render no HTTPRoute");
    context.words_of(made.failure());
    return refused(made.failure(), "make an HTTPRoute");
  }
  context.doing("waiting for the Gateway");
  const auto said = await_accepted(context, route[0].id, context.bound("gateway.accepted"));
  if (!said) return refused(said.failure(), "read the HTTPRoute");
  if (!said->accepted)
    return failed("NotAccepted", "no Gateway accepts the HTTPRoute",
                  {said->why.empty() ? "the HTTPRoute has no status" : said->why},
                  "look at the Gateway of gateway.parentRefs, its allowedRoutes, and its "
                  "controller");
  const std::string ns = said->parent.text("namespace");
  const kube::Id id{std::string(kVersion), "Gateway", ns.empty() ? context.a : ns,
                    said->parent.text("name")};
  const auto address = await_address(context, id, seconds(5));
  if (!address) return refused(address.failure(), "read Gateway/" + id.name);
  if (address->empty())
    return inconclusive("NoAddress", fmt::format("Gateway/{} has no address", id.name));
  const auto waited = std::chrono::duration_cast<seconds>(context.cluster.now() - start).count();
  return check_route(context, {*address, host_of(context), "check-gateway", waited});
}

} // namespace hello::check
