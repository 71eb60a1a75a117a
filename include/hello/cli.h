#pragma once

namespace hello::cli {

/// Parses the command line and runs the subcommand. Returns the exit code; throws Error for
/// failures.
int run(int argc, char **argv);

} // namespace hello::cli
