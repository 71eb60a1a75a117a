#pragma once
#include <chrono>
#include <string>

#include "hello/client.h"

namespace hello::sys {

/// One GET of an http:// URL, on one connection, within `timeout`; at most 64 KiB of its body. For
/// a healthcheck. Throws Error(Exit::usage) if the URL is not one. Everything else is an outcome.
Got get(const std::string &url, std::chrono::milliseconds timeout);

} // namespace hello::sys
