#include "hello/prune.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/core.h>

#include "hello/kinds.h"
#include "hello/text.h"

namespace hello::release {
namespace {

constexpr int kAttempts = 5; ///< at an object that others change meanwhile

/// Whether the object, or what a set has of it, is marked to stay.
bool carries_keep(const json::Value &object) {
  return object.text("metadata", "annotations", "hello/keep") == "true" ||
         object.text("metadata", "labels", "hello/keep") == "true";
}

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
  case State::keep: return "it carries hello/keep: \"true\"";
  case State::data: return fmt::format("hello never deletes a {}: data would go with it", who);
  case State::replaced: return "another of that name has taken its place meanwhile";
  case State::contested: return "it changed each time it was to be removed";
  }
  return "";
}

std::string why_kept(const Found &found, const kube::Access &access) {
  using State = Ownership::State;
  const State state = found.ownership.state;
  std::string text = describe(found.ownership);
  if (state != State::keep && state != State::data && state != State::secret) return text;
  const kube::Id &id = found.id;
  const std::string group = identity(id).group;
  return text + fmt::format("; to delete it: kubectl{}{} delete {}{}{}/{}",
                            access.context.empty() ? "" : " --context " + access.context,
                            id.ns.empty() ? "" : " --namespace " + id.ns, text::lower(id.kind),
                            group.empty() ? "" : ".", group, id.name);
}

Ownership owner_of(const json::Value &object, std::string_view release) {
  using State = Ownership::State;
  const std::string own = names::manager(release), handover = names::handover(release);
  std::set<std::string> ours;
  for (const json::Value &entry : managers_of(object))
    if (entry.at("manager").text() == own && entry.at("operation").text() == "Apply" &&
        !entry.find("subresource"))
      ours = paths_of(entry);
  if (ours.empty()) return {State::not_held};
  for (const json::Value &entry : managers_of(object)) {
    const std::string manager = entry.text("manager");
    if (manager == own || manager == handover || entry.find("subresource")) continue;
    if (entry.text("operation") == "Apply") return {State::applied_too, manager};
    const auto theirs = paths_of(entry); // who made an object holds what we came to hold later
    if (std::any_of(theirs.begin(), theirs.end(),
                    [&](const std::string &path) { return ours.count(path) > 0; }))
      return {State::shared, manager};
  }
  return {};
}

Ownership fate_of(const kube::Id &id, const json::Value &live, Purpose purpose,
                  std::string_view release) {
  using State = Ownership::State;
  Ownership owner = owner_of(live, release);
  if (!owner.ours()) return owner;
  if (carries_keep(live)) return {State::keep};
  if (kinds::is(id.kind, kinds::Kind::holds_data)) return {State::data, id.kind};
  if (id.kind == "Secret" && purpose == Purpose::prune) return {State::secret};
  return owner;
}

namespace {

/// Looks for what may be left of earlier releases, each object once.
class Search {
public:
  Search(kube::Cluster &cluster, const Set &set)
      : cluster_(cluster), purpose_(set.empty() ? Purpose::undeploy : Purpose::prune) {
    for (const kube::Object &object : set) known_.insert(identity(object.id));
  }

  /// An object that a release of the history has.
  void recorded(const kube::Id &id, const Release &release) { look(id, &release); }

  /// Those with the release's labels, in its namespace.
  void labelled(const kinds::Kind &kind) {
    std::vector<kube::Id> ids;
    const auto failure =
        cluster_.list({.api_version = std::string(kind.api_version),
                       .kind = std::string(kind.name),
                       .ns = cluster_.access().ns,
                       .labels = names::objects_selector(cluster_.access().release),
                       .detail = kube::Collection::Detail::metadata},
                      [&](json::Value &&item) {
                        ids.push_back({std::string(kind.api_version), std::string(kind.name),
                                       cluster_.access().ns, item.text("metadata", "name")});
                      });
    if (failure && !failure->absent() &&
        (failure->trouble != kube::Trouble::forbidden || kind.name == "Deployment"))
      throw kube::explain(*failure, fmt::format("list {}s", kind.name), cluster_.access());
    for (const kube::Id &id : ids) look(id, nullptr);
  }

