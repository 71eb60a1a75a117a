#include <doctest/doctest.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hello/fd.h"
#include "server/process/sandbox.h"

using namespace hello;
namespace fs = std::filesystem;

namespace {

/// What the ways out lead to: files, listeners and a process outside the sandbox.
struct Ground {
  std::string root, inside, secret, unix_path;
  sys::Fd listener, unix_listener, tcp, udp, unix_socket, writable, folder;
  sockaddr_in address{};
  sockaddr_un unix_address{};
  pid_t victim = 0;

  Ground() {
    root = fs::temp_directory_path() / "hello-escape-XXXXXX";
    REQUIRE(::mkdtemp(root.data()) != nullptr);
    inside = root + "/inside";
    secret = root + "/secret";
    fs::create_directory(inside);
    std::ofstream(secret) << "as it was";
    listener.reset(::socket(AF_INET, SOCK_STREAM, 0));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener.get(), 8) == 0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr *>(&address), &size) == 0);
    unix_address.sun_family = AF_UNIX;
    (root + "/socket").copy(unix_address.sun_path, sizeof unix_address.sun_path - 1);
    unix_listener.reset(::socket(AF_UNIX, SOCK_STREAM, 0));
    REQUIRE(::bind(unix_listener.get(), reinterpret_cast<sockaddr *>(&unix_address),
                   sizeof unix_address) == 0);
    REQUIRE(::listen(unix_listener.get(), 8) == 0);
    tcp.reset(::socket(AF_INET, SOCK_STREAM, 0));
    udp.reset(::socket(AF_INET, SOCK_DGRAM, 0));
    unix_socket.reset(::socket(AF_UNIX, SOCK_STREAM, 0));
    writable.reset(::open(secret.c_str(), O_RDWR));
    folder.reset(::open(root.c_str(), O_RDONLY | O_DIRECTORY));
    victim = ::fork();
    if (victim == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (;;) ::pause();
    }
  }
  ~Ground() {
    ::kill(victim, SIGKILL);
    ::waitpid(victim, nullptr, 0);
    fs::remove_all(root);
  }
  const sockaddr *to() const { return reinterpret_cast<const sockaddr *>(&address); }
  const sockaddr *to_unix() const { return reinterpret_cast<const sockaddr *>(&unix_address); }
};

/// Which sandboxes let the way through.
enum class Holds { always, with_landlock, without_log };
/// Whether it leads out on every machine where there is no sandbox.
enum class Open { everywhere, to_some };

struct Way {
  const char *name;
  long (*go)(const Ground &); ///< below 0: it led nowhere
  Open open = Open::everywhere;
  Holds holds = Holds::always;
};

long child_that_runs(long pid) {
  if (pid == 0) ::_exit(0);
  return pid;
}

long signal_by_fcntl(const Ground &at) {
  if (::fcntl(at.udp.get(), F_SETOWN, at.victim) != 0) return -1;
  return ::fcntl(at.udp.get(), F_SETSIG, SIGKILL);
}

long shared_code(const Ground &) {
  const int id = ::shmget(IPC_PRIVATE, 4096, 0600);
  void *const memory = id < 0 ? reinterpret_cast<void *>(-1) : ::shmat(id, nullptr, SHM_EXEC);
  if (id >= 0) ::shmctl(id, IPC_RMID, nullptr);
  return memory == reinterpret_cast<void *>(-1) ? -1 : 0;
}

long send_by_message(const Ground &at, int flags) {
  iovec bytes{const_cast<char *>("x"), 1};
  msghdr message{};
  message.msg_name = const_cast<sockaddr *>(at.to());
  message.msg_namelen = sizeof at.address;
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  return ::sendmsg(flags ? at.tcp.get() : at.udp.get(), &message, flags | MSG_NOSIGNAL);
}

long pass_descriptor(const Ground &) {
  int ends[2];
  return ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
}

long fast_open_later(const Ground &at) {
  const int on = 1;
  constexpr int kFastOpenConnect = 30;
  return ::setsockopt(at.tcp.get(), IPPROTO_TCP, kFastOpenConnect, &on, sizeof on);
}

long mapped(int protection, int flags, int fd) {
  return ::mmap(nullptr, 4096, protection, flags, fd, 0) == MAP_FAILED ? -1 : 0;
}

