#include <algorithm>

#include <yaml-cpp/yaml.h>

#include "hello/yaml.h"

namespace hello::yaml {
namespace {

/// Thrown where the text is not in the simple style.
struct Other {};

class Reader {
public:
  explicit Reader(std::string_view text) {
    for (std::size_t start = 0; start < text.size();) {
      const std::size_t end = std::min(text.find('\n', start), text.size());
      add(text.substr(start, end - start));
      start = end + 1;
    }
  }

  YAML::Node document() {
    YAML::Node root;
    if (!lines_.empty()) block(root);
    if (next_ < lines_.size()) throw Other();
    return root;
  }

private:
  struct Line {
    std::size_t indent;
    std::string_view text;

    bool is_item() const { return text.starts_with("- "); }
  };

  void add(std::string_view line) {
    const std::size_t indent = line.find_first_not_of(' ');
    if (indent == line.npos || line[indent] == '#') return;
    line = line.substr(0, line.find(" #"));
    line.remove_suffix(line.size() - 1 - line.find_last_not_of(' '));
    lines_.push_back({indent, line.substr(indent)});
  }

  /// Reads the lines from here on that have the same indent. `node` must already be in its parent:
  /// with yaml-cpp it is expensive to put a node that has children into another.
  void block(YAML::Node &node) {
    const std::size_t indent = lines_[next_].indent;
    const bool list = lines_[next_].is_item();
    while (next_ < lines_.size() && lines_[next_].indent == indent &&
           lines_[next_].is_item() == list) {
      if (list)
        item(node);
      else
        entry(node);
    }
    if (next_ < lines_.size() && lines_[next_].indent > indent) throw Other();
  }

  void item(YAML::Node &list) {
    Line &line = lines_[next_];
    line = {line.indent + 2, line.text.substr(2)};
    YAML::Node value(YAML::NodeType::Null);
    list.push_back(value);
    if (line.is_item() || separator(line.text) != line.text.npos)
      block(value);
    else
      flow(value, lines_[next_++].text);
  }

  void entry(YAML::Node &map) {
    const auto [indent, text] = lines_[next_++];
    const std::size_t colon = separator(text);
    if (colon == text.npos) throw Other();
    YAML::Node key, value(YAML::NodeType::Null); // a node without a type cannot be inserted
    scalar(key, text.substr(0, colon));
    map.force_insert(key, value);
    if (colon + 1 < text.size())
      flow(value, text.substr(colon + 2));
    else if (next_ < lines_.size() && (lines_[next_].indent > indent ||
                                       (lines_[next_].indent == indent && lines_[next_].is_item())))
      block(value);
  }

  /// The place of the colon that ends a key.
  static std::size_t separator(std::string_view text) {
    const std::size_t colon = text.find(": ");
    return colon == text.npos && text.ends_with(':') ? text.size() - 1 : colon;
  }

  static void flow(YAML::Node &node, std::string_view text) {
    if (text == "{}" || text == "[]") {
      node = YAML::Node(text == "{}" ? YAML::NodeType::Map : YAML::NodeType::Sequence);
    } else if (!text.starts_with('[') || !text.ends_with(']')) {
      scalar(node, text);
    } else {
      text = text.substr(1, text.size() - 2);
      for (std::size_t start = 0, end = 0; end < text.size(); start = end + 2) {
        end = std::min(text.find(", ", start), text.size());
        YAML::Node value(YAML::NodeType::Null);
        node.push_back(value);
        scalar(value, text.substr(start, end - start));
      }
    }
  }

  static void scalar(YAML::Node &node, std::string_view text) {
    const bool quoted = text.size() > 1 && text[0] == '"' && text.ends_with('"');
    if (quoted) text = text.substr(1, text.size() - 2);
    const bool other =
        quoted
            ? text.find_first_of("\"\\") != text.npos
            : text.empty() || std::string_view("\"'[]{}&*!|>%@`,?~#").find(text[0]) != text.npos ||
                  text.find(": ") != text.npos || text == "null";
    if (other) throw Other();
    node = std::string(text);
    node.SetTag(quoted ? "!" : "?");
  }

  std::vector<Line> lines_;
  std::size_t next_ = 0;
};

} // namespace

std::optional<YAML::Node> load_simple(std::string_view text) {
  try {
    return Reader(text).document();
  } catch (const Other &) {
    return std::nullopt;
  }
}

} // namespace hello::yaml
