#include <algorithm>
#include <future>

#include <fmt/core.h>

#include "deploy/answer.h"
#include "hello/deploy.h"

namespace hello::deploy {
namespace {

/// Whether the Deployment was ready when the plan was made.
bool was_ready(const Plan &plan) {
  kube::Snapshot then;
  for (const auto &[id, live] : plan.live) {
    if (!live.IsDefined() || live.IsNull()) continue;
    if (id.kind == "Deployment") then.deployment = kube::deployment_of(live);
    if (id.kind == "HorizontalPodAutoscaler") then.autoscaler = kube::autoscaler_of(live);
  }
  return then.deployment &&
         kube::judge(then, then.deployment->template_text, 0).state == kube::Verdict::State::done;
}

/// What was there before, as far as it was ours or was taken by force: it can be applied again
/// without any history. Nothing unless the Deployment was ready then.
std::optional<Set> held_before(const Plan &plan, const Applied &applied, bool forced) {
  if (!was_ready(plan)) return std::nullopt;
  Set set;
  for (const Item &item : plan.items) {
    const auto found = plan.live.find(item.id);
    if (found == plan.live.end() || !found->second.IsDefined() || found->second.IsNull()) continue;
    const auto later = forced ? applied.objects.find(item.id) : applied.objects.end();
    const YAML::Node part = kube::owned(
        found->second, kManager, later == applied.objects.end() ? YAML::Node() : later->second);
    manifest::Object object;
    object.api_version = item.id.api_version, object.kind = item.id.kind, object.ns = item.id.ns,
    object.name = item.id.name;
    object.node.reset(part);
    set.push_back(object);
  }
  return set;
}

/// The newest release of the history that was ready, unless it is the one that has just failed.
std::optional<Set> ready_before(kube::Cluster &cluster, const Plan &failed, const Set &set) {
  const std::string digest = digest_of(set);
  for (const Release &release : failed.history)
    if (release.state == ReleaseState::ready && release.digest != digest)
      if (auto found = find_set(cluster, release)) return found;
  return std::nullopt;
}

/// Whether the live Deployment is still the one that we applied.
bool still_ours(kube::Cluster &cluster, const Applied &applied) {
  const YAML::Node live =
      kube::read(cluster, {"apps/v1", "Deployment", cluster.access().ns, applied.deployment});
  return !live.IsNull() && kube::deployment_of(live).template_text == applied.template_text;
}

/// An object that another deploy has changed since: two at once may have had each other's objects
/// for a moment.
std::string taken_over(kube::Cluster &cluster, const Applied &applied) {
  std::vector<std::pair<kube::Id, std::future<YAML::Node>>>
      reads; // at once: people wait for the end
  for (const auto &[id, answer] : applied.objects)
    if (id.kind != "Deployment" &&
        id.kind != "Namespace") // the wait looks at the one, the other has nothing to change
      reads.emplace_back(id, std::async(std::launch::async,
                                        [&cluster, id = id] { return kube::read(cluster, id); }));
  std::string taken;
  for (auto &[id, read] : reads) {
    const YAML::Node live = read.get();
    if (live.IsNull() || kube::canonical(kube::owned(live, kManager)) !=
                             kube::canonical(kube::owned(applied.objects.at(id), kManager)))
      taken = id.text();
  }
  return taken;
}

/// What the failed release made and the one before had not.
std::vector<Item> made(const Plan &plan, const Set &before) {
  std::vector<Item> extra;
  for (const Item &item : plan.items) {
    const bool had = std::any_of(before.begin(), before.end(), [&](const manifest::Object &object) {
      return object.kind == item.id.kind && object.name == item.id.name && object.ns == item.id.ns;
    });
    if (item.action == Item::Action::create && !had && item.id.kind != "Namespace")
      extra.push_back({Item::Action::remove, item.id, {}});
  }
  return extra;
}

std::string reason(const Outcome &outcome, const Options &options) {
  std::string text = outcome.state == Outcome::State::timed_out
                         ? fmt::format("not ready after {} s (--timeout)", options.timeout.count())
                         : "it cannot get ready";
  if (outcome.problems.empty()) return text;
  std::vector<std::string> told;
  for (const kube::Problem &problem : outcome.problems) {
    std::string one = fmt::format("\n{}: {}", problem.object, describe(problem));
    if (std::find(told.begin(), told.end(), problem.key()) == told.end())
      text += one; // one pod stands for its like
    told.push_back(problem.key());
  }
  return text;
}

/// Brings the release before back. Returns how the one that failed ends.
ReleaseState go_back(kube::Cluster &cluster, const Plan &failed, const Set &set,
                     const Applied &applied, const Outcome &failure, const Options &options,
                     const Listener &tell) {
  const auto end = [&](const std::string &text, ReleaseState state = ReleaseState::failed) {
    tell({"failed", "", text, {{"rolledBack", "false"}}});
    return state;
  };
  if (!options.rollback) return end("left as it is (--no-rollback)");
  if (const Release *live = live_release(failed.history); failed.empty() && live &&
                                                          live->state == ReleaseState::ready &&
                                                          live->digest == digest_of(set))
    return end(
        "left as it is: this release had been ready, and nothing was changed"); // the cluster's
                                                                                // trouble, not its
  for (const kube::Problem &problem : failure.problems)
    if (problem.cause == kube::Cause::paused) // nor would the way back go on
      return end("left as it is: its old pods serve on; kubectl rollout resume deployment/" +
                 applied.deployment);
  std::optional<Set> before = held_before(failed, applied, options.force_conflicts);
  if (!before) before = ready_before(cluster, failed, set);
  if (!before)
    return end("there is no earlier release that was ready: this one is left for inspection");
  if (!still_ours(cluster, applied))
    return end("another deploy has changed it meanwhile: left as it is", ReleaseState::superseded);
  tell({"rollback", "", "back to the release before, which was ready"});
  Options back = options;
  back.history = false;
  back.keep_autoscaled =
      std::all_of(set.begin(), set.end(), [](const manifest::Object &object) { // else it is ours
        return object.kind != "Deployment" || kube::value_at(object.node, ".spec.replicas").empty();
      });
  Plan plan = make_plan(cluster, *before, back, &tell);
  const auto extra = made(failed, *before);
  plan.items.insert(plan.items.begin(), extra.begin(), extra.end());
  const Applied restored = apply(cluster, plan, back, sys::Clock::now() + options.timeout, tell);
  const Outcome outcome = wait(cluster, restored, back, tell);
  if (outcome.state != Outcome::State::ready)
    return end("and the way back failed too: " + reason(outcome, options));
  tell({"failed", "", "rolled back: the release before runs again", {{"rolledBack", "true"}}});
  return ReleaseState::rolled_back;
}

Exit run_recorded(kube::Cluster &cluster, const Set &set, const Options &options,
                  const Listener &tell, Recorder &recorder) {
  const auto deadline = sys::Clock::now() + options.timeout;
  const Plan plan = make_plan(cluster, set, options, &tell);
  tell({"plan", "", plan.summary(), {}, &plan});
  for (const auto &[id, why] : plan.kept)
    tell({"warning", id.text(), "an earlier release had it, but it stays: " + why});
  const bool record = options.history && !plan.empty();
  if (record && plan.checked)
    recorder.begin(set); // before the apply: what a kill leaves behind is known to the next
  Applied applied;
  Outcome outcome;
  Forward forward(cluster);
  Options after = options;
  if (plan.empty() && options.verify_url.empty())
    after.verify = false; // it answered when it came, and the probes still say so
  const std::string port = after.verify && options.verify_url.empty() ? target_port(set) : "";
  const Listener watch = [&](const Event &event) {
    tell(event);
    const bool ready = event.name == "pod" && event.facts[0].second == "ready";
    if (ready && !port.empty()) forward.begin("pod/" + event.object.substr(4), port);
  };
  for (int round = 0; round < 3; ++round) {
    try {
      applied = apply(cluster, plan, options, deadline, tell);
    } catch (const Error &) {
      if (!sys::interrupted() && sys::Clock::now() < deadline)
        recorder.finish(ReleaseState::failed), recorder.settle();
      throw;
    }
    if (record && !plan.checked && round == 0) recorder.begin(set);
    if (!plan.empty())
      tell({"applied", "", "applied", {{"generation", std::to_string(applied.generation)}}});
    if (!plan.empty() || !was_ready(plan)) outcome = wait(cluster, applied, options, watch);
    const std::string other =
        outcome.state == Outcome::State::ready ? taken_over(cluster, applied) : "";
    if (other.empty()) break;
    tell({"warning", other,
          "somebody has changed or removed it while we waited, but the pods are ours: applying "
          "again"});
  }
  const bool ready = outcome.state == Outcome::State::ready;
  if (ready) {
    if (options.history && plan.empty()) recorder.resume(plan.history, set);
    recorder.finish(ReleaseState::ready);
    tell({"ready", applied.deployment.empty() ? "" : "Deployment/" + applied.deployment,
          plan.empty() ? "nothing to do: it is as it should be" : "ready"});
    return look_after(cluster, set, after, tell, forward) ? Exit::ok : Exit::rollout;
  }
  const std::string object = "Deployment/" + applied.deployment;
  if (outcome.state == Outcome::State::superseded || outcome.state == Outcome::State::gone) {
    const bool gone = outcome.state == Outcome::State::gone;
    recorder.finish(gone ? ReleaseState::failed : ReleaseState::superseded);
    tell({gone ? "gone" : "superseded", object,
          gone ? "somebody has removed it while we waited"
               : "another deploy has changed it while we waited: the last one wins"});
    return Exit::rollout;
  }
  tell({"failing", object, reason(outcome, options)});
  ReleaseState end = ReleaseState::failed;
  try {
    end = go_back(cluster, plan, set, applied, outcome, options, tell);
  } catch (const Error &error) {
    if (sys::interrupted()) throw;
    tell(
        {"failed", "", "and the way back failed too: " + error.words(), {{"rolledBack", "false"}}});
  }
  recorder.finish(end);
  return Exit::rollout;
}

} // namespace

Exit run(kube::Cluster &cluster, const Set &set, const Options &options, const Listener &tell) {
  Recorder recorder(cluster, options.note, [&](const std::string &text) {
    tell({"warning", "", text});
  });
  const Exit code = run_recorded(cluster, set, options, tell, recorder);
  recorder.settle();
  return code;
}

} // namespace hello::deploy