long executable_later(long call) {
  void *const memory =
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return ::syscall(call, memory, 4096UL, PROT_READ | PROT_EXEC, -1L);
}

long run_program(const char *path) {
  char *const argv[] = {const_cast<char *>(path), nullptr};
  return ::execve(path, argv, nullptr);
}

long write_other_memory(const Ground &at) {
  static long value = 0;
  iovec here{&value, sizeof value}, there{&value, sizeof value};
  return ::syscall(SYS_process_vm_writev, at.victim, &here, 1UL, &there, 1UL, 0UL);
}

long mounted(const Ground &at) {
  const long done = ::mount("none", at.inside.c_str(), "tmpfs", 0, nullptr);
  if (done == 0) ::umount2(at.inside.c_str(), MNT_DETACH);
  return done;
}

constexpr Way kWays[] = {
    // files
    {"write", [](const Ground &at) -> long { return ::open(at.secret.c_str(), O_WRONLY); }},
    {"write and read", [](const Ground &at) -> long { return ::open(at.secret.c_str(), O_RDWR); }},
    {"append",
     [](const Ground &at) -> long { return ::open(at.secret.c_str(), O_WRONLY | O_APPEND); }},
    {"truncate by a reader",
     [](const Ground &at) -> long { return ::open(at.secret.c_str(), O_RDONLY | O_TRUNC); }},
    {"write in a folder that is open",
     [](const Ground &at) -> long { return ::openat(at.folder.get(), "secret", O_WRONLY); }},
    {"openat2",
     [](const Ground &at) -> long {
       const std::uint64_t how[3] = {O_WRONLY, 0, 0};
       return ::syscall(437, AT_FDCWD, at.secret.c_str(), how, sizeof how);
     }},
    {"creat", [](const Ground &at) -> long { return ::creat((at.root + "/new").c_str(), 0600); }},
    {"a file without a name",
     [](const Ground &at) -> long { return ::open(at.root.c_str(), O_TMPFILE | O_WRONLY, 0600); },
     Open::to_some},
    {"a new file",
     [](const Ground &at) -> long {
       return ::open((at.root + "/new").c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
     },
     Open::everywhere, Holds::with_landlock},
    {"its own memory as a file",
     [](const Ground &) -> long { return ::open("/proc/self/mem", O_RDWR); }},
    {"rename",
     [](const Ground &at) -> long {
       return ::rename(at.secret.c_str(), (at.root + "/other").c_str());
     },
     Open::everywhere, Holds::with_landlock},
    {"remove", [](const Ground &at) -> long { return ::unlink(at.secret.c_str()); },
     Open::everywhere, Holds::with_landlock},
    {"link",
     [](const Ground &at) -> long {
       return ::link(at.secret.c_str(), (at.inside + "/link").c_str());
     }},
    {"symbolic link",
     [](const Ground &at) -> long {
       return ::symlink(at.secret.c_str(), (at.inside + "/link").c_str());
     }},
    {"make a folder",
     [](const Ground &at) -> long { return ::mkdir((at.root + "/new").c_str(), 0700); }},
    {"make a FIFO",
     [](const Ground &at) -> long { return ::mkfifo((at.inside + "/fifo").c_str(), 0600); }},
    {"truncate", [](const Ground &at) -> long { return ::truncate(at.secret.c_str(), 1); }},
    {"truncate an open file",
     [](const Ground &at) -> long { return ::ftruncate(at.writable.get(), 1); }},
    {"chmod", [](const Ground &at) -> long { return ::chmod(at.secret.c_str(), 0777); }},
    {"chown",
     [](const Ground &at) -> long { return ::chown(at.secret.c_str(), ::getuid(), ::getgid()); }},
    {"change times",
     [](const Ground &at) -> long { return ::utimensat(AT_FDCWD, at.secret.c_str(), nullptr, 0); }},
    {"mount", mounted, Open::to_some},
    {"chroot", [](const Ground &at) -> long { return ::chroot(at.root.c_str()); }, Open::to_some},
    // programs
    {"execve", [](const Ground &) -> long { return run_program("/bin/true"); }},
    {"execveat",
     [](const Ground &) -> long {
       char *const argv[] = {const_cast<char *>("true"), nullptr};
       return ::syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, argv + 1, 0);
     }},
    // network
    {"a new socket", [](const Ground &) -> long { return ::socket(AF_INET, SOCK_STREAM, 0); }},
    {"connect",
     [](const Ground &at) -> long { return ::connect(at.tcp.get(), at.to(), sizeof at.address); }},
    {"fast open",
     [](const Ground &at) -> long {
       return ::sendto(at.tcp.get(), "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, at.to(),
                       sizeof at.address);
     }},
    {"fast open by message",
     [](const Ground &at) -> long { return send_by_message(at, MSG_FASTOPEN); }},
    {"fast open by option", fast_open_later},
    {"bind",
     [](const Ground &at) -> long {
       sockaddr_in any{};
       any.sin_family = AF_INET;
       return ::bind(at.tcp.get(), reinterpret_cast<sockaddr *>(&any), sizeof any);
     }},
    {"listen", [](const Ground &at) -> long { return ::listen(at.tcp.get(), 1); }},
    {"a datagram",
     [](const Ground &at) -> long {
       return ::sendto(at.udp.get(), "x", 1, MSG_NOSIGNAL, at.to(), sizeof at.address);
     }},
    {"a datagram by message", [](const Ground &at) -> long { return send_by_message(at, 0); }},
    {"connect a datagram socket",
     [](const Ground &at) -> long { return ::connect(at.udp.get(), at.to(), sizeof at.address); }},
    {"connect to a Unix socket",
     [](const Ground &at) -> long {
       return ::connect(at.unix_socket.get(), at.to_unix(), sizeof at.unix_address);
     }},
    {"a pair of Unix sockets", pass_descriptor},
    {"a raw option of IP",
     [](const Ground &at) -> long {
       const int on = 1;
       return ::setsockopt(at.udp.get(), IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
     }},
    // processes
    {"fork",
     [](const Ground &) -> long {
       return child_that_runs(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
     }},
    {"clone3",
     [](const Ground &) -> long {
       std::uint64_t how[11] = {0, 0, 0, 0, SIGCHLD};
       return child_that_runs(::syscall(SYS_clone3, how, sizeof how));
     }},
    {"kill", [](const Ground &at) -> long { return ::kill(at.victim, SIGKILL); }},
    {"tgkill",
     [](const Ground &at) -> long { return ::syscall(SYS_tgkill, at.victim, at.victim, SIGKILL); }},
    {"tkill", [](const Ground &at) -> long { return ::syscall(SYS_tkill, at.victim, SIGKILL); }},
    {"sigqueue", [](const Ground &at) -> long { return ::sigqueue(at.victim, SIGKILL, sigval{}); }},
    {"a process as a descriptor",
     [](const Ground &at) -> long { return ::syscall(434, at.victim, 0); }},
    {"a signal by a socket", signal_by_fcntl},
    {"ptrace",
     [](const Ground &at) -> long { return ::ptrace(PTRACE_ATTACH, at.victim, nullptr, nullptr); },
     Open::to_some},
    {"another's memory", write_other_memory, Open::to_some},
    {"another's limits",
     [](const Ground &at) -> long {
       const rlimit limit{};
       return ::prlimit(at.victim, RLIMIT_CORE, &limit, nullptr);
     }},
    {"its own limits",
     [](const Ground &) -> long {
       const rlimit limit{};
       return ::setrlimit(RLIMIT_CORE, &limit);
     }},
    {"another's priority",
     [](const Ground &at) -> long {
       return ::setpriority(PRIO_PROCESS, static_cast<id_t>(at.victim), 19);
     }},
    {"a namespace of its own", [](const Ground &) -> long { return ::unshare(CLONE_NEWUSER); },
     Open::to_some},
    {"another identity",
     [](const Ground &) -> long { return ::setresuid(::getuid(), ::getuid(), ::getuid()); }},
    // memory made executable
    {"memory to write and run",
     [](const Ground &) -> long {
       return mapped(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
     }},
    {"a file to run",
     [](const Ground &at) -> long {
       return mapped(PROT_READ | PROT_EXEC, MAP_PRIVATE, at.writable.get());
     }},
    {"mprotect", [](const Ground &) -> long { return executable_later(SYS_mprotect); }},
    {"pkey_mprotect", [](const Ground &) -> long { return executable_later(SYS_pkey_mprotect); }},
    {"shared memory to run", shared_code},
    {"a file in memory",
     [](const Ground &) -> long { return ::syscall(SYS_memfd_create, "x", 0); }},
    {"all memory to run",
     [](const Ground &) -> long { return ::syscall(SYS_personality, 0x0400000); }},
    // the kernel's other doors
    {"io_uring",
     [](const Ground &) -> long {
       char params[120] = {};
       return ::syscall(425, 1, params);
     },
     Open::to_some},
    {"bpf", [](const Ground &) -> long { return ::syscall(SYS_bpf, 0, nullptr, 0); },
     Open::to_some},
    {"userfaultfd", [](const Ground &) -> long { return ::syscall(SYS_userfaultfd, 0); },
     Open::to_some},
    {"a key ring", [](const Ground &) -> long { return ::syscall(SYS_keyctl, 0, -3, 1); },
     Open::to_some},
};

/// How a child ends that goes this way: 0 it led out, 1 it led nowhere, below 0 a signal.
int end_of(const Way &way, const Ground &ground, void (*lock_in)(const Ground &)) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    constexpr rlimit kNoCore{}; // SIGSYS dumps core, unless the limit forbids it
    ::setrlimit(RLIMIT_CORE, &kNoCore);
    lock_in(ground);
    // Not _exit(): before it, AddressSanitizer asks for the signal stack.
    ::syscall(SYS_exit_group, way.go(ground) < 0 ? 1 : 0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

void with_nothing(const Ground &) {}

void with_all(const Ground &ground) {
  const server::Sandbox sandbox = server::enter_sandbox({ground.inside});
  if (!sandbox.has_seccomp() || !sandbox.has_landlock()) ::_exit(99);
}

/// As on a kernel without Landlock: an outer filter answers for it.
void hide_landlock() {
  sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 444, 0, 2),
                        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 446, 1, 0),
                        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  sock_fprog program{std::size(code), code};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) ::_exit(99);
}

void without_landlock(const Ground &ground) {
  hide_landlock();
  const server::Sandbox sandbox = server::enter_sandbox({ground.inside});
  if (!sandbox.has_seccomp() || sandbox.landlock != std::strerror(ENOSYS)) ::_exit(99);
}

void without_landlock_and_log(const Ground &) {
  hide_landlock();
  if (!server::enter_sandbox({}).has_seccomp()) ::_exit(99);
}

bool has_seccomp() {
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, nullptr) != 0 && errno == EFAULT;
}
bool has_landlock() { return ::syscall(444, nullptr, 0, 1) >= 1; }

