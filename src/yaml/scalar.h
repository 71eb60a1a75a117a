#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "hello/yaml.h"

/// What plain scalars mean, and how to write them so that all parsers agree.
namespace hello::yaml {

struct Plain {
  Scalar kind;
  std::string
      canonical; ///< true, false, null, 420 for 0644, 1.0e+3 for 1e3; for a string: its text
};

/// The meaning of a plain (unquoted) scalar.
Plain resolve(std::string_view text);

} // namespace hello::yaml
