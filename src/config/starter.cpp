#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "config/outline.h"
#include "config/typed.h"
#include "hello/config.h"
#include "hello/text.h"
#include "hello/yaml.h"

namespace hello::config {
namespace {

constexpr std::size_t kWidth = 100;

/// `text` as comment lines of at most kWidth columns.
std::string comment(std::string_view text, const std::string &indent) {
  std::string out, line;
  const auto flush = [&] {
    out += indent + "#" + line + "\n";
    line.clear();
  };
  for (const std::string_view word : text::split(text, ' ')) {
    if (!line.empty() && indent.size() + line.size() + word.size() + 2 > kWidth) flush();
    line.append(" ").append(word);
  }
  flush();
  return out;
}

std::string facts(const Setting &setting) {
  std::string out(setting.doc);
  if (setting.type.kind == Kind::choice)
    out += fmt::format(" One of {}.", text::join(text::split(setting.type.choices, '|'), ", "));
  if (!setting.type.unit.empty()) out += fmt::format(" In {}.", setting.type.unit);
  return out;
}

/// The value after the key: the default as people write it; empty for a key without one.
YAML::Node example(const Setting &setting) {
  if (setting.type.kind == Kind::duration || setting.default_value.empty())
    return yaml::string(setting.default_value);
  return default_of(setting);
}

} // namespace

std::string starter() {
  std::string out = "# hello.yaml: how hello runs on Kubernetes. Everything is optional. A line "
                    "that begins with\n"
                    "# `#key:` shows a default: remove the # to change it. `hello config` shows "
                    "each value and its\n"
                    "# origin.\n"
                    "# yaml-language-server: $schema=hello.schema.json\n"
                    "# (for editors: hello config schema > hello.schema.json)\n";
  Outline outline(out);
  std::string section;
  for (const Setting &setting : settings()) {
    std::string_view top = setting.key.substr(0, setting.key.find('.'));
    if (top != section || top == setting.key) out += "\n";
    section = top;
    std::string name = outline.enter(setting.key), indent = outline.indent();
    out += comment(facts(setting), indent);
    out += entry(name, example(setting), indent + "#");
  }
  out +=
      "\n# Overlays: `--context prod` selects the kubectl context and puts these keys over those "
      "above.\n"
      "#contexts:\n#  prod:\n#    kubeContext: prod-cluster\n#    replicas: 4\n";
  return out;
}

} // namespace hello::config
