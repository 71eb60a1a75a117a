#pragma once
#include <string>
#include <string_view>

namespace hello::server {

/// Returns `text` escaped for HTML text or a quoted attribute. Invalid UTF-8 and the control
/// characters that HTML does not allow become U+FFFD.
std::string html_escaped(std::string_view text);

} // namespace hello::server
