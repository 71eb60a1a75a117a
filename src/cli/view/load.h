#pragma once
#include <string>

#include "hello/load.h"

namespace hello::cli {

/// Three digits of nanoseconds: "812 µs", "4.31 ms", "1.20 s".
std::string time_text(std::uint64_t ns);
/// What is about to be asked, in one line.
std::string text_of(const load::Target &target, const load::Plan &plan);
/// One line that stands in the place of the one before, without a line end.
std::string progress_of(const load::Report &report, const load::Plan &plan);
/// The result for people, with a histogram.
std::string text_of(const load::Report &report);
/// The same for programs; docs/load.md describes it.
std::string json_of(const load::Report &report, const load::Target &target, const load::Plan &plan);

} // namespace hello::cli
