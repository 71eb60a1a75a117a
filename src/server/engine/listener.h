#pragma once
#include <string_view>
#include <vector>

#include "hello/address.h"
#include "hello/fd.h"

namespace hello::server {

inline constexpr int kBacklog = 4096; ///< limit of connections that wait to be accepted

/// The address that `text` means ("HOST:PORT", see sys::parse_address). ":PORT" is all addresses,
/// of IPv6 and IPv4 with one socket; where the kernel has no IPv6, those of IPv4, with one notice
/// for the process. An address that names a host is never replaced. Throws Error(Exit::usage),
/// which names `what`.
sys::Address listen_address(std::string_view text, std::string_view what);

/// Opens `count` listening sockets on one address, non-blocking, with TCP_NODELAY and buffers of
/// the sizes in budget.h; the kernel distributes new connections among them. If the port is 0, the
/// kernel chooses one and `address` receives it. Throws Error(Exit::failure) if the address is in
/// use, is not one of this machine, or is not permitted.
std::vector<sys::Fd> listen_on(sys::Address &address, unsigned count);

/// Makes the kernel ignore new handshakes for a listener, while those under way get complete. Then
/// it can be closed without resetting a connection that was established in between.
void refuse_handshakes(int listener);

/// Makes the kernel hold a connection back until its first bytes have arrived.
void defer_accept(int listener);

} // namespace hello::server
