// What the API server demands of several fields: the rows of src/manifest/limits.txt that begin
// with ?if and ?order.
#include <algorithm>
#include <set>

#include <fmt/core.h>
#include <yaml-cpp/node/iterator.h>

#include "hello/text.h"
#include "hello/yaml.h"
#include "manifest/lint/formats.h"

namespace hello::manifest {
namespace {

bool is_empty(const YAML::Node &node) {
  return node.IsNull() || (node.IsScalar() && node.Scalar().empty());
}

/// A field by its path, and values of it: "type=A|B" is one of them, "type!=A" none of them, and
/// "type" any that is not empty. An empty value stands for a field that is not there; * for
/// anything.
struct Term {
  std::string_view path, values;
  bool has_values, is_negated;

  explicit Term(std::string_view text) : values(text) {
    has_values = text.find('=') != text.npos;
    path = text::take(values, '=');
    is_negated = path.ends_with('!');
    if (is_negated) path.remove_suffix(1);
  }

  bool holds(const YAML::Node &node) const {
    const auto found = at_path(node, path);
    const bool may_lack = has_values && (values.empty() || values.starts_with('|'));
    const auto is_wanted = [&](const YAML::Node &one) {
      if (values == "*") return true;
      if (!has_values) return !is_empty(one);
      if (is_empty(one)) return may_lack;
      return one.IsScalar() && format_mistake(one.Scalar(), fmt::format("one={}", values)).empty();
    };
    const bool any = found.empty() ? may_lack : std::any_of(found.begin(), found.end(), is_wanted);
    return any != is_negated;
  }

  /// "type RollingUpdate", "no key".
  std::string shown() const {
    std::string name(path);
    std::replace(name.begin(), name.end(), '/', '.');
    std::string_view wanted = values;
    if (wanted.starts_with('|')) wanted.remove_prefix(1);
    if (has_values && wanted.empty()) return "no " + name;
    if (has_values && wanted != "*")
      name += (is_negated ? " other than " : " ") + text::alternatives(wanted);
    return name;
  }
};

/// The first of the terms that holds; empty: none.
std::string_view held(const YAML::Node &node, std::string_view terms) {
  for (const std::string_view term : text::split(terms, '+'))
    if (Term(term).holds(node)) return term;
  return {};
}

} // namespace

std::vector<YAML::Node> at_path(const YAML::Node &node, std::string_view path) {
  if (!node.IsDefined() || node.IsNull()) return {};
  if (node.IsSequence()) {
    std::vector<YAML::Node> out;
    for (const YAML::Node &item : node)
      for (const YAML::Node &one : at_path(item, path)) out.push_back(one);
    return out;
  }
  if (path.empty()) return {node};
  // Keys of annotations have a slash, too.
  if (const YAML::Node whole = yaml::at(node, {std::string(path).c_str()}); whole.IsDefined())
    return at_path(whole, "");
  const std::string key(text::take(path, '/'));
  return path.empty() ? std::vector<YAML::Node>() : at_path(yaml::at(node, {key.c_str()}), path);
}

std::string implied_mistake(const YAML::Node &node, std::string_view demands) {
  const std::string_view when = held(node, text::take(demands, '>'));
  if (when.empty() || !held(node, demands).empty()) return "";
  std::string needed;
  for (const std::string_view term : text::split(demands, '+'))
    needed += (needed.empty() ? "" : " or ") + Term(term).shown();
  return fmt::format("{} needs {}", Term(when).shown(), needed);
}

std::string order_mistake(const YAML::Node &node, std::string_view names) {
  const auto sides = text::split(names, '|');
  for (std::size_t low = 0; low < sides.size(); ++low)
    for (const auto &entry : yaml::at(node, {std::string(sides[low]).c_str()}))
      for (std::size_t high = low + 1; high < sides.size(); ++high) {
        const std::string &name = entry.first.Scalar();
        const std::string most = yaml::text(node, std::string(sides[high]).c_str(), name.c_str());
        const auto less = text::Quantity::parse(yaml::text(entry.second)),
                   more = text::Quantity::parse(most);
        if (less && more && *less > *more)
          return fmt::format("{}.{} {} is more than {} {}", sides[low], name,
                             yaml::text(entry.second), sides[high], most);
      }
  return "";
}

std::string list_mistake(const YAML::Node &list, std::string_view demand) {
  const std::string_view name = text::take(demand, '=');
  std::set<std::string> seen;
  if (name == "most" && text::integer(demand).value_or(0) < static_cast<std::int64_t>(list.size()))
    return fmt::format("has more than {} items", demand);
  for (const YAML::Node &item : list) {
    if (name == "named" && list.size() > 1 && yaml::text(item, "name").empty())
      return "each item needs a name where there are several";
    const std::string value =
        demand.empty() ? yaml::text(item) : yaml::text(item, std::string(demand).c_str());
    if (name == "unique" && !value.empty() && !seen.insert(value).second)
      return fmt::format("two items have the {} {}", demand, value);
  }
  return "";
}

} // namespace hello::manifest
