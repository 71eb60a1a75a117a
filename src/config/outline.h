#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

/// Writes the table of settings as a nested file, for `hello config` and `hello init`.
namespace hello::config {

/// Opens and closes sections for keys in the order of the table.
class Outline {
public:
  explicit Outline(std::string &out) : out_(out) {}

  /// Writes the first line ("autoscaling:") of each section that `key` opens. Returns the last part
  /// of the key.
  std::string enter(std::string_view key);
  std::string indent() const { return std::string(2 * open_.size(), ' '); }

private:
  std::string &out_;
  std::vector<std::string> open_;
};

/// "name: value" lines, each beginning with `before`: an indent, or an indent and "#".
std::string entry(const std::string &name, const YAML::Node &value, const std::string &before);

/// The lines, each beginning with `before`, empty ones left out of it.
std::string indented(std::string_view lines, const std::string &before);

/// The lines with "  # comment" on the first.
std::string with_comment(std::string lines, std::string_view comment);

} // namespace hello::config
