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
  const bool more =
      out_.size() >= kOutput && !c.close_after; // then there may be whole requests in `rest`
  if (c.end_of_input && !c.close_after && !more) {
    // Nothing else will come. What is whole was answered; half a request is told so, for its sender
    // may be reading.
    if (!rest.empty() || c.body) refuse(c, {400, "incomplete"}, rest);
    c.close_after = true;
  }
  std::size_t sent = 0;
  if (!out_.empty() && !send(c, out_, sent)) {
    out_.clear();
    return close(c);
  }
  const bool all_sent =
      sent == out_.size() && !more; // the rest of them in the next round: others have their turn
  if (!all_sent) {
    c.pending = kept(std::string_view(out_).substr(sent));
    c.sent = 0;
  }
  out_.clear();
  if (out_.capacity() > kKeptOutput) std::string().swap(out_);

  if (c.close_after) {
    if (!rest.empty()) c.linger = true;
    rest = {};
  }
  // `rest` may be a part of `in`, or of the scratch buffer.
  if (rest.size() != c.in.size()) c.in = kept(rest);
  count_kept(c);

  if (!all_sent) {
    wait_for(c, Waiting::writable, kOut);
    if (c.pending.empty())
      watch(c, kOut); // what could be written to all the time is not told again
  } else if (c.close_after) {
    close_politely(c);
  } else {
    bool idle = rest.empty() && !c.body;
    if (idle && phase_ == Phase::closing) return close(c);
    wait_for(c, c.body ? Waiting::body : idle ? Waiting::request : Waiting::head, kIn);
  }
  keep_less();
}

std::string_view Loop::answer_all(Connection &c, std::string_view bytes) {
  while (!c.close_after && out_.size() < kOutput) {
    if (c.body) {
      bool whole = c.body->consume(bytes, config_.limits);
      if (c.body->chunked.refusal()) {
        refuse(c, c.body->chunked.refusal(), {});
        break;
      }
      if (!whole) break;
      auto body = std::move(c.body);
      parse_head(body->head, config_.limits, head_); // others have used head_ since
      answer(c, body->head, body->head.size() + body->received);
      continue;
    }
    for (std::size_t lines = 0; bytes.starts_with("\r\n") && c.scanned == 0; bytes.remove_prefix(2))
      if (++lines > kLeadingLines) {
        refuse(c, {400, "bad_request_line"}, {});
        return bytes;
      }
    if (bytes.empty() || bytes == "\r") break;
    Refusal refusal;
    const std::string_view begun = bytes;
    const std::size_t seen = c.scanned;
    std::size_t scanned = seen;
    std::size_t length = find_head(bytes, scanned, config_.limits, refusal);
    c.scanned = static_cast<std::uint32_t>(length ? 0 : scanned);
    if (length) {
      std::string_view head = bytes.substr(0, length);
      bytes.remove_prefix(length);
      if (!(refusal = parse_head(head, config_.limits, head_))) {
        if (!head_.chunked && head_.content_length == 0) {
          answer(c, head, length);
          continue;
        }
        c.body = std::make_unique<Body>();
        c.body->head = head;
        c.body->is_chunked = head_.chunked;
        c.body->left = head_.content_length;
        if (head_.expects_continue && bytes.empty()) out_ += kContinue;
        continue;
      }
    }
    // The first line may tell already what is no HTTP/1, and its sender may wait instead of ending
    // it.
    if (auto end = bytes.find('\n'); !length && !refusal && end != bytes.npos && end >= seen)
      refusal = parse_request_line(bytes.substr(0, end - 1), head_);
    if (refusal) refuse(c, refusal, begun);
    break;
  }
  return bytes;
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
  wait_for(c, Waiting::request, c.events); // finish() says which
  finish(c, c.in);                         // requests that were read before
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
