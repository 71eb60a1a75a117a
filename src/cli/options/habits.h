#pragma once
#include <string>
#include <string_view>

#include "cli/options/row.h"

namespace hello::cli {

/// What takes the place of an option of another tool, for the end of an error: " (did you mean
/// --listen?)". Empty if `word` is none that people try, or the command has nothing in its place.
std::string habit(const CommandRow &command, std::string_view word);

} // namespace hello::cli
