#include <algorithm>

#include <fmt/core.h>

#include "hello/snapshot.h"

namespace hello::kube {
namespace {

constexpr std::string_view kCauses[] = {
    "ImagePull", "InvalidImageName", "Crash",    "MissingConfig", "CannotStart",
    "Probe",     "Unschedulable",    "Quota",    "Refused",       "Volume",
    "Node",      "Paused",           "Deadline", "ReadinessGate", "NotReady",
    "Failed"};
constexpr std::string_view kSteps[] = {"pending", "scheduled", "pulled", "started", "ready"};

bool has(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

/// The newest event about `uid` for one of `reasons` whose message has `word`. With a `container`,
/// those about other containers do not count.
const Happening *newest(const Snapshot &snapshot, const std::string &uid,
                        std::initializer_list<std::string_view> reasons, std::string_view word = "",
                        std::string_view container = "") {
  const auto about = snapshot.events.find(uid);
  if (about == snapshot.events.end()) return nullptr;
  const Happening *found = nullptr;
  for (const Happening &event : about->second)
    if (std::find(reasons.begin(), reasons.end(), event.reason) != reasons.end() &&
        event.message.find(word) != std::string::npos &&
        (container.empty() || event.container.empty() || event.container == container) &&
        (!found || event.time >= found->time))
      found = &event;
  return found;
}

std::string how_it_ended(const End &end) {
  if (end.reason == "OOMKilled")
    return "ran out of memory (OOMKilled): it reached its memory limit";
  const int signal = end.signal                                   ? end.signal
                     : end.exit_code > 128 && end.exit_code < 160 ? end.exit_code - 128
                                                                  : 0;
  if (signal) return fmt::format("was ended by signal {} (exit code {})", signal, end.exit_code);
  return fmt::format("ended with exit code {}", end.exit_code);
}

std::string which_probe(const std::string &words) {
  for (const std::string_view kind : {"Startup", "Liveness", "Readiness"})
    if (words.starts_with(kind))
      return fmt::format("the {}{} probe fails", static_cast<char>(kind[0] + 32), kind.substr(1));
  return "a probe fails";
}

/// Waiting for its image.
std::optional<Problem> judge_image(Problem problem, const Container &c, const Pod &pod,
                                   const Snapshot &snapshot) {
  problem.cause = Cause::image_pull;
  if (c.waiting == "InvalidImageName") {
    problem.cause = Cause::image_name;
    problem.what = "the image's name is not valid";
    problem.fatal = true;
  } else if (c.waiting == "ErrImageNeverPull") {
    problem.what = "the image is not on the node, and its pull policy is Never";
    problem.fatal = true;
  } else if (has(c.waiting, {"ImagePull", "RegistryUnavailable", "ImageInspectError",
                             "SignatureValidationFailed"})) {
    problem.what = "the image cannot be pulled";
    const Happening *failed = newest(snapshot, pod.uid, {"Failed"}, "Failed to pull image");
    if (c.waiting == "ImagePullBackOff" && failed) // the back-off itself gives no reason
      problem.evidence = failed->message;
  } else {
    return std::nullopt;
  }
  return problem;
}

/// The image is there, and the kubelet cannot start it.
std::optional<Problem> judge_start(Problem problem, const Container &c) {
  if (c.waiting == "CreateContainerConfigError") {
    problem.cause = Cause::config;
    problem.what = "its configuration is missing";
    problem.fatal = !has(c.message, {"failed to sync", "timed out"}); // a slow cache heals
    return problem;
  }
  if (c.waiting != "CreateContainerError" && c.waiting != "RunContainerError" &&
      c.waiting != "PostStartHookError")
    return std::nullopt;
  problem.cause = Cause::start;
  problem.what = "the container cannot be started";
  return problem;
}

/// The event of a container's failed startup or liveness probe; of any of its probes if there is no
/// such event.
const Happening *failed_probe(const Pod &pod, const Container &c, const Snapshot &snapshot) {
  for (const char *kind : {"Liveness", "Startup", ""})
    if (const Happening *event = newest(snapshot, pod.uid, {"Unhealthy"}, kind, c.name))
      return event;
  return nullptr;
}

/// Whether it was the kubelet that ended a container, because of a failed probe.
bool ended_for_probe(const End &end, const Happening *probe) {
  return probe && !probe->message.starts_with("Readiness") && end.reason != "OOMKilled" &&
         (end.exit_code == 0 || end.exit_code == 137 || end.exit_code == 143);
}

/// It ran, and has ended.
Problem judge_end(Problem problem, const Container &c, const End &end, const Pod &pod,
                  const Snapshot &snapshot) {
  problem.evidence = end.message;
  if (end.reason == "StartError" || end.reason == "ContainerCannotRun") {
    problem.cause = Cause::start;
    problem.what = "the container cannot be started";
  } else if (const Happening *probe = failed_probe(pod, c, snapshot); ended_for_probe(end, probe)) {
    problem.cause = Cause::probe;
    problem.what = which_probe(probe->message) + ", and the kubelet restarts the container";
    problem.evidence = probe->message;
    problem.restarts = true;
  } else {
    problem.cause = Cause::crash;
    problem.what = "the container " + how_it_ended(end);
    if (c.restarts)
      problem.what += fmt::format(", {} restart{}", c.restarts, c.restarts == 1 ? "" : "s");
  }
  return problem;
}

std::optional<Problem> judge_container(const Container &c, const Pod &pod,
                                       const Snapshot &snapshot) {
  const Problem problem{Cause::crash, "Pod", pod.name, c.name, "", c.message};
  if (auto found = judge_image(problem, c, pod, snapshot)) return found;
  if (auto found = judge_start(problem, c)) return found;
  const bool init_goes_well = c.init && c.restarts == 0 && c.running;
  const std::optional<End> &end = c.ended ? c.ended : c.last_ended;
  // an init container that is started again is a sidecar, which must not end
  const bool init_is_done = c.init && end && end->exit_code == 0 && c.restarts == 0;
  if (init_goes_well || c.ready || !end || init_is_done) return std::nullopt;
  return judge_end(problem, c, *end, pod, snapshot);
}

/// The first container with a problem; in a failed pod, those that succeeded have none.
std::optional<Problem> judge_containers(const Pod &pod, const Snapshot &snapshot) {
  for (const Container &c : pod.containers)
    if (pod.phase != "Failed" || !c.ended || c.ended->exit_code != 0)
      if (auto found = judge_container(c, pod, snapshot)) return found;
  return std::nullopt;
}

/// A pod that the API server did not take.
Problem judge_refusal(const ReplicaSet &set, const std::string &words) {
  const auto problem = [&](Cause cause, std::string what, bool fatal) {
    return Problem{cause, "ReplicaSet", set.name, "", std::move(what), words, fatal};
  };
  if (has(words, {"exceeded quota", "failed quota"}))
    return problem(Cause::quota, "the namespace's quota refuses its pods", false);
  if (has(words, {"violates PodSecurity"}))
    return problem(Cause::refused, "Pod Security refuses its pods", true);
  if (has(words, {"denied the request", "denied request"}))
    return problem(Cause::refused, "an admission policy or webhook refuses its pods", true);
  if (has(words, {"failed calling webhook", "error looking up service account",
                  "connection refused", "timeout", "etcdserver"}))
    return problem(Cause::refused, "its pods cannot be created", false);
  return problem(Cause::refused, "the cluster refuses its pods", true);
}

} // namespace

std::string_view name_of(Cause cause) { return kCauses[static_cast<std::size_t>(cause)]; }
std::string_view name_of(Step step) { return kSteps[static_cast<std::size_t>(step)]; }

Step step_of(const Pod &pod, const Snapshot &snapshot) {
  if (pod.ready()) return Step::ready;
  const Condition *scheduled = pod.condition("PodScheduled");
  if (pod.node.empty() && !(scheduled && scheduled->status == "True")) return Step::pending;
  bool started = false, pulled = newest(snapshot, pod.uid, {"Pulled"}) != nullptr;
  for (const Container &c : pod.containers) {
    if (c.init) continue;
    started = c.running || c.ended || c.last_ended;
    pulled = pulled || !c.image_id.empty();
    if (!started) break;
  }
  return started ? Step::started : pulled ? Step::pulled : Step::scheduled;
}

namespace {

/// A pod whose containers show no problem: volumes, probes and gates.
template <class Make> std::optional<Problem> judge_running(const Pod &pod, const Snapshot &snapshot,
                                                           const Make &problem) {
  const bool none_runs = std::none_of(pod.containers.begin(), pod.containers.end(),
                                      [](const Container &c) { return c.running; });
  if (none_runs) {
    if (const Happening *event =
            newest(snapshot, pod.uid, {"FailedMount", "FailedAttachVolume", "FailedMapVolume"}))
      return problem(Cause::volume, "a volume cannot be mounted", event->message);
    if (const Happening *event =
            newest(snapshot, pod.uid, {"FailedCreatePodSandBox", "FailedCreatePodContainer"}))
      return problem(Cause::start, "the pod cannot be started", event->message);
  } else if (const Condition *ready = pod.condition("Ready");
             ready && ready->reason == "ReadinessGatesNotReady") {
    return problem(Cause::gate, "nothing has set one of its readiness gates", ready->message);
  } else if (const Happening *event = newest(snapshot, pod.uid, {"Unhealthy", "ProbeError"})) {
    Problem probe = problem(Cause::probe, which_probe(event->message), event->message);
    probe.container = event->container;
    return probe;
  }
  return std::nullopt;
}

} // namespace

std::optional<Problem> judge_pod(const Pod &pod, const Snapshot &snapshot) {
  const auto problem = [&](Cause cause, std::string what, std::string evidence) {
    return Problem{cause, "Pod", pod.name, "", std::move(what), std::move(evidence), false};
  };
  if (pod.ready() || pod.phase == "Succeeded") {
    // It stays ready while the kubelet ends a container that is not alive: known before its restart
    // shows
    const Happening *ends = newest(snapshot, pod.uid, {"Killing"}, "failed liveness probe");
    const auto restarted = [](const Container &c) { return c.restarts > 0; };
    if (!ends || std::any_of(pod.containers.begin(), pod.containers.end(), restarted))
      return std::nullopt;
    const Happening *said = newest(snapshot, pod.uid, {"Unhealthy"}, "Liveness");
    Problem probe =
        problem(Cause::probe, "the liveness probe fails, and the kubelet restarts the container",
                (said ? said : ends)->message);
    probe.container = ends->container;
    probe.restarts = true;
    return probe;
  }
  const auto dead = snapshot.dead_nodes.find(pod.node);
  if (dead != snapshot.dead_nodes.end())
    return problem(Cause::node, fmt::format("its node {} is gone", pod.node), dead->second);
  if (const Happening *event = newest(snapshot, pod.uid, {"NodeNotReady", "TaintManagerEviction"}))
    return problem(Cause::node, fmt::format("its node {} is gone", pod.node), event->message);
  if (pod.deleting) {
    const Condition *target = pod.condition("DisruptionTarget");
    if (!target || target->status != "True") return std::nullopt;
    return problem(Cause::node,
                   fmt::format("it is taken off its node {} ({})", pod.node, target->reason),
                   target->message);
  }
  const bool failed = pod.phase == "Failed";
  if (failed && !pod.reason.empty()) // else its own containers ended it
    return problem(Cause::node, fmt::format("its node {} ended it ({})", pod.node, pod.reason),
                   pod.message);
  const Condition *scheduled = pod.condition("PodScheduled");
  if (scheduled && scheduled->status == "False")
    return problem(Cause::unschedulable,
                   has(scheduled->message, {"free ports"})
                       ? "no node takes it: its host port is taken, perhaps by an old pod "
                         "(strategy.maxSurge: 0 lets that go first)"
                       : "no node takes it",
                   scheduled->message);
  if (auto found = judge_containers(pod, snapshot)) return found;
  if (failed) return problem(Cause::failed, "the pod failed", pod.message);
  return judge_running(pod, snapshot, problem);
}

namespace {

bool all_available(const Deployment &d, std::int64_t wanted) {
  return d.updated >= wanted && d.available >= wanted && d.replicas == d.updated &&
         d.available == d.replicas && !d.paused;
}

/// Pods of the new ReplicaSet that are ready: the Deployment's own number counts old pods too.
std::int64_t ready_pods(const Snapshot &snapshot, const ReplicaSet &set) {
  return std::count_if(snapshot.pods.begin(), snapshot.pods.end(), [&](const Pod &pod) {
    return pod.owner == set.uid && !pod.deleting && pod.ready();
  });
}

void add_problems(std::vector<Problem> &all, const Snapshot &snapshot, const ReplicaSet &set) {
  for (const Condition &c : set.conditions)
    if (c.type == "ReplicaFailure" && c.status == "True")
      all.push_back(judge_refusal(set, c.message));
  for (const Pod &pod : snapshot.pods) {
    if (pod.owner != set.uid) continue;
    auto problem = judge_pod(pod, snapshot);
    if (!problem) continue;
    const auto place = std::find_if(all.begin(), all.end(), [&](const Problem &p) {
      return p.fatal < problem->fatal; // the fatal ones first
    });
    all.insert(place, std::move(*problem));
  }
  const Deployment &d = *snapshot.deployment;
  for (const Condition &c : d.conditions)
    if (c.type == "Progressing" && c.status == "False" && c.reason == "ProgressDeadlineExceeded")
      all.push_back({Cause::deadline, "Deployment", d.name, "", "the progress deadline has passed",
                     c.message, true});
}

} // namespace

Verdict judge(const Snapshot &snapshot, const std::string &template_text, std::int64_t generation) {
  Verdict verdict;
  if (!snapshot.deployment) {
    verdict.state = Verdict::State::gone;
    return verdict;
  }
  const Deployment &d = *snapshot.deployment;
  verdict.wanted = d.wanted;
  if (d.wanted != 0 && snapshot.autoscaler)
    verdict.wanted = std::max(d.wanted, snapshot.autoscaler->min);
  if (d.template_text != template_text) {
    verdict.state = Verdict::State::superseded;
    return verdict;
  }
  if (d.observed < std::max(d.generation, generation)) return verdict; // its status is an old one's
  verdict.observed = true;
  verdict.updated = d.updated;
  verdict.old = d.replicas - d.updated;
  if (d.paused)
    verdict.problems.push_back({Cause::paused, "Deployment", d.name, "", "the rollout is paused",
                                "spec.paused is true", false});
  if (all_available(d, verdict.wanted)) {
    verdict.available = d.available;
    verdict.state = Verdict::State::done;
    return verdict;
  }
  const ReplicaSet *set = snapshot.current();
  if (!set) return verdict;
  verdict.available = ready_pods(snapshot, *set);
  add_problems(verdict.problems, snapshot, *set);
  return verdict;
}

} // namespace hello::kube
