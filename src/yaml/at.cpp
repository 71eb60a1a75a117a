#include <iterator>

#include "hello/yaml.h"

namespace hello::yaml {

YAML::Node at(const YAML::Node &node, std::initializer_list<const char *> keys) {
  YAML::Node found(node);
  for (const char *key : keys) {
    if (!found.IsDefined() || !found.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
    const YAML::Node inner = static_cast<const YAML::Node &>(found)[key];
    if (!inner.IsDefined())
      return YAML::Node(YAML::NodeType::Undefined); // yaml-cpp's own may not be copied
    found.reset(inner);
  }
  return found;
}

std::string text(const YAML::Node &node) {
  return node.IsDefined() && node.IsScalar() ? node.Scalar() : "";
}

std::string text(const YAML::Node &node, std::initializer_list<const char *> keys) {
  return text(at(node, keys));
}

YAML::Node nested(std::initializer_list<const char *> keys, const YAML::Node &value) {
  YAML::Node inner(value);
  for (auto key = std::rbegin(keys); key != std::rend(keys); ++key) {
    YAML::Node map(YAML::NodeType::Map);
    map.force_insert(*key, inner);
    inner.reset(map);
  }
  return inner;
}

std::vector<YAML::Node> items(const YAML::Node &node) {
  std::vector<YAML::Node> all;
  if (node.IsDefined() && node.IsSequence())
    for (const YAML::Node &item : node) all.push_back(item);
  return all;
}

} // namespace hello::yaml
