#pragma once
#include <string>

#include <sys/types.h>

#include "hello/error.h"
#include "hello/fd.h"

namespace hello::sys {

/// A file that is being read, and how far.
struct OpenFile {
  Fd fd;
  ino_t inode = 0; ///< 0: there is no file
  off_t offset = 0;
};

/// Opens the file at `path`, which need not exist. Throws Error(Exit::failure).
OpenFile open_file(const std::string &path);

/// "cannot DOING PATH: …" with the reason in errno.
Error io_error(const std::string &doing, const std::string &path);

/// Keeps an OpenFile's offset in a file of one line of fixed length, rewritten in place. A file is
/// recognized by its inode and the hash of its first bytes: inodes are used again.
class ReadPosition {
public:
  /// An empty `path` keeps nothing. Throws Error(Exit::failure).
  explicit ReadPosition(const std::string &path);

  /// Sets the file's offset if it is the file that was saved. Returns whether it is.
  bool restore(OpenFile &file) const;
  void save(const OpenFile &file) const;

private:
  std::string path_;
  Fd fd_;
};

} // namespace hello::sys
