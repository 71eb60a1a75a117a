#include <algorithm>
#include <map>
#include <span>

#include <fmt/core.h>

#include "hello/prune.h"
#include "hello/text.h"
#include "release/set_marks.h"

namespace hello::release {
namespace {

bool is_entry_of(std::string_view release, std::string_view name) {
  const auto entry = names::read_entry(name);
  return entry && entry->release == release;
}

/// What is in a namespace, and whose it is.
class Contents {
public:
  Contents(std::vector<kube::Occupant> all, const std::string &ns, const std::vector<Found> &going,
           const kube::Access &access)
      : all_(std::move(all)), home_(ns == access.ns), release_(access.release) {
    for (const Found &one : going)
      if (one.id.ns == ns) going_.insert(identity(one.id));
    for (const kube::Occupant &one : all_) by_uid_[one.uid] = &one;
    for (const kube::Occupant &one : all_)
      if (!goes(one, 0)) others_.push_back(one.kind + "/" + one.name);
  }

  /// What is neither ours nor Kubernetes' own.
  std::vector<std::string> others() && { return std::move(others_); }

private:
  bool goes(const kube::Occupant &one, int depth) const {
    constexpr int kDeepest = 10; // owners may go in a circle
    return is_ours(one) || is_of_kubernetes(one) ||
           (!one.owners.empty() && !one.owned_outside && depth < kDeepest &&
            std::all_of(one.owners.begin(), one.owners.end(), [&](const std::string &uid) {
              const auto owner = by_uid_.find(uid); // one that is gone takes it along
              return owner == by_uid_.end() || goes(*owner->second, depth + 1);
            }));
  }

  /// Another namespace may have a release of the same name: only at home are its entries ours.
  bool is_ours(const kube::Occupant &one) const {
    const auto is = [&](std::string_view group, std::string_view kind) {
      return one.group == group && one.kind == kind;
    };
    return std::any_of(going_.begin(), going_.end(),
                       [&](const Identity &id) {
                         return id.group == one.group && id.kind == one.kind && id.name == one.name;
                       }) ||
           (home_ && is("apps", "ControllerRevision") && is_entry_of(release_, one.name)) ||
           (home_ && is("coordination.k8s.io", "Lease") && one.name == names::lease(release_));
  }

  static bool is_of_kubernetes(const kube::Occupant &one) {
    return one.group.empty() && ((one.kind == "ConfigMap" && one.name == "kube-root-ca.crt") ||
                                 (one.kind == "ServiceAccount" && one.name == "default"));
  }

  std::vector<kube::Occupant> all_;
  bool home_;
  const std::string &release_;
  std::set<Identity> going_;
  std::map<std::string, const kube::Occupant *> by_uid_;
  std::vector<std::string> others_;
};

} // namespace

std::string shortened(const std::vector<std::string> &names) {
  constexpr std::size_t kShown = 5;
  std::string out = text::join(std::span(names).first(std::min(names.size(), kShown)), ", ");
  return names.size() > kShown ? fmt::format("{} and {} more", out, names.size() - kShown) : out;
}

Ownership fate_of_namespace(kube::Cluster &cluster, const kube::Id &id, const json::Value &live,
                            const std::vector<Found> &going, const std::vector<Release> &history) {
  using State = Ownership::State;
  const kube::Access &access = cluster.access();
  const Claims claims(access, history);
  if (Ownership owner = claims.fate_of(id, live, Purpose::undeploy); !owner.ours()) return owner;
  if (SetMarks(cluster, history).keep(id)) return {State::keep};
  const std::string own[] = {manager_of(id, access), names::manager(names::kDefault)};
  for (const json::Value &entry : live.at("metadata", "managedFields").items())
    if (std::string other = entry.text("manager");
        other != own[0] && other != own[1] && !entry.find("subresource"))
      return {State::extra_fields, std::move(other)};
  std::vector<std::string> users = other_users(live, access.release);
  auto all = cluster.objects_in(id.name);
  if (!all) return {State::unlisted};
  for (std::string &object : Contents(std::move(*all), id.name, going, access).others())
    users.push_back(std::move(object));
  if (!users.empty()) return {State::in_use, shortened(users)};
  return {};
}

} // namespace hello::release
