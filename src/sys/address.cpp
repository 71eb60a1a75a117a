#include "hello/address.h"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/core.h>

#include "hello/error.h"
#include "hello/text.h"

namespace hello::sys {

std::uint16_t Address::port() const {
  return ntohs(any.sa_family == AF_INET6 ? v6.sin6_port : v4.sin_port);
}

void Address::set_port(std::uint16_t port) {
  (any.sa_family == AF_INET6 ? v6.sin6_port : v4.sin_port) = htons(port);
}

namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Removes the brackets of IPv6 and a port. False if the text cannot be an address.
bool strip_port(std::string_view &text) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && (rest[0] != ':' || !is_port(rest.substr(1)))) return false;
    text = text.substr(1, close - 1);
    return text.find(':') != std::string_view::npos;
  }
  if (std::count(text.begin(), text.end(), ':') != 1) return true;
  const std::size_t colon = text.find(':');
  if (!is_port(text.substr(colon + 1))) return false;
  text = text.substr(0, colon);
  return true;
}

} // namespace

std::array<std::uint8_t, 16> Address::ip() const {
  std::array<std::uint8_t, 16> bytes{};
  if (any.sa_family == AF_INET6) {
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  } else {
    std::copy(kMapped.begin(), kMapped.end(), bytes.begin());
    std::memcpy(bytes.data() + kMapped.size(), &v4.sin_addr, sizeof v4.sin_addr);
  }
  return bytes;
}

std::optional<Address> parse_ip(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN];
  if (!strip_port(text) || text.empty() || text.size() >= sizeof buffer ||
      text.find('\0') != std::string_view::npos)
    return std::nullopt;
  buffer[text.copy(buffer, sizeof buffer - 1)] = '\0';
  Address address;
  address.v6.sin6_family = AF_INET6;
  if (inet_pton(AF_INET6, buffer, &address.v6.sin6_addr) == 1) return address;
  address = {};
  address.v4.sin_family = AF_INET;
  if (inet_pton(AF_INET, buffer, &address.v4.sin_addr) == 1) return address;
  return std::nullopt;
}

std::string ip_text(const Address &address) {
  char text[INET6_ADDRSTRLEN] = "";
  const std::array<std::uint8_t, 16> bytes = address.ip();
  if (std::equal(kMapped.begin(), kMapped.end(), bytes.begin()))
    inet_ntop(AF_INET, bytes.data() + kMapped.size(), text, sizeof text);
  else
    inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

Authority split_authority(std::string_view text) {
  Authority parts;
  const std::size_t colon = text.rfind(':');
  if (colon != text.npos && text.find(']', colon) == text.npos) {
    parts.port = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  if (text.size() > 2 && text.starts_with('[') && text.ends_with(']'))
    text = text.substr(1, text.size() - 2);
  parts.host = text;
  return parts;
}

Address parse_address(std::string_view text, std::string_view what) {
  auto bad = [&](std::string_view why) {
    return Error(Exit::usage, fmt::format("{} '{}': {}", what, text, why),
                 "write 127.0.0.1:8080, [::1]:8080, :8080 (all addresses), 0.0.0.0:8080 (all of "
                 "IPv4), or port 0 for any free one");
  };
  auto colon = text.rfind(':');
  if (colon == text.npos) throw bad("it has no port");
  std::string host(text.substr(0, colon));
  std::string_view digits = text.substr(colon + 1);
  unsigned port = 0;
  if (digits.empty() || digits.size() > 5) throw bad("the port is not a number from 0 to 65535");
  for (char c : digits) {
    if (c < '0' || c > '9') throw bad("the port is not a number from 0 to 65535");
    port = port * 10 + unsigned(c - '0');
  }
  if (port > 65535) throw bad("the port is not a number from 0 to 65535");
  Address address;
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') {
    address.v6.sin6_family = AF_INET6;
    if (inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &address.v6.sin6_addr) != 1)
      throw bad("the text in brackets is not an IPv6 address");
  } else if (host.empty() || host == "*") {
    address.v6.sin6_family = AF_INET6;
  } else {
    if (host == "localhost") host = "127.0.0.1";
    address.v4.sin_family = AF_INET;
    if (inet_pton(AF_INET, host.c_str(), &address.v4.sin_addr) != 1)
      throw bad(host.find(':') == host.npos ? "the host is not an IPv4 address"
                                            : "an IPv6 address must be in brackets");
  }
  address.set_port(static_cast<std::uint16_t>(port));
  return address;
}

bool Network::overlaps(const Network &other) const {
  const unsigned shared = std::min(bits, other.bits);
  for (unsigned bit = 0; bit < shared; bit += 8)
    if ((ip[bit / 8] ^ other.ip[bit / 8]) >> (8 - std::min(8U, shared - bit))) return false;
  return true;
}

std::optional<Network> parse_network(std::string_view cidr) {
  const std::size_t slash = cidr.find('/');
  const auto address = parse_ip(cidr.substr(0, slash));
  if (!address) return std::nullopt;
  // ::ffff:a.b.c.d is an IPv4 address, too.
  const unsigned before = ip_text(*address).find(':') == std::string::npos ? 96 : 0;
  if (slash == cidr.npos) return Network{address->ip(), 128};
  const auto bits = text::integer(cidr.substr(slash + 1), 0, 128 - before);
  if (!bits) return std::nullopt;
  return Network{address->ip(), static_cast<unsigned>(*bits) + before};
}

std::string to_text(const Address &address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.any.sa_family == AF_INET6) {
    inet_ntop(AF_INET6, &address.v6.sin6_addr, text, sizeof text);
    return fmt::format("[{}]:{}", text, address.port());
  }
  inet_ntop(AF_INET, &address.v4.sin_addr, text, sizeof text);
  return fmt::format("{}:{}", text, address.port());
}

} // namespace hello::sys
