#include <map>

#include <fmt/core.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/options/advice.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/paint.h"
#include "cli/view/patience.h"
#include "hello/json.h"
#include "hello/releases.h"
#include "hello/text.h"

namespace hello::cli {
namespace {

constexpr std::chrono::hours kYear(365 * 24);

/// "404", or "5xx" for all that begin with 5.
bool is_status(const std::string &text) {
  return text.size() == 3 && text[0] >= '1' && text[0] <= '5' &&
         (text.substr(1) == "xx" || text::is_digits(text));
}

bool has_filter(const LogsOptions &options) {
  return !options.status.empty() || !options.path.empty() || !options.request_id.empty();
}

} // namespace

bool is_wanted(const LogsOptions &options, std::string_view line) {
  if (!has_filter(options)) return true;
  if (!line.starts_with('{')) return false;
  try {
    const json::Value object = json::parse(line, "line");
    const std::string_view status = options.status, is = object.at("status").text();
    const bool same =
        status.ends_with("xx") ? is.substr(0, 1) == status.substr(0, 1) : is == status;
    return (status.empty() || same) && object.text("path").starts_with(options.path) &&
           (options.request_id.empty() || object.text("request_id") == options.request_id);
  } catch (const Error &) { // cut, or another program's
    return false;
  }
}

Exit run(const LogsOptions &flags) {
  if (flags.logs.previous && flags.logs.follow)
    throw Error(Exit::usage, "--previous and --follow cannot be combined: leave one of them out");
  if (!flags.status.empty() && !is_status(flags.status))
    throw Error(Exit::usage, "--status " + flags.status + ": use a status such as 404, or 5xx");
  const config::Config config = flags.config.load();
  if (has_filter(flags) && config.text("logging.format") == "text")
    say("warning: --status, --path and --request-id read JSON lines, but logging.format is text");
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config, flags.config, Purpose::read);
  Patience patience(flags.config.console, "the cluster to answer");
  const Paint paint = flags.config.console.paint(STDOUT_FILENO);
  std::map<std::string, int> colours; // by pod, in order of appearance
  bool any = false;
  const auto take = [&](const kube::LogLine &line) {
    any = true;
    patience.expect("");
    if (!is_wanted(flags, line.text)) return true;
    const int number =
        colours.try_emplace(line.pod, static_cast<int>(colours.size()) % 6).first->second;
    std::string who = line.container == "hello" ? line.pod : line.pod + "/" + line.container;
    who = paint(fmt::format("\033[3{}m", number + 1), who);
    print(fmt::format("{}{}{}{}{}\n", flags.bare ? "" : who, flags.bare ? "" : " ",
                      flags.timestamps ? line.time : "", flags.timestamps ? " " : "", line.text));
    return true;
  };
  kube::LogOptions options = flags.logs;
  options.selector = names::pods_selector(cluster->access().release);
  if (flags.since.count() >= 0)
    options.since_seconds = std::chrono::ceil<std::chrono::seconds>(flags.since).count();
  options.wanted = [] { return !reader_left(); }; // a reader that left is no error
  options.unread = [](const std::string &container, const kube::Failure &failure) {
    say(fmt::format("warning: cannot read the log of {}: {}", container, failure.words));
  };
  if (options.follow) {
    release::require_release(*cluster);
    patience.expect(""); // a quiet log is no news
  }
  if (kube::read_logs(*cluster, options, take) > 0) {
    if (options.previous && !any) flags.config.console.note("no lines from before a restart");
    return Exit::ok;
  }
  suggest_namespace(*cluster);
  release::require_release(*cluster);
  flags.config.console.note("no pods in " + target(cluster->access()));
  return Exit::ok;
}

void declare(const Command &command, LogsOptions &options) {
  command.flag("-f,--follow", options.logs.follow,
               "keep printing new lines, across rollouts and restarts");
  command.duration("--since", options.since, {"age of the oldest lines to print: 30s, 10m, 2h, 1d"},
                   std::chrono::milliseconds(1), kYear);
  command.number("--tail", options.logs.tail, 0, INT32_MAX,
                 {"number of last lines to print per container; by default all", "LINES"});
  command.flag("--timestamps", options.timestamps, "print the time of each line");
  command.flag("--bare", options.bare, "omit the pod name before each line");
  options.config.add_to(command, {.cluster = true});
  command.flag("--previous", options.logs.previous,
               "print the logs of the containers before their last restart");
  command.text("--status", options.status,
               {"print only requests with this status: 404, or 5xx for a whole class", "STATUS"});
  command.text("--path", options.path, {"print only requests whose path begins with PATH", "PATH"});
  command.text("--request-id", options.request_id, {"print only requests with this ID", "ID"});
  command.details("The filters read the service's JSON log lines, and leave out all others. --tail "
                  "counts lines before they are filtered.");
  command.example("hello logs -f --since 5m", "follow the logs of all pods");
  command.example("hello logs --status 5xx --since 1h", "show the requests that failed");
  command.example("hello logs --bare | jq .status", "print only the lines themselves");
}

} // namespace hello::cli
