#include "server/engine/loop.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hello/error.h"

namespace hello::server {

namespace {
constexpr std::size_t kRead = 64 << 10;
constexpr std::size_t kOutput =
    256 << 10; ///< pipelined answers past this are sent before more are made
constexpr std::size_t kKeptOutput = 1 << 20; ///< a larger buffer is given back
// What the allocator maps for one text alone goes back to the system with it; of smaller ones musl
// keeps a megabyte for each of many sizes. A page costs nothing before it is written.
constexpr std::size_t kSmall = 4 << 10, kMapped = 128 << 10;
constexpr std::size_t kProgress = 16
                                  << 10; ///< what a slow reader must take within the write timeout
constexpr std::size_t kLeadingLines = 4; ///< empty lines before a request: RFC 9112 2.2
constexpr int kEvents = 128;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::string kept(std::string_view text) {
  std::string out;
  if (text.size() > kSmall) out.reserve(kMapped);
  out = text;
  return out;
}

} // namespace

Loop::Loop(sys::Fd listener, const LoopConfig &config, Handler &handler, LoopStatus &status)
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      listener_(std::move(listener)), config_(config), handler_(handler), status_(status),
      scratch_(new char[kRead]) {
  epoll_event wake{EPOLLIN, {.ptr = this}}, accept{EPOLLIN, {.ptr = nullptr}};
  if (!epoll_ || !wake_ || epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &wake) ||
      epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener_.get(), &accept))
    throw Error(Exit::failure, std::string("cannot make an event loop: ") + std::strerror(errno));
  config_.crowd->loops.push_back(this);
}

Loop::~Loop() {
  for (WaitList &waiting : lists_)
    while (Connection *c = waiting.first()) {
      waiting.remove(*c);
      delete c;
    }
}

void Loop::enter(Phase phase) {
  wanted_.store(phase, std::memory_order_release);
  wake();
}

void Loop::wake() {
  std::uint64_t one = 1;
  [[maybe_unused]] auto n = ::write(wake_.get(), &one, sizeof one);
}

void Loop::run() noexcept {
  std::array<epoll_event, kEvents> events;
  for (int timeout = 0;;
       timeout = next_timeout_ms()) { // a first round at once: from then on one that is stuck shows
    int n = epoll_wait(epoll_.get(), events.data(), kEvents, timeout);
    now_ = Clock::now();
    now_ms_ =
        std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count();
    if (n == 0) std::string().swap(out_); // a quiet time: what a busy one needed goes back
    bool knocks = false, gives_way = false;
    for (int i = 0; i < n; ++i) {
      void *what = events[static_cast<std::size_t>(i)].data.ptr;
      if (what == nullptr)
        knocks = true;
      else if (what != this)
        on_event(*static_cast<Connection *>(what), events[static_cast<std::size_t>(i)].events);
      else if (std::uint64_t count; ::read(wake_.get(), &count, sizeof count) > 0)
        gives_way = true;
    }
    // Now that all who are in were heard, the place of one who has nothing to say may be another's.
    if (gives_way) give_way();
    if (knocks) accept_some();
    if (Phase wanted = wanted_.load(std::memory_order_acquire); wanted != phase_) {
      phase_ = wanted;
      if (phase_ == Phase::closing) begin_closing();
    }
    expire();
    publish();
    handler_.flush();
    graveyard_.clear();
    if (phase_ == Phase::stopped || (phase_ == Phase::closing && connections_ == 0)) break;
  }
  ended_.store(true, std::memory_order_release);
}

