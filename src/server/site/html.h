#pragma once
#include <string>
#include <string_view>

namespace hello::server {

/// Appends `text` escaped for HTML text or a quoted attribute. Invalid UTF-8 and the control
/// characters that HTML does not allow become U+FFFD.
void append_html(std::string &out, std::string_view text);

/// Returns `text` escaped in the same way.
std::string html_escaped(std::string_view text);

} // namespace hello::server
