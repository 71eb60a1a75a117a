#include "hello/prune.h"

#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "hello/kinds.h"
#include "hello/yaml.h"

namespace hello::release {
namespace {

using yaml::text;

/// The paths that an entry of managedFields holds, as "f:spec/f:rules/"; keys of lists included.
void collect(const YAML::Node &fields, const std::string &path, std::set<std::string> &out) {
  if (!fields.IsMap() || fields.size() == 0) {
    out.insert(path);
    return;
  }
  for (const auto &entry : fields)
    if (entry.first.Scalar() != ".") collect(entry.second, path + entry.first.Scalar() + "/", out);
}

std::set<std::string> paths_of(const YAML::Node &entry) {
  std::set<std::string> out;
  if (const YAML::Node fields = yaml::at(entry, "fieldsV1"); fields.IsDefined())
    collect(fields, "", out);
  return out;
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

Ownership owner_of(const YAML::Node &object) {
  using State = Ownership::State;
  std::set<std::string> ours;
  for (const YAML::Node &entry : yaml::items(yaml::at(object, "metadata", "managedFields")))
    if (text(entry, "manager") == kManager && text(entry, "operation") == "Apply" &&
        !entry["subresource"])
      ours = paths_of(entry);
  if (ours.empty()) return {State::not_held};
  for (const YAML::Node &entry : yaml::items(yaml::at(object, "metadata", "managedFields"))) {
    const std::string manager = text(entry, "manager");
    if (manager == kManager || manager == kHandover || entry["subresource"]) continue;
    if (text(entry, "operation") == "Apply") return {State::applied_too, manager};
    const auto theirs = paths_of(entry); // who made an object holds what we came to hold later
    if (std::any_of(theirs.begin(), theirs.end(),
                    [&](const std::string &path) { return ours.count(path) > 0; }))
      return {State::shared, manager};
  }
  return {};
}

std::vector<Found> leftovers(kube::Cluster &cluster, const Set &set,
                             const std::vector<Release> &history) {
  std::set<Identity> known; // what the set has, then what was looked at
  for (const manifest::Object &object : set) known.insert(identity(id_of(object)));
  std::vector<Found> found;
  const auto look = [&](const kube::Id &id, bool recorded) {
    if (id.kind == "Namespace" || !known.insert(identity(id)).second) return;
    const kube::Reply reply = cluster.get(kube::object_path(id));
    if (reply.status == 404) return;
    if (reply.status == 403)
      return found.push_back({id, YAML::Node(), {Ownership::State::unreadable}});
    if (!reply.ok()) throw kube::explain(reply, "read " + id.text(), cluster.access());
    const YAML::Node live = kube::parse(reply.body, id.text());
    Ownership ownership = owner_of(live);
    if (ownership.ours() && id.kind == "Secret" && !set.empty())
      ownership.state = Ownership::State::secret;
    if (!live["metadata"]["deletionTimestamp"] &&
        (recorded || ownership.state != Ownership::State::not_held))
      found.push_back({id, live, ownership});
  };
  for (const Release &release : history)
    for (const kube::Id &id : release.objects) look(id, true);
  for (const manifest::Kind &kind : manifest::kinds()) {
    if (!kind.is(manifest::Kind::in_set)) continue;
    const std::string &ns = cluster.access().ns;
    const kube::Reply reply =
        cluster.get_metadata(kube::collection_path(kind.api_version, kind.name, ns) +
                             "?labelSelector=" + kube::query_value(kOurs));
    if (reply.status == 404 || (reply.status == 403 && kind.name != "Deployment"))
      continue; // no such kind here, or none of our business
    if (!reply.ok())
      throw kube::explain(reply, fmt::format("list {}s", kind.name), cluster.access());
    const YAML::Node list = kube::parse(reply.body, "list");
    for (const YAML::Node &item : yaml::items(yaml::at(list, "items")))
      look({std::string(kind.api_version), std::string(kind.name), ns,
            text(item, "metadata", "name")},
           false);
  }
  return found;
}

bool remove(kube::Cluster &cluster, const Found &found, sys::Deadline deadline) {
  const std::string body = fmt::format(
      R"({{"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background","preconditions":{{"uid":{}}}}})",
      yaml::to_json(yaml::string(text(found.live, "metadata", "uid"))));
  const auto done =
      cluster.kubectl({"delete", "--raw", kube::object_path(found.id), "-f=-"}, body, deadline);
  if (done.code == 0 || done.err.find("(NotFound)") != std::string::npos) return true;
  if (done.err.find("(Conflict)") != std::string::npos) return false;
  throw kube::explain(done, "remove " + found.id.text(), cluster.access());
}

} // namespace hello::release
