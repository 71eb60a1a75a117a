#include "hello/process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hello/error.h"

namespace hello::sys {
namespace {

/// For our end of a pipe; the child's end stays blocking.
void make_nonblocking(const Fd &fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

// Between fork and exec: only what is safe after fork in a process with threads.
[[noreturn]] void become(char *const *argv, pid_t parent, int in, int out, int err, int report) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGHUP}) ::signal(signal, SIG_DFL);
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  ::execv(argv[0], argv);
  const int why = errno;
  [[maybe_unused]] const ssize_t n = ::write(report, &why, sizeof why);
  ::_exit(127);
}

bool is_program(const std::string &path) {
  return ::access(path.c_str(), X_OK) == 0 && ::access((path + "/").c_str(), F_OK) != 0;
}

} // namespace

std::string find_program(const std::string &name) {
  if (name.find('/') != std::string::npos) return is_program(name) ? name : "";
  const char *path = std::getenv("PATH");
  std::string_view rest = path ? path : "/usr/local/bin:/usr/bin:/bin";
  while (!name.empty()) {
    const auto colon = rest.find(':');
    const std::string dir(rest.substr(0, colon));
    const std::string candidate = (dir.empty() ? "." : dir) + "/" + name;
    if (is_program(candidate)) return candidate;
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return "";
}

Child::Child(const std::vector<std::string> &argv, Stdin input) {
  std::vector<char *> words;
  words.reserve(argv.size() + 1);
  for (const std::string &word : argv) words.push_back(const_cast<char *>(word.c_str()));
  words.push_back(nullptr);
  Pipe in, out = make_pipe(O_CLOEXEC), err = make_pipe(O_CLOEXEC), report = make_pipe(O_CLOEXEC);
  if (input == Stdin::pipe)
    in = make_pipe(O_CLOEXEC);
  else
    in.read.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const pid_t self = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0)
    become(words.data(), self, in.read.get(), out.write.get(), err.write.get(), report.write.get());
  if (pid_ < 0) throw Error(Exit::failure, "cannot start " + argv[0] + ": " + std::strerror(errno));
  ::setpgid(pid_, pid_);
  report.write.reset();
  int why = 0;
  if (::read(report.read.get(), &why, sizeof why) == sizeof why) {
    wait();
    throw Error(Exit::failure, "cannot start " + argv[0] + ": " + std::strerror(why),
                "is it a program for this machine?");
  }
  in_ = std::move(in.write);
  out_ = std::move(out.read);
  err_ = std::move(err.read);
  for (const Fd *end : {&in_, &out_, &err_})
    if (*end) make_nonblocking(*end);
}

Child::~Child() {
  kill();
  wait();
}

int Child::wait() {
  if (pid_ < 0) return 0;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool Child::ended() const {
  siginfo_t info{};
  return pid_ < 0 ||
         ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
         info.si_pid != 0;
}

void Child::kill() {
  if (pid_ > 0) ::kill(-pid_, SIGKILL);
}

bool drain(int fd, std::string &text) {
  char buffer[16384];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n > 0)
      text.append(buffer, static_cast<std::size_t>(n));
    else if (n == 0)
      return false;
    else if (errno != EINTR)
      return errno == EAGAIN;
  }
}

namespace {

/// Writes as much of `input` as the child takes now; closes its stdin at the end of the input.
/// SIGPIPE is ignored process-wide (main).
void feed(Child &child, std::string_view &input) {
  while (child.in() >= 0) {
    const ssize_t n = input.empty() ? 0 : ::write(child.in(), input.data(), input.size());
    if (n > 0) input.remove_prefix(static_cast<std::size_t>(n));
    if (input.empty() || (n < 0 && errno != EAGAIN && errno != EINTR))
      child.close_in();
    else if (n < 0 && errno == EAGAIN)
      return;
  }
}

/// Waits until the child prints, ends a stream (`out`, `err`: -1 once it has) or takes more input.
/// Returns false at the deadline.
bool wait_for(const Child &child, int out, int err, Deadline deadline) {
  bool in_time = true;
  if (child.in() >= 0) { // the child reads a big input slowly: look again soon
    pollfd polled[] = {{child.in(), POLLOUT, 0}, {out, POLLIN, 0}, {err, POLLIN, 0}};
    ::poll(polled, 3, 50);
  } else {
    const int fds[] = {out, err};
    in_time = wait_readable(fds, deadline);
  }
  return in_time && Clock::now() <= deadline;
}

} // namespace

Finished run(const std::vector<std::string> &argv, std::string_view input, Deadline deadline) {
  Child child(argv, input.empty() ? Child::Stdin::none : Child::Stdin::pipe);
  return finish(child, input, deadline);
}

Finished finish(Child &child, std::string_view input, Deadline deadline) {
  Finished finished;
  int out = child.out(), err = child.err(); // -1 at their end
  while (!finished.timed_out && (out >= 0 || err >= 0)) {
    feed(child, input);
    check_interrupted();
    if (!wait_for(child, out, err, deadline)) {
      finished.timed_out = true;
      break;
    }
    if (out >= 0 && !drain(out, finished.out)) out = -1;
    if (err >= 0 && !drain(err, finished.err)) err = -1;
    if (finished.out.size() + finished.err.size() > kLargestOutput) {
      child.kill();
      finished.out.clear();
      finished.err = "it was ended: it printed more than 256 MiB";
      break;
    }
  }
  while (!finished.timed_out && !child.ended()) { // it may run on after it closed its output
    finished.timed_out = Clock::now() > deadline;
    if (!finished.timed_out) pause(std::chrono::milliseconds(1));
  }
  if (finished.timed_out) child.kill();
  finished.code = child.wait();
  return finished;
}

} // namespace hello::sys
