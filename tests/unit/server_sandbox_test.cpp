#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/process/sandbox.h"

using namespace hello;

namespace {

/// How a child process ends that calls `what`: its exit code, or minus the signal's number.
int exit_of(const std::function<int()> &what) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    constexpr rlimit kNoCore{}; // SIGSYS dumps core, unless the limit forbids it
    ::setrlimit(RLIMIT_CORE, &kNoCore);
    // Not _exit(): before it, AddressSanitizer asks for the signal stack.
    ::syscall(SYS_exit_group, what());
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/// Returns 0, or the errno.
int create(const std::string &path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT, 0600) >= 0 ? 0 : errno;
}

// What this kernel or container supports, found without the code under test.
bool has_seccomp() {
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, nullptr) != 0 && errno == EFAULT;
}
int landlock_error() {
  constexpr long kCreateRuleset = 444;
  return ::syscall(kCreateRuleset, nullptr, 0, 1) >= 1 ? 0 : errno;
}

struct Folder {
  std::string root =
      std::filesystem::temp_directory_path() / ("hello-sandbox-" + std::to_string(::getpid()));
  std::string writable = root + "/in";
  Folder() { std::filesystem::create_directories(writable); }
  ~Folder() { std::filesystem::remove_all(root); }
};

} // namespace

TEST_CASE("sandbox: it is complete if the kernel supports it, else it names what is missing") {
  Folder folder;
  const bool filters = has_seccomp();
  const int refused = landlock_error();
  CHECK(exit_of([&] {
          const server::Sandbox sandbox = server::enter_sandbox({folder.writable});
          const bool seccomp = (sandbox.seccomp == "on") == filters;
          const bool landlock = refused ? sandbox.landlock == std::strerror(refused)
                                        : sandbox.landlock.starts_with("ABI ");
          return (seccomp ? 0 : 1) + (landlock ? 0 : 2);
        }) == 0);
}

TEST_CASE("sandbox: a system call that serving does not need kills the process" *
          doctest::skip(!has_seccomp())) {
  const auto exit_in_sandbox = [](const std::function<int()> &what) {
    return exit_of([&] {
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      server::apply_seccomp(server::FileWrites::any);
      return what();
    });
  };
  CHECK(exit_in_sandbox([] { return ::getpid() > 0 ? 0 : 1; }) == 0);
  CHECK(exit_in_sandbox([] {
          char path[] = "/bin/true";
          char *const argv[] = {path, nullptr};
          return ::execve(path, argv, nullptr);
        }) == -SIGSYS);
  CHECK(exit_in_sandbox([] { return static_cast<int>(::syscall(SYS_ptrace, 0, 0, 0, 0)); }) ==
        -SIGSYS);
}

TEST_CASE("sandbox: calls that serving needs are allowed with its arguments only" *
          doctest::skip(!has_seccomp())) {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  const int tcp = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(9);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto exit_in_sandbox = [](const std::function<int()> &what) {
    return exit_of([&] {
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      server::apply_seccomp(server::FileWrites::any);
      return what();
    });
  };
  CHECK(exit_in_sandbox([&] { return ::send(ends[0], "x", 1, MSG_NOSIGNAL) == 1 ? 0 : 1; }) == 0);
  CHECK(exit_in_sandbox([&] { return static_cast<int>(::send(ends[0], "x", 1, 0)); }) == -SIGSYS);
  CHECK(exit_in_sandbox([&] { // connects, past Landlock
          return static_cast<int>(::sendto(tcp, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL,
                                           reinterpret_cast<sockaddr *>(&address), sizeof address));
        }) == -SIGSYS);
  CHECK(exit_in_sandbox([&] {
          return static_cast<int>(::sendto(tcp, "x", 1, MSG_NOSIGNAL,
                                           reinterpret_cast<sockaddr *>(&address), sizeof address));
        }) == -SIGSYS);
  CHECK(exit_in_sandbox([&] {
          msghdr message{};
          return static_cast<int>(::sendmsg(ends[0], &message, MSG_NOSIGNAL));
        }) == -SIGSYS);
  rlimit limit{};
  CHECK(exit_in_sandbox([&] { return ::getrlimit(RLIMIT_NOFILE, &limit); }) == 0);
  limit = {16, 16};
  CHECK(exit_in_sandbox([&] { return ::setrlimit(RLIMIT_NOFILE, &limit); }) == -SIGSYS);
  for (const int fd : {ends[0], ends[1], tcp}) ::close(fd);
}

TEST_CASE("sandbox: only the given folders can be written" * doctest::skip(landlock_error() != 0)) {
  Folder folder;
  const auto create_in_sandbox = [&](const std::string &path) {
    return exit_of([&] {
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      server::apply_landlock({folder.writable});
      return create(path);
    });
  };
  CHECK(create_in_sandbox(folder.writable + "/file") == 0);
  CHECK(create_in_sandbox(folder.root + "/file") == EACCES);
}
