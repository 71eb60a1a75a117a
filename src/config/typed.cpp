#include "config/typed.h"

#include <algorithm>
#include <regex>
#include <stdexcept>

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "hello/text.h"
#include "hello/yaml.h"

namespace hello::config {
namespace {

[[noreturn]] void fail(const std::string &why) { throw std::invalid_argument(why); }

/// What the user wrote, short enough for a message.
std::string shown(std::string_view text) {
  if (text.size() <= 60) return fmt::format("'{}'", text);
  return fmt::format("a text of {} bytes", text.size());
}

/// 010 is 8 to YAML 1.1, and so to Kubernetes, and 10 to people and to YAML 1.2.
void check_octal(std::string_view text) {
  if (text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9')
    fail(fmt::format("{} begins with a zero, which some read as octal: write it without",
                     shown(text)));
}

void check_range(const Setting &setting, std::int64_t value) {
  if (setting.min == 0 && setting.max == 0) return;
  if (value >= setting.min && value <= setting.max) return;
  std::string unit = setting.type == Type::duration ? " seconds" : "";
  fail(
      fmt::format("{}{} is out of range: {} to {}{}", value, unit, setting.min, setting.max, unit));
}

/// Whether `text` is a quantity that is not negative and has no sign.
bool is_quantity(std::string_view text) {
  return !text.starts_with('-') && !text.starts_with('+') && text::Quantity::parse(text);
}

bool is_choice(std::string_view choices, std::string_view text) {
  const auto all = text::split(choices, '|');
  return std::find(all.begin(), all.end(), text) != all.end();
}

YAML::Node checked_string(const Setting &setting, std::string_view text) {
  if (text.find('\0') != text.npos) fail("a NUL byte: text cannot carry one");
  if (std::size_t bad = text::invalid_utf8(text); bad != text.npos)
    fail(fmt::format("invalid UTF-8 (byte 0x{:02X} at offset {})",
                     static_cast<unsigned char>(text[bad]), bad));
  auto size = static_cast<std::int64_t>(text.size());
  if (size < setting.min || (setting.max && size > setting.max))
    fail(size == 0 ? "must not be empty"
                   : fmt::format("{} bytes are out of range: {} to {} bytes", size, setting.min,
                                 setting.max));
  if (const std::string_view expression = setting.pattern.expression; !expression.empty()) {
    // std::regex recurses: a text that long matches no name anyway.
    if (text.size() > 2048) fail(shown(text) + " is too long");
    // From pointers, as cpp-httplib makes its own: the parser is there once.
    const std::regex pattern(expression.data(), expression.size());
    if (!std::regex_search(text.begin(), text.end(), pattern))
      fail(fmt::format("{} is no {}", shown(text), setting.pattern.words));
  }
  return yaml::string(text);
}

/// Where the row has a pattern, the items are texts: each is held against it, and taken literally.
YAML::Node checked_list(const Setting &setting, const YAML::Node &list) {
  if (setting.pattern.expression.empty()) return list;
  YAML::Node texts(YAML::NodeType::Sequence);
  for (const YAML::Node &item : list) {
    if (!item.IsScalar()) fail("must be a list of texts");
    texts.push_back(checked_string(setting, item.Scalar()));
  }
  return texts;
}

YAML::Node from_scalar(const Setting &setting, std::string_view text) {
  if (text.empty() && setting.default_value.empty())
    return {}; // an optional value that is said to be nothing
  switch (setting.type) {
  case Type::string: return checked_string(setting, text);
  case Type::integer: {
    check_octal(text);
    const auto value = text::integer(text);
    if (!value) fail(shown(text) + " is not a whole number");
    check_range(setting, *value);
    return yaml::integer(*value);
  }
  case Type::boolean:
    if (text != "true" && text != "false") fail(shown(text) + " is neither true nor false");
    return yaml::boolean(text == "true");
  case Type::duration: {
    const auto seconds = text::seconds(text);
    if (!seconds)
      fail(shown(text) + " is not a duration in whole seconds: 90s, 5m, 1h30m, or plain seconds");
    check_range(setting, seconds->count());
    return yaml::integer(seconds->count());
  }
  case Type::quantity:
    if (!is_quantity(text)) fail(shown(text) + " is not a quantity: 100m, 0.5, 64Mi");
    return yaml::string(text);
  case Type::choice:
    if (!is_choice(setting.choices, text))
      fail(fmt::format("invalid value {}: use {}", shown(text),
                       text::alternatives(setting.choices)));
    return yaml::string(text);
  case Type::list: fail(shown(text) + " is not a list: [a, b]");
  case Type::map: fail(shown(text) + " is not a map: {key: value}");
  }
  throw std::logic_error("no such type");
}

} // namespace

YAML::Node from_text(const Setting &setting, std::string_view text, std::string_view where) {
  if (setting.type != Type::list && setting.type != Type::map) return from_scalar(setting, text);
  YAML::Node node = yaml::load(text, where);
  if (setting.type == Type::list ? !node.IsSequence() : !node.IsMap())
    return from_scalar(setting, text);
  return checked_list(setting, node);
}

YAML::Node default_of(const Setting &setting) {
  std::string_view text = setting.default_value;
  if (text.empty()) return {};
  if (text == "[]") return YAML::Node(YAML::NodeType::Sequence);
  if (text == "{}") return YAML::Node(YAML::NodeType::Map);
  // A pattern costs a std::regex, and is held by a test.
  if (setting.type == Type::string) return yaml::string(text);
  if (setting.type == Type::list) return yaml::load(text, setting.key);
  return from_text(setting, text, setting.key);
}

YAML::Node from_node(const Setting &setting, const YAML::Node &node) {
  if (node.IsNull())
    fail(R"(has no value: leave the key out for the default, or write "", [] or {} for nothing)");
  bool wants_list = setting.type == Type::list, wants_map = setting.type == Type::map;
  if (node.IsSequence() ? wants_list : node.IsMap() && wants_map)
    return checked_list(setting, node);
  if (!node.IsScalar())
    fail(node.IsMap() ? "is a map here, and must be one value"
                      : "is a list here, and must be one value");
  yaml::Scalar kind = yaml::kind_of(node);
  const std::string &text = node.Scalar();
  if ((setting.type == Type::integer || setting.type == Type::boolean) &&
      kind == yaml::Scalar::string && node.Tag() != "?")
    fail(fmt::format("\"{}\" is a text: write it without quotes", text));
  // 0x10 and True are canonical here as in Kubernetes; a text takes its scalar literally, so that
  // `no` stays no.
  if (setting.type == Type::integer && kind == yaml::Scalar::integer) {
    check_octal(text);
    std::string canonical = yaml::to_json(node);
    return from_scalar(setting, canonical);
  }
  if (setting.type == Type::boolean && kind == yaml::Scalar::boolean)
    return yaml::boolean(yaml::to_json(node) == "true");
  return from_scalar(setting, text);
}

} // namespace hello::config
