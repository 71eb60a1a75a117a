#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <sys/epoll.h>

#include "hello/address.h"
#include "hello/fd.h"
#include "server/http/framer.h"

namespace hello::server {

/// What a connection waits for; each has its list and its time.
enum class Waiting : std::uint8_t {
  request,   ///< idle: nothing of a request has come
  head,      ///< part of a head has come
  body,      ///< the head has come, part of the body is missing
  writable,  ///< an answer is not wholly sent, so nothing is read
  peer_close ///< all is sent and our side shut down: what still comes is dropped, lest a reset eat
             ///< the answer
};
inline constexpr std::size_t kWaitings = 5;

/// What epoll watches. Edge-triggered: each new byte or end is told once, and costs the kernel no
/// second look. Who has not read all that there was watches anew.
inline constexpr std::uint32_t kIn = EPOLLIN | EPOLLRDHUP | EPOLLET, kOut = EPOLLOUT | EPOLLET;

/// A request whose body is still coming.
struct Body {
  std::string head; ///< kept for the handler
  bool is_chunked = false;
  std::uint64_t left = 0; ///< where not chunked
  ChunkedBody chunked;
  std::size_t received = 0;

  /// Drops what belongs to the body off the front of `bytes`; true when it is complete.
  bool consume(std::string_view &bytes, const Limits &limits);
};

/// One client. Idle, it costs this struct and no buffer. All members belong to its loop's thread.
struct Connection {
  sys::Fd fd;
  sys::Address peer;
  Connection *before = nullptr, *after = nullptr; ///< neighbours in the list of its `waiting`
  std::int64_t deadline_ms = 0;
  Waiting waiting = Waiting::request;
  bool fresh = true;         ///< no request has come yet
  bool end_of_input = false; ///< the peer has shut its side down
  bool close_after = false;  ///< once all is sent
  bool linger = false;       ///< and then wait for the peer's end, for it may still be sending
  std::uint32_t events = 0;  ///< what epoll watches
  std::uint32_t sent = 0;    ///< of `pending`
  std::uint32_t scanned = 0; ///< of `in`, by find_head
  std::uint32_t kept = 0;    ///< bytes of what follows, as counted last
  std::string in;      ///< read, not yet part of an answered request; at most a head and one read
  std::string pending; ///< answers that the socket did not take; at most kOutput and one answer
  std::unique_ptr<Body> body;
  std::chrono::steady_clock::time_point started; ///< of the request that is under way
};

/// Connections in the order in which their time ends: each kind has one time, so a new one goes to
/// the end.
class WaitList {
public:
  void push(Connection &c);
  void remove(Connection &c);
  Connection *first() const { return first_; }
  std::size_t size() const { return size_; }

private:
  Connection *first_ = nullptr, *last_ = nullptr;
  std::size_t size_ = 0;
};

} // namespace hello::server
