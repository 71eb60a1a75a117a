#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "hello/error.h"
#include "server/process/drill_runner.h"
#include "server/process/kept_drill.h"
#include "support/drill_of.h"
#include "support/eventually.h"

using namespace hello;
using namespace hello::server;
using namespace std::chrono_literals;
using drills::Fault;
namespace fs = std::filesystem;

namespace {

constexpr std::time_t kNow = 1795867200;

struct Folder {
  std::string path = fs::temp_directory_path() / "hello-kept-XXXXXX";
  Folder() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
  ~Folder() { fs::remove_all(path); }

  void write(Fault fault, const std::string &text) const {
    std::ofstream(drill_file(path, fault)) << text;
  }
  bool has(Fault fault) const { return fs::exists(drill_file(path, fault)); }
  /// Whether the start fails.
  bool fails(std::time_t now) const {
    try {
      fail_start(path, now);
    } catch (const Error &error) {
      CHECK(error.code() == Exit::failure);
      return true;
    }
    return false;
  }
};

drills::Drill drill(std::string_view text, int repeat = 0) {
  drills::Drill one = test::drill_of(text);
  one.repeat = repeat;
  return one;
}

} // namespace

TEST_CASE("kept drill: a crash is read back with its count and what is left of its time") {
  const Folder folder;
  CHECK(keep_drill(folder.path, drill("crash=7", 3), kNow) == "");
  const auto kept = kept_drill(folder.path, Fault::crash, kNow + 20);
  REQUIRE(kept);
  CHECK(kept->text == "crash=7");
  CHECK(kept->amount == 7);
  CHECK(kept->repeat == 3);
  CHECK(kept->time == 40s);
  CHECK(keep_drill(folder.path, drill("crash=7", 0), kNow) == "");
  CHECK_FALSE(folder.has(Fault::crash));
}

TEST_CASE("kept drill: a file that is damaged or late is deleted") {
  const Folder folder;
  for (const char *text :
       {"", "crash=7 3 1795867260", "crash=7 3\n", "crash=7 3 1795867200\n",
        "crash=7 3 1795868101\n", "crash=7 0 1795867260\n", "crash=7 11 1795867260\n",
        "crash=999 3 1795867260\n", "start=3 3 1795867260\n", "crash=7 3 1795867260 1\n", "\n",
        "crash=7 x 1795867260\n"}) {
    INFO(text);
    folder.write(Fault::crash, text);
    CHECK_FALSE(kept_drill(folder.path, Fault::crash, kNow));
    CHECK_FALSE(folder.has(Fault::crash));
  }
  folder.write(Fault::crash, "crash=7 3 1795867260\n");
  CHECK(kept_drill(folder.path, Fault::crash, kNow));
  fs::rename(drill_file(folder.path, Fault::crash), folder.path + "/other");
  fs::create_symlink(folder.path + "/other", drill_file(folder.path, Fault::crash));
  CHECK_FALSE(kept_drill(folder.path, Fault::crash, kNow));
  CHECK(fs::exists(folder.path + "/other"));
  CHECK(keep_drill(folder.path + "/none", drill("crash", 3), kNow).find("cannot write ") == 0);
}

TEST_CASE("kept drill: as many starts fail as were asked for, until the time is up") {
  const Folder folder;
  CHECK_FALSE(folder.fails(kNow));
  CHECK(keep_drill(folder.path, drill("start=2"), kNow) == "");
  CHECK(folder.fails(kNow + 1));
  CHECK(folder.fails(kNow + 20));
  CHECK_FALSE(folder.has(Fault::start));
  CHECK_FALSE(folder.fails(kNow + 21));
  CHECK(keep_drill(folder.path, drill("start=2"), kNow) == "");
  CHECK_FALSE(folder.fails(kNow + 60));
  CHECK_FALSE(folder.has(Fault::start));
}

TEST_CASE("drill runner: a crash that repeats can be stopped after a start") {
  const Folder folder;
  CHECK(keep_drill(folder.path, drill("crash=7", 3), std::time(nullptr)) == "");
  Faults faults;
  DrillRunner runner(faults, {}, {folder.path, 32 << 20, 0});
  CHECK(folder.has(Fault::crash));
  runner.end(Fault::crash);
  CHECK_FALSE(folder.has(Fault::crash));
  runner.start(); // a crash would end this process
  CHECK(runner.active().empty());
}

TEST_CASE("drill runner: a drill that cannot be kept does not begin") {
  const Folder folder;
  Faults faults;
  DrillRunner runner(faults, {}, {folder.path + "/none", 32 << 20, 0});
  CHECK(runner.begin(drill("start=2")).find("cannot write ") == 0);
  CHECK(runner.begin(drill("disk=1Gi")).find("disk: ") == 0);
  CHECK(runner.active().empty());
  CHECK_FALSE(faults.any());
  CHECK_THROWS_AS(DrillRunner(faults, {{drill("disk=1Gi"), 0s}}), Error);
}

TEST_CASE("drill runner: the disk's file is removed at the end") {
  const Folder folder;
  Faults faults;
  DrillRunner runner(faults, {}, {folder.path, 32 << 20, 0, [] { return std::int64_t{1} << 30; }});
  runner.start();
  CHECK(runner.begin(drill("disk=3Mi")) == "");
  const std::string file = drill_file(folder.path, Fault::disk);
  CHECK(tests::eventually([&] { return fs::exists(file) && fs::file_size(file) == 3 << 20; }));
  runner.end(Fault::disk);
  CHECK_FALSE(fs::exists(file));
}