  std::vector<Found> found() && { return std::move(found_); }

private:
  /// `release`: the newest that recorded it; null: none did.
  void look(const kube::Id &id, const Release *release) {
    if (id.kind == "Namespace" || !known_.insert(identity(id)).second) return;
    auto live = cluster_.read(id);
    if (live.failed_with(kube::Trouble::forbidden)) {
      found_.push_back({id, {}, {Ownership::State::unreadable}});
      return;
    }
    if (!live && live.failure().absent()) return;
    if (!live) throw kube::explain(live.failure(), "read " + id.text(), cluster_.access());
    Ownership ownership = fate_of(id, *live, purpose_, cluster_.access().release);
    if (ownership.ours() && release && set_keeps(*release, id))
      ownership.state = Ownership::State::keep;
    const bool being_removed = live->at("metadata").find("deletionTimestamp");
    if (!being_removed && (release || ownership.state != Ownership::State::not_held))
      found_.push_back({id, std::move(*live), ownership});
  }

  /// Whether the release's set marks the object to stay. A mark that somebody took off the live
  /// object still counts.
  bool set_keeps(const Release &release, const kube::Id &id) {
    const auto [place, is_new] = sets_.try_emplace(release.revision);
    if (is_new) {
      auto entry =
          cluster_.read({"apps/v1", "ControllerRevision", cluster_.access().ns, release.name});
      if (entry) place->second = entry->at("data", "objects");
    }
    for (const json::Value &object : place->second.items())
      if (identity(kube::id_of(object)) == identity(id)) return carries_keep(object);
    return false;
  }

  kube::Cluster &cluster_;
  Purpose purpose_;
  std::map<int, json::Value> sets_; ///< by revision, those that were asked for
  std::set<Identity> known_;        ///< what the set has, then what was looked at
  std::vector<Found> found_;
};

} // namespace

std::vector<Found> leftovers(kube::Cluster &cluster, const Set &set,
                             const std::vector<Release> &history) {
  Search search(cluster, set);
  for (const Release &release : history)
    for (const kube::Id &id : release.objects) search.recorded(id, release);
  for (const kinds::Kind &kind : kinds::all())
    if (kind.is(kinds::Kind::in_set)) search.labelled(kind);
  return std::move(search).found();
}

Ownership remove(kube::Cluster &cluster, const kube::Id &id, const std::string &uid,
                 const Decide &decide, sys::Deadline deadline) {
  using State = Ownership::State;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto live = cluster.read(id);
    if (live.failed_with(kube::Trouble::forbidden)) return {State::unreadable};
    if (!live && live.failure().absent()) return {};
    if (!live) throw kube::explain(live.failure(), "read " + id.text(), cluster.access());
    const json::Value &meta = live->at("metadata");
    const std::string now = meta.text("uid");
    if (!uid.empty() && now != uid) return {State::replaced};
    if (meta.find("deletionTimestamp")) return {};
    if (Ownership owner = decide(*live); !owner.ours()) return owner;
    const auto done = cluster.remove(id, {now, meta.text("resourceVersion")}, deadline);
    if (done || done.failure().absent()) return {};
    if (!done.failed_with(kube::Trouble::stale))
      throw kube::explain(done.failure(), "remove " + id.text(), cluster.access());
  }
  return {State::contested};
}

Ownership remove_entry(kube::Cluster &cluster, const Release &release, sys::Deadline deadline) {
  return remove(
      cluster, {"apps/v1", "ControllerRevision", cluster.access().ns, release.name}, "",
      [](const json::Value &live) {
        return release_of(live) ? Ownership{} : Ownership{Ownership::State::not_held};
      },
      deadline);
}

} // namespace hello::release
