#include <cerrno>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "server/engine/loop.h"

// From the bytes of a request to the bytes of its response.
namespace hello::server {

namespace {
/// Responses to pipelined requests are collected up to this size, then sent.
constexpr std::size_t kBatchBytes = 64 << 10;
constexpr std::size_t kKeptOutputBytes = 1 << 20; ///< a larger output buffer is freed after use
/// A buffer is either small or mapped by the allocator on its own, so that its memory returns to
/// the system when it is freed. Of sizes in between, musl keeps up to a megabyte each. A mapped
/// buffer costs no more memory than what is written to it.
constexpr std::size_t kSmallBytes = 4 << 10, kMappedBytes = 128 << 10;
/// A slow client must take this much of a response within the write timeout, or send so much of a
/// body within the grace while others wait.
constexpr std::size_t kProgressBytes = 16 << 10;
constexpr std::size_t kMaxEmptyLines = 4; ///< before a request: RFC 9112 section 2.2
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
} // namespace

std::string Loop::buffered(std::string_view text) {
  std::string out;
  if (text.size() > kSmallBytes) out.reserve(kMappedBytes);
  out = text;
  return out;
}

void Loop::read(Connection &c, std::uint32_t events) {
  ssize_t n;
  do n = ::recv(c.fd.get(), read_buffer_.get(), kReadBytes, 0);
  while (n < 0 && errno == EINTR);
  if (n < 0) {
    if (errno != EAGAIN) close(c);
    return;
  }
  received_ += static_cast<std::size_t>(n);
  if (c.state == State::lingering) {
    if (n == 0) close(c);
  } else {
    c.end_of_input = n == 0;
    if (c.state == State::fresh || c.state == State::idle) c.started = now_;
    c.received = now_;
    std::string_view bytes(read_buffer_.get(), static_cast<std::size_t>(n));
    if (!c.input.empty()) {
      if (c.input.size() + bytes.size() > kSmallBytes) c.input.reserve(kMappedBytes);
      bytes = c.input.append(bytes);
    }
    process_input(c, bytes);
  }
  // There may be more input, or the peer's end: ask epoll to report it again.
  const bool more = n == kReadBytes || (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
  if (more && c.fd && c.events == kReadEvents) watch(c, kReadEvents);
}

/// Answers the complete requests in `bytes`, sends the responses, keeps the rest of the input, and
/// decides what the connection waits for next. `bytes` is in read_buffer_ or is all of c.input.
void Loop::process_input(Connection &c, std::string_view bytes) {
  std::string_view rest = answer_requests(c, bytes);
  if (effect_) [[unlikely]]
    return disturb(c, rest);
  // A full batch may leave complete requests in `rest`. They are answered in the next round, so
  // that other connections get their turn; after a shared body, once that is sent.
  const bool batch_full = output_.size() >= kBatchBytes || shared_.owner;
  const bool unanswered = batch_full && !rest.empty() && !c.close_after_write;
  if (c.end_of_input && !c.close_after_write && !unanswered) {
    // An incomplete request gets a response too: its sender may still be reading.
    if (!rest.empty() || c.body) refuse(c, {400, "incomplete"}, rest);
    c.close_after_write = true;
  }
  if (!send_output(c)) return close(c);
  if (c.close_after_write) {
    if (!rest.empty()) c.linger = true;
    rest = {};
  }
  if (rest.size() != c.input.size()) c.input = buffered(rest);

  const bool unsent = !c.output.empty() || c.shared.owner;
  if (unanswered || unsent) {
    enter_state(c, State::writing, kWriteEvents);
    // An edge-triggered event is not repeated while the socket stays writable, so ask for it again.
    if (!unsent) watch(c, kWriteEvents);
  } else {
    await_input(c);
  }
  if (!c.fd) return;
  update_charge(c);
  enforce_budget();
}

/// Returns the bytes after the last request that was answered.
std::string_view Loop::answer_requests(Connection &c, std::string_view bytes) {
  while (!c.close_after_write && output_.size() < kBatchBytes && !shared_.owner && !effect_) {
    const bool taken = c.body ? take_body(c, bytes) : take_head(c, bytes);
    if (!taken) break;
  }
  return bytes;
}

/// Removes the rest of the body from `bytes`. Returns true if it was complete and the request is
/// answered.
bool Loop::take_body(Connection &c, std::string_view &bytes) {
  const std::string_view before = bytes;
  const bool complete = c.body->consume(bytes, config_.limits);
  if (config_.keeps_bodies && !c.body->is_chunked)
    c.body->text += before.substr(0, before.size() - bytes.size());
  if (c.body->received - c.body->progress_bytes >= kProgressBytes) {
    c.body->progress_bytes = c.body->received;
    c.body->progress_ms = now_ms_;
  }
  if (c.body->chunked.refusal()) {
    refuse(c, c.body->chunked.refusal(), {});
    return false;
  }
  if (!complete) return false;
  const auto body = std::move(c.body);
  parse_head(body->head, config_.limits, head_); // other requests have used head_ since
  request_.body = body->text;
  answer(c, body->head, body->is_chunked ? body->chunked.total() : body->received);
  request_.body = {};
  return true;
}

/// Removes the next head from `bytes` and answers its request, unless a body follows. Returns false
/// if more bytes are needed or the request is refused.
bool Loop::take_head(Connection &c, std::string_view &bytes) {
  for (std::size_t lines = 0; bytes.starts_with("\r\n") && c.scanned == 0; bytes.remove_prefix(2))
    if (++lines > kMaxEmptyLines) {
      refuse(c, {400, "bad_request_line"}, {});
      return false;
    }
  if (bytes.empty() || bytes == "\r") return false;
  Refusal refusal;
  const std::size_t seen = c.scanned;
  std::size_t scanned = seen;
  const std::size_t length = find_head(bytes, scanned, config_.limits, refusal);
  c.scanned = static_cast<std::uint32_t>(length ? 0 : scanned);
  const std::string_view head = bytes.substr(0, length);
  if (length)
    refusal = parse_head(head, config_.limits, head_);
  else if (!refusal)
    refusal = check_first_line(bytes, seen);
  if (refusal) {
    refuse(c, refusal, bytes);
    bytes.remove_prefix(length);
    return false;
  }
  if (!length) return false;
  bytes.remove_prefix(length);
  if (!head_.chunked && head_.content_length == 0) {
    answer(c, head, 0);
    return true;
  }
  begin_body(c, head);
  if (head_.expects_continue && bytes.empty()) output_ += kContinue;
  return true;
}

/// Refuses what is not HTTP/1 once its first line is complete: a client of another protocol may
/// wait for a response before it sends more. `seen`: how many bytes were checked before.
Refusal Loop::check_first_line(std::string_view bytes, std::size_t seen) {
  const std::size_t end = bytes.find('\n');
  if (end == bytes.npos || end < seen) return {};
  return parse_request_line(bytes.substr(0, end - 1), head_);
}

void Loop::begin_body(Connection &c, std::string_view head) {
  c.body = std::make_unique<Body>();
  c.body->head = head;
  c.body->is_chunked = head_.chunked;
  c.body->remaining = head_.content_length;
  c.body->progress_ms = now_ms_;
}

/// Answers the request whose head is in head_, parsed from `head_bytes`.
void Loop::answer(Connection &c, std::string_view head_bytes, std::uint64_t body_bytes) {
  request_.head = head_bytes;
  request_.method = head_.method;
  request_.target = head_.target;
  request_.path = head_.path;
  request_.query = head_.query;
  request_.minor = head_.minor;
  request_.headers = {head_.headers.data(), head_.header_count};
  request_.body_bytes = body_bytes;
  ++c.requests;
  request_.keep_alive =
      head_.keep_alive && phase_ == Phase::ready && (waiting_ == 0 || !is_turn_over(c));
  request_.peer = &c.peer;
  request_.received = c.received;
  const std::size_t output_before = output_.size();
  handler_.handle(request_, output_, shared_);
  if (handler_.effect) [[unlikely]]
    apply(std::exchange(handler_.effect, {}), output_before);
  c.started = now_;
  if (request_.keep_alive) return;
  c.close_after_write = true;
  // A client that did not ask for the close may already be sending its next request.
  c.linger = head_.keep_alive;
}

/// `begun`: the refused request as far as it has arrived, unless its body is being read. The
/// response to HEAD has no content: RFC 9110 section 9.3.2.
void Loop::refuse(Connection &c, const Refusal &refusal, std::string_view begun) {
  if (c.body) begun = c.body->head;
  const bool head = begun.starts_with("HEAD ");
  parse_begun(begun, config_.limits, head_);
  request_.method = head_.method;
  request_.target = head_.target;
  request_.headers = {head_.headers.data(), head_.header_count};
  request_.peer = &c.peer;
  handler_.refuse(refusal, head ? Content::omitted : Content::sent, request_, output_);
  c.body.reset();
  c.close_after_write = c.linger = true;
}

/// Sends output_ and the shared body after it, and keeps with the connection what the socket does
/// not take. False if the connection is broken.
bool Loop::send_output(Connection &c) {
  std::size_t sent = 0;
  bool good = output_.empty() || send(c, output_, sent);
  if (good && sent < output_.size()) {
    c.output = buffered(std::string_view(output_).substr(sent));
    c.unsent_from = 0;
  }
  output_.clear();
  if (output_.capacity() > kKeptOutputBytes) std::string().swap(output_);
  if (shared_.owner) {
    c.shared = std::exchange(shared_, {});
    good = good && send_shared(c);
  }
  return good;
}

/// Sends the shared body once everything before it is sent. False if the connection is broken.
bool Loop::send_shared(Connection &c) {
  if (!c.output.empty() || !c.shared.owner) return true;
  std::size_t sent = 0;
  if (!send(c, c.shared.bytes, sent)) return false;
  c.shared.bytes.remove_prefix(sent);
  if (c.shared.bytes.empty()) c.shared = {};
  return true;
}

/// Sends from offset `sent` on, and moves it, until all is sent or the socket is full. False if the
/// connection is broken.
bool Loop::send(Connection &c, std::string_view bytes, std::size_t &sent) {
  while (sent < bytes.size()) {
    const ssize_t n = ::send(c.fd.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN;
    }
    sent += static_cast<std::size_t>(n);
    sent_ += static_cast<std::size_t>(n);
    c.progress_bytes += static_cast<std::uint32_t>(n);
    c.unchecked_bytes += static_cast<std::uint32_t>(n);
  }
  if (c.unchecked_bytes > unchecked_limit_) read_kernel_bytes(c);
  return true;
}

void Loop::on_writable(Connection &c) {
  std::size_t sent = c.unsent_from;
  if (!send(c, c.output, sent)) return close(c);
  c.unsent_from = static_cast<std::uint32_t>(sent);
  if (sent == c.output.size()) {
    std::string().swap(c.output);
    c.unsent_from = 0;
    if (!send_shared(c)) return close(c);
  }
  if (!c.output.empty() || c.shared.owner) {
    if (c.progress_bytes >= kProgressBytes) renew_deadline(c);
    return;
  }
  if (c.close_after_write) return close_gracefully(c);
  enter_state(c, State::idle, c.events); // until process_input() chooses a state
  process_input(c, c.input);             // the requests that were read before
}

/// Everything is sent: waits for the rest of a request or for the next one, or closes.
void Loop::await_input(Connection &c) {
  if (c.close_after_write) return close_gracefully(c);
  if (c.body) return enter_state(c, State::reading_body, kReadEvents);
  if (!c.input.empty()) return enter_state(c, State::reading_head, kReadEvents);
  if (phase_ == Phase::closing) return close(c);
  enter_state(c, State::idle, kReadEvents);
}

void Loop::close_gracefully(Connection &c) {
  // What the client has not taken stays in the kernel after close(), for minutes, and no longer
  // counts as a connection: so it must be little.
  if (c.unchecked_bytes > kSmallBytes) read_kernel_bytes(c);
  if (c.kernel_bytes > kSmallBytes) c.linger = true;
  if (!c.linger || c.end_of_input || ::shutdown(c.fd.get(), SHUT_WR) != 0) return close(c);
  enter_state(c, State::lingering, kReadEvents);
  update_charge(c);
}

/// Closes a connection that makes room for others. What the client has not taken is dropped, or it
/// would stay in the kernel. Source: socket(7), SO_LINGER.
void Loop::cut(Connection &c) {
  if (c.state == State::writing || c.state == State::held || c.kernel_bytes > 0) return reset(c);
  close(c);
}

void Loop::close(Connection &c) {
  charged_bytes_ -= c.charged_bytes;
  config_.group->budget->charge_connections(-static_cast<std::ptrdiff_t>(c.charged_bytes));
  list(c.state).remove(c);
  // close() alone is not enough: while a forked process has the same socket, its events continue.
  // Source: epoll(7), question 6.
  if (c.events != 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, c.fd.get(), nullptr);
  c.fd.reset();
  // Other connections may need this memory before the end of the round.
  std::string().swap(c.input);
  std::string().swap(c.output);
  c.shared = {};
  c.body.reset();
  closed_.emplace_back(&c);
  --connections_;
}

} // namespace hello::server
