#include <algorithm>
#include <future>

#include <fmt/core.h>

#include "deploy/port_forward.h"
#include "hello/deploy.h"

namespace hello::deploy {
namespace {

/// Whether the Deployment was ready when the plan was made.
bool was_ready(const Plan &plan) {
  kube::Snapshot then;
  for (const auto &[id, live] : plan.live) {
    if (!live.present()) continue;
    if (id.kind == "Deployment") then.deployment = kube::deployment_of(live.value);
    if (id.kind == "HorizontalPodAutoscaler") then.autoscaler = kube::autoscaler_of(live.value);
  }
  return then.deployment &&
         kube::judge(then, then.deployment->template_text, 0).state == kube::Verdict::State::done;
}

/// What was there before, as far as it was ours or was taken by force: it can be applied again
/// without any history. Nothing unless the Deployment was ready then.
std::optional<Set> held_before(const Plan &plan, const Applied &applied, bool forced,
                               const std::string &manager) {
  if (!was_ready(plan)) return std::nullopt;
  Set set;
  for (const Item &item : plan.items) {
    const kube::Live &before = plan.before(item.id);
    if (!before.present()) continue;
    const auto later = forced ? applied.objects.find(item.id) : applied.objects.end();
    set.push_back({item.id, later == applied.objects.end()
                                ? kube::owned(before.value, manager)
                                : kube::owned(before.value, manager, later->second)});
  }
  return set;
}

/// The newest release of the history that was ready, unless it is the one that has just failed.
std::optional<Set> ready_before(kube::Cluster &cluster, const Plan &failed, const Set &set) {
  const std::string digest = release::digest_of(set);
  for (const release::Release &revision : failed.history)
    if (revision.state == release::State::ready && revision.digest != digest)
      if (auto found = release::find_set(cluster, revision)) return found;
  return std::nullopt;
}

/// Whether the live Deployment is still the one that we applied.
bool still_ours(kube::Cluster &cluster, const Applied &applied) {
  const kube::Live live =
      look_up(cluster, {"apps/v1", "Deployment", cluster.access().ns, applied.deployment});
  return live.present() && kube::deployment_of(live.value).template_text == applied.template_text;
}

/// Whether `manager` holds the same fields with the same values in both.
bool same_to(const std::string &manager, const json::Value &a, const json::Value &b) {
  return json::canonical(kube::owned(a, manager)) == json::canonical(kube::owned(b, manager));
}

/// An object that another deploy has changed since: two at once may have had each other's objects
/// for a moment.
std::string taken_over(kube::Cluster &cluster, const Applied &applied) {
  std::vector<std::pair<kube::Id, std::future<kube::Live>>> reads; // at once: people wait
  for (const auto &[id, answer] : applied.objects)
    if (id.kind != "Deployment" &&
        id.kind != "Namespace") // the wait looks at the one, the other has nothing to change
      reads.emplace_back(
          id, std::async(std::launch::async, [&cluster, id = id] { return look_up(cluster, id); }));
  const std::string manager = names::manager(cluster.access().release);
  std::string taken;
  for (auto &[id, read] : reads) {
    const kube::Live live = read.get();
    if (!live.present() || !same_to(manager, live.value, applied.objects.at(id))) taken = id.text();
  }
  return taken;
}

/// What the failed release made and the one before had not.
std::vector<Item> made(const Plan &plan, const Set &before) {
  std::vector<Item> extra;
  for (const Item &item : plan.items) {
    const bool had = std::any_of(before.begin(), before.end(), [&](const kube::Object &object) {
      return object.id.kind == item.id.kind && object.id.name == item.id.name &&
             object.id.ns == item.id.ns;
    });
    if (item.action == Item::Action::create && !had && item.id.kind != "Namespace")
      extra.push_back({Item::Action::remove, item.id, {}});
  }
  return extra;
}

/// Whether the set leaves the number of replicas to an autoscaler.
bool autoscaled(const Set &set) {
  return std::all_of(set.begin(), set.end(), [](const kube::Object &object) {
    return object.id.kind != "Deployment" || !object.value.at("spec").find("replicas");
  });
}

/// One deploy, from its plan to the way back.
class Deploy {
public:
  Deploy(kube::Cluster &cluster, const Set &set, const Options &options, const Listener &emit)
      : cluster_(cluster), set_(set), options_(options), emit_(emit), forward_(cluster),
        recorder_(cluster, options.note, [this](const std::string &text) {
          emit_(event::Warning{"", text});
        }) {}

  Exit run() {
    deadline_ = cluster_.now() + options_.timeout;
    plan_ = make_plan(cluster_, set_, options_, &emit_);
    emit_(event::Planned{&plan_});
    for (const release::Found &found : plan_.kept)
      emit_(event::Warning{found.id.text(), "an earlier release had it, but it stays: " +
                                                release::why_kept(found, cluster_.access())});
    const Exit code = finish(bring_up());
    recorder_.settle();
    return code;
  }

private:
  using State = Outcome::State;
  using Left = event::Failed::Left;

