// What the API server demands of several fields: the rows of src/manifest/limits.txt that begin
// with ?if, ?only and ?order.
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

/// A field by its path, and values of it: "type=A|B" is one of them, "type!=A" none of them,
/// "type=~FORM" a text of that form (src/manifest/lint/formats.cpp), and "type" any that is not
/// empty. An empty value stands for a field that is not there; * for anything.
struct Term {
  std::string path;
  std::string_view values;
  bool has_values, is_negated;

  explicit Term(std::string_view text) : values(text) {
    has_values = text.find('=') != text.npos;
    path = text::take(values, '=');
    is_negated = path.ends_with('!');
    if (is_negated) path.pop_back();
  }

  /// Whether a map has the key, also with null. Keys of data have dots, and no slashes.
  bool has_key(const YAML::Node &node) const {
    const std::size_t slash = path.find('/');
    if (slash == path.npos) return yaml::at(node, {path.c_str()}).IsDefined();
    return yaml::at(node, {path.substr(0, slash).c_str(), &path[slash + 1]}).IsDefined();
  }

  bool holds(const YAML::Node &node) const {
    if (values == "*") return has_key(node);
    const auto found = at_path(node, path);
    const bool may_lack = has_values && (values.empty() || values.starts_with('|'));
    const auto is_wanted = [&](const YAML::Node &one) {
      if (!has_values) return !is_empty(one);
      if (is_empty(one)) return may_lack;
      if (is_form()) return format_mistake(one.Scalar(), values.substr(1)).empty();
      return one.IsScalar() && format_mistake(one.Scalar(), fmt::format("one={}", values)).empty();
    };
    const bool any = found.empty() ? may_lack : std::any_of(found.begin(), found.end(), is_wanted);
    return any != is_negated;
  }

  bool is_form() const { return values.starts_with('~'); }

  /// "type RollingUpdate", "no key".
  std::string shown() const {
    std::string_view place = path;
    if (place.starts_with("*/")) place.remove_prefix(2);
    if (place.ends_with("/*")) place.remove_suffix(2);
    std::string name(place);
    std::replace(name.begin(), name.end(), '/', '.');
    if (is_form()) return "a valid " + name;
    std::string_view wanted = values;
    if (wanted.starts_with('|')) wanted.remove_prefix(1);
    if (has_values && wanted.empty()) return "no " + name;
    if (has_values && wanted != "*")
      name += (is_negated ? " other than " : " ") + text::alternatives(wanted);
    return name;
  }
};

/// The first of the terms that holds, as people read it; empty: none. "a/b,c" is a/b and a/c.
std::string held(const YAML::Node &node, std::string_view terms) {
  for (const std::string_view words : text::split(terms, '+')) {
    Term term(words);
    const std::string path = term.path;
    const std::size_t last = path.rfind('/') + 1;
    for (const std::string_view name : text::split(std::string_view(path).substr(last), ',')) {
      term.path = path.substr(0, last).append(name);
      if (term.holds(node)) return term.shown();
    }
  }
  return "";
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
  if (key == "*") {
    std::vector<YAML::Node> out;
    for (const auto &entry : node)
      for (const YAML::Node &one : at_path(entry.second, path)) out.push_back(one);
    return out;
  }
  return path.empty() ? std::vector<YAML::Node>() : at_path(yaml::at(node, {key.c_str()}), path);
}

bool is_held(const YAML::Node &node, std::string_view terms) {
  return !terms.empty() && !held(node, terms).empty();
}

std::string implied_mistake(const YAML::Node &node, std::string_view demands) {
  const std::string when = held(node, text::take(demands, '>'));
  if (when.empty() || !held(node, demands).empty()) return "";
  std::string needed;
  for (const std::string_view term : text::split(demands, '+'))
    needed += (needed.empty() ? "" : " or ") + Term(term).shown();
  return fmt::format("{} needs {}", when, needed);
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
  for (const YAML::Node &item : list)
    if (name == "named" && list.size() > 1 && yaml::text(item, "name").empty())
      return "each item needs a name where there are several";
  for (std::size_t place = 1; name == "ascending" && place < list.size(); ++place)
    if (text::integer(yaml::text(list[place - 1])) >= text::integer(yaml::text(list[place])))
      return "must be in ascending order";
  if (name != "unique") return "";
  for (const YAML::Node &one : at_path(list, demand))
    if (const std::string value = yaml::text(one); !value.empty() && !seen.insert(value).second)
      return fmt::format("two items have the {} {}", demand.substr(demand.rfind('/') + 1), value);
  return "";
}

} // namespace hello::manifest
