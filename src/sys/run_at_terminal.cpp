#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hello/error.h"
#include "hello/run_at_terminal.h"

namespace hello::sys {
namespace {

// Between fork and exec: only what is safe after fork in a process with threads.
[[noreturn]] void become(char *const *argv) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGTTOU, SIG_IGN); // until the terminal is ours
  ::tcsetpgrp(STDIN_FILENO, ::getpid());
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGTTOU}) ::signal(signal, SIG_DFL);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  ::dup2(nowhere, STDOUT_FILENO);
  ::execv(argv[0], argv);
  ::_exit(127);
}

/// Kills and reaps the child, and takes the terminal back, however it is left.
struct Asking {
  pid_t child;
  pid_t before;
  bool ended = false;

  ~Asking() {
    if (!ended) {
      ::kill(-child, SIGKILL);
      while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
      }
    }
    const auto usual = ::signal(SIGTTOU, SIG_IGN); // it is not ours yet
    ::tcsetpgrp(STDIN_FILENO, before);
    ::signal(SIGTTOU, usual);
  }
};

} // namespace

bool run_at_terminal(const std::vector<std::string> &argv, Deadline deadline) {
  const pid_t group = ::getpgrp();
  if (::tcgetpgrp(STDIN_FILENO) != group) return true;
  std::vector<char *> words;
  words.reserve(argv.size() + 1);
  for (const std::string &word : argv) words.push_back(const_cast<char *>(word.c_str()));
  words.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) become(words.data());
  if (child < 0) throw Error(Exit::failure, "cannot start " + argv[0]);
  ::setpgid(child, child);
  Asking asking{child, group};
  for (;;) {
    int status = 0;
    const pid_t done = ::waitpid(child, &status, WNOHANG | WUNTRACED);
    if (done == child && !WIFSTOPPED(status)) {
      asking.ended = true;
      return true;
    }
    if (Clock::now() >= deadline) return false;
    pause(std::chrono::milliseconds(50));
  }
}

} // namespace hello::sys
