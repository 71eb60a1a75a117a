#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <netinet/in.h>

/// Internet addresses as people write them. Numeric only: a resolver that hangs must not keep the
/// server from listening.
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
  /// The address without its port; IPv4 as ::ffff:a.b.c.d, so that both forms compare equal.
  std::array<std::uint8_t, 16> ip() const;
};

/// "HOST", "HOST:PORT" or "[V6]:PORT" taken apart, without the brackets. Nothing is checked.
struct Authority {
  std::string host;
  std::optional<std::string> port;
};
Authority split_authority(std::string_view text);

/// Parses "HOST:PORT", ":PORT" ("[::]", all addresses) or "[V6]:PORT"; HOST is an IPv4 address,
/// "*" (as none) or "localhost".
/// Port 0 to 65535. Throws Error(Exit::usage), which names `what` (a flag, for example) and shows
/// the accepted forms.
Address parse_address(std::string_view text, std::string_view what);

/// Parses "10.0.0.1", "2001:db8::1", "[2001:db8::1]:443" or "10.0.0.1:80"; no names, no zones. The
/// port is checked for digits and dropped.
std::optional<Address> parse_ip(std::string_view text);

/// A range of addresses, all in the form of Address::ip().
struct Network {
  std::array<std::uint8_t, 16> ip;
  unsigned bits; ///< of the prefix

  /// Whether one of the two ranges contains the other: they cannot overlap otherwise.
  bool overlaps(const Network &other) const;
};

/// "10.0.0.0/8", "fd00::/8"; "10.1.2.3" is a range of one.
std::optional<Network> parse_network(std::string_view cidr);

/// "127.0.0.1:8080", "[::1]:8080"
std::string to_text(const Address &address);

/// Without the port: "127.0.0.1", "::1"; ::ffff:a.b.c.d as IPv4. Source: RFC 5952.
std::string ip_text(const Address &address);

} // namespace hello::sys
