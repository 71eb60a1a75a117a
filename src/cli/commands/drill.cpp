#include <algorithm>
#include <ctime>

#include <fmt/core.h>

#include "cli/commands/commands.h"
#include "cli/options/advice.h"
#include "cli/options/protected.h"
#include "cli/view/counted.h"
#include "cli/view/output.h"
#include "cli/view/patience.h"
#include "hello/drill_release.h"
#include "hello/drill_run.h"
#include "hello/json.h"
#include "hello/text.h"

namespace hello::cli {
namespace {

using namespace std::chrono;

/// What the line asks for.
struct Task {
  enum class Kind : std::uint8_t { begin, list, stop } kind = Kind::begin;
  drills::Drill drill;
  std::optional<drills::Fault> fault; ///< to stop; none: all
};

Task task_of(const DrillOptions &flags) {
  Task task;
  if (flags.action == "list") task.kind = Task::Kind::list;
  if (flags.action == "stop") task.kind = Task::Kind::stop;
  const drills::Wish &wish = flags.wish;
  const bool has_wish = !wish.pod.empty() || wish.pods || wish.percent || flags.time.count() >= 0 ||
                        !flags.repeat.empty();
  if (has_wish && task.kind != Task::Kind::begin)
    throw Error(Exit::usage, "--pod, --pods, --share, --for and --repeat go with a fault",
                fmt::format("'hello drill {}' asks all pods: leave them out", flags.action));
  if (!flags.what.empty()) {
    task.fault = drills::fault_of(flags.what);
    if (task.kind != Task::Kind::stop)
      throw Error(Exit::usage, fmt::format("unexpected argument '{}'", flags.what));
    if (!task.fault)
      throw Error(Exit::usage, fmt::format("unknown fault '{}'", flags.what),
                  "name it without a value: hello drill stop latency");
  }
  if (task.kind == Task::Kind::begin) {
    if (const std::string why = drills::parse(flags.action, task.drill); !why.empty())
      throw Error(Exit::usage, why, "or run 'hello drill list' or 'hello drill stop'");
    if (flags.time.count() >= 0) task.drill.time = flags.time;
    if (flags.repeat.empty()) return task;
    if (const std::string why = drills::parse_repeat(flags.repeat, task.drill); !why.empty())
      throw Error(Exit::usage, "--repeat: " + why);
  }
  return task;
}

drills::Ask ask_of(const Task &task, const std::string &key) {
  if (task.kind == Task::Kind::list) return drills::to_list(key);
  if (task.kind == Task::Kind::stop) return drills::to_stop(task.fault, key);
  return drills::to_begin(task.drill, key);
}

void append(json::Writer &writer, const std::vector<drills::Active> &active) {
  writer.key("active").begin_array();
  for (const drills::Active &one : active)
    writer.begin_object()
        .key("drill")
        .string(one.drill)
        .key("leftMs")
        .number(one.left.count())
        .end_object();
  writer.end_array();
}

void show(const std::vector<drills::Active> &active, Format format) {
  std::string out;
  if (format == Format::text) {
    for (const drills::Active &one : active)
      out += fmt::format("{} for {} s more\n", one.drill, ceil<seconds>(one.left).count());
    return print(out.empty() ? "no drills\n" : out);
  }
  json::Writer writer(out);
  writer.begin_object();
  append(writer, active);
  writer.end_object();
  print_document(out, format);
}

/// What Kubernetes will do because of the drill, beyond what a restart ends; else empty.
std::string_view warning_of(const drills::Drill &drill) {
  if (drill.amount != drills::kNoBound) return "";
  if (drill.fault == drills::Fault::memory)
    return "the kernel will kill the container (OOMKilled), and the kubelet restarts it";
  return "/tmp will grow beyond tmp.sizeLimit: the kubelet, which looks about once a minute, "
         "evicts "
         "the pod, which stays listed, and its ReplicaSet makes another one; where /tmp is in "
         "memory, writing fails "
         "instead";
}

/// Whether the user agrees to what Kubernetes will do.
bool agreed(const DrillOptions &flags, const drills::Drill &drill) {
  const std::string_view warning = warning_of(drill);
  if (warning.empty()) return true;
  flags.config.console.note(std::string(warning));
  return flags.yes || confirmed(flags.config.console, "Begin?");
}

/// Asks one service by its URL.
Exit run_at(const DrillOptions &flags, const Task &task) {
  if (flags.token.empty())
    throw Error(Exit::usage, "--url needs the service's token",
                "it is in the service's line 'drills are allowed': --token TOKEN, or "
                "HELLO_DRILL_TOKEN");
  const sys::HttpUrl url = sys::parse_http_url(flags.url);
  if (url.target != "/") throw Error(Exit::usage, fmt::format("--url has a path: {}", url.target));
  if (task.kind == Task::Kind::begin && !agreed(flags, task.drill)) return Exit::no;
  const drills::Ask ask = ask_of(task, flags.token);
  const drills::Reply reply = drills::read_reply(sys::http_send(
      fmt::format("http://{}{}", url.authority, ask.path), ask.request, seconds(10)));
  if (!reply.wrong.empty())
    throw Error(Exit::failure,
                fmt::format("{} {}: {}", url.authority,
                            reply.is_lost ? "gives no answer" : "refused", reply.wrong));
  if (task.kind == Task::Kind::begin)
    flags.config.console.note(fmt::format("{} for {} s on {}", task.drill.text,
                                          ceil<seconds>(task.drill.time).count(), url.authority));
  else if (task.kind == Task::Kind::list)
    show(reply.active, flags.format);
  else
    flags.config.console.note(fmt::format("stopped on {}", url.authority));
  return Exit::ok;
}

std::string names_of(const std::vector<drills::Target> &targets) {
  std::string all;
  for (const drills::Target &one : targets) all.append(all.empty() ? "" : ", ").append(one.pod);
  return all;
}

std::string_view end_of(const drills::Drill &drill) {
  using drills::Fault;
  if (drill.fault == Fault::start)
    return "begun; the container ends, and its next starts fail, until the time is up";
  if (drill.fault == Fault::crash && drill.repeat > 0)
    return "begun; the container ends, and again 5 s after each start, until the time is up";
  if (drill.fault == Fault::unlive || drill.fault == Fault::hang || drill.fault == Fault::crash)
    return "begun; the restart of the container ends it";
  return "begun; it ends by itself, or by 'hello drill stop'";
}

Exit begin(kube::Cluster &cluster, const DrillOptions &flags, const drills::Drill &drill) {
  const Console &console = flags.config.console;
  Patience patience(console, "the cluster to answer");
  const drills::Choice choice = drills::choose(cluster, flags.wish);
  patience.expect(""); // a person reads
  const auto &targets = choice.targets;
  console.note(fmt::format("{} for {} s on {} of {} ready pods of {}: {}", drill.text,
                           ceil<seconds>(drill.time).count(), targets.size(), choice.ready,
                           cluster.access().release, names_of(targets)));
  if (choice.every && !flags.yes && !confirmed(console, "every ready pod gets the fault. Begin?"))
    return Exit::no;
  if (!agreed(flags, drill)) return Exit::no;
  drills::begin(cluster, drill, targets, std::time(nullptr));
  console.note(std::string(end_of(drill)));
  return Exit::ok;
}

using Replies = std::vector<std::pair<drills::Target, drills::Reply>>;

void show(const Replies &replies, Format format) {
  std::string out;
  if (format == Format::text) {
    bool all_answered = true;
    for (const auto &[target, reply] : replies) {
      if (!reply.wrong.empty()) say(fmt::format("pod {}: {}", target.pod, reply.wrong));
      all_answered = all_answered && reply.wrong.empty();
      for (const drills::Active &one : reply.active)
        out += fmt::format("{}: {} for {} s more\n", target.pod, one.drill,
                           ceil<seconds>(one.left).count());
    }
    return print(out.empty() && all_answered ? "no drills\n" : out);
  }
  json::Writer writer(out);
  writer.begin_object().key("pods").begin_array();
  for (const auto &[target, reply] : replies) {
    writer.begin_object().key("pod").string(target.pod);
    if (!reply.wrong.empty()) writer.key("error").string(reply.wrong);
    append(writer, reply.active);
    writer.end_object();
  }
  writer.end_array().end_object();
  print_document(out, format);
}

bool all_answered(const Replies &replies) {
  return std::all_of(replies.begin(), replies.end(),
                     [](const auto &one) { return one.second.wrong.empty(); });
}

/// Asks the pods of a release.
Exit run_on_release(const DrillOptions &flags, const Task &task) {
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "a drill that has begun ends by itself");
  const bool lists = task.kind == Task::Kind::list;
  const auto cluster = connect(config, flags.config, lists ? Purpose::read : Purpose::change);
  if (task.kind == Task::Kind::begin) {
    check_context(config, flags.yes_really, cluster->access().context);
    return begin(*cluster, flags, task.drill);
  }
  const Patience patience(flags.config.console, "the pods to answer");
  const Replies replies =
      lists ? drills::list(*cluster) : drills::stop(*cluster, task.fault, std::time(nullptr));
  if (lists) show(replies, flags.format);
  for (const auto &[target, reply] : replies)
    if (!lists && !reply.wrong.empty()) say(fmt::format("pod {}: {}", target.pod, reply.wrong));
  if (!all_answered(replies)) return Exit::failure;
  if (!lists) flags.config.console.note("stopped on " + counted(replies.size(), "pod"));
  return Exit::ok;
}

} // namespace

