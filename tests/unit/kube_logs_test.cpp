#include <doctest/doctest.h>

#include <vector>

#include "hello/logs.h"

using namespace hello;

TEST_CASE("logs: the kubelet's time is taken off, and nothing else") {
  const auto line = kube::log_line("p", "c", "2026-11-23T04:00:00.123456789Z {\"msg\": \"a b\"}");
  CHECK(line.time == "2026-11-23T04:00:00.123456789Z");
  CHECK(line.text == "{\"msg\": \"a b\"}");
  CHECK(kube::log_line("p", "c", "2026-11-23T04:00:00.123456789Z ").text == "");
  CHECK(kube::log_line("p", "c", "failed to try resolving symlinks").text ==
        "failed to try resolving symlinks");
  CHECK(kube::log_line("p", "c", "").time == "");
}

TEST_CASE("logs: after a reconnection no line comes twice, and none is missing") {
  // As a server that knows seconds only: all lines of that second come again.
  const std::vector<std::string> log = {"00.1", "00.2", "01.1", "01.5",
                                        "01.5", "01.5", "01.7", "02.0"};
  for (std::size_t cut = 0; cut <= log.size(); ++cut) {
    CAPTURE(cut);
    kube::Seen seen;
    std::vector<std::string> got;
    for (std::size_t i = 0; i < cut; ++i)
      if (seen.fresh(log[i])) got.push_back(log[i]);
    seen.again();
    const std::string second = seen.last().substr(0, 2);
    for (const std::string &line : log)
      if (line >= second && seen.fresh(line)) got.push_back(line);
    CHECK(got == log);
  }
}
