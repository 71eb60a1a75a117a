// The flags of hello serve, against what the manifests say.
#include <fmt/core.h>

#include "hello/address.h"
#include "hello/error.h"
#include "manifest/lint/rules.h"

namespace hello::manifest {
namespace {

/// The number of the container's port of that name; empty: there is none.
std::string port_number(const Container &container, std::string_view name) {
  for (const YAML::Node &port : items(at(container.node, "ports")))
    if (text(port, "name") == name) return text(port, "containerPort");
  return "";
}

void check_address(Lint &lint, const Container &container, const char *option,
                   std::string_view port) {
  const auto value = flag(container, option);
  if (!value) return;
  try {
    const sys::Address address = sys::parse_address(*value, option);
    const std::string number = port_number(container, port);
    if (!number.empty() && number != std::to_string(address.port()))
      lint.error(container,
                 fmt::format("{} is {}, but its port {} is {}", option, *value, port, number));
    const std::string host = sys::ip_text(address);
    if (host == "::1" || host.starts_with("127."))
      lint.error(container,
                 fmt::format("{} is {}: nothing outside the pod can connect", option, *value));
  } catch (const Error &error) {
    lint.error(container, std::string("args: ") + error.what());
  }
}

/// What the settings or another field say already.
void check_text(Lint &lint, const Container &container) {
  for (const char *option : {"--messages", "--messages-file"})
    for (const YAML::Node &arg : lint.config.node("args"))
      if (text(arg) == option || text(arg).starts_with(std::string(option) + "="))
        lint.error(container, fmt::format("{} hides the text of the setting messages", option));
  const std::string path = lint.config.text("basePath");
  if (const auto value = flag(container, "--base-path"); value && *value != path)
    lint.error(container,
               fmt::format("--base-path is {}, but the setting basePath is {}", *value, path));
}

std::vector<std::string> words_of(const Container &container) {
  std::vector<std::string> words;
  for (const YAML::Node &arg : items(at(container.node, "args"))) {
    const std::string word = text(arg);
    if (word.find("$(") != word.npos) return {}; // Kubernetes replaces it
    words.push_back(word);
  }
  return words;
}

/// A command of one's own takes what flags it likes.
void arguments(Lint &lint) {
  for (const Container &container : lint.containers) {
    if (!container.serves() || container.name != "hello" ||
        !lint.is_main(*container.work->object) || at(container.node, "command").size() > 0)
      continue;
    check_address(lint, container, "--listen", "http");
    check_address(lint, container, "--admin-listen", "admin");
    check_text(lint, container);
    const auto words = words_of(container);
    const std::string wrong = lint.parser && !words.empty() ? lint.parser(words) : "";
    if (wrong.empty()) continue;
    // The image of another version may know the flag.
    if (lint.config.is_default("image"))
      lint.error(container, "args: " + wrong);
    else
      lint.warning(container, "args: " + wrong + ", at least in this version of hello");
  }
}

constexpr LintRule kRules[] = {
    {"args", "the service ends at once if it does not know a flag, or hides behind another port",
     arguments},
};

} // namespace

std::span<const LintRule> argument_rules() { return kRules; }

} // namespace hello::manifest
