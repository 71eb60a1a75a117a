#include <algorithm>

#include <fmt/core.h>

#include "check/context.h"

namespace hello::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kLoadSeconds = 60;
constexpr std::string_view kNoImage = "hello-check.invalid/none:1";

/// Applies the release with these settings; says why that is not possible.
std::string change(Context &context, int revision, std::string_view image) {
  std::vector<Setting> more = {{"messages", context.mark(revision)}};
  if (!image.empty()) {
    more.emplace_back("image", image);
    more.emplace_back("imagePullPolicy", "Always");
  }
  const auto applied = context.apply(context.rendered(kChange, more));
  return applied ? "" : context.words_of(applied.failure());
}

/// Asks every pod for the message of that revision.
Outcome check_message(Context &context, int revision, const std::string &name) {
  const std::vector<Place> pods = context.pods(context.a, kChange);
  if (pods.empty()) return inconclusive("NoInstrument", "the release has no pod");
  Client client{.name = name, .ns = context.b, .args = {}};
  for (const Place &pod : pods)
    client.args.push_back(
        fmt::format("get http://{}:8080/ 2 10 - {} 0", pod.ip, context.mark(revision)));
  const Heard heard = context.ask(client);
  if (!heard.trouble.empty()) return no_instrument(heard);
  for (std::size_t i = 0; i < pods.size(); ++i) {
    const json::Value *got = heard.of(i, "get");
    if (!got || got->at("ok").number() == 0)
      return inconclusive("NoInstrument", "a pod did not answer the client: " + pods[i].name);
    if (got->at("marked").number() == 0)
      return failed("OldMessage",
                    fmt::format("Pod/{} does not show message {}", pods[i].name, revision), {},
                    "the rollout ended before all pods were replaced");
  }
  return passed("");
}

/// Waits until the cluster says why the bad image does not start.
Outcome await_reason(Context &context, milliseconds &took) {
  const sys::Deadline start = context.cluster.now();
  const milliseconds bound = context.bound("rollout.reason");
  Rollout rollout;
  for (const sys::Deadline end = context.until(bound); !context.is_over(end);) {
    context.sleep(milliseconds(500));
    rollout = rollout_of(context, kChange);
    took = std::chrono::duration_cast<milliseconds>(context.cluster.now() - start);
    if (rollout.cause.starts_with("Image")) return passed("");
    if (rollout.ready)
      return inconclusive("NoInstrument", "an image that does not exist became ready");
  }
  if (!rollout.read) return inconclusive("ApiLost", rollout.what);
  return failed("NoReason",
                fmt::format("nothing tells of the bad image after {} s", bound.count() / 1000), {},
                "look at the kubelet's log: it neither pulls nor reports");
}

/// The changes, under load. `figures` gets what was measured.
Outcome make_changes(Context &context, const Client &load, std::vector<Figure> &figures) {
  const sys::Deadline start = context.cluster.now();
  context.doing("changing the message under load");
  if (const std::string why = change(context, 2, ""); !why.empty())
    return inconclusive("Refused", "the change was refused: " + why);
  if (const Rollout changed = await_rollout(context, kChange, seconds(90)); !changed.ready)
    return changed.read ? failed("NotRolledOut", "the changed message does not roll out",
                                 {changed.what, changed.evidence}, "look at the pods' events")
                        : inconclusive("ApiLost", changed.what);
  const auto time = std::chrono::duration_cast<milliseconds>(context.cluster.now() - start);
  figures.push_back({"rollout", "ms", time.count(), 3000});
  if (Outcome seen = check_message(context, 2, "check-message"); !seen.cause.empty()) return seen;
  context.doing("rolling out an image that does not exist");
  if (const std::string why = change(context, 2, kNoImage); !why.empty())
    return inconclusive("Refused", "the bad image was refused: " + why);
  milliseconds took{};
  const Outcome reason = await_reason(context, took);
  context.doing("rolling back");
  if (const std::string why = change(context, 2, ""); !why.empty())
    return inconclusive("Refused", "the way back was refused: " + why);
  if (!reason.cause.empty()) return reason;
  figures.push_back({"reason", "ms", took.count(), 3000});
  if (const Rollout back = await_rollout(context, kChange, seconds(60)); !back.ready)
    return back.read ? failed("NotBack", "the earlier revision does not come back",
                              {back.what, back.evidence}, "look at the pods' events")
                     : inconclusive("ApiLost", back.what);
  if (!still_loads(context, load))
    return inconclusive("TooSlow",
                        fmt::format("the changes took longer than the load of {} s", kLoadSeconds));
  return passed("");
}

} // namespace

std::vector<kube::Object> change_release(const Context &context) {
  return context.rendered(kChange, {});
}

Outcome check_rollout(Context &context) {
  if (const std::string why = change(context, 1, ""); !why.empty())
    return inconclusive("Refused", "the release was refused: " + why);
  if (const Rollout first = await_rollout(context, kChange, seconds(60)); !first.ready)
    return inconclusive("NotReady", "the release to change is not ready: " + first.what);
  const auto service = context.read({"v1", "Service", context.a, std::string(kChange)});
  if (!service) return inconclusive("ApiLost", service.failure().words);
  const Client load =
      load_client(context, service->text("spec", "clusterIP"), "check-load", kLoadSeconds);
  if (const std::string trouble = context.start(load); !trouble.empty())
    return inconclusive("NoInstrument", trouble);
  context.doing("load for 5 s before the change");
  if (!await_load(context, load))
    return inconclusive("NoInstrument", "the load client did not begin");
  std::vector<Figure> figures;
  Outcome changes = make_changes(context, load, figures);
  context.doing("waiting for the load's end");
  const Heard heard = context.hear(load);
  Outcome outcome = judge_load(heard, figures, "a message changed and a bad image was taken back");
  // a change that failed for a reason of its own counts before what the load says of it
  if (!changes.cause.empty() && outcome.verdict != Verdict::fail) outcome = std::move(changes);
  outcome.figures = std::move(figures);
  return outcome;
}

} // namespace hello::check
