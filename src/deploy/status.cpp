#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "hello/deploy.h"
#include "hello/drill_mark.h"
#include "hello/status.h"
#include "hello/text.h"

namespace hello::deploy {
namespace {

using json::Value;

/// The values of these keys in a list of objects.
std::string joined(const Value &list, std::initializer_list<const char *> keys) {
  std::string out;
  for (const Value &item : list.items())
    for (const char *key : keys)
      if (item.find(key)) out += (out.empty() ? "" : ", ") + item.text(key);
  return out;
}

std::string addresses_of(const Value &object) {
  return joined(object.at("status", "loadBalancer", "ingress"), {"ip", "hostname"});
}

StatusNode ingress(const kube::Id &id, const Value &object) {
  const std::string addresses = addresses_of(object),
                    hosts = joined(object.at("spec", "rules"), {"host"});
  if (addresses.empty())
    return {Health::warning, id.text(),
            hosts + ", no address yet: is there a controller for its class?"};
  return {Health::good, id.text(), hosts + " at " + addresses};
}

StatusNode service(const kube::Id &id, const Value &object) {
  const std::string addresses = addresses_of(object), type = object.text("spec", "type");
  const Value &ports = object.at("spec", "ports");
  std::string words = fmt::format("{} {}, port {}", type, object.text("spec", "clusterIP"),
                                  joined(ports, {"port"}));
  if (type == "NodePort") words += ", node port " + joined(ports, {"nodePort"});
  if (type != "LoadBalancer") return {Health::good, id.text(), words};
  return {addresses.empty() ? Health::warning : Health::good, id.text(),
          words + (addresses.empty() ? ", no address yet" : ", at " + addresses)};
}

StatusNode autoscaler(const kube::Id &id, const Value &object) {
  const kube::Autoscaler a = kube::autoscaler_of(object);
  std::string words = fmt::format("{} of {} to {} pods", a.current, a.min, a.max);
  for (const Value &metric : object.at("status", "currentMetrics").items())
    if (const auto used = metric.text("resource", "current", "averageUtilization"); !used.empty())
      words += fmt::format(", {} {} %", metric.text("resource", "name"), used);
  for (const kube::Condition &c : a.conditions) {
    if (c.type == "ScalingActive" && c.status == "False" && c.reason != "ScalingDisabled")
      return {Health::warning, id.text(), words + ", does not scale: " + c.message};
    if (c.type == "ScalingLimited" && c.status == "True" && c.reason == "TooManyReplicas")
      return {Health::warning, id.text(), words + ", wants more than its maximum"};
  }
  return {Health::good, id.text(), words};
}

/// The image of the first container.
std::string image_of(const Value &deployment) {
  for (const Value &container : deployment.at("spec", "template", "spec", "containers").items())
    return container.text("image");
  return "";
}

StatusNode pod_node(const kube::Pod &pod, const kube::Snapshot &snapshot, kube::Instant now) {
  int restarts = 0;
  for (const kube::Container &c : pod.containers) restarts += c.restarts;
  std::string words = fmt::format(
      "{}{}, {} old{}",
      pod.deleting ? "terminating" : std::string(name_of(kube::step_of(pod, snapshot))),
      pod.node.empty() ? "" : " on " + pod.node, age(pod.created, now),
      restarts == 0 ? "" : fmt::format(", {} restart{}", restarts, restarts == 1 ? "" : "s"));
  if (const auto problem = kube::judge_pod(pod, snapshot))
    return {Health::bad, "Pod/" + pod.name, words + ": " + describe(*problem)};
  return {pod.ready() || pod.deleting ? Health::good : Health::waiting, "Pod/" + pod.name, words};
}

/// A container of the pod has restarted, and the pod has not been ready for long since then.
bool is_restarting(const kube::Pod &pod, kube::Instant now) {
  constexpr std::chrono::minutes kSettled{10};
  const kube::Condition *ready = pod.condition("Ready");
  return ready && now - ready->since < kSettled &&
         std::any_of(pod.containers.begin(), pod.containers.end(),
                     [](const kube::Container &c) { return c.restarts > 0; });
}

State state_of(const kube::Verdict &verdict, const kube::Snapshot &snapshot, kube::Instant now) {
  const bool rolling = !verdict.observed || verdict.updated < verdict.wanted || verdict.old > 0;
  const bool problems = !verdict.problems.empty();
  const bool serves = verdict.available > 0 || snapshot.deployment->available > 0; // old pods, too
  if (!serves && (!rolling || problems)) return State::failed;
  if (problems) return State::degraded;
  if (rolling) return State::updating;
  if (verdict.available < verdict.wanted) return State::degraded;
  const bool restarting =
      std::any_of(snapshot.pods.begin(), snapshot.pods.end(),
                  [now](const kube::Pod &pod) { return is_restarting(pod, now); });
  return restarting ? State::restarting : State::healthy;
}

StatusNode deployment(const kube::Id &id, const Observation &observed, kube::Instant now,
                      Status &status) {
  const kube::Snapshot &snapshot = observed.snapshot;
  const kube::Deployment &d = *snapshot.deployment;
  const kube::Verdict verdict = kube::judge(snapshot, d.template_text, 0);
  status.state = state_of(verdict, snapshot, now);
  status.summary =
      fmt::format("{} of {} pods available{}", verdict.available, verdict.wanted,
                  verdict.old > 0 ? fmt::format(", {} of an older release", verdict.old) : "");
  StatusNode node{verdict.state == kube::Verdict::State::done ? Health::good : Health::waiting,
                  id.text(), status.summary};
  if (verdict.wanted == 0) { // an autoscaler leaves it there too
    node.health = Health::bad;
    node.text = status.summary = "scaled to 0: no pod serves";
  }
  for (const kube::Problem &problem : verdict.problems) {
    node.health = Health::bad;
    if (problem.kind != "Pod") node.text += "; " + problem.object() + ": " + describe(problem);
  }
  for (const kube::ReplicaSet &set : snapshot.replica_sets) {
    StatusNode below{Health::good, "ReplicaSet/" + set.name,
                     &set == snapshot.current() ? "of the current template"
                                                : "of an older release"};
    for (const kube::Pod &pod : snapshot.pods)
      if (pod.owner == set.uid) below.below.push_back(pod_node(pod, snapshot, now));
    if (!below.below.empty() || &set == snapshot.current()) node.below.push_back(std::move(below));
  }
  return node;
}

/// Any other object, by the rules of its kind.
StatusNode by_look(const kube::Id &id, const kube::Look &look) {
  using State = kube::Readiness::State;
  const State state = look.readiness.state;
  StatusNode node{Health::good, id.text(), look.readiness.text};
  if (state == State::warning) node.health = Health::warning;
  if (state == State::waiting) node.health = Health::waiting;
  if (state == State::failing || state == State::failed || !look.problems.empty())
    node.health = Health::bad;
  for (const kube::Problem &problem : look.problems) {
    const bool own = problem.object() == id.text();
    if (own && node.text == problem.what) node.text.clear();
    node.text +=
        (node.text.empty() ? "" : "; ") + (own ? "" : problem.object() + ": ") + describe(problem);
  }
  return node;
}

/// What another object of the release makes of its state.
State state_of(const StatusNode &node) {
  if (node.health == Health::bad) return State::failed;
  return node.health == Health::waiting ? State::updating : State::healthy;
}

Health worst(const StatusNode &node) {
  Health health = node.health;
  for (const StatusNode &below : node.below) health = std::max(health, worst(below));
  return health;
}

} // namespace

std::string_view name_of(Health health) {
  constexpr std::array<std::string_view, 4> names = {"good", "warning", "waiting", "bad"};
  return names[static_cast<std::size_t>(health)];
}

std::string_view name_of(State state) {
  constexpr std::array<std::string_view, 5> names = {"healthy", "ready, restarting", "updating",
                                                     "degraded", "failed"};
  return names[static_cast<std::size_t>(state)];
}

std::string age(kube::Instant from, kube::Instant to) {
  const auto seconds = std::max<std::int64_t>(0, (to - from).count());
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (seconds < 2 * 3600) return fmt::format("{}m", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / 86400);
}

namespace {

/// One status, object by object.
class Summary {
public:
  Summary(const Observation &observed, kube::Instant now) : observed_(observed), now_(now) {
    status_.summary = "nothing is deployed here";
    if (const release::Release *live = release::live_release(observed.history))
      status_.release = *live;
  }

