#pragma once
#include <string>
#include <string_view>
#include <vector>

/// The syntax of placeholders. What they mean is in template.cpp.
namespace hello::templates {

/// One part of a scalar: literal text, or the name in $(name).
struct Piece {
  bool is_name = false;
  std::string text;
};

/// NAME, !NAME, NAME=TEXT or NAME!=TEXT.
struct Condition {
  std::string name;
  enum class Test { set, unset, equal, different } test = Test::set;
  std::string text;
};

/// A parsed scalar (value or key) of a template.
struct Placeholder {
  enum class Kind {
    text,     ///< no placeholder, or several pieces: always text
    value,    ///< exactly $(name)
    optional, ///< exactly $(optional name)
    when,     ///< exactly $(if …)
    each,     ///< exactly $(for name in list)
  } kind = Kind::text;
  std::string name;                  ///< of value, optional and each (the list)
  std::string variable;              ///< of each
  std::vector<Piece> pieces;         ///< of text
  std::vector<Condition> conditions; ///< of when: all must hold
};

/// Throws std::invalid_argument, saying what is wrong with `text`.
Placeholder parse(std::string_view text);

} // namespace hello::templates
