#include "support/fake_controller.h"

#include <fmt/core.h>

namespace hello::test {
namespace {

using json::Value;

std::string status_of(const std::string &container) {
  return "{phase: Running, conditions: [{type: PodScheduled, status: 'True'}, {type: Ready, "
         "status: 'False'}, {type: PodReadyToStartContainers, status: 'True'}], "
         "containerStatuses: [{name: hello, ready: false, " +
         container + "}]}";
}

} // namespace

namespace pod_status {

std::string waiting(const std::string &reason, const std::string &message) {
  return status_of(fmt::format(
      "restartCount: 0, state: {{waiting: {{reason: {}, message: \"{}\"}}}}", reason, message));
}

std::string crashed(int exit_code, int restarts) {
  return status_of(fmt::format("restartCount: {}, imageID: i, state: {{waiting: {{reason: "
                               "CrashLoopBackOff}}}}, lastState: {{terminated: {{exitCode: {}, "
                               "reason: Error}}}}",
                               restarts, exit_code));
}

std::string running() { return status_of("restartCount: 0, imageID: i, state: {running: {}}"); }

} // namespace pod_status

FakeController::FakeController(FakeCluster &cluster, const std::string &release)
    : cluster_(cluster), deployment_{"apps/v1", "Deployment", "shop", release} {
  cluster.on_write = [this, others = std::move(cluster.on_write)](const kube::Id &id) {
    if (others) others(id);
    if (id == deployment_) cluster_.after(delay, [this] { roll_out(); });
  };
}

void FakeController::roll_out() {
  const Value *deployment = cluster_.api.find(deployment_);
  if (!deployment) return;
  if (deployment->at("spec", "paused").boolean()) {
    cluster_.api.update(deployment_, "", [](Value &object) {
      object["status"]["observedGeneration"] = object.at("metadata", "generation");
    });
    return;
  }
  const Value pod_template = deployment->at("spec", "template");
  std::string image;
  for (const Value &container : pod_template.at("spec", "containers").items())
    image = container.text("image");
  const kube::Id set = current_set();
  for (const kube::Id &id : pods()) cluster_.api.erase(id);
  const std::string uid = cluster_.api.find(set)->text("metadata", "uid");
  const auto count = cluster_.api.find(deployment_)->at("spec", "replicas").number();
  for (int i = 1; i <= count; ++i) {
    Value pod = object("{apiVersion: v1, kind: Pod, spec: {nodeName: lab}}");
    pod["metadata"] = pod_template.at("metadata");
    pod["metadata"]["name"] = json::string(fmt::format("{}-{}", set.name, i));
    pod["metadata"]["namespace"] = json::string("shop");
    pod["metadata"]["ownerReferences"].push(
        object("{kind: ReplicaSet, controller: true, uid: " + uid + "}"));
    cluster_.api.put(std::move(pod));
  }
  const auto known = statuses.find(image);
  set_pods(known == statuses.end() ? pod_status::kReady : known->second);
}

void FakeController::set_pods(const std::string &status) {
  const std::vector<kube::Id> all_pods = pods();
  for (const kube::Id &id : all_pods)
    cluster_.api.update(id, "", [&](Value &pod) { pod["status"] = object(status); });
  const auto all = static_cast<std::int64_t>(all_pods.size());
  const std::int64_t ready = status == pod_status::kReady ? all : 0;
  cluster_.api.update(deployment_, "", [&](Value &deployment) {
    Value &now = deployment["status"];
    now["observedGeneration"] = deployment.at("metadata", "generation");
    for (const char *key : {"replicas", "updatedReplicas"}) now[key] = json::integer(all);
    for (const char *key : {"readyReplicas", "availableReplicas"}) now[key] = json::integer(ready);
  });
}

std::vector<kube::Id> FakeController::pods() const {
  std::vector<kube::Id> found;
  for (const auto &[id, value] : cluster_.api.all())
    if (id.kind == "Pod" &&
        value.text("metadata", "labels", "app.kubernetes.io/instance") == deployment_.name)
      found.push_back(id);
  return found;
}

kube::Id FakeController::current_set() {
  const Value &deployment = *cluster_.api.find(deployment_);
  const std::string text = json::canonical(deployment.at("spec", "template"));
  const bool is_new = !sets_.count(text);
  SetOfPods &known = sets_[text];
  if (is_new) known.name = fmt::format("{}-{}", deployment_.name, newest_ + 1);
  if (is_new || known.revision != newest_)
    known.revision = ++newest_; // going back makes an old set the newest, as the controller does
  const kube::Id id{"apps/v1", "ReplicaSet", "shop", known.name};
  Value set =
      is_new ? object("{apiVersion: apps/v1, kind: ReplicaSet, spec: {}}") : *cluster_.api.find(id);
  set["metadata"]["name"] = json::string(id.name);
  set["metadata"]["namespace"] = json::string("shop");
  set["metadata"]["labels"] = deployment.at("spec", "template", "metadata", "labels");
  const Value owner = object(
      "{kind: Deployment, controller: true, uid: " + deployment.text("metadata", "uid") + "}");
  if (is_new) set["metadata"]["ownerReferences"].push(owner);
  const Value number = json::string(std::to_string(known.revision));
  set["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = number;
  cluster_.api.put(std::move(set));
  cluster_.api.update(deployment_, "", [&](Value &object) {
    object["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = number;
  });
  return id;
}

void put_event(FakeCluster &cluster, const kube::Id &about, const std::string &reason,
               const std::string &message, const std::string &type) {
  static int number = 0;
  const Value &target = *cluster.api.find(about);
  Value event = object("{apiVersion: v1, kind: Event}");
  event["metadata"]["name"] = json::string("event-" + std::to_string(++number));
  event["metadata"]["namespace"] = json::string("shop");
  event["involvedObject"]["kind"] = json::string(about.kind);
  event["involvedObject"]["name"] = json::string(about.name);
  event["involvedObject"]["uid"] = target.at("metadata", "uid");
  event["type"] = json::string(type);
  event["reason"] = json::string(reason);
  event["message"] = json::string(message);
  event["lastTimestamp"] = json::string(cluster.api.time);
  cluster.api.put(std::move(event));
}

} // namespace hello::test
