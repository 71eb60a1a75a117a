#include "cli/config_options.h"

#include <string_view>

#include <fmt/core.h>
#include <unistd.h>

#include "cli/output.h"

namespace hello::cli {
namespace {

constexpr const char *kGroup = "Configuration";

/// KEY=VALUE; all after the first '=' is the value, whatever it holds.
config::Assignment assignment(const std::string &flag, const std::string &text, bool is_path) {
  std::size_t equals = text.find('=');
  if (equals == text.npos || equals == 0)
    throw CLI::ValidationError(flag, fmt::format("'{}' is not KEY={}", text, is_path ? "PATH" : "VALUE"));
  std::string key = text.substr(0, equals);
  return {key, text.substr(equals + 1), flag + " " + key, is_path};
}

} // namespace

void ConfigOptions::add_to(CLI::App &command, bool many_contexts) {
  command.add_option("--config", file, "Configuration file; without it ./hello.yaml where there is one")
      ->type_name("FILE")
      ->envname("HELLO_CONFIG")
      ->group(kGroup);
  CLI::Option *context =
      command.add_option("--context", contexts, "kubectl's context, and the file's overlay contexts.NAME");
  context->type_name("NAME")->envname("HELLO_CONTEXT")->group(kGroup)->expected(1);
  if (many_contexts) context->take_all();
  for (const config::Setting &setting : config::settings()) {
    if (setting.flag.empty()) continue;
    std::string flag(setting.flag), key(setting.key);
    auto store = [this, flag, key](const std::string &value) { set.push_back({key, value, flag}); };
    command.add_option_function<std::string>(flag, store, std::string(setting.doc))->trigger_on_parse()->group(kGroup);
  }
  auto literal = [this](const std::string &text) { set.push_back(assignment("--set", text, false)); };
  command.add_option_function<std::string>("--set", literal, "A setting; VALUE is literal, a list or map YAML flow")
      ->type_name("KEY=VALUE")
      ->trigger_on_parse()
      ->group(kGroup);
  auto path = [this](const std::string &text) { set.push_back(assignment("--set-file", text, true)); };
  command.add_option_function<std::string>("--set-file", path, "A setting whose value is what the file holds")
      ->type_name("KEY=PATH")
      ->trigger_on_parse()
      ->group(kGroup);
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
