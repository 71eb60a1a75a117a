#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/options/command.h"
#include "cli/view/output.h"
#include "hello/config.h"

namespace hello::cli {

/// Which of the shared options a command's help shows. Each command takes all of them: a setting
/// that it has no use for does no harm.
struct Shown {
  bool name = true;      ///< --name: it is about one release
  bool contexts = false; ///< --context may be given again
  bool cluster = false;  ///< --verbose: it runs kubectl
  bool image = false;    ///< --image, --kube-version
  bool timeout = false;
  bool grace = false;
  std::string_view default_timeout = {}; ///< instead of the setting's
};

/// The options of every command that reads the configuration: --config, --context, --no-overlay,
/// --set, --set-string, --set-file, --unset, the flags that settings have of their own
/// (--namespace, --image, …), and how the command talks (--quiet, --verbose, --color, --no-input).
struct ConfigOptions {
  std::vector<std::string> files;
  std::optional<std::string> context; ///< unless Shown::contexts
  std::vector<std::string> contexts;  ///< with Shown::contexts
  std::vector<config::Assignment> set;
  bool no_overlay = false;
  Console console;

  void add_to(const Command &command, const Shown &shown = {});

  /// Loads the configuration for `context`. Warnings go to stderr. Throws Error(Exit::invalid).
  config::Config load() const { return load(context); }
  /// The same for one of `contexts`, or none. `reader`: the command's own option that names "-".
  config::Config load(const std::optional<std::string> &of_context,
                      std::string_view reader = "") const;

private:
  mutable std::optional<std::string> input_; ///< what stdin held: it can be read once
};

/// -q, --quiet
void add_quiet(const Command &command, Console &console);
/// -o, --output: one of `choices`, in the order of Format ("text|json|yaml", or "yaml|json" where
/// the text is YAML).
void add_format(const Command &command, Format &format, std::string_view choices,
                std::string_view help = "output format");

} // namespace hello::cli
