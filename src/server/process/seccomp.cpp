#include <cerrno>
#include <cstring>

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "server/process/sandbox.h"
#include "server/process/seccomp_filter.h"

namespace hello::server {

namespace {
#if defined(__x86_64__)
constexpr Architecture kArchitecture = Architecture::x86_64;
#elif defined(__aarch64__)
constexpr Architecture kArchitecture = Architecture::aarch64;
#else
#error "the numbers of system calls of this architecture are unknown"
#endif
} // namespace

std::string apply_seccomp(FileWrites writes) {
  std::vector<sock_filter> code =
      seccomp_filter(kArchitecture, static_cast<std::uint32_t>(::getpid()), writes);
  sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? "on" : std::strerror(errno);
}

Sandbox enter_sandbox(const std::vector<std::string> &writable) {
  Sandbox sandbox;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    sandbox.seccomp = sandbox.landlock = std::string("no_new_privs: ") + std::strerror(errno);
    return sandbox;
  }
  sandbox.landlock = apply_landlock(writable);
  FileWrites writes = sandbox.has_landlock() ? FileWrites::any : FileWrites::new_only;
  if (writable.empty()) writes = FileWrites::none;
  sandbox.seccomp = apply_seccomp(writes);
  return sandbox;
}

} // namespace hello::server
