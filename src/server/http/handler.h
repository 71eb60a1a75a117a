#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <sys/socket.h>

#include "hello/server.h"

/// Where the engine (bytes, connections, timers) ends and the application (routes, page, metrics,
/// log) begins.
namespace hello::server {

class Status;

struct Header {
  std::string_view name, value; ///< as sent; the value without surrounding blanks
};

/// One whole request, framed and checked against RFC 9112. Views hold during the call only.
struct Request {
  std::string_view head;   ///< request line and headers as sent, with the empty line that ends them
  std::string_view method; ///< "GET"; always one that RFC 9110 or 5789 names, never CONNECT
  std::string_view target; ///< as sent: origin-form, absolute-form or "*"
  std::string_view
      path; ///< percent-decoded but for %2F, dot segments removed; "*" for the asterisk-form
  std::string_view query; ///< after the first '?', raw
  int minor = 1;          ///< HTTP/1.minor: 0 or 1
  std::span<const Header> headers;
  std::size_t received_bytes =
      0; ///< head and body; the body itself was read and dropped: no route wants one
  bool keep_alive = true; ///< the answer must say "Connection: close" where false, "keep-alive"
                          ///< where true and minor 0
  const sockaddr *peer = nullptr;                ///< an IPv4 or IPv6 address
  std::chrono::steady_clock::time_point started; ///< when its first bytes were read
};

/// The engine owns one Handler per loop and calls it on that loop's thread alone.
class Handler {
public:
  virtual ~Handler() = default;

  /// Appends exactly one whole response to `out`. Must not throw or block.
  virtual void handle(const Request &request, std::string &out) noexcept = 0;

  /// Appends the response to something that is no request, with "Connection: close": `status` is
  /// 400, 408, 411, 413, 414, 417, 431, 501, 503 or 505. `reason` is a static word for metrics and
  /// log: "header_timeout", "bad_host". `head`: it asks by HEAD, so the response has no content.
  virtual void refuse(int status, std::string_view reason, bool head, const sockaddr *peer,
                      std::string &out) noexcept = 0;

  /// Called after each wake-up of the loop, when the answers are written: batched work (the access
  /// log) goes here.
  virtual void flush() noexcept {}
};

/// All that the loops' Handlers share. Made on the main thread before the sandbox and before any
/// other thread, so files are opened here; lives until the last loop has ended.
class Application {
public:
  virtual ~Application() = default;
  virtual std::unique_ptr<Handler> public_handler(unsigned loop) = 0;
  virtual std::unique_ptr<Handler> admin_handler() = 0;

  /// Inside the sandbox, before the loops: own threads start here (they inherit the sandbox; block
  /// all signals).
  virtual void start() {}
  /// After the last loop: what is still in buffers gets written, own threads end.
  virtual void stop() noexcept {}
};

/// Throws Error(Exit::usage) for options that cannot be. `options` and `status` are borrowed and
/// outlive it.
std::unique_ptr<Application> make_application(const Options &options, const Status &status);

} // namespace hello::server
