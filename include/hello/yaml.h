#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h> // not node.h: it declares inline functions that this defines

/// YAML in, YAML and JSON out, with two promises that yaml-cpp alone does not make: input is
/// bounded and its errors say where, and output never changes a value's type, whichever YAML 1.1
/// or 1.2 parser reads it.
namespace hello::yaml {

/// Limits of one file; beyond them load() throws.
struct Limits {
  std::size_t bytes = 1 << 20;
  std::size_t depth = 64;
  std::size_t nodes = 100'000; ///< aliases count as what they stand for, so alias bombs end here
};

/// The documents of `text`. `name` stands in errors: "hello.yaml:3:7: …". Empty documents are null
/// nodes, merge keys (`<<`) are replaced by what they stand for. Throws Error(Exit::invalid) if it
/// is not YAML, has a duplicate key in a map, a key that is not a scalar, a tag other than `!!str`,
/// invalid UTF-8, a NUL, or is past `limits`.
std::vector<YAML::Node> load_all(std::string_view text, std::string_view name,
                                 const Limits &limits = {});

/// The same for a text of at most one document.
YAML::Node load(std::string_view text, std::string_view name, const Limits &limits = {});

/// load() for the style of our own templates: block style, plain or double-quoted scalars without
/// escapes, lists of those in brackets, comments. None for anything else. Nothing is checked, and
/// nodes have no places. docs/architecture.md says what it saves.
std::optional<YAML::Node> load_simple(std::string_view text);

/// The node below `node` by these keys; undefined if a key is missing or a node on the way is not a
/// map, where yaml-cpp throws.
YAML::Node at(const YAML::Node &node, std::initializer_list<const char *> keys);
template <class... Keys> YAML::Node at(const YAML::Node &node, const char *key, Keys... more) {
  return at(node, {key, more...});
}

/// A scalar's text; empty for anything else.
std::string text(const YAML::Node &node);
/// The text below `node` by these keys.
std::string text(const YAML::Node &node, std::initializer_list<const char *> keys);
template <class... Keys> std::string text(const YAML::Node &node, const char *key, Keys... more) {
  return text(node, {key, more...});
}

/// {a: {b: value}} for the keys a and b.
YAML::Node nested(std::initializer_list<const char *> keys, const YAML::Node &value);

/// The items of a sequence; none for anything else. A loop over the node itself copies each item
/// three times.
std::vector<YAML::Node> items(const YAML::Node &node);

/// "name:line:column" of a node, counted from 1, as editors read it; `name` alone for a node that
/// was not read from a text.
std::string place(const YAML::Node &node, std::string_view name);

/// The type of a scalar: the YAML 1.2 core schema, with Kubernetes' octal 0644. Words that parsers
/// disagree about (yes, 1_000, 12:30:45, 2026-11-22) are strings. A node made from a C++ string, or
/// quoted in its source, is always a string. An undefined node is null.
enum class Scalar { null, boolean, integer, real, string };
Scalar kind_of(const YAML::Node &scalar);

/// A string node: to_yaml and to_json write it as a string, whatever its text.
YAML::Node string(std::string_view text);
/// Nodes of numbers and booleans: YAML::Node(5) would be the string "5".
YAML::Node integer(std::int64_t value);
YAML::Node boolean(bool value);

/// One document, block style, two blanks of indent, a final newline, no "---". Strings are plain
/// only where no YAML 1.1 or 1.2 reader could take them for something else.
std::string to_yaml(const YAML::Node &node);

/// JSON (RFC 8259) on one line, or with `indent` blanks a level.
/// Throws Error(Exit::invalid) for .inf and .nan, which JSON does not have.
std::string to_json(const YAML::Node &node, int indent = 0);

} // namespace hello::yaml
