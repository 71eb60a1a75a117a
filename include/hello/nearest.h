#pragma once
#include <span>
#include <string>
#include <string_view>

namespace hello::config {

/// The known word that `word` most likely stands for; empty if none is similar.
std::string nearest(std::string_view word, std::span<const std::string_view> known);

/// " (did you mean x?)" for the end of an error; empty if `near` is empty.
std::string hint(const std::string &near);

/// The warning about a HELLO_ variable that neither the deployer nor `hello serve` reads, with the
/// nearest name; empty if one of them does, or if Kubernetes sets such a variable itself.
std::string unknown_variable(std::string_view name, std::string_view value);

} // namespace hello::config
