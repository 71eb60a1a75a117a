#include "support/fake_api.h"

#include <algorithm>

#include "support/fake_fields.h"
#include "support/fake_objects.h"

namespace hello::test {
namespace {

using json::Value;
using kube::Trouble;

/// Who holds which fields of an object.
class Managers {
public:
  struct Entry {
    std::string manager, operation, subresource;
    FieldPaths fields;
  };

  explicit Managers(const Value &object) {
    for (const Value &one : object.at("metadata", "managedFields").items())
      entries_.push_back({one.text("manager"), one.text("operation"), one.text("subresource"),
                          fields_of_tree(one.at("fieldsV1"))});
  }

  Entry &entry(std::string_view manager, std::string_view operation,
               std::string_view subresource = "") {
    for (Entry &one : entries_)
      if (one.manager == manager && one.operation == operation && one.subresource == subresource)
        return one;
    return entries_.emplace_back(
        Entry{std::string(manager), std::string(operation), std::string(subresource), {}});
  }

  /// Another manager than that of `mine` that holds the field; null: none.
  const Entry *other(const Entry &mine, const FieldPath &field) const {
    for (const Entry &one : entries_)
      if (&one != &mine && one.fields.count(field)) return &one;
    return nullptr;
  }

  void take_from_others(const Entry &mine, const FieldPath &field) {
    for (Entry &one : entries_)
      if (&one != &mine) one.fields.erase(field);
  }

  /// Passes all fields of those that update `field` to `to`. Returns whether there are any.
  bool pass_on(const FieldPath &field, Entry &to) {
    FieldPaths passed;
    for (Entry &one : entries_)
      if (one.operation == "Update" && one.fields.count(field)) passed.merge(one.fields);
    if (passed.empty()) return false;
    to.fields.merge(passed);
    return true;
  }

  void write(Value &object) const {
    Value list = json::array();
    for (const Entry &one : entries_) {
      if (one.fields.empty()) continue;
      Value entry;
      entry["manager"] = json::string(one.manager);
      entry["operation"] = json::string(one.operation);
      entry["fieldsType"] = json::string("FieldsV1");
      entry["fieldsV1"] = tree_of(one.fields);
      if (!one.subresource.empty()) entry["subresource"] = json::string(one.subresource);
      list.push(std::move(entry));
    }
    object["metadata"]["managedFields"] = std::move(list);
  }

private:
  std::vector<Entry> entries_;
};

bool same(const Value *a, const Value *b) {
  return a && b && json::canonical(*a) == json::canonical(*b);
}

kube::Failure conflict_with(std::vector<kube::Conflict> conflicts) {
  kube::Failure failed = failure(Trouble::conflict, "Apply failed with conflicts");
  failed.conflicts.push_back(std::move(conflicts));
  return failed;
}

/// RFC 7396.
void merge(Value &target, const Value &change) {
  for (const auto &[key, value] : change.members()) {
    if (value.is_null())
      target.erase(key);
    else if (value.is_object())
      merge(target[key], value);
    else
      target[key] = value;
  }
}

/// Calls `take` with each "key=value" of a selector.
bool all_of(std::string_view selector,
            const std::function<bool(std::string_view key, std::string_view value)> &fits) {
  while (!selector.empty()) {
    const std::string_view one = selector.substr(0, selector.find(','));
    selector.remove_prefix(std::min(selector.size(), one.size() + 1));
    const std::size_t equals = one.find('=');
    if (!fits(one.substr(0, equals), one.substr(equals + 1))) return false;
  }
  return true;
}

std::string_view field_at(const Value &object, std::string_view path) {
  const Value *at = &object;
  while (at && !path.empty()) {
    const std::string_view key = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(path.size(), key.size() + 1));
    at = at->find(key);
  }
  return at ? at->text() : "";
}

} // namespace

