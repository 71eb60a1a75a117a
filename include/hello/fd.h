#pragma once
#include <utility>

namespace hello::sys {

/// Owns a file descriptor, or nothing (-1), and closes it.
class Fd {
public:
  constexpr Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd &operator=(Fd &&other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

private:
  int fd_ = -1;
};

/// Both ends of a pipe.
struct Pipe {
  Fd read, write;
};

/// `flags`: O_CLOEXEC, O_NONBLOCK. Throws Error(Exit::failure) if no descriptor is left.
Pipe make_pipe(int flags);

} // namespace hello::sys
