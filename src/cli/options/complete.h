#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "cli/options/row.h"

/// Completion, as shells and kubectl ask for it: `hello __complete WORD… CURRENT`.
namespace hello::cli {

/// The candidates for the last word, a line each ("name", a tab, a description), and a last line
/// ":N", with N as kubectl and Cobra have it: 0 files, 2 no blank after it (a bit), 4 nothing else,
/// 16 directories. Never fails; asks the cluster for at most a second.
std::string complete(const CommandRow &top, const std::vector<std::string> &words);

/// The script for "bash", "zsh" or "fish".
std::string_view completion_script(std::string_view shell);

} // namespace hello::cli
