#pragma once
#include "cli/options/command.h"

/// One function per subcommand, each in a file of its own: it declares the subcommand, its options,
/// and what it does.
namespace hello::cli {

void add_tail(const Command &app);
void add_render(const Command &app);
void add_deploy(const Command &app);
void add_diff(const Command &app);
void add_config(const Command &app);
void add_init(const Command &app);
void add_healthcheck(const Command &app);
void add_serve(const Command &app);
void add_lint(const Command &app);
void add_history(const Command &app);
void add_rollback(const Command &app);
void add_status(const Command &app);
void add_logs(const Command &app);
void add_top(const Command &app);
void add_undeploy(const Command &app);
void add_version(const Command &app);

} // namespace hello::cli
