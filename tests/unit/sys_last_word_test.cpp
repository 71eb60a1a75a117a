#include <csignal>
#include <memory>

#include <doctest/doctest.h>

#include "hello/error.h"
#include "hello/last_word.h"
#include "hello/process.h"

using namespace hello;
using namespace std::chrono_literals;

TEST_CASE("last word: after a signal, one short action may still wait, and nothing after it") {
  auto interrupts = std::make_unique<sys::Interrupts>("interrupted", "");
  const auto deadline = sys::Clock::now() + 60s;
  const std::vector<std::string> command{"/bin/sh", "-c", "sleep 0.1; echo done"};
  ::raise(SIGTERM);
  CHECK_THROWS_AS(sys::run(command, "", deadline), Error);
  {
    const sys::LastWord last_word;
    CHECK(sys::run(command, "", deadline).out == "done\n");
    CHECK(sys::interrupted() == SIGTERM);
  }
  CHECK_THROWS_AS(sys::check_interrupted(), Error);
  interrupts.reset();
  const sys::Interrupts next("", ""); // forgets the signal
  CHECK_NOTHROW(sys::check_interrupted());
}
