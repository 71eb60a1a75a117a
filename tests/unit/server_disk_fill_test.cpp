#include <doctest/doctest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "hello/drills.h"
#include "server/process/disk_fill.h"

using namespace hello;
using namespace hello::server;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kMi = 1 << 20;

std::int64_t room() { return 1 << 30; }
std::int64_t no_room() { return 0; }

struct Folder {
  std::string path = fs::temp_directory_path() / "hello-disk-XXXXXX";
  Folder() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
  ~Folder() { fs::remove_all(path); }
  std::string file() const { return path + "/hello-drill-disk"; }
};

} // namespace

TEST_CASE("disk fill: the file grows by parts up to what is wanted, and is removed") {
  const Folder folder;
  DiskFill disk(folder.path, 10 * kMi, 0, room);
  for (int n = 0; n < 5; ++n) CHECK(disk.grow(3 * kMi) == 0);
  CHECK(fs::file_size(folder.file()) == 3 * kMi);
  disk.remove();
  CHECK_FALSE(fs::exists(folder.file()));
  CHECK(disk.bytes() == 0);
}

TEST_CASE("disk fill: it takes at most 80 % of the limit, less what others may take") {
  const Folder folder;
  DiskFill disk(folder.path, 10 * kMi, 3 * kMi, room);
  CHECK(disk.refusal(4 * kMi) == "");
  CHECK(disk.refusal(6 * kMi).find("disk: 4 MiB is the most, 80 % of tmp.sizeLimit") == 0);
  CHECK(disk.refusal(drills::kNoBound) == "");
  for (int n = 0; n < 20; ++n) CHECK(disk.grow(6 * kMi) == 0);
  CHECK(disk.bytes() <= 5 * kMi);
  DiskFill none(folder.path, 10 * kMi, 20 * kMi);
  CHECK(none.refusal(kMi) != "");
}

TEST_CASE("disk fill: it waits for room in memory, of which the directory may be made") {
  const Folder folder;
  DiskFill disk(folder.path, 10 * kMi, 0, no_room);
  CHECK(disk.grow(3 * kMi) == 0);
  CHECK_FALSE(fs::exists(folder.file()));
}

TEST_CASE("disk fill: without a bound it goes past the limit, by some MiB") {
  const Folder folder;
  DiskFill disk(folder.path, 4 * kMi, 0, room);
  for (int n = 0; n < 30; ++n) CHECK(disk.grow(drills::kNoBound) == 0);
  CHECK(disk.bytes() == 12 * kMi);
}

TEST_CASE("disk fill: what an earlier process left is removed, and a link is not followed") {
  const Folder folder;
  const std::string other = folder.path + "/other";
  std::ofstream(other) << "kept";
  fs::create_symlink(other, folder.file());
  DiskFill disk(folder.path, 10 * kMi, 0, room);
  CHECK_FALSE(fs::exists(fs::symlink_status(folder.file())));
  fs::create_symlink(other, folder.file());
  CHECK(disk.grow(kMi) == EEXIST);
  CHECK(fs::file_size(other) == 4);
  DiskFill nowhere(folder.path + "/none", 10 * kMi, 0, room);
  CHECK(nowhere.grow(kMi) == ENOENT);
}
