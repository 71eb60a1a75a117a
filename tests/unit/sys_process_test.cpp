#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <string>

#include "hello/error.h"
#include "hello/process.h"

using namespace hello;
using namespace std::chrono_literals;

namespace {

sys::Finished shell(const std::string &script, std::string_view input = {},
                    std::chrono::milliseconds time = 1min) {
  return sys::run({"/bin/sh", "-c", script}, input, sys::Clock::now() + time);
}

} // namespace

TEST_CASE("a child's exit code, signal and both outputs come back") {
  const sys::Finished exited = shell("echo out; echo err >&2; exit 7");
  CHECK(exited.code == 7);
  CHECK(exited.out == "out\n");
  CHECK(exited.err == "err\n");
  CHECK(shell("kill -TERM $$").code == 128 + 15);
}

TEST_CASE("a child reads all of its input, however big, or /dev/null") {
  const std::string input(1 << 20, 'x');
  CHECK(shell("cat", input).out == input);
  CHECK(shell("cat").out.empty());
  CHECK(shell("exec <&-; exit 3", input).code == 3); // not our end either
}

TEST_CASE("at the deadline a child is killed, printing or silent") {
  for (const char *script :
       {"while :; do echo more; done", "sleep 600", "exec >&- 2>&-; sleep 600"}) {
    CAPTURE(script);
    const sys::Finished ended = shell(script, {}, 200ms);
    CHECK(ended.timed_out);
    CHECK(ended.code == 128 + 9);
  }
}

TEST_CASE("a program that cannot be started is an error that names it") {
  CHECK_THROWS_WITH_AS(sys::Child({"/nonexistent/kubectl"}),
                       "cannot start /nonexistent/kubectl: No such file or directory", Error);
}
