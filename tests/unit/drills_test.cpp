#include <doctest/doctest.h>

#include <string>

#include "hello/drills.h"

using namespace hello::drills;
using namespace std::chrono_literals;

namespace {

std::string wrong(std::string_view text) {
  Drill drill;
  return parse(text, drill);
}

Drill read(std::string_view text) {
  Drill drill;
  CHECK(parse(text, drill) == "");
  CHECK(drill.text == text);
  return drill;
}

std::string wrong_schedule(std::string_view text) {
  Scheduled scheduled;
  return parse(text, scheduled);
}

} // namespace

TEST_CASE("drills: each fault has a name, and values of its own") {
  for (const Definition &one : definitions()) {
    INFO(one.name);
    REQUIRE(fault_of(one.name));
    CHECK(name_of(*fault_of(one.name)) == one.name);
    CHECK(one.help != "");
    if (one.value.empty() || !one.fallback.empty()) read(one.name);
  }
  CHECK(read("unready").fault == Fault::unready);
  CHECK(read("latency=200ms").amount == 200);
  CHECK(read("latency=200ms,50ms").second == 50);
  CHECK(read("errors").amount == 500);
  CHECK(read("errors").second == 100);
  CHECK(read("errors=503,20%").amount == 503);
  CHECK(read("errors=503,20").second == 20);
  CHECK(read("reset=5%").amount == 5);
  CHECK(read("work=5ms").amount == 5);
  CHECK(read("burn").amount == 100);
  CHECK(read("crash").amount == 1);
  CHECK(read("crash=0").amount == 0);
  CHECK(read("crash=segv").second == static_cast<int>(Crash::segv));
  CHECK(read("latency=1s").time == 60s);
  CHECK(read("drain=10s").amount == 10'000);
  CHECK(read("log").amount == 100);
  CHECK(read("log=500").amount == 500);
  CHECK(read("memory=64Mi").amount == 64 << 20);
  CHECK(read("memory=oom").amount == kNoBound);
  CHECK(read("disk=8Mi").amount == 8 << 20);
  CHECK(read("disk=evict").amount == kNoBound);
  CHECK(read("disk=evict").time == 3min);
  CHECK(read("disk=8Mi").time == 60s);
  CHECK(read("start").amount == 1);
  CHECK(read("start=10").amount == 10);
}

TEST_CASE("drills: only a crash repeats, at most ten times") {
  Drill crash = read("crash=7");
  CHECK(parse_repeat("3", crash) == "");
  CHECK(crash.repeat == 3);
  CHECK(outlives_process(crash));
  for (const char *text : {"", "0", "11", "-1", "x", "1.5"}) {
    INFO(text);
    CHECK(parse_repeat(text, crash).find("is not a number from 1 to 10") != std::string::npos);
  }
  Drill errors = read("errors");
  CHECK(parse_repeat("2", errors) == "errors cannot repeat: only crash can");
}

TEST_CASE("drills: what is wrong with a fault names the value and what is accepted") {
  const std::pair<std::string_view, std::string_view> kWrong[] = {
      {"", "unknown fault ''"},
      {"slow", "unknown fault 'slow': use unready, unlive, latency"},
      {"unready=1", "unready takes no value: '1'"},
      {"unready=", "unready takes no value: ''"},
      {"latency", "latency needs a value: latency=TIME[,JITTER]"},
      {"latency=", "latency needs a value"},
      {"latency=5", "latency: '5' is not a time from 1ms to 60000ms"},
      {"latency=61s", "latency: '61s' is not a time"},
      {"latency=0", "latency: '0' is not a time"},
      {"latency=10ms,20ms", "latency: '20ms' is not a time from 0ms to 10ms"},
      {"latency=10ms,", "latency: '10ms,' is not TIME[,JITTER]"},
      {"latency=10ms,1ms,1ms", "latency: '1ms,1ms' is not a time"},
      {"errors=200", "errors: '200' is not a status that a drill answers: use 400, 403"},
      {"errors=503,0%", "errors: '0%' is not a share from 1% to 100%"},
      {"errors=,20%", "errors: '' is not a status"},
      {"reset=101%", "reset: '101%' is not a share"},
      {"reset=-1", "reset: '-1' is not a share"},
      {"reset=1,2", "reset: '1,2' is not SHARE"},
      {"work=2s", "work: '2s' is not a time from 1ms to 1000ms"},
      {"burn=%", "burn: '%' is not a share"},
      {"hang=1", "hang takes no value: '1'"},
      {"drain=11m", "drain: '11m' is not a time from 1ms to 600000ms"},
      {"log=501", "log: '501' is not a number from 1 to 500"},
      {"log=0", "log: '0' is not a number"},
      {"memory", "memory needs a value: memory=SIZE|oom"},
      {"memory=1", "memory: '1' is not a size from 1Mi to 64Gi, such as 64Mi, or oom"},
      {"memory=evict", "memory: 'evict' is not a size"},
      {"disk", "disk needs a value: disk=SIZE|evict"},
      {"disk=65Gi", "disk: '65Gi' is not a size from 1Mi to 64Gi, such as 64Mi, or evict"},
      {"disk=oom", "disk: 'oom' is not a size"},
      {"start=0", "start: '0' is not a number from 1 to 10"},
      {"start=11", "start: '11' is not a number"},
      {"crash=256", "crash: '256' is not an exit code from 0 to 255, segv, ill or fpe"},
      {"crash=kill", "a container's first process gets no default action"},
      {"crash=exit", "crash: 'exit' is not an exit code"},
  };
  for (const auto &row : kWrong) {
    INFO(row.first);
    CHECK(wrong(row.first).find(row.second) != std::string::npos);
  }
  CHECK(wrong("start=" + std::string(50, '0') + "1") == "");
  CHECK(wrong("start=" + std::string(100, '0') + "1").find("too long") != std::string::npos);
}

TEST_CASE("drills: a schedule has a start and may have a time, both bounded") {
  Scheduled one;
  CHECK(parse("unready@20s+15s", one) == "");
  CHECK(one.drill.fault == Fault::unready);
  CHECK(one.start == 20s);
  CHECK(one.drill.time == 15s);
  CHECK(parse("errors=503,20%@0+15m", one) == "");
  CHECK(one.drill.text == "errors=503,20%");
  CHECK(one.start == 0s);
  Scheduled two;
  CHECK(parse("crash@1m", two) == "");
  CHECK(two.drill.time == 60s);
  CHECK(wrong_schedule("unready") == "it has no start: write FAULT[=VALUE]@START[+TIME]");
  CHECK(wrong_schedule("unready@").find("'' is not a start from 0s to 24h") == 0);
  CHECK(wrong_schedule("unready@25h") != "");
  CHECK(wrong_schedule("unready@1s+").find("'' is not a time from 1s to 15m") == 0);
  CHECK(wrong_schedule("unready@1s+16m") != "");
  CHECK(wrong_schedule("unready@1s+500ms") != "");
  CHECK(wrong_schedule("slow@1s").find("unknown fault") == 0);
}
