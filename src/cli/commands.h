#pragma once
#include <functional>

#include <CLI/CLI.hpp>

/// One function per subcommand, each in a file of its own: it declares the subcommand and its options, and sets `run`
/// to what does the work when that subcommand was chosen. `run` returns the exit code.
namespace hello::cli {

using Run = std::function<int()>;

void add_tail(CLI::App &app, Run &run);
void add_render(CLI::App &app, Run &run);
void add_deploy(CLI::App &app, Run &run);
void add_diff(CLI::App &app, Run &run);
void add_config(CLI::App &app, Run &run);
void add_init(CLI::App &app, Run &run);
void add_healthcheck(CLI::App &app, Run &run);
void add_serve(CLI::App &app, Run &run);
void add_lint(CLI::App &app, Run &run);
void add_history(CLI::App &app, Run &run);
void add_rollback(CLI::App &app, Run &run);
void add_status(CLI::App &app, Run &run);
void add_logs(CLI::App &app, Run &run);
void add_top(CLI::App &app, Run &run);
void add_undeploy(CLI::App &app, Run &run);
void add_version(CLI::App &app, Run &run);

} // namespace hello::cli
