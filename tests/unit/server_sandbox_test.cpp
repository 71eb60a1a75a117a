#include <cerrno>
#include <csignal>
#include <filesystem>
#include <functional>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/process/sandbox.h"

using namespace hello;

namespace {

constexpr int kRefused = 99; ///< this kernel or container does not lock in

/// How a process ends that locks itself in and then does `what`: its exit code, or less than 0: the
/// signal.
int end_of(const std::string &writable, const std::function<int()> &what) {
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr rlimit kNoCore{}; // SIGSYS dumps one, where whoever runs the tests allows it
    ::setrlimit(RLIMIT_CORE, &kNoCore);
    const server::Sandbox locked = server::enter_sandbox({writable});
    ::_exit(locked.complete() ? what() : kRefused);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/// 0, or why not.
int written(const std::string &path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT, 0600) >= 0 ? 0 : errno;
}

} // namespace

TEST_CASE("sandbox: another call than serving needs kills, and only the folder may be written") {
  const std::string root =
      std::filesystem::temp_directory_path() / ("hello-sandbox-" + std::to_string(::getpid()));
  std::filesystem::create_directories(root + "/in");
  const auto end = [&](const std::function<int()> &what) { return end_of(root + "/in", what); };
  if (end([] { return 0; }) == kRefused) {
    MESSAGE("not here: the kernel or the container refuses a part of it");
  } else {
    CHECK(end([] {
            char path[] = "/bin/true";
            char *const argv[] = {path, nullptr};
            return ::execve(path, argv, nullptr);
          }) == -SIGSYS);
    CHECK(end([] { return static_cast<int>(::syscall(SYS_ptrace, 0, 0, 0, 0)); }) == -SIGSYS);
    CHECK(end([&] { return written(root + "/in/file"); }) == 0);
    CHECK(end([&] { return written(root + "/file"); }) == EACCES);
  }
  std::filesystem::remove_all(root);
}
