#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "deploy/adopt.h"
#include "deploy/anything.h"
#include "deploy/conflicts.h"
#include "deploy/hosts.h"
#include "deploy/replicas.h"
#include "hello/background.h"
#include "hello/deploy.h"
#include "hello/failure.h"
#include "hello/order.h"
#include "hello/prune.h"

namespace hello::deploy {
namespace {

using Action = Item::Action;

std::map<kube::Id, kube::Live> read_live(kube::Cluster &cluster, const Set &set) {
  std::map<kube::Id, kube::Live> live;
  for (const kube::Object &object : set) live.emplace(object.id, kube::look_up(cluster, object.id));
  return live;
}

/// What is on its way out: "Namespace/hello, ConfigMap/x"; empty if nothing is.
std::string ending(const Plan &plan) {
  std::string names;
  for (const kube::Object &object : plan.set)
    if (plan.live.at(object.id).being_removed())
      names += (names.empty() ? "" : ", ") + object.id.text();
  return names;
}

/// For comparison: the API server writes the quantity 24 as "24".
std::string unquoted(const json::Value &value) {
  std::string text = json::canonical(value);
  std::erase(text, '"');
  return text;
}

/// Adds the fields that the set no longer has, and that do not change for that: others hold them,
/// or the server does not let them go.
void add_given_up(std::vector<kube::Change> &changes, const json::Value &held,
                  const json::Value &wanted) {
  const std::size_t changed = changes.size();
  for (kube::Change &one : kube::changes(held, wanted)) {
    const bool goes =
        std::any_of(changes.begin(), changes.begin() + static_cast<long>(changed),
                    [&](const kube::Change &other) {
                      return one.path.starts_with(other.path) || other.path.starts_with(one.path);
                    });
    if (goes || !one.after.empty()) continue;
    one.after = one.before;
    one.given_up = true;
    changes.push_back(std::move(one));
  }
}

/// Whether `b` has other values than `a` where both `where` and `a` have any.
bool differ(const json::Value &where, const json::Value &a, const json::Value &b) {
  if (where.members().empty()) return !a.is_null() && json::canonical(a) != json::canonical(b);
  for (const auto &[key, value] : where.members())
    if (differ(value, a.at(key), b.at(key))) return true;
  return false;
}

/// Whether pods of the set run as this account. Without it no new pod could start, whoever
/// manages it from now on.
bool is_account_of(const Set &set, const kube::Id &id) {
  return id.kind == "ServiceAccount" &&
         std::any_of(set.begin(), set.end(), [&id](const kube::Object &object) {
           return object.id.ns == id.ns &&
                  object.value.at("spec", "template", "spec", "serviceAccountName").text() ==
                      id.name;
         });
}

/// Makes a plan as of now.
class Planning {
public:
  Planning(kube::Cluster &cluster, const Set &set, const Options &options)
      : cluster_(cluster), options_(options), access_(cluster.access()),
        manager_(names::manager(access_.release)), deadline_(cluster.now() + options.timeout) {
    plan_.set = release::marked(set, access_);
    sort_items(plan_.set, [](const kube::Object &a, const kube::Object &b) {
      return release::rank(a.id) < release::rank(b.id);
    });
    for (kube::Object &object : plan_.set)
      if (options.unmarked.count(object.id))
        object.value["metadata"]["annotations"].erase(release::kMark);
  }

