#include "hello/template.h"

#include <stdexcept>
#include <utility>

#include <fmt/core.h>
#include <yaml-cpp/node/impl.h>
#include <yaml-cpp/node/iterator.h>

#include "hello/error.h"
#include "hello/yaml.h"
#include "template/placeholder.h"

namespace hello::templates {
namespace {

using Kind = Placeholder::Kind;

[[noreturn]] void fail(const YAML::Node &node, std::string_view file, const std::string &why) {
  throw Error(Exit::invalid, yaml::place(node, file) + ": " + why);
}

Placeholder read(const YAML::Node &scalar, std::string_view file) {
  try {
    return parse(scalar.Scalar());
  } catch (const std::invalid_argument &error) {
    fail(scalar, file, error.what());
  }
}

bool is_set(const YAML::Node &node) {
  if (node.IsMap() || node.IsSequence()) return node.size() > 0;
  return yaml::kind_of(node) != yaml::Scalar::null && !node.Scalar().empty();
}

bool is_true(const YAML::Node &node) {
  return is_set(node) && (!node.IsScalar() || (node.Scalar() != "false" && node.Scalar() != "0"));
}

/// One pass over one template. What a loop binds is looked up first, innermost last in.
class Pass {
public:
  Pass(std::string_view file, const Lookup &values) : file_(file), values_(values) {}

  /// Undefined: leave out what holds it.
  YAML::Node value(const YAML::Node &node) {
    switch (node.Type()) {
    case YAML::NodeType::Map: return map(node);
    case YAML::NodeType::Sequence: return list(node);
    case YAML::NodeType::Scalar: return scalar(node);
    default: return YAML::Node(YAML::NodeType::Null);
    }
  }

private:
  YAML::Node scalar(const YAML::Node &node) {
    if (node.Scalar().find('$') == std::string::npos) return YAML::Clone(node);
    Placeholder found = read(node, file_);
    switch (found.kind) {
    case Kind::text: return yaml::string(text(found, node));
    case Kind::optional: {
      YAML::Node value = find(found.name, node);
      return is_set(value) ? YAML::Clone(value) : YAML::Node(YAML::NodeType::Undefined);
    }
    case Kind::value: {
      YAML::Node value = find(found.name, node);
      if (!value.IsDefined() || value.IsNull()) fail(node, file_, "'" + found.name + "' is needed here and not set");
      return YAML::Clone(value);
    }
    default: fail(node, file_, "'" + node.Scalar() + "' belongs in a key");
    }
  }

  std::string text(const Placeholder &found, const YAML::Node &node) {
    std::string out;
    for (const Piece &piece : found.pieces) {
      if (!piece.is_name) {
        out += piece.text;
        continue;
      }
      YAML::Node value = find(piece.text, node);
      if (!value.IsDefined() || !value.IsScalar()) fail(node, file_, "'" + piece.text + "' is no text here");
      out += value.Scalar();
    }
    return out;
  }

  YAML::Node map(const YAML::Node &node) {
    YAML::Node out(YAML::NodeType::Map);
    for (auto entry : node) {
      YAML::Node key = entry.first;
      Placeholder found = read(key, file_);
      if (found.kind == Kind::when) {
        if (holds(found, key)) merge(out, value(entry.second), key);
        continue;
      }
      if (found.kind == Kind::each || found.kind == Kind::optional)
        fail(key, file_, "'" + key.Scalar() + "' has no meaning as a key");
      if (found.kind == Kind::value) found.pieces = {{true, found.name}};
      YAML::Node filled = value(entry.second);
      if (filled.IsDefined()) insert(out, yaml::string(text(found, key)), filled, key);
    }
    return out;
  }

  void merge(YAML::Node &out, const YAML::Node &more, const YAML::Node &at) {
    if (!more.IsDefined() || more.IsNull()) return;
    if (!more.IsMap()) fail(at, file_, "what a condition puts into a map must be a map");
    for (auto entry : more) insert(out, entry.first, entry.second, at);
  }

  void insert(YAML::Node &out, const YAML::Node &key, const YAML::Node &value, const YAML::Node &at) {
    for (auto entry : out)
      if (entry.first.Scalar() == key.Scalar()) fail(at, file_, "key '" + key.Scalar() + "' comes twice");
    out.force_insert(key, value);
  }

