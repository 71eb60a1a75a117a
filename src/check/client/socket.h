#pragma once
#include <chrono>
#include <string>

#include "hello/address.h"
#include "hello/fd.h"

namespace hello::check {

using Deadline = std::chrono::steady_clock::time_point;

/// Connects a socket of this type. Returns 0 or the errno; ETIMEDOUT past the deadline.
int open_socket(const sys::Address &address, int type, Deadline deadline, sys::Fd &socket);

/// Appends what comes next. Returns 0 or the errno; ETIMEDOUT past the deadline, EPIPE at the end.
int receive(int socket, Deadline deadline, std::string &received);

} // namespace hello::check
