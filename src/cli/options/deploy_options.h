#pragma once
#include <optional>
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

  void add_to(const Command &command, Shown shown, std::string_view formats);
  /// From flags and configuration.
  deploy::Options options(const config::Config &config) const;
};

/// Options of the commands that carry out a plan: deploy and rollback.
struct RolloutOptions : PlanOptions {
  bool dry_run = false, no_rollback = false, no_verify = false;
  bool yes = false;                              ///< agreed to whatever is asked
  std::chrono::milliseconds soak{0};             ///< how long a ready rollout is looked after
  std::chrono::milliseconds rollback_timeout{0}; ///< 0: as --timeout

  void add_to(const Command &command, Shown shown);
  deploy::Options options(const config::Config &config) const;
  /// Asks before `--adopt all`. Throws Error(Exit::usage) without a terminal to ask at.
  bool may_adopt() const;
  /// Brings the set onto the cluster, or only shows the plan. `last_warning` comes at the end; the
  /// closing line after it says what changed.
  Exit carry_out(kube::Cluster &cluster, const deploy::Set &set, const deploy::Options &options,
                 const deploy::Listener &emit, const std::string &last_warning = {}) const;
};

/// Where the service is asked for a response: --reach, and --verify, its name in 0.1.0.
struct ReachOptions {
  std::optional<std::string> reach, verify; ///< verify: "" without a URL

  void add_to(const Command &command);
  bool given() const { return reach || verify; }
  /// Throws Error(Exit::usage) for a wrong value. Warns of the old name.
  void check() const;
  void apply_to(deploy::Options &options) const;

private:
  std::string where() const { return reach ? *reach : verify.value_or(""); }
};

/// Whether a command changes the cluster.
enum class Purpose { read, change };

/// Connects to the cluster that a configuration means. Without a context it is kubectl's current
/// one, by its name: another kubectl may switch the current context meanwhile. If the file has an
/// overlay for that one, it is not applied: a warning for Purpose::read, else Error(Exit::usage).
std::unique_ptr<kube::Cluster> connect(const config::Config &config, const ConfigOptions &options,
                                       Purpose purpose);

} // namespace hello::cli
