#include "cli/options/agree.h"

#include <chrono>
#include <iostream>

#include <unistd.h>

#include "hello/error.h"
#include "hello/file.h"
#include "hello/signals.h"

namespace hello::cli {

bool agreed(const std::string &question, const std::string &command) {
  if (!::isatty(STDIN_FILENO) || !::isatty(STDERR_FILENO))
    throw Error(Exit::usage, "stdin is not a terminal: pass --yes", command);
  sys::write_all(STDERR_FILENO, question + " [y/N] ");
  std::string answer;
  const int fds[] = {STDIN_FILENO};
  sys::wait_readable(fds, sys::Clock::now() + std::chrono::hours(24));
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

} // namespace hello::cli
