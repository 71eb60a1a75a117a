#include "hello/fields.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "hello/error.h"

namespace hello::kube {
namespace {

using json::Member;
using json::Value;

/// What the server keeps for itself.
bool kept_by_server(const std::string &path, const std::string &key) {
  static constexpr std::array<std::string_view, 7> meta = {
      "managedFields", "resourceVersion",           "uid", "generation", "creationTimestamp",
      "selfLink",      "deletionGracePeriodSeconds"};
  if (path.empty()) return key == "status";
  return path == "metadata" && std::find(meta.begin(), meta.end(), key) != meta.end();
}

/// The item's name in a list whose items all have one; lists of the API are keyed so.
std::string item_name(const Value &item) {
  for (const char *key : {"name", "containerPort", "port", "type", "ip", "topologyKey", "host"})
    if (std::string name = item.text(key); !name.empty()) return name;
  return "";
}

/// Their names, or nothing unless each has one of its own.
std::vector<std::string> names(const std::vector<Value> &items) {
  std::vector<std::string> all;
  for (const Value &item : items) {
    std::string name = item_name(item);
    if (name.empty() || std::find(all.begin(), all.end(), name) != all.end()) return {};
    all.push_back(std::move(name));
  }
  return all;
}

bool is_text(const Value *value) { return !value || value->is_string(); }

bool has_lines(const Value *value) {
  return value && value->is_string() && value->text().find('\n') != std::string_view::npos;
}

Change change(const Value *before, const Value *after, const std::string &path) {
  if (is_text(before) && is_text(after) && (has_lines(before) || has_lines(after)))
    return {path, std::string(before ? before->text() : ""),
            std::string(after ? after->text() : ""), true};
  return {path, before ? json::to_text(*before) : "", after ? json::to_text(*after) : "", false};
}

/// Compares two objects; a value that is not there is null.
class Comparison {
public:
  void compare(const Value *before, const Value *after, const std::string &path) {
    if (!before && !after) return;
    if (before && after) {
      if (before->is_object() && after->is_object()) return objects(*before, *after, path);
      if (before->is_array() && after->is_array())
        return arrays(before->items(), after->items(), path);
      if (json::canonical(*before) == json::canonical(*after)) return;
    }
    found_.push_back(change(before, after, path));
  }

  std::vector<Change> found() && { return std::move(found_); }

private:
  void objects(const Value &before, const Value &after, const std::string &path) {
    const std::string dot = path.empty() ? "" : path + ".";
    for (const auto &[key, value] : after.members())
      if (!kept_by_server(path, key)) compare(before.find(key), &value, dot + key);
    for (const auto &[key, value] : before.members())
      if (!kept_by_server(path, key) && !after.find(key)) compare(&value, nullptr, dot + key);
  }

  void arrays(const std::vector<Value> &before, const std::vector<Value> &after,
              const std::string &path) {
    const auto old_names = names(before), new_names = names(after);
    if (old_names.size() != before.size() || new_names.size() != after.size()) {
      for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i)
        compare(i < before.size() ? &before[i] : nullptr, i < after.size() ? &after[i] : nullptr,
                fmt::format("{}[{}]", path, i));
      return;
    }
    const auto place = [](const std::vector<std::string> &all, const std::string &name) {
      return static_cast<std::size_t>(std::find(all.begin(), all.end(), name) - all.begin());
    };
    for (std::size_t i = 0; i < after.size(); ++i) {
      const std::size_t at = place(old_names, new_names[i]);
      compare(at < before.size() ? &before[at] : nullptr, &after[i],
              fmt::format("{}[{}]", path, new_names[i]));
    }
    Value old_order = json::array(), new_order = json::array(); // of those that stay
    for (std::size_t i = 0; i < before.size(); ++i)
      if (place(new_names, old_names[i]) == after.size())
        compare(&before[i], nullptr, fmt::format("{}[{}]", path, old_names[i]));
      else
        old_order.push(json::string(old_names[i]));
    for (const std::string &name : new_names)
      if (place(old_names, name) < before.size()) new_order.push(json::string(name));
    compare_order(old_order, new_order, path);
  }

