// Settings that another setting switches off.
#include <algorithm>

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "hello/yaml.h"
#include "manifest/lost.h"

namespace hello::manifest {
namespace {

struct Row {
  std::string_view keys;  ///< a key, or a section: "ingress."
  std::string_view other; ///< what switches it off
  /// Of `other`; "!a": any but a; empty: not set; "*": set; ".a": all items of the list have a.
  std::string_view values;
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
    {"ingress.paths", "ingress.rules", ".paths"},
    {"ingress.tls.secretName", "ingress.rules", ".secretName"},
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
    {"drills.protectedContexts", "drills.enabled", "false"},
    {"check.logs.header", "check.logs.url", ""},
};

bool covers(const Row &row, std::string_view key) {
  if (key == row.other) return false;
  return row.keys.ends_with('.') ? key.starts_with(row.keys) : key == row.keys;
}

/// Whether the list is not empty, and each item has the key with a value.
bool all_have(const YAML::Node &list, const char *key) {
  return list.size() > 0 && std::all_of(list.begin(), list.end(), [&](const YAML::Node &item) {
           const YAML::Node value = yaml::at(item, key);
           return value.IsDefined() && !value.IsNull() &&
                  !(value.IsSequence() && value.size() == 0);
         });
}

bool holds(const Row &row, const config::Config &config) {
  if (row.values.empty()) return !config.has(row.other);
  if (row.values == "*") return config.has(row.other);
  if (row.values.starts_with('.')) return all_have(config.node(row.other), row.values.data() + 1);
  const std::string value = config.text(row.other);
  return row.values.starts_with('!') ? value != row.values.substr(1) : value == row.values;
}

std::string shown(const config::Config &config, const Row &row) {
  if (row.values.empty()) return "not set";
  if (row.values.starts_with('.'))
    return fmt::format("set, with {} everywhere", row.values.substr(1));
  return row.values == "*" ? "set" : config.text(row.other);
}

} // namespace

void warn_of_idle(const config::Config &config, std::vector<std::string> &warnings) {
  for (const config::Setting &setting : config::settings()) {
    const config::Origin &origin = config.origin(setting.key);
    if (config.is_default(setting.key) || !config.has(setting.key)) continue;
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
