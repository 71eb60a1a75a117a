#include <doctest/doctest.h>

#include <fstream>

#include "hello/drills.h"
#include "server/process/ballast.h"

using namespace hello;
using namespace hello::server;

namespace {
constexpr std::int64_t kMi = 1 << 20;
std::int64_t room = 0;
std::int64_t scripted_room() { return room; }
} // namespace

TEST_CASE("ballast: it grows to what is wanted by parts, and gives all back") {
  Ballast ballast(scripted_room);
  room = 1000 * kMi;
  ballast.keep(20 * kMi);
  CHECK(ballast.bytes() == 8 * kMi);
  for (int n = 0; n < 3; ++n) ballast.keep(20 * kMi);
  CHECK(ballast.bytes() == 20 * kMi);
  ballast.keep(3 * kMi);
  CHECK(ballast.bytes() == 3 * kMi);
  ballast.keep(0);
  CHECK(ballast.bytes() == 0);
}

TEST_CASE("ballast: it stops below the limit, and gives way when the service needs more") {
  Ballast ballast(scripted_room);
  room = 5 * kMi + 1;
  ballast.keep(20 * kMi);
  CHECK(ballast.bytes() == 5 * kMi);
  room = 1;
  ballast.keep(20 * kMi);
  CHECK(ballast.bytes() == 5 * kMi);
  room = -1;
  ballast.keep(20 * kMi);
  CHECK(ballast.bytes() == 4 * kMi);
  room = -100 * kMi;
  ballast.keep(20 * kMi);
  CHECK(ballast.bytes() == 0);
}

TEST_CASE("ballast: without a bound it does not look at the limit") {
  Ballast ballast(scripted_room);
  room = -1;
  ballast.keep(drills::kNoBound);
  CHECK(ballast.bytes() == 8 * kMi);
}
