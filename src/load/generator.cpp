#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>
#include <deque>
#include <memory>

#include <fmt/core.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "hello/fd.h"
#include "hello/load.h"
#include "hello/signals.h"
#include "load/connect.h"
#include "load/ledger.h"
#include "load/response.h"

namespace hello::load {
namespace {

constexpr Nanos kSecond = 1'000'000'000;
constexpr Nanos kWakesLate = 60'000;

Nanos clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

struct Connection {
  enum class State : std::uint8_t { closed, connecting, idle, busy } state = State::closed;
  sys::Fd fd{};
  Nanos due = 0; ///< of the request that is on its way
  Slot slot{};
  std::size_t written = 0;
  Response response{};
};

class Generator {
public:
  Generator(const Target &target, const Plan &plan, const Progress &progress);
  Report run();

private:
  using State = Connection::State;

  Nanos now() const { return clock_ns(CLOCK_MONOTONIC) - start_; }
  void serve_waiting(Nanos current);
  void open(Connection &connection);
  void send(Connection &connection);
  void on_event(Connection &connection, std::uint32_t events);
  void connected(Connection &connection);
  void read(Connection &connection);
  void finish_response(Connection &connection);
  void lose(Connection &connection, Loss loss);
  void close(Connection &connection);
  void watch(Connection &connection, std::uint32_t events, int operation);
  void set_timer(Nanos at);
  void wait_for_events(Nanos current);
  bool ended() const;

  std::vector<sys::Address> addresses_;
  const Progress &progress_;
  std::string request_;
  Ledger ledger_;
  Nanos end_, wait_;
  Nanos early_; ///< how long before a request is due the timer wakes
  std::vector<Connection> connections_;
  std::deque<Connection *> idle_; ///< longest idle first: requests go round
  std::vector<Connection *> closed_;
  std::uint64_t connecting_ = 0, busy_ = 0;
  std::size_t next_address_ = 0;
  sys::Fd epoll_, timer_;
  std::vector<char> buffer_;
  Nanos start_ = 0, next_report_ = kSecond;
};

Generator::Generator(const Target &target, const Plan &plan, const Progress &progress)
    : addresses_(reachable(target, plan.patience)), progress_(progress),
      ledger_(plan.rate, plan.time), end_(std::chrono::nanoseconds(plan.time).count()),
      wait_(std::chrono::nanoseconds(plan.wait).count()),
      early_(std::min(kWakesLate, kSecond / plan.rate / 8)),
      connections_(static_cast<std::size_t>(plan.connections)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)), buffer_(64 << 10) {
  request_ = fmt::format("GET {} HTTP/1.1\r\n", target.url.target);
  bool has_host = false;
  for (const std::string &header : plan.headers) {
    has_host |= header.size() > 5 && strncasecmp(header.c_str(), "host:", 5) == 0;
    request_ += header + "\r\n";
  }
  if (!has_host) request_ += fmt::format("Host: {}\r\n", target.url.authority);
  request_ += "User-Agent: hello-load\r\nAccept: application/json, */*;q=0.5\r\n\r\n";
  for (Connection &connection : connections_) closed_.push_back(&connection);
  epoll_event event{};
  event.events = EPOLLIN; // without a connection: the timer
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, timer_.get(), &event);
}

void Generator::watch(Connection &connection, std::uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &connection;
  epoll_ctl(epoll_.get(), operation, connection.fd.get(), &event);
}

