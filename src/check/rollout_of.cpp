#include <fmt/core.h>

#include "check/context.h"
#include "hello/readiness.h"

namespace hello::check {

Rollout rollout_of(Context &context, std::string_view name) {
  Rollout rollout;
  const kube::Id id{"apps/v1", "Deployment", context.a, std::string(name)};
  const auto object = context.read(id);
  if (!object) {
    rollout.what = object.failure().words;
    return rollout;
  }
  rollout.read = true;
  const kube::Look look = kube::look_closer(context.cluster, id, *object);
  rollout.ready = look.readiness.state == kube::Readiness::State::done;
  rollout.what = look.readiness.text;
  if (!look.problems.empty()) {
    const kube::Problem &problem = look.problems.front();
    rollout.cause = kube::name_of(problem.cause);
    rollout.what = fmt::format("{}: {}", problem.object(), problem.what);
    rollout.evidence = problem.evidence;
  } else if (!look.readiness.evidence.empty()) {
    rollout.evidence = look.readiness.evidence;
  }
  return rollout;
}

Rollout await_rollout(Context &context, std::string_view name, std::chrono::milliseconds time) {
  const sys::Deadline end = context.until(time);
  Rollout rollout = rollout_of(context, name);
  while (!rollout.ready && !context.is_over(end)) {
    context.sleep(std::chrono::milliseconds(300));
    rollout = rollout_of(context, name);
  }
  return rollout;
}

} // namespace hello::check
