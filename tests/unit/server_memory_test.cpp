#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "server/process/memory.h"

namespace fs = std::filesystem;
using hello::server::memory_limit_bytes;

namespace {
/// A machine's /proc and /sys, as files in a folder of their own.
struct Machine {
  std::string root;
  Machine() {
    char path[] = "/tmp/hello-memory.XXXXXX";
    root = ::mkdtemp(path);
    file("/proc/meminfo", "MemTotal:       24689764 kB\nMemFree:         1000000 kB\n");
  }
  ~Machine() { fs::remove_all(root); }
  void file(const std::string &path, const std::string &text) {
    fs::create_directories(fs::path(root + path).parent_path());
    std::ofstream(root + path) << text;
  }
};
constexpr const char *kV2 = "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
constexpr std::size_t kMiB = 1 << 20;
} // namespace

TEST_CASE("memory: without a limit it is a quarter of the machine's, and at most 512 MiB") {
  Machine machine;
  CHECK(memory_limit_bytes(machine.root) == 512 * kMiB);
  machine.file("/proc/meminfo", "MemTotal:         524288 kB\n");
  CHECK(memory_limit_bytes(machine.root) == 128 * kMiB);
  machine.file("/proc/meminfo", "nothing");
  CHECK(memory_limit_bytes(machine.root) == 512 * kMiB);
}

TEST_CASE("memory: a container's limit of cgroup v2, as a Kubernetes node has it") {
  Machine machine;
  machine.file("/proc/self/mountinfo", kV2);
  machine.file("/proc/self/cgroup", "0::/\n"); // in the container's own namespace
  machine.file("/sys/fs/cgroup/memory.max", "134217728\n");
  CHECK(memory_limit_bytes(machine.root) == 128 * kMiB);
  machine.file("/sys/fs/cgroup/memory.max", "max\n");
  CHECK(memory_limit_bytes(machine.root) == 512 * kMiB);
}

TEST_CASE("memory: the lowest limit of the group and its parents counts, in cgroup v2") {
  Machine machine;
  machine.file("/proc/self/mountinfo", kV2);
  machine.file("/proc/self/cgroup", "0::/kubepods.slice/pod1.slice/cri-2.scope\n");
  const std::string pod = "/sys/fs/cgroup/kubepods.slice/pod1.slice";
  machine.file(pod + "/cri-2.scope/memory.max", "max\n");
  machine.file(pod + "/memory.max", "67108864\n");
  machine.file("/sys/fs/cgroup/kubepods.slice/memory.max", "16000000000\n");
  CHECK(memory_limit_bytes(machine.root) == 64 * kMiB);
  machine.file(pod + "/cri-2.scope/memory.max", "33554432\n");
  CHECK(memory_limit_bytes(machine.root) == 32 * kMiB);
}

TEST_CASE("memory: cgroup v1, nested and through a mount of a subtree") {
  Machine machine;
  machine.file("/proc/self/mountinfo",
               "30 23 0:27 /docker/x /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
               "31 23 0:28 / /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n" +
                   std::string(kV2));
  machine.file("/proc/self/cgroup", "5:memory:/docker/x/inner\n4:cpu:/docker/x\n0::/\n");
  machine.file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "134217728\n");
  machine.file("/sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK(memory_limit_bytes(machine.root) == 128 * kMiB);
  machine.file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK(memory_limit_bytes(machine.root) == 512 * kMiB);
}
