#include <doctest/doctest.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "server/process/seccomp_filter.h"

using namespace hello::server;

namespace {

/// Runs a filter as the kernel does. Only the instructions that filters here have.
/// Source: Linux's Documentation/networking/filter.rst
std::uint32_t run(const std::vector<sock_filter> &code, const seccomp_data &data) {
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < code.size(); ++at) {
    const sock_filter &i = code[at];
    switch (i.code) {
    case BPF_LD | BPF_W | BPF_ABS:
      REQUIRE(i.k + sizeof accumulator <= sizeof data);
      REQUIRE(i.k % 4 == 0);
      std::memcpy(&accumulator, reinterpret_cast<const char *>(&data) + i.k, sizeof accumulator);
      break;
    case BPF_ALU | BPF_AND | BPF_K: accumulator &= i.k; break;
    case BPF_JMP | BPF_JEQ | BPF_K: at += accumulator == i.k ? i.jt : i.jf; break;
    case BPF_RET | BPF_K: return i.k;
    default: FAIL("unknown instruction ", i.code);
    }
  }
  FAIL("the filter has no end");
  return 0;
}

constexpr std::uint32_t kPid = 4711;
constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW, kKill = SECCOMP_RET_KILL_PROCESS;
constexpr std::uint32_t refused(int number) {
  return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(number);
}

/// What differs between the two architectures, by the kernel's own numbers.
struct Machine {
  Architecture architecture;
  std::uint32_t audit;
  int openat, sendto, clone, clone3, fcntl, prlimit64, mmap, mprotect, tgkill, setsockopt,
      getsockopt, sched_setattr, read, execve, socket, connect, kill, ptrace, rename, unlinkat,
      io_uring_setup, sendmsg, ftruncate, ioctl, prctl;
  std::uint64_t no_follow;
};
constexpr Machine kMachines[] = {
    {Architecture::x86_64,
     AUDIT_ARCH_X86_64,
     257,
     44,
     56,
     435,
     72,
     302,
     9,
     10,
     234,
     54,
     55,
     314,
     0,
     59,
     41,
     42,
     62,
     101,
     82,
     263,
     425,
     46,
     77,
     16,
     157,
     0400000},
    {Architecture::aarch64,
     AUDIT_ARCH_AARCH64,
     56,
     206,
     220,
     435,
     25,
     261,
     222,
     226,
     131,
     208,
     209,
     274,
     63,
     221,
     198,
     203,
     129,
     117,
     38,
     35,
     425,
     211,
     46,
     29,
     167,
     0100000},
};

struct Filter {
  const Machine &machine;
  std::vector<sock_filter> code;
  Filter(const Machine &m, FileWrites writes)
      : machine(m), code(seccomp_filter(m.architecture, kPid, writes)) {}

  std::uint32_t operator()(int call, std::vector<std::uint64_t> args = {}) const {
    seccomp_data data{call, machine.audit, 0, {}};
    std::copy(args.begin(), args.end(), data.args);
    return run(code, data);
  }
};

constexpr std::uint64_t kHigh = std::uint64_t{1} << 32;
constexpr std::uint64_t kWrOnly = 1, kRdWr = 2, kCreate = 0100, kExcl = 0200, kTrunc = 01000;

} // namespace

TEST_CASE("seccomp: another architecture, and calls that serving does not need, end the process") {
  for (const Machine &m : kMachines) {
    const Filter filter(m, FileWrites::any);
    CHECK(filter.code.size() < 512);
    CHECK(filter(m.read) == kAllow);
    for (const int call : {m.execve, m.socket, m.connect, m.kill, m.ptrace, m.io_uring_setup,
                           m.sendmsg, m.ftruncate, 0x40000000 + m.read, -1})
      CHECK(filter(call) == kKill);
    // i386, arm, and none
    for (const std::uint32_t other : {0x40000003U, 0x40000028U, m.audit ^ 1}) {
      const seccomp_data data{m.read, other, 0, {}};
      CHECK(run(filter.code, data) == kKill);
    }
    CHECK(filter(m.ioctl) == refused(ENOTTY));
    CHECK(filter(m.prctl) == refused(EPERM));
    CHECK(filter(m.clone3) == refused(ENOSYS));
  }
}

