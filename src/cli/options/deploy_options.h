#pragma once
#include <string>
#include <vector>

#include "cli/options/config_options.h"
#include "cli/view/output.h"
#include "hello/deploy.h"

namespace hello::cli {

/// Options of every command that makes a plan: configuration, format, conflicts, and kubectl's own
/// flags after "--".
struct PlanOptions {
  ConfigOptions config;
  Format format = Format::text;
  bool force_conflicts = false;
  std::vector<std::string> adopt; ///< objects of others to take over
  std::vector<std::string> kubectl_args;
  std::vector<std::string> allow; ///< lint rules that may be broken

  void add_to(const Command &command, ContextFlag context_flag = ContextFlag::single);
  /// From flags and configuration.
  deploy::Options options(const config::Config &config) const;
};

/// Options of the commands that carry out a plan: deploy and rollback.
struct RolloutOptions : PlanOptions {
  bool dry_run = false, no_rollback = false, no_verify = false;

  void add_to(const Command &command, ContextFlag context_flag = ContextFlag::single);
  deploy::Options options(const config::Config &config) const;
  /// Brings the set onto the cluster, or only shows the plan.
  Exit carry_out(kube::Cluster &cluster, const deploy::Set &set, const deploy::Options &options,
                 const deploy::Listener &emit) const;
};

/// Connects to the cluster that a configuration means. Without a context it is kubectl's current
/// one, by its name: another kubectl may switch the current context meanwhile.
std::unique_ptr<kube::Cluster> connect(const config::Config &config);

} // namespace hello::cli
