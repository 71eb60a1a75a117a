#pragma once
#include <cstdint>

namespace hello::sys {

/// 64 bits that nobody can guess. Throws Error(Exit::failure) where the kernel gives none.
std::uint64_t random_bits();

} // namespace hello::sys
