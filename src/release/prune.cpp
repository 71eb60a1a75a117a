#include "hello/prune.h"

#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "hello/kinds.h"

namespace hello::release {
namespace {

/// The paths that an entry of managedFields holds, as "f:spec/f:rules/"; keys of lists included.
void collect(const json::Value &fields, const std::string &path, std::set<std::string> &out) {
  if (fields.members().empty()) {
    out.insert(path);
    return;
  }
  for (const auto &[key, value] : fields.members())
    if (key != ".") collect(value, path + key + "/", out);
}

std::set<std::string> paths_of(const json::Value &entry) {
  std::set<std::string> out;
  if (const json::Value *fields = entry.find("fieldsV1")) collect(*fields, "", out);
  return out;
}

const std::vector<json::Value> &managers_of(const json::Value &object) {
  return object.at("metadata", "managedFields").items();
}

/// By group, kind, namespace and name: another version of the same API is the same object.
struct Identity {
  std::string group, kind, ns, name;
  auto operator<=>(const Identity &) const =
      default; // NOLINT(modernize-use-nullptr): clang-tidy 14 errs
};
Identity identity(const kube::Id &id) {
  const auto slash = id.api_version.find('/');
  return {slash == std::string::npos ? "" : id.api_version.substr(0, slash), id.kind, id.ns,
          id.name};
}

} // namespace

std::string describe(const Ownership &ownership) {
  using State = Ownership::State;
  const std::string &who = ownership.who;
  switch (ownership.state) {
  case State::ours: break;
  case State::not_held: return "hello holds no field of it";
  case State::applied_too: return fmt::format("\"{}\" applies it too", who);
  case State::shared: return fmt::format("\"{}\" has made it, or holds the same fields", who);
  case State::unreadable: return "these rights do not let it be read";
  case State::secret: return "the history keeps no Secrets, so it could not come back";
  case State::extra_fields: return fmt::format("\"{}\" holds fields of it too", who);
  case State::unlisted: return "not all that is in it may be seen";
  case State::in_use: return "others have made things in it: " + who;
  }
  return "";
}

Ownership owner_of(const json::Value &object) {
  using State = Ownership::State;
  std::set<std::string> ours;
  for (const json::Value &entry : managers_of(object))
    if (entry.at("manager").text() == kManager && entry.at("operation").text() == "Apply" &&
        !entry.find("subresource"))
      ours = paths_of(entry);
  if (ours.empty()) return {State::not_held};
  for (const json::Value &entry : managers_of(object)) {
    const std::string manager = entry.text("manager");
    if (manager == kManager || manager == kHandover || entry.find("subresource")) continue;
    if (entry.text("operation") == "Apply") return {State::applied_too, manager};
    const auto theirs = paths_of(entry); // who made an object holds what we came to hold later
    if (std::any_of(theirs.begin(), theirs.end(),
                    [&](const std::string &path) { return ours.count(path) > 0; }))
      return {State::shared, manager};
  }
  return {};
}

namespace {

/// Looks for what may be left of earlier releases, each object once.
class Search {
public:
  Search(kube::Cluster &cluster, const Set &set) : cluster_(cluster), all_goes_(set.empty()) {
    for (const kube::Object &object : set) known_.insert(identity(object.id));
  }

  /// An object that a release of the history has.
  void recorded(const kube::Id &id) { look(id, true); }

  /// Those with our label, in the release's namespace.
  void labelled(const kinds::Kind &kind) {
    std::vector<kube::Id> ids;
    const auto failure =
        cluster_.list({.api_version = std::string(kind.api_version),
                       .kind = std::string(kind.name),
                       .ns = cluster_.access().ns,
                       .labels = std::string(kOurs),
                       .detail = kube::Collection::Detail::metadata},
                      [&](json::Value &&item) {
                        ids.push_back({std::string(kind.api_version), std::string(kind.name),
                                       cluster_.access().ns, item.text("metadata", "name")});
                      });
    if (failure && !failure->absent() &&
        (failure->trouble != kube::Trouble::forbidden || kind.name == "Deployment"))
      throw kube::explain(*failure, fmt::format("list {}s", kind.name), cluster_.access());
    for (const kube::Id &id : ids) look(id, false);
  }

  std::vector<Found> found() && { return std::move(found_); }

private:
  void look(const kube::Id &id, bool recorded) {
    if (id.kind == "Namespace" || !known_.insert(identity(id)).second) return;
    auto live = cluster_.read(id);
    if (live.failed_with(kube::Trouble::forbidden)) {
      found_.push_back({id, {}, {Ownership::State::unreadable}});
      return;
    }
    if (!live && live.failure().absent()) return;
    if (!live) throw kube::explain(live.failure(), "read " + id.text(), cluster_.access());
    Ownership ownership = owner_of(*live);
    if (ownership.ours() && id.kind == "Secret" && !all_goes_)
      ownership.state = Ownership::State::secret;
    const bool being_removed = live->at("metadata").find("deletionTimestamp");
    if (!being_removed && (recorded || ownership.state != Ownership::State::not_held))
      found_.push_back({id, std::move(*live), ownership});
  }

  kube::Cluster &cluster_;
  bool all_goes_;
  std::set<Identity> known_; ///< what the set has, then what was looked at
  std::vector<Found> found_;
};

} // namespace

std::vector<Found> leftovers(kube::Cluster &cluster, const Set &set,
                             const std::vector<Release> &history) {
  Search search(cluster, set);
  for (const Release &release : history)
    for (const kube::Id &id : release.objects) search.recorded(id);
  for (const kinds::Kind &kind : kinds::all())
    if (kind.is(kinds::Kind::in_set)) search.labelled(kind);
  return std::move(search).found();
}

bool remove(kube::Cluster &cluster, const Found &found, sys::Deadline deadline) {
  const auto done = cluster.remove(found.id, {found.live.text("metadata", "uid"), ""}, deadline);
  if (done || done.failure().absent()) return true;
  if (done.failed_with(kube::Trouble::stale)) return false;
  throw kube::explain(done.failure(), "remove " + found.id.text(), cluster.access());
}

} // namespace hello::release