  /// Applies and waits, again where another deploy took objects in the meantime.
  Outcome bring_up() {
    const bool record = options_.history && !plan_.empty();
    if (record && plan_.checked)
      recorder_.begin(set_); // before the apply: what a kill leaves behind is known to the next run
    Outcome outcome;
    for (int round = 0; round < 3; ++round) {
      apply_plan();
      if (record && !plan_.checked && round == 0) recorder_.begin(set_);
      if (!plan_.empty()) emit_(event::Applied{applied_.generation});
      if (!plan_.empty() || !was_ready(plan_)) outcome = wait_for_it();
      const std::string other = outcome.state == State::ready ? taken_over(cluster_, applied_) : "";
      if (other.empty()) break;
      emit_(event::Warning{other, "somebody has changed or removed it while we waited, but the "
                                  "pods are ours: applying again"});
    }
    return outcome;
  }

  void apply_plan() {
    try {
      applied_ = apply(cluster_, plan_, options_, deadline_, emit_);
    } catch (const Error &error) {
      if (!error.is_interruption() && cluster_.now() < deadline_) {
        recorder_.finish(release::State::failed);
        recorder_.settle();
      }
      throw;
    }
  }

  /// An unchanged service answered when it came, and its probes still succeed.
  bool verifies() const {
    return options_.verify && (!plan_.empty() || !options_.verify_url.empty());
  }

  /// Starts the port-forward as soon as the first pod is ready.
  Outcome wait_for_it() {
    const std::string port =
        verifies() && options_.verify_url.empty() ? target_port(set_) : std::string();
    return wait(cluster_, applied_, options_, [&](const Event &event) {
      emit_(event);
      const auto *pod = std::get_if<event::Pod>(&event);
      if (pod && pod->step == kube::Step::ready && !port.empty())
        forward_.start("pod/" + pod->name, port);
    });
  }

  Exit finish(const Outcome &outcome) {
    switch (outcome.state) {
    case State::ready: return finish_ready();
    case State::gone:
      recorder_.finish(release::State::failed);
      emit_(event::Gone{applied_.deployment});
      return Exit::rollout;
    case State::superseded:
      recorder_.finish(release::State::superseded);
      emit_(event::Superseded{applied_.deployment});
      return Exit::rollout;
    case State::failed:
    case State::timed_out: break;
    }
    emit_(event::Failing{applied_.deployment, outcome, options_.timeout});
    recorder_.finish(finish_failed(outcome));
    return Exit::rollout;
  }

  Exit finish_ready() {
    if (options_.history && plan_.empty()) recorder_.resume(plan_.history, set_);
    recorder_.finish(release::State::ready);
    emit_(event::Ready{applied_.deployment, plan_.empty()});
    Options after = options_;
    after.verify = verifies();
    return report(cluster_, set_, after, emit_, forward_) ? Exit::ok : Exit::rollout;
  }

  release::State finish_failed(const Outcome &outcome) {
    event::Failed end{Left::rollback_failed};
    try {
      end = go_back(outcome);
    } catch (const Error &error) {
      if (error.is_interruption()) throw;
      end.detail = error.words();
    }
    emit_(end);
    if (end.left == Left::rolled_back) return release::State::rolled_back;
    return end.left == Left::superseded ? release::State::superseded : release::State::failed;
  }

  /// Why there is no way back, if so, before the cluster is asked.
  std::optional<event::Failed> stays(const Outcome &outcome) const {
    if (!options_.rollback) return event::Failed{Left::no_rollback};
    const release::Release *live = release::live_release(plan_.history);
    if (plan_.empty() && live && live->state == release::State::ready &&
        live->digest == release::digest_of(set_))
      return event::Failed{Left::ready_before}; // the cluster's trouble, not the release's
    for (const kube::Problem &problem : outcome.problems)
      if (problem.cause == kube::Cause::paused) // going back would not proceed either
        return event::Failed{Left::paused, applied_.deployment};
    return std::nullopt;
  }

  /// Brings the release before back.
  event::Failed go_back(const Outcome &outcome) {
    if (const auto end = stays(outcome)) return *end;
    std::optional<Set> before = held_before(plan_, applied_, options_.force_conflicts,
                                            names::manager(cluster_.access().release));
    if (!before) before = ready_before(cluster_, plan_, set_);
    if (!before) return {Left::nothing_earlier};
    if (!still_ours(cluster_, applied_)) return {Left::superseded};
    emit_(event::RollingBack{});
    Options back = options_;
    back.history = false;
    back.keep_autoscaled = autoscaled(set_); // else the number is ours
    Plan plan = make_plan(cluster_, *before, back, &emit_);
    const auto extra = made(plan_, *before);
    plan.items.insert(plan.items.begin(), extra.begin(), extra.end());
    const Applied restored = apply(cluster_, plan, back, cluster_.now() + options_.timeout, emit_);
    const Outcome end = wait(cluster_, restored, back, emit_);
    if (end.state == State::ready) return {Left::rolled_back};
    return {Left::rollback_failed, describe(end, options_.timeout)};
  }

  kube::Cluster &cluster_;
  const Set &set_;
  const Options &options_;
  const Listener &emit_;
  PortForward forward_;
  release::Recorder recorder_;
  sys::Deadline deadline_{};
  Plan plan_;
  Applied applied_;
};

} // namespace

Exit run(kube::Cluster &cluster, const Set &set, const Options &options, const Listener &emit) {
  return Deploy(cluster, set, options, emit).run();
}

} // namespace hello::deploy
