#include <algorithm>

#include <fmt/core.h>

#include "check/context.h"

namespace hello::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kPods = kSteadyPods;

/// What a watch of namespace A has seen.
struct Seen {
  std::vector<kube::Pod> pods;
  std::vector<std::string> maps;

  std::size_t ready() const {
    return static_cast<std::size_t>(
        std::count_if(pods.begin(), pods.end(), [](const kube::Pod &pod) { return pod.ready(); }));
  }
};

std::string name_of_map(const json::Value &object) { return object.text("metadata", "name"); }

/// Whether an image was pulled, or lacks its secret, and why pods are refused, as events say.
struct Told {
  bool pulled = false, known = false, no_secret = false;
  std::string refusal;
};

/// Those since the release was made: a prepared namespace keeps the events of earlier runs.
Told told_by_events(Context &context) {
  Told told;
  const auto release = context.read({"apps/v1", "Deployment", context.a, std::string(kSteady)});
  const std::string since =
      release ? release->text("metadata", "creationTimestamp") : std::string();
  const auto failure = context.cluster.list({"v1", "Event", context.a}, [&](json::Value &&event) {
    if (event.text("metadata", "creationTimestamp") < since) return;
    const std::string reason = event.text("reason");
    told.pulled |= reason == "Pulling";
    told.no_secret |= reason == "FailedToRetrieveImagePullSecret";
    if (reason == "FailedCreate") told.refusal = event.text("message");
  });
  told.known = !failure;
  return told;
}

Outcome no_pull_secret(std::string what) {
  return {.verdict = Verdict::skip,
          .cause = "NoPullSecret",
          .what = std::move(what),
          .advice = "prepare two namespaces that have them, and pass --namespaces A,B"};
}

/// Why the pods are not ready after all that time.
Outcome not_ready(Context &context, const Seen &seen, milliseconds time) {
  const Rollout rollout = rollout_of(context, kSteady);
  if (!rollout.read)
    return inconclusive("ApiLost", "the Deployment cannot be read: " + rollout.what);
  const Told told = told_by_events(context);
  if (told.no_secret && rollout.cause.starts_with("Image"))
    return no_pull_secret(fmt::format("imagePullSecrets do not exist in {}", context.a));
  std::vector<std::string> evidence;
  for (const std::string &one : {rollout.evidence, told.refusal})
    if (!one.empty()) evidence.push_back(one);
  std::string cause = rollout.cause, what = rollout.what;
  if (cause.empty()) {
    cause = told.refusal.find("quota") != std::string::npos ? "Quota" : "NotReady";
    if (!told.refusal.empty()) what = "the cluster refuses to create pods";
  }
  return failed(std::move(cause),
                fmt::format("{} of {} pods are ready after {} s: {}", seen.ready(), kPods,
                            time.count() / 1000, what),
                std::move(evidence),
                "the same would happen to your service: correct the cause, or the settings that "
                "the check took from your hello.yaml");
}

/// Every pod must answer with the message of the ConfigMap.
Outcome check_answers(Context &context) {
  Client client{.name = "check-start", .ns = context.b, .args = {}};
  const std::vector<Place> pods = context.pods(context.a, kSteady);
  if (pods.size() < kPods)
    return inconclusive("NoInstrument", fmt::format("{} of {} pods are left", pods.size(), kPods));
  for (const Place &pod : pods)
    client.args.push_back(fmt::format("get http://{}:8080/ 3 10 - {} 0", pod.ip, context.run));
  const Heard heard = context.ask(client);
  if (!heard.trouble.empty()) return no_instrument(heard);
  for (std::size_t i = 0; i < pods.size(); ++i) {
    const json::Value *got = heard.of(i, "get");
    if (!got) return no_instrument(heard);
    if (got->at("ok").number() == 0)
      return failed("NoAnswer",
                    fmt::format("Pod/{} is ready, and does not answer pods of another "
                                "namespace",
                                pods[i].name),
                    {got->text("failure")}, "look at the network plugin: pods must reach pods");
    if (got->at("marked").number() != got->at("ok").number())
      return failed("WrongMessage",
                    fmt::format("Pod/{} does not show the ConfigMap's message", pods[i].name), {},
                    "another pod has this address: look at the network plugin");
  }
  return passed("");
}

} // namespace

/// Its page fits a small packet: where only large ones are lost, check_service says so.
std::vector<kube::Object> steady_release(const Context &context) {
  const std::vector<Setting> more = {
      {"replicas", std::to_string(kPods)},
      {"messages", context.mark(1)},
      {"expose", "ingress"},
      {"echo.enabled", "true"},
      {"ingress.hosts", fmt::format("[{}.hello-check.invalid]", context.run)},
  };
  return context.rendered(kSteady, more);
}

Outcome check_start(Context &context) {
  kube::Cluster &cluster = context.cluster;
  if (context.user.has("imagePullSecrets") && context.options.namespaces.empty())
    return no_pull_secret("imagePullSecrets do not exist in a new namespace");
  Seen seen;
  kube::Table<kube::Pod> pods(seen.pods, kube::pod_of);
  kube::Table<std::string> maps(seen.maps, name_of_map);
  const std::string label = fmt::format("{}={}", kRunLabel, context.run);
  const auto mirror =
      cluster.watch({{{"v1", "Pod", context.a, names::pods_selector(std::string(kSteady))}, &pods},
                     {{"v1", "ConfigMap", context.a, label}, &maps}});
  const sys::Deadline start = cluster.now();
  context.doing("applying the release");
  if (const auto applied = context.apply(steady_release(context)); !applied) {
    const kube::Failure &failure = applied.failure();
    if (failure.trouble == kube::Trouble::forbidden && failure.rule.empty())
      return failed("Refused", "the cluster refuses the service", {context.words_of(failure)},
                    "an admission rule is in the way");
    context.words_of(failure);
    return refused(failure, "apply the release");
  }
  const sys::Deadline end = start + context.bound("start.fail");
  while (seen.ready() < kPods && !context.is_over(std::min(end, context.deadline))) {
    mirror->wait(std::min(end, cluster.now() + seconds(1)));
    context.doing(fmt::format("{} of {} pods ready", seen.ready(), kPods));
  }
  const auto time = std::chrono::duration_cast<milliseconds>(cluster.now() - start);
  if (mirror->offline() || !mirror->complete() || seen.maps.empty())
    return inconclusive("ApiLost", "the watch did not see what the check itself made");
  if (seen.ready() < kPods) return not_ready(context, seen, time);
  const kube::Id service{"v1", "Service", context.a, std::string(kSteady)};
  const auto got = context.read(service);
  if (!got) return refused(got.failure(), "read the Service");
  context.service_ip = got->text("spec", "clusterIP");
  Outcome outcome = check_answers(context);
  if (outcome.verdict != Verdict::pass) return outcome;
  const Told told = told_by_events(context);
  outcome.what = fmt::format("{} pods ready in {}.{} s{}", kPods, time.count() / 1000,
                             time.count() / 100 % 10, told.pulled ? ", with a pull" : "");
  outcome.figures = {{"ready", "ms", time.count(), 1500}};
  if (time > context.bound("start.warn") && !told.pulled && told.known) {
    outcome.verdict = Verdict::warn;
    outcome.cause = "SlowStart";
    outcome.advice = "the image was there: look at the load of nodes and of the control plane";
  }
  return outcome;
}

} // namespace hello::check
