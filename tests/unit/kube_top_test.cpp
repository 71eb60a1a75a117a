#include <doctest/doctest.h>

#include "hello/top.h"
#include "hello/yaml.h"

using namespace hello;

namespace {

json::Value read(const std::string &text) {
  return json::parse(yaml::to_json(yaml::load(text, "object")), "object");
}

} // namespace

TEST_CASE("top: containers are added up, and what one lacks the pod lacks") {
  auto usage = kube::usage_of_pod(read(R"(
metadata: {name: a}
spec:
  containers:
    - resources: {requests: {cpu: 100m, memory: 32Mi}, limits: {cpu: "1", memory: 128Mi}}
    - resources: {requests: {cpu: 50m, memory: 32Mi}, limits: {memory: 64Mi}}
  initContainers: [{resources: {requests: {cpu: "9"}}}]
)"));
  REQUIRE(usage);
  CHECK_FALSE(usage->cpu.used);
  kube::add_measurement(
      *usage, read("containers: [{usage: {cpu: 50m, memory: 16Mi}}, {usage: {cpu: 25m, memory: "
                   "8Mi}}]"));
  CHECK(*usage->cpu.used == doctest::Approx(0.075));
  CHECK(*usage->cpu.request == doctest::Approx(0.15));
  CHECK_FALSE(usage->cpu.limit);
  CHECK(*usage->memory.used == doctest::Approx(24.0 * 1048576));
  CHECK(*usage->memory.limit == doctest::Approx(192.0 * 1048576));
  const auto bare = kube::usage_of_pod(read("{metadata: {name: b}, spec: {containers: [{}]}}"));
  REQUIRE(bare);
  CHECK(bare->pod == "b");
  CHECK_FALSE(bare->memory.request);
  CHECK_FALSE(kube::usage_of_pod(read("{metadata: {name: c}, status: {phase: Succeeded}}")));
}
