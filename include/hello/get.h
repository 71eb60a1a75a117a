#pragma once
#include <chrono>
#include <string>

namespace hello::sys {

struct Got {
  int status = 0;   ///< 0: no answer; then `body` says why
  std::string body; ///< at most 64 KiB of it
};

/// One GET of an http:// URL, on one connection. Not for big answers: a healthcheck.
/// Throws Error(Exit::usage) if the URL is not one. Everything else is an outcome.
Got get(const std::string &url, std::chrono::milliseconds timeout);

} // namespace hello::sys
