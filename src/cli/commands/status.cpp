#include <fmt/core.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/options/deploy_options.h"
#include "cli/options/release_set.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "hello/error.h"
#include "hello/manifest.h"
#include "hello/mirror.h"
#include "hello/status.h"
#include "hello/terminal.h"
#include "hello/yaml.h"

namespace hello::cli {
namespace {

struct Flags {
  ConfigOptions config;
  std::string output = "text";
  bool watch = false, verify = false;
};

struct Look {
  const char *mark, *colour;
};
constexpr Look kLooks[] = {
    {"✓", "\033[32m"}, {"!", "\033[33m"}, {"…", "\033[36m"}, {"✗", "\033[31m"}};

std::string json_string(std::string_view text) { return yaml::to_json(yaml::string(text)); }

void draw(const deploy::StatusNode &node, std::size_t depth, bool colour, std::string &out) {
  const Look &look = kLooks[static_cast<std::size_t>(node.health)];
  std::string text = node.text; // of several lines: the others below the first
  for (std::size_t at = 0; (at = text.find('\n', at)) != text.npos; ++at)
    text.insert(at + 1, depth * 2 + 4, ' ');
  out += fmt::format("{:{}}{}{}{} {}{}{}\n", "", depth * 2, colour ? look.colour : "", look.mark,
                     colour ? "\033[0m" : "", node.object, text.empty() ? "" : "  ", text);
  for (const deploy::StatusNode &below : node.below) draw(below, depth + 1, colour, out);
}

std::string text_of(const deploy::Status &status, const deploy::Observation &observed,
                    const kube::Access &access, bool colour) {
  std::string out = target(access) + "\n";
  if (const auto &r = status.release)
    out += fmt::format("release {}, {}, {} by {}{}{}\n", r->revision, name_of(r->state), r->when,
                       r->who, r->source.empty() ? "" : ", from " + r->source,
                       r->note.empty() ? "" : ", " + r->note);
  if (!status.image.empty()) out += "image " + status.image + "\n";
  const Look &look = kLooks[static_cast<std::size_t>(status.health)];
  out += fmt::format("{}{}{}: {}\n\n", colour ? look.colour : "",
                     status.healthy() ? "healthy" : "not healthy", colour ? "\033[0m" : "",
                     status.summary);
  for (const deploy::StatusNode &node : status.objects) draw(node, 0, colour, out);
  for (const auto &[what, rule] : observed.unread)
    out += fmt::format("? {}  these rights do not let it be read: {}\n", what, rule);
  return out;
}

std::string json_of(const deploy::StatusNode &node) {
  std::string below;
  for (const deploy::StatusNode &one : node.below)
    below += (below.empty() ? "" : ",") + json_of(one);
  return fmt::format(R"({{"object":{},"health":"{}","text":{},"below":[{}]}})",
                     json_string(node.object), name_of(node.health), json_string(node.text), below);
}

std::string json_of(const deploy::Status &status, const deploy::Observation &observed,
                    const kube::Access &access) {
  std::string release = "null", objects, unread;
  if (const auto &r = status.release)
    release =
        fmt::format(R"({{"revision":{},"state":"{}","when":{},"who":{},"source":{},"image":{}}})",
                    r->revision, name_of(r->state), json_string(r->when), json_string(r->who),
                    json_string(r->source), json_string(r->image));
  for (const deploy::StatusNode &node : status.objects)
    objects += (objects.empty() ? "" : ",") + json_of(node);
  for (const auto &[what, rule] : observed.unread)
    unread += (unread.empty() ? "" : ",") + json_string(what);
  return fmt::format(
      R"({{"healthy":{},"health":"{}","summary":{},"context":{},"namespace":{},"image":{},"release":{},"objects":[{}],"unread":[{}]}})"
      "\n",
      status.healthy(), name_of(status.health), json_string(status.summary),
      json_string(access.context), json_string(access.ns), json_string(status.image), release,
      objects, unread);
}

int show(kube::Cluster &cluster, const Flags &flags, bool clear) {
  const deploy::Observation observed = deploy::observe(cluster);
  const auto now =
      std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  const deploy::Status status = deploy::status_of(observed, now);
  const std::string text = flags.output == "json" ? json_of(status, observed, cluster.access())
                                                  : text_of(status, observed, cluster.access(),
                                                            sys::has_colour(STDOUT_FILENO));
  print((clear ? "\033[H\033[J" : "") + text);
  return static_cast<int>(status.healthy() ? Exit::ok : Exit::no);
}

/// It matters that something changed, not what.
class NoSink final : public kube::Sink {
public:
  void clear() override {}
  void put(const std::string &, const json::Value &) override {}
  void erase(const std::string &) override {}
};

/// Looks again whenever something changed, at most twice a second, until it is interrupted.
[[noreturn]] void watch(kube::Cluster &cluster, const Flags &flags) {
  const bool terminal = sys::is_terminal(STDOUT_FILENO) && flags.output == "text";
  const auto collections = deploy::watched(cluster.access().ns);
  NoSink sink;
  std::vector<kube::Source> sources;
  for (const kube::Collection &collection : collections) sources.push_back({collection, &sink});
  const auto mirror = cluster.watch(sources);
  for (;;) {
    show(cluster, flags, terminal);
    cluster.sleep(std::chrono::milliseconds(500));
    mirror->wait(cluster.now() + std::chrono::seconds(terminal ? 10 : 3600)); // ages go on
    for (std::size_t i = 0; i < sources.size(); ++i)
      if (const kube::Failure *refusal = mirror->refused(i);
          refusal && refusal->trouble == kube::Trouble::forbidden)
        throw kube::explain(*refusal, fmt::format("watch the {}s", collections[i].kind),
                            cluster.access());
  }
}

/// Whether the service answers, as a deploy asks it at its end.
bool answers(kube::Cluster &cluster, const config::Config &config, const std::string &output) {
  const deploy::Listener failed = [](const deploy::Event &event) {
    if (const EventText words = event_text(event); words.tone == EventText::Tone::failure)
      say(words.text);
  };
  // stdout has its one object already
  const deploy::Listener emit = output == "json" ? failed : listener(output, cluster.access());
  return deploy::report(cluster, set_of(manifest::render_all(config)), {}, emit);
}

int run_status(const Flags &flags) {
  if (flags.watch && flags.verify)
    throw Error(Exit::usage, "--verify asks once, --watch goes on: leave one of the two out");
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config);
  if (flags.watch) watch(*cluster, flags);
  const int code = show(*cluster, flags, false);
  if (code != 0 || !flags.verify) return code;
  return static_cast<int>(answers(*cluster, config, flags.output) ? Exit::ok : Exit::no);
}

} // namespace

void add_status(const Command &app) {
  const Command command =
      app.sub("status", "Show what runs, how it is, and why; exit code 1 where it is not healthy");
  auto flags = std::make_shared<Flags>();
  flags->config.add_to(command);
  command.choice("-o,--output", flags->output, {"text", "json"}, {"json: one object on a line"});
  command.flag("-w,--watch", flags->watch, "Show it again whenever it changes");
  command.flag("--verify", flags->verify,
               "If it is healthy, ask the service for an answer too, through a port-forward");
  command.does([flags] { return run_status(*flags); });
}

} // namespace hello::cli