  Status run() {
    for (const kube::Id &id : recorded()) // in apply order
      if (const auto found = observed_.objects.find(id); found != observed_.objects.end())
        status_.objects.push_back(node_of(id, found->second));
    for (const auto &[id, live] : observed_.objects)
      if (!is_recorded(id) && !names::is_shared(id.api_version, id.kind, id.name, id.ns))
        status_.objects.push_back(node_of(id, live));
    if (!observed_.snapshot.deployment && recorded().empty())
      status_.objects.push_back({Health::bad, "Deployment/" + observed_.release, "is not there"});
    for (const StatusNode &node : status_.objects) {
      status_.health = std::max(status_.health, worst(node));
      if (!node.below.empty()) continue; // the Deployment's line has the state
      status_.state = std::max(status_.state, state_of(node));
    }
    // Pods that no longer count, such as evicted ones, are shown as bad.
    if (!status_.healthy()) status_.state = std::max(status_.state, State::updating);
    return std::move(status_);
  }

private:
  const std::vector<kube::Id> &recorded() const {
    static const std::vector<kube::Id> none;
    return status_.release ? status_.release->objects : none;
  }

  bool is_recorded(const kube::Id &id) const {
    return std::find(recorded().begin(), recorded().end(), id) != recorded().end();
  }