Exit run(const DrillOptions &flags) {
  const Task task = task_of(flags);
  return flags.url.empty() ? run_on_release(flags, task) : run_at(flags, task);
}

void declare(const Command &command, DrillOptions &options) {
  command.section("Arguments");
  OptionSpec action{"fault to begin, such as latency=200ms; or list, or stop", "FAULT[=VALUE]"};
  OptionSpec what{"with stop: the fault to end; by default all"};
  action.required = true;
  action.completes = what.completes = Completes::fault;
  command.text("FAULT", options.action, action);
  command.text("WHAT", options.what, what);
  command.section();
  command.duration(
      "--for", options.time,
      {"time until the fault ends by itself, up to 15m", "TIME", nullptr, "60s; disk=evict: 3m"},
      seconds(1), drills::kLongestTime);
  command.text("--repeat", options.repeat,
               {"how often a crash happens, 5 s after each start of the container; at most 10", "N",
                nullptr, "1"});
  command.text("--pod", options.wish.pod, {"the only pod that gets the fault", "NAME"});
  command.each("--pods",
               [&wish = options.wish](const std::string &text) {
                 const auto count = text::integer(text, 1, drills::kMostPods);
                 if (!count) return fmt::format("'{}' is not a number from 1 to 20", text);
                 wish.pods = static_cast<int>(*count);
                 return std::string();
               },
               {"number of ready pods that get the fault, the oldest first", "N", nullptr, "1"});
  command.each("--share",
               [&wish = options.wish](const std::string &text) {
                 const std::string digits = text.substr(0, text.size() - text.ends_with('%'));
                 const auto percent = text::integer(digits, 1, 100);
                 if (!percent) return fmt::format("'{}' is not a share from 1% to 100%", text);
                 wish.percent = static_cast<int>(*percent);
                 return std::string();
               },
               {"share of the ready pods, instead of --pods", "PERCENT"});
  command.either("--pod", "--pods");
  command.either("--pod", "--share");
  command.either("--pods", "--share");
  for (const char *pods : {"--pod", "--pods", "--share"}) command.either("--url", pods);
  command.flag("--yes", options.yes,
               "agree to a fault on every ready pod, to memory=oom and to disk=evict");
  command.text("--yes-really", options.yes_really,
               {"name of the context, if drills.protectedContexts protects it", "CONTEXT"});
  command.text("--url", options.url,
               {"address of one service with --drills, instead of the release's pods", "URL"});
  command.text("--token", options.token,
               {"token that the service's log shows at its start", "TOKEN", "HELLO_DRILL_TOKEN"});
  options.config.add_to(command, {.cluster = true});
  add_format(command, options.format, "text|json|yaml");
  static const std::string faults = [] {
    std::string text = "Faults:";
    for (const drills::Definition &one : drills::definitions())
      text += fmt::format(" {}{}{}", one.name, one.value.empty() ? "" : "=", one.value);
    return text + ". Each ends by itself. docs/drills.md explains them.";
  }();
  command.details(faults);
  command.example("hello drill unready --for 30s", "one pod leaves its Service");
  command.example("hello drill errors=503,20% --pods 2", "two pods answer errors");
  command.example("hello drill latency=200ms,50ms --url http://127.0.0.1:8082", "a local service");
}

} // namespace hello::cli
