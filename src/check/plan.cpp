#include <algorithm>

#include <fmt/core.h>

#include "check/context.h"
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

/// What a run makes.
void add_objects(const Context &context, Plan &plan) {
  if (context.options.namespaces.empty())
    for (const std::string &ns : {context.a, context.b})
      plan.objects.push_back(fmt::format("Namespace/{} (the names are random)", ns));
  for (const std::string &ns : {context.a, context.b})
    plan.objects.push_back(
        fmt::format("ResourceQuota/check-quota, LimitRange/check-limits in {}", ns));
  plan.pods = 3; // clients at the same time
  const auto add = [&](std::string_view release, int count) {
    plan.pods += count;
    for (const kube::Object &object : context.rendered(release, {}))
      plan.objects.push_back(fmt::format("{} in {}", object.id.text(), context.a));
  };
  if (context.runs("start")) add(kSteady, 4);
  if (context.runs("rollout")) add(kChange, 3);
  if (context.runs("autoscaler")) add(kScale, 3);
  if (context.runs("probes")) add(kProbes, 1);
  if (context.runs("scrape")) plan.pods += 1;
  if (context.runs("spread")) plan.pods += 3;
  const std::pair<std::string_view, std::string_view> single[] = {
      {"start", "Ingress/check-steady"},
      {"autoscaler", "HorizontalPodAutoscaler/check-scale"},
      {"policy", "NetworkPolicy/check-door, NetworkPolicy/check-shut"},
      {"scrape", "Deployment/check-scrape and what belongs to it"},
      {"spread", "Deployment/check-spread and what belongs to it"},
      {"node-port", "Service/check-node-port"},
      {"gateway", "HTTPRoute/check-steady"},
      {"load-balancer", "Service/check-load-balancer, of type LoadBalancer"},
      {"storage", "PersistentVolumeClaim/check-claim, 1 GiB"}};
  for (const auto &[name, object] : single)
    if (context.runs(name)) plan.objects.push_back(std::string(object));
  if (std::find(context.options.only.begin(), context.options.only.end(), "scrape") !=
      context.options.only.end())
    plan.objects.push_back("PrometheusRule/check-rule, with an alert of severity none");
  plan.objects.push_back("client pods (check-…) in both namespaces, a few at a time");
}

} // namespace

Plan plan(kube::Cluster &cluster, const config::Config &user, const Options &options) {
  Plan plan;
  Silence silence;
  const Context context(cluster, user, options, silence);
  plan.checks = chosen(options);
  context.check_bounds();
  check_log_header(context);
  const auto runs = [&](std::string_view name) {
    return std::find(plan.checks.begin(), plan.checks.end(), name) != plan.checks.end();
  };
  if (!(plan.checks.size() == 1 && runs("api"))) add_objects(context, plan);
  for (const Info &info : all_checks())
    if (runs(info.name)) plan.seconds += info.seconds;
  plan.milli_cpu = scaled(user, "resources.requests.cpu", 1000, plan.pods);
  plan.memory_mb = scaled(user, "resources.requests.memory", 1e-6, plan.pods);
  plan.room = room_for(cluster, context.pod_spec());
  plan.left_out = left_out(user);
  plan.rights = {"in both namespaces: the rights that 'hello render --deployer --check' prints",
                 "for the whole cluster, to read: nodes, ingressclasses, storageclasses, gateways, "
                 "apiservices"};
  if (options.namespaces.empty())
    plan.rights.insert(plan.rights.begin(), "create and delete namespaces (an administrator)");
  return plan;
}

} // namespace hello::check
