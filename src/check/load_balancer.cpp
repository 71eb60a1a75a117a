#include <fmt/core.h>

#include "check/context.h"

namespace hello::check {

using std::chrono::seconds;

namespace {

constexpr std::string_view kName = "check-load-balancer";

std::string ranges_of(const config::Config &user) {
  std::string out;
  for (const auto &one : user.node("check.sourceRanges"))
    out += fmt::format("{}\"{}\"", out.empty() ? "" : ", ", one.Scalar());
  return out.empty() ? "" : fmt::format(R"(, "loadBalancerSourceRanges": [{}])", out);
}

Outcome ask(Context &context, const json::Value &service) {
  const sys::Deadline start = context.cluster.now();
  context.doing("waiting for an address");
  const auto address = await_address(context, {"v1", "Service", context.a, std::string(kName)},
                                     context.bound("load-balancer.address"));
  if (!address) return refused(address.failure(), "read the Service");
  const auto waited = std::chrono::duration_cast<seconds>(context.cluster.now() - start).count();
  const Heard heard =
      context.ask({.name = std::string(kName),
                   .ns = context.b,
                   .args = {fmt::format("get http://{}/ 3 100 - {} 0",
                                        service.text("spec", "clusterIP"), context.run)}});
  if (!heard.trouble.empty()) return no_instrument(heard);
  const json::Value *control = heard.of(0, "get");
  if (!control || control->at("marked").number() < 3)
    return inconclusive("ControlFailed", "the same Service does not answer by its ClusterIP");
  if (address->empty())
    return failed("NoAddress", fmt::format("the Service has no address after {} s", waited),
                  {"it answers by its ClusterIP"},
                  "look at the log of the cloud's controller, and at quotas for load balancers");
  std::string why;
  if (!await_route(context, *address, "hello", why))
    return failed("NoRoute", fmt::format("{} does not lead to our pods", *address),
                  {why, "the Service answers by its ClusterIP"},
                  "look at the load balancer's health checks; if this machine cannot reach the "
                  "address, run the check where users are");
  Outcome outcome =
      passed(fmt::format("our pod answers at {}, which came after {} s", *address, waited));
  outcome.figures = {{"address", "s", waited, 10}};
  return outcome;
}

} // namespace

Outcome check_load_balancer(Context &context) {
  const auto service =
      make_service(context, kName, R"("type": "LoadBalancer")" + ranges_of(context.user));
  if (!service) return refused(service.failure(), "make a Service of type LoadBalancer");
  Outcome outcome = ask(context, *service);
  // it costs money: the end of the run is too late
  context.cluster.remove({"v1", "Service", context.a, std::string(kName)}, {},
                         context.until(seconds(30)));
  return outcome;
}

} // namespace hello::check
