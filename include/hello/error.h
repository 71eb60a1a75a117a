#pragma once
#include <stdexcept>
#include <string>

namespace hello {

/// The process's exit code. `hello --help` documents it, and pipelines branch on it: a value never
/// changes its meaning. After a signal it is 128 plus the signal's number, as a shell reports it.
enum class Exit : int {
  ok = 0,
  no = 1,            ///< check failed: unhealthy, differences, findings, declined
  usage = 2,         ///< wrong command line
  invalid = 3,       ///< configuration or template invalid
  cluster = 4,       ///< cluster unreachable or refused, or the release is held by another
  rollout = 5,       ///< rollout failed; the message says whether it was rolled back
  failure = 6,       ///< any other failure
  hung_up = 129,     ///< SIGHUP
  interrupted = 130, ///< SIGINT
  terminated = 143,  ///< SIGTERM
};

/// A failure that ends the command: thrown anywhere, caught once, in main. Outcomes (a failed
/// rollout, a child's exit status) are values, not Errors.
class Error : public std::runtime_error {
public:
  /// `what`: what happened, where and why, without a final full stop or newline; may have several
  /// lines. `hint`: what to do next, best a command; may be empty.
  Error(Exit code, const std::string &what, std::string hint = {})
      : std::runtime_error(what), code_(code), hint_(std::move(hint)) {}

  Exit code() const { return code_; }
  const std::string &hint() const { return hint_; }
  /// A signal ended the command.
  bool is_interruption() const { return code_ >= Exit::hung_up; }
  /// Both, for an error that is shown and not thrown.
  std::string words() const {
    return hint_.empty() ? what() : std::string(what()) + "\n  " + hint_;
  }

private:
  Exit code_;
  std::string hint_;
};

} // namespace hello
