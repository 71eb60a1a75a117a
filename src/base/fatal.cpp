// Where the C++ library is the lean one of cmake/get-zig: no memory, and what only a defect can
// raise, end the process with a line and the exit code of any other failure. Nothing is thrown, so
// nothing needs to be ready for it.
#include <new> // _LIBCPP_VERSION
#ifdef _LIBCPP_VERSION
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "hello/error.h"
#include "hello/fatal.h"

namespace {

[[noreturn]] void die(const char *why, const char *more) noexcept {
  char line[256];
  std::snprintf(line, sizeof line, "%s%s", why, more);
  const auto write = std::exchange(hello::write_fatal, nullptr); // it may find no memory either
  if (write)
    write(line);
  else
    std::fprintf(stderr, "hello: %s\n", line); // unbuffered: takes no memory
  std::_Exit(static_cast<int>(hello::Exit::failure));
}

void *take(std::size_t size) noexcept {
  if (void *bytes = std::malloc(size != 0 ? size : 1)) return bytes;
  die("out of memory", "");
}

} // namespace

void *operator new(std::size_t size) { return take(size); }
void *operator new[](std::size_t size) { return take(size); }
void operator delete(void *bytes) noexcept { std::free(bytes); }
void operator delete[](void *bytes) noexcept { std::free(bytes); }
void operator delete(void *bytes, std::size_t) noexcept { std::free(bytes); }
void operator delete[](void *bytes, std::size_t) noexcept { std::free(bytes); }

// Source: https://libcxx.llvm.org/Hardening.html, "Overriding the default failure handler"
void std::__libcpp_verbose_abort(const char *what, ...) noexcept {
  die(what, " (this is a defect of hello: please report it)");
}
#endif
