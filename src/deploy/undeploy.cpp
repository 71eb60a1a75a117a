#include "hello/undeploy.h"

#include <algorithm>
#include <set>
#include <sstream>

#include <fmt/core.h>

#include "hello/yaml.h"

namespace hello::deploy {
namespace {

sys::Deadline soon() { return sys::Clock::now() + std::chrono::seconds(30); }

std::string joined(const std::vector<std::string> &words) {
  std::string out;
  for (std::size_t i = 0; i < words.size() && i < 5; ++i) out += (i ? ", " : "") + words[i];
  return words.size() > 5 ? fmt::format("{} and {} more", out, words.size() - 5) : out;
}

/// What kubectl says when asked for it, or nothing where it could not answer in full.
std::optional<std::string> ask(kube::Cluster &cluster, const std::vector<std::string> &args) {
  const auto finished = cluster.kubectl(args, "", soon());
  return finished.code == 0 ? std::optional(finished.out) : std::nullopt;
}

/// Kinds that are made for other objects, or only shown.
bool derived(const std::string &resource) {
  return resource == "events" || resource.starts_with("events.") || resource == "endpoints" ||
         resource.starts_with("endpointslices.") ||
         resource.find("metrics.k8s.io") != std::string::npos;
}

/// What is in the namespace and neither ours nor Kubernetes' own; none if that cannot be known.
std::optional<std::vector<std::string>> others(kube::Cluster &cluster, const std::string &ns,
                                               const Removal &removal) {
  const auto kinds = ask(cluster, {"api-resources", "--namespaced", "--verbs=list", "-o=name"});
  if (!kinds) return std::nullopt;
  std::string all;
  std::istringstream words(*kinds);
  for (std::string word; words >> word;)
    if (!derived(word)) all += (all.empty() ? "" : ",") + word;
  const auto rows = ask(
      cluster, {"get", all, "--namespace=" + ns, "--no-headers", "--ignore-not-found",
                "-o=custom-columns=K:.kind,N:.metadata.name,O:.metadata.ownerReferences[0].kind"});
  if (!rows) return std::nullopt;
  std::vector<std::string> found;
  std::istringstream lines(*rows);
  for (std::string kind, name, owner; lines >> kind >> name >> owner;) {
    const auto same = [&](const Found &one) { return one.id.kind == kind && one.id.name == name; };
    const bool ours = std::any_of(removal.remove.begin(), removal.remove.end(), same) ||
                      (kind == "ControllerRevision" && name.starts_with("hello-release-"));
    const bool kubernetes = (kind == "ConfigMap" && name == "kube-root-ca.crt") ||
                            (kind == "ServiceAccount" && name == "default");
    if (!ours && !kubernetes && owner == "<none>") found.push_back(kind + "/" + name);
  }
  return found;
}

/// Waits until `left` says that nothing is there any more.
void await(const std::function<std::vector<std::string>()> &left, sys::Deadline deadline,
           const Listener &tell) {
  for (std::string told;;) {
    const auto names = left();
    if (names.empty()) return;
    if (sys::Clock::now() > deadline)
      throw Error(Exit::rollout, "still there at the time limit: " + joined(names),
                  "something holds it, perhaps a finalizer: kubectl get it -o yaml; then hello "
                  "undeploy again, or --timeout");
    if (const std::string words = "waiting until gone: " + joined(names); words != told)
      tell({"note", "", told = words});
    sys::pause(std::chrono::milliseconds(250));
  }
}

bool there(kube::Cluster &cluster, const kube::Id &id, const std::string &uid) {
  const kube::Reply reply = cluster.get(kube::object_path(id));
  return reply.status != 404 &&
         (!reply.ok() || reply.body.find('"' + uid + '"') != std::string::npos);
}

std::vector<std::string> pods(kube::Cluster &cluster) {
  const kube::Reply reply =
      cluster.get_metadata(kube::collection_path("v1", "Pod", cluster.access().ns) +
                           "?labelSelector=" + kube::query_value(kPods));
  std::vector<std::string> names;
  if (!reply.ok()) return names;
  for (const YAML::Node &pod : yaml::items(yaml::at(kube::parse(reply.body, "pods"), "items")))
    names.push_back("Pod/" + yaml::text(pod, "metadata", "name"));
  return names;
}

/// Why a namespace stays; empty: it may go.
std::string not_removable(kube::Cluster &cluster, const kube::Id &id, const YAML::Node &live,
                          const Removal &removal) {
  if (std::string why = foreign(live); !why.empty()) return why;
  for (const YAML::Node &entry : yaml::items(yaml::at(live, "metadata", "managedFields")))
    if (const auto manager = yaml::text(entry, "manager");
        manager != kManager && !entry["subresource"])
      return fmt::format("\"{}\" holds fields of it too", manager);
  const auto found = others(cluster, id.name, removal);
  if (!found) return "not all that is in it may be seen";
  return found->empty() ? "" : "others have made things in it: " + joined(*found);
}

} // namespace

Removal plan_removal(kube::Cluster &cluster) {
  Removal removal;
  const History history = read_history(cluster);
  if (!history.refusal.ok())
    throw kube::explain(history.refusal, "read the history", cluster.access());
  removal.history = history.releases;
  const std::vector<Found> all = leftovers(cluster, {}, history.releases);
  for (auto found = all.rbegin(); found != all.rend(); ++found) // what came last goes first
    (found->kept.empty() ? removal.remove : removal.stay).push_back(*found);

  std::set<kube::Id> namespaces{
      {"v1", "Namespace", "", cluster.access().ns}}; // and those of add-ons
  for (const Release &release : history.releases)
    for (const kube::Id &id : release.objects)
      if (id.kind == "Namespace") namespaces.insert(id);
  for (const kube::Id &id : namespaces) {
    const YAML::Node live = kube::read(cluster, id);
    if (!live.IsMap() || live["metadata"]["deletionTimestamp"]) continue;
    const std::string why = not_removable(cluster, id, live, removal);
    if (why != kNotHeld)
      (why.empty() ? removal.namespaces : removal.stay).push_back({id, live, why});
  }
  return removal;
}

void undeploy(kube::Cluster &cluster, const Removal &removal, sys::Deadline deadline,
              const Listener &tell) {
  for (const Found &found : removal.remove) {
    if (remove(cluster, found, deadline))
      tell({"removed", found.id.text(), "removed"});
    else
      tell({"warning", found.id.text(),
            "stays: another of that name has taken its place meanwhile"});
  }
  const bool serves_on = std::any_of(removal.stay.begin(), removal.stay.end(),
                                     [](const Found &one) { return one.id.kind == "Deployment"; });
  await(
      [&] {
        std::vector<std::string> left;
        if (!serves_on) left = pods(cluster);
        for (const Found &found : removal.remove)
          if (there(cluster, found.id, yaml::text(found.live, "metadata", "uid")))
            left.push_back(found.id.text());
        return left;
      },
      deadline, tell);
  const std::string revisions =
      kube::collection_path("apps/v1", "ControllerRevision", cluster.access().ns);
  for (const Release &release : removal.history) {
    const auto done =
        cluster.kubectl({"delete", "--raw", revisions + "/" + release.name}, "", deadline);
    if (done.code != 0 && done.err.find("(NotFound)") == std::string::npos)
      throw kube::explain(done, "remove the history's " + release.name, cluster.access());
  }
  if (!removal.history.empty())
    tell(
        {"removed", "", fmt::format("the history of {} releases removed", removal.history.size())});
  for (const Found &found : removal.namespaces) remove(cluster, found, deadline);
  await(
      [&] {
        std::vector<std::string> left;
        for (const Found &found : removal.namespaces)
          if (there(cluster, found.id, yaml::text(found.live, "metadata", "uid")))
            left.push_back(found.id.text());
        return left;
      },
      deadline, tell);
  for (const Found &found : removal.namespaces) tell({"removed", found.id.text(), "removed"});
}

} // namespace hello::deploy
