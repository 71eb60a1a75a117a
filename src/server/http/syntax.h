#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

/// The basic rules of the HTTP and URI grammars.
namespace hello::server::syntax {

enum : std::uint8_t {
  token_char = 1,  ///< tchar, RFC 9110 5.6.2
  value_char = 2,  ///< in a field value: HTAB, SP, VCHAR, obs-text
  target_char = 4, ///< in a request target: what browsers send, which is more than RFC 3986 allows
  host_char = 8,   ///< unreserved, sub-delims or '%', RFC 3986 3.2.2
  digit = 16,
  hex = 32,
};

namespace detail {
constexpr std::array<std::uint8_t, 256> classes() {
  std::array<std::uint8_t, 256> table{};
  auto mark = [&](std::string_view chars, std::uint8_t bits) {
    for (char c : chars) table[static_cast<unsigned char>(c)] |= bits;
  };
  constexpr std::string_view alnum =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  for (unsigned c = 0x20; c < 256; ++c)
    if (c != 0x7f) table[c] |= value_char;
  table['\t'] |= value_char;
  for (unsigned c = 0x21; c < 0x7f; ++c)
    if (c != '#' && c != '"' && c != '<' && c != '>') table[c] |= target_char;
  mark(alnum, token_char | host_char);
  mark("!#$%&'*+-.^_`|~", token_char);
  mark("-._~!$&'()*+,;=%", host_char);
  mark("0123456789", digit | hex);
  mark("abcdefABCDEF", hex);
  return table;
}
} // namespace detail
inline constexpr std::array<std::uint8_t, 256> kClasses = detail::classes();

inline bool is(char c, std::uint8_t bits) { return kClasses[static_cast<unsigned char>(c)] & bits; }
bool consists_of(std::string_view text, std::uint8_t bits);
inline bool is_token(std::string_view text) {
  return !text.empty() && consists_of(text, token_char);
}

/// `c` must be a hex digit.
inline int hex_value(char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

/// Compares without regard to ASCII case. `lower` must be lower case.
bool iequals(std::string_view text, std::string_view lower);
/// Removes SP and HTAB on both sides.
std::string_view trimmed(std::string_view text);

/// Calls f for each member of a comma-separated list, trimmed. Empty members are skipped.
template <typename F> void each_member(std::string_view list, F f) {
  while (!list.empty()) {
    auto comma = list.find(',');
    if (auto member = trimmed(list.substr(0, comma)); !member.empty()) f(member);
    if (comma == list.npos) break;
    list.remove_prefix(comma + 1);
  }
}

/// uri-host [":" port], without user information. Not empty: an http URI must have a host. Source:
/// RFC 9110 section 4.2.1.
bool is_host_port(std::string_view text);

/// Decodes percent-encoding, except %2F (that slash is data, not a separator), then removes dot
/// segments. The result is `path` itself if nothing changes, else it is in `buffer`. Returns false
/// for a '%' without two hex digits and for %00.
bool normalize_path(std::string_view path, std::string &buffer, std::string_view &result);

} // namespace hello::server::syntax
