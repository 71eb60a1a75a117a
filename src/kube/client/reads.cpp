#include <fmt/core.h>

#include "hello/kinds.h"
#include "hello/text.h"
#include "kube/client/answers.h"
#include "kube/client/errors.h"
#include "kube/client/kubectl.h"
#include "kube/client/mirror.h"
#include "kube/client/paths.h"

namespace hello::kube {
namespace {

constexpr const char *kMetadataOnly =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

std::string log_path(const std::string &ns, const std::string &pod, const std::string &container,
                     const LogQuery &query) {
  std::string path = fmt::format("{}/log?container={}", object_path({"v1", "Pod", ns, pod}),
                                 text::percent_encoded(container));
  if (query.timestamps) path += "&timestamps=true";
  if (query.previous) path += "&previous=true";
  if (query.tail_lines >= 0) path += fmt::format("&tailLines={}", query.tail_lines);
  if (query.since_seconds >= 0) path += fmt::format("&sinceSeconds={}", query.since_seconds);
  if (query.limit_bytes >= 0) path += fmt::format("&limitBytes={}", query.limit_bytes);
  if (!query.since_time.empty()) path += "&sinceTime=" + text::percent_encoded(query.since_time);
  return path;
}

} // namespace

Result<std::string> Kubectl::discover(const Id &id) {
  const auto reply = proxy_.get_patiently(group_path(id.api_version));
  if (!reply) return reply.failure();
  const json::Value found = object_of(*reply, "discovery");
  for (const json::Value &resource : found.at("resources").items())
    if (std::string name = resource.text("name");
        resource.text("kind") == id.kind && name.find('/') == std::string::npos)
      return name;
  Failure none;
  none.trouble = Trouble::unknown_kind;
  none.words = fmt::format("{} has no kind {}", id.api_version, id.kind);
  return none;
}

Result<std::string> Kubectl::send(const Id &id, const Send &by) {
  auto reply = by(object_path(id));
  // where nothing is allowed, the server refuses a plural without a look at whether it is one
  const bool refused = reply.failed_with(Trouble::forbidden) && kinds::is_custom(id.api_version);
  if (!refused && !reply.failed_with(Trouble::unknown_kind)) return reply;
  const auto resource = discover(id);
  if (resource.failed_with(Trouble::unknown_kind)) return resource.failure();
  if (!resource || *resource == plural(id.kind)) return reply;
  return by(resource_path(id.api_version, *resource, id.ns) + "/" + id.name);
}

Result<json::Value> Kubectl::read(const Id &id) {
  const auto reply = send(id, [&](const std::string &path) { return proxy_.get_patiently(path); });
  if (!reply) return reply.failure();
  return kubernetes_object_of(*reply, id.text());
}

Result<json::Value> Kubectl::fetch(const std::string &path) {
  const auto reply = proxy_.get_patiently(path);
  if (!reply) return reply.failure();
  return object_of(*reply, path);
}

std::optional<Failure> Kubectl::list(const Collection &collection, const TakeValue &take) {
  const bool metadata = collection.detail == Collection::Detail::metadata;
  const auto reply =
      proxy_.get_patiently(query_path(collection), metadata ? kMetadataOnly : "application/json");
  if (!reply) return reply.failure();
  for_each_item(*reply, "list", take);
  return std::nullopt;
}

bool Kubectl::serves(std::string_view api_version) {
  return static_cast<bool>(proxy_.get_patiently(group_path(api_version)));
}

Result<std::string> Kubectl::log(const std::string &pod, const std::string &container,
                                 const LogQuery &query) {
  auto reply = proxy_.get_patiently(
      log_path(query.ns.empty() ? access_.ns : query.ns, pod, container, query));
  if (!reply || !is_missing_log(*reply)) return reply;
  return Failure{.trouble = Trouble::not_found, .words = std::move(*reply)};
}

std::unique_ptr<Stream> Kubectl::follow_log(const std::string &pod, const std::string &container,
                                            const LogQuery &query) {
  return proxy_.stream(log_path(query.ns.empty() ? access_.ns : query.ns, pod, container, query) +
                       "&follow=true");
}

std::unique_ptr<Mirror> Kubectl::watch(std::vector<Source> sources) {
  return std::make_unique<WatchedMirror>(proxy_, std::move(sources));
}

Live look_up(Cluster &cluster, const Id &id) {
  auto found = cluster.read(id);
  if (found) return {Live::State::present, std::move(*found)};
  const Failure &failure = found.failure();
  if (failure.absent()) return {Live::State::absent};
  if (failure.trouble == Trouble::forbidden && id.kind == "Namespace")
    return {Live::State::unreadable};
  throw explain(failure, "read " + id.text(), cluster.access());
}

} // namespace hello::kube
