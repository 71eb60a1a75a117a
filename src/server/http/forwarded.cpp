#include "server/http/forwarded.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "hello/error.h"
#include "server/http/syntax.h"

namespace hello::server {

using namespace syntax;

namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool is_v4(const Address &address) {
  return std::equal(kMapped.begin(), kMapped.end(), address.bytes.begin());
}

bool port(std::string_view text) { return !text.empty() && text.size() <= 5 && all(text, digit); }

/// Cuts off what stands after the last `separator`: proxies append, so the nearest is the last.
std::string_view take_last(std::string_view &rest, char separator) {
  const std::size_t at = rest.rfind(separator);
  const std::string_view last = at == std::string_view::npos ? rest : rest.substr(at + 1);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(0, at);
  return trimmed(last);
}

/// The value of `for` in one element of Forwarded, without its quotes.
std::string_view for_value(std::string_view element) {
  while (!element.empty()) {
    const std::string_view pair = take_last(element, ';');
    if (pair.size() < 4 || !same(pair.substr(0, 4), "for=")) continue;
    std::string_view value = pair.substr(4);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    return value;
  }
  return {};
}

} // namespace

std::optional<Address> parse_address(std::string_view text) {
  if (!text.empty() && text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    if (const std::string_view after = text.substr(close + 1);
        !after.empty() && (after[0] != ':' || !port(after.substr(1))))
      return std::nullopt;
    text = text.substr(1, close - 1);
    if (text.find(':') == std::string_view::npos) return std::nullopt;
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    const std::size_t colon = text.find(':');
    if (!port(text.substr(colon + 1))) return std::nullopt;
    text = text.substr(0, colon);
  }
  char buffer[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof buffer || text.find('\0') != std::string_view::npos)
    return std::nullopt;
  buffer[text.copy(buffer, sizeof buffer - 1)] = '\0';
  Address address;
  if (inet_pton(AF_INET6, buffer, address.bytes.data()) == 1) return address;
  std::copy(kMapped.begin(), kMapped.end(), address.bytes.begin());
  if (inet_pton(AF_INET, buffer, address.bytes.data() + 12) == 1) return address;
  return std::nullopt;
}

std::optional<Address> address_of(const sockaddr *peer) {
  Address address;
  if (peer && peer->sa_family == AF_INET6) {
    std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6 *>(peer)->sin6_addr, 16);
    return address;
  }
  if (!peer || peer->sa_family != AF_INET) return std::nullopt;
  std::copy(kMapped.begin(), kMapped.end(), address.bytes.begin());
  std::memcpy(address.bytes.data() + 12, &reinterpret_cast<const sockaddr_in *>(peer)->sin_addr, 4);
  return address;
}

std::string to_text(const Address &address) {
  char buffer[INET6_ADDRSTRLEN] = "";
  if (is_v4(address))
    inet_ntop(AF_INET, address.bytes.data() + 12, buffer, sizeof buffer);
  else
    inet_ntop(AF_INET6, address.bytes.data(), buffer, sizeof buffer);
  return buffer;
}

TrustedProxies::TrustedProxies(const std::vector<std::string> &cidrs) {
  for (const std::string &cidr : cidrs) {
    const std::size_t slash = cidr.find('/');
    const std::optional<Address> address = parse_address(std::string_view(cidr).substr(0, slash));
    const unsigned most = address && is_v4(*address) ? 32 : 128;
    unsigned bits = most;
    const char *end = cidr.data() + cidr.size();
    const bool good =
        slash == std::string::npos ||
        (std::from_chars(cidr.data() + slash + 1, end, bits).ptr == end && slash + 1 < cidr.size());
    if (!address || !good || bits > most)
      throw Error(Exit::usage, "--trusted-proxies: '" + cidr + "' is no network",
                  "write networks like 10.0.0.0/8, fd00::/8 or 192.0.2.1, separated by commas");
    networks_.push_back({*address, most == 32 ? bits + 96 : bits});
  }
}

bool TrustedProxies::contains(const Address &address) const {
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network &network) {
    for (unsigned bit = 0; bit < network.bits; bit += 8) {
      const unsigned left = std::min(8U, network.bits - bit);
      if ((address.bytes[bit / 8] ^ network.address.bytes[bit / 8]) >> (8 - left)) return false;
    }
    return true;
  });
}

Address TrustedProxies::client(const Address &peer, std::string_view x_forwarded_for,
                               std::string_view forwarded) const {
  Address client = peer;
  const bool plain = !x_forwarded_for.empty();
  std::string_view rest = plain ? x_forwarded_for : forwarded;
  while (!rest.empty() && contains(client)) {
    const std::string_view element = take_last(rest, ',');
    const std::optional<Address> next = parse_address(plain ? element : for_value(element));
    if (!next) break;
    client = *next;
  }
  return client;
}

} // namespace hello::server
