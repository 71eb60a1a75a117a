#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/listener.h"
#include "server/loop.h"

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
  }
  void refuse(int status, std::string_view reason, const sockaddr *, std::string &out) noexcept override {
    out.append(std::to_string(status)).append(" ").append(reason).append("\n");
  }
};

struct Service {
  explicit Service(std::size_t most = 100, std::chrono::milliseconds wait = 5s) {
    LoopConfig config;
    config.timeouts = {wait, wait, wait, wait, 100ms};
    config.max_connections = most;
    config.open = &open;
    address = sys::parse_address("127.0.0.1:0", "test");
    loop = std::make_unique<Loop>(std::move(listen_on(address, 1).front()), config, handler, status);
    thread = std::thread([this] { loop->run(); });
  }
  ~Service() {
    loop->enter(Phase::stopped);
    thread.join();
  }
  sys::Fd client() {
    sys::Fd fd(::socket(AF_INET, SOCK_STREAM, 0));
    timeval patience{5, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    REQUIRE(::connect(fd.get(), &address.any, address.size()) == 0);
    return fd;
  }
  Echo handler;
  LoopStatus status;
  std::atomic<std::size_t> open{0};
  sys::Address address;
  std::unique_ptr<Loop> loop;
  std::thread thread;
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
      held = sys::Fd(static_cast<int>(::syscall(SYS_dup, fd))); // not dup(): to the thread sanitizer that is a race
  REQUIRE(held);
  first.reset();
  while (service.open > 0) std::this_thread::sleep_for(1ms);
  auto second = service.client(); // with an event of the first there, the address sanitizer would tell
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

TEST_CASE("loop: who does not read is closed, and costs no more than one answer") {
  Service service(100, 300ms);
  auto c = service.client();
  for (int i = 0; i < 50; ++i) say(c, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  for (int i = 0; i < 1000 && service.status.timed_out == 0; ++i) std::this_thread::sleep_for(10ms);
  CHECK(service.status.timed_out.load() == 1);
  CHECK(service.open.load() == 0);
}

TEST_CASE("loop: draining says close; closing serves what is queued, then ends") {
  Service service;
  auto busy = service.client(), idle = service.client();
  say(idle, "GET /idle HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line(idle) == "/idle\n");
  say(busy, "GET /busy HT");
  service.loop->enter(Phase::draining);
  std::this_thread::sleep_for(50ms);
  auto late = service.client();
  say(late, "GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line(late) == "/late close\n");
  CHECK(line(late).empty());
  service.loop->enter(Phase::closing);
  CHECK(line(idle).empty());
  CHECK(!service.loop->ended());
  say(busy, "TP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line(busy) == "/busy close\n");
  CHECK(line(busy).empty());
  busy.reset();
  for (int i = 0; i < 100 && !service.loop->ended(); ++i) std::this_thread::sleep_for(10ms);
  CHECK(service.loop->ended());
}