void Generator::close(Connection &connection) {
  const linger reset{1, 0}; // a reset tells the server to stop sending
  if (connection.state == State::busy)
    ::setsockopt(connection.fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  connection.fd.reset();
  connection.slot.freed(now());
  connection.state = State::closed;
  closed_.push_back(&connection);
}

void Generator::open(Connection &connection) {
  connection.fd = begin_connect(addresses_[next_address_++ % addresses_.size()]);
  if (!connection.fd) {
    closed_.push_back(&connection);
    ledger_.lose_next(now(), Loss::refused);
    return;
  }
  connection.state = State::connecting;
  ++connecting_;
  watch(connection, EPOLLOUT, EPOLL_CTL_ADD);
}

/// Writes what is due, as far as connections are free, and opens some for the rest.
void Generator::serve_waiting(Nanos current) {
  while (ledger_.waiting(current) && !idle_.empty()) {
    Connection &connection = *idle_.front();
    idle_.pop_front();
    connection.due = *ledger_.take(now(), connection.slot);
    connection.state = State::busy;
    connection.written = 0;
    connection.response = {};
    ++busy_;
    send(connection);
  }
  const std::uint64_t backlog = ledger_.backlog(current);
  const std::uint64_t more = backlog > connecting_ ? backlog - connecting_ : 0;
  for (std::uint64_t i = std::min<std::uint64_t>(more, closed_.size()); i > 0; --i) {
    Connection &connection = *closed_.back();
    closed_.pop_back();
    connection.slot.begin(ledger_.due_after(connecting_), now());
    open(connection);
  }
}

void Generator::send(Connection &connection) {
  while (connection.written < request_.size()) {
    const ssize_t n = ::send(connection.fd.get(), request_.data() + connection.written,
                             request_.size() - connection.written, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return watch(connection, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    if (n < 0) return lose(connection, Loss::closed);
    connection.written += static_cast<std::size_t>(n);
  }
}

void Generator::lose(Connection &connection, Loss loss) {
  ledger_.lose(loss);
  close(connection);
  --busy_;
}

void Generator::connected(Connection &connection) {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(connection.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  --connecting_;
  if (error != 0) {
    close(connection);
    ledger_.lose_next(now(), Loss::refused);
    return;
  }
  watch(connection, EPOLLIN, EPOLL_CTL_MOD);
  connection.state = State::idle;
  connection.slot.freed(now());
  idle_.push_back(&connection);
}

void Generator::finish_response(Connection &connection) {
  const Response &response = connection.response;
  const int status = response.status();
  const Nanos current = now();
  connection.slot.freed(current);
  ledger_.answered(connection.due, current, status, response.pod());
  if (status == 429 || (status == 503 && response.has_retry_after())) {
    ledger_.cut();
    end_ = std::min(end_, current);
    ledger_.report().stop = Stop::told;
    ledger_.report().told = status;
  }
  --busy_;
  connection.state = State::idle;
  if (!response.keeps_alive()) return close(connection);
  idle_.push_back(&connection);
}

void Generator::read(Connection &connection) {
  const ssize_t n = ::recv(connection.fd.get(), buffer_.data(), buffer_.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (connection.state == State::idle) { // closed by the server, or unsolicited bytes
    idle_.erase(std::find(idle_.begin(), idle_.end(), &connection));
    return close(connection);
  }
  auto state = Response::State::more;
  if (n > 0) state = connection.response.take({buffer_.data(), static_cast<std::size_t>(n)});
  if (n == 0) state = connection.response.end();
  if (state == Response::State::done) return finish_response(connection);
  if (state == Response::State::malformed) return lose(connection, Loss::malformed);
  if (n <= 0) lose(connection, Loss::closed);
}

void Generator::on_event(Connection &connection, std::uint32_t events) {
  if (connection.state == State::connecting) return connected(connection);
  if (events & EPOLLOUT) {
    watch(connection, EPOLLIN, EPOLL_CTL_MOD);
    send(connection);
  }
  if (connection.state != State::closed && (events & ~static_cast<std::uint32_t>(EPOLLOUT)))
    read(connection);
}

void Generator::set_timer(Nanos at) {
  itimerspec when{};
  when.it_value.tv_sec = (start_ + at) / kSecond;
  when.it_value.tv_nsec = (start_ + at) % kSecond;
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void Generator::wait_for_events(Nanos current) {
  Nanos next = std::min(next_report_, end_ + wait_);
  if (const auto due = ledger_.next_due(); due && *due > current)
    next = std::min(next, *due - early_);
  const bool awake = next <= current; // for a moment, because a timer wakes late
  if (!awake) set_timer(next);
  epoll_event events[256];
  const int n = epoll_wait(epoll_.get(), events, std::size(events), awake ? 0 : -1);
  for (int i = 0; i < n; ++i) {
    if (events[i].data.ptr) {
      on_event(*static_cast<Connection *>(events[i].data.ptr), events[i].events);
    } else {
      std::uint64_t expired = 0;
      [[maybe_unused]] const ssize_t got = ::read(timer_.get(), &expired, sizeof expired);
    }
  }
}

bool Generator::ended() const {
  if (busy_ == 0 && !ledger_.next_due()) return true;
  return now() >= end_ + wait_;
}

Report Generator::run() {
  start_ = clock_ns(CLOCK_MONOTONIC);
  const Nanos cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  while (!ended()) {
    const Nanos begun = now(); // what becomes due after it is seen by the wait
    serve_waiting(begun);
    wait_for_events(begun);
    const Nanos current = now();
    if (sys::interrupted() && ledger_.report().stop == Stop::none) {
      ledger_.report().stop = Stop::interrupted;
      ledger_.stop(current);
      end_ = std::min(end_, current);
    }
    if (current < next_report_) continue;
    next_report_ = current + kSecond;
    ledger_.report().elapsed = current;
    if (progress_) progress_(ledger_.report());
  }
  const Nanos end = now();
  for (const Connection &connection : connections_)
    if (connection.state == State::busy) ledger_.unfinished(connection.due, end);
  ledger_.finish(end);
  Report report = std::move(ledger_.report());
  report.elapsed = end;
  report.cpu_percent =
      static_cast<int>((clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu) * 100 / std::max<Nanos>(end, 1));
  return report;
}

} // namespace

Report run(const Target &target, const Plan &plan, const Progress &progress) {
  return Generator(target, plan, progress).run();
}

} // namespace hello::load
