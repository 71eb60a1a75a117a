#include <atomic>
#include <stdexcept>
#include <thread>

#include <doctest/doctest.h>

#include "hello/background.h"

using namespace hello;

TEST_CASE("background: finish waits, and throws what the function threw") {
  std::atomic<int> done = 0;
  sys::Background good([&] { done = 1; });
  sys::Background bad([] { throw std::runtime_error("no luck"); });
  good.finish();
  CHECK(done == 1);
  CHECK_THROWS_WITH_AS(bad.finish(), "no luck", std::runtime_error);
}

TEST_CASE("background: its end waits for the function") {
  std::atomic<int> done = 0;
  {
    const sys::Background work([&] {
      std::this_thread::yield();
      done = 1;
    });
  }
  CHECK(done == 1);
}
