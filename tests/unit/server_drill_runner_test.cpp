#include <doctest/doctest.h>

#include "server/process/drill_runner.h"
#include "support/drill_of.h"
#include "support/eventually.h"

using namespace hello;
using namespace hello::server;
using namespace std::chrono_literals;
using drills::Fault;
using hello::tests::eventually;

namespace {
drills::Drill drill(std::string_view text, std::chrono::milliseconds time) {
  drills::Drill one = test::drill_of(text);
  one.time = time;
  return one;
}
} // namespace

TEST_CASE("drill runner: a scheduled drill begins at its time, and ends by itself") {
  Faults faults;
  // Long enough to be seen on a busy machine.
  DrillRunner runner(faults, {{drill("unready", 3s), 100ms}, {drill("latency=7ms", 60s), 0ms}});
  const auto start = std::chrono::steady_clock::now();
  runner.start();
  CHECK(eventually([&] { return faults.has(Fault::latency); }));
  CHECK(faults.amount(Fault::latency) == 7);
  CHECK(eventually([&] { return faults.has(Fault::unready); }));
  CHECK(std::chrono::steady_clock::now() - start >= 100ms);
  CHECK(eventually([&] { return !faults.has(Fault::unready); }));
  CHECK(std::chrono::steady_clock::now() - start >= 3100ms);
  CHECK(faults.has(Fault::latency));
  REQUIRE(runner.active().size() == 1);
  CHECK(runner.active()[0].drill.text == "latency=7ms");
  CHECK(runner.active()[0].left <= 60s);
}

TEST_CASE("drill runner: drills begin and end on request; a new one takes the old one's place") {
  Faults faults;
  DrillRunner runner(faults, {});
  runner.start();
  runner.begin(drill("errors=503", 60s));
  CHECK(eventually([&] { return faults.has(Fault::errors); }));
  runner.begin(drill("errors=404,10%", 60s));
  CHECK(eventually([&] { return faults.amount(Fault::errors) == 404; }));
  CHECK(faults.has(Fault::errors));
  CHECK(runner.active().size() == 1);
  runner.end(Fault::unready);
  CHECK(faults.has(Fault::errors));
  runner.end(Fault::errors);
  CHECK_FALSE(faults.any());
  CHECK(runner.active().empty());
  runner.begin(drill("burn=1%", 100ms));
  CHECK(eventually([&] { return faults.has(Fault::burn); }));
  CHECK(eventually([&] { return !faults.has(Fault::burn); }));
}
