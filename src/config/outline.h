#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

/// The table of settings written as a nested file: what `hello config` and `hello init` have in
/// common.
namespace hello::config {

/// Opens and closes sections while keys come by in the table's order.
class Outline {
public:
  explicit Outline(std::string &out) : out_(out) {}

  /// Writes the heads ("autoscaling:") of the sections that `key` newly enters; returns its last
  /// part.
  std::string enter(std::string_view key);
  std::string indent() const { return std::string(2 * open_.size(), ' '); }

private:
  std::string &out_;
  std::vector<std::string> open_;
};

/// "name: value" lines, each beginning with `before`: an indent, perhaps a comment mark.
std::string entry(const std::string &name, const YAML::Node &value, const std::string &before);

/// The lines with "  # comment" on the first.
std::string with_comment(std::string lines, std::string_view comment);

} // namespace hello::config
