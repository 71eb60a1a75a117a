#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "deploy/anything.h"
#include "deploy/conflicts.h"
#include "deploy/main_deployment.h"
#include "deploy/others.h"
#include "deploy/replicas.h"
#include "hello/deploy.h"
#include "hello/owner.h"
#include "hello/prune.h"

namespace hello::deploy {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kAutoscaler = "HorizontalPodAutoscaler";

Applied applied_of(const json::Value &object) {
  const kube::Deployment d = kube::deployment_of(object);
  return {.deployment = d.name,
          .template_text = d.template_text,
          .generation = d.generation,
          .selector = d.selector,
          .objects = {},
          .others = {},
          .uid = d.uid};
}

/// minReplicas of the autoscaler in the set; 1 if the set has none.
std::int64_t autoscaler_minimum(const Set &set) {
  for (const kube::Object &object : set)
    if (object.id.kind == kAutoscaler)
      return std::max<std::int64_t>(1, object.value.at("spec", "minReplicas").number());
  return 1;
}

/// `going_on` gets it if it is still there afterwards.
void remove_item(kube::Cluster &cluster, const Plan &plan, const kube::Id &id,
                 sys::Deadline deadline, const Listener &emit, Going &going_on) {
  const std::string uid = plan.before(id).value.text("metadata", "uid"); // none of a new one
  const release::Claims claims(cluster.access(), plan.history);
  std::vector<release::Found> going;
  for (const Item &item : plan.items)
    if (item.action == Item::Action::remove) going.push_back({item.id, {}});
  const auto decide = [&](const json::Value &live) {
    return id.kind == "Namespace"
               ? release::fate_of_namespace(cluster, id, live, going, plan.history)
               : claims.fate_of(id, live, release::Purpose::prune);
  };
  const release::Ownership owner = release::remove(cluster, id, uid, decide, deadline);
  if (!owner.ours())
    emit(event::Warning{id.text(),
                        "stays: " + release::why_kept({id, {}, owner}, cluster.access())});
  else if (release::remains(cluster, id, uid))
    going_on[id] = uid;
  else
    emit(event::Removed{id.text()});
}

/// One apply, step by step.
class Application {
public:
  Application(kube::Cluster &cluster, const Plan &plan, const Options &options,
              sys::Deadline deadline, const Listener &emit)
      : cluster_(cluster), access_(cluster.access()), plan_(plan), options_(options),
        deadline_(deadline), emit_(emit), deployment_(main_deployment(plan.set, access_)) {}

  Applied run() {
    Applied applied = apply_all();
    applied.others = others_of(plan_.set, deployment_ ? &deployment_->id : nullptr);
    applied.going = std::move(going_);
    return applied;
  }

private:
  Applied apply_all() {
    const kube::Live before = deployment_ ? plan_.before(deployment_->id) : kube::Live{};
    if (plan_.empty()) return before.present() ? applied_of(before.value) : Applied{};
    remove_items(Removals::autoscalers);
    if (plan_.keep_replicas) hand_over(before.value.at("spec", "replicas").number(), Taking::no);
    Set set = plan_.set;
    if (plan_.take_replicas) { // the autoscaler's number was only for the plan
      hand_over(*plan_.take_replicas, Taking::yes);
      for (kube::Object &object : set)
        if (object.id == deployment_->id)
          object.value["spec"]["replicas"] = json::integer(*plan_.take_replicas);
    }
    Applied applied = apply_set(set);
    if (applied.refused) return applied;
    remove_items(Removals::others);
    if (deployment_ && !before.present() && !deployment_->value.at("spec").find("replicas"))
      // the autoscaler itself would take up to 15 s to set the number, and the server records who
      // scales only if the field had a manager before
      hand_over(autoscaler_minimum(plan_.set), Taking::yes);
    return applied;
  }

  enum class Removals { autoscalers, others };
  enum class Taking { no, yes }; ///< whether it may take the field from its manager

  /// Applies until the API server answers: what it does is the same however often it is done.
  kube::Result<kube::Answer> insist(std::span<const kube::Object> set,
                                    const kube::ApplyOptions &how) {
    for (bool warned = false;;) {
      auto answer = cluster_.apply(set, how);
      const bool silent = !answer && lacks_endpoints(answer.failure());
      if (answer || (!answer.failure().retryable && !silent) || cluster_.now() + 1s > deadline_)
        return answer;
      if (!std::exchange(warned, true))
        emit_(event::Warning{"", fmt::format("{}; trying again until the time limit",
                                             silent ? "an admission webhook has no pods yet"
                                                    : "the API server does not answer")});
      cluster_.sleep(1s);
    }
  }

