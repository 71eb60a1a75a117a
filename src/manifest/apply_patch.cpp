#include <stdexcept>

#include <fmt/core.h>
#include <yaml-cpp/node/iterator.h>
#include <yaml-cpp/yaml.h>

#include "hello/yaml.h"
#include "manifest/patch.h"

namespace hello::manifest {
namespace {

using types::Key;
using types::Type;

Type member(Type type, std::string_view key) {
  return type.is_map() ? type.element() : types::field(type, key).type;
}

/// The values of the keys, by which an item is found.
std::vector<std::string> identity(const YAML::Node &item, const std::vector<Key> &keys,
                                  const std::string &path) {
  std::vector<std::string> out;
  for (const Key &key : keys) {
    std::string value = yaml::text(item, std::string(key.name).c_str());
    if (value.empty()) value = key.default_value;
    if (value.empty())
      throw std::invalid_argument(
          fmt::format("an item of {} has no {}, by which its items merge", path, key.name));
    out.push_back(std::move(value));
  }
  return out;
}

YAML::Node merge_list(const YAML::Node &target, const YAML::Node &patch, Type type,
                      const std::string &path) {
  std::vector<YAML::Node> all = yaml::items(target);
  const std::vector<Key> keys = type.keys();
  for (const YAML::Node &item : yaml::items(patch)) {
    const bool by_key = !keys.empty();
    const auto wanted = by_key ? identity(item, keys, path) : std::vector{yaml::text(item)};
    bool found = false;
    for (YAML::Node &one : all) {
      const bool same = by_key ? identity(one, keys, path) == wanted : yaml::text(one) == wanted[0];
      if (!same) continue;
      one.reset(apply_patch(one, item, type.element(), path + "[" + wanted[0] + "]"));
      found = true;
      break;
    }
    if (!found) all.push_back(apply_patch({}, item, type.element(), path));
  }
  YAML::Node list(YAML::NodeType::Sequence);
  for (const YAML::Node &one : all) list.push_back(one);
  return list;
}

} // namespace

YAML::Node apply_patch(const YAML::Node &target, const YAML::Node &patch, Type type,
                       const std::string &path) {
  if (patch.IsSequence() && type.merges_items() && target && target.IsSequence())
    return merge_list(target, patch, type, path);
  if (!patch.IsMap()) return YAML::Clone(patch);
  const bool merges = target && target.IsMap() && !type.is_atomic();
  const auto below = [&](const YAML::Node &was, const YAML::Node &change, const std::string &key) {
    return apply_patch(was, change, member(type, key), path.empty() ? key : path + "." + key);
  };
  YAML::Node result(YAML::NodeType::Map);
  if (merges)
    for (const auto &entry : target) {
      const std::string &key = entry.first.Scalar();
      const YAML::Node change = patch[key];
      if (!change)
        result.force_insert(entry.first, entry.second);
      else if (!change.IsNull())
        result.force_insert(entry.first, below(entry.second, change, key));
    }
  for (const auto &entry : patch)
    if (const std::string &key = entry.first.Scalar();
        !entry.second.IsNull() && !(merges && target[key]))
      result.force_insert(entry.first, below({}, entry.second, key));
  return result;
}

YAML::Node merge_patch(const YAML::Node &target, const YAML::Node &patch) {
  return apply_patch(target, patch, {});
}

} // namespace hello::manifest
