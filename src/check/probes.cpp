#include <algorithm>

#include <fmt/core.h>

#include "check/context.h"
#include "hello/text.h"
#include "hello/yaml.h"

namespace hello::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kSlack{5};   ///< beyond what the probe's own numbers say
constexpr seconds kUnread{15}; ///< times are not known if the log cannot be read for so long

/// A probe's numbers, as the user has set them, else those of Kubernetes.
struct Probe {
  std::int64_t delay, period, failures, successes;
  bool exists;

  Probe(const config::Config &user, std::string_view key) : exists(user.has(key)) {
    const YAML::Node node = user.node(key);
    const auto number = [&](const char *name, std::int64_t usual) {
      const std::int64_t given = text::integer(yaml::text(node, name)).value_or(0);
      return given > 0 ? given : usual;
    };
    delay = number("initialDelaySeconds", 0);
    period = number("periodSeconds", 10);
    failures = number("failureThreshold", 3);
    successes = number("successThreshold", 1);
  }
  seconds fails_after() const { return seconds(period * failures); }
  seconds succeeds_after() const { return seconds(period * successes); }
};

Probe readiness_of(const Context &context) { return {context.user, "probes.readiness"}; }
Probe liveness_of(const Context &context) { return {context.user, "probes.liveness"}; }

/// When the faults begin, in seconds from the service's start, and how long they last.
struct Schedule {
  std::int64_t unready, unready_for, unlive, unlive_for;
};

/// First the pod gets ready, and it is ready again when it is to be restarted.
Schedule schedule_of(const Context &context) {
  const Probe startup(context.user, "probes.startup"), readiness = readiness_of(context),
                                                       liveness = liveness_of(context);
  const std::int64_t back = readiness.succeeds_after().count();
  Schedule all{};
  all.unready = 6 + std::max(startup.delay + startup.period, readiness.delay) + back;
  all.unready_for = readiness.fails_after().count() + 8;
  all.unlive = std::max(all.unready + all.unready_for + back + 7, liveness.delay);
  all.unlive_for = liveness.fails_after().count() + 30;
  return all;
}

struct Endpoint {
  bool ready = false;
};

Endpoint endpoint_of(const json::Value &slice) {
  Endpoint found;
  for (const json::Value &one : slice.at("endpoints").items())
    found.ready |= one.at("conditions", "ready").boolean(true);
  return found;
}

/// Sees when the faults begin, by the pod's own log, and what the cluster makes of them.
class ProbeWatch final : public Observer {
public:
  explicit ProbeWatch(Context &context)
      : context_(context), pods_(pod_rows_, kube::pod_of), slices_(slice_rows_, endpoint_of),
        mirror_(context.cluster.watch(
            {{{"v1", "Pod", context.a, names::pods_selector(std::string(kProbes))}, &pods_},
             {{"discovery.k8s.io/v1", "EndpointSlice", context.a,
               fmt::format("kubernetes.io/service-name={}", kProbes)},
              &slices_}})) {}

  void wait(sys::Deadline end) override {
    do {
      mirror_->wait(std::min(end, context_.cluster.now() + seconds(1)));
      look();
    } while (context_.cluster.now() < end);
  }

  bool over() const { return restarted_at != never; }
  bool blind() const { return mirror_->offline() || !mirror_->complete(); }
  /// The longest time for which the pod's log could not be read, which says when faults begin.
  seconds unread() const { return std::chrono::duration_cast<seconds>(unread_); }

  static constexpr sys::Deadline never{};
  // by this process's clock
  sys::Deadline in_at = never, unready_at = never, out_at = never, ready_at = never,
                back_at = never, unlive_at = never, restarted_at = never;

private:
  void look() {
    const sys::Deadline now = context_.cluster.now();
    const auto note = [&](sys::Deadline &when, bool happened) {
      if (when == never && happened) when = now;
    };
    const bool in = std::any_of(slice_rows_.begin(), slice_rows_.end(),
                                [](const Endpoint &one) { return one.ready; });
    read_log();
    note(in_at, in);
    note(unready_at, began_ >= 1);
    note(ready_at, ended_ >= 1);
    note(unlive_at, began_ >= 2);
    note(out_at, in_at != never && unready_at != never && !in);
    note(back_at, out_at != never && ready_at != never && in);
    for (const kube::Pod &pod : pod_rows_)
      for (const kube::Container &container : pod.containers)
        note(restarted_at, unlive_at != never && container.restarts > 0);
  }

  void read_log() {
    if (pod_rows_.size() != 1 || began_ >= 2) {
      read_at_ = never;
      return;
    }
    kube::LogQuery query;
    query.ns = context_.a;
    query.limit_bytes = 64 << 10;
    const auto log = context_.cluster.log(pod_rows_[0].name, "hello", query);
    const sys::Deadline now = context_.cluster.now();
    if (read_at_ != never) unread_ = std::max(unread_, now - read_at_);
    if (!log) return;
    read_at_ = now;
    const auto count = [&](std::string_view word) {
      int found = 0;
      for (std::size_t at = 0; (at = log->find(word, at)) != log->npos; ++at) ++found;
      return found;
    };
    began_ = std::max(began_, count("drill_began"));
    ended_ = std::max(ended_, count("drill_ended"));
  }

