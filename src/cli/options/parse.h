#pragma once
#include <functional>

#include "cli/options/command.h"

namespace hello::cli {

/// The table that `declare` fills: the top command, "hello".
std::unique_ptr<CommandRow> table(const std::function<void(const Command &)> &declare);

/// Parses a line, without running anything. Returns the action of the chosen command, or one that
/// prints the help. Throws Error(Exit::usage).
Action parse(int argc, const char *const *argv,
             const std::function<void(const Command &)> &declare);

} // namespace hello::cli
