#pragma once
#include <map>
#include <vector>

#include "hello/owner.h"

namespace hello::release {

/// What the sets of a history say of their objects. Reads each set at most once.
class SetMarks {
public:
  SetMarks(kube::Cluster &cluster, const std::vector<Release> &history)
      : cluster_(cluster), history_(history) {}

  /// Whether the newest set that had the object marks it to stay. A mark that was removed from the
  /// live object still counts.
  bool keep(const kube::Id &id);
  /// Whether any of the sets has the object.
  bool had(const kube::Id &id);

private:
  /// The object in a revision's set; null: it has none.
  const json::Value *find(const Release &release, const kube::Id &id);

  kube::Cluster &cluster_;
  const std::vector<Release> &history_;
  std::map<int, json::Value> sets_; ///< by revision
};

} // namespace hello::release
