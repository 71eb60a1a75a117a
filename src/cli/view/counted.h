#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace hello::cli {

/// "1 release", "2 releases".
std::string counted(std::size_t count, std::string_view noun);

} // namespace hello::cli
