#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>

/// Who is at the other end: the peer, or whom the proxies that we trust say they speak for.
namespace hello::server {

/// An IP address; IPv4 as ::ffff:a.b.c.d, so that both compare alike.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  bool operator==(const Address &) const = default;
};

/// "10.0.0.1", "2001:db8::1", "[2001:db8::1]:443", "10.0.0.1:80"; no names, no zones.
std::optional<Address> parse_address(std::string_view text);
std::optional<Address> address_of(const sockaddr *peer);
/// RFC 5952; IPv4 where it is one.
std::string to_text(const Address &address);

class TrustedProxies {
public:
  /// "10.0.0.0/8", "fd00::/8", "10.1.2.3". Throws Error(Exit::usage) where one is not.
  explicit TrustedProxies(const std::vector<std::string> &cidrs);
  bool contains(const Address &address) const;
  bool empty() const { return networks_.empty(); }

  /// The client: from the right, the first address that is no trusted proxy. `peer` itself unless
  /// it is trusted; the last good one where the list is broken or hides a name ("unknown", "_x").
  /// X-Forwarded-For wins where both fields came: a proxy that writes it passes a client's own
  /// Forwarded on. Several fields of one name: joined with
  /// ",". Source: RFC 7239 sections 4 to 7.4.
  Address client(const Address &peer, std::string_view x_forwarded_for,
                 std::string_view forwarded) const;

private:
  struct Network {
    Address address;
    unsigned bits;
  };
  std::vector<Network> networks_;
};

} // namespace hello::server