  StatusNode node_of(const kube::Id &id, const kube::Live &live) {
    if (!live.present() && id.kind == "Job") // one that lives for a time after it
      return {Health::good, id.text(), "not there: it ran, and is gone"};
    if (!live.present())
      return {Health::bad, id.text(), "missing: the release has it; hello deploy brings it back"};
    const auto &main = observed_.snapshot.deployment;
    const bool is_main = id.kind == "Deployment" && main && id.name == main->name &&
                         live.value.text("metadata", "uid") == main->uid;
    if (is_main) status_.image = image_of(live.value);
    if (live.being_removed()) return {Health::bad, id.text(), "is being removed"};
    if (is_main) {
      StatusNode node = deployment(id, observed_, now_, status_);
      const std::size_t length = node.text.size();
      const Value &mark = live.value.at("metadata", "annotations", drills::kMark);
      for (const drills::Mark &one :
           drills::read_marks(mark.text(), text::utc(now_.time_since_epoch().count())))
        node.text += "; drill " + one.text();
      if (const std::string drills = drills::scheduled_drills(live.value); !drills.empty())
        node.text += "; each start schedules the drill " + drills;
      if (node.text.size() > length) {
        node.health = std::max(node.health, Health::warning);
        status_.summary += ", with drills";
      }
      return node;
    }
    if (id.kind == "Ingress") return ingress(id, live.value);
    if (id.kind == "Service") return service(id, live.value);
    if (id.kind == "HorizontalPodAutoscaler") return autoscaler(id, live.value);
    if (const auto look = observed_.looks.find(id);
        look != observed_.looks.end() && is_recorded(id))
      return by_look(id, look->second);
    if (!recorded().empty() && !is_recorded(id))
      return {Health::warning, id.text(),
              "not of this release: the next hello deploy removes it if it is ours"};
    return {Health::good, id.text(), ""};
  }

  const Observation &observed_;
  kube::Instant now_;
  Status status_;
};

} // namespace

Status status_of(const Observation &observed, kube::Instant now) {
  return Summary(observed, now).run();
}

} // namespace hello::deploy
