#pragma once
#include <optional>
#include <string>
#include <string_view>

/// Base64 with the standard alphabet and padding (RFC 4648, section 4).
namespace hello {

std::string base64(std::string_view bytes);
/// Passes over line ends. None if it is not base64.
std::optional<std::string> from_base64(std::string_view text);

} // namespace hello
