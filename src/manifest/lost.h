#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "hello/config.h"
#include "hello/manifest.h"
#include "hello/template.h"

/// Settings that were given and do nothing.
namespace hello::manifest {

/// Finds the settings whose values patches change or remove.
class LostSettings {
public:
  /// `filled`: where the values of settings stand in the rendered objects. Without `warnings`,
  /// nothing is looked for.
  LostSettings(const config::Config &config, const std::vector<templates::Filled> &filled,
               std::vector<std::string> *warnings)
      : config_(config), filled_(filled), warnings_(warnings) {}

  /// Compares an object before all patches with what it is after the patch `patch` ("patch 2
  /// (hello.yaml:9:3)"). Adds a warning for each setting that is lost since the last call.
  void compare(const Object &object, const YAML::Node &before, const YAML::Node &after,
               const std::string &patch);

private:
  void walk(const YAML::Node &was, const YAML::Node &is, const std::string &path,
            const templates::Filled *owner);
  void walk_list(const YAML::Node &was, const YAML::Node &is, const std::string &path,
                 const templates::Filled *owner);
  void lose(const templates::Filled &owner, const YAML::Node &was, const std::string &path);
  const templates::Filled *owner_of(const YAML::Node &node) const;

  const config::Config &config_;
  const std::vector<templates::Filled> &filled_;
  std::vector<std::string> *warnings_;
  std::string object_, patch_;
  std::set<std::string> known_;
};

/// Adds a warning for each setting that was given, is not its default, and that another setting
/// switches off. One that a higher source switches off is meant to be.
void warn_of_idle(const config::Config &config, std::vector<std::string> &warnings);

} // namespace hello::manifest
