#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/engine/listener.h"
#include "server/engine/loop.h"

using namespace hello;
using namespace hello::server;
using namespace std::chrono_literals;

namespace {
/// Answers with what it was asked.
class Echo : public Handler {
public:
  void handle(const Request &request, std::string &out) noexcept override {
    out.append(request.path).append(request.keep_alive ? "\n" : " close\n");
    if (request.path == "/big") out.append(8 << 20, 'x');
    if (request.path == "/some") out.append(64 << 10, 'x').append("\n");
    if (request.path == "/wait") std::this_thread::sleep_for(300ms);
  }
  void refuse(const Refusal &refusal, Content content, const sys::Address &,
              std::string &out) noexcept override {
    out.append(std::to_string(refusal.status)).append(" ").append(refusal.reason);
    out.append(content == Content::omitted ? " head\n" : "\n");
  }
  void flush() noexcept override { ++rounds; }
  std::atomic<int> rounds{0};
};

/// A loop, or several with an address each, so that a client can say whose it is.
struct Service {
  explicit Service(std::size_t max_connections = 100, std::chrono::milliseconds wait = 5s,
                   unsigned count = 1) {
    group.max_connections = max_connections;
    LoopConfig config;
    config.timeouts = {wait, wait, wait, wait, 100ms};
    config.group = &group;
    for (unsigned n = 0; n < count; ++n) {
      addresses.push_back(sys::parse_address("127.0.0.1:0", "test"));
      auto listener = std::move(listen_on(addresses.back(), 1).front());
      loops.push_back(
          std::make_unique<Loop>(std::move(listener), config, handlers[n], statuses[n]));
    }
    for (auto &each : loops) threads.emplace_back([loop = each.get()] { loop->run(); });
  }
  ~Service() {
    for (auto &each : loops) each->enter(Phase::stopped);
    for (auto &thread : threads) thread.join();
  }
  sys::Fd client(unsigned of = 0, int room = 0) {
    const sys::Address &address = addresses[of];
    sys::Fd fd(::socket(AF_INET, SOCK_STREAM, 0));
    if (room) ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    timeval patience{5, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    REQUIRE(::connect(fd.get(), &address.any, address.size()) == 0);
    return fd;
  }
  std::array<Echo, 2> handlers;
  std::array<LoopStatus, 2> statuses;
  LoopGroup group;
  std::vector<sys::Address> addresses;
  std::vector<std::unique_ptr<Loop>> loops;
  std::vector<std::thread> threads;
};

void say(const sys::Fd &fd, std::string_view text) {
  REQUIRE(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) > 0);
}

/// One line; "" where the server closed.
std::string line(const sys::Fd &fd) {
  std::string text;
  for (char c; ::recv(fd.get(), &c, 1, 0) == 1; text += c)
    if (c == '\n') return text + c;
  return text;
}
} // namespace

