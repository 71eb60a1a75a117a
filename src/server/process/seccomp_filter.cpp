#include "server/process/seccomp_filter.h"

#include <cerrno>
#include <cstddef>
#include <initializer_list>
#include <utility>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

namespace hello::server {

namespace {

/// The number of a system call on each architecture; -1: it has none.
struct Call {
  std::int16_t x86_64, aarch64;
};

#if defined(__x86_64__)
#define HELLO_CALL(name, x86_64, aarch64)                                                          \
  constexpr Call name{x86_64, aarch64};                                                            \
  static_assert(SYS_##name == x86_64);
#define HELLO_CALL_OF_X86_64(name, x86_64) HELLO_CALL(name, x86_64, -1)
#else
#define HELLO_CALL(name, x86_64, aarch64)                                                          \
  constexpr Call name{x86_64, aarch64};                                                            \
  static_assert(SYS_##name == aarch64);
#define HELLO_CALL_OF_X86_64(name, x86_64) constexpr Call name{x86_64, -1};
#endif

/// Every call of the filter. tests/lint/docs compares them with docs/security.md.
namespace call {
HELLO_CALL(accept4, 288, 242)
HELLO_CALL(brk, 12, 214)
HELLO_CALL(clock_gettime, 228, 113)
HELLO_CALL(clone, 56, 220)
HELLO_CALL(clone3, 435, 435)
HELLO_CALL(close, 3, 57)
HELLO_CALL(epoll_ctl, 233, 21)
HELLO_CALL(epoll_pwait, 281, 22)
HELLO_CALL_OF_X86_64(epoll_wait, 232)
HELLO_CALL(exit, 60, 93)
HELLO_CALL(exit_group, 231, 94)
HELLO_CALL(fcntl, 72, 25)
HELLO_CALL(fstat, 5, 80)
HELLO_CALL(futex, 202, 98)
HELLO_CALL(getdents64, 217, 61)
HELLO_CALL(getpid, 39, 172)
HELLO_CALL(getrandom, 318, 278)
HELLO_CALL(getrusage, 98, 165)
HELLO_CALL(getsockopt, 55, 209)
HELLO_CALL(gettid, 186, 178)
HELLO_CALL(ioctl, 16, 29)
HELLO_CALL(madvise, 28, 233)
HELLO_CALL(mmap, 9, 222)
HELLO_CALL(mprotect, 10, 226)
HELLO_CALL(mremap, 25, 216)
HELLO_CALL(munmap, 11, 215)
HELLO_CALL(newfstatat, 262, 79)
HELLO_CALL_OF_X86_64(open, 2)
HELLO_CALL(openat, 257, 56)
HELLO_CALL_OF_X86_64(poll, 7)
HELLO_CALL(ppoll, 271, 73)
HELLO_CALL(prctl, 157, 167)
HELLO_CALL(pread64, 17, 67)
HELLO_CALL(prlimit64, 302, 261)
HELLO_CALL(read, 0, 63)
HELLO_CALL(recvfrom, 45, 207)
HELLO_CALL_OF_X86_64(rename, 82)
HELLO_CALL(renameat, 264, 38)
HELLO_CALL(restart_syscall, 219, 128)
HELLO_CALL(rseq, 334, 293)
HELLO_CALL(rt_sigaction, 13, 134)
HELLO_CALL(rt_sigprocmask, 14, 135)
HELLO_CALL(rt_sigtimedwait, 128, 137)
HELLO_CALL(sched_getaffinity, 204, 123)
HELLO_CALL(sched_setattr, 314, 274)
HELLO_CALL(sendto, 44, 206)
HELLO_CALL(set_robust_list, 273, 99)
HELLO_CALL(setsockopt, 54, 208)
HELLO_CALL(shutdown, 48, 210)
HELLO_CALL_OF_X86_64(stat, 4)
HELLO_CALL(tgkill, 234, 131)
HELLO_CALL_OF_X86_64(unlink, 87)
HELLO_CALL(unlinkat, 263, 35)
HELLO_CALL(write, 1, 64)
HELLO_CALL(writev, 20, 66)
} // namespace call

/// Allowed with any arguments, the frequent ones first.
constexpr Call kAllowed[] = {
    call::recvfrom,
    call::epoll_pwait,
    call::epoll_wait,
    call::epoll_ctl,
    call::accept4,
    call::close,
    call::write,
    call::futex,
    call::shutdown,
    call::read,
    call::clock_gettime,
    call::newfstatat,
    call::brk,
    call::exit,
    call::exit_group,
    call::fstat,
    call::getdents64,
    call::getpid,
    call::getrandom,
    call::getrusage,
    call::gettid,
    call::madvise,
    call::mremap,
    call::munmap,
    call::poll,
    call::ppoll,
    call::pread64,
    call::restart_syscall,
    call::rseq,
    call::rt_sigaction,
    call::rt_sigprocmask,
    call::rt_sigtimedwait,
    call::sched_getaffinity,
    call::set_robust_list,
    call::stat,
    call::writev,
};

/// Rotation of the log, and the check of the temp directory.
constexpr Call kAllowedForWrites[] = {call::rename, call::renameat, call::unlink, call::unlinkat};

/// The flags with which C libraries start threads: those of glibc; musl adds CLONE_DETACHED.
constexpr std::uint32_t kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM |
                                  CLONE_SIGHAND | CLONE_THREAD | CLONE_SETTLS |
                                  CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
/// The kernel's number: libc's headers may lack SO_MEMINFO, and TCP_INFO is in a header of its own.
constexpr std::uint32_t kSoMeminfo = 55, kTcpInfo = 11, kTcp = 6;
/// Flags of open() that differ between the architectures.
constexpr std::uint32_t kNoFollow[] = {0400000, 0100000};
static_assert(O_NOFOLLOW == kNoFollow[
#if defined(__x86_64__)
                                0
#else
                                1
#endif
]);

/// (argument & mask) == value, of the low or the high 32 bits of an argument.
struct Condition {
  std::uint32_t argument, value, mask = UINT32_MAX, half = 0;
};
using Conditions = std::initializer_list<Condition>;

constexpr std::uint32_t error(int number) {
  return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(number);
}

class Program {
public:
  explicit Program(Architecture architecture) : architecture_(architecture) {
    load(offsetof(seccomp_data, arch));
    const bool is_x86_64 = architecture == Architecture::x86_64;
    add(BPF_JMP | BPF_JEQ | BPF_K, is_x86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64, 1, 0);
    finish(SECCOMP_RET_KILL_PROCESS);
    load(offsetof(seccomp_data, nr));
  }

  void answer(Call call, std::uint32_t action) {
    const int number = number_of(call);
    if (number < 0) return;
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1);
    finish(action);
  }

  /// Allows `call` if all conditions of one of the `cases` hold.
  void allow(Call call, std::initializer_list<Conditions> cases,
             std::uint32_t otherwise = SECCOMP_RET_KILL_PROCESS) {
    const int number = number_of(call);
    if (number < 0) return;
    std::size_t length = 1;
    for (const Conditions &all : cases) length += length_of(all);
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, length);
    for (const Conditions &all : cases) {
      std::size_t left = length_of(all);
      for (const Condition &one : all) {
        load(offsetof(seccomp_data, args) + one.argument * sizeof(std::uint64_t) + one.half * 4);
        add(BPF_ALU | BPF_AND | BPF_K, one.mask);
        left -= kConditionLength;
        add(BPF_JMP | BPF_JEQ | BPF_K, one.value, 0, left);
      }
      finish(SECCOMP_RET_ALLOW);
    }
    finish(otherwise);
  }

  void finish(std::uint32_t action) { add(BPF_RET | BPF_K, action); }
  std::vector<sock_filter> take() { return std::move(code_); }

private:
  static constexpr std::size_t kConditionLength = 3;
  static std::size_t length_of(const Conditions &all) { return all.size() * kConditionLength + 1; }

  int number_of(Call call) const {
    return architecture_ == Architecture::x86_64 ? call.x86_64 : call.aarch64;
  }
  void add(std::uint32_t code, std::uint32_t k, std::size_t yes = 0, std::size_t no = 0) {
    code_.push_back({static_cast<std::uint16_t>(code), static_cast<std::uint8_t>(yes),
                     static_cast<std::uint8_t>(no), k});
  }
  void load(std::size_t offset) {
    add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
  }

  const Architecture architecture_;
  std::vector<sock_filter> code_;
};

/// Reading is not limited. An error, since the log sink tries to open a file that exists.
void allow_open(Program &program, Call call, std::uint32_t flags, FileWrites writes,
                std::uint32_t no_follow) {
  const Condition reads{flags, O_RDONLY, O_ACCMODE | O_CREAT | O_TRUNC};
  const std::uint32_t kNew = O_CREAT | O_EXCL | no_follow;
  if (writes == FileWrites::any)
    program.answer(call, SECCOMP_RET_ALLOW);
  else if (writes == FileWrites::new_only)
    program.allow(call, {{reads}, {{flags, kNew, kNew}}}, error(EACCES));
  else
    program.allow(call, {{reads}}, error(EACCES));
}

} // namespace

std::vector<sock_filter> seccomp_filter(Architecture architecture, std::uint32_t pid,
                                        FileWrites writes) {
  Program program(architecture);
  // Without an address: with one, MSG_FASTOPEN connects.
  program.allow(call::sendto, {{{3, MSG_NOSIGNAL}, {4, 0}, {4, 0, UINT32_MAX, 1}}});
  program.allow(call::getsockopt, {{{1, SOL_SOCKET}, {2, kSoMeminfo}}, {{1, kTcp}, {2, kTcpInfo}}});
  for (const Call call : kAllowed) program.answer(call, SECCOMP_RET_ALLOW);
  if (writes != FileWrites::none)
    for (const Call call : kAllowedForWrites) program.answer(call, SECCOMP_RET_ALLOW);
  const std::uint32_t no_follow = kNoFollow[static_cast<int>(architecture)];
  allow_open(program, call::openat, 2, writes, no_follow);
  allow_open(program, call::open, 1, writes, no_follow);
  program.answer(call::ioctl, error(ENOTTY));  // C libraries ask whether a file is a terminal
  program.answer(call::prctl, error(EPERM));   // C libraries name threads and memory
  program.answer(call::clone3, error(ENOSYS)); // a filter cannot see its flags
  program.allow(call::clone, {{{0, kThread}}, {{0, kThread | CLONE_DETACHED}}});
  program.allow(call::fcntl, {{{1, F_SETFD}}}); // musl's open()
  program.allow(call::setsockopt,
                {{{1, SOL_SOCKET}, {2, SO_LINGER}}, {{1, SOL_SOCKET}, {2, SO_ATTACH_FILTER}}});
  program.allow(call::prlimit64, {{{0, 0}, {2, 0}, {2, 0, UINT32_MAX, 1}}});
  program.allow(call::sched_setattr, {{{0, 0}}}); // the calling thread
  program.allow(call::mmap, {{{2, 0, PROT_EXEC}}});
  program.allow(call::mprotect, {{{2, 0, PROT_EXEC}}});
  program.allow(call::tgkill, {{{0, pid}}}); // abort()
  program.finish(SECCOMP_RET_KILL_PROCESS);
  return program.take();
}

} // namespace hello::server
