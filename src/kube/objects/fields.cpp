#include "hello/fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include <fmt/core.h>

#include "hello/yaml.h"

namespace hello::kube {
namespace {

/// What the server keeps for itself.
bool kept_by_server(const std::string &path, const std::string &key) {
  static constexpr std::array<std::string_view, 7> meta = {
      "managedFields", "resourceVersion",           "uid", "generation", "creationTimestamp",
      "selfLink",      "deletionGracePeriodSeconds"};
  if (path.empty()) return key == "status";
  return path == "metadata" && std::find(meta.begin(), meta.end(), key) != meta.end();
}

/// The item's name in a list whose items all have one; lists of the API are keyed so.
std::string item_name(const YAML::Node &item) {
  for (const char *key : {"name", "containerPort", "port", "type", "ip", "topologyKey", "host"})
    if (item.IsMap() && item[key] && item[key].IsScalar()) return item[key].Scalar();
  return "";
}

std::vector<std::string> names(const YAML::Node &list) {
  std::vector<std::string> all;
  for (const YAML::Node &item : list) {
    const std::string name = item_name(item);
    if (name.empty() || std::find(all.begin(), all.end(), name) != all.end()) return {};
    all.push_back(name);
  }
  return all;
}

bool is_string(const YAML::Node &node) {
  return node.IsScalar() && yaml::kind_of(node) == yaml::Scalar::string;
}

void compare(const YAML::Node &before, const YAML::Node &after, const std::string &path,
             std::vector<Change> &found);

void compare_maps(const YAML::Node &before, const YAML::Node &after, const std::string &path,
                  std::vector<Change> &found) {
  const std::string dot = path.empty() ? "" : path + ".";
  for (const auto &entry : after) {
    const std::string key = entry.first.Scalar();
    if (!kept_by_server(path, key)) compare(before[key], entry.second, dot + key, found);
  }
  for (const auto &entry : before) {
    const std::string key = entry.first.Scalar();
    if (!kept_by_server(path, key) && !after[key])
      compare(entry.second, after[key], dot + key, found);
  }
}

void compare_lists(const YAML::Node &before, const YAML::Node &after, const std::string &path,
                   std::vector<Change> &found) {
  const auto old_names = names(before), new_names = names(after);
  const YAML::Node nothing(YAML::NodeType::Undefined);
  if ((old_names.empty() && before.size() > 0) || (new_names.empty() && after.size() > 0)) {
    for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i)
      compare(i < before.size() ? before[i] : nothing, i < after.size() ? after[i] : nothing,
              fmt::format("{}[{}]", path, i), found);
    return;
  }
  for (std::size_t i = 0; i < new_names.size(); ++i) {
    const auto at = std::find(old_names.begin(), old_names.end(), new_names[i]);
    compare(at == old_names.end() ? nothing
                                  : before[static_cast<std::size_t>(at - old_names.begin())],
            after[i], fmt::format("{}[{}]", path, new_names[i]), found);
  }
  for (std::size_t i = 0; i < old_names.size(); ++i)
    if (std::find(new_names.begin(), new_names.end(), old_names[i]) == new_names.end())
      compare(before[i], nothing, fmt::format("{}[{}]", path, old_names[i]), found);
}

void compare(const YAML::Node &before, const YAML::Node &after, const std::string &path,
             std::vector<Change> &found) {
  const bool was = before.IsDefined(), is = after.IsDefined();
  if (was && is && before.IsMap() && after.IsMap()) return compare_maps(before, after, path, found);
  if (was && is && before.IsSequence() && after.IsSequence())
    return compare_lists(before, after, path, found);
  if (was && is && canonical(before) == canonical(after)) return;
  if (!was && !is) return;
  const auto several_lines = [](const YAML::Node &node) {
    return is_string(node) && node.Scalar().find('\n') != std::string::npos;
  };
  if ((!was || is_string(before)) && (!is || is_string(after)) &&
      ((was && several_lines(before)) || (is && several_lines(after))))
    found.push_back({path, was ? before.Scalar() : "", is ? after.Scalar() : "", true});
  else
    found.push_back({path, was ? shown(before) : "", is ? shown(after) : "", false});
}

void write_sorted(const YAML::Node &node, std::string &out) {
  if (node.IsMap()) {
    std::map<std::string, YAML::Node> sorted;
    for (const auto &entry : node) sorted[entry.first.Scalar()] = entry.second;
    out += '{';
    for (const auto &[key, value] : sorted) {
      if (out.back() != '{') out += ',';
      out += yaml::to_json(yaml::string(key)) + ':';
      write_sorted(value, out);
    }
    out += '}';
  } else if (node.IsSequence()) {
    out += '[';
    for (const YAML::Node &item : node) {
      if (out.back() != '[') out += ',';
      write_sorted(item, out);
    }
    out += ']';
  } else {
    out += node.IsDefined() ? yaml::to_json(node) : "null";
  }
}

YAML::Node fields_of(const YAML::Node &object, std::string_view manager) {
  for (const YAML::Node &entry : yaml::items(yaml::at(object, "metadata", "managedFields")))
    if (yaml::text(entry, "manager") == manager && yaml::text(entry, "operation") == "Apply" &&
        !entry["subresource"] && entry["fieldsV1"])
      return entry["fieldsV1"];
  return YAML::Node(YAML::NodeType::Undefined);
}

/// Adds the fields that `more` has; what is held whole stays so.
void unite(YAML::Node fields, const YAML::Node &more) {
  for (const auto &entry : more)
    if (YAML::Node inner = fields[entry.first.Scalar()]; !inner.IsDefined())
      inner = YAML::Clone(entry.second);
    else if (inner.size() > 0)
      unite(inner, entry.second);
}

/// Whether a list item is the one that "k:{…}" (a map of keys) or "v:…" (a value) means.
bool meant(const YAML::Node &item, const std::string &key) {
  const YAML::Node wanted = yaml::load(key.substr(2), "managedFields");
  if (key.starts_with("v:")) return canonical(item) == canonical(wanted);
  for (const auto &one : wanted)
    if (!item.IsMap() || !item[one.first.Scalar()] ||
        canonical(item[one.first.Scalar()]) != canonical(one.second))
      return false;
  return true;
}

YAML::Node extract(const YAML::Node &fields, const YAML::Node &live) {
  if (fields.size() == 0) return YAML::Clone(live);
  if (live.IsMap()) {
    YAML::Node part(YAML::NodeType::Map);
    for (const auto &entry : live)
      if (const YAML::Node inner = fields["f:" + entry.first.Scalar()])
        part.force_insert(YAML::Clone(entry.first), extract(inner, entry.second));
    return part;
  }
  if (live.IsSequence()) {
    YAML::Node part(YAML::NodeType::Sequence);
    for (const YAML::Node &item : live)
      for (const auto &entry : fields) {
        const std::string key = entry.first.Scalar();
        if (key == "." || !meant(item, key)) continue;
        part.push_back(key[0] == 'v' ? YAML::Clone(item) : extract(entry.second, item));
        break;
      }
    return part;
  }
  return YAML::Clone(live);
}

} // namespace

