#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "hello/fd.h"

namespace hello::sys {

/// What came of a GET.
struct Got {
  int status = 0;   ///< 0: no answer; then `body` says why
  std::string body; ///< at most as much as was asked for
};

/// How long to wait, and how much to take.
struct Bounds {
  std::chrono::milliseconds silence; ///< the longest time without a byte
  std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max();
  std::size_t bytes = 100 << 20; ///< of the body
};

/// One connection of an HTTP/1.1 client that knows GET alone; made at the first get, kept from one
/// to the next. Source: RFC 9112.
class Client {
public:
  /// `host` is a name or an address, or the path ("/…") of a Unix socket; `authority` is what the
  /// Host field says.
  Client(std::string host, std::string port, std::string authority);

  /// Asks for `target` as it stands. The body of a 200 goes to `take`, if there is one, piece by
  /// piece, until it returns false. Failures are outcomes. One thread at a time.
  Got get(const std::string &target, std::string_view accept, const Bounds &bounds,
          const std::function<bool(std::string_view)> &take = {});

  /// Ends a get soon. Any thread; again where the get may not have connected yet.
  void stop();

private:
  Got ask(const std::string &target, std::string_view accept, const Bounds &bounds,
          const std::function<bool(std::string_view)> &take);
  void connect(const Bounds &bounds);
  void close();
  bool more(const Bounds &bounds);
  std::string line(const Bounds &bounds);
  bool ready(short events, const Bounds &bounds) const;

  std::string host_, port_, authority_;
  std::mutex owning_; ///< of fd_'s number, against stop()
  Fd fd_;
  std::string in_; ///< what was read and not yet taken
};

} // namespace hello::sys
