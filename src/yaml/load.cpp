#include <map>
#include <optional>
#include <sstream>

#include <fmt/core.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/node/iterator.h>
#include <yaml-cpp/yaml.h>

#include <nodebuilder.h>

#include "hello/error.h"
#include "hello/text.h"
#include "hello/yaml.h"
#include "hello/yaml_copy.h"

namespace hello::yaml {
namespace {

[[noreturn]] void fail(std::string_view name, const YAML::Mark &mark, const std::string &why) {
  throw Error(Exit::invalid,
              fmt::format("{}:{}:{}: {}", name, mark.line + 1, mark.column + 1, why));
}

/// Refuses what yaml-cpp would silently misread: it stops at U+0004, and guesses encodings.
void check_bytes(std::string_view text, std::string_view name, const Limits &limits) {
  if (text.size() > limits.bytes)
    throw Error(Exit::invalid, fmt::format("{}: {} bytes, and at most {} are read", name,
                                           text.size(), limits.bytes));
  std::size_t bad = text::invalid_utf8(text);
  for (std::size_t i = 0; i < text.size() && i < bad; ++i) {
    char c = text[i];
    if (c >= 0 && c < 0x20 && c != '\n' && c != '\r' && c != '\t') bad = i;
  }
  if (bad == text.npos) return;
  YAML::Mark mark;
  for (const char c : text.substr(0, bad)) {
    ++mark.column;
    if (c != '\n') continue;
    ++mark.line;
    mark.column = 0;
  }
  const auto byte = static_cast<unsigned char>(text[bad]);
  if (byte >= 0x80) fail(name, mark, fmt::format("invalid UTF-8 (byte 0x{:02X})", byte));
  if (byte == 0) fail(name, mark, "a NUL byte: text cannot carry one");
  fail(name, mark,
       fmt::format("control character U+{:04X}: write \"\\x{:02X}\" in double quotes", byte, byte));
}

/// Refuses directives inside a document. They belong before it (YAML 1.2.2, 6.8), but yaml-cpp
/// skips such lines everywhere.
void check_directives(std::string_view text, std::string_view name) {
  bool begun = false;
  YAML::Mark mark;
  for (std::size_t start = 0; start < text.size(); ++mark.line) {
    const std::size_t end = std::min(text.find_first_of("\r\n", start), text.size());
    const std::string_view line = text.substr(start, end - start);
    if (line.starts_with('%')) {
      if (begun) fail(name, mark, "a line that begins with % is a directive: indent it");
    } else if (line.starts_with("...")) {
      begun = false;
    } else if (!line.empty() && line.front() != '#') {
      begun = true;
    }
    start = end + (text.substr(end, 2) == "\r\n" ? 2 : 1);
  }
}

/// Valid UTF-8 again: yaml-cpp 0.8 reads "\N" and "\_" as the single bytes 0x85 and 0xA0.
std::string mended(std::string text) {
  for (std::size_t bad; (bad = text::invalid_utf8(text)) != text.npos &&
                        (text[bad] == '\x85' || text[bad] == '\xA0');)
    text.insert(bad, 1, '\xC2');
  return text;
}

/// The text with a comment at its end. Without one, yaml-cpp accepts a quoted string that is not
/// closed, if only blanks are on the last line.
std::string ended(std::string_view text) {
  std::string all(text);
  const std::size_t last = text.find_last_not_of(" \t");
  if (last != text.npos && (text[last] == '\n' || text[last] == '\r'))
    all += last + 1 < text.size() ? "\n#" : "#";
  return all;
}

/// Whether the line is indented with a tab, which yaml-cpp's messages do not say.
bool tab_before(std::string_view text, const YAML::Mark &mark) {
  std::size_t start = 0;
  for (int line = mark.line; line > 0; --line) start = text.find('\n', start) + 1;
  start = text.find_first_not_of(' ', start);
  return start != text.npos && text[start] == '\t';
}

/// What a reader can do about an error of yaml-cpp's.
constexpr std::pair<std::string_view, std::string_view> kWords[] = {
    {"illegal map value",
     "unexpected ':': quote a value that contains ': ', or mend the indentation"},
    {"end of map not found", "expected a key here: check quotes, and the indentation"},
    {"end of map flow not found",
     "the map that began with '{' does not end: '}' or ',' is missing"},
    {"end of sequence flow not found",
     "the list that began with '[' does not end: ']' or ',' is missing"},
    {"illegal EOF in scalar", "a quotation mark that closes the text is missing"},
    {"unknown token", "a value cannot begin with this character: quote it"},
    {"illegal block entry", "a list cannot begin here: put each '- ' on a line of its own"},
};

std::string words_of(const std::string &message) {
  for (const auto &[from, to] : kWords)
    if (from == message) return std::string(to);
  return message;
}

class Checker {
public:
  Checker(std::string_view name, const Limits &limits) : name_(name), limits_(limits) {}

