#include <cstring>

#include <fmt/core.h>
#include <netdb.h>

#include "hello/error.h"
#include "hello/load.h"
#include "hello/signals.h"

namespace hello::load {

namespace {
constexpr std::chrono::milliseconds kRetry{250};
}

bool Target::is_loopback() const {
  for (const sys::Address &address : addresses) {
    const std::string text = sys::ip_text(address);
    if (text != "::1" && !text.starts_with("127.")) return false;
  }
  return true;
}

Target resolve(const std::string &url, std::chrono::milliseconds patience) {
  Target target{sys::parse_http_url(url), {}};
  addrinfo wanted{}, *found = nullptr;
  wanted.ai_socktype = SOCK_STREAM;
  const sys::Deadline end = sys::Clock::now() + patience;
  int failed = 0;
  while ((failed = getaddrinfo(target.url.host.c_str(), nullptr, &wanted, &found)) &&
         sys::Clock::now() < end)
    sys::pause(kRetry);
  if (failed)
    throw Error(Exit::failure,
                fmt::format("{} has no address: {}", target.url.host, gai_strerror(failed)),
                "check the name, or write an address");
  for (const addrinfo *one = found; one; one = one->ai_next) {
    sys::Address address;
    if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
    std::memcpy(&address.any, one->ai_addr, one->ai_addrlen);
    address.set_port(static_cast<std::uint16_t>(target.url.port));
    target.addresses.push_back(address);
  }
  freeaddrinfo(found);
  return target;
}

} // namespace hello::load
