#pragma once
#include <string>
#include <vector>

/// The process locks itself in once it listens: whoever takes it over can serve, and little else.
namespace hello::server {

struct Sandbox {
  std::string seccomp;  ///< "on", or why not
  std::string landlock; ///< "ABI 6", or why not
};

/// no_new_privs, Landlock (files below `writable` may be written, nothing executed, no new listener
/// or connection), and a seccomp filter of what serving needs; another call kills the process. Call
/// it before the first thread: all later ones inherit it. A kernel or container that refuses a part
/// of it is an outcome, not an error. Source: Linux's Documentation/userspace-api/landlock.rst and
/// seccomp_filter.rst.
Sandbox lock_in(const std::vector<std::string> &writable);

// Its two halves; each returns what Sandbox has of it.
std::string restrict_files(const std::vector<std::string> &writable);
std::string restrict_calls();

} // namespace hello::server
