#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <utility>
#include <vector>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/process/sandbox.h"

namespace hello::server {

namespace {
#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kArchitecture = 0; // unknown system call numbers: no filter
#endif

/// What serving needs, with glibc and with musl: they use different calls for the same functions.
constexpr long kAllowed[] = {
    // the loops
    SYS_epoll_pwait,
    SYS_epoll_ctl,
    SYS_accept4,
    SYS_recvfrom,
    SYS_shutdown,
    SYS_close,
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_getsockopt,
    SYS_setsockopt,
    SYS_getsockname,
    SYS_getpeername,
    // time, waiting and threads
    SYS_clock_gettime,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_futex,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_set_robust_list,
    SYS_rt_sigprocmask,
    SYS_rt_sigaction,
    SYS_rt_sigreturn,
    SYS_rt_sigtimedwait,
    SYS_sigaltstack,
    SYS_restart_syscall,
    SYS_exit,
    SYS_exit_group,
    SYS_getpid,
    SYS_gettid,
    SYS_membarrier,
    SYS_ppoll,
    SYS_getrandom,
    // memory
    SYS_brk,
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    // the temp directory, the messages and log files, and /proc for the metrics; Landlock limits
    // the paths
    SYS_openat,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_lseek,
    SYS_pread64,
    SYS_getdents64,
    SYS_readlinkat,
    SYS_faccessat,
    SYS_unlinkat,
    SYS_renameat2,
    SYS_ftruncate,
    SYS_fsync,
    SYS_fdatasync,
    SYS_fcntl,
    SYS_dup,
    SYS_eventfd2,
    SYS_inotify_init1,
    SYS_inotify_add_watch,
    SYS_inotify_rm_watch,
    SYS_getrusage,
    SYS_uname,
    SYS_sysinfo,
    SYS_times,
#if defined(SYS_rseq)
    SYS_rseq,
#endif
#if defined(SYS_faccessat2)
    SYS_faccessat2,
#endif
#if defined(SYS_renameat)
    SYS_renameat,
#endif
#if defined(__x86_64__)
    SYS_epoll_wait,
    SYS_poll,
    SYS_open,
    SYS_stat,
    SYS_lstat,
    SYS_unlink,
    SYS_rename,
    SYS_readlink,
    SYS_access,
    SYS_time,
#endif
};

class Program {
public:
  void add(std::uint16_t code, std::uint32_t k, std::uint8_t yes = 0, std::uint8_t no = 0) {
    code_.push_back({code, yes, no, k});
  }
  void load(std::size_t offset) {
    add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
  }
  void finish(std::uint32_t action) { add(BPF_RET | BPF_K, action); }
  void finish_if(long call, std::uint32_t action) {
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1);
    finish(action);
  }
  /// Allows `call` if (argument & mask) == wanted, else kills the process. Compares the low half of
  /// the argument, which both architectures store first.
  void allow_masked(long call, unsigned argument, std::uint32_t mask, std::uint32_t wanted) {
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 5);
    load(offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t));
    add(BPF_ALU | BPF_AND | BPF_K, mask);
    add(BPF_JMP | BPF_JEQ | BPF_K, wanted, 0, 1);
    finish(SECCOMP_RET_ALLOW);
    finish(SECCOMP_RET_KILL_PROCESS);
  }
  /// Allows `call` if each of the arguments has exactly its value, else kills the process.
  void allow_exact(long call, std::initializer_list<std::pair<unsigned, std::uint64_t>> values) {
    const auto length = static_cast<std::uint8_t>(values.size() * 6 + 1);
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, length);
    for (const auto &[argument, value] : values)
      for (unsigned half = 0; half < 2; ++half) { // low, then high: both architectures agree
        load(offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t) + half * 4);
        add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(value >> (32 * half)), 1, 0);
        finish(SECCOMP_RET_KILL_PROCESS);
      }
    finish(SECCOMP_RET_ALLOW);
  }
  sock_fprog view() { return {static_cast<unsigned short>(code_.size()), code_.data()}; }

private:
  std::vector<sock_filter> code_;
};

constexpr std::uint32_t error(int number) {
  return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(number);
}
} // namespace

std::string apply_seccomp() {
  if (kArchitecture == 0) return "no filter for this architecture";
  Program program;
  program.load(offsetof(seccomp_data, arch));
  program.add(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0);
  program.finish(SECCOMP_RET_KILL_PROCESS);
  program.load(offsetof(seccomp_data, nr));
  for (long call : kAllowed) program.finish_if(call, SECCOMP_RET_ALLOW);
  program.finish_if(SYS_ioctl, error(ENOTTY)); // C libraries ask whether the output is a terminal
  program.finish_if(SYS_prctl, error(EPERM));  // C libraries name threads and memory
#if defined(SYS_clone3)
  program.finish_if(SYS_clone3,
                    error(ENOSYS)); // a filter cannot see its flags: C libraries then try clone
#endif
  // Without an address: one would connect, with MSG_FASTOPEN.
  program.allow_exact(SYS_sendto, {{3, MSG_NOSIGNAL}, {4, 0}});
  program.allow_exact(SYS_prlimit64, {{0, 0}, {2, 0}}); // itself, and no new limit
  program.allow_masked(SYS_clone, 0, CLONE_THREAD, CLONE_THREAD);
  program.allow_masked(SYS_sched_setattr, 0, UINT32_MAX, 0); // the calling thread only
  program.allow_masked(SYS_mmap, 2, PROT_EXEC, 0);
  program.allow_masked(SYS_mprotect, 2, PROT_EXEC, 0);
  program.allow_masked(SYS_tgkill, 0, UINT32_MAX,
                       static_cast<std::uint32_t>(::getpid())); // abort()
  program.finish(SECCOMP_RET_KILL_PROCESS);
  sock_fprog view = program.view();
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &view) == 0 ? "on" : std::strerror(errno);
}

Sandbox enter_sandbox(const std::vector<std::string> &writable) {
  Sandbox sandbox;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    sandbox.seccomp = sandbox.landlock = std::string("no_new_privs: ") + std::strerror(errno);
    return sandbox;
  }
  sandbox.landlock = apply_landlock(writable);
  sandbox.seccomp = apply_seccomp();
  return sandbox;
}

} // namespace hello::server
