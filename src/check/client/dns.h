#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hello::check {

/// What /etc/resolv.conf says.
struct Resolver {
  std::string server; ///< the first one, with port 53
  std::vector<std::string> search;
};
Resolver resolver_of(std::string_view resolv_conf);

enum class Transport : std::uint8_t { udp, tcp };

/// The outcome of a lookup.
struct Lookup {
  enum class State : std::uint8_t {
    found,
    no_data, ///< the name exists, without an address of that type
    no_name,
    failed, ///< another response code, or no DNS response
    refused,
    timed_out, ///< no response in 5 s
  } state = State::failed;
  std::string address; ///< the first one
};
std::string_view word(Lookup::State state);

/// A query, with the record type 1 (A) or 28 (AAAA). RFC 1035, 4.1
std::string dns_query(std::uint16_t id, std::string_view name, std::uint16_t type);
/// Reads a response; false if it does not answer `id`.
bool read_dns_response(std::string_view bytes, std::uint16_t id, std::uint16_t type,
                       Lookup &lookup);

/// Looks a name up as a resolver with ndots:5 does: a name with a final dot as it is, others with
/// each search domain. Asks the server itself, so nothing is cached on the way.
Lookup look_up(const Resolver &resolver, std::string_view name, std::uint16_t type,
               Transport transport);

} // namespace hello::check
