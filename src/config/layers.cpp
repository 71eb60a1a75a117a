#include "config/layers.h"

#include <algorithm>

#include <fmt/core.h>
#include <yaml-cpp/node/iterator.h>
#include <yaml-cpp/yaml.h>

#include "hello/text.h"
#include "hello/yaml.h"

namespace hello::config {
namespace {

Origin origin_of(const Layer &layer, const YAML::Node &node) {
  if (layer.file.empty()) return layer.origin;
  return {layer.origin.from, yaml::place(node, layer.file)};
}

/// The beginning of a warning about entries that 0.1.0 dropped.
std::string kept(const Setting &setting, const Value &lower, const Layer &layer,
                 const std::string &what) {
  return fmt::format("{}: {} keeps {} of {}, which 0.1.0 dropped", layer.origin.where, setting.key,
                     what, lower.origin.where);
}

/// Whether 0.1.0 had both layers: it read one file, with one overlay.
bool both_old(const Value &lower, const Layer &layer) {
  const From from = layer.origin.from;
  return layer.whole && !lower.entries.empty() &&
         !(lower.origin.from == from && (from == From::file || from == From::context));
}

/// `more` over `lower`, level by level. null drops what is below.
YAML::Node merged(const YAML::Node &lower, const YAML::Node &more) {
  if (!more.IsMap()) return more;
  YAML::Node result(YAML::NodeType::Map);
  if (lower.IsMap())
    for (const auto &entry : lower)
      if (!more[entry.first.Scalar()]) result.force_insert(entry.first, entry.second);
  for (const auto &entry : more)
    if (!entry.second.IsNull())
      result.force_insert(entry.first,
                          merged(yaml::at(lower, entry.first.Scalar().c_str()), entry.second));
  return result;
}

std::string merge(const Setting &setting, Value &value, const Layer &layer) {
  const YAML::Node &more = layer.node; // operator[] of a non-const node adds an entry
  YAML::Node result(YAML::NodeType::Map);
  std::vector<Entry> entries;
  std::vector<std::string> same;
  const auto add = [&](const YAML::Node &key, const YAML::Node &node, Entry entry) {
    result.force_insert(key, node);
    entries.push_back(std::move(entry));
  };
  const bool only_removes =
      more.size() > 0 && std::all_of(more.begin(), more.end(),
                                     [](const auto &entry) { return entry.second.IsNull(); });
  if (value.origin.from == From::default_value && (setting.type.keeps_default || only_removes))
    for (const auto &entry : value.node) value.entries.push_back({entry.first.Scalar(), {}, 0});
  if (!value.entries.empty()) {
    auto old = value.entries.begin();
    for (const auto &entry : value.node) {
      if (!more[entry.first.Scalar()]) {
        if (old->origin.from != From::default_value) same.push_back(old->key);
        add(entry.first, entry.second, *old);
      }
      ++old;
    }
  }
  const YAML::Node old = value.entries.empty() ? YAML::Node() : value.node;
  for (const auto &entry : more)
    if (!entry.second.IsNull())
      add(entry.first, merged(yaml::at(old, entry.first.Scalar().c_str()), entry.second),
          {entry.first.Scalar(), origin_of(layer, entry.first), layer.number});
  std::string warning;
  // 0.1.0 had no map whose values may be anything
  if (!same.empty() && setting.type.values != Type::Values::any && both_old(value, layer))
    warning = kept(setting, value, layer, text::join(same, ", ")) + "; 'KEY: null' drops one";
  value.node.reset(result);
  value.entries = std::move(entries);
  return warning;
}

/// "Kind/namespace/name"
std::string identity(const YAML::Node &object, const std::string &own_namespace) {
  const std::string ns = yaml::text(object, "metadata", "namespace");
  return fmt::format("{}/{}/{}", yaml::text(object, "kind"), ns.empty() ? own_namespace : ns,
                     yaml::text(object, "metadata", "name"));
}

/// How many of `lower` stay beside `more`. An extra takes the place of one of the same name.
std::size_t count_kept(const Setting &setting, const YAML::Node &lower, const YAML::Node &more) {
  std::size_t count = 0;
  for (const YAML::Node &item : lower)
    count += setting.key != "extraManifests" ||
             std::none_of(more.begin(), more.end(), [&](const YAML::Node &one) {
               const std::string ns = yaml::text(item, "metadata", "namespace");
               return identity(one, ns) == identity(item, yaml::text(one, "metadata", "namespace"));
             });
  return count;
}

/// Adds an extra manifest to `objects`; those of a list one by one, as kubectl apply does. An
/// object without apiVersion and kind has those of the list.
void take_apart(YAML::Node item, YAML::Node &objects) {
  const YAML::Node list = yaml::at(item, "items");
  const std::string kind = yaml::text(item, "kind");
  if (!kind.ends_with("List") || !list.IsDefined() || !(list.IsSequence() || list.IsNull()))
    return objects.push_back(item);
  for (YAML::Node inner : yaml::items(list)) {
    if (inner.IsNull()) inner.reset(YAML::Node(YAML::NodeType::Map)); // it is no object
    if (inner.IsMap() && kind != "List" && !yaml::at(inner, "apiVersion").IsDefined() &&
        !yaml::at(inner, "kind").IsDefined()) {
      inner.force_insert("apiVersion", yaml::string(yaml::text(item, "apiVersion")));
      inner.force_insert("kind", yaml::string(kind.substr(0, kind.size() - 4)));
    }
    take_apart(inner, objects);
  }
}

std::string append(const Setting &setting, Value &value, Layer layer) {
  if (setting.key == "extraManifests") {
    YAML::Node objects(YAML::NodeType::Sequence);
    for (const YAML::Node &item : layer.node) take_apart(item, objects);
    layer.node.reset(objects);
  }
  YAML::Node result(YAML::NodeType::Sequence);
  std::vector<Entry> entries = value.entries;
  if (!entries.empty())
    for (const YAML::Node &item : value.node) result.push_back(item);
  bool drops = entries.empty();
  for (const YAML::Node &item : layer.node) {
    if (item.IsNull()) {
      YAML::Node own(YAML::NodeType::Sequence); // what this layer gave before the null
      std::size_t below = 0;
      while (below < entries.size() && entries[below].layer != layer.number) ++below;
      for (std::size_t i = below; i < entries.size(); ++i) own.push_back(result[i]);
      result.reset(own);
      entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(below));
      drops = true;
      continue;
    }
    result.push_back(item);
    entries.push_back({"", origin_of(layer, item), layer.number});
  }
  std::string warning;
  const std::size_t stay = drops ? 0 : count_kept(setting, value.node, layer.node);
  if (stay > 0 && both_old(value, layer))
    warning = kept(setting, value, layer, std::to_string(stay)) +
              "; a list that begins with null drops them";
  value.node.reset(result);
  value.entries = std::move(entries);
  return warning;
}

} // namespace

