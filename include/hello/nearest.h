#pragma once
#include <span>
#include <string>
#include <string_view>

namespace hello::config {

/// The known word that `word` most likely stands for; empty if none is similar.
std::string nearest(std::string_view word, std::span<const std::string_view> known);

/// " (nearest: x)" for the end of an error; empty if `near` is empty.
std::string hint(const std::string &near);

} // namespace hello::config
