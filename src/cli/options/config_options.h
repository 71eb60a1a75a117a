#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/options/command.h"
#include "hello/config.h"

namespace hello::cli {

/// What every command that reads the configuration can be told: --config, --context, --set,
/// --set-file, and each flag that a row of the table of settings has of its own (--namespace,
/// --image, --timeout, …). Must outlive the parsing.
struct ConfigOptions {
  std::optional<std::string> file;
  std::vector<std::string> contexts;
  std::vector<config::Assignment> set;

  /// `many_contexts`: --context may be given more than once.
  void add_to(const Command &command, bool many_contexts = false);

  /// The configuration for the context (of `contexts`, or none). Warnings go to stderr.
  /// Throws Error(Exit::invalid).
  config::Config load(const std::optional<std::string> &context) const;
  /// The same for the one context given, if any.
  config::Config load() const;
};

} // namespace hello::cli
