#include <fmt/core.h>

#include "hello/client_pod.h"
#include "hello/last_word.h"
#include "hello/load_job.h"
#include "hello/readiness.h"
#include "load/job/job.h"

namespace hello::load {
namespace {

using json::Value;
using std::chrono::seconds;

constexpr const char *kManager = "hello-load";
constexpr seconds kStart{120};   ///< for the pod: scheduling, and the image on another node
constexpr seconds kToLive{60};   ///< after the Job's end, unless it is removed before
constexpr seconds kPatience{30}; ///< for one write

/// Of both objects.
Value head(const kube::Id &id) {
  Value object;
  object["apiVersion"] = json::string(id.api_version);
  object["kind"] = json::string(id.kind);
  object["metadata"]["name"] = json::string(id.name);
  object["metadata"]["namespace"] = json::string(id.ns);
  object["metadata"]["labels"][names::kName] = json::string(kJobName);
  return object;
}

Value job_of(const kube::Id &id, const Value &pod_spec, std::span<const std::string> args,
             seconds longest) {
  Value job = head(id);
  Value &spec = job["spec"];
  spec["backoffLimit"] = json::integer(0);
  spec["activeDeadlineSeconds"] = json::integer((longest + kStart).count());
  spec["ttlSecondsAfterFinished"] = json::integer(kToLive.count());
  Value &labels = spec["template"]["metadata"]["labels"];
  labels[names::kName] = json::string(kJobName);
  labels[kJobLabel] = json::string(id.name);
  spec["template"]["spec"] =
      release::client_spec(pod_spec, release::client_container(pod_spec, args), longest);
  return job;
}

Value port(std::int64_t number, std::string_view protocol) {
  Value port;
  port["port"] = json::integer(number);
  port["protocol"] = json::string(protocol);
  return port;
}

/// Nothing comes in; out: the target and, where a name is looked up, the cluster's DNS.
Value policy_of(const kube::Id &id, const Destination &to, const std::string &uid) {
  Value policy = head(id);
  Value owner;
  owner["apiVersion"] = json::string("batch/v1");
  owner["kind"] = json::string("Job");
  owner["name"] = json::string(id.name);
  owner["uid"] = json::string(uid);
  policy["metadata"]["ownerReferences"].push(std::move(owner));
  Value &spec = policy["spec"];
  spec["podSelector"]["matchLabels"][kJobLabel] = json::string(id.name);
  for (const char *type : {"Ingress", "Egress"}) spec["policyTypes"].push(json::string(type));
  Value target, dns, servers;
  target["to"].push(to.peer);
  Value target_port = port(0, "TCP");
  target_port["port"] = to.port;
  target["ports"].push(std::move(target_port));
  spec["egress"].push(std::move(target));
  if (!to.needs_dns) return policy;
  servers["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] =
      json::string("kube-system");
  servers["podSelector"]["matchLabels"]["k8s-app"] = json::string("kube-dns");
  dns["to"].push(std::move(servers));
  for (const char *protocol : {"UDP", "TCP"}) dns["ports"].push(port(53, protocol));
  spec["egress"].push(std::move(dns));
  return policy;
}

} // namespace

Job::Job(kube::Cluster &cluster, const Destination &destination, std::span<const std::string> args,
         seconds longest)
    : cluster_(cluster), id_{"batch/v1", "Job", cluster.access().ns,
                             fmt::format("{}-{}", kJobName, release::random_id())},
      patience_(cluster.now() + kStart) {
  const kube::Access &access = cluster.access();
  const Value deployment = cluster.read({"apps/v1", "Deployment", access.ns, access.release})
                               .take("read the release's Deployment", access);
  const Value job = job_of(id_, deployment.at("spec", "template", "spec"), args, longest);
  uid_ = cluster.create(id_, json::to_text(job), kManager, cluster.now() + kPatience)
             .take("create the Job", access)
             .text("metadata", "uid");
  const kube::Id policy{"networking.k8s.io/v1", "NetworkPolicy", id_.ns, id_.name};
  try {
    cluster
        .create(policy, json::to_text(policy_of(policy, destination, uid_)), kManager,
                cluster.now() + kPatience)
        .take("create the Job's NetworkPolicy", access);
  } catch (const Error &) { // an interruption too
    remove();
    throw;
  }
}

Job::~Job() { remove(); }

void Job::remove() {
  if (uid_.empty()) return;
  try {
    const sys::LastWord last_word;
    cluster_.remove(id_, {.uid = uid_, .resource_version = ""}, cluster_.now() + kPatience);
  } catch (const Error &) { // Kubernetes removes it later
  }
  uid_.clear();
}

Job::State Job::look() {
  const kube::Access &access = cluster_.access();
  Value pod;
  const auto failure =
      cluster_.list({"v1", "Pod", id_.ns, fmt::format("{}={}", kJobLabel, id_.name)},
                    [&](Value &&one) { pod = std::move(one); });
  if (failure && failure->retryable) return {};
  if (failure) throw kube::explain(*failure, "list the Job's pod", access);
  const auto fail = [&](const std::string &why) {
    return Error(Exit::cluster, fmt::format("{}: {}", id_.text(), why));
  };
  const bool is_late = cluster_.now() >= patience_;
  if (pod.is_null()) {
    if (!pod_.empty()) throw fail("its pod is gone");
    const auto job = cluster_.read(id_);
    const kube::Look look = job ? kube::look_closer(cluster_, id_, *job) : kube::Look{};
    if (is_late || !look.readiness.evidence.empty())
      throw fail("it has no pod: " + look.readiness.evidence);
    return {};
  }
  const kube::Pod now = kube::pod_of(pod);
  pod_ = now.name;
  if (now.phase == "Running") return {.runs = true};
  if (now.phase == "Pending") {
    const kube::Look look = kube::look_closer(cluster_, {"v1", "Pod", id_.ns, pod_}, pod);
    for (const kube::Problem &one : look.problems)
      if (one.fatal || is_late)
        throw fail(fmt::format("its pod does not start: {}: {}", one.what, one.evidence));
    if (is_late) throw fail("its pod does not start");
    return {};
  }
  if (now.containers.empty() || !now.containers.front().ended)
    throw fail(fmt::format("its pod failed: {} {}", now.reason, now.message));
  return {.runs = false, .ended = true, .exit_code = now.containers.front().ended->exit_code};
}

std::optional<std::string> Job::log() {
  if (pod_.empty()) return std::string();
  kube::LogQuery query;
  query.ns = id_.ns;
  auto log = cluster_.log(pod_, "hello", query);
  if (!log && log.failure().retryable) return std::nullopt;
  return std::move(log).take("read the Job's log", cluster_.access());
}

} // namespace hello::load
