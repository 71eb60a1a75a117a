#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <sys/epoll.h>

#include "hello/address.h"
#include "hello/fd.h"
#include "server/engine/handler.h"
#include "server/http/framer.h"

namespace hello::server {

/// What a connection is doing. Each state has its own time limit and its own list.
enum class ConnectionState : std::uint8_t {
  fresh,        ///< no byte of its first request has arrived
  idle,         ///< no byte of a further request has arrived
  reading_head, ///< part of a request's head has arrived
  reading_body, ///< the head has arrived, part of the body is missing
  writing,      ///< part of a response is unsent; nothing is read until it is sent
  held,         ///< a drill delays the response; the state ends at its own time
  /// Everything is sent and our side is shut down; input is dropped until the peer closes. Closing
  /// with unread input would reset the connection and lose the response. Source: RFC 9112 section
  /// 9.6.
  lingering
};
inline constexpr std::size_t kConnectionStates = 7;

/// The events that epoll watches for. Edge-triggered: each change is reported once, which saves the
/// kernel a second check of every socket. A read that stops before EAGAIN must watch again, or the
/// rest of the input is not reported.
inline constexpr std::uint32_t kReadEvents = EPOLLIN | EPOLLRDHUP | EPOLLET;
inline constexpr std::uint32_t kWriteEvents = EPOLLOUT | EPOLLET;
inline constexpr std::uint32_t kHeldEvents = EPOLLET; ///< only errors, which are always reported

/// A request whose body has not fully arrived. The body's bytes are dropped, unless the loop keeps
/// them.
struct Body {
  std::string head; ///< a copy, parsed again when the body is complete
  std::string text; ///< of the body, if it is kept
  bool is_chunked = false;
  std::uint64_t remaining = 0; ///< if not chunked
  ChunkedBody chunked;
  std::size_t received = 0;
  std::int64_t progress_ms = 0;   ///< when the last 16 KiB were complete
  std::size_t progress_bytes = 0; ///< of `received`, then

  /// Removes what belongs to the body from the front of `bytes`. Returns true if it is complete.
  bool consume(std::string_view &bytes, const Limits &limits);
};

/// One client connection. While idle it costs this struct and no buffer of hello's. Used on its
/// loop's thread only.
struct Connection {
  sys::Fd fd;
  sys::Address peer;
  Connection *previous = nullptr, *next = nullptr; ///< neighbors in the list of its state
  std::int64_t deadline_ms = 0;
  std::int64_t accepted_ms = 0;
  ConnectionState state = ConnectionState::fresh;
  bool end_of_input = false;         ///< the peer has shut down its side
  bool close_after_write = false;    ///< close once everything is sent
  bool linger = false;               ///< when closing, wait for the peer to close first
  std::uint32_t events = 0;          ///< watched by epoll; 0: not yet added to it
  std::uint32_t requests = 0;        ///< answered
  std::uint32_t scanned = 0;         ///< bytes of `input` that find_head has seen
  std::uint32_t unsent_from = 0;     ///< offset in `output` of the first byte that is not sent
  std::uint32_t progress_bytes = 0;  ///< sent since the deadline was last renewed
  std::uint32_t unchecked_bytes = 0; ///< sent since `kernel_bytes` was read
  std::uint32_t kernel_bytes = 0;    ///< unsent or unacknowledged in the kernel, as last read
  std::uint32_t charged_bytes = 0;   ///< to the budget
  std::string input; ///< read, but not yet part of an answered request: at most a head and one read
  std::string output; ///< responses that the socket has not taken: at most a batch and one response
  SharedBody shared;  ///< what follows `output`, as far as it is not sent
  std::unique_ptr<Body> body;
  std::chrono::steady_clock::time_point started; ///< when the current request's first byte was read
  std::chrono::steady_clock::time_point received; ///< when the last bytes were read
};

/// The connections in one state, in the order of their deadlines. All of them have the same time
/// limit, so a new one belongs at the end; but held ones have their own.
class DeadlineList {
public:
  void push(Connection &c);
  void insert(Connection &c); ///< at the place of its deadline
  void remove(Connection &c);
  Connection *first() const { return first_; }
  std::size_t size() const { return size_; }

private:
  Connection *first_ = nullptr, *last_ = nullptr;
  std::size_t size_ = 0;
};

} // namespace hello::server
