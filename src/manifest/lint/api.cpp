// What the API server would refuse: fields, types, required values, ranges, formats.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/core.h>
#include <yaml-cpp/node/iterator.h>

#include "hello/address.h"
#include "hello/nearest.h"
#include "hello/text.h"
#include "manifest/lint/exemptions.h"
#include "manifest/lint/formats.h"
#include "manifest/lint/rules.h"
#include "manifest/types.h"
#include "manifest/values.h"

namespace hello::manifest {
namespace {

using types::Type;

/// Kubernetes reads null as a value that is not there.
bool is_there(const YAML::Node &node) { return node.IsDefined() && !node.IsNull(); }

bool is_empty(const YAML::Node &node) {
  if (!is_there(node)) return true;
  return node.IsScalar() ? node.Scalar().empty() : node.IsSequence() && node.size() == 0;
}

/// "Gi" is 0Gi for the API server.
bool is_quantity(const std::string &text) {
  return text::Quantity::parse(text) || (!text.empty() && text::Quantity::parse("0" + text));
}

std::string wrong_number(const YAML::Node &node, yaml::Scalar kind) {
  if (kind == yaml::Scalar::string) return fmt::format("\"{}\" is not a number", node.Scalar());
  if (kind == yaml::Scalar::integer) return "";
  if (kind != yaml::Scalar::real) return node.Scalar() + " is not a number";
  // 3.0 is written as 3 before the API server reads it.
  const std::string digits = yaml::to_json(node);
  const bool is_whole = digits.ends_with(".0") || digits.find('e') != digits.npos;
  return is_whole ? "" : node.Scalar() + " is not a whole number";
}

/// What is wrong with the type of a scalar; empty: nothing.
std::string wrong_type(const YAML::Node &node, char type) {
  if (!node.IsScalar()) return "must be a single value, not a list or map";
  const yaml::Scalar kind = yaml::kind_of(node);
  switch (type) {
  case 's':
  case 't':
    if (kind != yaml::Scalar::string) return node.Scalar() + " is not a string: put it in quotes";
    return type == 't' ? format_mistake(node.Scalar(), "time") : "";
  case 'n': return wrong_number(node, kind);
  case 'b':
    if (kind != yaml::Scalar::boolean) return node.Scalar() + " is neither true nor false";
    break;
  case 'i':
    if (kind != yaml::Scalar::integer && kind != yaml::Scalar::string)
      return node.Scalar() + " is neither a whole number nor a string";
    break;
  case 'q':
    if (kind == yaml::Scalar::boolean || !is_quantity(node.Scalar()))
      return fmt::format("'{}' is not a quantity", node.Scalar());
    break;
  default: break;
  }
  return "";
}

/// Fields of 64 bits; all other numbers have 32.
constexpr std::string_view kLong[] = {"activeDeadlineSeconds",
                                      "terminationGracePeriodSeconds",
                                      "tolerationSeconds",
                                      "runAsUser",
                                      "runAsGroup",
                                      "fsGroup",
                                      "seconds",
                                      "generation",
                                      "startingDeadlineSeconds",
                                      "expirationSeconds",
                                      "deletionGracePeriodSeconds"};

bool is_too_large(const YAML::Node &node, std::string_view path) {
  const std::string_view field = path.substr(path.rfind('.') + 1);
  const auto number = text::integer(yaml::to_json(node)); // none: not even 64
  const bool is_long = std::find(std::begin(kLong), std::end(kLong), field) != std::end(kLong) ||
                       field.starts_with("supplementalGroups");
  return !number || (!is_long && (*number > INT32_MAX || *number < INT32_MIN));
}

/// A resource of Kubernetes' own, or one with a domain in its name.
bool is_resource(std::string_view name) {
  return name == "cpu" || name == "memory" || name == "ephemeral-storage" || name == "storage" ||
         name.starts_with("hugepages-") || name.find('/') != name.npos;
}

/// Whether an amount of huge pages is a number of them; true for other resources.
bool fills_pages(std::string_view name, const YAML::Node &node) {
  constexpr std::string_view kPages = "hugepages-";
  if (!name.starts_with(kPages)) return true;
  const auto page = text::Quantity::parse(name.substr(kPages.size())),
             amount = text::Quantity::parse(node.Scalar());
  return !page || !amount || page->value() <= 0 || std::fmod(amount->value(), page->value()) == 0;
}

/// Checks one object.
class ApiCheck {
public:
  ApiCheck(Lint &lint, const Object &object) : lint_(lint), object_(object) {}

  void run(Type type) { value(object_.node, type, ""); }

private:
  /// A field that the API server makes demands of.
  struct Limited {
    const std::string &name;
    YAML::Node value;
  };

  void error(const std::string &path, const std::string &what) {
    lint_.error(object_, path.empty() ? what : path + ": " + what);
  }

