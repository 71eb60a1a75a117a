#include "hello/template.h"

#include <set>
#include <stdexcept>
#include <utility>

#include <fmt/core.h>
#include <yaml-cpp/node/iterator.h>
#include <yaml-cpp/yaml.h>

#include "hello/error.h"
#include "hello/yaml.h"
#include "template/placeholder.h"

namespace hello::templates {
namespace {

using Kind = Placeholder::Kind;

Placeholder read(const YAML::Node &scalar, std::string_view file) {
  try {
    return parse(scalar.Scalar());
  } catch (const std::invalid_argument &error) {
    throw Error(Exit::invalid, yaml::place(scalar, file) + ": " + error.what());
  }
}

/// The first value that a key names.
std::string name_in(const Placeholder &key) {
  if (!key.conditions.empty()) return key.conditions[0].name;
  for (const Piece &piece : key.pieces)
    if (piece.is_name) return piece.text;
  return key.name;
}

bool is_set(const YAML::Node &node) {
  if (node.IsMap() || node.IsSequence()) return node.size() > 0;
  return yaml::kind_of(node) != yaml::Scalar::null && !node.Scalar().empty();
}

bool is_true(const YAML::Node &node) {
  return is_set(node) && (!node.IsScalar() || (node.Scalar() != "false" && node.Scalar() != "0"));
}

/// One pass over one template. It changes the tree in place: most nodes stay as they are, and with
/// yaml-cpp it is expensive to put nodes of one document into another. The variables of loops are
/// looked up before values, the innermost first.
class Pass {
public:
  Pass(std::string_view file, const Lookup &values, std::vector<Filled> *filled)
      : file_(file), values_(values), filled_(filled) {}

  /// Returns false if the entry or item that holds the node must be left out.
  bool fill(YAML::Node node) {
    switch (node.Type()) {
    case YAML::NodeType::Map: map(node); return true;
    case YAML::NodeType::Sequence: list(node); return true;
    case YAML::NodeType::Scalar: return scalar(node);
    default: return true;
    }
  }

private:
  struct Entry {
    YAML::Node key, value, at; ///< at: its place in the template
  };

  bool scalar(YAML::Node &node) {
    if (node.Scalar().find('$') == std::string::npos) return true;
    const Placeholder found = read(node, file_);
    if (found.kind == Kind::text) {
      node = text(found, node);
      node.SetTag("!");
      for (const Piece &piece : found.pieces)
        if (piece.is_name) record(piece.text, node);
      return true;
    }
    if (found.kind != Kind::value && found.kind != Kind::optional)
      fail(node, "'" + node.Scalar() + "' belongs in a key");
    const YAML::Node value = find(found.name, node);
    if (found.kind == Kind::optional && !is_set(value)) return false;
    if (!value.IsDefined() || value.IsNull())
      fail(node, "'" + found.name + "' is needed here and not set");
    node = YAML::Clone(value);
    record(found.name, node);
    return true;
  }

  /// Notes the node, and what it holds: that may be put into the map or list around it.
  void record(const std::string &name, const YAML::Node &node) {
    if (!filled_) return;
    const std::string &whole = list_of(name);
    filled_->push_back({whole, node});
    if (node.IsSequence())
      for (const YAML::Node &item : node) filled_->push_back({whole, item});
    if (node.IsMap())
      for (const auto &entry : node) filled_->push_back({whole, entry.second});
  }

  /// The list that a loop's variable stands for; else the name itself.
  const std::string &list_of(const std::string &name) const {
    for (std::size_t i = bound_.size(); i-- > 0;)
      if (name == bound_[i].variable || name.starts_with(bound_[i].variable + "."))
        return bound_[i].list;
    return name;
  }

  std::string text(const Placeholder &found, const YAML::Node &node) {
    std::string out;
    for (const Piece &piece : found.pieces) {
      if (!piece.is_name) {
        out += piece.text;
        continue;
      }
      const YAML::Node value = find(piece.text, node);
      if (!value.IsDefined() || !value.IsScalar())
        fail(node, "'" + piece.text + "' is no text here");
      out += value.Scalar();
    }
    return out;
  }

