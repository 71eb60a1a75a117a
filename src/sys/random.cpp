#include "hello/random.h"

#include <cerrno>
#include <cstring>

#include <fmt/core.h>
#include <sys/random.h>

#include "hello/error.h"

namespace hello::sys {

std::uint64_t random_bits() {
  std::uint64_t bits = 0;
  if (::getrandom(&bits, sizeof bits, 0) != sizeof bits)
    throw Error(Exit::failure, fmt::format("cannot get random numbers: {}", std::strerror(errno)));
  return bits;
}

} // namespace hello::sys
