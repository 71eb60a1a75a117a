#pragma once
#include <chrono>
#include <vector>

#include "hello/address.h"
#include "hello/fd.h"
#include "hello/load.h"

namespace hello::load {

/// A socket that connects; empty, with errno, if that fails at once. Throws Error(Exit::failure)
/// where there are no more sockets.
sys::Fd begin_connect(const sys::Address &to);

/// Waits until an address takes a connection; returns all that do. Throws Error(Exit::failure) if
/// none does within `patience`.
std::vector<sys::Address> reachable(const Target &target, std::chrono::milliseconds patience);

} // namespace hello::load
