#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "hello/address.h"

namespace hello::server {

struct Header {
  std::string_view name, value; ///< as sent; the value without surrounding blanks
};

/// One whole request, framed and checked against RFC 9112. The views are valid during the call to
/// the handler only.
struct Request {
  std::string_view head;   ///< request line and headers as sent, including the final empty line
  std::string_view method; ///< "GET"; always a registered method, never CONNECT
  std::string_view target; ///< as sent: origin-form, absolute-form or "*"
  /// Percent-decoded except for %2F, dot segments removed; "*" for the asterisk-form.
  std::string_view path;
  std::string_view query; ///< after the first '?', raw
  int minor = 1;          ///< HTTP/1.minor: 0 or 1
  std::span<const Header> headers;
  /// Of the body, without its chunked coding. It is read and dropped, unless the loop keeps it.
  std::uint64_t body_bytes = 0;
  std::string_view body;  ///< if the loop keeps bodies (LoopConfig::keeps_bodies)
  bool keep_alive = true; ///< whether the connection stays open after the response
  const sys::Address *peer = nullptr;
  std::chrono::steady_clock::time_point received; ///< when its last bytes were read
};

} // namespace hello::server
