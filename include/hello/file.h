#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "hello/error.h"
#include "hello/fd.h"

/// Reads and writes whole files.
namespace hello::sys {

/// The bytes of `path`. Throws Error(code) if it cannot be read or has more than `limit_bytes`.
std::string read_file(const std::string &path, std::size_t limit_bytes, Exit code = Exit::failure);

/// Opens a regular file with `flags` as of open(2), and mode 0644 if they make it. Never waits for
/// the other end of a FIFO. Returns none, with errno, if that fails; EISDIR for a folder, EINVAL
/// for other kinds.
Fd open_regular(const std::string &path, int flags);

/// Why open_regular() failed.
const char *open_problem(int number);

/// The bytes of `path`, as read_file(); also throws if it is not a regular file.
std::string read_regular_file(const std::string &path, std::size_t limit_bytes, Exit code);

/// Makes a file whose name begins with `start` and goes on with random letters, for the owner only;
/// sets `path`. Returns none, with errno, if that fails.
Fd make_temporary(const std::string &start, std::string &path);

/// Makes or replaces `path` in one step: readers see the old or the new file, and a failure leaves
/// the old one. A device or FIFO is written to, and never replaced. Throws Error(Exit::failure),
/// which names the path.
void write_file(const std::string &path, std::string_view bytes);

/// What is in a directory, in any order; nothing if it cannot be read.
std::vector<std::string> names_in(const std::string &directory);

/// Writes all of `bytes` to the descriptor. Returns 0 or the errno that ended it.
int write_all(int descriptor, std::string_view bytes);

} // namespace hello::sys
