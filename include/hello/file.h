#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "hello/error.h"

/// Reads and writes whole files.
namespace hello::sys {

/// The bytes of `path`. Throws Error(code) if it cannot be read or has more than `limit_bytes`.
std::string read_file(const std::string &path, std::size_t limit_bytes, Exit code = Exit::failure);

/// Makes or replaces `path` in one step: readers see the old or the new file, and a failure leaves
/// the old one. Throws Error(Exit::failure), which names the path.
void write_file(const std::string &path, std::string_view bytes);

/// Writes all of `bytes` to the descriptor. Returns 0 or the errno that ended it.
int write_all(int descriptor, std::string_view bytes);

} // namespace hello::sys
