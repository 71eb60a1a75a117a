#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "cli/options/row.h"

/// The help of a command, from the table, in 80 columns.
namespace hello::cli {

/// "hello deploy [options] [-- KUBECTL-FLAGS]". `path`: "hello deploy".
std::string usage_of(const CommandRow &command, const std::string &path);
std::string help_of(const CommandRow &command, const std::string &path);

/// "-o, --output FORMAT"
std::string label_of(const OptionRow &row);
/// The help with choices, default and variable: "text or json (default: text)".
std::string help_of(const OptionRow &row);
/// The sections of the rows that are shown, in the order of the help.
std::vector<std::string_view> sections_of(const CommandRow &command);

/// A text in lines of at most 80 columns, each after `indent` blanks; the first line has `first` in
/// their place.
std::string wrapped(std::string_view text, std::size_t indent, std::string first);

inline constexpr std::string_view kExitCodes =
    "0 ok\n"
    "1 check failed: unhealthy, differences, findings, or not confirmed\n"
    "2 usage error\n"
    "3 invalid configuration or template\n"
    "4 cluster unreachable, request refused, or release locked by another run\n"
    "5 rollout failed\n"
    "6 any other error\n"
    "129, 130, 143 interrupted";

} // namespace hello::cli
