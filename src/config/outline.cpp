#include "config/outline.h"

#include <yaml-cpp/yaml.h>

#include "hello/yaml.h"

namespace hello::config {

std::string Outline::enter(std::string_view key) {
  std::size_t level = 0;
  for (std::size_t dot; (dot = key.find('.')) != key.npos; ++level) {
    std::string part(key.substr(0, dot));
    key.remove_prefix(dot + 1);
    if (level < open_.size() && open_[level] == part) continue;
    open_.resize(level);
    out_ += indent() + part + ":\n";
    open_.push_back(part);
  }
  open_.resize(level);
  return std::string(key);
}

std::string entry(const std::string &name, const YAML::Node &value, const std::string &before) {
  YAML::Node map(YAML::NodeType::Map);
  map.force_insert(yaml::string(name), value);
  return indented(yaml::to_yaml(map), before);
}

std::string indented(std::string_view lines, const std::string &before) {
  std::string out;
  for (std::size_t start = 0, end = 0; start < lines.size(); start = end + 1) {
    end = lines.find('\n', start);
    if (end > start) out += before;
    out.append(lines, start, end - start + 1);
  }
  return out;
}

std::string with_comment(std::string lines, std::string_view comment) {
  return lines.insert(lines.find('\n'), "  # " + std::string(comment));
}

} // namespace hello::config
