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

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw Error(Exit::failure, "no descriptors left for a pipe");
    read = ends[0];
    write = ends[1];
  }
  ~Pipe() {
    if (read >= 0) ::close(read);
    if (write >= 0) ::close(write);
  }
  int take(int &end) {
    ::fcntl(end, F_SETFL, ::fcntl(end, F_GETFL) | O_NONBLOCK);
    return std::exchange(end, -1);
  }
};

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

} // namespace

std::string find_program(const std::string &name) {
  if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : "";
  const char *path = std::getenv("PATH");
  std::string_view rest = path ? path : "/usr/local/bin:/usr/bin:/bin";
  while (!name.empty()) {
    const auto colon = rest.find(':');
    const std::string dir(rest.substr(0, colon));
    const std::string candidate = (dir.empty() ? "." : dir) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return "";
}

Child::Child(const std::vector<std::string> &argv, bool with_input) {
  std::vector<char *> words;
  words.reserve(argv.size() + 1);
  for (const std::string &word : argv) words.push_back(const_cast<char *>(word.c_str()));
  words.push_back(nullptr);
  Pipe in, out, err, report;
  const int null = with_input ? -1 : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const pid_t self = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0)
    become(words.data(), self, with_input ? in.read : null, out.write, err.write, report.write);
  if (null >= 0) ::close(null);
  if (pid_ < 0) throw Error(Exit::failure, "cannot start " + argv[0] + ": " + std::strerror(errno));
  ::setpgid(pid_, pid_);
  ::close(std::exchange(report.write, -1));
  int why = 0;
  if (::read(report.read, &why, sizeof why) == sizeof why) {
    wait();
    throw Error(Exit::failure, "cannot start " + argv[0] + ": " + std::strerror(why));
  }
  if (with_input) in_ = in.take(in.write);
  out_ = out.take(out.read);
  err_ = err.take(err.read);
}

Child::~Child() {
  kill();
  wait();
  close_in();
  ::close(out_);
  ::close(err_);
}

void Child::close_in() {
  if (in_ >= 0) ::close(std::exchange(in_, -1));
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

Finished run(const std::vector<std::string> &argv, std::string_view input, Deadline deadline) {
  Child child(argv, !input.empty());
  return finish(child, input, deadline);
}

Finished finish(Child &child, std::string_view input, Deadline deadline) {
  Finished finished;
  bool out_open = true, err_open = true;
  while (out_open || err_open) {
    while (child.in() >= 0) { // SIGPIPE is ignored process-wide (main)
      const ssize_t n = input.empty() ? 0 : ::write(child.in(), input.data(), input.size());
      if (n > 0) input.remove_prefix(static_cast<std::size_t>(n));
      if (input.empty() || (n < 0 && errno != EAGAIN && errno != EINTR))
        child.close_in();
      else if (n < 0 && errno == EAGAIN)
        break;
    }
    check_interrupted();
    if (child.in() >= 0) { // a big input and a child that reads slowly: look again soon
      const pollfd writable{child.in(), POLLOUT, 0};
      pollfd polled[] = {writable, {child.out(), POLLIN, 0}, {child.err(), POLLIN, 0}};
      ::poll(polled, 3, 50);
    } else {
      const int fds[] = {out_open ? child.out() : -1, err_open ? child.err() : -1};
      if (!wait_readable(fds, deadline)) finished.timed_out = true;
    }
    if (finished.timed_out || Clock::now() > deadline) {
      finished.timed_out = true;
      child.kill();
      break;
    }
    if (out_open) out_open = drain(child.out(), finished.out);
    if (err_open) err_open = drain(child.err(), finished.err);
    if (finished.out.size() + finished.err.size() > kLargestOutput) {
      child.kill();
      finished.out.clear();
      finished.err = "it was ended: it printed more than 256 MiB";
      break;
    }
  }
  while (!finished.timed_out && !child.ended()) { // it may go on though it has nothing more to say
    if (Clock::now() > deadline) {
      finished.timed_out = true;
      child.kill();
    } else {
      pause(std::chrono::milliseconds(1));
    }
  }
  finished.code = child.wait();
  return finished;
}

} // namespace hello::sys
