#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hello/address.h"

/// The client of a request: the peer, or the address that trusted proxies report.
namespace hello::server {

class TrustedProxies {
public:
  /// "10.0.0.0/8", "fd00::/8", "10.1.2.3". Throws Error(Exit::usage) for any other form.
  explicit TrustedProxies(const std::vector<std::string> &cidrs);
  bool contains(const sys::Address &address) const;
  bool empty() const { return networks_.empty(); }

  /// Returns the first address from the right that is not a trusted proxy: `peer` itself unless it
  /// is trusted; the last valid one if the list is malformed or hides a name ("unknown", "_x").
  /// X-Forwarded-For wins if both fields are present: a proxy that writes it passes a client's own
  /// Forwarded on. Several fields of one name are joined with ",". Source: RFC 7239 sections 4 to
  /// 7.4.
  sys::Address client(const sys::Address &peer, std::string_view x_forwarded_for,
                      std::string_view forwarded) const;

private:
  struct Network {
    std::array<std::uint8_t, 16> ip;
    unsigned bits; ///< of the prefix; `ip` is in IPv6 form
  };
  std::vector<Network> networks_;
};

} // namespace hello::server
