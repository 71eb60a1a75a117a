#include "cli/options/config_options.h"

#include <string_view>

#include <fmt/core.h>
#include <unistd.h>

#include "hello/file.h"

namespace hello::cli {
namespace {

using How = config::Assignment::How;

/// Takes "KEY=VALUE"; all after the first '=' is the value, whatever it holds. With How::unset it
/// takes "KEY".
struct Assign {
  std::vector<config::Assignment> &set;
  std::string flag;
  How how;

  std::string operator()(const std::string &text) const {
    const std::size_t equals = how == How::unset ? text.size() : text.find('=');
    if (equals == text.npos || equals == 0) return fmt::format("'{}' is not {}", text, form());
    const std::string key = text.substr(0, equals);
    const std::string value = how == How::unset ? "" : text.substr(equals + 1);
    set.push_back({key, value, flag + " " + key, how});
    return "";
  }

  const char *form() const {
    if (how == How::unset) return "KEY";
    return how == How::file ? "KEY=PATH" : "KEY=VALUE";
  }
};

/// How a setting's own flag looks in the help. A flag without a row is shown with the setting's
/// doc.
struct SettingFlag {
  std::string_view key, names, value_name, help, section;
  Completes completes = Completes::nothing;
  bool Shown::*shown = nullptr; ///< null: always
};

constexpr SettingFlag kSettingFlags[] = {
    {"name", "--name", "NAME", "release name", "Options", Completes::release, &Shown::name},
    {"namespace.name", "-n,--namespace", "NAME", "Kubernetes namespace", "Options",
     Completes::name_space},
    {"image", "--image", "IMAGE", "container image, preferably by digest", "Options",
     Completes::nothing, &Shown::image},
    {"timeout", "--timeout", "TIME", "time limit for the whole command", "Options",
     Completes::nothing, &Shown::timeout},
    {"grace", "--grace", "TIME", "how long a recoverable problem is tolerated", "Options",
     Completes::nothing, &Shown::grace},
    {"kubeVersion", "--kube-version", "VERSION", "oldest Kubernetes version to support",
     "Configuration", Completes::nothing, &Shown::image},
};

SettingFlag flag_of(const config::Setting &setting) {
  for (const SettingFlag &row : kSettingFlags)
    if (row.key == setting.key) return row;
  return {setting.key, setting.flag, "TEXT", setting.doc, "Configuration"};
}

constexpr std::size_t kLargestInput = 1 << 20;

/// Whether one of these options names "-". Throws Error(Exit::usage) if two do.
bool reads_stdin(const ConfigOptions &options, std::string_view reader) {
  std::string first(reader);
  const auto note = [&first](const std::string &where) {
    if (!first.empty())
      throw Error(Exit::usage,
                  fmt::format("{} and {} both read stdin (-): only one can", first, where));
    first = where;
  };
  for (const std::string &file : options.files)
    if (file == "-") note("--config");
  for (const config::Assignment &one : options.set)
    if (one.how == How::file && one.value == "-") note(one.where);
  return first != reader;
}

} // namespace

void ConfigOptions::add_to(const Command &command, const Shown &shown) {
  command.section("Options");
  OptionSpec spec{"kubectl context; also selects the overlay contexts.NAME in the file", "NAME",
                  "HELLO_CONTEXT"};
  spec.completes = Completes::context;
  if (shown.contexts)
    command.list("--context", contexts, spec);
  else
    command.text("--context", context, spec);
  for (const config::Setting &setting : config::settings()) {
    if (setting.flag.empty()) continue;
    const SettingFlag look = flag_of(setting);
    const std::string key(setting.key), flag(setting.flag);
    command.section(look.section);
    OptionRow &row = command.each(look.names,
                                  [this, key, flag](const std::string &value) {
                                    set.push_back({key, value, flag});
                                    return std::string();
                                  },
                                  {look.help, look.value_name});
    row.completes = look.completes;
    row.at_once = true;
    row.hidden = look.shown && !(shown.*look.shown);
    if (setting.type.kind == config::Kind::duration) row.fallback = setting.default_value;
    if (key == "timeout" && !shown.default_timeout.empty()) row.fallback = shown.default_timeout;
  }
  command.section("Configuration");
  OptionSpec file_spec{"configuration file, - for stdin; by default ./hello.yaml if it exists",
                       "FILE", "HELLO_CONFIG"};
  file_spec.completes = Completes::file;
  command.list("--config", files, file_spec);
  const auto assign = [&](std::string_view name, OptionSpec what, How how, Completes completes) {
    what.completes = completes;
    OptionRow &row = command.each(name, Assign{set, std::string(name), how}, what);
    row.repeats = row.at_once = true;
  };
  assign("--set", {"setting; a list or map is YAML flow, null removes", "KEY=VALUE"}, How::typed,
         Completes::setting);
  assign("--set-string", {"setting, never null and never YAML", "KEY=VALUE"}, How::literal,
         Completes::setting);
  assign("--set-file", {"setting whose value is the content of a file, - for stdin", "KEY=PATH"},
         How::file, Completes::setting_file);
  assign("--unset", {"setting to remove, like null in the file", "KEY"}, How::unset,
         Completes::key);
  command.flag("--no-overlay", no_overlay, "ignore the context's overlay");

  command.section("Output");
  add_quiet(command, console);
  command.section("Output");
  if (shown.cluster) {
    command.flag("-v,--verbose", console.verbose, "print each kubectl call and its duration");
    command.choice("--color", console.colour, "auto|always|never", {"colors", "WHEN"});
    command.flag("--no-input", console.no_input,
                 "never prompt; fail if confirmation is needed without --yes");
  }
  command.section();
}

void add_quiet(const Command &command, Console &console) {
  command.section("Output");
  command.flag("-q,--quiet", console.quiet, "print only results, warnings and errors");
  command.section();
}

void add_format(const Command &command, Format &format, std::string_view choices,
                std::string_view help) {
  command.section("Output");
  command.choice("-o,--output", format, choices, {help, "FORMAT"});
  command.section();
}

config::Config ConfigOptions::load(const std::optional<std::string> &of_context,
                                   std::string_view reader) const {
  config::Sources sources{files, of_context, set, {}, !no_overlay, {}};
  if (reads_stdin(*this, reader)) {
    if (!input_) input_ = sys::read_file("/dev/stdin", kLargestInput, Exit::invalid);
    sources.input = *input_;
  }
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