std::string content(const std::string &path) {
  std::ifstream in(path);
  std::string text;
  std::getline(in, text);
  return text;
}

/// Every way is closed; `but`: those that this sandbox leaves open.
void all_closed(void (*lock_in)(const Ground &), bool (*but)(const Way &)) {
  for (const Way &way : kWays) {
    const Ground ground;
    CAPTURE(way.name);
    const int end = end_of(way, ground, lock_in);
    if (but(way)) {
      CHECK(end == 0);
      continue;
    }
    CHECK((end == 1 || end == -SIGSYS));
    CHECK(content(ground.secret) == "as it was");
    CHECK_FALSE(fs::exists(ground.root + "/new"));
    CHECK(::kill(ground.victim, 0) == 0);
    CHECK(::waitpid(ground.victim, nullptr, WNOHANG) == 0);
  }
}

} // namespace

TEST_CASE("escape: the ways lead out where there is no sandbox") {
  int out = 0;
  for (const Way &way : kWays) {
    const Ground ground;
    CAPTURE(way.name);
    const int end = end_of(way, ground, with_nothing);
    if (way.open == Open::everywhere) CHECK(end == 0);
    out += end == 0;
  }
  CHECK(out >= 40);
}

TEST_CASE("escape: none leads out of the whole sandbox" *
          doctest::skip(!has_seccomp() || !has_landlock())) {
  all_closed(with_all, [](const Way &) { return false; });
}

TEST_CASE("escape: without Landlock, files can be made, renamed and removed where there is a log" *
          doctest::skip(!has_seccomp())) {
  all_closed(without_landlock, [](const Way &way) { return way.holds == Holds::with_landlock; });
}

TEST_CASE("escape: without Landlock and without a log, none leads out" *
          doctest::skip(!has_seccomp())) {
  all_closed(without_landlock_and_log, [](const Way &) { return false; });
}
