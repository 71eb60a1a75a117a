#include "hello/address.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include "hello/error.h"

namespace hello::sys {

std::uint16_t Address::port() const {
  return ntohs(any.sa_family == AF_INET6 ? v6.sin6_port : v4.sin_port);
}

void Address::set_port(std::uint16_t port) {
  (any.sa_family == AF_INET6 ? v6.sin6_port : v4.sin_port) = htons(port);
}

Address parse_address(std::string_view text, std::string_view what) {
  auto bad = [&](std::string_view why) {
    return Error(Exit::usage, fmt::format("{} '{}': {}", what, text, why),
                 "write 127.0.0.1:8080, :8080 (all IPv4 addresses), [::]:8080 (all addresses), or "
                 "port 0 for any free one");
  };
  auto colon = text.rfind(':');
  if (colon == text.npos) throw bad("there is no port");
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
      throw bad("what stands in brackets is not an IPv6 address");
  } else {
    if (host.empty() || host == "*") host = "0.0.0.0";
    if (host == "localhost") host = "127.0.0.1";
    address.v4.sin_family = AF_INET;
    if (inet_pton(AF_INET, host.c_str(), &address.v4.sin_addr) != 1)
      throw bad(host.find(':') == host.npos ? "the host is not an IPv4 address"
                                            : "an IPv6 address stands in brackets");
  }
  address.set_port(static_cast<std::uint16_t>(port));
  return address;
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
