#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "hello/fd.h"
#include "hello/signals.h"

/// Child processes: an argv, never a shell.
namespace hello::sys {

/// The path of a program: `name` itself if it has a slash, else the first executable in PATH; empty
/// if there is none.
std::string find_program(const std::string &name);

/// A running child in a process group of its own (a Ctrl-C at the terminal reaches us, not it). The
/// kernel kills it when we die. Start it on a thread that lives as long as the child should:
/// PR_SET_PDEATHSIG follows the thread.
class Child {
public:
  enum class Stdin { none, pipe }; ///< none: /dev/null

  /// Starts argv[0] (a path); stdout and stderr are pipes. Throws Error(Exit::failure) if it cannot
  /// be started.
  explicit Child(const std::vector<std::string> &argv, Stdin input = Stdin::none);
  /// Kills what still runs of its group, and reaps it.
  ~Child();
  Child(const Child &) = delete;
  Child &operator=(const Child &) = delete;

  // Our ends of the pipes, non-blocking, borrowed.
  int in() const { return in_.get(); } ///< -1 without a pipe and once closed
  int out() const { return out_.get(); }
  int err() const { return err_.get(); }
  void close_in() { in_.reset(); }
  pid_t pid() const { return pid_; }

  bool ended() const; ///< wait() would return at once
  /// Exit code, or 128 + signal; waits for it.
  int wait();
  /// SIGKILL to the group; wait() or the destructor still has to reap it.
  void kill();

private:
  pid_t pid_ = -1;
  Fd in_, out_, err_;
};

/// Appends what can be read now to `text`. Returns false at the end of file.
bool drain(int fd, std::string &text);

/// A child that prints more bytes is killed.
inline constexpr std::size_t kLargestOutput = 256 << 20;

/// The result of a child that has ended.
struct Finished {
  int code = 0; ///< exit code, or 128 + signal
  bool timed_out = false;
  std::string out, err;
};

/// Runs argv to its end with `input` on stdin; kills it at `deadline`. An interruption kills it
/// too, and throws as check_interrupted() does. Throws Error(Exit::failure) if it cannot be
/// started.
Finished run(const std::vector<std::string> &argv, std::string_view input, Deadline deadline);

/// The same for a child that runs already.
Finished finish(Child &child, std::string_view input, Deadline deadline);

} // namespace hello::sys