  void value(const YAML::Node &node, Type type, const std::string &path) {
    if (!type.is_known() || !is_there(node)) return;
    if (type.is_list()) return list(node, type, path);
    if (type.is_map()) return map(node, type, path);
    if (type.text.size() > 1) return fields(node, type, path);
    const char kind = type.text[0];
    if (const std::string wrong = wrong_type(node, kind); !wrong.empty())
      error(path, wrong);
    else if ((kind == 'n' || kind == 'i') && yaml::kind_of(node) == yaml::Scalar::integer &&
             is_too_large(node, path))
      error(path, node.Scalar() + " does not fit into 32 bits");
  }

  void list(const YAML::Node &node, Type type, const std::string &path) {
    if (!node.IsSequence()) return error(path, "must be a list");
    std::set<std::string> seen;
    std::size_t index = 0;
    for (const YAML::Node &item : items(node)) {
      if (item.IsNull() && type.merges_items())
        error(fmt::format("{}[{}]", path, index), "is null");
      // In a list that is replaced whole, null stands for an item without fields.
      const bool is_bare =
          item.IsNull() && !type.merges_items() && !types::fields(type.element()).empty();
      value(is_bare ? YAML::Node(YAML::NodeType::Map) : item, type.element(),
            fmt::format("{}[{}]", path, index++));
      if (!type.merges_items()) continue;
      const std::string identity = identity_of(item, type.keys());
      if (!seen.insert(identity).second) error(path, fmt::format("{} is listed twice", identity));
    }
  }

  static std::string identity_of(const YAML::Node &item, const std::vector<types::Key> &keys) {
    if (keys.empty()) return text(item);
    std::string out;
    for (const types::Key &key : keys) {
      const std::string value = text(item, std::string(key.name).c_str());
      if (!out.empty()) out += '/';
      out += value.empty() ? key.default_value : value;
    }
    return out;
  }

  void map(const YAML::Node &node, Type type, const std::string &path) {
    if (!node.IsMap()) return error(path, "must be a map");
    for (const auto &entry : node)
      value(entry.second, type.element(), path + "." + entry.first.Scalar());
  }

  void fields(const YAML::Node &node, Type type, const std::string &path) {
    if (!node.IsMap()) return error(path, "must be a map");
    const std::vector<types::Limit> limits = types::limits(type);
    std::vector<Limited> limited;
    const bool is_kind = type.text.find('/') != type.text.npos;
    for (const types::Limit &limit : limits)
      if (limit.name == "?only") exemptions_.add(node, limit.demands, path);
    for (const auto &entry : node) {
      const std::string &key = entry.first.Scalar();
      // The claim templates of a StatefulSet have them, too.
      if (is_kind && (key == "apiVersion" || key == "kind" || key == "status")) continue;
      const std::string below = path.empty() ? key : path + "." + key;
      if (const types::Field field = types::field(type, key); field.name.empty())
        unknown(below, key, types::fields(type));
      else
        known_field(entry.second, field, below);
      if (std::any_of(limits.begin(), limits.end(),
                      [&](const types::Limit &limit) { return limit.name == key; }))
        limited.push_back({key, entry.second});
    }
    if (!types::field(type, "values").name.empty()) expression(node, path);
    for (const types::Limit &limit : limits) {
      if (limit.name.starts_with('?')) {
        together(node, limit, path);
        continue;
      }
      if (limit.name.find('/') != limit.name.npos) {
        below(node, limit, path);
        continue;
      }
      const auto found = std::find_if(limited.begin(), limited.end(),
                                      [&](const Limited &one) { return one.name == limit.name; });
      check(found == limited.end() ? YAML::Node() : found->value, limit, path);
    }
  }

  /// A limit of a field further down.
  void below(const YAML::Node &node, const types::Limit &limit, const std::string &path) {
    const auto found = at_path(node, limit.name);
    if (found.empty()) check(YAML::Node(), limit, path);
    for (const YAML::Node &one : found) check(one, limit, path);
  }

  /// An expression of a selector: its operator says how many values there are.
  void expression(const YAML::Node &node, const std::string &path) {
    const std::string how = text(node, "operator");
    const std::size_t count = at(node, "values").size();
    if ((how == "In" || how == "NotIn") && count == 0)
      report(path, "the operator " + how + " needs values");
    if ((how == "Exists" || how == "DoesNotExist") && count > 0)
      report(path, "the operator " + how + " goes without values");
    if ((how == "Gt" || how == "Lt") && count != 1)
      report(path, "the operator " + how + " needs one value");
  }

