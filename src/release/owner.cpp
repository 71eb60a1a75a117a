#include "hello/owner.h"

#include <algorithm>
#include <span>

#include <fmt/core.h>

#include "hello/text.h"

namespace hello::release {
namespace {

const std::vector<json::Value> &managers_of(const json::Value &object) {
  return object.at("metadata", "managedFields").items();
}

std::string mark_of(const json::Value &object) {
  return object.text("metadata", "annotations", kMark);
}

std::string mark_for(const kube::Id &id, const kube::Access &access) {
  return access.ns + "/" + (is_shared(id, access) ? "" : access.release);
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

bool is_apply_of(const json::Value &entry, std::string_view manager) {
  return entry.at("manager").text() == manager && entry.at("operation").text() == "Apply" &&
         !entry.find("subresource");
}

/// Client-side kubectl apply writes by an update, and notes in an annotation what it applied.
bool is_kubectl_apply(const json::Value &entry) {
  return entry.text("operation") == "Update" &&
         entry.at("fieldsV1", "f:metadata", "f:annotations")
             .find("f:kubectl.kubernetes.io/last-applied-configuration");
}

bool applied_by(const json::Value &object, std::string_view manager) {
  const auto &entries = managers_of(object);
  return std::any_of(entries.begin(), entries.end(),
                     [&](const json::Value &entry) { return is_apply_of(entry, manager); });
}

/// A label or annotation by which a tool marks its objects; its value names the tool's release.
struct Sign {
  std::string_view place, key, tool;
};

constexpr Sign kSigns[] = {
    {"annotations", "meta.helm.sh/release-name", "Helm release"},
    {"annotations", "argocd.argoproj.io/tracking-id", "Argo CD application"},
    {"labels", "argocd.argoproj.io/instance", "Argo CD application"},
    {"labels", "kustomize.toolkit.fluxcd.io/name", "Flux kustomization"},
    {"labels", "helm.toolkit.fluxcd.io/name", "Flux Helm release"},
    {"labels", "kapp.k14s.io/app", "kapp app"},
    {"labels", names::kManagedBy, "tool"},
};

/// The tool or release that made an object; empty if nothing tells.
std::string maker_of(const json::Value &live) {
  if (const std::string mark = mark_of(live); !mark.empty())
    return fmt::format("release \"{}\"", mark);
  for (const Sign &sign : kSigns)
    if (const std::string value = live.text("metadata", sign.place, sign.key);
        !value.empty() && value != "hello")
      return fmt::format("{} \"{}\"", sign.tool, value);
  for (const json::Value &owner : live.at("metadata", "ownerReferences").items())
    if (owner.at("controller").boolean())
      return fmt::format("{}/{}, which controls it", owner.text("kind"), owner.text("name"));
  return "";
}

} // namespace

Identity identity(const kube::Id &id) {
  return {std::string(kinds::group(id.api_version)), id.kind, id.ns, id.name};
}

kinds::Rank rank(const kube::Id &id) { return kinds::rank(id.api_version, id.kind); }

std::string reference(const kube::Id &id, const std::string &ns) {
  const std::string group = identity(id).group;
  return fmt::format("{}{}{}/{}{}{}", id.kind, group.empty() ? "" : ".", group,
                     id.ns == ns ? "" : id.ns, id.ns.empty() || id.ns == ns ? "" : "/", id.name);
}

bool is_shared(const kube::Id &id, const kube::Access &access) {
  return (id.ns == access.ns || id.kind == "Namespace") &&
         names::is_shared(id.api_version, id.kind, id.name, access.ns);
}

bool is_outside(const kube::Id &id, const kube::Access &access) {
  return id.ns != access.ns && !is_shared(id, access);
}

std::string manager_of(const kube::Id &id, const kube::Access &access) {
  return is_shared(id, access) ? std::string(names::kSharedManager)
                               : names::manager(access.release);
}

std::string holder_of(const kube::Id &id, const json::Value &live, const kube::Access &access) {
  const std::string manager = manager_of(id, access);
  const bool held = !is_shared(id, access) || applied_by(live, manager);
  return held ? manager : names::manager(names::kDefault);
}

Set marked(Set set, const kube::Access &access) {
  for (kube::Object &object : set)
    object.value["metadata"]["annotations"][kMark] = json::string(mark_for(object.id, access));
  return set;
}

bool carries_keep(const json::Value &object) {
  return object.text("metadata", "annotations", "hello/keep") == "true" ||
         object.text("metadata", "labels", "hello/keep") == "true";
}

std::vector<std::string> other_users(const json::Value &ns, const std::string &release) {
  std::vector<std::string> found;
  for (const auto &[key, value] : ns.at("metadata", "annotations").members())
    if (key.starts_with(kUsedBy) && key.substr(kUsedBy.size()) != release)
      found.push_back("release " + key.substr(kUsedBy.size()));
  return found;
}

bool is_applied_by_kubectl(const json::Value &live) {
  const auto &entries = managers_of(live);
  return std::any_of(entries.begin(), entries.end(), is_kubectl_apply);
}

std::string owner_words(const json::Value &live) {
  std::string text = maker_of(live);
  std::vector<std::string> managers;
  for (const json::Value &entry : managers_of(live))
    if (std::string name = entry.text("manager");
        !entry.find("subresource") &&
        std::find(managers.begin(), managers.end(), name) == managers.end())
      managers.push_back(std::move(name));
  if (!managers.empty())
    text += fmt::format("{}field manager{}: {}", text.empty() ? "" : "; ",
                        managers.size() == 1 ? "" : "s", text::join(std::span(managers), ", "));
  return text.empty() ? "unknown" : text;
}

std::string describe(const Ownership &ownership) {
  using State = Ownership::State;
  const std::string &who = ownership.who;
  switch (ownership.state) {
  case State::ours: break;
  case State::not_held: return "hello holds no field of it";
  case State::other_release: return fmt::format("it belongs to release \"{}\"", who);
  case State::only_marked: return "it carries this release's mark, but hello holds no field of it";
  case State::unmarked: return "hello applies it, but not for this release";
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
  case State::needed: return "pods of the set run as it";
  case State::ran: return "it ran: a rollback neither removes nor runs a Job";
  case State::going: return "it is being removed";
  }
  return "";
}

Claims::Claims(kube::Access access, const std::vector<Release> &history)
    : access_(std::move(access)) {
  for (const Release &release : history)
    if (release.version.empty()) // later ones mark what they apply
      for (const kube::Id &id : release.objects) recorded_.insert(identity(id));
}

bool Claims::made_by_0_1_0(const kube::Id &id, const json::Value &live) const {
  const bool may_be = access_.release == names::kDefault || is_shared(id, access_);
  if (!may_be || !applied_by(live, names::manager(names::kDefault))) return false;
  if (recorded_.count(identity(id))) return true;
  const json::Value &labels = live.at("metadata", "labels");
  return (id.ns == access_.ns || is_shared(id, access_)) &&
         labels.text(names::kManagedBy) == "hello" && labels.text(names::kInstance) == "hello";
}

bool Claims::ours(const kube::Id &id, const json::Value &live) const {
  const std::string mark = mark_of(live);
  return mark.empty() ? made_by_0_1_0(id, live) : mark == mark_for(id, access_);
}

Ownership Claims::owner_of(const kube::Id &id, const json::Value &live) const {
  using State = Ownership::State;
  std::vector<std::string> own{manager_of(id, access_)};
  if (is_shared(id, access_)) own.push_back(names::manager(names::kDefault)); // 0.1.0's
  const std::string mark = mark_of(live), handover = names::handover(access_.release);
  if (!mark.empty() && mark != mark_for(id, access_)) return {State::other_release, mark};
  std::set<std::string> ours;
  for (const json::Value &entry : managers_of(live))
    for (const std::string &manager : own)
      if (is_apply_of(entry, manager)) ours.merge(paths_of(entry));
  if (ours.empty()) return {mark.empty() ? State::not_held : State::only_marked};
  if (mark.empty() && !made_by_0_1_0(id, live)) return {State::unmarked};
  for (const json::Value &entry : managers_of(live)) {
    const std::string manager = entry.text("manager");
    if (std::find(own.begin(), own.end(), manager) != own.end() || manager == handover ||
        entry.find("subresource"))
      continue;
    if (entry.text("operation") == "Apply" || is_kubectl_apply(entry))
      return {State::applied_too, manager};
    const auto theirs = paths_of(entry); // who made an object holds what we came to hold later
    if (std::any_of(theirs.begin(), theirs.end(),
                    [&](const std::string &path) { return ours.count(path) > 0; }))
      return {State::shared, manager};
  }
  return {};
}

Ownership Claims::fate_of(const kube::Id &id, const json::Value &live, Purpose purpose) const {
  using State = Ownership::State;
  Ownership owner = owner_of(id, live);
  if (!owner.ours()) return owner;
  if (carries_keep(live)) return {State::keep};
  if (kinds::is(id.kind, kinds::Kind::holds_data)) return {State::data, id.kind};
  if (id.kind == "Secret" && purpose == Purpose::prune) return {State::secret};
  return owner;
}

} // namespace hello::release
