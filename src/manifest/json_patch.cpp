#include <cstdlib>
#include <stdexcept>

#include <fmt/core.h>
#include <yaml-cpp/node/iterator.h>
#include <yaml-cpp/yaml.h>

#include "hello/text.h"
#include "hello/yaml.h"
#include "hello/yaml_copy.h"
#include "manifest/patch.h"

namespace hello::manifest {
namespace {

using Tokens = std::vector<std::string>;

[[noreturn]] void fail(const std::string &why) { throw std::invalid_argument(why); }

/// Source: RFC 6901, sections 3 and 4
Tokens tokens_of(std::string_view pointer) {
  Tokens out;
  if (pointer.empty()) return out;
  if (pointer.front() != '/') fail(fmt::format("'{}' does not begin with /", pointer));
  for (std::string_view part : text::split(pointer.substr(1), '/')) {
    std::string token;
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (part[i] != '~') {
        token += part[i];
        continue;
      }
      const char code = i + 1 < part.size() ? part[++i] : ' ';
      if (code != '0' && code != '1')
        fail(fmt::format("'{}' has a ~ without 0 or 1 after it", pointer));
      token += code == '0' ? '~' : '/';
    }
    out.push_back(std::move(token));
  }
  if (pointer == "/") out.emplace_back(); // the key that is an empty text
  return out;
}

/// The index in a list; `size` itself for "-" and, with `may_append`, the end.
std::size_t index_of(const std::string &token, std::size_t size, bool may_append) {
  if (token == "-" && may_append) return size;
  const bool plain = text::is_digits(token) && (token.size() == 1 || token[0] != '0');
  const auto index = plain ? text::integer(token) : std::nullopt;
  if (!index || *index < 0 || static_cast<std::size_t>(*index) >= size + (may_append ? 1 : 0))
    fail(fmt::format("the list has no item {}", token));
  return static_cast<std::size_t>(*index);
}

YAML::Node child(const YAML::Node &node, const std::string &token) {
  if (node.IsSequence()) return yaml::items(node)[index_of(token, node.size(), false)];
  const YAML::Node found = yaml::at(node, {token.c_str()});
  if (!found.IsDefined()) fail(fmt::format("there is no {}", token.empty() ? "\"\"" : token));
  return found;
}

YAML::Node find(const YAML::Node &root, std::span<const std::string> tokens) {
  YAML::Node node(root);
  for (const std::string &token : tokens) node.reset(child(node, token));
  return node;
}

void set_items(YAML::Node node, const std::vector<YAML::Node> &items) {
  YAML::Node list(YAML::NodeType::Sequence);
  for (const YAML::Node &item : items) list.push_back(item);
  node = list;
}

bool remove_key(YAML::Node map, const std::string &key) {
  for (const auto &entry : map)
    if (entry.first.Scalar() == key) return map.remove(entry.first);
  return false;
}

/// Numbers are equal if their values are: 1 and 1.0. Source: RFC 6902, section 4.6
bool equal_scalars(const YAML::Node &a, const YAML::Node &b) {
  const std::string left = yaml::to_json(a), right = yaml::to_json(b);
  const yaml::Scalar kinds[] = {yaml::kind_of(a), yaml::kind_of(b)};
  const auto is_number = [](yaml::Scalar kind) {
    return kind == yaml::Scalar::integer || kind == yaml::Scalar::real;
  };
  if (left == right || !is_number(kinds[0]) || !is_number(kinds[1])) return left == right;
  return (kinds[0] == yaml::Scalar::real || kinds[1] == yaml::Scalar::real) &&
         std::strtod(left.c_str(), nullptr) == std::strtod(right.c_str(), nullptr);
}

/// Objects are equal whatever the order of their members.
bool equal(const YAML::Node &a, const YAML::Node &b) {
  if (a.Type() != b.Type() || a.size() != b.size()) return false;
  if (a.IsMap()) {
    for (const auto &entry : a) {
      const YAML::Node other = yaml::at(b, {entry.first.Scalar().c_str()});
      if (!other.IsDefined() || !equal(entry.second, other)) return false;
    }
    return true;
  }
  if (!a.IsSequence()) return equal_scalars(a, b);
  const auto left = yaml::items(a), right = yaml::items(b);
  for (std::size_t i = 0; i < left.size(); ++i)
    if (!equal(left[i], right[i])) return false;
  return true;
}

/// A document that operations change in place.
class Document {
public:
  explicit Document(const YAML::Node &root) : root_(yaml::copy(root)) {}
  const YAML::Node &root() const { return root_; }