  void map(YAML::Node &node) {
    bool same = true;
    std::vector<Entry> entries;
    for (auto entry : node) {
      YAML::Node key = entry.first;
      if (key.Scalar().find('$') == std::string::npos) {
        if (fill(entry.second))
          entries.push_back({key, entry.second, key});
        else
          same = false;
        continue;
      }
      same = false;
      Placeholder found = read(key, file_);
      if (found.kind == Kind::when) {
        if (holds(found, key) && fill(entry.second)) merge(entries, entry.second, key);
        continue;
      }
      if (found.kind == Kind::each || found.kind == Kind::optional)
        fail(key, "'" + key.Scalar() + "' has no meaning as a key");
      if (found.kind == Kind::value) found.pieces = {{true, found.name}};
      if (fill(entry.second))
        entries.push_back({yaml::string(text(found, key)), entry.second, key});
    }
    if (same) return;
    std::set<std::string_view> seen;
    for (const auto &[key, value, at] : entries)
      if (!seen.insert(key.Scalar()).second)
        throw Twice(yaml::place(at, file_) + ": key '" + key.Scalar() + "' comes twice, by " +
                        at.Scalar(),
                    name_in(read(at, file_)), key.Scalar());
    node = YAML::Node(YAML::NodeType::Map);
    for (const auto &[key, value, at] : entries) node.force_insert(key, value);
  }

  void merge(std::vector<Entry> &entries, const YAML::Node &more, const YAML::Node &at) {
    if (!more.IsMap() && !more.IsNull()) fail(at, "what a condition puts into a map must be a map");
    for (auto entry : more) entries.push_back({entry.first, entry.second, at});
  }

  void list(YAML::Node &node) {
    bool same = true;
    std::vector<YAML::Node> items;
    for (YAML::Node item : node) {
      const bool may_be_control = item.IsMap() && item.size() == 1;
      const YAML::Node key = may_be_control ? item.begin()->first : YAML::Node();
      const Placeholder found = may_be_control ? read(key, file_) : Placeholder();
      if (found.kind == Kind::when) {
        same = false;
        const YAML::Node body = item.begin()->second;
        if (holds(found, key) && fill(body)) splice(items, body);
      } else if (found.kind == Kind::each) {
        same = false;
        loop(items, found, key, item.begin()->second);
      } else if (fill(item)) {
        items.push_back(item);
      } else {
        same = false;
      }
    }
    if (same) return;
    node = YAML::Node(YAML::NodeType::Sequence);
    for (const YAML::Node &item : items) node.push_back(item);
  }

  void loop(std::vector<YAML::Node> &items, const Placeholder &found, const YAML::Node &key,
            const YAML::Node &body) {
    const YAML::Node all = find(found.name, key);
    if (is_set(all) && !all.IsSequence()) fail(key, "'" + found.name + "' is no list");
    for (YAML::Node one : all) {
      YAML::Node copy = YAML::Clone(body);
      bound_.push_back({found.variable, one, found.name});
      if (fill(copy)) splice(items, copy);
      bound_.pop_back();
    }
  }

  static void splice(std::vector<YAML::Node> &items, const YAML::Node &more) {
    if (!more.IsSequence()) return items.push_back(more);
    for (YAML::Node item : more) items.push_back(item);
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
      const auto &[variable, node, list] = bound_[i];
      if (name == variable) return node;
      if (name.starts_with(variable + ".")) return member(node, name.substr(variable.size() + 1));
    }
    std::optional<YAML::Node> value = values_(name);
    if (!value) fail(at, "unknown placeholder '" + name + "'");
    return *value;
  }

  [[noreturn]] void fail(const YAML::Node &node, const std::string &why) const {
    throw Error(Exit::invalid, yaml::place(node, file_) + ": " + why);
  }

  static YAML::Node member(const YAML::Node &node, const std::string &key) {
    if (node.IsMap())
      for (auto entry : node)
        if (entry.first.Scalar() == key) return entry.second;
    return YAML::Node(YAML::NodeType::Null);
  }

  struct Bound {
    std::string variable;
    YAML::Node node;
    std::string list;
  };

  std::string_view file_;
  const Lookup &values_;
  std::vector<Filled> *filled_;
  std::vector<Bound> bound_;
};

void collect(const YAML::Node &node, std::string_view file, std::vector<std::string> &bound,
             std::vector<Use> &out) {
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

YAML::Node instantiate(const YAML::Node &tree, std::string_view file, const Lookup &values,
                       std::vector<Filled> *filled) {
  Pass(file, values, filled).fill(tree);
  return tree;
}

std::vector<Use> uses(const YAML::Node &tree, std::string_view file) {
  std::vector<Use> out;
  std::vector<std::string> bound;
  collect(tree, file, bound, out);
  return out;
}

} // namespace hello::templates
