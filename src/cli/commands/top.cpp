#include <cstdio>

#include <fmt/core.h>

#include "cli/commands/commands.h"
#include "cli/options/deploy_options.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "hello/top.h"
#include "hello/yaml.h"

namespace hello::cli {
namespace {

struct Flags {
  ConfigOptions config;
  std::string output = "text";
};

std::string printed(const char *format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string cores(const std::optional<double> &value) {
  return value ? printed("%.0fm", *value * 1000) : "-";
}
std::string mebibytes(const std::optional<double> &value) {
  return value ? printed("%.1fMi", *value / 1048576) : "-";
}
std::string percent(const std::optional<double> &used, const std::optional<double> &of) {
  return used && of && *of > 0 ? printed("%.0f %%", *used / *of * 100) : "-";
}

std::string text_of(const std::vector<kube::Usage> &all) {
  constexpr const char *row = "{:<32}  {:>7}  {:>11}  {:>9}  {:>9}  {:>11}  {:>9}\n";
  std::string out =
      fmt::format(row, "POD", "CPU", "OF REQUEST", "OF LIMIT", "MEMORY", "OF REQUEST", "OF LIMIT");
  for (const kube::Usage &one : all)
    out += fmt::format(row, one.pod, cores(one.cpu.used), percent(one.cpu.used, one.cpu.request),
                       percent(one.cpu.used, one.cpu.limit), mebibytes(one.memory.used),
                       percent(one.memory.used, one.memory.request),
                       percent(one.memory.used, one.memory.limit));
  return out;
}

std::string json_of(const kube::Share &share) {
  const auto number = [](const std::optional<double> &value) {
    return value ? printed("%.9g", *value) : "null";
  };
  return fmt::format(R"({{"used":{},"request":{},"limit":{}}})", number(share.used),
                     number(share.request), number(share.limit));
}

std::string json_of(const std::vector<kube::Usage> &all) {
  std::string out;
  for (const kube::Usage &one : all)
    out += fmt::format(R"({}{{"pod":{},"cpu":{},"memory":{}}})", out.empty() ? "" : ",",
                       yaml::to_json(yaml::string(one.pod)), json_of(one.cpu), json_of(one.memory));
  return "[" + out + "]\n";
}

int run_top(const Flags &flags) {
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config);
  const auto all =
      kube::read_usage(*cluster, "app.kubernetes.io/name=hello,app.kubernetes.io/instance=hello");
  if (all.empty()) say("no pods in " + target(cluster->access()));
  for (const kube::Usage &one : all)
    if (!one.cpu.used)
      say(one.pod + " is not measured yet; the metrics server does so every 15 s or so");
  if (flags.output == "json")
    print(json_of(all));
  else if (!all.empty())
    print(text_of(all));
  return 0;
}

} // namespace

void add_top(const Command &app) {
  const Command command = app.sub("top", "Show CPU and memory use against requests and limits");
  auto flags = std::make_shared<Flags>();
  flags->config.add_to(command);
  command.choice("-o,--output", flags->output, {"text", "json"}, {"json: cores and bytes"});
  command.does([flags] { return run_top(*flags); });
}

} // namespace hello::cli