const Value *FakeApi::find(const kube::Id &id) const {
  const auto found = objects_.find(id);
  return found == objects_.end() ? nullptr : &found->second;
}

kube::Result<Value> FakeApi::apply(const kube::Object &wanted, std::string_view manager,
                                   bool force) {
  if (auto fine = check_namespace(wanted.id); !fine) return fine.failure();
  const Value *before = find(wanted.id);
  Value after = before ? *before : Value();
  for (const char *key : {"apiVersion", "kind"}) after[key] = wanted.value.at(key);
  after["metadata"]["name"] = json::string(wanted.id.name);
  if (!wanted.id.ns.empty()) after["metadata"]["namespace"] = json::string(wanted.id.ns);

  Managers managers(after);
  Managers::Entry &mine = managers.entry(manager, "Apply");
  const FieldPaths fields = fields_of(wanted.value);
  std::vector<kube::Conflict> conflicts;
  for (const FieldPath &field : fields) {
    const Value *ours = find_field(wanted.value, field);
    if (same(find_field(after, field), ours)) continue;
    if (const Managers::Entry *other = managers.other(mine, field); other && !force)
      conflicts.push_back({words_of(field), other->manager});
    managers.take_from_others(mine, field);
    set_field(after, field, *ours);
  }
  if (!conflicts.empty()) return conflict_with(std::move(conflicts));
  for (const FieldPath &field : mine.fields) // what the set no longer has, and no one else holds
    if (!fields.count(field) && !managers.other(mine, field)) erase_field(after, field);
  mine.fields = fields;
  managers.write(after);
  store(wanted.id, std::move(after));
  return *find(wanted.id);
}

bool FakeApi::migrate(const kube::Id &id, std::string_view manager) {
  const FieldPath noted{"f:metadata", "f:annotations",
                        "f:kubectl.kubernetes.io/last-applied-configuration"};
  Value after = *find(id);
  Managers managers(after);
  if (!managers.pass_on(noted, managers.entry(manager, "Apply"))) return false;
  erase_field(after, noted);
  managers.write(after);
  store(id, std::move(after));
  return true;
}

kube::Result<kube::Done> FakeApi::create(const kube::Id &id, Value value,
                                         std::string_view manager) {
  if (auto fine = check_namespace(id); !fine) return fine;
  if (find(id)) return failure(Trouble::already_exists);
  Managers managers(value);
  managers.entry(manager, "Update").fields = fields_of(value);
  managers.write(value);
  store(id, std::move(value));
  return kube::Done();
}

kube::Result<Value> FakeApi::replace(const kube::Id &id, Value value) {
  const Value *before = find(id);
  if (!before &&
      id.kind == "Lease") { // the API server makes one, unless the uid says which is meant
    if (!value.text("metadata", "uid").empty()) return failure(Trouble::stale);
    store(id, std::move(value));
    return *find(id);
  }
  if (!before) return failure(Trouble::not_found);
  if (value.text("metadata", "resourceVersion") != before->text("metadata", "resourceVersion"))
    return failure(Trouble::stale);
  for (const char *key : {"uid", "creationTimestamp"})
    value["metadata"][key] = before->at("metadata", key);
  store(id, std::move(value));
  return *find(id);
}

kube::Result<kube::Done> FakeApi::patch(const kube::Id &id, const Value &change) {
  const Value *before = find(id);
  if (!before) return failure(Trouble::not_found);
  Value after = *before;
  merge(after, change);
  store(id, std::move(after));
  return kube::Done();
}

kube::Result<kube::Done> FakeApi::remove(const kube::Id &id, const kube::Preconditions &still) {
  const Value *live = find(id);
  if (!live) return failure(Trouble::not_found);
  const auto differs = [&](const std::string &wanted, const char *key) {
    return !wanted.empty() && wanted != live->text("metadata", key);
  };
  if (differs(still.uid, "uid") || differs(still.resource_version, "resourceVersion"))
    return failure(Trouble::stale);
  if (live->at("metadata", "finalizers").items().empty()) {
    erase(id);
    return kube::Done();
  }
  Value ending = *live;
  ending["metadata"]["deletionTimestamp"] = json::string(time);
  store(id, std::move(ending));
  return kube::Done();
}

