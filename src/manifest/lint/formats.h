#pragma once
#include <string>
#include <string_view>

namespace hello::manifest {

/// What is wrong with a value that must meet a demand of src/manifest/limits.txt (min=1, label,
/// one=a|b, …); empty: nothing.
std::string format_mistake(const std::string &value, std::string_view demand);

} // namespace hello::manifest
