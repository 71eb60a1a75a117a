#include <fmt/core.h>

#include "cli/commands/commands.h"
#include "cli/options/deploy_options.h"
#include "cli/options/release_set.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "hello/history.h"
#include "hello/yaml.h"

namespace hello::cli {
namespace {

struct Flags {
  ConfigOptions config;
  std::string output = "text";
  std::optional<int> revision;
};

std::string json_string(std::string_view text) { return yaml::to_json(yaml::string(text)); }

std::string text_of(const std::vector<release::Release> &all) {
  std::string out = fmt::format("{:>8}  {:<11}  {:<20}  {:<24}  {:<13}  {}\n", "REVISION", "STATE",
                                "WHEN", "WHO", "SOURCE", "IMAGE");
  for (const release::Release &r : all)
    out +=
        fmt::format("{:>8}  {:<11}  {:<20}  {:<24}  {:<13}  {}{}\n", r.revision, name_of(r.state),
                    r.when, r.who, r.source.empty() ? "-" : r.source.substr(0, 13), r.image,
                    r.note.empty() ? "" : " (" + r.note + ")");
  return out;
}

std::string json_of(const std::vector<release::Release> &all) {
  std::string out;
  for (const release::Release &r : all) {
    std::string objects;
    for (const kube::Id &id : r.objects)
      objects += (objects.empty() ? "" : ",") + json_string(id.text());
    out += fmt::format(
        R"({}{{"revision":{},"state":"{}","when":{},"who":{},"from":{},"image":{},"source":{},"note":{},"digest":{},"objects":[{}]}})",
        out.empty() ? "" : ",\n", r.revision, name_of(r.state), json_string(r.when),
        json_string(r.who), json_string(r.from), json_string(r.image), json_string(r.source),
        json_string(r.note), json_string(r.digest), objects);
  }
  return "[" + out + "]\n";
}

int run_history(const Flags &flags) {
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config);
  const auto releases = release::read_history(*cluster).take("read the history", cluster->access());
  if (flags.revision) {
    const release::Release &asked = release::rollback_target(releases, flags.revision);
    print(manifest::to_yaml(objects_of(release::read_set(*cluster, asked))));
    return 0;
  }
  if (releases.empty())
    say("no releases in " + target(cluster->access()) +
        ": the history begins with the next hello deploy");
  if (flags.output == "json")
    print(json_of(releases));
  else if (!releases.empty())
    print(text_of(releases));
  return 0;
}

} // namespace

void add_history(const Command &app) {
  const Command command =
      app.sub("history", "List the last releases, or print the manifests of one");
  auto flags = std::make_shared<Flags>();
  flags->config.add_to(command);
  command.number("REVISION", flags->revision, 1, INT32_MAX,
                 {"Print this release's whole set", "N"});
  command.choice("-o,--output", flags->output, {"text", "json"}, {"How to print the list"});
  command.footer(
      "Kept in the namespace, the last 10, as ControllerRevisions hello-release-N. States: pending "
      "(a deploy is under\n"
      "way, or was killed), ready, failed, rolled-back, superseded (another deploy came first).");
  command.does([flags] { return run_history(*flags); });
}

} // namespace hello::cli
