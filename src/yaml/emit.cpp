#include <algorithm>
#include <utility>

#include <fmt/core.h>
#include <yaml-cpp/node/iterator.h>
#include <yaml-cpp/yaml.h>

#include "hello/error.h"
#include "hello/text.h"
#include "yaml/scalar.h"

namespace hello::yaml {
namespace {

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool digit(char c) { return c >= '0' && c <= '9'; }

/// Words that some parser reads as a boolean, null or number.
bool is_word(std::string_view text) {
  static constexpr std::string_view words[] = {"y",    "n",     "yes",  "no",  "on",  "off",
                                               "true", "false", "null", "nan", "inf", "infinity"};
  if (text.size() > 8) return false;
  return std::find(std::begin(words), std::end(words), text::lower(text)) != std::end(words);
}

/// 100m, 64Mi, 25%, 90s: no parser reads these as a number.
bool is_measure(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && digit(text[n])) ++n;
  std::string_view unit = text.substr(n);
  return n > 0 && (unit == "m" || unit == "s" || unit == "%" || unit == "Ki" || unit == "Mi" ||
                   unit == "Gi" || unit == "Ti");
}

/// Whether the text may be written without quotes: stricter than YAML, so that all parsers agree.
bool plain(std::string_view text) {
  if (text.empty() || text.size() > 1000 || is_word(text)) return false;
  if (!letter(text[0]) && text[0] != '/') return is_measure(text);
  if (text.back() == ' ' || text.back() == ':') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (letter(c) || digit(c) ||
        std::string_view("_./-+=@,()$%*;!?'&<>~^|").find(c) != std::string_view::npos)
      continue;
    if (c == ' ' || (c == ':' && text[i + 1] != ' ')) continue;
    return false;
  }
  return true;
}

/// Characters that a parser may refuse, fold or read as a line break.
bool needs_escape(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF ||
         (c & 0xFFFE) == 0xFFFE;
}

/// Whether a literal block is safe for the text: several lines, without trailing blanks or
/// invisible characters.
bool literal(std::string_view text) {
  if (text.find('\n') == text.npos || text[0] == '\n' || text[0] == ' ' || text.ends_with("\n\n"))
    return false;
  char before = '\n';
  for (std::size_t i = 0; i < text.size();) {
    char32_t c = text::next_code_point(text, i);
    if (c == '\n' ? before == ' ' : needs_escape(c)) return false;
    before = c < 0x80 ? static_cast<char>(c) : 'x';
  }
  return before != ' ';
}

std::string quoted(std::string_view text, bool json) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    std::size_t start = i;
    char32_t c = text::next_code_point(text, i);
    if (c == '"' || c == '\\')
      (out += '\\') += static_cast<char>(c);
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\r')
      out += "\\r";
    else if (!needs_escape(c))
      out += text.substr(start, i - start);
    else if (c <= 0xFFFF)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else if (!json)
      out += fmt::format("\\U{:08x}", static_cast<unsigned>(c));
    else
      out += fmt::format("\\u{:04x}\\u{:04x}", 0xD7C0u + (static_cast<unsigned>(c) >> 10),
                         0xDC00u + (static_cast<unsigned>(c) & 0x3FF));
  }
  return out += '"';
}

class Emitter {
public:
  std::string take() { return std::move(out_); }

  /// Writes the value after "key:" or "-", or at the top. `indent` is that of the lines below.
  void value(const YAML::Node &node, int indent, bool in_list) {
    if (node.IsMap() && node.size()) {
      if (!in_list) out_ += '\n';
      map(node, indent, in_list);
    } else if (node.IsSequence() && node.size()) {
      if (!in_list) out_ += '\n';
      list(node, indent, in_list);
    } else {
      if (!out_.empty() && out_.back() != ' ') out_ += ' ';
      scalar(node, indent);
      out_ += '\n';
    }
  }

  void map(const YAML::Node &node, int indent, bool first_inline) {
    for (auto entry : node) {
      if (!std::exchange(first_inline, false)) out_.append(indent, ' ');
      key(entry.first.Scalar(), indent);
      value(entry.second, entry.second.IsSequence() ? indent : indent + 2, false);
    }
  }

  void list(const YAML::Node &node, int indent, bool first_inline) {
    for (const auto &item : node) {
      if (!std::exchange(first_inline, false)) out_.append(indent, ' ');
      out_ += "- ";
      value(item, indent + 2, true);
    }
  }

private:
  void key(const std::string &text, int indent) {
    bool simple = plain(text) && text.find(' ') == text.npos;
    std::string written = simple ? text : quoted(text, false);
    // A simple key has at most 1024 characters (YAML 1.2, 7.4.2); longer ones are explicit.
    if (written.size() > 1000)
      (out_ += "? ").append(written).append("\n").append(indent, ' ');
    else
      out_ += written;
    out_ += ':';
  }

  void scalar(const YAML::Node &node, int indent) {
    if (node.IsMap())
      out_ += "{}";
    else if (node.IsSequence())
      out_ += "[]";
    else if (kind_of(node) == Scalar::null)
      out_ += "null";
    else if (node.Tag() == "?" && kind_of(node) != Scalar::string)
      out_ += resolve(node.Scalar()).canonical;
    else
      text(node.Scalar(), indent);
  }

  void text(std::string_view text, int indent) {
    if (plain(text)) {
      out_ += text;
    } else if (!literal(text)) {
      out_ += quoted(text, false);
    } else {
      out_ += text.ends_with('\n') ? "|" : "|-";
      if (text.ends_with('\n')) text.remove_suffix(1);
      for (std::size_t start = 0, end = 0; end != text.npos; start = end + 1) {
        end = text.find('\n', start);
        std::string_view line = text.substr(start, end == text.npos ? end : end - start);
        out_ += '\n';
        if (!line.empty()) out_.append(indent ? indent : 2, ' ').append(line);
      }
    }
  }

  std::string out_;
};

void json(const YAML::Node &node, int indent, int level, std::string &out) {
  auto line = [&](int deeper) {
    if (indent) out.append("\n").append(static_cast<std::size_t>(indent) * (level + deeper), ' ');
  };
  bool first = true;
  auto separate = [&] {
    if (!std::exchange(first, false)) out += indent ? "," : ", ";
    line(1);
  };
  if (node.IsMap()) {
    out += '{';
    for (auto entry : node) {
      separate();
      out += quoted(entry.first.Scalar(), true) + ": ";
      json(entry.second, indent, level + 1, out);
    }
    if (!first) line(0);
    out += '}';
  } else if (node.IsSequence()) {
    out += '[';
    for (const auto &item : node) {
      separate();
      json(item, indent, level + 1, out);
    }
    if (!first) line(0);
    out += ']';
  } else if (kind_of(node) == Scalar::null) {
    out += "null";
  } else if (node.Tag() == "?") {
    Plain plain = resolve(node.Scalar());
    if (plain.kind == Scalar::real &&
        (plain.canonical.ends_with(".inf") || plain.canonical == ".nan"))
      throw Error(Exit::invalid, place(node, "value") + ": " + plain.canonical +
                                     " is no number that JSON can say");
    out += plain.kind == Scalar::string ? quoted(plain.canonical, true) : plain.canonical;
  } else {
    out += quoted(node.Scalar(), true);
  }
}

} // namespace

std::string to_yaml(const YAML::Node &node) {
  Emitter emitter;
  emitter.value(node, 0, true);
  return emitter.take();
}

std::string to_json(const YAML::Node &node, int indent) {
  std::string out;
  json(node, indent, 0, out);
  return out;
}

} // namespace hello::yaml
