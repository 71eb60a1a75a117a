#pragma once
#include <string>
#include <vector>

#include "hello/signals.h"

namespace hello::sys {

/// Runs argv in a process group of its own that has the terminal on stdin, so that it can ask
/// there; what it writes to stdout is dropped. Kills it at `deadline`, and returns false then. Does
/// nothing if this process is not in the terminal's foreground. An interruption kills it too, and
/// throws as check_interrupted() does. Throws Error(Exit::failure) if it cannot be started.
bool run_at_terminal(const std::vector<std::string> &argv, Deadline deadline);

} // namespace hello::sys
