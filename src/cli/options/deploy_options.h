#pragma once
#include <string>
#include <vector>

#include "cli/options/config_options.h"
#include "hello/deploy.h"

namespace hello::cli {

/// What `deploy` and `diff` share: configuration, output format, conflicts, and kubectl's own flags
/// after "--".
struct DeployOptions {
  ConfigOptions config;
  std::string output = "text";
  bool force_conflicts = false;
  std::vector<std::string> kubectl_args;
  std::vector<std::string> allow; ///< lint rules that may be broken

  void add_to(const Command &command, bool many_contexts);
  /// From flags and configuration.
  deploy::Options options(const config::Config &config) const;
};

/// What `deploy` and `rollback` share besides.
struct RolloutOptions : DeployOptions {
  bool dry_run = false, no_rollback = false, no_verify = false;

  void add_to(const Command &command, bool many_contexts);
  deploy::Options options(const config::Config &config) const;
  /// Brings the set onto the cluster, or only shows the plan. Returns the exit code.
  int carry_out(kube::Cluster &cluster, const deploy::Set &set, const deploy::Options &options,
                const deploy::Listener &emit) const;
};

/// Shows events on stderr, or as JSON lines on stdout; the target is the first.
deploy::Listener listener(const std::string &output, const kube::Access &access);

/// Does `work`; an Error that ends it is the last event of a JSON stream, then thrown on.
int with_error_events(const std::string &output, const std::function<int()> &work);

/// The plan on stdout.
void show(const deploy::Plan &plan, const std::string &output);

/// The set of a configuration, linted: warnings go to stderr, an error throws Error(Exit::invalid).
deploy::Set linted_set(const config::Config &config, const std::vector<std::string> &allow);

/// The cluster that a configuration means. Without a context it is kubectl's current one, by its
/// name, so that it stays the same however long the command runs.
std::unique_ptr<kube::Cluster> connect(const config::Config &config);

} // namespace hello::cli
