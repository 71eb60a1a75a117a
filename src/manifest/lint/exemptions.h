#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "hello/text.h"
#include "manifest/lint/formats.h"

namespace hello::manifest {

/// "a.b" for a/b.
inline std::string dotted(std::string_view path) {
  std::string out(path);
  std::replace(out.begin(), out.end(), '/', '.');
  return out;
}

/// The fields of one object whose demands do not count: rows ?only of src/manifest/limits.txt.
class Exemptions {
public:
  /// A row about `node`, which is at `path`.
  void add(const YAML::Node &node, std::string_view row, const std::string &path) {
    const std::string_view names = text::take(row, '>');
    if (is_held(node, row)) return;
    for (const std::string_view name : text::split(names, '+'))
      paths_.push_back((path.empty() ? "" : plain(path) + ".") + dotted(name) + ".");
  }

  /// Whether a field is one of them, or in one.
  bool has(std::string_view path) const {
    const std::string where = plain(path) + ".";
    return std::any_of(paths_.begin(), paths_.end(),
                       [&](const std::string &one) { return where.starts_with(one); });
  }

private:
  /// The path without the places in lists.
  static std::string plain(std::string_view path) {
    std::string out;
    while (!path.empty()) {
      out += text::take(path, '[');
      text::take(path, ']');
    }
    return out;
  }

  std::vector<std::string> paths_;
};

} // namespace hello::manifest
