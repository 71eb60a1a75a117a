#include "deploy/adopt.h"

#include <algorithm>

#include <fmt/core.h>

#include "hello/owner.h"
#include "hello/text.h"

namespace hello::deploy {
namespace {

/// Whether KIND[.GROUP]/[NAMESPACE/]NAME means the object. Without a namespace it is the release's,
/// or the object has none.
bool means(std::string_view argument, const kube::Id &id, const std::string &ns) {
  const auto parts = text::split(argument, '/');
  if (parts.size() < 2 || parts.size() > 3) return false;
  const std::string kind = text::lower(parts[0]), own = text::lower(id.kind),
                    group = release::identity(id).group;
  if (kind != own && (group.empty() || kind != own + "." + group)) return false;
  if (parts.size() == 3) return parts[1] == id.ns && parts[2] == id.name;
  return parts[1] == id.name && (id.ns == ns || id.ns.empty());
}

/// Whether the labels are those of another release, as 0.1.0 wrote them without a mark.
bool is_of_another(const json::Value &live, const std::string &release) {
  const json::Value &labels = live.at("metadata", "labels");
  return labels.text(names::kManagedBy) == "hello" && labels.text(names::kInstance) != release;
}

bool is_controlled(const json::Value &live) {
  const auto &owners = live.at("metadata", "ownerReferences").items();
  return std::any_of(owners.begin(), owners.end(),
                     [](const json::Value &owner) { return owner.at("controller").boolean(); });
}

/// Whether --adopt covers an object that others own. "all" is for those in the release's namespace
/// that are no other release's.
bool adopts(const std::vector<std::string> &adopt, const kube::Id &id, const json::Value &live,
            const kube::Access &access) {
  if (is_controlled(live)) return false;
  const bool in_all = id.ns == access.ns &&
                      (release::is_shared(id, access) || !is_of_another(live, access.release)) &&
                      live.text("metadata", "annotations", release::kMark).empty();
  return std::any_of(adopt.begin(), adopt.end(), [&](const std::string &argument) {
    return argument == "all" ? in_all : means(argument, id, access.ns);
  });
}

/// Whether the set's Namespace is there, is not hello's, and is not adopted.
const kube::Object *used_namespace(const Plan &plan, const Options &options,
                                   const release::Claims &claims, const kube::Access &access) {
  for (const kube::Object &object : plan.set) {
    const kube::Live &live = plan.before(object.id);
    if (object.id.kind == "Namespace" && object.id.name == access.ns && live.present() &&
        !claims.ours(object.id, live.value) &&
        !adopts(options.adopt, object.id, live.value, access))
      return &object;
  }
  return nullptr;
}

} // namespace

void check_adopted(const Set &set, const std::vector<std::string> &adopt, const std::string &ns) {
  for (const std::string &argument : adopt) {
    const bool known =
        argument == "all" || std::any_of(set.begin(), set.end(), [&](const kube::Object &object) {
          return means(argument, object.id, ns);
        });
    if (!known)
      throw Error(
          Exit::usage, fmt::format("--adopt {}: the manifests have no such object", argument),
          "write KIND[.GROUP]/[NAMESPACE/]NAME, or all; 'hello diff' lists what needs adoption");
  }
}

void sort_out(Plan &plan, const Options &options, const kube::Access &access) {
  const release::Claims claims(access, plan.history);
  const kube::Object *used = used_namespace(plan, options, claims, access);
  if (used)
    plan.notes.push_back(fmt::format(
        "hello did not create namespace {}: it is used as it is, without labels and default-deny "
        "policy; namespace.create: false makes this explicit, --adopt Namespace/{} takes it over",
        access.ns, access.ns));
  Set mine;
  for (const kube::Object &object : plan.set) {
    const kube::Id &id = object.id;
    const kube::Live &live = plan.before(id);
    if (used && (&object == used || (id.kind == "NetworkPolicy" && release::is_shared(id, access))))
      continue;
    if (live.present() && !claims.ours(id, live.value)) {
      if (!adopts(options.adopt, id, live.value, access)) {
        plan.foreign.push_back(
            {id, release::owner_words(live.value),
             is_controlled(live.value) ? "" : release::reference(id, access.ns)});
        continue;
      }
      plan.adopted.insert(id);
    }
    mine.push_back(object);
  }
  plan.set = std::move(mine);
}

Error foreign_error(const std::vector<Foreign> &foreign) {
  std::string text = "the manifests have objects that something else owns:", flags;
  for (const Foreign &one : foreign) {
    text += fmt::format("\n{}: {}", one.id.text(), one.owner);
    if (one.adopt.empty())
      text += " (cannot be adopted: a controller creates it)";
    else
      text += fmt::format(" (--adopt {})", one.adopt);
    if (!one.adopt.empty()) flags += " --adopt " + one.adopt;
  }
  return Error(Exit::cluster, text,
               flags.empty() ? "leave them out of the manifests"
                             : "take them over with" + flags + ", or leave them out");
}

} // namespace hello::deploy
