#pragma once
#include <string_view>

#include "hello/json.h"

namespace hello::load {

/// The label that all pods of Jobs have, and policies may name.
inline constexpr std::string_view kJobName = "hello-load";
/// The label with the Job's name.
inline constexpr std::string_view kJobLabel = "hello/load";

} // namespace hello::load
