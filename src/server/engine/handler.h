#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/http/framer.h"
#include "server/http/request.h"
#include "server/http/response.h"

namespace hello::server {

/// A body that all responses with it share. Without an owner there is none.
struct SharedBody {
  std::shared_ptr<const void> owner; ///< keeps `bytes` alive
  std::string_view bytes;
  std::uint64_t version = 0; ///< of the page
};

/// What a drill does to the response that handle() has just made.
struct Effect {
  std::int64_t delay_ms = 0; ///< the response is sent so much later
  bool reset = false;        ///< the connection is reset, and the response is lost

  explicit operator bool() const { return delay_ms != 0 || reset; }
};

/// The interface between the engine (bytes, connections, timers) and the site (routes, pages,
/// metrics, log). Each loop has a Handler of its own and calls it on its thread only.
class Handler {
public:
  virtual ~Handler() = default;

  /// Appends exactly one complete response to `out`; or its head, and sets `shared` to its body.
  /// Must not throw or block.
  virtual void handle(const Request &request, std::string &out, SharedBody &shared) noexcept = 0;

  /// Appends the response to bytes that are not a valid request, with "Connection: close". The
  /// refusal's status is 400, 408, 411, 413, 414, 417, 431, 501, 503 or 505; its reason is a
  /// literal, used by the metrics and the log. `content` is omitted if the method is HEAD.
  /// `known` has the peer, and of the request what was parsed: all, method and target, or nothing.
  virtual void refuse(const Refusal &refusal, Content content, const Request &known,
                      std::string &out) noexcept = 0;

  /// Called at the end of each round of the loop, after its responses are sent: for batched work
  /// such as the access log.
  virtual void flush() noexcept {}

  /// handle() sets it where a drill asks for it, and the loop clears it.
  Effect effect;
};

} // namespace hello::server
