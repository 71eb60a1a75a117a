#include "manifest/metrics.h"

#include <cmath>

#include <fmt/core.h>
#include <yaml-cpp/node/iterator.h>
#include <yaml-cpp/yaml.h>

#include "hello/sha256.h"
#include "hello/text.h"
#include "hello/yaml.h"
#include "manifest/values.h"

namespace hello::manifest {
namespace {

using config::Config;

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";

/// Appends name="value", as PromQL writes it. A line end ends the text there.
void add_matcher(std::string &out, const std::string &name, std::string_view value) {
  if (!out.empty()) out += ',';
  out += name + "=\"";
  for (const char c : value) {
    if (c == '"' || c == '\\' || c == '\n') out += '\\';
    out += c == '\n' ? 'n' : c;
  }
  out += '"';
}

/// Refuses a key of metrics.selector that no label of Prometheus can have, or that the release's
/// series have with another value.
const std::string &selector_key(const Config &config, const std::string &key) {
  if (key.empty() || kLetters.find(key[0]) == kLetters.npos ||
      key.find_first_not_of(std::string(kLetters) + "0123456789") != key.npos)
    refuse(config, "metrics.selector", fmt::format("has a key that is no label: '{}'", key),
           "{cluster: eu}");
  for (const char *own : {"namespace", "release"})
    if (key == config.text("metrics.labelNames." + std::string(own)))
      refuse(config, "metrics.selector",
             fmt::format("has the key {}, which hello itself sets", key), "{cluster: eu}");
  return key;
}

} // namespace

std::string namespace_matchers(const Config &config, std::string_view ns) {
  std::string out;
  add_matcher(out, config.text("metrics.labelNames.namespace"), config.text(ns));
  for (const auto &entry : config.node("metrics.selector"))
    add_matcher(out, selector_key(config, entry.first.Scalar()), entry.second.Scalar());
  return out;
}

std::string release_matchers(const Config &config) {
  std::string out = namespace_matchers(config);
  add_matcher(out, config.text("metrics.labelNames.release"), config.text("name"));
  return out;
}

std::string by_labels(const Config &config) {
  const std::string cluster = config.text("metrics.labelNames.cluster");
  std::string out = cluster;
  for (const auto &entry : config.node("metrics.selector"))
    if (entry.first.Scalar() != cluster) out += ", " + entry.first.Scalar();
  return out;
}

std::string join_labels(const Config &config) {
  return fmt::format("{}, {}, {}, job, instance", config.text("metrics.labelNames.cluster"),
                     config.text("metrics.labelNames.namespace"),
                     config.text("metrics.labelNames.pod"));
}

YAML::Node wants_pods(const Config &config) {
  const bool none = !config.boolean("autoscaling.enabled") && config.has("replicas") &&
                    config.integer("replicas") == 0;
  return none ? YAML::Node() : yaml::string("true");
}

YAML::Node most_pods(const Config &config) {
  if (!config.boolean("autoscaling.enabled")) return {};
  const std::int64_t most = config.integer("autoscaling.maxReplicas");
  const std::int64_t least =
      config.has("autoscaling.minReplicas") ? config.integer("autoscaling.minReplicas") : 1;
  return most > least ? yaml::integer(most) : YAML::Node();
}

YAML::Node cpu_limit(const Config &config) {
  if (!config.has("resources.limits.cpu")) return {};
  const auto limit = text::Quantity::parse(config.text("resources.limits.cpu"));
  return limit ? yaml::integer(std::llround(limit->value() * 1000)) : YAML::Node();
}

YAML::Node panels(const Config &config) {
  const YAML::Node list = filled(config, "templates/metrics/panels.yaml");
  int number = 0;
  for (YAML::Node panel : list) {
    panel["x"] = yaml::integer(number % 3 * 8);
    panel["y"] = yaml::integer(number / 3 * 8);
    panel["id"] = yaml::integer(++number);
  }
  return list;
}

YAML::Node dashboard_uid(const Config &config) {
  const std::string whole = config.text("namespace.name") + "/" + config.text("name");
  return yaml::string("hello-" + hex(sha256(whole)).substr(0, 16));
}

} // namespace hello::manifest
