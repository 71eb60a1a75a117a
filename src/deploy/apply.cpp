#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "deploy/replicas.h"
#include "hello/deploy.h"
#include "hello/prune.h"

namespace hello::deploy {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kAutoscaler = "HorizontalPodAutoscaler";

const kube::Object *deployment_in(const Set &set) {
  const auto found = std::find_if(set.begin(), set.end(), [](const kube::Object &object) {
    return object.id.kind == "Deployment";
  });
  return found == set.end() ? nullptr : &*found;
}

Applied applied_of(const json::Value &object) {
  const kube::Deployment d = kube::deployment_of(object);
  return {d.name, d.template_text, d.generation, d.selector, {}};
}

/// minReplicas of the autoscaler in the set; 1 if the set has none.
std::int64_t autoscaler_minimum(const Set &set) {
  for (const kube::Object &object : set)
    if (object.id.kind == kAutoscaler)
      return std::max<std::int64_t>(1, object.value.at("spec", "minReplicas").number());
  return 1;
}

/// One apply, step by step.
class Application {
public:
  Application(kube::Cluster &cluster, const Plan &plan, const Options &options,
              sys::Deadline deadline, const Listener &emit)
      : cluster_(cluster), plan_(plan), options_(options), deadline_(deadline), emit_(emit),
        deployment_(deployment_in(plan.set)) {}

  Applied run() {
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
    remove_items(Removals::others);
    if (deployment_ && !before.present() && !deployment_->value.at("spec").find("replicas"))
      // the autoscaler itself would take up to 15 s to set the number, and the server records who
      // scales only if the field had a manager before
      hand_over(autoscaler_minimum(plan_.set), Taking::yes);
    return applied;
  }

private:
  enum class Removals { autoscalers, others };
  enum class Taking { no, yes }; ///< whether it may take the field from its manager

  /// Applies until the API server answers: what it does is the same however often it is done.
  kube::Result<kube::Answer> insist(std::span<const kube::Object> set,
                                    const kube::ApplyOptions &how) {
    for (bool warned = false;;) {
      auto answer = cluster_.apply(set, how);
      if (answer || !answer.failure().retryable || cluster_.now() + 1s > deadline_) return answer;
      if (!std::exchange(warned, true))
        emit_(event::Warning{"",
                             "the API server does not answer; trying again until the time limit"});
      cluster_.sleep(1s);
    }
  }

  void hand_over(std::int64_t count, Taking taking) {
    const kube::Object only[] = {{deployment_->id, replicas_only(deployment_->id, count)}};
    insist(only, {.manager = names::handover(cluster_.access().release),
                  .force = taking == Taking::yes,
                  .deadline = deadline_})
        .take("hand over the replicas", cluster_.access());
  }

  Applied apply_set(const Set &set) {
    auto answer = insist(set, {.manager = names::manager(cluster_.access().release),
                               .force = options_.force_conflicts,
                               .extra = options_.kubectl_args,
                               .deadline = deadline_});
    if (!answer) {
      const Error why = kube::explain(answer.failure(), "apply the manifests", cluster_.access());
      throw Error(why.code(), why.what(), // the other objects of the set may be applied
                  why.hint() + (why.hint().empty() ? "" : "; ") +
                      "the rest of the set may be applied: hello diff shows what is left");
    }
    for (const std::string &warning : answer->warnings) emit_(event::Warning{"", warning});
    Applied applied;
    for (kube::Object &object : answer->objects) {
      if (deployment_ && object.id == deployment_->id) {
        auto objects = std::move(applied.objects);
        applied = applied_of(object.value);
        applied.objects = std::move(objects);
      }
      applied.objects.insert_or_assign(object.id, std::move(object.value));
    }
    return applied;
  }

  /// Removes what the plan says, the autoscalers or all others.
  void remove_items(Removals which) {
    for (const Item &item : plan_.items)
      if (item.action == Item::Action::remove &&
          (item.id.kind == kAutoscaler) == (which == Removals::autoscalers))
        remove(item.id);
  }

  void remove(const kube::Id &id) {
    const std::string uid = plan_.before(id).value.text("metadata", "uid"); // none of a new one
    const release::Ownership owner = release::remove(
        cluster_, id, uid,
        [&](const json::Value &live) {
          return release::fate_of(id, live, release::Purpose::prune, cluster_.access().release);
        },
        deadline_);
    if (owner.ours())
      emit_(event::Removed{id.text()});
    else
      emit_(event::Warning{id.text(),
                           "stays: " + release::why_kept({id, {}, owner}, cluster_.access())});
  }

  kube::Cluster &cluster_;
  const Plan &plan_;
  const Options &options_;
  sys::Deadline deadline_;
  const Listener &emit_;
  const kube::Object *deployment_; ///< of the set; null: it has none
};

} // namespace

Applied apply(kube::Cluster &cluster, const Plan &plan, const Options &options,
              sys::Deadline deadline, const Listener &emit) {
  return Application(cluster, plan, options, deadline, emit).run();
}

} // namespace hello::deploy
