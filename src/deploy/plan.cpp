#include <algorithm>
#include <future>
#include <utility>

#include <fmt/core.h>

#include "deploy/replicas.h"
#include "deploy/server_side.h"
#include "hello/deploy.h"
#include "hello/failure.h"
#include "hello/prune.h"
#include "hello/yaml.h"

namespace hello::deploy {
namespace {

using Action = Item::Action;

std::map<kube::Id, YAML::Node> read_live(kube::Cluster &cluster, const Set &set) {
  std::map<kube::Id, YAML::Node> live;
  for (const manifest::Object &object : set) {
    bool denied = false;
    const kube::Id id = release::id_of(object);
    live[id] = kube::read(cluster, id, &denied);
    if (denied)
      live[id] = YAML::Node(YAML::NodeType::Undefined); // there is one or not: we may not know
  }
  return live;
}

std::map<kube::Id, YAML::Node> listed(const std::string &json) {
  std::map<kube::Id, YAML::Node> found;
  if (json.empty()) return found;
  const YAML::Node node = kube::parse(json, "kubectl's answer");
  if (yaml::text(node, "kind") != "List") {
    found[kube::id_of(node)] = node;
  } else {
    for (const YAML::Node &item : yaml::items(yaml::at(node, "items")))
      found[kube::id_of(item)] = item;
  }
  return found;
}

/// The object that a group of conflicts is about: kubectl does not name it. The one whose live
/// values are the other manager's and differ from ours in all those fields.
const manifest::Object *about(const Set &set, const std::map<kube::Id, YAML::Node> &live,
                              const std::vector<kube::Conflict> &group) {
  for (const manifest::Object &object : set) {
    const YAML::Node there = live.at(release::id_of(object));
    if (!there.IsDefined() || there.IsNull()) continue;
    if (std::all_of(group.begin(), group.end(), [&](const kube::Conflict &one) {
          const std::string ours = kube::value_at(object.node, one.path);
          const auto names = kube::managers(there, {});
          return !ours.empty() && ours != kube::value_at(there, one.path) &&
                 std::find(names.begin(), names.end(), one.manager) != names.end();
        }))
      return &object;
  }
  return nullptr;
}

Error conflict_error(const Set &set, const std::map<kube::Id, YAML::Node> &live,
                     const std::vector<std::vector<kube::Conflict>> &all) {
  std::string text = "other managers hold fields that this set wants to change:";
  for (const auto &group : all) {
    const manifest::Object *object = about(set, live, group);
    if (object) text += fmt::format("\n{}/{}", object->kind, object->name);
    for (const kube::Conflict &one : group) {
      text += fmt::format("\n  {} is held by \"{}\"", one.path, one.manager);
      if (object)
        text += fmt::format(": {} there, {} here",
                            kube::value_at(live.at(release::id_of(*object)), one.path),
                            kube::value_at(object->node, one.path));
    }
  }
  return Error(Exit::cluster, text,
               "--force-conflicts takes them; or leave those fields out of the set");
}

/// What is on its way out: "Namespace/hello, ConfigMap/x"; empty if nothing is.
std::string ending(const Plan &plan) {
  std::string names;
  for (const manifest::Object &object : plan.set)
    if (const YAML::Node live = plan.live.at(release::id_of(object));
        yaml::at(live, "metadata", "deletionTimestamp").IsDefined())
      names += (names.empty() ? "" : ", ") + release::id_of(object).text();
  return names;
}

/// The plan as of now; without items where something is on its way out.
Plan plan_once(kube::Cluster &cluster, const Set &set, const Options &options) {
  Plan plan;
  plan.set = set;
  std::vector<release::Found> left;
  auto reading = std::async(std::launch::async, [&] {
    auto live = read_live(cluster, set);
    if (options.history) {
      plan.history = release::read_history(cluster).releases;
      left = release::leftovers(cluster, set, plan.history);
    }
    return live;
  });
  const auto deadline = sys::Clock::now() + options.timeout;
  const auto dry_run = [&] {
    auto args = server_side(release::kManager);
    args.insert(args.end(),
                {"--dry-run=server", "-o=json", "--show-managed-fields", "--request-timeout=30s"});
    add_choices(args, options);
    return cluster.kubectl(args, manifest::to_yaml(plan.set), deadline);
  };
  sys::Finished dry = dry_run();
  plan.live = reading.get();
  if (!ending(plan).empty()) return plan;

  const bool no_namespace = std::any_of(plan.live.begin(), plan.live.end(), [](const auto &one) {
    return one.first.kind == "Namespace" && one.second.IsDefined() && one.second.IsNull();
  });
  for (const release::Found &found : left) {
    if (!found.ownership.ours()) {
      plan.kept.push_back(found);
      continue;
    }
    plan.items.push_back({Action::remove, found.id, {}});
    plan.live[found.id] = found.live;
  }
  if (no_namespace && dry.code != 0 && dry.err.find("not found") != std::string::npos) {
    plan.checked = false;
    for (const manifest::Object &object : set)
      plan.items.push_back(
          {plan.live[release::id_of(object)].IsNull() ? Action::create : Action::same,
           release::id_of(object),
           {}});
    return plan;
  }
  if (settle_replicas(plan, options)) dry = dry_run();
  if (dry.code != 0) {
    const auto conflicts = kube::conflicts(dry.err);
    if (!conflicts.empty()) throw conflict_error(set, plan.live, conflicts);
    throw kube::explain(dry, "check the manifests with the cluster", cluster.access());
  }
  const auto answers = listed(dry.out);
  for (const manifest::Object &object : set) {
    const kube::Id id = release::id_of(object);
    const YAML::Node live = plan.live.at(id);
    const auto answer = answers.find(id);
    Item item{Action::same, id, {}};
    if (live.IsDefined() && live.IsNull())
      item.action = Action::create;
    else if (live.IsDefined() && answer != answers.end()) {
      item.changes = kube::changes(live, answer->second);
      note_replicas(plan, id, item.changes);
      if (!item.changes.empty())
        item.action = Action::change;
      else if (kube::ownership(live, release::kManager) !=
                   kube::ownership(answer->second, release::kManager) &&
               !plan.keep_replicas)
        item.action = Action::adopt;
    }
    plan.items.push_back(std::move(item));
  }
  return plan;
}

} // namespace

Plan make_plan(kube::Cluster &cluster, const Set &set, const Options &options,
               const Listener *emit) {
  const auto deadline = sys::Clock::now() + options.timeout;
  for (bool noted = false;; sys::pause(std::chrono::seconds(1))) {
    Plan plan = plan_once(cluster, set, options);
    const std::string names = ending(plan);
    if (names.empty()) return plan;
    if (!emit || sys::Clock::now() > deadline)
      throw Error(Exit::cluster, "is being removed: " + names,
                  "hello deploy waits until it is gone, for --timeout; a finalizer may hold it: "
                  "kubectl get it -o yaml");
    if (!std::exchange(noted, true)) (*emit)(event::Note{"waiting until it is gone: " + names});
  }
}

bool Plan::empty() const {
  return !keep_replicas && std::all_of(items.begin(), items.end(), [](const Item &item) {
    return item.action == Action::same;
  });
}

std::string Plan::summary() const {
  std::string text;
  const auto count = [&](std::initializer_list<Action> actions, const char *word) {
    const auto n = std::count_if(items.begin(), items.end(), [&](const Item &item) {
      return std::find(actions.begin(), actions.end(), item.action) != actions.end();
    });
    if (n) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, word);
  };
  count({Action::remove}, "to remove");
  count({Action::create}, "new");
  count({Action::change, Action::adopt}, "changed");
  count({Action::same}, "unchanged");
  return text;
}

} // namespace hello::deploy