  Context &context_;
  std::vector<kube::Pod> pod_rows_;
  std::vector<Endpoint> slice_rows_;
  kube::Table<kube::Pod> pods_;
  kube::Table<Endpoint> slices_;
  std::unique_ptr<kube::Mirror> mirror_;
  int began_ = 0, ended_ = 0;
  sys::Deadline read_at_ = never;
  sys::Clock::duration unread_{};
};

std::int64_t ms(sys::Deadline from, sys::Deadline to) {
  return std::max<std::int64_t>(0, std::chrono::duration_cast<milliseconds>(to - from).count());
}

/// What has not happened, or happened too late.
Outcome judge(const Context &context, const ProbeWatch &seen) {
  constexpr sys::Deadline never = ProbeWatch::never;
  const Probe readiness = readiness_of(context), liveness = liveness_of(context);
  const seconds out = readiness.fails_after() + kSlack, back = readiness.succeeds_after() + kSlack;
  const seconds restart = liveness.fails_after() + kSlack + kPodGrace;
  if (seen.in_at == never || (seen.unready_at != never && seen.in_at > seen.unready_at))
    return inconclusive("ControlFailed", "the pod was not in the Service when the fault began");
  if (seen.unready_at == never || seen.unlive_at == never)
    return inconclusive("ControlFailed", "the pod's log does not say that the faults began");
  const auto late = [&](sys::Deadline from, sys::Deadline to, seconds bound) {
    return to == never || ms(from, to) > bound.count() * 1000;
  };
  const std::string advice = "look at the kubelet, and at the kube-controller-manager, which "
                             "writes EndpointSlices";
  if (late(seen.unready_at, seen.out_at, out))
    return failed("StaysIn",
                  fmt::format("an unready pod is in the Service after {} s", out.count()), {},
                  advice);
  if (seen.ready_at == never)
    return inconclusive("ControlFailed", "the pod's log does not say that the fault ended");
  if (late(seen.ready_at, seen.back_at, back))
    return failed(
        "StaysOut",
        fmt::format("a pod that is ready again is not in the Service after {} s", back.count()), {},
        advice);
  if (late(seen.unlive_at, seen.restarted_at, restart))
    return failed("NoRestart",
                  fmt::format("a container whose liveness probe fails was not restarted in {} s",
                              restart.count()),
                  {}, "look at the kubelet's log");
  Outcome outcome = passed(fmt::format(
      "an unready pod left the Service after {} s, came back after {} s; an unlive one was "
      "restarted after {} s",
      ms(seen.unready_at, seen.out_at) / 1000, ms(seen.ready_at, seen.back_at) / 1000,
      ms(seen.unlive_at, seen.restarted_at) / 1000));
  outcome.figures = {{"out", "ms", ms(seen.unready_at, seen.out_at), 5000},
                     {"back", "ms", ms(seen.ready_at, seen.back_at), 5000},
                     {"restart", "ms", ms(seen.unlive_at, seen.restarted_at), 5000}};
  return outcome;
}

} // namespace

std::vector<kube::Object> probes_release(const Context &context) {
  const Schedule at = schedule_of(context);
  const std::vector<Setting> more = {
      {"replicas", "1"},
      {"args", fmt::format("[--drills, --drill-at, \"unready@{}s+{}s\", --drill-at, "
                           "\"unlive@{}s+{}s\"]",
                           at.unready, at.unready_for, at.unlive, at.unlive_for)},
  };
  return context.rendered(kProbes, more);
}

Outcome begin_probes(Context &context) {
  if (!readiness_of(context).exists || !liveness_of(context).exists) return {};
  auto watch = std::make_unique<ProbeWatch>(context);
  if (const auto made = context.apply(probes_release(context)); !made)
    return refused(made.failure(), "make a release with scheduled faults");
  context.observer = std::move(watch);
  return {};
}

Outcome check_probes(Context &context) {
  if (!readiness_of(context).exists || !liveness_of(context).exists)
    return {.verdict = Verdict::skip,
            .cause = "NotApplicable",
            .what = "your settings leave out the readiness or the liveness probe"};
  if (!context.observer)
    return inconclusive("Refused", "the release with scheduled faults was refused");
  const auto &seen = static_cast<const ProbeWatch &>(*context.observer);
  const Schedule at = schedule_of(context);
  const seconds whole(at.unlive + at.unlive_for + 30);
  for (const sys::Deadline end = context.until(whole); !seen.over() && !context.is_over(end);) {
    context.doing("watching scheduled faults");
    context.sleep(milliseconds(500));
  }
  const bool blind = seen.blind();
  const seconds unread = seen.unread();
  Outcome outcome = judge(context, seen);
  context.observer.reset();
  if (blind) return inconclusive("ApiLost", "the watch lost the API server");
  if (outcome.verdict == Verdict::fail && unread > kUnread)
    return inconclusive("NoInstrument",
                        fmt::format("the pod's log could not be read for {} s", unread.count()));
  return outcome;
}

} // namespace hello::check
