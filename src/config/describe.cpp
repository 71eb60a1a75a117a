#include <algorithm>

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "config/outline.h"
#include "hello/config.h"
#include "hello/text.h"
#include "hello/yaml.h"

namespace hello::config {
namespace {

constexpr std::string_view kFrom[] = {"default", "file", "context", "environment", "flag"};

/// The value as people write it: a duration with its unit.
YAML::Node shown(const Setting &setting, const YAML::Node &node) {
  return setting.type.kind == Kind::duration && !node.IsNull() ? yaml::string(node.Scalar() + "s")
                                                               : node;
}

std::string where(const Config &config, const Origin &origin) {
  if (origin.from == From::default_value) return "default";
  return origin.from == From::context
             ? fmt::format("{} (context {})", origin.where, config.context())
             : origin.where;
}

/// A map or list with the origin of each of its entries.
std::string stacked(const Config &config, const Setting &setting, const std::string &name,
                    const std::string &indent) {
  std::string out =
      with_comment(fmt::format("{}{}:\n", indent, name), where(config, config.origin(setting.key)));
  auto known = config.entries(setting.key).begin();
  const YAML::Node value = config.node(setting.key);
  for (const auto &one : value) {
    std::string lines;
    if (value.IsMap()) {
      lines = entry(one.first.Scalar(), one.second, indent + "  ");
    } else {
      YAML::Node alone(YAML::NodeType::Sequence);
      alone.push_back(one);
      lines = indented(yaml::to_yaml(alone), indent + "  ");
    }
    out += with_comment(lines, where(config, (known++)->origin));
  }
  return out;
}

void put(YAML::Node &row, std::string_view key, std::string_view text) {
  row.force_insert(yaml::string(key), yaml::string(text));
}

void put_origin(YAML::Node &row, const Origin &origin) {
  put(row, "from", kFrom[static_cast<int>(origin.from)]);
  put(row, "where", origin.where);
}

} // namespace

std::string describe(const Config &config) {
  std::string out;
  Outline outline(out);
  for (const Setting &setting : settings()) {
    std::string name = outline.enter(setting.key), indent = outline.indent();
    YAML::Node value = shown(setting, config.node(setting.key));
    if (value.IsNull() && setting.default_value.empty())
      out += fmt::format("{}# {}:  # not set\n", indent, name);
    else if (!config.entries(setting.key).empty())
      out += stacked(config, setting, name, indent);
    else
      out += with_comment(
          entry(name, setting.type.keeps_default && !config.has(setting.key) ? YAML::Node() : value,
                indent),
          where(config, config.origin(setting.key)));
  }
  return out;
}

std::string describe_json(const Config &config) {
  YAML::Node list(YAML::NodeType::Sequence);
  for (const Setting &setting : settings()) {
    YAML::Node row(YAML::NodeType::Map);
    put(row, "key", setting.key);
    row.force_insert(yaml::string("value"), shown(setting, config.node(setting.key)));
    put_origin(row, config.origin(setting.key));
    YAML::Node entries(YAML::NodeType::Sequence);
    for (const Entry &one : config.entries(setting.key)) {
      YAML::Node item(YAML::NodeType::Map);
      if (!one.key.empty()) put(item, "key", one.key);
      put_origin(item, one.origin);
      entries.push_back(item);
    }
    if (entries.size() > 0) row.force_insert(yaml::string("entries"), entries);
    list.push_back(row);
  }
  return yaml::to_json(list, 2) + "\n";
}

std::string sources_of(const Config &config) {
  std::vector<std::string> all;
  if (!config.file().empty()) all.push_back(config.file());
  if (!config.context().empty()) all.push_back("context " + config.context());
  for (From from : {From::environment, From::flag}) {
    const auto note = [&](const Origin &origin) {
      std::string place = origin.where.substr(0, origin.where.find(':')); // without line and column
      if (origin.from == from && std::find(all.begin(), all.end(), place) == all.end())
        all.push_back(place);
    };
    for (const Setting &setting : settings()) {
      for (const Entry &one : config.entries(setting.key)) note(one.origin);
      note(config.origin(setting.key));
    }
  }
  std::string line = all.empty() ? "defaults" : text::join(all, ", ");
  for (char &c : line)
    if (c >= 0 && c < ' ') c = '?'; // file names may have control characters
  return line;
}

} // namespace hello::config
