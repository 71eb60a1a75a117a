#pragma once
#include <cstdint>

namespace hello::sys {

/// 64 random bits from the kernel, fit for keys. Throws Error(Exit::failure) if it has none.
std::uint64_t random_bits();

} // namespace hello::sys
