#include "support/fake_fields.h"

#include <algorithm>

namespace hello::test {
namespace {

using json::Value;

bool is_keyed(const Value &list) {
  const auto &items = list.items();
  return !items.empty() && std::all_of(items.begin(), items.end(), [](const Value &item) {
    return item.is_object() && item.find("name");
  });
}

std::string key_of(std::string_view name) {
  Value key;
  key["name"] = json::string(name);
  return "k:" + json::to_text(key);
}

std::string name_in(const std::string &key) {
  return json::parse(std::string_view(key).substr(2), "key").text("name");
}

void collect(const Value &value, FieldPath &path, FieldPaths &out) {
  const auto below = [&](std::string step, const Value &inner) {
    path.push_back(std::move(step));
    collect(inner, path, out);
    path.pop_back();
  };
  if (value.is_object() && !value.members().empty()) {
    for (const auto &[key, inner] : value.members()) below("f:" + key, inner);
  } else if (value.is_array() && is_keyed(value)) {
    for (const Value &item : value.items()) below(key_of(item.text("name")), item);
  } else {
    out.insert(path);
  }
}

void collect_tree(const Value &tree, FieldPath &path, FieldPaths &out) {
  if (tree.members().empty()) {
    out.insert(path);
    return;
  }
  for (const auto &[key, inner] : tree.members()) {
    if (key == ".") continue;
    path.push_back(key);
    collect_tree(inner, path, out);
    path.pop_back();
  }
}

/// The list with the item of this name replaced, added, or (if `item` is null) removed.
Value with_item(const Value &list, const std::string &name, const Value *item) {
  Value out = json::array();
  bool found = false;
  for (const Value &one : list.items()) {
    const bool meant = one.text("name") == name;
    found = found || meant;
    if (!meant)
      out.push(one);
    else if (item)
      out.push(*item);
  }
  if (!found && item) out.push(*item);
  return out;
}

const Value *item_of(const Value &list, const std::string &name) {
  for (const Value &item : list.items())
    if (item.text("name") == name) return &item;
  return nullptr;
}

void set_at(Value &at, const FieldPath &path, std::size_t depth, const Value &value) {
  if (depth == path.size()) {
    at = value;
  } else if (path[depth].starts_with("f:")) {
    set_at(at[path[depth].substr(2)], path, depth + 1, value);
  } else {
    const std::string name = name_in(path[depth]);
    const Value *known = item_of(at, name);
    Value item = known ? *known : json::object();
    item["name"] = json::string(name);
    set_at(item, path, depth + 1, value);
    at = with_item(at, name, &item);
  }
}

bool is_empty(const Value &value) {
  return (value.is_object() && value.members().empty()) ||
         (value.is_array() && value.items().empty());
}

void erase_at(Value &at, const FieldPath &path, std::size_t depth) {
  if (path[depth].starts_with("f:")) {
    const std::string key = path[depth].substr(2);
    if (!at.find(key)) return;
    Value &inner = at[key];
    if (depth + 1 < path.size()) erase_at(inner, path, depth + 1);
    if (depth + 1 == path.size() || is_empty(inner)) at.erase(key);
    return;
  }
  const std::string name = name_in(path[depth]);
  const Value *known = item_of(at, name);
  if (!known) return;
  Value item = *known;
  if (depth + 1 < path.size()) erase_at(item, path, depth + 1);
  at = with_item(at, name, depth + 1 == path.size() || is_empty(item) ? nullptr : &item);
}

} // namespace

FieldPaths fields_of(const Value &object) {
  Value named = object;
  for (const char *key : {"apiVersion", "kind", "status"}) named.erase(key);
  Value &meta = named["metadata"];
  for (const char *key : {"name", "namespace", "managedFields", "uid", "resourceVersion",
                          "generation", "creationTimestamp", "deletionTimestamp"})
    meta.erase(key);
  if (meta.members().empty()) named.erase("metadata");
  FieldPaths out;
  FieldPath path;
  if (!named.members().empty()) collect(named, path, out);
  return out;
}

Value tree_of(const FieldPaths &fields) {
  Value tree = json::object();
  for (const FieldPath &path : fields) {
    Value *at = &tree;
    for (const std::string &step : path) {
      at = &(*at)[step];
      if (at->is_null()) *at = json::object();
    }
  }
  return tree;
}

FieldPaths fields_of_tree(const Value &tree) {
  FieldPaths out;
  FieldPath path;
  if (!tree.members().empty()) collect_tree(tree, path, out);
  return out;
}

const Value *find_field(const Value &object, const FieldPath &path) {
  const Value *at = &object;
  for (const std::string &step : path) {
    if (!at) return nullptr;
    at = step.starts_with("f:") ? at->find(step.substr(2)) : item_of(*at, name_in(step));
  }
  return at;
}

void set_field(Value &object, const FieldPath &path, const Value &value) {
  set_at(object, path, 0, value);
}

void erase_field(Value &object, const FieldPath &path) { erase_at(object, path, 0); }

std::string words_of(const FieldPath &path) {
  std::string out;
  for (const std::string &step : path)
    out += step.starts_with("f:") ? "." + step.substr(2) : "[name=\"" + name_in(step) + "\"]";
  return out;
}

} // namespace hello::test
