#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hello::config {

/// The one of `known` that `word` was most likely meant to be; empty if none is near.
std::string nearest(std::string_view word, std::span<const std::string_view> known);

} // namespace hello::config
