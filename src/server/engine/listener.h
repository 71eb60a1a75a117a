#pragma once
#include <string>
#include <vector>

#include "hello/address.h"
#include "hello/fd.h"

namespace hello::server {

inline constexpr int kBacklog = 4096; ///< connections that may wait to be accepted, at most

/// `count` listening sockets on one address, non-blocking, TCP_NODELAY: the kernel spreads new
/// connections over them. `address` gets the port that was chosen where it was 0. Throws
/// Error(Exit::failure) if the address is in use, not this machine's, or not allowed.
std::vector<sys::Fd> listen_on(sys::Address &address, unsigned count);

} // namespace hello::server
