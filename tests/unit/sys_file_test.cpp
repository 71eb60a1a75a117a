#include <cstdlib>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "hello/file.h"

using namespace hello;
namespace fs = std::filesystem;

TEST_CASE("write_file: what is no regular file is written to, and never replaced") {
  std::string folder = "/tmp/hello-file-XXXXXX";
  REQUIRE(::mkdtemp(folder.data()));
  const std::string device = folder + "/null", file = folder + "/file";
  fs::create_symlink("/dev/null", device);
  sys::write_file(device, "bytes");
  CHECK(fs::is_symlink(device));
  CHECK(fs::is_character_file(device));
  sys::write_file(file, "first");
  sys::write_file(file, "second");
  CHECK(sys::read_file(file, 100) == "second");
  CHECK(std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 2);
  CHECK_THROWS_AS(sys::write_file(folder, "bytes"), Error);
  fs::remove_all(folder);
}
