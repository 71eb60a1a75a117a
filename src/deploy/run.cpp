#include <algorithm>
#include <ctime>
#include <functional>

#include <fmt/core.h>

#include "deploy/adopt.h"
#include "deploy/interference.h"
#include "deploy/inventory.h"
#include "deploy/live_text.h"
#include "deploy/main_deployment.h"
#include "deploy/others.h"
#include "deploy/port_forward.h"
#include "deploy/soak.h"
#include "deploy/way_back.h"
#include "hello/deploy.h"
#include "hello/lock.h"
#include "hello/owner.h"
#include "hello/saved_plan.h"

namespace hello::deploy {
namespace {

/// How much later than the time limit the last answer may come.
constexpr std::chrono::seconds kLate{1};

/// Whether the Deployment or its pods are what fails.
bool is_its_fault(const Outcome &outcome) {
  return outcome.problems.empty() || std::any_of(outcome.problems.begin(), outcome.problems.end(),
                                                 [](const kube::Problem &problem) {
                                                   return problem.cause != kube::Cause::not_ready &&
                                                          problem.cause != kube::Cause::failed;
                                                 });
}

/// One deploy, from its plan to the way back.
class Deploy {
public:
  Deploy(kube::Cluster &cluster, const Set &set, const Options &options, const Listener &emit)
      : cluster_(cluster), set_(set), options_(options), emit_(emit), forward_(cluster),
        lock_(
            cluster, [this](const std::string &text) { warn(text); },
            [this](const std::string &text) { emit_(event::Note{text}); }),
        recorder_(cluster, options.note, [this](const std::string &text) { warn(text); }) {}

  Exit run() {
    deadline_ = cluster_.now() + options_.timeout;
    cluster_.set_limit(deadline_ + kLate);
    plan(options_);
    if (!plan_.empty()) begin();
    for (const release::Found &found : plan_.kept)
      if (found.ownership.state != release::Ownership::State::going)
        emit_(event::Warning{found.id.text(), "an earlier release had it, but it stays: " +
                                                  release::why_kept(found, cluster_.access())});
    Outcome outcome = bring_up();
    if (outcome.state == State::ready && options_.verify) outcome = see_text();
    if (outcome.state == State::ready) cluster_.set_limit(sys::Deadline::max());
    if (outcome.state == State::ready && options_.soak.count() > 0 && !plan_.empty())
      outcome = soak_unlocked();
    const Exit code = finish(outcome);
    recorder_.settle();
    lock_.release();
    return code;
  }

private:
  using State = Outcome::State;
  using Left = event::Failed::Left;
  void warn(const std::string &text) { emit_(event::Warning{"", text}); }

  /// Before the set's first write: a missing namespace; the sign that it is used, which goes again
  /// if the deploy ends here; the lock; the entry, which tells the next run of a kill.
  void begin() {
    if (!plan_.checked) apply_namespace(cluster_, plan_, options_, deadline_);
    const Noted noted = note_use(cluster_, plan_.history, emit_);
    try {
      const bool waited = lock_.take() == release::Lock::Taken::after_wait;
      // an undeploy of this release takes the sign back before it lets go of the lock
      if (noted != Noted::cannot) note_use(cluster_, plan_.history, emit_);
      if (waited) plan(rest()); // another hello may have changed much
      cluster_.prepare_apply({.manager = names::manager(cluster_.access().release),
                              .force = options_.force_conflicts,
                              .extra = options_.kubectl_args});
      record();
    } catch (const Error &) {
      if (noted == Noted::now) forget_use(cluster_);
      throw;
    }
  }

  void plan(const Options &options) {
    plan_ = make_plan(cluster_, set_, options, &emit_);
    if (!options_.with_drills) check_drills(plan_, cluster_.access());
    emit_(event::Planned{&plan_});
    for (const std::string &note : plan_.notes) emit_(event::Note{note});
    if (!plan_.foreign.empty()) throw foreign_error(plan_.foreign);
    if (options_.approved) check_approved(*options_.approved, plan_);
  }