  void check(YAML::Node node, std::size_t depth) {
    if (++nodes_ > limits_.nodes) fail_nodes(node);
    if (depth > limits_.depth)
      fail(name_, node.Mark(), fmt::format("nested deeper than {} levels", limits_.depth));
    switch (node.Type()) {
    case YAML::NodeType::Scalar: return check_scalar(node);
    case YAML::NodeType::Sequence:
      check_tag(node, "tag:yaml.org,2002:seq");
      for (YAML::Node item : node) check(item, depth + 1);
      return;
    case YAML::NodeType::Map:
      check_tag(node, "tag:yaml.org,2002:map");
      return check_map(node, depth);
    default: return;
    }
  }

private:
  void check_tag(YAML::Node &node, std::string_view own) {
    const std::string &tag = node.Tag();
    if (tag.empty() || tag == "?" || tag == "!") return;
    if (tag != own) fail(name_, node.Mark(), fmt::format("tag '{}' is not supported", tag));
  }

  void check_scalar(YAML::Node &node) {
    check_tag(node, "tag:yaml.org,2002:str");
    const std::string &text = node.Scalar();
    std::string tag = node.Tag() == "?" ? "?" : "!";
    if (text.find('\0') != text.npos)
      fail(name_, node.Mark(), "a NUL (\\0): text cannot carry one");
    if (text::invalid_utf8(text) != text.npos) node = mended(text);
    if (node.Tag() != tag) node.SetTag(tag);
  }

  void check_map(YAML::Node &node, std::size_t depth) {
    std::map<std::string_view, YAML::Mark> seen;
    std::optional<YAML::Node> merge;
    for (auto entry : node) {
      YAML::Node key = entry.first;
      if (!key.IsScalar())
        fail(name_, key.Mark(),
             key.IsNull() ? "a key is empty" : "a key must be a text, not a list or map");
      if (key.Scalar() == "<<" && key.Tag() == "?") merge.emplace(key);
      check(key, depth + 1);
      auto [first, fresh] = seen.try_emplace(key.Scalar(), key.Mark());
      if (!fresh)
        fail(name_, key.Mark(),
             fmt::format("duplicate key '{}' (first at line {}, column {})", key.Scalar(),
                         first->second.line + 1, first->second.column + 1));
      check(entry.second, depth + 1);
    }
    if (merge) merge_into(node, *merge);
  }

  /// Replaces the merge key by the entries of its maps, which are complete already. Own entries
  /// win, then those of earlier maps. Source: https://yaml.org/type/merge.html
  void merge_into(YAML::Node &node, const YAML::Node &key) {
    const YAML::Node &seen = node; // operator[] of a non-const node adds an entry
    const YAML::Node value = seen["<<"];
    std::vector<YAML::Node> maps = items(value);
    if (!value.IsSequence()) maps.push_back(value);
    node.remove(key);
    for (const YAML::Node &map : maps) {
      if (!map.IsMap()) fail(name_, key.Mark(), "<<: takes a map, or a list of maps");
      for (const auto &entry : map) {
        if (++nodes_ > limits_.nodes) fail_nodes(key);
        if (!seen[entry.first.Scalar()]) node.force_insert(entry.first, entry.second);
      }
    }
  }

