#include <algorithm>
#include <future>
#include <utility>

#include <fmt/core.h>

#include "deploy/hosts.h"
#include "deploy/replicas.h"
#include "hello/deploy.h"
#include "hello/failure.h"
#include "hello/prune.h"

namespace hello::deploy {
namespace {

using Action = Item::Action;

std::map<kube::Id, kube::Live> read_live(kube::Cluster &cluster, const Set &set) {
  std::map<kube::Id, kube::Live> live;
  for (const kube::Object &object : set) live.emplace(object.id, kube::look_up(cluster, object.id));
  return live;
}

/// The object that a group of conflicts is about: kubectl does not name it. The one whose live
/// values are the other manager's and differ from ours in all those fields.
const kube::Object *about(const Plan &plan, const std::vector<kube::Conflict> &group) {
  for (const kube::Object &object : plan.set) {
    const kube::Live &live = plan.live.at(object.id);
    if (!live.present()) continue;
    const auto names = kube::managers(live.value, {});
    if (std::all_of(group.begin(), group.end(), [&](const kube::Conflict &one) {
          const std::string ours = kube::value_at(object.value, one.path);
          return !ours.empty() && ours != kube::value_at(live.value, one.path) &&
                 std::find(names.begin(), names.end(), one.manager) != names.end();
        }))
      return &object;
  }
  return nullptr;
}

Error conflict_error(const Plan &plan, const std::vector<std::vector<kube::Conflict>> &all) {
  std::string text = "other managers hold fields that this set wants to change:";
  for (const auto &group : all) {
    const kube::Object *object = about(plan, group);
    if (object) text += "\n" + object->id.text();
    for (const kube::Conflict &one : group) {
      text += fmt::format("\n  {} is held by \"{}\"", one.path, one.manager);
      if (object)
        text += fmt::format(": {} there, {} here",
                            kube::value_at(plan.live.at(object->id).value, one.path),
                            kube::value_at(object->value, one.path));
    }
  }
  return Error(Exit::cluster, text,
               "--force-conflicts takes them; or leave those fields out of the set");
}

/// What is on its way out: "Namespace/hello, ConfigMap/x"; empty if nothing is.
std::string ending(const Plan &plan) {
  std::string names;
  for (const kube::Object &object : plan.set)
    if (plan.live.at(object.id).being_removed())
      names += (names.empty() ? "" : ", ") + object.id.text();
  return names;
}

/// Makes a plan as of now.
class Planning {
public:
  Planning(kube::Cluster &cluster, const Set &set, const Options &options)
      : cluster_(cluster), options_(options), deadline_(cluster.now() + options.timeout) {
    plan_.set = set;
  }

  /// The plan; without items where something is on its way out.
  Plan run() {
    std::vector<release::Found> left;
    auto reading = std::async(std::launch::async, [&] { // while kubectl runs
      plan_.live = read_live(cluster_, plan_.set);
      if (!options_.history) return; // on the way back
      if (auto history = release::read_history(cluster_)) plan_.history = std::move(*history);
      left = release::leftovers(cluster_, plan_.set, plan_.history);
      plan_.warnings = shared_hosts(cluster_, plan_.set, left);
    });
    auto dry = dry_run(plan_.set);
    reading.get();
    if (!ending(plan_).empty()) return std::move(plan_);
    for (release::Found &found : left) plan_removal(std::move(found));
    if (!dry && namespace_is_missing() && !dry.failure().ns.empty()) {
      plan_unchecked();
      return std::move(plan_);
    }
    if (settle_replicas(plan_, options_, cluster_.access().release)) dry = dry_run(plan_.set);
    if (!dry && !dry.failure().conflicts.empty())
      throw conflict_error(plan_, dry.failure().conflicts);
    plan_items(std::move(dry).take("check the manifests with the cluster", cluster_.access()));
    return std::move(plan_);
  }

private:
  kube::Result<kube::Answer> dry_run(const Set &set) {
    return cluster_.dry_run(set, {.manager = manager_,
                                  .force = options_.force_conflicts,
                                  .extra = options_.kubectl_args,
                                  .deadline = deadline_});
  }

  bool namespace_is_missing() const {
    return std::any_of(plan_.live.begin(), plan_.live.end(), [](const auto &one) {
      return one.first.kind == "Namespace" && one.second.state == kube::Live::State::absent;
    });
  }

  void plan_removal(release::Found found) {
    if (!found.ownership.ours()) {
      plan_.kept.push_back(std::move(found));
      return;
    }
    plan_.items.push_back({Action::remove, found.id, {}});
    plan_.live[found.id] = {kube::Live::State::present, std::move(found.live)};
  }

  /// Without the namespace the server can check nothing.
  void plan_unchecked() {
    plan_.checked = false;
    for (const kube::Object &object : plan_.set) {
      const bool absent = plan_.live.at(object.id).state == kube::Live::State::absent;
      plan_.items.push_back({absent ? Action::create : Action::same, object.id, {}});
    }
  }

  void plan_items(const kube::Answer &answer) {
    std::map<kube::Id, const json::Value *> answers;
    for (const kube::Object &object : answer.objects) answers[object.id] = &object.value;
    for (const kube::Object &object : plan_.set) {
      const auto wanted = answers.find(object.id);
      plan_.items.push_back(item_of(object.id, wanted == answers.end() ? nullptr : wanted->second));
    }
  }

  /// `wanted`: the object as the dry run leaves it; null if it did not say.
  Item item_of(const kube::Id &id, const json::Value *wanted) const {
    const kube::Live &live = plan_.live.at(id);
    if (live.state == kube::Live::State::absent) return {Action::create, id, {}};
    if (!live.present() || !wanted) return {Action::same, id, {}};
    Item item{Action::same, id, kube::changes(live.value, *wanted)};
    note_replicas(plan_, id, item.changes);
    if (!item.changes.empty())
      item.action = Action::change;
    else if (!plan_.keep_replicas &&
             kube::ownership(live.value, manager_) != kube::ownership(*wanted, manager_))
      item.action = Action::adopt;
    return item;
  }

  kube::Cluster &cluster_;
  const Options &options_;
  std::string manager_ = names::manager(cluster_.access().release);
  sys::Deadline deadline_;
  Plan plan_;
};

} // namespace

Plan make_plan(kube::Cluster &cluster, const Set &set, const Options &options,
               const Listener *emit) {
  const auto deadline = cluster.now() + options.timeout;
  for (bool noted = false;; cluster.sleep(std::chrono::seconds(1))) {
    Plan plan = Planning(cluster, set, options).run();
    const std::string names = ending(plan);
    if (names.empty()) return plan;
    if (!emit || cluster.now() > deadline)
      throw Error(Exit::cluster, "is being removed: " + names,
                  "hello deploy waits until it is gone, for --timeout; a finalizer may hold it: "
                  "kubectl get it -o yaml");
    if (!std::exchange(noted, true)) (*emit)(event::Note{"waiting until it is gone: " + names});
  }
}

const kube::Live &Plan::before(const kube::Id &id) const {
  static const kube::Live none;
  const auto found = live.find(id);
  return found == live.end() ? none : found->second;
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