std::string stack(const Setting &setting, Value &value, const Layer &layer) {
  const bool is_map = setting.type.kind == Kind::map;
  std::string warning;
  if (layer.node.IsNull()) {
    value.node.reset(YAML::Node(is_map ? YAML::NodeType::Map : YAML::NodeType::Sequence));
    value.entries.clear();
  } else {
    warning = is_map ? merge(setting, value, layer) : append(setting, value, layer);
  }
  value.origin = layer.origin;
  return warning;
}

void replace_extras(Value &value, const std::string &own_namespace) {
  std::vector<YAML::Node> nodes;
  std::vector<Entry> entries;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < value.entries.size(); ++i) {
    const YAML::Node node = value.node[i];
    const Entry &entry = value.entries[i];
    const std::string name = identity(node, own_namespace);
    std::size_t at = 0;
    while (at < names.size() && (names[at] != name || entries[at].layer == entry.layer)) ++at;
    if (at < names.size()) {
      nodes[at].reset(node);
      entries[at] = entry;
    } else {
      nodes.push_back(node);
      entries.push_back(entry);
      names.push_back(name);
    }
  }
  if (nodes.size() == value.entries.size()) return;
  YAML::Node list(YAML::NodeType::Sequence);
  for (const YAML::Node &node : nodes) list.push_back(node);
  value.node.reset(list);
  value.entries = std::move(entries);
}

bool replace_log_form(Value &access, Value &format) {
  const std::string word = access.node.Scalar();
  if (word != "json" && word != "text") return false;
  if (format.origin.from == From::default_value)
    format.set(yaml::string(word), access.origin);
  else
    access.set(yaml::string("on"), access.origin);
  return true;
}

} // namespace hello::config