TEST_CASE("loop: answers come in the order of the requests, and a piece more makes the next") {
  Service service;
  auto c = service.client();
  say(c, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HT");
  CHECK(line(c) == "/1\n");
  CHECK(line(c) == "/2\n");
  say(c, "TP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line(c) == "/3\n");
}

TEST_CASE("loop: at the cap the longest idle one goes") {
  Service service(2);
  auto first = service.client();
  say(first, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line(first) == "/1\n");
  auto second = service.client();
  say(second, "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line(second) == "/2\n");
  auto third = service.client();
  say(third, "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line(third) == "/3\n");
  CHECK(line(first).empty());
  say(second, "GET /4 HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line(second) == "/4\n");
}

TEST_CASE("loop: at the cap the longest idle one goes, whichever loop has it") {
  Service service(3, 5s, 2);
  const auto ask = [](const sys::Fd &c) {
    return say(c, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"), line(c);
  };
  auto oldest = service.client(0), later = service.client(0);
  CHECK(ask(oldest) == "/x\n");
  std::this_thread::sleep_for(5ms); // they are told apart by milliseconds
  CHECK(ask(later) == "/x\n");
  std::this_thread::sleep_for(5ms);
  auto third = service.client(1);
  CHECK(ask(third) == "/x\n");
  std::this_thread::sleep_for(5ms);
  auto fourth = service.client(1); // its own loop has one idle, of less age
  CHECK(ask(fourth) == "/x\n");
  CHECK(line(oldest).empty());
  CHECK(ask(later) == "/x\n");
  CHECK(ask(third) == "/x\n");
  CHECK(ask(fourth) == "/x\n");
  while (service.group.connections > 3) std::this_thread::sleep_for(1ms);
}

TEST_CASE("loop: newcomers at once, at the cap, take the place of another loop's idle ones, not "
          "each other's") {
  Service service(5, 5s, 2);
  std::vector<sys::Fd> idle, fresh;
  for (int i = 0; i < 4; ++i) {
    idle.push_back(service.client(0));
    say(idle.back(), "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(line(idle.back()) == "/x\n");
  }
  auto busy = service.client(1);
  say(busy, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n"); // its loop is away while they come
  std::this_thread::sleep_for(50ms);
  for (int i = 0; i < 4; ++i) {
    fresh.push_back(service.client(1));
    say(fresh.back(), "GET /y HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  CHECK(line(busy) == "/wait\n");
  for (auto &c : fresh) CHECK(line(c) == "/y\n");
  for (auto &c : idle) CHECK(line(c).empty());
}

TEST_CASE(
    "loop: while another loop is slow to make room, newcomers wait: few are let in past the cap") {
  Service service(60, 5s, 2);
  std::vector<sys::Fd> idle, fresh;
  for (int i = 0; i < 59; ++i) {
    idle.push_back(service.client(0));
    say(idle.back(), "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(line(idle.back()) == "/x\n");
  }
  auto busy = service.client(0);
  say(busy, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  std::this_thread::sleep_for(50ms);
  for (int i = 0; i < 40; ++i) {
    fresh.push_back(service.client(1));
    say(fresh.back(), "GET /y HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  std::this_thread::sleep_for(100ms);
  CHECK(service.group.connections < 60 + 20);
  for (auto &c : fresh) CHECK(line(c) == "/y\n");
  CHECK(line(busy) == "/wait\n");
  for (int i = 0; i < 40; ++i) CHECK(line(idle[static_cast<std::size_t>(i)]).empty());
  while (service.group.connections > 60) std::this_thread::sleep_for(1ms);
  CHECK(service.group.connections == 60);
}

TEST_CASE("loop: newcomers are heard before others take their place") {
  Service service(8);
  auto busy = service.client();
  say(busy, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n"); // its loop is away while they come
  std::this_thread::sleep_for(50ms);
  std::vector<sys::Fd> fresh;
  for (int i = 0; i < 40; ++i) {
    fresh.push_back(service.client());
    say(fresh.back(), "GET /y HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  CHECK(line(busy) == "/wait\n");
  for (auto &c : fresh) CHECK(line(c) == "/y\n");
}

TEST_CASE("loop: a connection whose description a fork holds open is gone all the same") {
  Service service;
  auto first = service.client();
  say(first, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line(first) == "/1\n");
  sockaddr_in here{}, there{};
  socklen_t size = sizeof here;
  ::getsockname(first.get(), reinterpret_cast<sockaddr *>(&here), &size);
  sys::Fd held;
  for (int fd = 3; fd < 1024 && !held; ++fd)
    if (size = sizeof there; ::getpeername(fd, reinterpret_cast<sockaddr *>(&there), &size) == 0 &&
                             there.sin_port == here.sin_port && fd != first.get())
      held = sys::Fd(static_cast<int>(
          ::syscall(SYS_dup, fd))); // not dup(): to the thread sanitizer that is a race
  REQUIRE(held);
  first.reset();
  while (service.group.connections > 0) std::this_thread::sleep_for(1ms);
  auto second =
      service.client(); // with an event of the first there, the address sanitizer would tell
  say(second, "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line(second) == "/2\n");
}

TEST_CASE("loop: half a head and half a body are told when their time is over") {
  Service service(100, 50ms);
  auto head = service.client(), body = service.client();
  say(head, "GET / HT");
  say(body, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na");
  CHECK(line(head) == "408 header_timeout\n");
  CHECK(line(body) == "408 body_timeout\n");
  CHECK(line(head).empty());
}

TEST_CASE(
    "loop: a refusal knows HEAD, whenever it comes; of another request nothing is left over") {
  Service service(100, 300ms);
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

TEST_CASE("loop: who does not read is closed, and costs no more than one answer") {
  Service service(100, 300ms);
  auto c = service.client();
  for (int i = 0; i < 50; ++i) say(c, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  for (int i = 0; i < 1000 && service.statuses[0].timed_out == 0; ++i)
    std::this_thread::sleep_for(10ms);
  CHECK(service.statuses[0].timed_out.load() == 1);
  CHECK(service.group.connections.load() == 0);
}

TEST_CASE(
    "loop: who pipelines a lot is answered a batch in a round, so that others have their turn") {
  Service service;
  auto c = service.client(0, 4 << 20);
  std::string many;
  for (int i = 0; i < 40; ++i) many += "GET /some HTTP/1.1\r\nHost: a\r\n\r\n";
  const int before = service.handlers[0].rounds;
  say(c, many);
  for (int i = 0; i < 40; ++i) {
    REQUIRE(line(c) == "/some\n");
    REQUIRE(line(c).size() == (64 << 10) + 1);
  }
  CHECK(service.handlers[0].rounds - before >= 9); // the last may not be over
}

TEST_CASE("loop: a last word of who ends does not cost it its answer") {
  Service service;
  auto c = service.client(0, 4096);
  say(c, "GET /some HTTP/1.1\r\nHost: a\r\n\r\nBAD\r\n\r\n");
  for (int i = 0; i < 1000 && service.statuses[0].closing == 0; ++i)
    std::this_thread::sleep_for(1ms);
  say(c, "more");
  ::shutdown(c.get(), SHUT_WR);
  std::this_thread::sleep_for(50ms);
  CHECK(line(c) == "/some\n");
  CHECK(line(c).size() == (64 << 10) + 1);
  CHECK(line(c) == "400 bad_request_line\n");
}

TEST_CASE("loop: past what all may keep, those go whose time ends first") {
  Service service(100, 5s, 2); // one may use what the other does not
  service.group.max_buffered_bytes = 40'000;
  const std::string half = "GET /x HTTP/1.1\r\nHost: a\r\nX: " + std::string(15'000, 'x');
  auto idle = service.client(), first = service.client();
  say(idle, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line(idle) == "/1\n");
  say(first, half);
  while (service.statuses[0].reading < 1) std::this_thread::sleep_for(1ms);
  auto second = service.client();
  say(second, half);
  while (service.statuses[0].reading < 2) std::this_thread::sleep_for(1ms);
  auto third = service.client();
  say(third, half);
  CHECK(line(first).empty());
  for (auto *c : {&second, &third}) {
    say(*c, "\r\n\r\n");
    CHECK(line(*c) == "/x\n");
  }
  say(idle, "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line(idle) == "/2\n");
  CHECK(service.statuses[0].evicted == 1);
}

TEST_CASE("loop: a loop that has not come round for long is named, from its beginning on") {
  Service service;
  for (int i = 0; i < 500 && service.statuses[0].heartbeat_ms == 0; ++i)
    std::this_thread::sleep_for(1ms);
  CHECK(service.statuses[0].heartbeat_ms != 0);
  Status status(2);
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::steady_clock::now().time_since_epoch())
                       .count();
  CHECK(status.stuck().empty());
  for (unsigned n = 0; n < 3; ++n) status.loop(n).heartbeat_ms = now - 14'000;
  CHECK(status.stuck().empty());
  status.loop(1).heartbeat_ms = now - 16'000;
  CHECK(status.stuck() == "loop 1");
  status.loop(1).heartbeat_ms = now;
  status.loop(2).heartbeat_ms = now - 16'000;
  CHECK(status.stuck() == "admin loop");
}

TEST_CASE("loop: draining says close; closing serves what is queued, then ends") {
  Service service;
  auto busy = service.client(), idle = service.client();
  say(idle, "GET /idle HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line(idle) == "/idle\n");
  say(busy, "GET /busy HT");
  service.loops[0]->enter(Phase::draining);
  std::this_thread::sleep_for(50ms);
  auto late = service.client();
  say(late, "GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line(late) == "/late close\n");
  CHECK(line(late).empty());
  service.loops[0]->enter(Phase::closing);
  CHECK(line(idle).empty());
  CHECK(!service.loops[0]->ended());
  say(busy, "TP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line(busy) == "/busy close\n");
  CHECK(line(busy).empty());
  busy.reset();
  for (int i = 0; i < 100 && !service.loops[0]->ended(); ++i) std::this_thread::sleep_for(10ms);
  CHECK(service.loops[0]->ended());
}
