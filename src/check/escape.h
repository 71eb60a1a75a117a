#pragma once
#include <string>
#include <string_view>

namespace hello::check {

/// For text and attributes of XML and HTML, without control characters.
std::string escaped(std::string_view text);

} // namespace hello::check
