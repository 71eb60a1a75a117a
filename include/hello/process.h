#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "hello/signals.h"

/// Child processes: an argv, never a shell.
namespace hello::sys {

/// The path of a program: `name` itself if it has a slash, else the first executable in PATH; empty
/// if there is none.
std::string find_program(const std::string &name);

/// A running child with its own process group (a Ctrl-C at the terminal reaches us, not it) that
/// the kernel kills when we die. Start it on a thread that lives as long as it should:
/// PR_SET_PDEATHSIG follows the thread.
class Child {
public:
  /// Starts argv[0] (a path). stdout and stderr are pipes; stdin is a pipe if `with_input`, else
  /// /dev/null. Throws Error(Exit::failure) if it cannot be started.
  Child(const std::vector<std::string> &argv, bool with_input);
  /// Kills what still runs of its group, and reaps it.
  ~Child();
  Child(const Child &) = delete;
  Child &operator=(const Child &) = delete;

  int in() const { return in_; }   ///< our end, non-blocking; -1 once closed
  int out() const { return out_; } ///< our end, non-blocking
  int err() const { return err_; } ///< our end, non-blocking
  void close_in();
  pid_t pid() const { return pid_; }

  bool ended() const; ///< wait() would not wait
  /// Exit code, or 128 + signal; waits for it.
  int wait();
  /// SIGKILL to the group; wait() still has to be called, or the destructor.
  void kill();

private:
  pid_t pid_ = -1;
  int in_ = -1, out_ = -1, err_ = -1;
};

/// Appends what can be read now to `text`. Returns false at the end of file.
bool drain(int fd, std::string &text);

inline constexpr std::size_t kLargestOutput = 256
                                              << 20; ///< bytes; a child that prints more is killed

/// What a child that has ended left behind.
struct Finished {
  int code = 0; ///< exit code, or 128 + signal
  bool timed_out = false;
  std::string out, err;
};

/// Runs argv to its end with `input` on stdin; at `deadline` it is killed. An interruption kills it
/// and throws as check_interrupted() does. Throws Error(Exit::failure) if it cannot be started.
Finished run(const std::vector<std::string> &argv, std::string_view input, Deadline deadline);

/// The same for a child that was started before.
Finished finish(Child &child, std::string_view input, Deadline deadline);

} // namespace hello::sys
