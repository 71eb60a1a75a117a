#pragma once
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <sys/socket.h>

/// Where the engine (bytes, connections, timers) ends and the application (routes, page, metrics, log) begins.
namespace hello::server {

struct Header {
  std::string_view name, value; ///< as sent; the value without surrounding blanks
};

/// One whole request, framed and checked against RFC 9112. Views point into the connection's buffer and hold during
/// the call only.
struct Request {
  std::string_view bytes;  ///< all of it: request line, headers, body (a chunked body is still chunked here)
  std::string_view method; ///< "GET"
  std::string_view target; ///< as sent: origin-form, absolute-form or "*"
  std::string_view path;   ///< of the target: percent-decoded, dot segments removed (RFC 3986 5.2.4)
  std::string_view query;  ///< after the first '?', raw
  int minor = 1;           ///< HTTP/1.minor
  std::span<const Header> headers;
  std::string_view body;   ///< decoded
  bool keep_alive = true;  ///< the answer must carry "Connection: close" where this is false
  const sockaddr_storage *peer = nullptr;
  std::chrono::steady_clock::time_point started; ///< when its first byte was read
};

/// The application's side. The engine owns one Handler per loop and calls it on that loop's thread alone.
class Handler {
public:
  virtual ~Handler() = default;

  /// Appends exactly one whole response to `out`. Must not throw or block.
  virtual void handle(const Request &request, std::string &out) noexcept = 0;

  /// Appends the response to something that is no request: `status` is 400, 408, 413, 414, 417, 431, 501, 505 or 503.
  /// `reason` is a static word for metrics and log: "header_timeout", "bad_host". The connection closes after it.
  virtual void refuse(int status, std::string_view reason, const sockaddr_storage *peer, std::string &out) noexcept = 0;

  /// Called after each wake-up of the loop, when the answers are written: batched work (the access log) goes here.
  virtual void flush() noexcept {}
};

} // namespace hello::server
