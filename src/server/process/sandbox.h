#pragma once
#include <string>
#include <vector>

#include "server/process/seccomp_filter.h"

/// A sandbox for the process, entered once it listens: an attacker who takes it over can do little
/// more than serve.
namespace hello::server {

struct Sandbox {
  std::string seccomp;  ///< "on", or the reason why not
  std::string landlock; ///< "ABI 6", or the reason why not

  bool has_seccomp() const { return seccomp == "on"; }
  bool has_landlock() const { return landlock.starts_with("ABI"); }
};

/// Enters the sandbox: no_new_privs; Landlock, which allows writing below the `writable` folders
/// only, and no execution, new listener or connection; and a seccomp filter that kills the process
/// on a system call that serving does not need (seccomp_filter()). Call it before the first thread
/// starts: later threads inherit it. If the kernel or container refuses a part, the result says so.
/// Source: Linux's Documentation/userspace-api/landlock.rst and seccomp_filter.rst.
Sandbox enter_sandbox(const std::vector<std::string> &writable);

// The two parts of it; each returns its field of Sandbox.
std::string apply_landlock(const std::vector<std::string> &writable);
std::string apply_seccomp(FileWrites writes);

} // namespace hello::server
