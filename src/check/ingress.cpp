#include <fmt/core.h>

#include "check/context.h"

namespace hello::check {
namespace {

using std::chrono::seconds;

/// How many IngressClasses there are; -1: not known.
int classes(Context &context) {
  int count = 0;
  const auto failure = context.cluster.list({"networking.k8s.io/v1", "IngressClass", ""},
                                            [&](json::Value &&) { ++count; });
  return failure ? -1 : count;
}

} // namespace

Outcome check_ingress(Context &context) {
  const std::vector<Place> pods = context.pods(context.a, kSteady);
  if (pods.empty()) return inconclusive("NoInstrument", "the release has no pod");
  if (classes(context) == 0)
    return {.verdict = Verdict::skip,
            .cause = "NotInstalled",
            .what = "the cluster has no IngressClass"};
  const sys::Deadline start = context.cluster.now();
  context.doing("waiting for the Ingress's address");
  const auto address =
      await_address(context, {"networking.k8s.io/v1", "Ingress", context.a, std::string(kSteady)},
                    context.bound("ingress.address"));
  const auto waited = std::chrono::duration_cast<seconds>(context.cluster.now() - start).count();
  if (!address) return refused(address.failure(), "read the Ingress");
  if (address->empty())
    return failed("NoAddress", fmt::format("the Ingress has no address after {} s", waited), {},
                  "no controller takes it: compare ingress.className with kubectl get "
                  "ingressclasses, and look at the controller's pods");
  return check_route(context,
                     {*address, context.run + ".hello-check.invalid", "check-ingress", waited});
}

} // namespace hello::check
