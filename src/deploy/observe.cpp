#include <set>

#include <fmt/core.h>

#include "hello/kinds.h"
#include "hello/prune.h"
#include "hello/status.h"
#include "hello/yaml.h"

namespace hello::deploy {
namespace {

std::string with(std::string_view selector) {
  return "labelSelector=" + kube::query_value(selector);
}

/// The items of a list; none where there is no such kind or it may not be read. Of Deployments it
/// must be known: without them all would look as if nothing were there.
std::vector<YAML::Node> list(kube::Cluster &cluster, std::string_view api_version,
                             std::string_view kind, const std::string &query,
                             Observation &observed) {
  const kube::Reply reply =
      cluster.get(kube::collection_path(api_version, kind, cluster.access().ns) + "?" + query);
  const bool denied = reply.status == 403 && kind != "Deployment";
  if (denied) observed.unread.emplace_back(kind, kube::explain(reply, "", cluster.access()).hint());
  if (denied || reply.status == 404) return {};
  if (!reply.ok()) throw kube::explain(reply, fmt::format("read the {}s", kind), cluster.access());
  return yaml::items(yaml::at(kube::parse(reply.body, "list"), "items"));
}

} // namespace

Observation observe(kube::Cluster &cluster) {
  Observation observed;
  const std::string &ns = cluster.access().ns;
  const release::History history = release::read_history(cluster);
  if (history.refusal.status == 0)
    throw kube::explain(history.refusal, "read the history", cluster.access());
  if (!history.refusal.ok())
    observed.unread.emplace_back("ControllerRevision",
                                 kube::explain(history.refusal, "", cluster.access()).hint());
  observed.history = history.releases;

  std::set<std::pair<std::string, std::string>> kinds{
      {"apps/v1", "Deployment"}, {"autoscaling/v2", "HorizontalPodAutoscaler"}};
  if (const release::Release *live = release::live_release(observed.history)) {
    for (const kube::Id &id : live->objects) {
      observed.objects[id].reset();
      if (id.ns == ns) {
        kinds.insert({id.api_version, id.kind});
      } else { // the namespace, and what add-ons have elsewhere
        const kube::Reply reply = cluster.get(kube::object_path(id));
        if (reply.ok()) observed.objects[id].reset(kube::parse(reply.body, id.text()));
        if (reply.status == 403)
          observed.objects.erase(id),
              observed.unread.emplace_back(id.text(),
                                           kube::explain(reply, "", cluster.access()).hint());
      }
    }
  } else {
    for (const manifest::Kind &kind : manifest::kinds())
      if (kind.is(manifest::Kind::in_set)) kinds.emplace(kind.api_version, kind.name);
  }
  for (const auto &[api_version, kind] : kinds)
    for (const YAML::Node &item : list(cluster, api_version, kind, with(release::kOurs), observed))
      observed.objects[{api_version, kind, ns, yaml::text(item, "metadata", "name")}].reset(item);
  for (const auto &[kind, rule] : observed.unread) // not to be taken for missing
    std::erase_if(observed.objects, [&, kind = kind](const auto &one) {
      return one.first.kind == kind && one.second.IsNull();
    });

  for (const auto &[id, object] : observed.objects) {
    if (!object.IsMap()) continue;
    if (id.kind == "Deployment" && id.name == "hello")
      observed.snapshot.deployment = kube::deployment_of(object);
    if (id.kind == "HorizontalPodAutoscaler")
      observed.snapshot.autoscaler = kube::autoscaler_of(object);
  }
  bool all_ready = true;
  for (const YAML::Node &item :
       list(cluster, "apps/v1", "ReplicaSet", with(release::kPods), observed))
    observed.snapshot.replica_sets.push_back(kube::replica_set_of(item));
  for (const YAML::Node &item : list(cluster, "v1", "Pod", with(release::kPods), observed)) {
    observed.snapshot.pods.push_back(kube::pod_of(item));
    all_ready = all_ready && observed.snapshot.pods.back().ready();
  }
  if (!all_ready)
    for (const YAML::Node &item : list(cluster, "v1", "Event", "", observed))
      observed.snapshot.events.push_back(kube::happening_of(item));
  return observed;
}

std::vector<kube::Mirror::Source> watched(const std::string &ns) {
  std::vector<kube::Mirror::Source> sources{
      {kube::collection_path("v1", "Pod", ns), with(release::kPods)}};
  for (const manifest::Kind &kind : manifest::kinds())
    if (kind.is(manifest::Kind::watched))
      sources.push_back(
          {kube::collection_path(kind.api_version, kind.name, ns), with(release::kOurs)});
  return sources;
}

} // namespace hello::deploy
