#include "cli/commands/commands.h"
#include "cli/options/complete.h"
#include "cli/view/output.h"

namespace hello::cli {

Exit run(const CompletionOptions &options) {
  print(completion_script(options.shell));
  return Exit::ok;
}

void declare(const Command &command, CompletionOptions &options) {
  command.section("Arguments");
  OptionSpec shell{"shell"};
  shell.required = true;
  command.choice("SHELL", options.shell, "bash|zsh|fish", shell);
  command.section();
  command.details(
      "Completes commands, options and their values, contexts, namespaces, releases, revisions "
      "and settings. It queries the cluster for at most a second, and not at all if the "
      "context's user needs a credential plugin.");
  command.example("source <(hello completion bash)", "in ~/.bashrc");
  command.example("source <(hello completion zsh)", "in ~/.zshrc");
  command.example("hello completion fish | source", "in config.fish");
}

} // namespace hello::cli
