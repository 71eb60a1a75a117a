#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include <netinet/in.h>

/// Internet addresses as people write them. Numeric only: a server that asks a resolver where to
/// listen hangs with it.
namespace hello::sys {

struct Address {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  };
  Address() : v6{} {}
  socklen_t size() const { return any.sa_family == AF_INET6 ? sizeof v6 : sizeof v4; }
  std::uint16_t port() const;
  void set_port(std::uint16_t port);
};

/// "HOST:PORT", ":PORT" (0.0.0.0), "[V6]:PORT"; HOST is an IPv4 address or "localhost". Port 0 to
/// 65535. Throws Error(Exit::usage), which says how `what` (a flag's name, say) is written.
Address parse_address(std::string_view text, std::string_view what);

/// "127.0.0.1:8080", "[::1]:8080"
std::string to_text(const Address &address);

} // namespace hello::sys
