#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

/// The HTTP/1.1 client for everything hello asks, over TCP or a Unix socket, without TLS.
namespace hello::sys {

/// An http:// URL taken apart.
struct HttpUrl {
  std::string authority, host; ///< "example.com:8080", "example.com"; IPv6 without brackets
  int port = 80;
  std::string target = "/"; ///< path and query, as they were written
};

/// Throws Error(Exit::usage) if `url` is malformed or not http.
HttpUrl parse_http_url(const std::string &url);

/// The outcome of a GET.
struct HttpReply {
  int status = 0;            ///< 0: there was no response; `body` gives the reason
  std::string body;          ///< at most `HttpLimits::body_bytes`
  std::string retry_after{}; ///< the header; empty: there is none
};

/// How long a GET waits, and how much it reads.
struct HttpLimits {
  std::chrono::milliseconds silence; ///< longest time without a byte, connecting included
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::size_t body_bytes = 100 << 20;
};

/// A request with a body.
struct HttpWrite {
  const char *method; ///< "POST"
  const char *type;   ///< the body's: "application/json"
  std::string_view body;
};

/// Receives a body piece by piece; returns false to end the request.
using TakeBytes = std::function<bool(std::string_view)>;

/// One connection to one server. It is opened by the first get() and kept alive between requests; a
/// request that finds it closed by the server is sent once more on a new one.
class HttpClient {
public:
  /// `host` is a name, an address, or the path of a Unix socket ("/…", `port` is ignored then).
  /// `authority` is the value of the Host header.
  HttpClient(const std::string &host, int port, std::string authority);
  ~HttpClient();
  HttpClient(const HttpClient &) = delete;
  HttpClient &operator=(const HttpClient &) = delete;

  /// Requests `target` (a path with its query, already encoded). The body of a 200 goes to `take`
  /// where there is one, any other into the reply. Failures are outcomes. One thread at a time.
  HttpReply get(const std::string &target, const char *accept, const HttpLimits &limits,
                const TakeBytes &take = {});

  /// Sends `what` to `target`, once: on a connection of its own, so that none was closed before.
  HttpReply write(const std::string &target, const HttpWrite &what, const HttpLimits &limits);

  /// Ends a running get(). Any thread. A get() that has not connected yet is not ended: call again
  /// until it returns.
  void stop();

private:
  class Connection;
  /// `what` null: a GET.
  HttpReply send(const std::string &target, const char *accept, const HttpWrite *what,
                 const HttpLimits &limits, const TakeBytes &take);
  std::unique_ptr<Connection> connection_;
  std::string authority_;
};

/// The reply of `send`, which uses `client` on a thread of its own: a signal need not wait for a
/// server that hangs. Where one is recorded, the request may go on for `grace` and is then ended.
/// Throws check_interrupted()'s Error.
HttpReply send_promptly(HttpClient &client, std::chrono::milliseconds grace,
                        const std::function<HttpReply()> &send);

/// One GET of an http:// URL within `timeout`; at most 64 KiB of its body. Throws
/// Error(Exit::usage) if `url` is malformed, and check_interrupted()'s Error; every other failure
/// is an outcome.
HttpReply http_get(const std::string &url, std::chrono::milliseconds timeout);

} // namespace hello::sys
