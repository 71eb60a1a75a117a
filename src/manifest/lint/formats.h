#pragma once
#include <string>
#include <string_view>

namespace hello::manifest {

/// What is wrong with a value that must meet a demand of src/manifest/limits.txt (min=1, label,
/// one=a|b, …); empty: nothing.
std::string format_mistake(const std::string &value, std::string_view demand);

/// A schedule as a CronJob takes it. Source: robfig/cron, ParseStandard
bool is_cron(std::string_view schedule);

} // namespace hello::manifest
