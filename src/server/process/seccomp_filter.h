#pragma once
#include <cstdint>
#include <vector>

#include <linux/filter.h>

/// The seccomp filter of `hello serve` as a program for the kernel, of either architecture.
namespace hello::server {

enum class Architecture : std::uint8_t { x86_64, aarch64 };

/// What may be written once the service serves.
enum class FileWrites : std::uint8_t {
  none,     ///< there is no log file
  new_only, ///< files that open() makes; what exists is only read, renamed or removed
  any,      ///< Landlock limits the paths
};

/// Allows what serving needs, with its arguments, to the process `pid`. What a C library can do
/// without gets an error; everything else kills the process. docs/security.md has the reason of
/// each call.
std::vector<sock_filter> seccomp_filter(Architecture architecture, std::uint32_t pid,
                                        FileWrites writes);

} // namespace hello::server
