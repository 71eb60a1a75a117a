#include "check/client/dns.h"

#include <algorithm>
#include <cerrno>
#include <chrono>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "check/client/socket.h"
#include "hello/address.h"
#include "hello/fd.h"
#include "hello/text.h"

namespace hello::check {
namespace {

constexpr std::chrono::seconds kPatience{5};

std::uint16_t number(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) << 8 |
                                    static_cast<unsigned char>(bytes[at + 1]));
}

void put(std::string &out, unsigned value) {
  out += static_cast<char>(value >> 8 & 0xff);
  out += static_cast<char>(value & 0xff);
}

/// Moves `at` past a name; false if the bytes end before it does.
bool skip_name(std::string_view bytes, std::size_t &at) {
  while (at < bytes.size()) {
    const auto length = static_cast<unsigned char>(bytes[at]);
    if (length >= 0xc0)
      at += 2; // a pointer ends the name
    else
      at += length + 1U;
    if (length == 0 || length >= 0xc0) return at <= bytes.size();
  }
  return false;
}

std::string address_in(std::string_view bytes, std::uint16_t type) {
  char buffer[INET6_ADDRSTRLEN] = "";
  inet_ntop(type == 1 ? AF_INET : AF_INET6, bytes.data(), buffer, sizeof buffer);
  return buffer;
}

Lookup::State state_of(int error) {
  if (error == ETIMEDOUT || error == EAGAIN) return Lookup::State::timed_out;
  return Lookup::State::refused;
}

/// Sends one query and waits for its response.
Lookup ask(const Resolver &resolver, std::string_view name, std::uint16_t type,
           Transport transport) {
  static std::uint16_t id = 0;
  Lookup lookup;
  const auto server = sys::parse_ip(resolver.server);
  if (!server) return lookup;
  sys::Address address = *server;
  address.set_port(53);
  const Deadline deadline = std::chrono::steady_clock::now() + kPatience;
  const bool tcp = transport == Transport::tcp;
  sys::Fd socket;
  if (const int error = open_socket(address, tcp ? SOCK_STREAM : SOCK_DGRAM, deadline, socket)) {
    lookup.state = state_of(error);
    return lookup;
  }
  std::string query = dns_query(++id, name, type), received;
  if (tcp) {
    std::string length;
    put(length, static_cast<unsigned>(query.size()));
    query.insert(0, length);
  }
  if (::send(socket.get(), query.data(), query.size(), MSG_NOSIGNAL) < 0) {
    lookup.state = state_of(errno);
    return lookup;
  }
  for (;;) {
    if (const int error = receive(socket.get(), deadline, received)) {
      lookup.state = state_of(error);
      return lookup;
    }
    std::string_view response = received;
    if (tcp) {
      if (received.size() < 2 || received.size() < number(received, 0) + 2U) continue;
      response.remove_prefix(2);
    }
    if (read_dns_response(response, id, type, lookup) || tcp) return lookup;
    received.clear();
  }
}

} // namespace

std::string_view word(Lookup::State state) {
  constexpr std::string_view kWords[] = {"found",  "no data", "no such name",
                                         "failed", "refused", "no response in 5 s"};
  return kWords[static_cast<std::size_t>(state)];
}

Resolver resolver_of(std::string_view resolv_conf) {
  Resolver resolver;
  for (const std::string_view line : text::lines(resolv_conf)) {
    const auto words = text::words(line);
    if (words.size() < 2) continue;
    if (words[0] == "nameserver" && resolver.server.empty()) resolver.server = words[1];
    if (words[0] == "search") resolver.search.assign(words.begin() + 1, words.end());
  }
  return resolver;
}

std::string dns_query(std::uint16_t id, std::string_view name, std::uint16_t type) {
  std::string out;
  for (const unsigned value : {unsigned{id}, 0x0100U, 1U, 0U, 0U, 0U}) put(out, value);
  while (!name.empty()) {
    const std::string_view label = text::take(name, '.');
    if (label.empty()) break;
    out += static_cast<char>(label.size());
    out += label;
  }
  out += '\0';
  put(out, type);
  put(out, 1);
  return out;
}

bool read_dns_response(std::string_view bytes, std::uint16_t id, std::uint16_t type,
                       Lookup &lookup) {
  if (bytes.size() < 12 || number(bytes, 0) != id) return false;
  const int code = number(bytes, 2) & 0xf;
  lookup.state = Lookup::State::failed;
  if (code == 3) lookup.state = Lookup::State::no_name;
  if (code != 0) return true;
  std::size_t at = 12;
  if (!skip_name(bytes, at)) return true;
  at += 4; // type and class of the question
  lookup.state = Lookup::State::no_data;
  for (int left = number(bytes, 6); left > 0 && skip_name(bytes, at); --left) {
    if (at + 10 > bytes.size()) break;
    const std::size_t length = number(bytes, at + 8), wanted = type == 1 ? 4 : 16;
    const bool matches = number(bytes, at) == type && length == wanted;
    at += 10;
    if (at + length > bytes.size()) break;
    if (matches) {
      lookup.state = Lookup::State::found;
      lookup.address = address_in(bytes.substr(at, length), type);
      return true;
    }
    at += length;
  }
  return true;
}

Lookup look_up(const Resolver &resolver, std::string_view name, std::uint16_t type,
               Transport transport) {
  if (name.ends_with('.')) return ask(resolver, name, type, transport);
  Lookup last;
  for (const std::string &domain : resolver.search) {
    last = ask(resolver, std::string(name) + "." + domain, type, transport);
    if (last.state != Lookup::State::no_name) return last;
  }
  return resolver.search.empty() ? ask(resolver, name, type, transport) : last;
}

} // namespace hello::check
