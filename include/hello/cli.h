#pragma once
#include "hello/error.h"

namespace hello::cli {

/// Parses the command line and runs the subcommand. Returns the exit code; throws Error for
/// failures.
int run(int argc, char **argv);

/// Shows on stderr the error that ended run(); for `serve` and `tail`, as a line of their log.
void report(int argc, char **argv, const Error &error);

} // namespace hello::cli