  YAML::Node list(const YAML::Node &node) {
    YAML::Node out(YAML::NodeType::Sequence);
    for (YAML::Node item : node) {
      if (!item.IsMap() || item.size() != 1) {
        push(out, value(item));
        continue;
      }
      YAML::Node key = item.begin()->first, body = item.begin()->second;
      Placeholder found = read(key, file_);
      if (found.kind == Kind::when) {
        if (holds(found, key)) splice(out, value(body));
      } else if (found.kind == Kind::each) {
        YAML::Node all = find(found.name, key);
        if (is_set(all) && !all.IsSequence()) fail(key, file_, "'" + found.name + "' is no list");
        for (YAML::Node one : all) {
          bound_.emplace_back(found.variable, one);
          splice(out, value(body));
          bound_.pop_back();
        }
      } else {
        push(out, value(item));
      }
    }
    return out;
  }

  void splice(YAML::Node &out, const YAML::Node &more) {
    if (!more.IsDefined() || !more.IsSequence()) return push(out, more);
    for (YAML::Node item : more) out.push_back(item);
  }

  void push(YAML::Node &out, const YAML::Node &item) {
    if (item.IsDefined()) out.push_back(item);
  }

  bool holds(const Placeholder &found, const YAML::Node &at) {
    for (const Condition &condition : found.conditions) {
      YAML::Node value = find(condition.name, at);
      std::string text = value.IsDefined() && value.IsScalar() ? value.Scalar() : "";
      bool good = false;
      switch (condition.test) {
      case Condition::Test::set: good = is_true(value); break;
      case Condition::Test::unset: good = !is_true(value); break;
      case Condition::Test::equal: good = text == condition.text; break;
      case Condition::Test::different: good = text != condition.text; break;
      }
      if (!good) return false;
    }
    return true;
  }

  YAML::Node find(const std::string &name, const YAML::Node &at) {
    for (std::size_t i = bound_.size(); i-- > 0;) {
      const auto &[variable, node] = bound_[i];
      if (name == variable) return node;
      if (name.starts_with(variable + ".")) return member(node, name.substr(variable.size() + 1));
    }
    std::optional<YAML::Node> value = values_(name);
    if (!value) fail(at, file_, "unknown placeholder '" + name + "'");
    return *value;
  }

  static YAML::Node member(const YAML::Node &node, const std::string &key) {
    if (node.IsMap())
      for (auto entry : node)
        if (entry.first.Scalar() == key) return entry.second;
    return YAML::Node(YAML::NodeType::Null);
  }

  std::string_view file_;
  const Lookup &values_;
  std::vector<std::pair<std::string, YAML::Node>> bound_;
};

void collect(const YAML::Node &node, std::string_view file, std::vector<std::string> &bound, std::vector<Use> &out) {
  auto add = [&](const std::string &name) {
    for (const std::string &variable : bound)
      if (name == variable || name.starts_with(variable + ".")) return;
    out.push_back({name, yaml::place(node, file)});
  };
  if (node.IsSequence()) {
    for (YAML::Node item : node) collect(item, file, bound, out);
  } else if (node.IsMap()) {
    for (auto entry : node) {
      collect(entry.first, file, bound, out);
      Placeholder key = read(entry.first, file);
      if (key.kind == Kind::each) bound.push_back(key.variable);
      collect(entry.second, file, bound, out);
      if (key.kind == Kind::each) bound.pop_back();
    }
  } else if (node.IsScalar()) {
    Placeholder found = read(node, file);
    if (!found.name.empty()) add(found.name);
    for (const Piece &piece : found.pieces)
      if (piece.is_name) add(piece.text);
    for (const Condition &condition : found.conditions) add(condition.name);
  }
}

} // namespace

YAML::Node instantiate(const YAML::Node &tree, std::string_view file, const Lookup &values) {
  return Pass(file, values).value(tree);
}

std::vector<Use> uses(const YAML::Node &tree, std::string_view file) {
  std::vector<Use> out;
  std::vector<std::string> bound;
  collect(tree, file, bound, out);
  return out;
}

} // namespace hello::templates
