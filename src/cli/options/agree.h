#pragma once
#include <string>

namespace hello::cli {

/// Asks a question that is answered by y or n. Throws Error(Exit::usage) with the command that needs
/// no answer where no terminal can be asked.
bool agreed(const std::string &question, const std::string &command);

} // namespace hello::cli