  bool is_beside_kubectl(const kube::Object &object) const {
    return release::is_applied_by_kubectl(plan_.before(object.id).value);
  }

  void hand_over(std::int64_t count, Taking taking) {
    const kube::Object only[] = {{deployment_->id, replicas_only(deployment_->id, count)}};
    insist(only, {.manager = names::handover(cluster_.access().release),
                  .force = taking == Taking::yes,
                  .beside_kubectl = is_beside_kubectl(*deployment_),
                  .deadline = deadline_})
        .take("hand over the replicas", cluster_.access());
  }

  Applied apply_set(const Set &set) {
    Set own, shared;
    for (const kube::Object &object : set)
      if (!release::is_shared(object.id, access_) || plan_.adopted.count(object.id))
        own.push_back(object);
      else if (plan_.action(object.id) != Item::Action::same)
        shared.push_back(object);
    take_over(shared);
    apply_part(shared, std::string(names::kSharedManager), force());
    Applied applied;
    if (!plan_.unchecked.empty()) applied.refused = apply_first(own);
    for (const Item &item : plan_.items)
      if (item.action == Item::Action::replace && !applied.refused)
        remove_for_replacement(cluster_, plan_, item.id, deadline_);
    if (!applied.refused) apply_in_order(own);
    for (const auto &[id, value] : applied_)
      if (deployment_ && id == deployment_->id) {
        auto refused = std::move(applied.refused);
        applied = applied_of(value);
        applied.refused = std::move(refused);
      }
    applied.objects = std::move(applied_);
    return applied;
  }

  /// Applies definitions and new namespaces, then lets the server check what needs them. Returns
  /// why it refuses that.
  std::optional<kube::Problem> apply_first(const Set &set) {
    const std::string manager = names::manager(access_.release);
    Set first, unchecked;
    for (const kube::Object &object : set) {
      const bool is_first = release::rank(object.id) <= kinds::Rank::definition &&
                            plan_.action(object.id) != Item::Action::same;
      if (is_first && plan_.adopted.count(object.id))
        apply_adopted(object);
      else if (is_first)
        first.push_back(object);
      else if (plan_.unchecked.count(object.id) && !is_pod(object.id))
        unchecked.push_back(object);
    }
    apply_part(first, manager, force());
    auto unready = await_definitions(cluster_, first, options_.grace, deadline_);
    if (unready || unchecked.empty()) return unready;
    const auto checked = check_new(cluster_, unchecked,
                                   {.manager = manager,
                                    .force = options_.force_conflicts,
                                    .extra = options_.kubectl_args,
                                    .deadline = deadline_});
    if (checked) return std::nullopt;
    const kube::Id &id = unchecked.front().id;
    return kube::Problem{kube::Cause::refused,
                         id.kind,
                         id.name,
                         "",
                         "the cluster refuses what it could check only now",
                         kube::explain(checked.failure(), "check it", access_).words(),
                         true};
  }

  /// One call for the release's own, and one for each adopted object: before it what pods need,
  /// after it the rest. Adopted objects are there already, so that nothing waits for them.
  void apply_in_order(const Set &set) {
    Set own, late;
    for (const kube::Object &object : set)
      if (!plan_.adopted.count(object.id))
        own.push_back(object);
      else if (release::rank(object.id) < kinds::Rank::workload)
        apply_adopted(object);
      else
        late.push_back(object);
    apply_part(own, names::manager(access_.release), force());
    for (const kube::Object &object : late) apply_adopted(object);
  }

  void apply_adopted(const kube::Object &object) {
    apply_part({object}, release::manager_of(object.id, access_), Taking::yes);
  }

  Taking force() const { return options_.force_conflicts ? Taking::yes : Taking::no; }

  /// In one call, but for what client-side kubectl apply made too.
  void apply_part(const Set &set, const std::string &manager, Taking taking) {
    const auto beside = [&](const kube::Object &object) { return is_beside_kubectl(object); };
    for (auto from = set.begin(); from != set.end();) {
      auto to = std::find_if(from, set.end(), beside);
      const bool alone = to == from;
      if (alone) ++to;
      apply_call({from, to},
                 {.manager = manager, .force = taking == Taking::yes, .beside_kubectl = alone});
      from = to;
    }
  }