TEST_CASE("seccomp: both architectures' filters compare arguments") {
  for (const Machine &m : kMachines) {
    const Filter filter(m, FileWrites::any);
    constexpr std::uint64_t kNoSignal = 0x4000, kFastOpen = 0x20000000;
    CHECK(filter(m.sendto, {1, 2, 3, kNoSignal, 0}) == kAllow);
    CHECK(filter(m.sendto, {1, 2, 3, kNoSignal | kFastOpen, 0}) == kKill);
    CHECK(filter(m.sendto, {1, 2, 3, 0, 0}) == kKill);
    CHECK(filter(m.sendto, {1, 2, 3, kNoSignal, 4096}) == kKill);
    CHECK(filter(m.sendto, {1, 2, 3, kNoSignal, kHigh}) == kKill);

    constexpr std::uint64_t kGlibc = 0x3d0f00, kMusl = 0x7d0f00, kChild = 17;
    CHECK(filter(m.clone, {kGlibc}) == kAllow);
    CHECK(filter(m.clone, {kMusl}) == kAllow);
    for (const std::uint64_t flags : {kChild, kGlibc | kChild, kGlibc & ~0x10000UL, // no thread
                                      kGlibc | 0x10000000UL, kGlibc & ~0x800UL, 0x10000UL})
      CHECK(filter(m.clone, {flags}) == kKill);

    CHECK(filter(m.fcntl, {5, 2}) == kAllow);                  // F_SETFD
    for (const std::uint64_t command : {0, 3, 4, 8, 10, 1024}) // F_SETOWN, F_SETSIG, F_SETLEASE, …
      CHECK(filter(m.fcntl, {5, command}) == kKill);

    CHECK(filter(m.prlimit64, {0, 7, 0, 4096}) == kAllow);
    CHECK(filter(m.prlimit64, {1, 7, 0, 4096}) == kKill);
    CHECK(filter(m.prlimit64, {0, 7, 4096, 0}) == kKill);
    CHECK(filter(m.prlimit64, {0, 7, kHigh, 0}) == kKill);

    for (const int call : {m.mmap, m.mprotect}) {
      CHECK(filter(call, {0, 4096, 3}) == kAllow);
      for (const std::uint64_t protection : {4, 5, 7})
        CHECK(filter(call, {0, 4096, protection}) == kKill);
    }
    CHECK(filter(m.tgkill, {kPid, 1, 6}) == kAllow);
    CHECK(filter(m.tgkill, {kPid + 1, 1, 6}) == kKill);
    CHECK(filter(m.sched_setattr, {0}) == kAllow);
    CHECK(filter(m.sched_setattr, {1}) == kKill);

    CHECK(filter(m.setsockopt, {5, 1, 13}) == kAllow); // SO_LINGER
    CHECK(filter(m.setsockopt, {5, 6, 30}) == kKill);  // TCP_FASTOPEN_CONNECT
    CHECK(filter(m.setsockopt, {5, 6, 13}) == kKill);
    CHECK(filter(m.getsockopt, {5, 6, 11}) == kAllow); // TCP_INFO
    CHECK(filter(m.getsockopt, {5, 1, 55}) == kAllow); // SO_MEMINFO
    CHECK(filter(m.getsockopt, {5, 6, 55}) == kKill);
    CHECK(filter(m.getsockopt, {5, 0, 64}) == kKill); // IPT_SO_GET_INFO
  }
}

TEST_CASE("seccomp: what may be written depends on the log file and on Landlock") {
  for (const Machine &m : kMachines) {
    const Filter none(m, FileWrites::none), fresh(m, FileWrites::new_only), any(m, FileWrites::any);
    const std::uint64_t kNew = kCreate | kExcl | m.no_follow;
    for (const std::uint64_t reads : {std::uint64_t{0}, std::uint64_t{02004000}})
      for (const Filter *filter : {&none, &fresh, &any})
        CHECK((*filter)(m.openat, {0, 1, reads}) == kAllow);
    for (const std::uint64_t writes :
         {kWrOnly, kRdWr, kTrunc, kCreate, kWrOnly | 3, kWrOnly | (kNew & ~kExcl),
          kWrOnly | (kNew & ~kCreate), kWrOnly | (kNew & ~m.no_follow), kRdWr | 020200000}) {
      CHECK(none(m.openat, {0, 1, writes}) == refused(EACCES));
      CHECK(fresh(m.openat, {0, 1, writes}) == refused(EACCES));
      CHECK(any(m.openat, {0, 1, writes}) == kAllow);
    }
    CHECK(none(m.openat, {0, 1, kWrOnly | kNew}) == refused(EACCES));
    CHECK(fresh(m.openat, {0, 1, kWrOnly | kNew}) == kAllow);
    CHECK(fresh(m.openat, {0, 1, kRdWr | kNew | 02000}) == kAllow);
    for (const int call : {m.rename, m.unlinkat}) {
      CHECK(none(call) == kKill);
      CHECK(fresh(call) == kAllow);
    }
  }
}