  /// The plan; without items where something is on its way out.
  Plan run() {
    std::vector<release::Found> left;
    sys::Background reading([&] { // while kubectl runs
      plan_.live = read_live(cluster_, plan_.set);
      find_other_versions(cluster_, plan_);
      if (!options_.history) return; // on the way back
      if (auto history = release::read_history(cluster_)) plan_.history = std::move(*history);
      left = release::leftovers(cluster_, plan_.set, plan_.history);
      plan_.warnings = shared_hosts(cluster_, plan_.set, left);
    });
    const std::size_t whole = plan_.set.size();
    auto dry = dry_run(plan_.set, manager_, options_.force_conflicts);
    reading.finish();
    check_namespace();
    if (!ending(plan_).empty()) return std::move(plan_);
    sort_out(plan_, options_, access_);
    settle_jobs(cluster_, plan_);
    if (options_.back) hold_back(plan_);
    release::sort_for_removal(left);
    for (release::Found &found : left) plan_removal(std::move(found));
    check_replacements();
    const CheckOne check = [this](const auto &object) { return dry_run({object}, manager_, true); };
    find_unchecked(plan_, dry ? CheckOne() : check);
    if (!dry && namespace_is_missing() && !dry.failure().ns.empty()) {
      plan_unchecked();
      return std::move(plan_);
    }
    const Set shared = shared_to_apply();
    replace_what_cannot_change();
    // What is shared was checked as the release's own: that may conflict where nothing changes.
    const bool by_shared = !dry && applied_alone().size() < plan_.set.size();
    const bool all_in_one = plan_.set.size() == whole && plan_.adopted.empty() && shared.empty() &&
                            plan_.unchecked.empty() && replaced_.empty();
    if (settle_replicas(cluster_, plan_, options_) || !all_in_one || by_shared)
      dry = dry_run(applied_alone(), manager_, options_.force_conflicts);
    kube::Answer answer = checked(std::move(dry));
    check_others(answer, shared);
    plan_items(answer);
    return std::move(plan_);
  }

private:
  /// What the server says to what is applied in calls of its own.
  void check_others(kube::Answer &answer, const Set &shared) {
    add(answer, dry_run(shared, std::string(names::kSharedManager),
                        options_.force_conflicts || are_of_0_1_0(shared)));
    for (const kube::Object &object : plan_.set)
      if (plan_.adopted.count(object.id))
        add(answer, dry_run({object}, release::manager_of(object.id, access_), true));
  }

  kube::Result<kube::Answer> dry_run(const Set &set, const std::string &manager, bool force) {
    return check_set(cluster_, set,
                     {.manager = manager,
                      .force = force,
                      .extra = options_.kubectl_args,
                      .deadline = deadline_});
  }

  kube::Answer checked(kube::Result<kube::Answer> result) const {
    if (!result && !result.failure().conflicts.empty())
      throw conflict_error(plan_, result.failure().conflicts);
    if (result.failed_with(kube::Trouble::immutable)) throw immutable_error(result.failure());
    return std::move(result).take("check the manifests with the cluster", access_);
  }

  void add(kube::Answer &answer, kube::Result<kube::Answer> result) const {
    for (kube::Object &object : checked(std::move(result)).objects)
      answer.objects.push_back(std::move(object));
  }

  bool namespace_is_missing() const {
    return std::any_of(plan_.live.begin(), plan_.live.end(), [](const auto &one) {
      return one.first.kind == "Namespace" && one.second.state == kube::Live::State::absent;
    });
  }

  /// Throws Error where the way back leads into a namespace that was removed.
  void check_namespace() const {
    const auto ns = plan_.live.find({"v1", "Namespace", "", access_.ns});
    if (!options_.back || ns == plan_.live.end()) return;
    if (ns->second.state == kube::Live::State::absent || ns->second.being_removed())
      throw Error(Exit::cluster,
                  fmt::format("namespace {} was removed: it is not created again", access_.ns));
  }

  /// Whether a shared object is there already.
  bool is_shared_and_there(const kube::Object &object) const {
    return release::is_shared(object.id, access_) && plan_.before(object.id).present();
  }

  /// What the release's manager applies without force.
  Set applied_alone() const {
    Set own;
    for (const kube::Object &object : plan_.set)
      if (!plan_.adopted.count(object.id) && !is_shared_and_there(object) &&
          !plan_.unchecked.count(object.id) && !replaced_.count(object.id))
        own.push_back(object);
    return own;
  }

  /// Whether 0.1.0's manager still holds any of them: then the fields pass to the shared manager.
  bool are_of_0_1_0(const Set &shared) const {
    return std::any_of(shared.begin(), shared.end(), [&](const kube::Object &object) {
      return !kube::ownership(plan_.before(object.id).value, names::manager(names::kDefault))
                  .empty();
    });
  }

  /// Shared objects that are there, but not as the set has them, or still held by 0.1.0's manager.
  Set shared_to_apply() const {
    Set shared;
    for (const kube::Object &object : plan_.set) {
      if (!is_shared_and_there(object) || plan_.adopted.count(object.id)) continue;
      const json::Value &live = plan_.before(object.id).value;
      if (!kube::ownership(live, names::manager(names::kDefault)).empty() ||
          unquoted(kube::owned(live, names::kSharedManager)) != unquoted(object.value))
        shared.push_back(object);
    }
    return shared;
  }

  /// Throws Error where the set asks for a replacement that is never made.
  void check_replacements() const {
    for (const kube::Object &object : plan_.set) may_be_replaced(object, options_);
  }

