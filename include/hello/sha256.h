#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace hello {

using Digest = std::array<std::uint8_t, 32>;

/// SHA-256 of `bytes`. Source: FIPS 180-4.
Digest sha256(std::string_view bytes);

/// "b94d27b9…": 64 lower-case digits.
std::string hex(const Digest &digest);

/// As Content-Security-Policy names a script or style: standard alphabet with padding.
std::string base64(const Digest &digest);

} // namespace hello