  void compare_order(const Value &before, const Value &after, const std::string &path) {
    if (json::canonical(before) != json::canonical(after))
      found_.push_back(change(&before, &after, path));
  }

  std::vector<Change> found_;
};

/// Annotations may hold the whole object as kubectl applied it last.
void hide(Change &change) {
  if (!change.path.starts_with("data") && !change.path.starts_with("stringData") &&
      !change.path.starts_with("metadata.annotations"))
    return;
  for (std::string *value : {&change.before, &change.after})
    if (!value->empty()) *value = kHidden;
  change.text = false;
}

/// What `manager` has applied, as a tree of managedFields; null: nothing.
const Value *fields_of(const Value &object, std::string_view manager) {
  for (const Value &entry : object.at("metadata", "managedFields").items())
    if (entry.at("manager").text() == manager && entry.at("operation").text() == "Apply" &&
        !entry.find("subresource"))
      if (const Value *fields = entry.find("fieldsV1")) return fields;
  return nullptr;
}

/// Whether `theirs` holds a field that is in `had` and not in `has` any more; `has` null: none is.
bool has_lost(const Value &had, const Value *has, const Value &theirs) {
  if (had.members().empty()) return !has;
  return std::any_of(had.members().begin(), had.members().end(), [&](const Member &one) {
    const Value *held = theirs.find(one.key);
    return held && has_lost(one.value, has ? has->find(one.key) : nullptr, *held);
  });
}

/// Adds the fields that `more` has; what is held whole stays so.
void unite(Value &fields, const Value &more) {
  for (const auto &[key, value] : more.members())
    if (!fields.find(key))
      fields[key] = value;
    else if (Value &inner = fields[key]; !inner.members().empty())
      unite(inner, value);
}

/// Whether a list item is the one that "k:{…}" (an object of keys) or "v:…" (a value) means.
bool meant(const Value &item, std::string_view key) {
  const Value wanted = json::parse(key.substr(2), "managedFields");
  if (key.starts_with("v:")) return json::canonical(item) == json::canonical(wanted);
  return std::all_of(wanted.members().begin(), wanted.members().end(), [&](const Member &one) {
    const Value *value = item.find(one.key);
    return value && json::canonical(*value) == json::canonical(one.value);
  });
}

Value extract(const Value &fields, const Value &live);

Value extract_item(const Value &fields, const Value &item) {
  for (const auto &[key, inner] : fields.members())
    if (key != "." && meant(item, key)) return key[0] == 'v' ? item : extract(inner, item);
  return {};
}

/// The part of `live` that a tree of managedFields names.
Value extract(const Value &fields, const Value &live) {
  if (fields.members().empty()) return live;
  if (live.is_object()) {
    Value part = json::object();
    for (const auto &[key, value] : live.members())
      if (const Value *inner = fields.find("f:" + key)) part[key] = extract(*inner, value);
    return part;
  }
  if (!live.is_array()) return live;
  Value part = json::array();
  for (const Value &item : live.items())
    if (Value found = extract_item(fields, item); !found.is_null()) part.push(std::move(found));
  return part;
}

/// Offset of the first `c` outside of a quoted string, or the length.
std::size_t find_unquoted(std::string_view text, char c) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted && text[i] == c)
      return i;
  }
  return text.size();
}

/// `name="hello",port=80` as {"name":"hello","port":80}.
std::string keys_of(std::string_view selector) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  while (!selector.empty()) {
    const std::size_t end = find_unquoted(selector, ',');
    const std::string_view one = selector.substr(0, end);
    selector.remove_prefix(std::min(end + 1, selector.size()));
    const std::size_t equals = std::min(one.find('='), one.size());
    writer.key(one.substr(0, equals)).raw(one.substr(std::min(equals + 1, one.size())));
  }
  writer.end_object();
  return out;
}