  void record() {
    if (!options_.history || plan_.empty() || recorder_.begin(set_, carried(plan_))) return;
    if (const std::string needs = needs_history(set_, cluster_.access()); !needs.empty())
      throw Error(Exit::cluster,
                  needs + " must be in the history, or nothing would know later whose it is; "
                          "nothing was applied",
                  "the warning above says why; hello render --deployer prints the rights");
  }

  /// Applies and waits, again where another deploy took objects in the meantime.
  Outcome bring_up() {
    Outcome outcome;
    for (int round = 0; round < 3; ++round) {
      apply_plan();
      if (applied_.refused) return {State::failed, {*applied_.refused}};
      if (!plan_.empty()) emit_(event::Applied{applied_.generation});
      const kube::Access &access = cluster_.access();
      if (!plan_.empty() || !was_ready(plan_, access) || !others_were_ready(plan_, access))
        outcome = through_restarts([this] { return wait_for_it(); });
      if (outcome.state == State::superseded || outcome.state == State::gone) break;
      const Taken taken = taken_over(cluster_, applied_);
      if (!taken.by.field.empty()) {
        interference_ = {taken.by.manager, taken.object + " " + taken.by.field};
        return {State::superseded};
      }
      if (outcome.state != State::ready || taken.object.empty()) break;
      emit_(event::Warning{taken.object,
                           "it was changed or removed during the wait, but the pods are ours: "
                           "applying again"});
    }
    return outcome;
  }

  void apply_plan() {
    applied_at_ = cluster_.now();
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
    return options_.verify && (!plan_.empty() || !options_.through_forward());
  }

  /// The options with what is left of the time.
  Options rest() const {
    Options rest = options_;
    rest.timeout = std::chrono::ceil<std::chrono::seconds>(
        std::max(deadline_ - cluster_.now(), sys::Clock::duration::zero()));
    return rest;
  }

  /// Starts the port-forward as soon as the first pod is ready.
  Outcome wait_for_it() {
    const std::string port =
        verifies() && options_.through_forward() ? target_port(set_) : std::string();
    return wait(cluster_, applied_, rest(), [&](const Event &event) {
      lock_.check();
      emit_(event);
      const auto *pod = std::get_if<event::Pod>(&event);
      if (pod && pod->step == kube::Step::ready && !port.empty())
        forward_.start("pod/" + pod->name, port);
    });
  }

  /// Looks on after kubectl rollout restart: the annotation that it adds changes nothing of ours.
  Outcome through_restarts(const std::function<Outcome()> &look) {
    for (;;) {
      const Outcome outcome = look();
      const auto answer = applied_.objects.find(deployment_id());
      if (outcome.state != State::superseded || answer == applied_.objects.end()) return outcome;
      const kube::Live live = look_up(cluster_, deployment_id());
      if (!live.present()) return {State::gone};
      interference_ =
          interference(answer->second, live.value, names::manager(cluster_.access().release));
      const kube::Deployment now = kube::deployment_of(live.value);
      const bool taken = !interference_.field.empty() && interference_.field != "spec.replicas";
      if (taken || now.template_text == applied_.template_text) return outcome;
      emit_(event::Note{fmt::format("{} restarted the rollout: waiting for the new pods",
                                    interference_.manager)});
      applied_.template_text = now.template_text;
      applied_.generation = now.generation;
    }
  }

  /// Waits for a changed text that running pods read by themselves.
  Outcome see_text() {
    const auto text = changed_text(plan_, cluster_.access());
    if (!text) return {};
    return await_text(cluster_, *text, plan_.set, {applied_at_, deadline_},
                      [&](const Event &event) {
                        lock_.check();
                        emit_(event);
                      });
  }

  /// The soak, without the lock: a newer deploy that starts meanwhile wins.
  Outcome soak_unlocked() {
    const auto end = cluster_.now() + options_.soak;
    recorder_.note_soak(options_.soak);
    lock_.release();
    const Outcome outcome = through_restarts([&] {
      Options left = options_;
      left.soak = std::chrono::ceil<std::chrono::seconds>(end - cluster_.now());
      return soak(cluster_, applied_, set_, left, emit_);
    });
    try {
      lock_.take();
    } catch (const Error &error) {
      if (error.is_interruption()) throw;
      emit_(event::Note{error.what()});
      return {State::superseded};
    }
    const auto history = release::read_history(cluster_);
    if (history && recorder_.revision() != 0 && !history->empty() &&
        history->front().revision > recorder_.revision())
      return {State::superseded};
    return outcome;
  }

