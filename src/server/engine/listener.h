#pragma once
#include <string>
#include <vector>

#include "hello/address.h"
#include "hello/fd.h"

namespace hello::server {

inline constexpr int kBacklog = 4096; ///< limit of connections that wait to be accepted

/// Opens `count` listening sockets on one address, non-blocking and with TCP_NODELAY; the kernel
/// distributes new connections among them. If the port is 0, the kernel chooses one and `address`
/// receives it. Throws Error(Exit::failure) if the address is in use, is not one of this machine,
/// or is not permitted.
std::vector<sys::Fd> listen_on(sys::Address &address, unsigned count);

} // namespace hello::server
