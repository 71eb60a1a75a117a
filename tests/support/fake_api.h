#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hello/kube.h"

namespace hello::test {

/// The objects of a cluster, in memory, with as much of the API server's behavior as decisions of
/// a deploy depend on: server-side apply with field managers and conflicts, generations, uids,
/// resource versions, namespaces, finalizers, and the removal of what an object owns. Not
/// thread-safe.
class FakeApi {
public:
  /// The object; null if there is none.
  const json::Value *find(const kube::Id &id) const;

  /// Server-side apply. A conflict names each field with its other manager.
  kube::Result<json::Value> apply(const kube::Object &wanted, std::string_view manager, bool force);
  /// What kubectl does after a server-side apply: the fields of client-side kubectl apply pass to
  /// `manager`. Returns whether there were any. Source: k8s.io/client-go/util/csaupgrade
  bool migrate(const kube::Id &id, std::string_view manager);
  kube::Result<kube::Done> create(const kube::Id &id, json::Value value, std::string_view manager);
  /// Its resourceVersion is a precondition.
  kube::Result<json::Value> replace(const kube::Id &id, json::Value value);
  /// JSON merge patch.
  kube::Result<kube::Done> patch(const kube::Id &id, const json::Value &change);
  kube::Result<kube::Done> remove(const kube::Id &id, const kube::Preconditions &still);

  /// Writes an object as controllers do: whole, without managed fields.
  const json::Value &put(json::Value value);
  /// Changes an object as `manager` with an update, which takes the fields that it changes from
  /// their managers. Status and metadata belong to no one. The object must exist.
  void update(const kube::Id &id, std::string_view manager,
              const std::function<void(json::Value &)> &change);
  /// Removes an object at once, with what it owns; nothing if there is none.
  void erase(const kube::Id &id);

  std::vector<const json::Value *> matching(const kube::Collection &collection) const;
  const std::map<kube::Id, json::Value> &all() const { return objects_; }

  /// RFC 3339; time stamps of what is made next.
  std::string time = "2026-11-23T04:00:00Z";

private:
  kube::Result<kube::Done> check_namespace(const kube::Id &id) const;
  void store(const kube::Id &id, json::Value value);

  std::map<kube::Id, json::Value> objects_;
  std::int64_t version_ = 100, uid_ = 0;
};

} // namespace hello::test
