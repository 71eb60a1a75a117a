#pragma once
#include "cli/options/deploy_options.h"
#include "hello/check.h"
#include "hello/drill_release.h"
#include "hello/follow.h"
#include "hello/history.h"
#include "hello/load.h"
#include "hello/logs.h"
#include "hello/server.h"

/// The commands: for each its options, declare(), which adds them to a parser, and run(), which
/// does the work and returns the exit code. Each is in a file of its own.
namespace hello::cli {

struct RenderOptions {
  ConfigOptions config;
  Format format = Format::text; ///< text: YAML
  std::vector<std::string> only;
  std::string split;          ///< a directory; empty: stdout
  bool kustomization = false; ///< with `split`
  std::vector<std::string> with;
  bool deployer = false, check = false;
  std::vector<std::string> namespaces; ///< with `check`
};
void declare(const Command &command, RenderOptions &options);
Exit run(const RenderOptions &options);

struct DeployOptions : RolloutOptions {
  ReachOptions reach;
  std::optional<std::string> plan; ///< file of an approved plan
  bool with_drills = false;
  std::chrono::milliseconds plan_age{std::chrono::hours(2)};
};
void declare(const Command &command, DeployOptions &options);
Exit run(const DeployOptions &options);

struct DiffOptions : PlanOptions {
  bool exit_code = false;
  std::optional<std::string> save; ///< file for the plan
};
void declare(const Command &command, DiffOptions &options);
Exit run(const DiffOptions &options);

struct HistoryOptions {
  ConfigOptions config;
  Format format = Format::text;
  std::optional<int> revision;
};
void declare(const Command &command, HistoryOptions &options);
Exit run(const HistoryOptions &options);

struct ListOptions {
  ConfigOptions config;
  Format format = Format::text;
  bool all = false; ///< of all namespaces
};
void declare(const Command &command, ListOptions &options);
Exit run(const ListOptions &options);

struct RollbackOptions : RolloutOptions {
  std::optional<int> revision;
};
void declare(const Command &command, RollbackOptions &options);
Exit run(const RollbackOptions &options);

struct StatusOptions {
  ConfigOptions config;
  Format format = Format::text;
  bool watch = false;
  ReachOptions reach;
};
void declare(const Command &command, StatusOptions &options);
Exit run(const StatusOptions &options);

struct LogsOptions {
  ConfigOptions config;
  kube::LogOptions logs;               ///< without a selector
  std::chrono::milliseconds since{-1}; ///< below 0: all
  bool timestamps = false, bare = false;
  std::string status, path, request_id; ///< only lines with these; empty: all
};
/// Whether a line of the service's JSON log has what the filters name; all lines without a filter.
bool is_wanted(const LogsOptions &options, std::string_view line);
void declare(const Command &command, LogsOptions &options);
Exit run(const LogsOptions &options);

struct TopOptions {
  ConfigOptions config;
  Format format = Format::text;
  bool watch = false;
};
void declare(const Command &command, TopOptions &options);
Exit run(const TopOptions &options);

struct UndeployOptions {
  ConfigOptions config;
  Format format = Format::text;
  bool yes = false, dry_run = false;
};
void declare(const Command &command, UndeployOptions &options);
Exit run(const UndeployOptions &options);

struct ShowConfigOptions {
  ConfigOptions config;
  Format format = Format::text; ///< text: YAML
};
void declare(const Command &command, ShowConfigOptions &options);
Exit run(const ShowConfigOptions &options);

struct InitOptions {
  std::string path = "hello.yaml"; ///< "-": stdout
  bool force = false;
  Console console;
};
void declare(const Command &command, InitOptions &options);
Exit run(const InitOptions &options);

struct LintOptions {
  ConfigOptions config;
  std::vector<std::string> allow;
  Format format = Format::text;
  bool rules = false;
};
/// What the parser of hello serve says to a pod's arguments; empty: nothing.
std::string serve_mistake(const std::vector<std::string> &words);
void declare(const Command &command, LintOptions &options);
Exit run(const LintOptions &options);

struct TailOptions {
  sys::Follow follow;
  std::string log_format; ///< json or text; empty: by what stderr is
};
void declare(const Command &command, TailOptions &options);
Exit run(const TailOptions &options);

/// --log-format, of the commands that write a log.
void add_log_format(const Command &command, std::string &format);

void declare(const Command &command, server::Options &options);
Exit run(const server::Options &options);

struct HealthcheckOptions {
  std::string url; ///< empty: /healthz of the service that has the same HELLO_ADMIN_LISTEN
  std::chrono::milliseconds timeout{4000}; ///< Docker's default is 30 s, an exec probe's 1 s
  Console console;
};
void declare(const Command &command, HealthcheckOptions &options);
Exit run(const HealthcheckOptions &options);

struct DashboardOptions {
  ConfigOptions config;
  bool no_browser = false;
};
void declare(const Command &command, DashboardOptions &options);
Exit run(const DashboardOptions &options);

struct LoadOptions {
  ConfigOptions config;
  Format format = Format::text;
  std::string url, yes_really;
  load::Plan plan;
  bool in_cluster = false;
};
void declare(const Command &command, LoadOptions &options);
Exit run(const LoadOptions &options);

struct CheckOptions {
  ConfigOptions config;
  Format format = Format::text;
  check::Options check;
  std::vector<std::string> reports; ///< files
  bool plan = false, list = false, cleanup = false;
  std::string run; ///< to clean up, or one of its namespaces; empty: all that have expired
};
void declare(const Command &command, CheckOptions &options);
Exit run(const CheckOptions &options);

struct DrillOptions {
  ConfigOptions config;
  Format format = Format::text;
  std::string action, what; ///< "latency=200ms"; or "stop" and "latency"
  std::string url, token;
  drills::Wish wish;
  bool yes = false;
  std::string yes_really;             ///< the context
  std::chrono::milliseconds time{-1}; ///< below 0: that of the fault
  std::string repeat;                 ///< how often a crash happens; empty: once
};
void declare(const Command &command, DrillOptions &options);
Exit run(const DrillOptions &options);

struct VersionOptions {
  Format format = Format::text;
};
void declare(const Command &command, VersionOptions &options);
Exit run(const VersionOptions &options);

struct CompletionOptions {
  std::string shell;
};
void declare(const Command &command, CompletionOptions &options);
Exit run(const CompletionOptions &options);

/// parse() prints the help: only it has the table.
struct HelpOptions {
  std::vector<std::string> command;
};
void declare(const Command &command, HelpOptions &options);
Exit run(const HelpOptions &options);

/// Adds every command. Runs nothing.
void declare_all(const Command &app);

} // namespace hello::cli
