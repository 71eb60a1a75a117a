#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hello/address.h"

/// The client of a request: the peer, or the address that trusted proxies report.
namespace hello::server {

/// The one field in which the proxies report their clients. A proxy that writes one of them passes
/// the other on as its client sent it, so the other must be ignored.
enum class TrustedHeader : std::uint8_t { x_forwarded_for, forwarded };

class TrustedProxies {
public:
  /// "10.0.0.0/8", "fd00::/8", "10.1.2.3". Throws Error(Exit::usage) for any other form.
  /// `holder`: what held the value, for errors.
  explicit TrustedProxies(const std::vector<std::string> &cidrs,
                          TrustedHeader header = TrustedHeader::x_forwarded_for,
                          std::string_view holder = "--trusted-proxies");
  bool contains(const sys::Address &address) const;
  bool empty() const { return networks_.empty(); }
  TrustedHeader header() const { return header_; }

  /// Returns the first address from the right that is not a trusted proxy: `peer` itself unless it
  /// is trusted; the last valid one if the list is malformed or hides a name ("unknown", "_x").
  /// `list` is the value of header(); several fields of that name are joined with ",". Empty
  /// members are skipped. It is read from the right, so that nothing a client sent can change the
  /// meaning of what the proxies appended. Source: RFC 7239 sections 4 to 7.4.
  sys::Address client(const sys::Address &peer, std::string_view list) const;

private:
  std::vector<sys::Network> networks_;
  TrustedHeader header_;
};

} // namespace hello::server
