#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "hello/config.h"
#include "hello/lint.h"
#include "hello/yaml.h"

/// What the files of rules share. To add a rule, write its function and a row for it in the table
/// at the end of the file that it belongs to.
namespace hello::manifest {

using yaml::at, yaml::items, yaml::text;

template <class... Keys> bool is_true(const YAML::Node &node, const char *key, Keys... more) {
  return text(node, key, more...) == "true";
}

/// An object with pods.
struct Workload {
  const Object *object;
  YAML::Node labels, spec; ///< of the pod template
  bool serves;             ///< runs forever, behind probes
};

struct Container {
  const Workload *work;
  YAML::Node node;
  std::string name;
  bool is_initial;

  bool serves() const { return work->serves && !is_initial; }
};

/// The value of `--NAME=VALUE` or `--NAME VALUE` among the container's arguments. serve takes the
/// last one.
std::optional<std::string> flag(const Container &container, const std::string &name);

/// One run of the rules: what they look at and what they found.
struct Lint {
  std::span<const Object> objects;
  const config::Config &config;
  std::vector<Workload> workloads{};
  std::vector<Container> containers{}; ///< of all workloads; those of one follow each other
  std::vector<Finding> findings{};
  std::string_view rule{};         ///< the one that runs
  ArgumentParser parser = nullptr; ///< of the service's arguments; null: they are not parsed

  void error(const Object &object, const std::string &what);
  void warning(const Object &object, const std::string &what);
  // "container NAME: WHAT", about its workload.
  void error(const Container &container, const std::string &what);
  void warning(const Container &container, const std::string &what);

  /// Whether the object has the release's name, as its Deployment and Service do.
  bool is_main(const Object &object) const { return object.name == config.text("name"); }
  /// Null if the set has no such object.
  const Object *find(std::string_view kind, std::string_view name) const;
  std::vector<const Object *> all(std::string_view kind) const;
};

/// Whether the labels have all of `wanted`; an empty or missing `wanted` selects everything.
bool selects(const YAML::Node &wanted, const YAML::Node &labels);

/// Runs the rules. Errors come first.
std::vector<Finding> lint_with(std::span<const LintRule> rules, std::span<const Object> objects,
                               const config::Config &config,
                               const std::vector<std::string> &allow = {},
                               ArgumentParser parser = nullptr);

/// What the API server demands of a field because of another one; a part of the rule api.
void check_pairs(Lint &lint);

// The tables, by what the rules look at.
std::span<const LintRule> pod_security_rules();
std::span<const LintRule> running_rules();
std::span<const LintRule> link_rules();
std::span<const LintRule> network_rules();
std::span<const LintRule> scale_rules();
std::span<const LintRule> argument_rules();
std::span<const LintRule> regret_rules();
std::span<const LintRule> admission_rules();

/// Found only where nothing else says why Pod Security refuses the pod.
inline constexpr std::string_view kAdmissionRule = "pod-security";

std::span<const LintRule> api_rules();

} // namespace hello::manifest
