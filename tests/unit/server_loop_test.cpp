#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/engine/listener.h"
#include "server/engine/loop.h"
#include "support/eventually.h"

using namespace hello;
using namespace hello::server;
using namespace std::chrono_literals;
using hello::tests::eventually;

namespace {
/// Answers with the path. The request for /wait keeps its loop in the handler until release().
class Echo : public Handler {
public:
  void handle(const Request &request, std::string &out) noexcept override {
    out.append(request.path).append(request.keep_alive ? "\n" : " close\n");
    if (request.path == "/big") out.append(kBigBytes, 'x');
    if (request.path == "/some") out.append(kSomeBytes, 'x').append("\n");
    if (request.path == "/wait") {
      waiting = true;
      released.wait(false);
    }
    const std::lock_guard lock(mutex_);
    paths_.emplace_back(request.path);
  }
  void refuse(const Refusal &refusal, Content content, const sys::Address &,
              std::string &out) noexcept override {
    out.append(std::to_string(refusal.status)).append(" ").append(refusal.reason);
    out.append(content == Content::omitted ? " head\n" : "\n");
  }
  void flush() noexcept override { ++rounds; }

  void release() {
    released = true;
    released.notify_all();
  }
  std::vector<std::string> paths() {
    const std::lock_guard lock(mutex_);
    return paths_;
  }
  static constexpr std::size_t kBigBytes = 8 << 20, kSomeBytes = 64 << 10;
  std::atomic<bool> waiting{false}, released{false};
  std::atomic<int> rounds{0};

private:
  std::mutex mutex_;
  std::vector<std::string> paths_; ///< in the order in which they were handled
};

struct Setup {
  std::size_t max_connections = 100;
  unsigned loops = 1;
  // By default no time limit ends anything within a test.
  std::chrono::milliseconds head_and_body = 60s, write = 60s, linger = 60s;
};

/// Loops with an address each, so that a client can choose its loop.
struct Service {
  explicit Service(const Setup &setup = {}) {
    group.max_connections = setup.max_connections;
    LoopConfig config;
    config.timeouts = {60s, setup.head_and_body, setup.head_and_body, setup.write, setup.linger};
    config.group = &group;
    for (unsigned n = 0; n < setup.loops; ++n) {
      addresses.push_back(sys::parse_address("127.0.0.1:0", "test"));
      auto listener = std::move(listen_on(addresses.back(), 1).front());
      loops.push_back(
          std::make_unique<Loop>(std::move(listener), config, handlers[n], statuses[n]));
    }
    for (auto &each : loops) threads.emplace_back([loop = each.get()] { loop->run(); });
  }
  ~Service() {
    for (auto &handler : handlers) handler.release();
    for (auto &each : loops) each->enter(Phase::stopped);
    for (auto &thread : threads) thread.join();
  }
  sys::Fd client(unsigned loop = 0, int receive_buffer = 0) {
    const sys::Address &address = addresses[loop];
    sys::Fd fd(::socket(AF_INET, SOCK_STREAM, 0));
    if (receive_buffer)
      ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    timeval limit{60, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    REQUIRE(::connect(fd.get(), &address.any, address.size()) == 0);
    return fd;
  }
  /// A client whose request keeps `loop` in its handler until the handler is released.
  sys::Fd blocking_client(unsigned loop = 0);

  std::array<Echo, 2> handlers;
  std::array<LoopStatus, 2> statuses;
  LoopGroup group;
  std::vector<sys::Address> addresses;
  std::vector<std::unique_ptr<Loop>> loops;
  std::vector<std::thread> threads;
};

void say(const sys::Fd &fd, std::string_view text) {
  REQUIRE(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(text.size()));
}

std::string get(const std::string &path) { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"; }

/// One line; "" if the server closed.
std::string line(const sys::Fd &fd) {
  std::string text;
  for (char c; true; text += c) {
    const ssize_t n = ::recv(fd.get(), &c, 1, 0);
    if (n < 0 && errno == EAGAIN) return text + "(timed out)";
    if (n <= 0) return text;
    if (c == '\n') return text + c;
  }
}

/// Whether the rest of a response to /some follows.
bool some(const sys::Fd &fd) {
  std::string text(Echo::kSomeBytes + 1, '\0');
  const ssize_t n = ::recv(fd.get(), text.data(), text.size(), MSG_WAITALL);
  return n == static_cast<ssize_t>(text.size()) && text.ends_with("x\n");
}

std::string ask(const sys::Fd &fd, const std::string &path) {
  say(fd, get(path));
  return line(fd);
}

sys::Fd Service::blocking_client(unsigned loop) {
  auto c = client(loop);
  say(c, get("/wait"));
  REQUIRE(eventually([&] { return handlers[loop].waiting.load(); }));
  return c;
}

/// Deadlines are compared by milliseconds: what comes later must differ by one.
void next_millisecond() { std::this_thread::sleep_for(2ms); }
} // namespace

TEST_CASE("loop: pipelined requests are answered in order, also if one arrives in pieces") {
  Service service;
  auto c = service.client();
  say(c, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HT");
  CHECK(line(c) == "/1\n");
  CHECK(line(c) == "/2\n");
  say(c, "TP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line(c) == "/3\n");
}

TEST_CASE("loop: at the connection limit, a new connection evicts the longest-idle one") {
  Service service({.max_connections = 2});
  auto first = service.client();
  CHECK(ask(first, "/1") == "/1\n");
  auto second = service.client();
  CHECK(ask(second, "/2") == "/2\n");
  auto third = service.client();
  CHECK(ask(third, "/3") == "/3\n");
  CHECK(line(first).empty());
  CHECK(ask(second, "/4") == "/4\n");
}

TEST_CASE("loop: at the connection limit, the longest-idle one is evicted from whichever loop") {
  Service service({.max_connections = 3, .loops = 2});
  auto oldest = service.client(0), later = service.client(0);
  CHECK(ask(oldest, "/x") == "/x\n");
  next_millisecond();
  CHECK(ask(later, "/x") == "/x\n");
  next_millisecond();
  auto third = service.client(1);
  CHECK(ask(third, "/x") == "/x\n");
  next_millisecond();
  auto fourth = service.client(1); // its own loop has an idle connection, but a younger one
  CHECK(ask(fourth, "/x") == "/x\n");
  CHECK(line(oldest).empty());
  CHECK(ask(later, "/x") == "/x\n");
  CHECK(ask(third, "/x") == "/x\n");
  CHECK(ask(fourth, "/x") == "/x\n");
  CHECK(eventually([&] { return service.group.connections == 3; }));
}

TEST_CASE("loop: many new connections at the limit evict idle ones of another loop, not each "
          "other") {
  Service service({.max_connections = 5, .loops = 2});
  std::vector<sys::Fd> idle, fresh;
  for (int i = 0; i < 4; ++i) {
    idle.push_back(service.client(0));
    CHECK(ask(idle.back(), "/x") == "/x\n");
  }
  next_millisecond();
  auto busy = service.blocking_client(1);
  for (int i = 0; i < 4; ++i) {
    fresh.push_back(service.client(1));
    say(fresh.back(), get("/y"));
  }
  service.handlers[1].release();
  CHECK(line(busy) == "/wait\n");
  for (auto &c : fresh) CHECK(line(c) == "/y\n");
  for (auto &c : idle) CHECK(line(c).empty());
}

TEST_CASE("loop: while another loop is slow to evict, few connections are accepted beyond the "
          "limit, and the others wait") {
  Service service({.max_connections = 60, .loops = 2});
  std::vector<sys::Fd> idle, fresh;
  for (int i = 0; i < 59; ++i) {
    idle.push_back(service.client(0));
    CHECK(ask(idle.back(), "/x") == "/x\n");
  }
  auto busy = service.blocking_client(0);
  for (int i = 0; i < 40; ++i) {
    fresh.push_back(service.client(1));
    say(fresh.back(), get("/y"));
  }
  CHECK(eventually([&] { return service.group.connections >= 60 + 16; }));
  const int rounds = service.handlers[1].rounds;
  CHECK(eventually([&] { return service.handlers[1].rounds >= rounds + 5; }));
  CHECK(service.group.connections == 60 + 16);
  service.handlers[0].release();
  for (auto &c : fresh) CHECK(line(c) == "/y\n");
  CHECK(line(busy) == "/wait\n");
  for (int i = 0; i < 40; ++i) CHECK(line(idle[static_cast<std::size_t>(i)]).empty());
  CHECK(eventually([&] { return service.group.connections == 60; }));
}

TEST_CASE("loop: a new connection's request is read before another one can evict it") {
  Service service({.max_connections = 8});
  auto busy = service.blocking_client();
  std::vector<sys::Fd> fresh;
  for (int i = 0; i < 40; ++i) {
    fresh.push_back(service.client());
    say(fresh.back(), get("/y"));
  }
  service.handlers[0].release();
  CHECK(line(busy) == "/wait\n");
  for (auto &c : fresh) CHECK(line(c) == "/y\n");
}

TEST_CASE("loop: a connection is closed even if a forked process keeps its socket open") {
  Service service;
  auto first = service.client();
  CHECK(ask(first, "/1") == "/1\n");
  sockaddr_in here{}, there{};
  socklen_t size = sizeof here;
  ::getsockname(first.get(), reinterpret_cast<sockaddr *>(&here), &size);
  sys::Fd held;
  for (int fd = 3; fd < 1024 && !held; ++fd)
    if (size = sizeof there; ::getpeername(fd, reinterpret_cast<sockaddr *>(&there), &size) == 0 &&
                             there.sin_port == here.sin_port && fd != first.get())
      held = sys::Fd(static_cast<int>(
          ::syscall(SYS_dup, fd))); // not dup(), which the thread sanitizer reports as a race
  REQUIRE(held);
  first.reset();
  CHECK(eventually([&] { return service.group.connections == 0; }));
  // An event of the first connection would use freed memory, which the address sanitizer reports.
  auto second = service.client();
  CHECK(ask(second, "/2") == "/2\n");
}

TEST_CASE("loop: an incomplete head or body is answered with 408 at its deadline") {
  Service service({.head_and_body = 50ms});
  auto head = service.client(), body = service.client();
  say(head, "GET / HT");
  say(body, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na");
  CHECK(line(head) == "408 header_timeout\n");
  CHECK(line(body) == "408 body_timeout\n");
  CHECK(line(head).empty());
}

TEST_CASE("loop: the refusal of a HEAD request has no content, whenever it is refused") {
  Service service({.head_and_body = 50ms});
  const std::string begin = " / HTTP/1.1\r\nHost: a\r\n",
                    chunked = begin + "Transfer-Encoding: chunked\r\n\r\n";
  const std::pair<std::string, std::string> cases[] = {{begin + "X\r\n\r\n", "400 bad_header"},
                                                       {begin + "Host: a\r\n\r\n", "400 bad_host"},
                                                       {" /\n", "400 bare_lf"},
                                                       {" / HTTP/2.0\r\n", "505 version"},
                                                       {chunked + "x\r\n", "400 bad_chunk"},
                                                       {chunked + "1\r\n", "408 body_timeout"},
                                                       {" / HT", "408 header_timeout"}};
  for (const auto &[what, reason] : cases) {
    auto head = service.client(), get = service.client();
    say(head, "\r\nGET" + begin + "\r\nHEAD" + what);
    say(get, "HEAD" + begin + "\r\nGET" + what);
    CHECK(line(head) == "/\n");
    CHECK(line(head) == reason + " head\n");
    CHECK(line(get) == "/\n");
    CHECK(line(get) == reason + "\n");
  }
}

TEST_CASE("loop: a client that does not read costs one response's memory, and is closed") {
  Service service({.write = 300ms});
  auto c = service.client();
  std::string requests;
  for (int i = 0; i < 50; ++i) requests += get("/big");
  say(c, requests);
  std::size_t most_buffered = 0;
  CHECK(eventually([&] {
    most_buffered = std::max(most_buffered, service.group.buffered_bytes.load());
    return service.statuses[0].timed_out == 1;
  }));
  CHECK(most_buffered < Echo::kBigBytes + (1 << 20));
  CHECK(service.handlers[0].paths().size() == 1);
  CHECK(service.group.connections == 0);
  CHECK(service.group.buffered_bytes == 0);
}

TEST_CASE("loop: a long pipeline is answered in batches, and other clients get their turn") {
  Service service;
  auto busy = service.blocking_client();
  auto pipeline = service.client(0, 4 << 20), other = service.client();
  std::string many;
  for (int i = 0; i < 40; ++i) many += get("/some");
  say(pipeline, many);
  say(other, get("/other"));
  service.handlers[0].release();
  CHECK(line(other) == "/other\n");
  for (int i = 0; i < 40; ++i) {
    REQUIRE(line(pipeline) == "/some\n");
    REQUIRE(some(pipeline));
  }
  const auto paths = service.handlers[0].paths();
  const auto before_other = std::find(paths.begin(), paths.end(), "/other") - paths.begin();
  CHECK(before_other < 1 + 10); // /wait and one batch of 256 KiB
}

TEST_CASE("loop: input after a refused request does not cost the client its responses") {
  Service service;
  auto c = service.client(0, 4096);
  say(c, get("/some") + "BAD\r\n\r\n");
  CHECK(eventually([&] { return service.statuses[0].closing == 1; }));
  say(c, "more");
  ::shutdown(c.get(), SHUT_WR);
  CHECK(eventually([&] { return service.group.connections == 0; }));
  CHECK(line(c) == "/some\n");
  CHECK(some(c));
  CHECK(line(c) == "400 bad_request_line\n");
}

TEST_CASE("loop: beyond the limit of buffered bytes, the connections nearest their deadline are "
          "closed") {
  Service service({.loops = 2}); // a loop may use what the other one does not
  service.group.max_buffered_bytes = 40'000;
  const std::string half = "GET /x HTTP/1.1\r\nHost: a\r\nX: " + std::string(15'000, 'x');
  auto idle = service.client(), first = service.client();
  CHECK(ask(idle, "/1") == "/1\n");
  say(first, half);
  CHECK(eventually([&] { return service.statuses[0].reading == 1; }));
  auto second = service.client();
  say(second, half);
  CHECK(eventually([&] { return service.statuses[0].reading == 2; }));
  auto third = service.client();
  say(third, half);
  CHECK(line(first).empty());
  for (auto *c : {&second, &third}) {
    say(*c, "\r\n\r\n");
    CHECK(line(*c) == "/x\n");
  }
  CHECK(ask(idle, "/2") == "/2\n");
  CHECK(service.statuses[0].evicted == 1);
}

TEST_CASE("loop: its heartbeat starts before the first connection") {
  Service service;
  CHECK(eventually([&] { return service.statuses[0].heartbeat_ms != 0; }));
}

TEST_CASE("status: a loop without a heartbeat for more than 15 seconds is stuck") {
  Status status(2);
  const std::chrono::steady_clock::time_point now(1h);
  const auto ago = [](std::chrono::milliseconds age) {
    return std::chrono::milliseconds(1h - age).count();
  };
  CHECK(status.stuck(now).empty()); // before the first heartbeats
  for (unsigned n = 0; n < 3; ++n) status.loop(n).heartbeat_ms = ago(15s);
  CHECK(status.stuck(now).empty());
  status.loop(1).heartbeat_ms = ago(15'001ms);
  CHECK(status.stuck(now) == "loop 1");
  status.loop(1).heartbeat_ms = ago(0s);
  status.loop(2).heartbeat_ms = ago(15'001ms);
  CHECK(status.stuck(now) == "admin loop");
}

TEST_CASE("loop: draining says close; closing serves what has begun, then ends") {
  Service service;
  auto busy = service.client(), idle = service.client();
  CHECK(ask(idle, "/idle") == "/idle\n");
  say(busy, "GET /busy HT");
  service.loops[0]->enter(Phase::draining);
  CHECK(eventually([&] {
    auto late = service.client();
    return ask(late, "/late") == "/late close\n" && line(late).empty();
  }));
  service.loops[0]->enter(Phase::closing);
  CHECK(line(idle).empty());
  CHECK(!service.loops[0]->ended());
  say(busy, "TP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line(busy) == "/busy close\n");
  CHECK(line(busy).empty());
  busy.reset();
  CHECK(eventually([&] { return service.loops[0]->ended(); }));
}
