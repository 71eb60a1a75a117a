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
    const auto same = [&](const release::Found &one) {
      return one.id.kind == kind && one.id.name == name;
    };
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
           const Listener &emit) {
  for (std::vector<std::string> noted;;) {
    const auto names = left();
    if (names.empty()) return;
    if (sys::Clock::now() > deadline)
      throw Error(Exit::rollout, "still there at the time limit: " + joined(names),
                  "something holds it, perhaps a finalizer: kubectl get it -o yaml; then hello "
                  "undeploy again, or --timeout");
    if (names != noted) {
      emit(event::Note{"waiting until gone: " + joined(names)});
      noted = names;
    }
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
                           "?labelSelector=" + kube::query_value(release::kPods));
  std::vector<std::string> names;
  if (!reply.ok()) return names;
  for (const YAML::Node &pod : yaml::items(yaml::at(kube::parse(reply.body, "pods"), "items")))
    names.push_back("Pod/" + yaml::text(pod, "metadata", "name"));
  return names;
}

/// Whether a namespace may be removed.
release::Ownership owner_of_namespace(kube::Cluster &cluster, const kube::Id &id,
                                      const YAML::Node &live, const Removal &removal) {
  using State = release::Ownership::State;
  if (release::Ownership owner = release::owner_of(live); !owner.ours()) return owner;
  for (const YAML::Node &entry : yaml::items(yaml::at(live, "metadata", "managedFields")))
    if (const auto manager = yaml::text(entry, "manager");
        manager != release::kManager && !entry["subresource"])
      return {State::extra_fields, manager};
  const auto found = others(cluster, id.name, removal);
  if (!found) return {State::unlisted};
  if (!found->empty()) return {State::in_use, joined(*found)};
  return {};
}

} // namespace

Removal plan_removal(kube::Cluster &cluster) {
  Removal removal;
  const release::History history = release::read_history(cluster);
  if (!history.refusal.ok())
    throw kube::explain(history.refusal, "read the history", cluster.access());
  removal.history = history.releases;
  const std::vector<release::Found> all = release::leftovers(cluster, {}, history.releases);
  for (auto found = all.rbegin(); found != all.rend(); ++found) // what came last goes first
    (found->ownership.ours() ? removal.remove : removal.stay).push_back(*found);

  std::set<kube::Id> namespaces{
      {"v1", "Namespace", "", cluster.access().ns}}; // and those of add-ons
  for (const release::Release &release : history.releases)
    for (const kube::Id &id : release.objects)
      if (id.kind == "Namespace") namespaces.insert(id);
  for (const kube::Id &id : namespaces) {
    const YAML::Node live = kube::read(cluster, id);
    if (!live.IsMap() || live["metadata"]["deletionTimestamp"]) continue;
    const release::Ownership owner = owner_of_namespace(cluster, id, live, removal);
    if (owner.state != release::Ownership::State::not_held)
      (owner.ours() ? removal.namespaces : removal.stay).push_back({id, live, owner});
  }
  return removal;
}

void undeploy(kube::Cluster &cluster, const Removal &removal, sys::Deadline deadline,
              const Listener &emit) {
  for (const release::Found &found : removal.remove) {
    if (release::remove(cluster, found, deadline))
      emit(event::Removed{found.id.text()});
    else
      emit(event::Warning{found.id.text(),
                          "stays: another of that name has taken its place meanwhile"});
  }
  const bool serves_on =
      std::any_of(removal.stay.begin(), removal.stay.end(),
                  [](const release::Found &one) { return one.id.kind == "Deployment"; });
  await(
      [&] {
        std::vector<std::string> left;
        if (!serves_on) left = pods(cluster);
        for (const release::Found &found : removal.remove)
          if (there(cluster, found.id, yaml::text(found.live, "metadata", "uid")))
            left.push_back(found.id.text());
        return left;
      },
      deadline, emit);
  const std::string revisions =
      kube::collection_path("apps/v1", "ControllerRevision", cluster.access().ns);
  for (const release::Release &release : removal.history) {
    const auto done =
        cluster.kubectl({"delete", "--raw", revisions + "/" + release.name}, "", deadline);
    if (done.code != 0 && done.err.find("(NotFound)") == std::string::npos)
      throw kube::explain(done, "remove the history's " + release.name, cluster.access());
  }
  if (!removal.history.empty()) emit(event::HistoryRemoved{removal.history.size()});
  for (const release::Found &found : removal.namespaces) release::remove(cluster, found, deadline);
  await(
      [&] {
        std::vector<std::string> left;
        for (const release::Found &found : removal.namespaces)
          if (there(cluster, found.id, yaml::text(found.live, "metadata", "uid")))
            left.push_back(found.id.text());
        return left;
      },
      deadline, emit);
  for (const release::Found &found : removal.namespaces) emit(event::Removed{found.id.text()});
}

} // namespace hello::deploy
