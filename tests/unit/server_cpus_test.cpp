#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "server/process/cpus.h"

namespace fs = std::filesystem;
using hello::server::usable_cpus;

namespace {
/// A machine's /proc and /sys, as files in a folder of their own.
struct Machine {
  std::string root;
  Machine() {
    char path[] = "/tmp/hello-cpus.XXXXXX";
    root = ::mkdtemp(path);
  }
  ~Machine() { fs::remove_all(root); }
  void file(const std::string &path, const std::string &text) {
    fs::create_directories(fs::path(root + path).parent_path());
    std::ofstream(root + path) << text;
  }
};
constexpr const char *kV2 = "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
} // namespace

TEST_CASE("cpus: a quota of cgroup v2 is rounded up, and the affinity is the upper bound") {
  Machine machine;
  machine.file("/proc/self/mountinfo", kV2);
  machine.file("/proc/self/cgroup", "0::/\n");
  unsigned all = usable_cpus(machine.root);
  machine.file("/sys/fs/cgroup/cpu.max", "max 100000\n");
  CHECK(usable_cpus(machine.root) == all);
  machine.file("/sys/fs/cgroup/cpu.max", "20000 100000\n");
  CHECK(usable_cpus(machine.root) == 1);
  machine.file("/sys/fs/cgroup/cpu.max", "819200000 100000\n");
  CHECK(usable_cpus(machine.root) == all);
}

TEST_CASE("cpus: a lower quota of the parent group counts") {
  Machine machine;
  machine.file("/proc/self/mountinfo", kV2);
  machine.file("/proc/self/cgroup", "0::/pod/container\n");
  machine.file("/sys/fs/cgroup/pod/container/cpu.max", "max 100000\n");
  machine.file("/sys/fs/cgroup/pod/cpu.max", "50000 100000\n");
  CHECK(usable_cpus(machine.root) == 1);
}

TEST_CASE("cpus: a quota of cgroup v1 is found through a mount of a subtree") {
  Machine machine;
  machine.file(
      "/proc/self/mountinfo",
      "30 23 0:27 /docker/x /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n");
  machine.file("/proc/self/cgroup", "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n");
  machine.file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "100000\n");
  machine.file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  CHECK(usable_cpus(machine.root) == 1);
  machine.file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  CHECK(usable_cpus(machine.root) == usable_cpus()); // no quota: the affinity alone
}
