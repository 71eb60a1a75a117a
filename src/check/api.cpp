#include <fmt/core.h>

#include "check/context.h"
#include "hello/histogram.h"
#include "hello/text.h"

namespace hello::check {
namespace {

constexpr int kReads = 50;
constexpr std::int64_t kSkew = 3; ///< Source: kubernetes.io, "Version Skew Policy"

/// The 34 of "v1.34.4"; -1 for what is not Kubernetes' own form, as a virtual node's "kwok-0.7.0".
std::int64_t minor_of(std::string_view version) {
  if (!version.starts_with('v')) return -1;
  text::take(version, '.');
  return text::integer(text::take(version, '.'), 0, 10'000).value_or(-1);
}

/// APIServices that do not answer. Adds a note if they may not be listed.
std::vector<std::string> unavailable(Context &context, std::string &notes) {
  std::vector<std::string> found;
  const auto failure = context.cluster.list(
      {"apiregistration.k8s.io/v1", "APIService", ""}, [&](json::Value &&service) {
        for (const json::Value &one : service.at("status", "conditions").items())
          if (one.text("type") == "Available" && one.text("status") == "False")
            found.push_back(fmt::format("APIService/{}: {}: {}", service.text("metadata", "name"),
                                        one.text("reason"), one.text("message")));
      });
  if (failure) notes += "; APIServices may not be listed";
  return found;
}

/// Nodes whose kubelet is too old for the server.
std::vector<std::string> old_nodes(Context &context, std::int64_t server, std::string &notes) {
  std::vector<std::string> found;
  const auto failure = context.cluster.list({"v1", "Node", ""}, [&](json::Value &&node) {
    const std::string version = node.text("status", "nodeInfo", "kubeletVersion");
    if (const std::int64_t minor = minor_of(version); minor >= 0 && server - minor > kSkew)
      found.push_back(fmt::format("Node/{}: kubelet {}", node.text("metadata", "name"), version));
  });
  if (failure) notes += "; nodes may not be listed";
  return found;
}

} // namespace

Outcome check_api(Context &context) {
  kube::Cluster &cluster = context.cluster;
  const bool has_place = !context.made().empty();
  Histogram times;
  std::string version;
  for (int i = 0; i < kReads; ++i) {
    const sys::Deadline start = cluster.now();
    // the own namespace, read back, is the control: the reads reach the store
    const auto got =
        has_place ? context.read({"v1", "Namespace", "", context.a}) : cluster.fetch("/version");
    if (!got) {
      context.words_of(got.failure());
      return refused(got.failure(), fmt::format("read, at read {} of {}", i + 1, kReads));
    }
    if (has_place && got->text("metadata", "name") != context.a)
      return inconclusive("NoInstrument", "the API server gave another namespace than the own");
    times.add(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(cluster.now() - start).count()));
  }
  const auto server = cluster.fetch("/version");
  if (!server) return refused(server.failure(), "read the version");
  const auto p99 = static_cast<std::int64_t>(times.quantile(990'000) / 1000);
  std::string notes;
  const std::vector<std::string> dead = unavailable(context, notes);
  const std::vector<std::string> old =
      old_nodes(context, minor_of(server->text("gitVersion")), notes);
  Outcome outcome =
      passed(fmt::format("{} reads, p99 {}.{} ms{}", kReads, p99 / 1000, p99 / 100 % 10, notes));
  if (!dead.empty())
    outcome = failed("ApiServiceUnavailable", "an extension of the API server does not answer",
                     dead, "see why its pods do not answer: kubectl get apiservices");
  else if (!old.empty())
    outcome = failed("KubeletTooOld",
                     "kubelets are more than 3 minor versions older than the API "
                     "server",
                     old, "upgrade these nodes");
  else if (p99 > context.bound("api.p99").count() * 1000)
    outcome = failed("SlowApi", fmt::format("reads take long: p99 {} ms", p99 / 1000), {},
                     "look at the API server's and etcd's load");
  outcome.figures = {{"p99", "us", p99, 20'000}};
  return outcome;
}

} // namespace hello::check
