#include "manifest/types.h"

#include <map>
#include <string>

#include "hello/embedded.h"
#include "hello/text.h"

namespace hello::manifest::types {
namespace {

/// The lines of a table, by their first words.
using Lines = std::map<std::string_view, std::string_view>;

Lines lines_of(std::string_view file) {
  Lines lines;
  std::string_view rest = embedded(file);
  while (!rest.empty()) {
    const std::string_view line = text::take(rest, '\n');
    lines.emplace(line.substr(0, line.find(' ')), line);
  }
  return lines;
}

std::string_view found(const Lines &lines, std::string_view name) {
  const auto line = lines.find(name);
  return line == lines.end() ? std::string_view() : line->second;
}

/// The line that begins with the name; empty if there is none.
std::string_view line_of(std::string_view name) {
  static const Lines lines = lines_of("src/manifest/types.txt");
  return found(lines, name);
}

/// The name without what says how it merges.
std::string_view plain(Type type) {
  return type.text.ends_with('!') ? type.text.substr(0, type.text.size() - 1) : type.text;
}

Field parsed(std::string_view word) {
  Field field;
  field.name = text::take(word, ':');
  field.type.text = text::take(word, '>');
  field.since = static_cast<int>(text::integer(word).value_or(0));
  return field;
}

} // namespace

bool Type::is_atomic() const {
  // The mark of a list is that of its items: a list itself is atomic if its items do not merge.
  return !is_list() && text.ends_with('!');
}

Type Type::element() const {
  if (!is_list() && !is_map()) return {};
  const std::string_view inner = text.substr(1, text.find('@') - 1);
  return {is_map() && inner.ends_with('!') ? inner.substr(0, inner.size() - 1) : inner};
}

std::vector<Key> Type::keys() const {
  std::vector<Key> out;
  if (!merges_items()) return out;
  for (std::string_view key : text::split(text.substr(text.find('@') + 1), ',')) {
    const std::string_view name = text::take(key, '=');
    out.push_back({name, key});
  }
  return out;
}

Type of_kind(std::string_view api_version, std::string_view kind) {
  const std::string_view line = line_of(std::string(api_version) + "/" + std::string(kind));
  return {line.substr(0, line.find(' '))};
}

std::vector<Field> fields(Type type) {
  std::vector<Field> out;
  if (!type.is_known() || type.is_list() || type.is_map()) return out;
  std::string_view line = line_of(plain(type));
  text::take(line, ' ');
  for (const std::string_view word : text::words(line)) out.push_back(parsed(word));
  return out;
}

std::vector<Limit> limits(Type type) {
  static const Lines lines = lines_of("src/manifest/limits.txt");
  std::vector<Limit> out;
  std::string_view line = found(lines, plain(type));
  text::take(line, ' ');
  for (std::string_view word : text::words(line)) {
    const std::string_view name = text::take(word, ':');
    out.push_back({name, word});
  }
  return out;
}

Field field(Type type, std::string_view name) {
  if (!type.is_known() || type.is_list() || type.is_map()) return {};
  const std::string_view line = line_of(plain(type));
  for (std::size_t at = line.find(name); at != line.npos; at = line.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if (at == 0 || line[at - 1] != ' ' || end == line.size() || line[end] != ':') continue;
    return parsed(line.substr(at, line.find(' ', at) - at));
  }
  return {};
}

} // namespace hello::manifest::types
