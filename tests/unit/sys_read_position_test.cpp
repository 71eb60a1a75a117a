#include <doctest/doctest.h>

#include <stdlib.h>
#include <string>

#include "hello/file.h"
#include "sys/read_position.h"

using namespace hello;

TEST_CASE("a position is restored for the same file only") {
  char directory[] = "/tmp/hello-position-XXXXXX";
  REQUIRE(::mkdtemp(directory) != nullptr);
  const std::string log = std::string(directory) + "/log", kept = std::string(directory) + "/kept";
  sys::write_file(log, "first line\nsecond line\n");
  sys::OpenFile file = sys::open_file(log);
  file.offset = 11;
  sys::ReadPosition(kept).save(file);

  const auto restored = [&](const std::string &path) {
    sys::OpenFile again = sys::open_file(path);
    return sys::ReadPosition(kept).restore(again) ? again.offset : -1;
  };
  CHECK(restored(log) == 11);
  const sys::Fd other = sys::open_file(log).fd; // keeps the inode from being used again
  sys::write_file(log, "first line\nsecond line\n");
  CHECK(restored(log) == -1); // another inode
  CHECK(restored(log + ".1") == -1);

  sys::OpenFile now = sys::open_file(log);
  now.offset = 11;
  sys::ReadPosition(kept).save(now);
  sys::write_file(kept, "not a position");
  CHECK(restored(log) == -1);
}