  void apply_call(std::span<const kube::Object> set, kube::ApplyOptions how) {
    how.extra = options_.kubectl_args;
    how.deadline = deadline_;
    auto answer = insist(set, how);
    if (!answer) {
      const kube::Failure &failure = answer.failure();
      const Error why = failure.conflicts.empty()
                            ? kube::explain(failure, "apply the manifests", access_)
                            : conflict_error(plan_, failure.conflicts);
      throw Error(why.code(), why.what(), // the other objects of the set may be applied
                  why.hint() + (why.hint().empty() ? "" : "; ") +
                      "the rest may be applied: 'hello diff' shows what is left");
    }
    for (const std::string &warning : answer->warnings) emit_(event::Warning{"", warning});
    for (kube::Object &object : answer->objects)
      applied_.insert_or_assign(object.id, std::move(object.value));
  }

  /// Passes shared objects that 0.1.0 applied to the manager of the namespace, with their present
  /// values: first both hold the fields, then 0.1.0's manager lets go.
  void take_over(const Set &shared) {
    const std::string before = names::manager(names::kDefault);
    Set held, empty;
    for (const kube::Object &object : shared) {
      const json::Value &live = plan_.before(object.id).value;
      if (kube::ownership(live, before).empty()) continue;
      held.push_back({object.id, kube::owned(live, before)});
      empty.push_back({object.id, kube::owned(live, "")});
    }
    apply_part(release::marked(held, access_), std::string(names::kSharedManager), Taking::yes);
    apply_part(empty, before, Taking::no);
  }

  /// Removes what the plan says, the autoscalers or all others of the namespace.
  void remove_items(Removals which) {
    for (const Item &item : plan_.items)
      if (item.action == Item::Action::remove && !release::is_outside(item.id, access_) &&
          (item.id.kind == kAutoscaler) == (which == Removals::autoscalers))
        remove_item(cluster_, plan_, item.id, deadline_, emit_, going_);
  }

  kube::Cluster &cluster_;
  const kube::Access &access_;
  const Plan &plan_;
  const Options &options_;
  sys::Deadline deadline_;
  const Listener &emit_;
  const kube::Object *deployment_;          ///< of the set; null: it has none
  std::map<kube::Id, json::Value> applied_; ///< the server's answers
  Going going_;
};

} // namespace

Applied apply(kube::Cluster &cluster, const Plan &plan, const Options &options,
              sys::Deadline deadline, const Listener &emit) {
  return Application(cluster, plan, options, deadline, emit).run();
}

void apply_namespace(kube::Cluster &cluster, const Plan &plan, const Options &options,
                     sys::Deadline deadline) {
  Set only;
  for (const kube::Object &object : plan.set)
    if (object.id.kind == "Namespace" && object.id.name == cluster.access().ns)
      only.push_back(object);
  if (only.empty()) return;
  cluster
      .apply(only, {.manager = std::string(names::kSharedManager),
                    .extra = options.kubectl_args,
                    .deadline = deadline})
      .take("make the namespace", cluster.access());
}

void remove_outside(kube::Cluster &cluster, const Plan &plan, Going &going, sys::Deadline deadline,
                    const Listener &emit) {
  for (const Item &item : plan.items)
    if (item.action == Item::Action::remove && release::is_outside(item.id, cluster.access()))
      remove_item(cluster, plan, item.id, deadline, emit, going);
}

bool await_removals(kube::Cluster &cluster, Going going, std::chrono::seconds time,
                    const Listener &emit) {
  const auto deadline = cluster.now() + time;
  for (bool noted = false;; cluster.sleep(250ms)) {
    const bool late = cluster.now() >= deadline;
    std::erase_if(going, [&](const auto &one) {
      const std::string object = one.first.text();
      const auto left = release::remains(cluster, one.first, one.second);
      if (!left)
        emit(event::Removed{object});
      else if (late)
        emit(event::Warning{object, "being removed" + *left});
      else if (!std::exchange(noted, true))
        emit(
            event::Note{.text = "waiting until gone: " + object, .awaits = object + " to be gone"});
      return !left;
    });
    if (going.empty() || late) return going.empty();
  }
}

} // namespace hello::deploy
