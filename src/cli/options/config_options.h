#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/options/command.h"
#include "hello/config.h"

namespace hello::cli {

/// Whether --context may be given more than once.
enum class ContextFlag { single, repeated };

/// The options of every command that reads the configuration: --config, --context, --set,
/// --set-file, and the flags that settings have of their own (--namespace, --image, --timeout, …).
struct ConfigOptions {
  std::optional<std::string> file;
  std::optional<std::string> context; ///< with ContextFlag::single
  std::vector<std::string> contexts;  ///< with ContextFlag::repeated
  std::vector<config::Assignment> set;

  void add_to(const Command &command, ContextFlag context_flag = ContextFlag::single);

  /// Loads the configuration for `context`. Warnings go to stderr. Throws Error(Exit::invalid).
  config::Config load() const { return load(context); }
  /// The same for one of `contexts`, or none.
  config::Config load(const std::optional<std::string> &of_context) const;
};

} // namespace hello::cli