const Value &FakeApi::put(Value value) {
  const kube::Id id = kube::id_of(value);
  store(id, std::move(value));
  return objects_.at(id);
}

void FakeApi::update(const kube::Id &id, std::string_view manager,
                     const std::function<void(Value &)> &change) {
  const Value before = objects_.at(id);
  Value after = before;
  change(after);
  Managers managers(after);
  const bool scales = manager == "kube-controller-manager";
  Managers::Entry &mine = managers.entry(manager, "Update", scales ? "scale" : "");
  for (const FieldPath &field : fields_of(after)) {
    if (field.front() == "f:metadata" || same(find_field(before, field), find_field(after, field)))
      continue;
    managers.take_from_others(mine, field);
    mine.fields.insert(field);
  }
  managers.write(after);
  store(id, std::move(after));
}

void FakeApi::erase(const kube::Id &id) {
  const auto found = objects_.find(id);
  if (found == objects_.end()) return;
  const std::string uid = found->second.text("metadata", "uid");
  objects_.erase(found);
  std::vector<kube::Id> owned;
  for (const auto &[other, value] : objects_) {
    if (id.kind == "Namespace" && other.ns == id.name) owned.push_back(other);
    for (const Value &owner : value.at("metadata", "ownerReferences").items())
      if (owner.text("uid") == uid) owned.push_back(other);
  }
  for (const kube::Id &other : owned) erase(other);
}

std::vector<const Value *> FakeApi::matching(const kube::Collection &collection) const {
  std::vector<const Value *> found;
  for (const auto &[id, value] : objects_) {
    const auto label = [&, &value = value](std::string_view key, std::string_view wanted) {
      return value.at({"metadata", "labels", key}).text() == wanted;
    };
    const auto field = [&, &value = value](std::string_view key, std::string_view wanted) {
      return field_at(value, key) == wanted;
    };
    if (id.api_version == collection.api_version && id.kind == collection.kind &&
        (collection.ns.empty() || id.ns == collection.ns) && all_of(collection.labels, label) &&
        all_of(collection.fields, field))
      found.push_back(&value);
  }
  return found;
}

kube::Result<kube::Done> FakeApi::check_namespace(const kube::Id &id) const {
  if (id.ns.empty()) return kube::Done();
  const Value *ns = find({"v1", "Namespace", "", id.ns});
  if (ns && ns->at("metadata").find("deletionTimestamp")) return failure(Trouble::namespace_ending);
  if (ns) return kube::Done();
  kube::Failure missing = failure(Trouble::no_namespace);
  missing.ns = id.ns;
  return missing;
}

/// Stores an object with what the server sets, if anything of it changed.
void FakeApi::store(const kube::Id &id, Value value) {
  const Value *before = find(id);
  Value &meta = value["metadata"];
  if (id.kind == "Deployment" && !value.at("spec").find("replicas"))
    value["spec"]["replicas"] = json::integer(1); // the default
  if (before && same(before, &value)) return;
  if (!meta.find("uid"))
    meta["uid"] =
        before ? before->at("metadata", "uid") : json::string("uid-" + std::to_string(++uid_));
  if (!meta.find("creationTimestamp")) meta["creationTimestamp"] = json::string(time);
  const std::int64_t generation = before ? before->at("metadata", "generation").number() : 0;
  const bool same_spec =
      before && json::canonical(before->at("spec")) == json::canonical(value.at("spec"));
  meta["generation"] = json::integer(same_spec ? generation : generation + 1);
  meta["resourceVersion"] = json::string(std::to_string(++version_));
  objects_[id] = std::move(value);
}

} // namespace hello::test
