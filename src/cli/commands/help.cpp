#include "cli/commands/commands.h"

namespace hello::cli {

Exit run(const HelpOptions &) { return Exit::ok; }

void declare(const Command &command, HelpOptions &options) {
  command.section("Arguments");
  OptionSpec name{"command; by default, all commands are listed"};
  name.completes = Completes::command;
  command.list("COMMAND", options.command, name);
  command.section();
  command.example("hello help deploy", "the same as hello deploy --help");
  command.example("hello help config schema", "the help for a subcommand");
}

} // namespace hello::cli
