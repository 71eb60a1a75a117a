#include "hello/releases.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "hello/lock.h"
#include "hello/snapshot.h"

namespace hello::release {
namespace {

constexpr std::string_view kDeployments =
    "app.kubernetes.io/managed-by=hello,app.kubernetes.io/name=hello";

using Place = std::pair<std::string, std::string>; ///< namespace, name

Listed &at(std::map<Place, Listed> &all, const std::string &ns, const std::string &name) {
  Listed &listed = all[{ns, name}];
  listed.ns = ns;
  listed.name = name;
  return listed;
}

void add_revision(std::map<Place, Listed> &all, const json::Value &entry) {
  const auto name = names::read_entry(entry.text("metadata", "name"));
  if (!name) return;
  Listed &listed = at(all, entry.text("metadata", "namespace"), name->release);
  auto revision = release_of(entry); // none: it is damaged
  if (revision && (!listed.newest || listed.newest->revision < revision->revision))
    listed.newest = std::move(revision);
}

/// What became of the newest revision: whether it is the deployed one, or failed.
void add_status(kube::Cluster &cluster, Listed &listed) {
  if (!listed.newest) return;
  std::vector<Release> alone{std::move(*listed.newest)};
  Pulse().set_status(cluster, {cluster.access().context, listed.ns, listed.name}, alone);
  listed.newest = std::move(alone.front());
}

/// Only the Deployment that has its release's name: extraManifests may bring others.
void add_deployment(std::map<Place, Listed> &all, const json::Value &object) {
  const kube::Deployment deployment = kube::deployment_of(object);
  if (object.at("metadata", "labels", names::kInstance).text() != deployment.name) return;
  Listed &listed = at(all, object.text("metadata", "namespace"), deployment.name);
  listed.pods = {deployment.wanted, deployment.available, ""};
  for (const json::Value &container : object.at("spec", "template", "spec", "containers").items()) {
    listed.pods->image = container.text("image");
    break;
  }
}

/// The releases, without the statuses of their revisions.
kube::Result<std::vector<Listed>> find_releases(kube::Cluster &cluster, const std::string &ns) {
  std::map<Place, Listed> all;
  if (const auto failure = cluster.list({.api_version = "apps/v1",
                                         .kind = "ControllerRevision",
                                         .ns = ns,
                                         .labels = std::string(names::kEntries),
                                         .detail = kube::Collection::Detail::metadata},
                                        [&](json::Value &&entry) { add_revision(all, entry); }))
    return *failure;
  if (const auto failure = cluster.list({.api_version = "apps/v1",
                                         .kind = "Deployment",
                                         .ns = ns,
                                         .labels = std::string(kDeployments)},
                                        [&](json::Value &&object) { add_deployment(all, object); });
      failure && failure->trouble != kube::Trouble::forbidden)
    return *failure;
  std::vector<Listed> listed;
  listed.reserve(all.size());
  for (auto &[place, one] : all) listed.push_back(std::move(one));
  return listed;
}

} // namespace

std::string Listed::image() const {
  if (pods) return pods->image;
  return newest ? newest->image : "";
}

kube::Result<std::vector<Listed>> list_releases(kube::Cluster &cluster, const std::string &ns) {
  auto all = find_releases(cluster, ns);
  if (all)
    for (Listed &one : *all) add_status(cluster, one);
  return all;
}

bool has_others(kube::Cluster &cluster) {
  const auto all = find_releases(cluster, cluster.access().ns);
  if (!all && all.failure().retryable)
    throw kube::explain(all.failure(), "list the releases", cluster.access());
  return !all || std::any_of(all->begin(), all->end(), [&](const Listed &one) {
    return one.name != cluster.access().release;
  });
}

void require_release(kube::Cluster &cluster) {
  const kube::Access &access = cluster.access();
  const auto all = find_releases(cluster, access.ns);
  if (!all) return;
  std::string there;
  for (const Listed &one : *all) {
    if (one.name == access.release) return;
    there += (there.empty() ? "" : ", ") + one.name;
  }
  throw Error(
      Exit::usage, fmt::format("there is no release {} in namespace {}", access.release, access.ns),
      there.empty() ? "run 'hello deploy' to create one, or 'hello list -A' to list those of "
                      "all namespaces"
                    : fmt::format("it has: {}; choose one with --name", there));
}

} // namespace hello::release
