#include "release/set_marks.h"

#include <algorithm>

namespace hello::release {
namespace {

bool has(const std::vector<kube::Id> &ids, const kube::Id &id) {
  return std::any_of(ids.begin(), ids.end(),
                     [&](const kube::Id &one) { return identity(one) == identity(id); });
}

} // namespace

bool SetMarks::keep(const kube::Id &id) {
  for (const Release &release : history_) {
    if (has(release.kept_secrets, id)) return true;
    if (has(release.objects, id)) {
      const json::Value *object = find(release, id);
      return object && carries_keep(*object);
    }
    if (is_shared(id, cluster_.access())) // which no list of objects has
      if (const json::Value *object = find(release, id)) return carries_keep(*object);
  }
  return false;
}

bool SetMarks::had(const kube::Id &id) {
  return std::any_of(history_.begin(), history_.end(),
                     [&](const Release &release) { return find(release, id) != nullptr; });
}

const json::Value *SetMarks::find(const Release &release, const kube::Id &id) {
  const auto [place, is_new] = sets_.try_emplace(release.revision);
  if (is_new) {
    auto entry =
        cluster_.read({"apps/v1", "ControllerRevision", cluster_.access().ns, release.name});
    if (entry) place->second = entry->at("data", "objects");
  }
  for (const json::Value &object : place->second.items())
    if (identity(kube::id_of(object)) == identity(id)) return &object;
  return nullptr;
}

} // namespace hello::release