  YAML::Node get(const Tokens &path) const { return find(root_, path); }

  void add(const Tokens &path, const YAML::Node &value) {
    if (path.empty()) return root_.reset(value);
    YAML::Node parent = find(root_, std::span(path).first(path.size() - 1));
    if (parent.IsSequence()) {
      std::vector<YAML::Node> items = yaml::items(parent), all;
      const std::size_t index = index_of(path.back(), items.size(), true);
      all.insert(all.end(), items.begin(), items.begin() + static_cast<std::ptrdiff_t>(index));
      all.push_back(value);
      all.insert(all.end(), items.begin() + static_cast<std::ptrdiff_t>(index), items.end());
      set_items(parent, all);
    } else if (parent.IsMap()) {
      remove_key(parent, path.back());
      parent.force_insert(yaml::string(path.back()), value);
    } else {
      fail("its parent is neither a map nor a list");
    }
  }

  void remove(const Tokens &path) {
    if (path.empty()) fail("the whole object cannot be removed");
    YAML::Node parent = find(root_, std::span(path).first(path.size() - 1));
    if (parent.IsSequence()) {
      const std::vector<YAML::Node> items = yaml::items(parent);
      const std::size_t index = index_of(path.back(), items.size(), false);
      std::vector<YAML::Node> all;
      for (std::size_t i = 0; i < items.size(); ++i)
        if (i != index) all.push_back(items[i]);
      set_items(parent, all);
    } else if (!remove_key(parent, path.back())) {
      fail(fmt::format("there is no {}", path.back()));
    }
  }

  void replace(const Tokens &path, const YAML::Node &value) {
    if (path.empty()) return root_.reset(value);
    YAML::Node old = get(path);
    old = value;
  }

private:
  YAML::Node root_;
};

YAML::Node member(const YAML::Node &operation, const char *name) {
  const YAML::Node found = yaml::at(operation, {name});
  if (!found.IsDefined()) fail(fmt::format("has no {}", name));
  return found;
}

std::string text_member(const YAML::Node &operation, const char *name) {
  const YAML::Node found = member(operation, name);
  if (!found.IsScalar()) fail(fmt::format("its {} is not a text", name));
  return found.Scalar();
}

void run(Document &document, const YAML::Node &operation) {
  const std::string op = text_member(operation, "op");
  const Tokens path = tokens_of(text_member(operation, "path"));
  const auto value = [&] { return YAML::Clone(member(operation, "value")); };
  const auto from = [&] { return tokens_of(text_member(operation, "from")); };
  if (op == "add") {
    document.add(path, value());
  } else if (op == "remove") {
    document.remove(path);
  } else if (op == "replace") {
    document.replace(path, value());
  } else if (op == "copy") {
    document.add(path, YAML::Clone(document.get(from())));
  } else if (op == "move") {
    const Tokens source = from();
    const YAML::Node moved = YAML::Clone(document.get(source));
    if (path.size() > source.size() && std::equal(source.begin(), source.end(), path.begin()))
      fail("a value cannot be moved into itself");
    document.remove(source);
    document.add(path, moved);
  } else if (op == "test") {
    if (!equal(document.get(path), value())) fail("the value is another one");
  } else {
    fail(fmt::format("invalid op '{}': use add, remove, replace, move, copy or test", op));
  }
}

} // namespace

YAML::Node json_patch(const YAML::Node &target, const YAML::Node &operations) {
  Document document(target);
  std::size_t n = 0;
  for (const YAML::Node &operation : yaml::items(operations)) {
    ++n;
    try {
      run(document, operation);
    } catch (const std::invalid_argument &error) {
      throw std::invalid_argument(fmt::format("operation {} ({} {}): {}", n,
                                              yaml::text(operation, "op"),
                                              yaml::text(operation, "path"), error.what()));
    }
  }
  return document.root();
}

} // namespace hello::manifest
