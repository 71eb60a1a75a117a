#include "server/http/forwarded.h"

#include <algorithm>

#include "hello/error.h"
#include "server/http/syntax.h"

namespace hello::server {

using namespace syntax;

namespace {

/// Whether the quote at `at` is part of a quoted-pair: an odd number of backslashes precedes it.
bool is_escaped(std::string_view text, std::size_t at) {
  std::size_t backslashes = 0;
  while (backslashes < at && text[at - 1 - backslashes] == '\\') ++backslashes;
  return backslashes % 2 != 0;
}

/// Removes and returns the text after the last `separator` that is not in a quoted string: proxies
/// append, so the nearest is last.
std::string_view take_last(std::string_view &rest, char separator) {
  bool quoted = false;
  std::size_t at = rest.size();
  for (; at > 0; --at) {
    const char c = rest[at - 1];
    if (c == separator && !quoted) break;
    if (c == '"' && !is_escaped(rest, at - 1)) quoted = !quoted;
  }
  const std::string_view last = rest.substr(at);
  rest = at == 0 ? std::string_view() : rest.substr(0, at - 1);
  return trimmed(last);
}

/// The text of a quoted string; any other text as it is.
std::string unquoted(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::string(value);
  value = value.substr(1, value.size() - 2);
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && i + 1 < value.size()) ++i;
    text += value[i];
  }
  return text;
}

/// The value of `for` in one element of Forwarded.
std::string_view for_value(std::string_view element) {
  while (!element.empty()) {
    const std::string_view pair = take_last(element, ';');
    if (pair.size() > 4 && iequals(pair.substr(0, 4), "for=")) return pair.substr(4);
  }
  return {};
}

} // namespace

TrustedProxies::TrustedProxies(const std::vector<std::string> &cidrs, TrustedHeader header,
                               std::string_view holder)
    : header_(header) {
  for (const std::string &cidr : cidrs) {
    const auto network = sys::parse_network(cidr);
    if (!network)
      throw Error(Exit::usage, std::string(holder) + ": '" + cidr + "' is not a network",
                  "write networks like 10.0.0.0/8, fd00::/8 or 192.0.2.1, separated by commas");
    networks_.push_back(*network);
  }
}

bool TrustedProxies::contains(const sys::Address &address) const {
  const sys::Network one{address.ip(), 128};
  return std::any_of(networks_.begin(), networks_.end(),
                     [&](const sys::Network &network) { return network.overlaps(one); });
}

sys::Address TrustedProxies::client(const sys::Address &peer, std::string_view list) const {
  sys::Address client = peer;
  while (!list.empty() && contains(client)) {
    const std::string_view element = take_last(list, ',');
    if (element.empty()) continue;
    const std::string_view value =
        header_ == TrustedHeader::forwarded ? for_value(element) : element;
    const auto next = sys::parse_ip(unquoted(value));
    if (!next) break;
    client = *next;
  }
  return client;
}

} // namespace hello::server
