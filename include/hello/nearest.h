#pragma once
#include <span>
#include <string>
#include <string_view>

namespace hello::config {

/// The one of `known` that `word` was most likely meant to be; empty if none is near.
std::string nearest(std::string_view word, std::span<const std::string_view> known);

/// " (nearest: x)", to stand at the end of an error; empty where `near` is.
std::string hint(const std::string &near);

} // namespace hello::config