  void known_field(const YAML::Node &node, const types::Field &field, const std::string &path) {
    value(node, field.type, path);
    if (field.since == 0) return;
    if (const int oldest = kube_minor_number(lint_.config); field.since > oldest)
      lint_.warning(object_,
                    fmt::format("{}: this field needs Kubernetes 1.{}, and kubeVersion is 1.{}",
                                path, field.since, oldest));
  }

  void unknown(const std::string &path, const std::string &key,
               const std::vector<types::Field> &known) {
    std::vector<std::string_view> names;
    names.reserve(known.size());
    for (const types::Field &one : known) names.push_back(one.name);
    error(path, "unknown field" + config::hint(config::nearest(key, names)));
  }

  /// `found`: the field's value; null where it is not there. `path` is that of what has the field.
  void check(const YAML::Node &found, const types::Limit &limit, const std::string &path) {
    const bool required = limit.demands.starts_with("required");
    if (is_empty(found) && !required) return;
    const std::string below = (path.empty() ? "" : path + ".") + dotted(limit.name);
    if (is_empty(found)) return report(below, "is required");
    for (const std::string_view demand : text::split(limit.demands, ',')) {
      if (demand == "none") report(below, "is not allowed here");
      if (found.IsSequence()) report(below, list_mistake(found, demand));
      if (found.IsMap()) entries(found, demand, below);
      if (found.IsScalar()) format(found, demand, below);
      for (const YAML::Node &item : items(found))
        if (!item.IsMap()) report(below, format_mistake(text(item), demand)); // null is ""
    }
  }

  void together(const YAML::Node &node, const types::Limit &limit, const std::string &path) {
    if (limit.name == "?only") return;
    if (limit.name == "?if") return report(path, implied_mistake(node, limit.demands));
    if (limit.name == "?order") return report(path, order_mistake(node, limit.demands));
    std::size_t count = 0;
    for (const std::string_view name : text::split(limit.demands, '|'))
      if (!is_empty(field_of(node, name))) ++count;
    const std::string names = text::alternatives(limit.demands);
    if (count > 1 && limit.name != "?any") report(path, "has more than one of " + names);
    if (count == 0 && limit.name != "?both") report(path, "needs one of " + names);
  }

  static YAML::Node field_of(const YAML::Node &node, std::string_view path) {
    const std::string name(text::take(path, '/'));
    const YAML::Node field = at(node, name.c_str());
    return path.empty() ? field : field_of(field, path);
  }

  /// The keys and values of a map.
  void entries(const YAML::Node &map, std::string_view demand, const std::string &path) {
    for (const auto &entry : map) {
      const std::string &key = entry.first.Scalar(), below = path + "." + key;
      if (demand == "configkeys" || demand == "quota")
        report(path, format_mistake(key, demand));
      else if (demand == "keys") // annotations
        report(path, format_mistake(key, "annotation"));
      else if (demand != "base64")
        report(path, format_mistake(key, "key"));
      if (!entry.second.IsScalar()) continue;
      if (demand == "labels") format(entry.second, "value", below);
      if (demand == "base64") format(entry.second, demand, below);
      if (demand == "quota" || demand == "amounts") amount(key, entry.second, below);
      if (demand == "amounts" && !fills_pages(key, entry.second))
        report(below, "is not a multiple of the page size");
      const bool may_count = demand == "resources" && format_mistake(key, "quota").empty();
      if ((demand == "amounts" || demand == "resources") && !is_resource(key) && !may_count)
        report(below, "is not the name of a resource");
    }
  }

  void amount(std::string_view name, const YAML::Node &node, const std::string &path) {
    format(node, "positive", path);
    if (is_counted(name)) format(node, "whole", path);
  }

  void format(const YAML::Node &node, std::string_view demand, const std::string &path) {
    report(path, format_mistake(node.Scalar(), demand));
  }

  void report(const std::string &path, const std::string &mistake) {
    if (!mistake.empty() && !exemptions_.has(path)) error(path, mistake);
  }

  Lint &lint_;
  const Object &object_;
  Exemptions exemptions_;
};

void api(Lint &lint) {
  check_pairs(lint);
  for (const Object &object : lint.objects)
    if (const Type type = types::of_kind(object.api_version, object.kind); type.is_known())
      ApiCheck(lint, object).run(type);
}

constexpr LintRule kRules[] = {
    {kApiRule, "the API server would reject it; before a deploy, the server's own dry run decides",
     api},
};

} // namespace

std::span<const LintRule> api_rules() { return kRules; }

std::vector<Finding> check_api(std::span<const Object> objects, const config::Config &config) {
  return lint_with(api_rules(), objects, config);
}

std::vector<std::string> unchecked(std::span<const Object> objects) {
  std::vector<std::string> out;
  for (const Object &object : objects)
    if (!types::of_kind(object.api_version, object.kind).is_known())
      out.push_back(fmt::format("{}/{}", object.kind, object.name));
  return out;
}

} // namespace hello::manifest
