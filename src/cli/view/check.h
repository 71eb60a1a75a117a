#pragma once
#include <string>

#include "cli/view/output.h"
#include "hello/check.h"

namespace hello::cli {

/// A line for a check that ended; below it, for all but a pass, evidence and advice.
std::string text_of(const check::Result &result, const Paint &paint);
/// The closing lines of a run.
std::string summary_of(const check::Report &report, const Paint &paint);
std::string text_of(const check::Plan &plan);
/// The table of checks.
std::string list_of(const std::vector<check::Info> &checks);

} // namespace hello::cli
