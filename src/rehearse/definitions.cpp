#include "hello/rehearse.h"

namespace hello::rehearse {
namespace {

constexpr Definition kDefinitions[] = {
    {"rolling-restart", "Replace all pods, as a deploy does",
     "10 s of load; then the pods are replaced by the Deployment's strategy, as by 'kubectl "
     "rollout "
     "restart'; 10 s of load after the last one. Users should feel nothing."},
    {"failing-readiness", "One pod fails its readiness probe, and comes back",
     "10 s of load; then /readyz of one pod answers 503 until the pod is out of the Service, and "
     "some time longer; 10 s of load after it is back. Users should feel nothing, if the other "
     "pods can carry the load."},
    {"slow-pod", "One pod answers half a second late",
     "10 s of load; then one pod delays each answer by 500 ms, for 30 s; 10 s of load after it. It "
     "stays ready: users whose requests reach it wait."},
};

} // namespace

std::span<const Definition> definitions() { return kDefinitions; }

std::optional<Exercise> exercise_of(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kDefinitions); ++i)
    if (kDefinitions[i].name == name) return static_cast<Exercise>(i);
  return std::nullopt;
}

} // namespace hello::rehearse