std::string canonical(const YAML::Node &node) {
  std::string out;
  write_sorted(node, out);
  return out;
}

std::string shown(const YAML::Node &node) { return yaml::to_json(node); }

std::vector<Change> changes(const YAML::Node &before, const YAML::Node &after) {
  std::vector<Change> found;
  compare(before, after, "", found);
  return found;
}

std::string ownership(const YAML::Node &object, std::string_view manager) {
  const YAML::Node fields = fields_of(object, manager);
  return fields.IsDefined() ? canonical(fields) : "";
}

YAML::Node owned(const YAML::Node &object, std::string_view manager, const YAML::Node &later) {
  YAML::Node fields(YAML::NodeType::Map), whole(YAML::NodeType::Map), meta(YAML::NodeType::Map);
  unite(fields, fields_of(object, manager));
  unite(fields, fields_of(later, manager));
  const YAML::Node part = fields.size() == 0 ? fields : extract(fields, object);
  whole["apiVersion"] = YAML::Clone(object["apiVersion"]);
  whole["kind"] = YAML::Clone(object["kind"]);
  meta["name"] = YAML::Clone(object["metadata"]["name"]);
  if (object["metadata"]["namespace"])
    meta["namespace"] = YAML::Clone(object["metadata"]["namespace"]);
  if (part["metadata"])
    for (const auto &entry : part["metadata"]) meta[entry.first.Scalar()] = entry.second;
  whole["metadata"] = meta;
  for (const auto &entry : part)
    if (entry.first.Scalar() != "metadata") whole[entry.first.Scalar()] = entry.second;
  return whole;
}

std::vector<std::string> managers(const YAML::Node &object, const std::vector<std::string> &path) {
  std::vector<std::string> found;
  for (const YAML::Node &entry : yaml::items(yaml::at(object, "metadata", "managedFields"))) {
    YAML::Node at = yaml::at(entry, "fieldsV1");
    for (const std::string &step : path) at.reset(yaml::at(at, step.c_str()));
    if (at.IsDefined()) found.push_back(yaml::text(entry, "manager"));
  }
  return found;
}

std::string value_at(const YAML::Node &object, std::string_view path) {
  YAML::Node at(object);
  while (!path.empty()) {
    if (path[0] == '.' && at.IsMap()) { // a key may have dots itself: the longest that fits
      std::string best;
      for (const auto &entry : at) {
        const std::string key = entry.first.Scalar();
        const auto rest = path.substr(1);
        if (rest.starts_with(key) && key.size() >= best.size() &&
            (rest.size() == key.size() || rest[key.size()] == '.' || rest[key.size()] == '['))
          best = key;
      }
      if (best.empty()) return "";
      path.remove_prefix(best.size() + 1);
      at.reset(at[best]);
    } else if (path[0] == '[' && at.IsSequence() && path.find(']') != std::string_view::npos) {
      const auto close = path.find(']');
      std::string inner(path.substr(1, close - 1));
      path.remove_prefix(close + 1);
      if (inner.find_first_not_of("0123456789") == std::string::npos) { // by place
        std::size_t i = at.size();
        std::from_chars(inner.data(), inner.data() + inner.size(), i);
        if (i >= at.size()) return "";
        at.reset(at[i]);
        continue;
      }
      YAML::Node item(YAML::NodeType::Undefined);
      for (const YAML::Node &one : at) {
        std::string json = inner; // name="hello",port=80 → {name: "hello", port: 80}
        for (auto eq = json.find('='); eq != std::string::npos; eq = json.find('=', eq + 2))
          json.replace(eq, 1, ": ");
        if (meant(one, inner[0] == '=' ? "v:" + inner.substr(1) : "k:{" + json + "}"))
          item.reset(one);
      }
      if (!item.IsDefined()) return "";
      at.reset(item);
    } else {
      return "";
    }
  }
  return at.IsDefined() ? shown(at) : "";
}

} // namespace hello::kube