  [[noreturn]] void fail_nodes(const YAML::Node &node) const {
    fail(name_, node.Mark(),
         fmt::format("more than {} nodes (aliases counted as what they stand for)", limits_.nodes));
  }

  std::string_view name_;
  const Limits &limits_;
  std::size_t nodes_ = 0;
};

/// Builds the node again. NodeBuilder keeps the places, which YAML::Clone loses.
void build(YAML::NodeBuilder &out, const YAML::Node &node) {
  constexpr auto kStyle = YAML::EmitterStyle::Default;
  switch (node.Type()) {
  case YAML::NodeType::Scalar:
    return out.OnScalar(node.Mark(), node.Tag(), YAML::NullAnchor, node.Scalar());
  case YAML::NodeType::Sequence:
    out.OnSequenceStart(node.Mark(), node.Tag(), YAML::NullAnchor, kStyle);
    for (const YAML::Node &item : node) build(out, item);
    return out.OnSequenceEnd();
  case YAML::NodeType::Map:
    out.OnMapStart(node.Mark(), node.Tag(), YAML::NullAnchor, kStyle);
    for (const auto &entry : node) {
      build(out, entry.first);
      build(out, entry.second);
    }
    return out.OnMapEnd();
  default: return out.OnNull(node.Mark(), YAML::NullAnchor);
  }
}

} // namespace

YAML::Node copy(const YAML::Node &node) {
  YAML::NodeBuilder out;
  build(out, node);
  return out.Root();
}

std::vector<YAML::Node> load_all(std::string_view text, std::string_view name,
                                 const Limits &limits) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  check_bytes(text, name, limits);
  check_directives(text, name);
  try {
    std::istringstream in{ended(text)};
    std::vector<YAML::Node> documents;
    YAML::Parser parser(in);
    // Like YAML::LoadAll, which never ends where a token belongs to no document ("!a," at the top):
    // each turn then makes an empty document at the same place.
    while (true) {
      YAML::NodeBuilder document;
      if (!parser.HandleNextDocument(document)) break;
      documents.push_back(document.Root());
      const YAML::Mark mark = documents.back().Mark();
      if (documents.size() > 1 && mark.pos == documents[documents.size() - 2].Mark().pos)
        fail(name, mark, "this belongs to nothing before it");
    }
    Checker checker(name, limits);
    for (YAML::Node &document : documents) {
      checker.check(document, 0);
      // An alias is the same node as its anchor: a change in one place would change the other.
      if (text.find('&') != text.npos) document.reset(copy(document));
    }
    return documents;
  } catch (const YAML::DeepRecursion &error) {
    fail(name, error.mark, fmt::format("nested deeper than {} levels", limits.depth));
  } catch (const YAML::ParserException &error) {
    fail(name, error.mark,
         tab_before(text, error.mark) ? "the line is indented with a tab: use spaces"
                                      : words_of(error.msg));
  }
}

YAML::Node load(std::string_view text, std::string_view name, const Limits &limits) {
  std::vector<YAML::Node> documents = load_all(text, name, limits);
  if (documents.size() > 1)
    fail(name, documents[1].Mark(), "a second document begins here: only one is allowed");
  return documents.empty() ? YAML::Node() : documents[0];
}

std::string place(const YAML::Node &node, std::string_view name) {
  YAML::Mark mark = node.IsDefined() ? node.Mark() : YAML::Mark::null_mark();
  if (mark.is_null()) return std::string(name);
  return fmt::format("{}:{}:{}", name, mark.line + 1, mark.column + 1);
}

} // namespace hello::yaml
