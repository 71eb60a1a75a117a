#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "deploy/replicas.h"
#include "deploy/server_side.h"
#include "hello/deploy.h"
#include "hello/prune.h"
#include "hello/yaml.h"

namespace hello::deploy {
namespace {

/// Runs kubectl until the API server answers: what it does is the same however often it is done.
sys::Finished insist(kube::Cluster &cluster, const std::vector<std::string> &args,
                     const std::string &input, sys::Deadline deadline, const Listener &emit) {
  bool warned = false;
  for (;;) {
    sys::Finished finished = cluster.kubectl(args, input, deadline);
    if (finished.timed_out || !kube::unreachable(finished) ||
        sys::Clock::now() + std::chrono::seconds(1) > deadline)
      return finished;
    if (!std::exchange(warned, true))
      emit(event::Warning{"", "the API server does not answer; trying again until the time limit"});
    sys::pause(std::chrono::milliseconds(1000));
  }
}

void run_or_throw(kube::Cluster &cluster, const std::vector<std::string> &args,
                  const std::string &input, sys::Deadline deadline, const Listener &emit,
                  const std::string &doing) {
  const auto finished = insist(cluster, args, input, deadline, emit);
  if (finished.code != 0) throw kube::explain(finished, doing, cluster.access());
}

void hand_over(kube::Cluster &cluster, const kube::Id &id, std::int64_t count, bool force,
               sys::Deadline deadline, const Listener &emit) {
  auto args = server_side(release::kHandover);
  if (force) args.push_back("--force-conflicts");
  run_or_throw(cluster, args, replicas_only(id, count), deadline, emit, "hand over the replicas");
}

/// 0 where it is none: what is wrong with it the API server says.
std::int64_t number(const std::string &text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Applied applied_of(const YAML::Node &object) {
  const kube::Deployment d = kube::deployment_of(object);
  return {d.name, d.template_text, d.generation, d.selector, {}};
}

/// minReplicas of the autoscaler in the set; 1 where it is somebody else's.
std::int64_t autoscaler_minimum(const Set &set) {
  for (const manifest::Object &object : set)
    if (object.kind == "HorizontalPodAutoscaler")
      return std::max<std::int64_t>(1, number(kube::value_at(object.node, ".spec.minReplicas")));
  return 1;
}

/// Removes what the plan says, the autoscalers or all others.
void remove_items(kube::Cluster &cluster, const Plan &plan, bool autoscalers,
                  sys::Deadline deadline, const Listener &emit) {
  for (const Item &item : plan.items) {
    if (item.action != Item::Action::remove ||
        (item.id.kind == "HorizontalPodAutoscaler") != autoscalers)
      continue;
    const auto known = plan.live.find(item.id);
    const YAML::Node live = known != plan.live.end() ? known->second : kube::read(cluster, item.id);
    if (!live.IsMap()) continue;
    const release::Ownership owner = release::owner_of(live);
    if (!owner.ours())
      emit(event::Warning{item.id.text(), "stays: " + describe(owner)});
    else if (release::remove(cluster, {item.id, live}, deadline))
      emit(event::Removed{item.id.text()});
    else
      emit(event::Warning{item.id.text(),
                          "stays: another of that name has taken its place meanwhile"});
  }
}

} // namespace

Applied apply(kube::Cluster &cluster, const Plan &plan, const Options &options,
              sys::Deadline deadline, const Listener &emit) {
  const manifest::Object *deployment = nullptr;
  for (const manifest::Object &object : plan.set)
    if (object.kind == "Deployment" && !deployment) deployment = &object;
  const auto found = deployment ? plan.live.find(release::id_of(*deployment)) : plan.live.end();
  const bool there =
      found != plan.live.end() && found->second.IsDefined() && !found->second.IsNull();
  if (plan.empty()) return there ? applied_of(found->second) : Applied{};

  remove_items(cluster, plan, true, deadline, emit);
  if (plan.keep_replicas)
    hand_over(cluster, release::id_of(*deployment),
              number(kube::value_at(found->second, ".spec.replicas")), false, deadline, emit);
  Set set = plan.set;
  if (plan.take_replicas) { // the autoscaler's number was only for the plan
    hand_over(cluster, release::id_of(*deployment), number(*plan.take_replicas), true, deadline,
              emit);
    for (manifest::Object &object : set)
      if (object.kind == "Deployment" && object.name == deployment->name) {
        object.node.reset(YAML::Clone(object.node));
        object.node["spec"]["replicas"] = yaml::integer(number(*plan.take_replicas));
      }
  }

  auto args = server_side(release::kManager);
  args.insert(args.end(), {"-o=json", "--show-managed-fields"});
  add_choices(args, options);
  const auto finished = insist(cluster, args, manifest::to_yaml(set), deadline, emit);
  if (finished.code != 0) {
    const Error why = kube::explain(finished, "apply the manifests", cluster.access());
    throw Error(why.code(), why.what(), // kubectl goes on with the next object
                why.hint() + (why.hint().empty() ? "" : "; ") +
                    "the rest of the set may be applied: hello diff shows what is left");
  }
  for (std::size_t from = 0, to; (to = finished.err.find('\n', from)) != std::string::npos;
       from = to + 1)
    if (finished.err.compare(from, 9, "Warning: ") == 0)
      emit(event::Warning{"", finished.err.substr(from + 9, to - from - 9)});
  remove_items(cluster, plan, false, deadline, emit);

  Applied applied;
  const YAML::Node answer = kube::parse(finished.out, "kubectl's answer");
  std::map<kube::Id, YAML::Node> objects;
  const auto look = [&](const YAML::Node &object) {
    objects.emplace(kube::id_of(object), object);
    if (deployment && kube::id_of(object) == release::id_of(*deployment))
      applied = applied_of(object);
  };
  if (yaml::text(answer, "kind") == "List")
    for (const YAML::Node &object : yaml::items(yaml::at(answer, "items"))) look(object);
  else
    look(answer);
  if (deployment && !there && kube::value_at(deployment->node, ".spec.replicas").empty())
    // the autoscaler itself would take up to 15 s to say so; and the server notes who scales only
    // if somebody held it
    hand_over(cluster, release::id_of(*deployment), autoscaler_minimum(plan.set), true, deadline,
              emit);
  applied.objects = std::move(objects);
  return applied;
}

} // namespace hello::deploy
