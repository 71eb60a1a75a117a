#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "hello/config.h"
#include "hello/manifest.h"
#include "hello/yaml.h"

/// What the files of rules share. A rule looks at the whole set and reports what it finds.
namespace hello::manifest {

using yaml::at, yaml::items, yaml::text;

template <class... Keys> bool is_true(const YAML::Node &node, const char *key, Keys... more) {
  return text(node, key, more...) == "true";
}

/// An object with pods.
struct Workload {
  const Object *object;
  YAML::Node labels, spec;            ///< of the pod template
  std::vector<YAML::Node> containers; ///< the initial ones last
  std::size_t main = 0;               ///< how many of them are not initial
  bool serves = false;                ///< runs for ever, behind probes
};

/// One run of the rules.
struct Lint {
  std::span<const Object> objects;
  const config::Config &config;
  std::vector<Workload> workloads;
  std::vector<Finding> findings;

  void error(std::string_view rule, const Object &object, const std::string &what);
  void warning(std::string_view rule, const Object &object, const std::string &what);
  const Object *find(std::string_view kind, std::string_view name) const;
};

/// Whether the labels have all of `wanted`; an empty or missing `wanted` selects everything.
bool selects(const YAML::Node &wanted, const YAML::Node &labels);

std::string container_name(const YAML::Node &container);

// The rules, by what they look at.
void lint_pod_security(Lint &lint);
void lint_running(Lint &lint);
void lint_links(Lint &lint);
void lint_network(Lint &lint);
void lint_scale(Lint &lint);

} // namespace hello::manifest
