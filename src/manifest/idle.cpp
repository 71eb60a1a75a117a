// Settings that another setting switches off.
#include <fmt/core.h>

#include "manifest/lost.h"

namespace hello::manifest {
namespace {

struct Row {
  std::string_view keys;   ///< a key, or a section: "ingress."
  std::string_view other;  ///< what switches it off
  std::string_view values; ///< of `other`; "!a": any but a; empty: not set; "*": set
};

constexpr Row kRows[] = {
    {"replicas", "autoscaling.enabled", "true"},
    {"autoscaling.", "autoscaling.enabled", "false"},
    {"autoscaling.requestsMetric", "autoscaling.requestsPerSecond", ""},
    {"autoscaling.external.", "autoscaling.external.metric", ""},
    {"podDisruptionBudget.", "podDisruptionBudget.enabled", "false"},
    {"podDisruptionBudget.maxUnavailable", "podDisruptionBudget.minAvailable", "*"},
    {"ingress.", "expose", "!ingress"},
    {"ingress.hosts", "ingress.rules", "*"},
    {"topologySpread", "topologySpreadConstraints", "*"},
    {"gateway.", "expose", "!gateway"},
    {"loadBalancer.", "expose", "!loadBalancer"},
    {"nodePort.", "expose", "!nodePort"},
    {"networkPolicy.", "networkPolicy.enabled", "false"},
    {"networkPolicy.defaultDeny", "namespace.create", "false"},
    {"networkPolicy.monitoringNamespace", "metrics.scrape", "none"},
    {"networkPolicy.monitoringPods", "metrics.scrape", "none"},
    {"metrics.rules", "metrics.scrape", "none"},
    {"metrics.dashboard", "metrics.scrape", "none"},
    {"metrics.runbookBase", "metrics.rules", "none"},
    {"resourceQuota.hard", "resourceQuota.enabled", "false"},
    {"limitRange.limits", "limitRange.enabled", "false"},
};

bool covers(const Row &row, std::string_view key) {
  if (key == row.other) return false;
  return row.keys.ends_with('.') ? key.starts_with(row.keys) : key == row.keys;
}

bool holds(const Row &row, const config::Config &config) {
  if (row.values.empty()) return !config.has(row.other);
  if (row.values == "*") return config.has(row.other);
  const std::string value = config.text(row.other);
  return row.values.starts_with('!') ? value != row.values.substr(1) : value == row.values;
}

std::string shown(const config::Config &config, const Row &row) {
  if (row.values.empty()) return "not set";
  return row.values == "*" ? "set" : config.text(row.other);
}

} // namespace

void warn_of_idle(const config::Config &config, std::vector<std::string> &warnings) {
  for (const config::Setting &setting : config::settings()) {
    const config::Origin &origin = config.origin(setting.key);
    if (config.is_default(setting.key)) continue;
    for (const Row &row : kRows) {
      if (!covers(row, setting.key) || !holds(row, config) ||
          config.origin(row.other).from > origin.from)
        continue;
      warnings.push_back(fmt::format("{} does nothing: {} is {}", config.place(setting.key),
                                     row.other, shown(config, row)));
      break;
    }
  }
}

} // namespace hello::manifest
