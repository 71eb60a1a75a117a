#include "cli/options/config_options.h"

#include <string_view>

#include <fmt/core.h>
#include <unistd.h>

#include "cli/view/output.h"

namespace hello::cli {
namespace {

/// Takes "KEY=VALUE"; all after the first '=' is the value, whatever it holds.
struct Assign {
  std::vector<config::Assignment> &set;
  std::string flag;
  bool is_path;

  std::string operator()(const std::string &text) const {
    const std::size_t equals = text.find('=');
    if (equals == text.npos || equals == 0)
      return fmt::format("'{}' is not KEY={}", text, is_path ? "PATH" : "VALUE");
    const std::string key = text.substr(0, equals);
    set.push_back({key, text.substr(equals + 1), flag + " " + key, is_path});
    return "";
  }
};

} // namespace

void ConfigOptions::add_to(const Command &command, ContextFlag context_flag) {
  command.section("Configuration");
  command.text(
      "--config", file,
      {"Configuration file; without it ./hello.yaml where there is one", "FILE", "HELLO_CONFIG"});
  const OptionSpec spec{"kubectl's context, and the file's overlay contexts.NAME", "NAME",
                        "HELLO_CONTEXT"};
  if (context_flag == ContextFlag::repeated)
    command.list("--context", contexts, spec);
  else
    command.text("--context", context, spec);
  for (const config::Setting &setting : config::settings()) {
    if (setting.flag.empty()) continue;
    const std::string flag(setting.flag), key(setting.key);
    const auto take = [this, flag, key](const std::string &value) {
      set.push_back({key, value, flag});
      return std::string();
    };
    command.on_each(flag.c_str(), take, {std::string(setting.doc)});
  }
  command.on_each("--set", Assign{.set = set, .flag = "--set", .is_path = false},
                  {"A setting; VALUE is literal, a list or map YAML flow", "KEY=VALUE"});
  command.on_each("--set-file", Assign{.set = set, .flag = "--set-file", .is_path = true},
                  {"A setting whose value is what the file holds", "KEY=PATH"});
  command.section();
}

config::Config ConfigOptions::load(const std::optional<std::string> &of_context) const {
  config::Sources sources{file, of_context, set, {}};
  for (char **variable = environ; *variable; ++variable) {
    std::string_view text = *variable;
    std::size_t equals = text.find('=');
    if (text.starts_with("HELLO_") && equals != text.npos)
      sources.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  config::Config config = config::Config::load(sources);
  for (const std::string &warning : config.warnings()) say("warning: " + warning);
  return config;
}

} // namespace hello::cli
