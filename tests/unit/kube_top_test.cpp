#include <doctest/doctest.h>

#include "hello/top.h"
#include "hello/yaml.h"

using namespace hello;

TEST_CASE("top: quantities as Kubernetes writes them") {
  for (const auto &[text, value] : {std::pair{"100m", 0.1},
                                    {"1", 1.0},
                                    {"1.5", 1.5},
                                    {"367143n", 0.000367143},
                                    {"12u", 0.000012},
                                    {"0", 0.0},
                                    {"2e3", 2000.0},
                                    {"2E3", 2000.0},
                                    {"1E", 1e18},
                                    {"128Mi", 134217728.0},
                                    {"12740Ki", 13045760.0},
                                    {"1Ei", 1152921504606846976.0},
                                    {"1k", 1000.0},
                                    {"129M", 129e6},
                                    {".5Gi", 536870912.0}}) {
    CAPTURE(text);
    REQUIRE(kube::quantity(text));
    CHECK(*kube::quantity(text) == doctest::Approx(value));
  }
  for (const char *text :
       {"", "m", "Mi", "1Q", "1 Mi", "1.2.3", "--1", "e3", "1e", "0x10", "inf", "nan"}) {
    CAPTURE(text);
    CHECK_FALSE(kube::quantity(text));
  }
}

TEST_CASE("top: containers are added up, and what one lacks the pod lacks") {
  const auto all = kube::usage_of(
      yaml::load("items: [{metadata: {name: a}, containers: [{usage: {cpu: 50m, memory: "
                 "16Mi}}, {usage: {cpu: 25m, memory: 8Mi}}]}]",
                 "metrics"),
      yaml::load(R"(
items:
  - metadata: {name: a}
    spec:
      containers:
        - resources: {requests: {cpu: 100m, memory: 32Mi}, limits: {cpu: "1", memory: 128Mi}}
        - resources: {requests: {cpu: 50m, memory: 32Mi}, limits: {memory: 64Mi}}
      initContainers: [{resources: {requests: {cpu: "9"}}}]
  - {metadata: {name: b}, spec: {containers: [{}]}}
  - {metadata: {name: c}, spec: {containers: [{}]}, status: {phase: Succeeded}}
)",
                 "pods"));
  REQUIRE(all.size() == 2);
  CHECK(*all[0].cpu.used == doctest::Approx(0.075));
  CHECK(*all[0].cpu.request == doctest::Approx(0.15));
  CHECK_FALSE(all[0].cpu.limit);
  CHECK(*all[0].memory.used == doctest::Approx(24.0 * 1048576));
  CHECK(*all[0].memory.limit == doctest::Approx(192.0 * 1048576));
  CHECK(all[1].pod == "b");
  CHECK_FALSE(all[1].cpu.used);
  CHECK_FALSE(all[1].memory.request);
}
