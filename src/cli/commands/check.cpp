#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/view/check.h"
#include "cli/view/output.h"
#include "hello/file.h"
#include "hello/signals.h"

namespace hello::cli {
namespace {

constexpr std::size_t kLargestReport = 16 << 20;

/// What writes a report, by the file's suffix; null: nothing does.
std::string (*writer_of(const std::string &file))(const check::Report &) {
  if (file.ends_with(".json")) return check::to_json;
  if (file.ends_with(".xml")) return check::to_junit;
  return file.ends_with(".html") ? check::to_html : nullptr;
}

/// Returns why some could not be written, a line each; the others are.
std::string write_reports(const std::vector<std::string> &files, const check::Report &report) {
  std::string why;
  for (const std::string &file : files) {
    try {
      sys::write_file(file, writer_of(file)(report));
    } catch (const Error &error) {
      why += (why.empty() ? "" : "\n") + error.words();
    }
  }
  return why;
}

/// Prints each check as it ends, and on a terminal what is being done.
class Screen final : public check::Listener {
public:
  explicit Screen(const CheckOptions &flags)
      : flags_(flags), paint_(flags.config.console.paint(STDOUT_FILENO)),
        text_(flags.format == Format::text),
        live_(!flags.config.console.quiet && isatty(STDERR_FILENO)) {}
  ~Screen() override { clear(); }
  Screen(const Screen &) = delete;
  Screen &operator=(const Screen &) = delete;

