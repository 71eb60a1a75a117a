#include <algorithm>

#include <fmt/core.h>

#include "check/context.h"
#include "hello/rates.h"
#include "hello/text.h"

namespace hello::check {
namespace {

/// Runs nothing and shows nothing.
class Silence final : public Listener {
public:
  void doing(std::string_view, std::string_view) override {}
  void ended(const Result &) override {}
};

/// What the check `scrape` reads, beside the settings that releases take.
constexpr std::string_view kAsked[] = {"monitoring.prometheus", "metrics.scrape",
                                       "metrics.labelNames.pod"};

std::int64_t scaled(const config::Config &user, const char *key, double factor, int pods) {
  const auto amount = text::Quantity::parse(user.text(key));
  return amount ? static_cast<std::int64_t>(amount->value() * factor * pods) : 0;
}

/// The settings that the user gave and the check ignores.
std::vector<std::string> left_out(const config::Config &user) {
  std::vector<std::string> keys;
  const auto taken = taken_settings();
  for (const config::Setting &setting : config::settings())
    if (user.origin(setting.key).from != config::From::default_value &&
        !setting.key.starts_with("check.") &&
        std::find(taken.begin(), taken.end(), setting.key) == taken.end() &&
        std::find(std::begin(kAsked), std::end(kAsked), setting.key) == std::end(kAsked))
      keys.emplace_back(setting.key);
  return keys;
}

/// What a check makes beside its clients: a set, or words for it.
struct Makes {
  std::string_view check;
  int pods; ///< at the same time
  std::vector<kube::Object> (*set)(const Context &context);
  std::string_view words = "";
};
constexpr Makes kMakes[] = {
    {"start", 4, steady_release},
    {"policy", 1, nullptr, "NetworkPolicy/check-door, NetworkPolicy/check-shut"},
    {"rollout", 3, change_release},
    {"probes", 1, probes_release},
    {"autoscaler", 3, scale_release},
    {"gateway", 0, gateway_route},
    {"load-balancer", 0, nullptr, "Service/check-load-balancer, of type LoadBalancer"},
    {"spread", 3, spread_release},
    {"scrape", 1, scrape_release},
    {"node-port", 0, nullptr, "Service/check-node-port"},
    {"storage", 0, nullptr, "PersistentVolumeClaim/check-claim, 1 GiB"},
};

/// Whether a check would end before it makes anything.
bool is_skipped(const Context &context, std::string_view check) {
  const config::Config &user = context.user;
  if (check == "scrape")
    return user.text("monitoring.prometheus").empty() || user.text("metrics.scrape") == "none";
  if (check == "probes") return !user.has("probes.readiness") || !user.has("probes.liveness");
  return check == "gateway" && user.node("gateway.parentRefs").size() == 0;
}

/// What a run makes.
void add_objects(const Context &context, Plan &plan) {
  if (context.options.namespaces.empty())
    for (const std::string &ns : {context.a, context.b})
      plan.objects.push_back(fmt::format("Namespace/{} (the names are random)", ns));
  for (const std::string &ns : {context.a, context.b})
    plan.objects.push_back(
        fmt::format("ResourceQuota/check-quota, LimitRange/check-limits in {}", ns));
  plan.pods = 3; // clients at the same time
  for (const Makes &one : kMakes) {
    if (!context.runs(one.check) || is_skipped(context, one.check)) continue;
    plan.pods += one.pods;
    if (one.set)
      for (const kube::Object &object : one.set(context))
        plan.objects.push_back(fmt::format("{} in {}", object.id.text(), context.a));
    else
      plan.objects.emplace_back(one.words);
  }
  const auto &only = context.options.only;
  if (std::find(only.begin(), only.end(), "scrape") != only.end() && !is_skipped(context, "scrape"))
    plan.objects.emplace_back("PrometheusRule/check-rule, with an alert of severity none");
  plan.objects.emplace_back("client pods (check-…) in both namespaces, a few at a time");
}

/// What the account needs.
std::vector<std::string> rights_of(const Context &context, bool makes) {
  std::vector<std::string> rights;
  if (makes && context.options.namespaces.empty())
    rights.emplace_back("create and delete namespaces (an administrator)");
  if (makes)
    rights.emplace_back(
        "in both namespaces: the rights that 'hello render --deployer --check' prints");
  rights.emplace_back(makes ? "for the whole cluster, to read: nodes, ingressclasses, "
                              "storageclasses, gateways, apiservices"
                            : "for the whole cluster, to read: nodes, apiservices");
  if (!context.runs("scrape") || is_skipped(context, "scrape")) return rights;
  const std::string path = kube::service_path(context.user.text("monitoring.prometheus"));
  if (!path.empty()) rights.push_back("get on services/proxy, for Prometheus: " + path);
  return rights;
}

} // namespace

Plan plan(kube::Cluster &cluster, const config::Config &user, const Options &options) {
  Plan plan;
  Silence silence;
  const Context context(cluster, user, options, silence);
  plan.checks = chosen(options);
  context.check_bounds();
  check_log_store(context);
  const bool makes = plan.checks.size() != 1 || plan.checks[0] != "api";
  if (makes) add_objects(context, plan);
  for (const Info &info : all_checks())
    if (context.runs(info.name)) plan.seconds += info.seconds;
  plan.milli_cpu = scaled(user, "resources.requests.cpu", 1000, plan.pods);
  plan.memory_mb = scaled(user, "resources.requests.memory", 1e-6, plan.pods);
  plan.room = room_for(cluster, context.pod_spec());
  plan.left_out = left_out(user);
  plan.rights = rights_of(context, makes);
  return plan;
}

} // namespace hello::check