/// The item that `3`, `name="hello"` or `="value"` names. Throws Error for anything else.
const Value *find_item(const Value &list, std::string_view selector) {
  const std::vector<Value> &items = list.items();
  if (const std::int64_t place = json::string(selector).number(-1); place >= 0)
    return place < static_cast<std::int64_t>(items.size()) ? &items[static_cast<std::size_t>(place)]
                                                           : nullptr;
  const std::string key =
      selector.starts_with("=") ? "v:" + std::string(selector.substr(1)) : "k:" + keys_of(selector);
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const Value &item) { return meant(item, key); });
  return found == items.end() ? nullptr : &*found;
}

/// The member that `path` begins with: a key may have dots itself, so the longest that fits.
const Member *find_member(const Value &object, std::string_view path) {
  const Member *best = nullptr;
  for (const Member &member : object.members()) {
    const std::size_t size = member.key.size();
    if (path.starts_with(member.key) && (!best || size > best->key.size()) &&
        (path.size() == size || path[size] == '.' || path[size] == '['))
      best = &member;
  }
  return best;
}

} // namespace

std::vector<Change> changes(const Value &before, const Value &after) {
  Comparison comparison;
  comparison.compare(&before, &after, "");
  std::vector<Change> found = std::move(comparison).found();
  if (after.text("kind") == "Secret" || before.text("kind") == "Secret")
    for (Change &one : found) hide(one);
  return found;
}

std::string ownership(const Value &object, std::string_view manager) {
  const Value *fields = fields_of(object, manager);
  return fields ? json::canonical(*fields) : "";
}

Value owned(const Value &object, std::string_view manager, const Value &later) {
  Value fields = json::object();
  for (const Value *one : {fields_of(object, manager), fields_of(later, manager)})
    if (one) unite(fields, *one);
  const Value part = fields.members().empty() ? json::object() : extract(fields, object);
  Value whole = json::object();
  whole["apiVersion"] = object.at("apiVersion");
  whole["kind"] = object.at("kind");
  Value &meta = whole["metadata"] = json::object();
  for (const char *key : {"name", "namespace"})
    if (const Value *value = object.at("metadata").find(key)) meta[key] = *value;
  for (const auto &[key, value] : part.at("metadata").members()) meta[key] = value;
  for (const auto &[key, value] : part.members())
    if (key != "metadata") whole[key] = value;
  return whole;
}

std::vector<std::string> managers(const Value &object, const std::vector<std::string> &path) {
  std::vector<std::string> found;
  for (const Value &entry : object.at("metadata", "managedFields").items()) {
    const Value *at = entry.find("fieldsV1");
    for (const std::string &step : path) at = at ? at->find(step) : nullptr;
    if (at) found.push_back(entry.text("manager"));
  }
  return found;
}

std::string taker(const Value &before, const Value &after, std::string_view manager) {
  const Value *had = fields_of(before, manager), *has = fields_of(after, manager);
  for (const Value &entry : after.at("metadata", "managedFields").items()) {
    const Value *theirs = entry.find("fieldsV1");
    if (had && theirs && theirs != has && !entry.find("subresource") &&
        has_lost(*had, has, *theirs))
      return entry.text("manager");
  }
  return "";
}

const Value *find_at(const Value &object, std::string_view path) try {
  const Value *at = &object;
  while (at && !path.empty()) {
    const std::size_t close = find_unquoted(path, ']');
    if (path[0] == '.') {
      const Member *member = find_member(*at, path.substr(1));
      path.remove_prefix(member ? member->key.size() + 1 : path.size());
      at = member ? &member->value : nullptr;
    } else if (path[0] == '[' && close < path.size()) {
      at = find_item(*at, path.substr(1, close - 1));
      path.remove_prefix(close + 1);
    } else {
      return nullptr;
    }
  }
  return at;
} catch (const Error &) { // not a path as the server writes it
  return nullptr;
}

std::string value_at(const Value &object, std::string_view path) {
  const Value *value = find_at(object, path);
  return value ? json::to_text(*value) : "";
}

} // namespace hello::kube