  /// Finds which objects that may be replaced would have to be, each by a dry run of its own.
  void replace_what_cannot_change() {
    const release::Claims claims(access_, plan_.history);
    for (const kube::Object &object : plan_.set) {
      const kube::Live &live = plan_.before(object.id);
      if (!live.present() || !may_be_replaced(object, options_)) continue;
      const auto answer = dry_run({object}, manager_, true);
      if (!answer.failed_with(kube::Trouble::immutable)) continue;
      if (const release::Ownership owner =
              claims.fate_of(object.id, live.value, release::Purpose::undeploy);
          !owner.ours())
        throw Error(Exit::cluster, fmt::format("{} cannot be replaced: {}", object.id.text(),
                                               release::describe(owner)));
      replaced_.insert(object.id);
      plan_.warnings.push_back({object.id.text(), replacement(object.id)});
    }
  }

  void plan_removal(release::Found found) {
    if (options_.back && found.id.kind == "Job" && found.ownership.ours())
      found.ownership.state = release::Ownership::State::ran;
    if (found.ownership.ours() && is_account_of(plan_.set, found.id))
      found.ownership.state = release::Ownership::State::needed;
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
      Item item = item_of(object.id, wanted == answers.end() ? nullptr : wanted->second);
      if (replaced_.count(object.id)) item.action = Action::replace;
      if (release::is_shared(object.id, access_) && changes_values(item) &&
          is_set_by_others(object.id, *wanted->second)) {
        plan_.warnings.push_back({object.id.text(), "other releases share it and set other "
                                                    "values: it stays as it is"});
        item = {Action::same, object.id, {}};
      }
      plan_.items.push_back(std::move(item));
    }
  }

  /// `wanted`: the object as the dry run leaves it; null if it did not say.
  Item item_of(const kube::Id &id, const json::Value *wanted) const {
    const kube::Live &live = plan_.live.at(id);
    if (live.state == kube::Live::State::absent) return {Action::create, id, {}};
    if (plan_.unchecked.count(id)) return {Action::change, id, {}};
    if (!live.present() || !wanted) return {Action::same, id, {}};
    const std::string manager = release::manager_of(id, access_);
    Item item{Action::same, id, kube::changes(live.value, *wanted)};
    add_given_up(item.changes, kube::owned(live.value, manager), kube::owned(*wanted, manager));
    note_replicas(plan_, access_, id, item.changes);
    if (!item.changes.empty())
      item.action = Action::change;
    else if (!plan_.keep_replicas &&
             kube::ownership(live.value, manager) != kube::ownership(*wanted, manager))
      item.action = Action::adopt;
    return item;
  }

  static bool changes_values(const Item &item) {
    return std::any_of(item.changes.begin(), item.changes.end(),
                       [](const kube::Change &change) { return !change.before.empty(); });
  }

  /// Whether `wanted` changes a value that the set of another release has, or may have.
  bool is_set_by_others(const kube::Id &id, const json::Value &wanted) {
    if (!asked_) others_ = release::sets_of_others(cluster_);
    asked_ = true;
    if (!others_) return true;
    for (const Set &set : *others_)
      for (const kube::Object &object : set)
        if (release::identity(object.id) == release::identity(id))
          for (const char *part : {"metadata", "spec"})
            if (differ(object.value.at(part), plan_.before(id).value.at(part), wanted.at(part)))
              return true;
    return false;
  }

  kube::Cluster &cluster_;
  const Options &options_;
  const kube::Access &access_;
  std::string manager_;
  sys::Deadline deadline_;
  bool asked_ = false;                     ///< whether others_ were read
  std::optional<std::vector<Set>> others_; ///< none: they are not known
  std::set<kube::Id> replaced_;
  Plan plan_;
};

} // namespace

Plan make_plan(kube::Cluster &cluster, const Set &set, const Options &options,
               const Listener *emit) {
  const auto deadline = cluster.now() + options.timeout;
  check_adopted(set, options.adopt, cluster.access().ns);
  for (bool noted = false;; cluster.sleep(std::chrono::seconds(1))) {
    Plan plan = Planning(cluster, set, options).run();
    const std::string names = ending(plan);
    if (names.empty()) return plan;
    if (!emit || cluster.now() > deadline)
      throw Error(Exit::cluster, "is being removed: " + names,
                  "hello deploy waits until it is gone, for --timeout; a finalizer may hold it: "
                  "kubectl get it -o yaml");
    if (!std::exchange(noted, true))
      (*emit)(event::Note{.text = "waiting until it is gone: " + names,
                          .awaits = names + " to be gone"});
  }
}

} // namespace hello::deploy
