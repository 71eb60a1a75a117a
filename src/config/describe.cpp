#include <algorithm>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "config/outline.h"
#include "hello/config.h"
#include "hello/yaml.h"

namespace hello::config {
namespace {

constexpr std::string_view kFrom[] = {"default", "file", "context", "environment", "flag"};

/// The value as people write it: a duration with its unit.
YAML::Node shown(const Setting &setting, const YAML::Node &node) {
  return setting.type.kind == Kind::duration && !node.IsNull() ? yaml::string(node.Scalar() + "s")
                                                               : node;
}

std::string where(const Config &config, const Setting &setting) {
  const Origin &origin = config.origin(setting.key);
  if (origin.from == From::default_value) return "default";
  return origin.from == From::context
             ? fmt::format("{} (context {})", origin.where, config.context())
             : origin.where;
}

} // namespace

std::string describe(const Config &config) {
  std::string out;
  Outline outline(out);
  for (const Setting &setting : settings()) {
    std::string name = outline.enter(setting.key), indent = outline.indent();
    YAML::Node value = shown(setting, config.node(setting.key));
    if (value.IsNull()) {
      out += fmt::format("{}# {}:  # not set\n", indent, name);
      continue;
    }
    out += with_comment(entry(name, value, indent), where(config, setting));
  }
  return out;
}

std::string describe_json(const Config &config) {
  YAML::Node list(YAML::NodeType::Sequence);
  for (const Setting &setting : settings()) {
    YAML::Node row(YAML::NodeType::Map);
    const Origin &origin = config.origin(setting.key);
    row.force_insert(yaml::string("key"), yaml::string(setting.key));
    row.force_insert(yaml::string("value"), shown(setting, config.node(setting.key)));
    row.force_insert(yaml::string("from"), yaml::string(kFrom[static_cast<int>(origin.from)]));
    row.force_insert(yaml::string("where"), yaml::string(origin.where));
    list.push_back(row);
  }
  return yaml::to_json(list, 2) + "\n";
}

std::string sources_of(const Config &config) {
  std::vector<std::string> all;
  if (!config.file().empty()) all.push_back(config.file());
  if (!config.context().empty()) all.push_back("context " + config.context());
  for (From from : {From::environment, From::flag})
    for (const Setting &setting : settings()) {
      const Origin &origin = config.origin(setting.key);
      std::string place = origin.where.substr(0, origin.where.find(':')); // without line and column
      if (origin.from == from && std::find(all.begin(), all.end(), place) == all.end())
        all.push_back(place);
    }
  std::string line = all.empty() ? "defaults" : fmt::format("{}", fmt::join(all, ", "));
  for (char &c : line)
    if (c >= 0 && c < ' ') c = '?'; // file names may have control characters
  return line;
}

} // namespace hello::config