void Loop::on_event(Connection &c, std::uint32_t events) {
  if (!c.fd) return; // closed earlier in this round
  // Both sides have ended: what is unread is read first, lest a reset eat the answer on its way.
  if (events & (EPOLLERR | EPOLLHUP) && c.waiting != Waiting::peer_close) return close(c);
  if (events & EPOLLOUT) return on_writable(c);
  read(c, events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
}

/// `ended`: the peer's end has come, behind what is read now or later.
void Loop::read(Connection &c, bool ended) {
  ssize_t n;
  while ((n = ::recv(c.fd.get(), scratch_.get(), kRead, 0)) < 0)
    if (errno != EINTR) return errno == EAGAIN ? void() : close(c);
  received_ += static_cast<std::size_t>(n);
  if (c.waiting == Waiting::peer_close) {
    if (n == 0) close(c);
  } else {
    c.end_of_input = n == 0;
    if (c.waiting == Waiting::request) c.started = now_;
    std::string_view bytes(scratch_.get(), static_cast<std::size_t>(n));
    if (!c.in.empty()) {
      if (c.in.size() + bytes.size() > kSmall) c.in.reserve(kMapped);
      bytes = c.in.append(bytes);
    }
    finish(c, bytes);
  }
  if ((n == kRead || ended) && c.fd && c.events == kIn) watch(c, kIn); // there is more
}

void Loop::finish(Connection &c, std::string_view bytes) {
  std::string_view rest = answer_all(c, bytes);
  // At the limit, `rest` may hold more whole requests. They are answered in the next round, so that
  // other connections get their turn.
  const bool more = out_.size() >= kOutput && !c.close_after;
  if (c.end_of_input && !c.close_after && !more) {
    // An incomplete request gets a response too: its sender may still be reading.
    if (!rest.empty() || c.body) refuse(c, {400, "incomplete"}, rest);
    c.close_after = true;
  }
  if (!send_output(c)) return close(c);
  if (c.close_after) {
    if (!rest.empty()) c.linger = true;
    rest = {};
  }
  // `rest` may be a part of `in`, or of the scratch buffer.
  if (rest.size() != c.in.size()) c.in = kept(rest);
  count_kept(c);

  if (more || !c.pending.empty()) {
    wait_for(c, Waiting::writable, kOut);
    // An edge-triggered event is not repeated for a socket that stays writable, so ask for it
    // again.
    if (c.pending.empty()) watch(c, kOut);
  } else {
    wait_for_input(c);
  }
  keep_less();
}

std::string_view Loop::answer_all(Connection &c, std::string_view bytes) {
  while (!c.close_after && out_.size() < kOutput)
    if (!(c.body ? take_body(c, bytes) : take_head(c, bytes))) break;
  return bytes;
}

/// Takes the rest of the body off `bytes`. Answers the request and returns true if it is complete.
bool Loop::take_body(Connection &c, std::string_view &bytes) {
  const bool complete = c.body->consume(bytes, config_.limits);
  if (c.body->chunked.refusal()) {
    refuse(c, c.body->chunked.refusal(), {});
    return false;
  }
  if (!complete) return false;
  const auto body = std::move(c.body);
  parse_head(body->head, config_.limits, head_); // other requests have used head_ since
  answer(c, body->head, body->head.size() + body->received);
  return true;
}

/// Takes the next head off `bytes`, and answers its request unless a body follows. Returns false if
/// more bytes are needed or the request is refused.
bool Loop::take_head(Connection &c, std::string_view &bytes) {
  for (std::size_t lines = 0; bytes.starts_with("\r\n") && c.scanned == 0; bytes.remove_prefix(2))
    if (++lines > kLeadingLines) {
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
    answer(c, head, length);
    return true;
  }
  begin_body(c, head);
  if (head_.expects_continue && bytes.empty()) out_ += kContinue;
  return true;
}

/// Refuses what is not HTTP/1 as soon as its first line shows it: its sender may wait for a
/// response before it ends the head. `seen`: the bytes that were checked before.
Refusal Loop::check_first_line(std::string_view bytes, std::size_t seen) {
  const std::size_t end = bytes.find('\n');
  if (end == bytes.npos || end < seen) return {};
  return parse_request_line(bytes.substr(0, end - 1), head_);
}

void Loop::begin_body(Connection &c, std::string_view head) {
  c.body = std::make_unique<Body>();
  c.body->head = head;
  c.body->is_chunked = head_.chunked;
  c.body->left = head_.content_length;
}

/// head_ is what `head_bytes` was parsed to.
void Loop::answer(Connection &c, std::string_view head_bytes, std::size_t received) {
  request_.head = head_bytes;
  request_.method = head_.method;
  request_.target = head_.target;
  request_.path = head_.path;
  request_.query = head_.query;
  request_.minor = head_.minor;
  request_.headers = {head_.headers.data(), head_.header_count};
  request_.received_bytes = received;
  request_.keep_alive = head_.keep_alive && phase_ == Phase::ready;
  request_.peer = &c.peer;
  request_.started = c.started;
  handler_.handle(request_, out_);
  c.fresh = false;
  c.started = now_;
  if (request_.keep_alive) return;
  c.close_after = true;
  c.linger = head_.keep_alive; // the peer did not ask for it, so it may be sending its next request
}

/// `begun`: what has come of the request, where its body is not under way. A refusal of HEAD has no
/// content either: RFC 9110 9.3.2
void Loop::refuse(Connection &c, const Refusal &refusal, std::string_view begun) {
  if (c.body) begun = c.body->head;
  const bool head = begun.starts_with("HEAD ");
  handler_.refuse(refusal, head ? Content::omitted : Content::sent, c.peer, out_);
  c.body.reset();
  c.close_after = c.linger = true;
}

/// Sends out_ and keeps what the socket does not take. False if the connection is broken.
bool Loop::send_output(Connection &c) {
  std::size_t sent = 0;
  const bool good = out_.empty() || send(c, out_, sent);
  if (good && sent < out_.size()) {
    c.pending = kept(std::string_view(out_).substr(sent));
    c.sent = 0;
  }
  out_.clear();
  if (out_.capacity() > kKeptOutput) std::string().swap(out_);
  return good;
}

bool Loop::send(Connection &c, std::string_view bytes, std::size_t &sent) {
  while (sent < bytes.size()) {
    ssize_t n = ::send(c.fd.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN;
    }
    sent += static_cast<std::size_t>(n);
    sent_ += static_cast<std::size_t>(n);
  }
  return true;
}

void Loop::on_writable(Connection &c) {
  std::size_t sent = c.sent;
  if (!send(c, c.pending, sent)) return close(c);
  bool progress = sent / kProgress != c.sent / kProgress;
  c.sent = static_cast<std::uint32_t>(sent);
  if (sent < c.pending.size()) {
    if (progress) { // a new deadline
      list(Waiting::writable).remove(c);
      c.deadline_ms =
          now_ms_ + config_.timeouts[static_cast<std::size_t>(Waiting::writable)].count();
      list(Waiting::writable).push(c);
    }
    return;
  }
  std::string().swap(c.pending);
  count_kept(c);
  c.sent = 0;
  if (c.close_after) return close_politely(c);
  wait_for(c, Waiting::request, c.events); // finish() sets the state that follows
  finish(c, c.in);                         // requests that were read before
}

/// All is sent: the connection waits for the rest of a request, for the next one, or ends.
void Loop::wait_for_input(Connection &c) {
  if (c.close_after) return close_politely(c);
  if (c.body) return wait_for(c, Waiting::body, kIn);
  if (!c.in.empty()) return wait_for(c, Waiting::head, kIn);
  if (phase_ == Phase::closing) return close(c);
  wait_for(c, Waiting::request, kIn);
}

void Loop::close_politely(Connection &c) {
  if (!c.linger || c.end_of_input || ::shutdown(c.fd.get(), SHUT_WR) != 0) return close(c);
  wait_for(c, Waiting::peer_close, kIn);
}

void Loop::close(Connection &c) {
  kept_ -= c.kept;
  if (c.kept > 0) config_.crowd->kept.fetch_sub(c.kept, std::memory_order_relaxed);
  list(c.waiting).remove(c);
  // Not left to close(2): while a fork holds the same description, events of it would go on
  // (epoll(7), question 6)
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, c.fd.get(), nullptr);
  c.fd.reset();
  graveyard_.emplace_back(&c);
  --connections_;
  config_.crowd->open.fetch_sub(1, std::memory_order_relaxed);
}

void Loop::publish() {
  auto set = [](auto &shown, auto value) { shown.store(value, std::memory_order_relaxed); };
  auto size = [this](Waiting waiting) { return static_cast<std::int64_t>(list(waiting).size()); };
  set(idle_until_, idle_until());
  set(status_.heartbeat_ms, now_ms_);
  set(status_.idle, size(Waiting::request));
  set(status_.reading, size(Waiting::head) + size(Waiting::body));
  set(status_.writing, size(Waiting::writable));
  set(status_.closing, size(Waiting::peer_close));
  set(status_.accepted, accepted_);
  set(status_.evicted, evicted_);
  set(status_.timed_out, timed_out_);
  set(status_.turned_away, turned_away_);
  set(status_.received_bytes, received_);
  set(status_.sent_bytes, sent_);
}

} // namespace hello::server