  kube::Id deployment_id() const {
    return {"apps/v1", "Deployment", cluster_.access().ns, applied_.deployment};
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
      emit_(event::Superseded{applied_.deployment, interference_.manager, interference_.field});
      return Exit::rollout;
    case State::failed:
    case State::timed_out: break;
    }
    const std::string drills = drills_during(cluster_, applied_.deployment, started_);
    if (!drills.empty()) emit_(event::Warning{"Deployment/" + applied_.deployment, drills});
    emit_(event::Failing{is_its_fault(outcome) ? applied_.deployment : std::string(), outcome,
                         options_.timeout});
    cluster_.set_limit(sys::Deadline::max());
    recorder_.finish(finish_failed(outcome));
    return Exit::rollout;
  }

  Exit finish_ready() {
    if (!plan_.empty()) release::check_namespace(cluster_); // its removal takes a while
    if (options_.history && plan_.empty()) recorder_.resume(plan_.history, set_);
    recorder_.finish(release::State::ready);
    remove_outside(cluster_, plan_, applied_.going, deadline_, emit_);
    emit_(event::Ready{applied_.deployment, plan_.empty()});
    Options after = options_;
    after.verify = verifies();
    const bool answers = report(cluster_, set_, after, emit_, forward_);
    const bool gone = await_removals(cluster_, applied_.going, options_.grace, emit_);
    return answers && gone ? Exit::ok : Exit::rollout;
  }

  release::State finish_failed(const Outcome &outcome) {
    event::Failed end{Left::rollback_failed};
    try {
      end = go_back(outcome);
    } catch (const Error &error) {
      if (error.is_interruption()) throw;
      end.detail = error.words();
    }
    cluster_.set_limit(sys::Deadline::max());
    if (end.left == Left::rollback_failed) end.detail += what_runs(cluster_, plan_.set);
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
    std::optional<Set> before = held_before(plan_, applied_, options_, cluster_.access());
    if (!before) before = ready_before(cluster_, plan_, set_, applied_, options_);
    if (!before) return {Left::nothing_earlier};
    if (!still_ours(cluster_, applied_)) return {Left::superseded};
    emit_(event::RollingBack{});
    const auto deadline = cluster_.now() + options_.rollback_timeout;
    cluster_.set_limit(deadline + kLate);
    Options back = options_;
    back.timeout = options_.rollback_timeout;
    back.history = false;
    back.back = true;
    for (const Item &item : plan_.items)
      if (item.action == Item::Action::replace) back.replace.insert(item.id);
    back.adopt.clear();
    back.unmarked = plan_.adopted;           // they go back to their owners
    back.keep_autoscaled = autoscaled(set_); // else the number is ours
    Plan plan = make_plan(cluster_, *before, back, &emit_);
    plan.history = plan_.history; // it tells what is ours
    for (const event::Warning &warning : plan.warnings)
      if (warning.is_held_back) emit_(warning);
    const auto extra = made(plan_, *before);
    plan.items.insert(plan.items.begin(), extra.begin(), extra.end());
    Applied restored = apply(cluster_, plan, back, deadline, emit_);
    const Outcome end = wait(cluster_, restored, back, emit_);
    if (end.state != State::ready)
      return {Left::rollback_failed,
              describe(end, options_.rollback_timeout, "--rollback-timeout")};
    remove_outside(cluster_, plan, restored.going, deadline, emit_);
    await_removals(cluster_, restored.going, options_.grace, emit_);
    return {Left::rolled_back};
  }

  kube::Cluster &cluster_;
  const Set &set_;
  const Options &options_;
  const Listener &emit_;
  PortForward forward_;
  release::Lock lock_;
  release::Recorder recorder_;
  sys::Deadline deadline_{}, applied_at_{};
  const std::time_t started_ = std::time(nullptr);
  Plan plan_;
  Applied applied_;
  Interference interference_;
};

} // namespace

Exit run(kube::Cluster &cluster, const Set &set, const Options &options, const Listener &emit) {
  return Deploy(cluster, set, options, emit).run();
}

} // namespace hello::deploy
