#include "server/http/forwarded.h"

#include <algorithm>
#include <charconv>

#include "hello/error.h"
#include "server/http/syntax.h"

namespace hello::server {

using namespace syntax;

namespace {

/// Removes and returns the text after the last `separator`: proxies append, so the nearest is last.
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
    if (pair.size() < 4 || !iequals(pair.substr(0, 4), "for=")) continue;
    std::string_view value = pair.substr(4);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    return value;
  }
  return {};
}

} // namespace

TrustedProxies::TrustedProxies(const std::vector<std::string> &cidrs) {
  for (const std::string &cidr : cidrs) {
    const std::size_t slash = cidr.find('/');
    const auto address = sys::parse_ip(std::string_view(cidr).substr(0, slash));
    const bool v4 = address && sys::ip_text(*address).find(':') == std::string::npos;
    const unsigned max_bits = v4 ? 32 : 128;
    unsigned bits = max_bits;
    const char *end = cidr.data() + cidr.size();
    const bool good =
        slash == std::string::npos ||
        (std::from_chars(cidr.data() + slash + 1, end, bits).ptr == end && slash + 1 < cidr.size());
    if (!address || !good || bits > max_bits)
      throw Error(Exit::usage, "--trusted-proxies: '" + cidr + "' is not a network",
                  "write networks like 10.0.0.0/8, fd00::/8 or 192.0.2.1, separated by commas");
    networks_.push_back({address->ip(), v4 ? bits + 96 : bits});
  }
}

bool TrustedProxies::contains(const sys::Address &address) const {
  const auto ip = address.ip();
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network &network) {
    for (unsigned bit = 0; bit < network.bits; bit += 8) {
      const unsigned left = std::min(8U, network.bits - bit);
      if ((ip[bit / 8] ^ network.ip[bit / 8]) >> (8 - left)) return false;
    }
    return true;
  });
}

sys::Address TrustedProxies::client(const sys::Address &peer, std::string_view x_forwarded_for,
                                    std::string_view forwarded) const {
  sys::Address client = peer;
  const bool has_x = !x_forwarded_for.empty();
  std::string_view rest = has_x ? x_forwarded_for : forwarded;
  while (!rest.empty() && contains(client)) {
    const std::string_view element = take_last(rest, ',');
    const auto next = sys::parse_ip(has_x ? element : for_value(element));
    if (!next) break;
    client = *next;
  }
  return client;
}

} // namespace hello::server