  /// Whoever kills the run finds here what to remove.
  void began(const check::Report &report) override {
    flags_.config.console.note(fmt::format("run {} in namespaces {} and {}", report.run,
                                           report.namespaces[0], report.namespaces[1]));
  }
  void doing(std::string_view check, std::string_view what) override {
    if (!live_) return;
    clear();
    tell(STDERR_FILENO,
         fmt::format("  {}{}{}…", check, check.empty() || what.empty() ? "" : ": ", what));
    shown_ = true;
  }
  void ended(const check::Result &result) override {
    clear();
    if (text_) print(text_of(result, paint_));
  }
  /// Writes the reports before the removal too, which a second signal would end.
  void judged(const check::Report &report) override { write_reports(flags_.reports, report); }
  void clear() {
    if (shown_) sys::write_all(STDERR_FILENO, "\r\033[K");
    shown_ = false;
  }
  const Paint &paint() const { return paint_; }

private:
  const CheckOptions &flags_;
  Paint paint_;
  bool text_, live_, shown_ = false;
};

/// Why no file can be written there; empty: it can.
std::string why_not(const std::string &path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return "it is a directory";
  std::string draft;
  if (!sys::make_temporary(path + ".", draft)) return std::strerror(errno);
  ::unlink(draft.c_str());
  return "";
}

/// Refuses files that cannot be written, or whose suffix names no form, before anything runs.
void check_reports(const std::vector<std::string> &files) {
  for (auto file = files.begin(); file != files.end(); ++file) {
    if (!writer_of(*file))
      throw Error(Exit::usage,
                  fmt::format("--report {}: the suffix is not .json, .xml or .html", *file),
                  "use .json, .xml for JUnit, or .html for a page; -o json prints JSON");
    if (std::find(files.begin(), file, *file) != file)
      throw Error(Exit::usage, fmt::format("--report {} is given twice", *file));
    if (const std::string why = why_not(*file); !why.empty())
      throw Error(Exit::usage, fmt::format("--report {}: cannot be written: {}", *file, why),
                  "name a file in a directory that exists and can be written");
  }
}

Exit clean(kube::Cluster &cluster, const CheckOptions &flags) {
  cluster.fetch("/version").take("ask for the API server's version", cluster.access());
  std::vector<std::string> left;
  const auto removed = check::clean_up(cluster, flags.check.namespaces, flags.run, left);
  for (const std::string &one : removed) print("removed " + one + "\n");
  for (const std::string &one : left) say("left: " + one);
  if (removed.empty() && left.empty())
    flags.config.console.note(flags.run.empty()
                                  ? "nothing to remove"
                                  : "nothing to remove: no check has made " + flags.run);
  return left.empty() ? Exit::ok : Exit::failure;
}

/// What the reports say where no API server answered, so that none of an earlier run is taken for
/// this one's.
check::Report unanswered(const Error &error, const CheckOptions &flags) {
  check::Report report;
  if (!flags.config.contexts.empty()) report.context = check::tidied(flags.config.contexts.front());
  report.started = std::time(nullptr);
  report.exit = error.code();
  report.results.push_back({"api",
                            {.verdict = check::Verdict::inconclusive,
                             .cause = "NoAnswer",
                             .what = check::tidied(error.what()),
                             .advice = check::tidied(error.hint())}});
  return report;
}

json::Value read_report(const std::string &path) {
  return json::parse(sys::read_file(path, kLargestReport, Exit::invalid), path);
}

void declare_compare(const Command &command) {
  const Command compare = command.subcommand("compare", "Compare two reports; exit 1 if the newer "
                                                        "one is worse");
  const auto files = std::make_shared<std::pair<std::string, std::string>>();
  compare.section("Arguments");
  OptionSpec old{"report of the earlier run, as JSON", "OLD"},
      now{"report of the later run", "NEW"};
  old.required = now.required = true;
  old.completes = now.completes = Completes::file;
  compare.text("OLD", files->first, old);
  compare.text("NEW", files->second, now);
  compare.section();
  compare.example("hello check --report after.json", "make the report of a later run");
  compare.example("hello check compare before.json after.json", "list what became worse");
  compare.action([files] {
    bool worse = false;
    for (const std::string &line :
         check::compare(read_report(files->first), read_report(files->second), worse))
      print(check::tidied(line) + "\n");
    return worse ? Exit::no : Exit::ok;
  });
}

Exit run_all(const config::Config &config, const check::Options &options,
             const CheckOptions &flags) {
  const auto cluster = connect(config, flags.config, Purpose::change);
  Screen screen(flags);
  const check::Report report = check::run(*cluster, config, options, screen);
  screen.clear();
  const std::string unwritten = write_reports(flags.reports, report);
  print(flags.format == Format::text ? summary_of(report, screen.paint()) : to_json(report));
  if (report.exit >= Exit::hung_up)
    say(report.left.empty() ? "interrupted; what the check made was removed"
                            : "interrupted; not all that the check made could be removed");
  if (!unwritten.empty()) say(unwritten);
  return report.exit == Exit::ok && !unwritten.empty() ? Exit::failure : report.exit;
}

Exit run_checks(const config::Config &config, const check::Options &options,
                const CheckOptions &flags) {
  try {
    return run_all(config, options, flags);
  } catch (const Error &error) {
    if (error.code() != Exit::cluster) throw;
    const check::Report report = unanswered(error, flags);
    if (const std::string unwritten = write_reports(flags.reports, report); !unwritten.empty())
      say(unwritten);
    if (flags.format == Format::json) print(to_json(report));
    throw;
  }
}

} // namespace

Exit run(const CheckOptions &flags) {
  if (!flags.run.empty() && !flags.cleanup)
    throw Error(
        Exit::usage, fmt::format("unexpected argument '{}'", flags.run),
        fmt::format("to run one check, use --only {0}; to remove a run, --cleanup {0}", flags.run));
  const bool runs = !flags.list && !flags.plan && !flags.cleanup;
  if (!runs && (flags.format == Format::json || !flags.reports.empty()))
    throw Error(Exit::usage, "-o json and --report go with a run of the checks",
                "leave them out of --list, --plan and --cleanup, which print text");
  if (flags.list) {
    print(list_of(check::all_checks()));
    return Exit::ok;
  }
  check_reports(flags.reports);
  check::chosen(flags.check);
  const config::Config config = flags.config.load();
  check::Options options = flags.check;
  if (config.origin("timeout").from == config::From::flag)
    options.timeout = config.duration("timeout");
  const sys::Interrupts interrupts("interrupted", "");
  if (runs) return run_checks(config, options, flags);
  const auto cluster = connect(config, flags.config, Purpose::change);
  if (flags.cleanup) return clean(*cluster, flags);
  print(text_of(check::plan(*cluster, config, options)));
  return Exit::ok;
}

void declare(const Command &command, CheckOptions &options) {
  check::Options &check = options.check;
  command.section("Arguments");
  command.text("NAME", options.run,
               {"with --cleanup: a run to remove before it expires, or one of its namespaces"});
  command.section();
  OptionSpec names{"checks to run, with those that they depend on", "NAMES"};
  names.completes = Completes::checks;
  command.list("--only", check.only, names, ',');
  names.help = "checks to leave out";
  command.list("--skip", check.skip, names, ',');
  names.help = "checks that must pass: skipped or inconclusive ones count as failures";
  command.list("--require", check.require, names, ',');
  command.flag("--strict", check.strict, "count a warning as a failure");
  command.flag("--full", check.full, "also run the checks that take longer");
  command.list("--namespaces", check.namespaces,
               {"two prepared namespaces, instead of new ones with random names", "A,B"}, ',');
  command.flag("--plan", options.plan, "print what the check would create, and run nothing");
  command.flag("--list", options.list, "print the checks, and run nothing");
  command.either("--plan", "--list");
  command.either("--plan", "--cleanup");
  command.either("--list", "--cleanup");
  command.flag("--cleanup", options.cleanup,
               "remove the expired leftovers of earlier runs, or one run");
  command.each("--cleanup-run",
               [&options](const std::string &name) {
                 options.cleanup = true;
                 options.run = name;
                 return std::string();
               },
               {.help = "the old form of --cleanup NAME", .hidden = true});
  OptionSpec report{"file for the report: .json, .xml (JUnit) or .html", "FILE"};
  report.completes = Completes::file;
  command.list("--report", options.reports, report);
  options.config.add_to(
      command, {.cluster = true, .image = true, .timeout = true, .default_timeout = "15m"});
  add_format(command, options.format, "text|json");
  command.details(
      "Creates two namespaces, runs a small service in one and clients in the other, measures, and "
      "removes everything, even after Ctrl-C. From hello.yaml it takes the settings that decide "
      "whether the service runs: image, node selector, security contexts, ingress class and the "
      "like. Each check has a control, which must work at the same time; if it does not, the check "
      "is inconclusive. Exit code 1: a check failed; 6: a check is inconclusive; 4: no API server "
      "answered.");
  command.example("hello check", "test the current cluster in about 3 minutes");
  command.example("hello check --only dns,policy --report check.xml", "two checks, for a pipeline");
  command.example("hello check compare before.json after.json", "compare two runs");
  declare_compare(command);
}

} // namespace hello::cli
