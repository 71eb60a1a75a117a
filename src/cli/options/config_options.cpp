#include "cli/options/config_options.h"

#include <string_view>

#include <fmt/core.h>
#include <unistd.h>

#include "cli/view/output.h"

namespace hello::cli {
void ConfigOptions::add_to(const Command &command, bool many_contexts) {
  command.heading("Configuration");
  command.text(
      "--config", file,
      {"Configuration file; without it ./hello.yaml where there is one", "FILE", "HELLO_CONFIG"});
  const Words context{"kubectl's context, and the file's overlay contexts.NAME", "NAME",
                      "HELLO_CONTEXT"};
  if (many_contexts)
    command.list("--context", contexts, context);
  else
    command.one("--context", contexts, context);
  for (const config::Setting &setting : config::settings()) {
    if (setting.flag.empty()) continue;
    const std::string flag(setting.flag), key(setting.key);
    const auto take = [this, flag, key](const std::string &value) {
      set.push_back({key, value, flag});
      return std::string();
    };
    command.each(flag.c_str(), take, {std::string(setting.doc)});
  }
  // All after the first '=' is the value, whatever it holds
  const auto assignment = [this](const char *flag, bool is_path) {
    return [this, flag, is_path](const std::string &text) {
      const std::size_t equals = text.find('=');
      if (equals == text.npos || equals == 0)
        return fmt::format("'{}' is not KEY={}", text, is_path ? "PATH" : "VALUE");
      const std::string key = text.substr(0, equals);
      set.push_back({key, text.substr(equals + 1), std::string(flag) + " " + key, is_path});
      return std::string();
    };
  };
  command.each("--set", assignment("--set", false),
               {"A setting; VALUE is literal, a list or map YAML flow", "KEY=VALUE"});
  command.each("--set-file", assignment("--set-file", true),
               {"A setting whose value is what the file holds", "KEY=PATH"});
  command.heading(nullptr);
}

config::Config ConfigOptions::load(const std::optional<std::string> &context) const {
  config::Sources sources{file, context, set, {}};
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

config::Config ConfigOptions::load() const {
  return load(contexts.empty() ? std::nullopt : std::optional(contexts.front()));
}

} // namespace hello::cli
