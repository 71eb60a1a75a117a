#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <iterator>
#include <memory>
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
  void handle(const Request &request, std::string &out, SharedBody &shared) noexcept override {
    out.append(request.path).append(request.keep_alive ? "\n" : " close\n");
    if (request.path == "/big") out.append(kBigBytes, 'x');
    if (request.path == "/some") out.append(kSomeBytes, 'x').append("\n");
    if (request.path == "/few") out.append(kFewBytes, 'x');
    if (request.path == "/wait") {
      waiting = true;
      released.wait(false);
    }
    const std::lock_guard lock(mutex_);
    paths_.emplace_back(request.path);
    if (request.path == "/shared") shared = {page_, *page_, 7};
    if (request.path == "/reset") effect.reset = true;
    if (request.path.starts_with("/late")) effect.delay_ms = request.path == "/late" ? 300 : 100;
  }
  void refuse(const Refusal &refusal, Content content, const Request &known,
              std::string &out) noexcept override {
    out.append(std::to_string(refusal.status)).append(" ").append(refusal.reason);
    out.append(content == Content::omitted ? " empty" : "");
    if (!known.method.empty())
      out.append(" ").append(known.method).append(" ").append(known.target);
    for (const Header &header : known.headers)
      if (header.name == "X-Request-Id") out.append(" id=").append(header.value);
    out.append("\n");
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
  std::shared_ptr<const std::string> page_ = std::make_shared<std::string>(kBigBytes, 'x');
  static constexpr std::size_t kBigBytes = 8 << 20, kSomeBytes = 64 << 10, kFewBytes = 24 << 10;
  std::atomic<bool> waiting{false}, released{false};
  std::atomic<int> rounds{0};

private:
  std::mutex mutex_;
  std::vector<std::string> paths_; ///< in the order in which they were handled
};

struct Setup {
  std::size_t max_connections = 100;
  unsigned loops = 1;
  std::size_t budget_bytes = 64 << 20;
  // By default no connection makes room for others.
  Admission admission{.grace = 60s,
                      .least_grace = 60s,
                      .idle = 60s,
                      .least_idle = 60s,
                      .turn = 60s,
                      .turn_requests = 1'000'000};
  // By default no time limit ends anything within a test.
  std::chrono::milliseconds head_and_body = 60s, write = 60s, linger = 60s;
};

/// Loops with an address each, so that a client can choose its loop.
struct Service {
  explicit Service(const Setup &setup = {}) : budget(setup.budget_bytes) {
    group.max_connections = setup.max_connections;
    group.budget = &budget;
    group.admission = setup.admission;
    LoopConfig config;
    config.timeouts = {60s,         60s, setup.head_and_body, setup.head_and_body,
                       setup.write, 0s,  setup.linger};
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
  /// Connections of a loop, as of its last round.
  std::int64_t open(unsigned loop = 0) const {
    const LoopStatus &status = statuses[loop];
    return status.idle + status.reading + status.writing + status.closing;
  }
  /// A client whose request keeps `loop` in its handler until the handler is released.
  sys::Fd blocking_client(unsigned loop = 0);

  std::array<Echo, 2> handlers;
  std::array<LoopStatus, 2> statuses;
  Budget budget;
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

TEST_CASE("loop: at the limit, new connections wait until a place is free") {
  Service service({.max_connections = 2});
  auto first = service.client(), second = service.client();
  CHECK(ask(first, "/1") == "/1\n");
  CHECK(ask(second, "/2") == "/2\n");
  auto third = service.client();
  say(third, get("/3"));
  CHECK(ask(first, "/1") == "/1\n"); // it keeps its place
  CHECK(service.open() == 2);
  second.reset();
  CHECK(line(third) == "/3\n");
  CHECK(ask(first, "/1") == "/1\n");
  CHECK(service.statuses[0].evicted == 0);
}

TEST_CASE("loop: the places are shared out among the loops") {
  Service service({.max_connections = 3, .loops = 2});
  std::vector<sys::Fd> clients;
  for (unsigned loop : {0, 0, 0, 1, 1}) {
    clients.push_back(service.client(loop));
    say(clients.back(), get("/x"));
  }
  for (std::size_t n : {0, 1, 3}) CHECK(line(clients[n]) == "/x\n");
  CHECK(eventually([&] { return service.open(0) == 2 && service.open(1) == 1; }));
  clients[0].reset();
  CHECK(line(clients[2]) == "/x\n");
  clients[3].reset();
  CHECK(line(clients[4]) == "/x\n");
}

TEST_CASE("loop: while others wait, connections make room in order: without a request, lingering, "
          "slow, idle") {
  Service service({.max_connections = 5,
                   .admission = {.grace = 1ms,
                                 .least_grace = 1ms,
                                 .idle = 1ms,
                                 .least_idle = 1ms,
                                 .turn = 60s,
                                 .turn_requests = 1'000'000}});
  auto idle = service.client(), lingering = service.client(), slow = service.client(),
       head = service.client();
  CHECK(ask(idle, "/idle") == "/idle\n");
  say(lingering, "BAD\r\n\r\n");
  CHECK(line(lingering) == "400 bad_request_line\n");
  say(slow, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
  say(head, "GET / HT");
  CHECK(eventually([&] { return service.open() == 4 && service.statuses[0].reading == 2; }));
  next_millisecond();
  auto fresh = service.client(); // younger than the half head, so it goes after it
  CHECK(eventually([&] { return service.open() == 5; }));
  const sys::Fd *const order[] = {&head, &fresh, &lingering, &slow, &idle};
  std::vector<sys::Fd> newcomers; // idle too once they are served, but not as long as the first
  for (std::size_t n = 0; n < std::size(order); ++n) {
    newcomers.push_back(service.client());
    CHECK(ask(newcomers.back(), "/new") == "/new\n");
    CHECK(eventually([&] { return service.statuses[0].evicted == n + 1; }));
    for (std::size_t i = 0; i < std::size(order); ++i) {
      char byte;
      const bool is_open =
          ::recv(order[i]->get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
      CHECK(is_open == (i > n && order[i] != &lingering)); // that one has had its end before
    }
  }
}

TEST_CASE("loop: nobody waits, so nobody is evicted, however slow") {
  Service service({.max_connections = 3,
                   .admission = {.grace = 1ms,
                                 .least_grace = 1ms,
                                 .idle = 1ms,
                                 .least_idle = 1ms,
                                 .turn = 1ms,
                                 .turn_requests = 1}});
  auto fresh = service.client(), head = service.client(), idle = service.client();
  say(head, "GET /head HT");
  CHECK(ask(idle, "/idle") == "/idle\n");
  std::this_thread::sleep_for(50ms);
  say(head, "TP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line(head) == "/head\n");
  CHECK(ask(fresh, "/fresh") == "/fresh\n");
  CHECK(ask(idle, "/idle") == "/idle\n");
  CHECK(service.statuses[0].evicted == 0);
}

TEST_CASE("loop: a busy connection is asked to close after its turn, while others wait") {
  Service service({.max_connections = 1,
                   .admission = {.grace = 60s,
                                 .least_grace = 60s,
                                 .idle = 60s,
                                 .least_idle = 60s,
                                 .turn = 60s,
                                 .turn_requests = 5}});
  auto busy = service.client();
  for (int i = 0; i < 10; ++i) CHECK(ask(busy, "/x") == "/x\n");
  auto newcomer = service.client();
  say(newcomer, get("/new"));
  // The loop looks at the queue between two requests.
  CHECK(eventually([&] { return ask(busy, "/x") == "/x close\n"; }));
  CHECK(line(busy).empty());
  busy.reset();
  CHECK(line(newcomer) == "/new\n");
}

TEST_CASE("loop: what waits past the limit is served before the listener closes") {
  Service service({.max_connections = 1});
  auto first = service.client();
  CHECK(ask(first, "/1") == "/1\n");
  std::vector<sys::Fd> waiting;
  for (int i = 0; i < 20; ++i) {
    waiting.push_back(service.client());
    say(waiting.back(), get("/x"));
  }
  service.loops[0]->enter(Phase::closing);
  for (auto &c : waiting) CHECK(line(c) == "/x close\n");
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
  CHECK(eventually([&] { return service.open() == 0; }));
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
  CHECK(line(body) == "408 body_timeout POST /\n");
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
    CHECK(line(head).starts_with(reason + " empty"));
    CHECK(line(get) == "/\n");
    const std::string refused = line(get);
    CHECK(refused.starts_with(reason));
    CHECK(refused.find(" empty") == std::string::npos);
  }
}

TEST_CASE("loop: a refusal knows of the request what was parsed") {
  Service service({.head_and_body = 50ms});
  const std::string head = "POST /a?b HTTP/1.1\r\nX-Request-Id: r-1\r\n";
  const std::pair<std::string, std::string> cases[] = {
      {head + "\r\n", "400 no_host POST /a?b id=r-1\n"},
      {head + "Host: a\r\nContent-Length: 99999999\r\n\r\n",
       "413 body_too_long POST /a?b id=r-1\n"},
      {head + "Host: a\r\nContent-Length: 3\r\n\r\nab", "408 body_timeout POST /a?b id=r-1\n"},
      {head + "Host: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
       "400 bad_chunk POST /a?b id=r-1\n"},
      {head + "bad line\r\n\r\n", "400 bad_header POST /a?b id=r-1\n"},
      {head, "408 header_timeout POST /a?b\n"},
      {"FROB / HTTP/1.1\r\n", "501 unknown_method FROB /\n"},
      {"POST /a", "408 header_timeout\n"},
      {"PO(T /a b c\r\n", "400 bad_request_line\n"}};
  for (const auto &[bytes, refusal] : cases) {
    auto client = service.client();
    say(client, bytes);
    CHECK(line(client) == refusal);
  }
}

TEST_CASE("loop: a client that does not read costs one response's memory, and is closed") {
  Service service({.write = 300ms});
  auto c = service.client();
  std::string requests;
  for (int i = 0; i < 50; ++i) requests += get("/big");
  say(c, requests);
  std::size_t most = 0;
  CHECK(eventually([&] {
    most = std::max(most, service.budget.charged_bytes());
    return service.statuses[0].timed_out == 1;
  }));
  CHECK(most > Echo::kBigBytes / 2);
  CHECK(most < Echo::kBigBytes + (1 << 20));
  CHECK(service.handlers[0].paths().size() == 1);
  CHECK(service.open() == 0);
  CHECK(service.budget.charged_bytes() == 0);
}

TEST_CASE("loop: a shared body is sent whole, and costs no copy") {
  Service service;
  auto deaf = service.client(), reader = service.client();
  say(deaf, get("/shared") + get("/shared"));
  CHECK(eventually([&] { return service.statuses[0].writing == 1; }));
  CHECK(service.budget.charged_bytes() < 2 * (kWritingPrice + kIdlePrice));
  CHECK(service.handlers[0].paths().size() == 1); // the next request waits until the body is sent
  say(reader, get("/shared") + get("/next"));
  for (sys::Fd *fd : {&reader, &deaf}) {
    CHECK(line(*fd) == "/shared\n");
    std::string body(Echo::kBigBytes, '\0');
    CHECK(::recv(fd->get(), body.data(), body.size(), MSG_WAITALL) ==
          static_cast<ssize_t>(body.size()));
    CHECK(body == *service.handlers[0].page_);
  }
  CHECK(line(reader) == "/next\n");
  CHECK(line(deaf) == "/shared\n");
}

TEST_CASE("loop: a client that asked to close and does not read keeps its place, and is cut off") {
  Service service({.linger = 200ms});
  auto deaf = service.client(0, 1);
  say(deaf, "GET /few HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(eventually([&] { return service.statuses[0].closing == 1; }));
  CHECK(eventually([&] { return service.open() == 0; }));
  std::string got(2 * Echo::kFewBytes, '\0');
  CHECK(::recv(deaf.get(), got.data(), got.size(), MSG_WAITALL) <
        static_cast<ssize_t>(Echo::kFewBytes)); // the kernel has dropped the rest
}

TEST_CASE("loop: connections that still send a dropped version of the page are closed") {
  Service service;
  auto deaf = service.client();
  say(deaf, get("/shared")); // version 7
  CHECK(eventually([&] { return service.statuses[0].writing == 1; }));
  service.loops[0]->drop_versions_before(7);
  auto other = service.client();
  CHECK(ask(other, "/x") == "/x\n");
  CHECK(service.statuses[0].writing == 1);
  service.loops[0]->drop_versions_before(8);
  CHECK(eventually([&] { return service.statuses[0].evicted_for_memory == 1; }));
  CHECK(service.handlers[0].page_.use_count() == 1);
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
  CHECK(before_other < 1 + 10); // /wait and one batch of 64 KiB
}

TEST_CASE("loop: input after a refused request does not cost the client its responses") {
  Service service;
  auto c = service.client(0, 4096);
  say(c, get("/some") + "BAD\r\n\r\n");
  CHECK(eventually([&] { return service.statuses[0].closing == 1; }));
  say(c, "more");
  ::shutdown(c.get(), SHUT_WR);
  CHECK(eventually([&] { return service.open() == 0; }));
  CHECK(line(c) == "/some\n");
  CHECK(some(c));
  CHECK(line(c) == "400 bad_request_line\n");
}

TEST_CASE(
    "loop: without memory for a newcomer, slow connections are closed, and others are served") {
  constexpr std::size_t kWriters = 4;
  Service service({.loops = 2, // a loop may use what the other one does not
                   .budget_bytes = kWriters * (kWritingPrice + 2 * kIdlePrice),
                   .admission = {.grace = 1ms,
                                 .least_grace = 1ms,
                                 .idle = 60s,
                                 .least_idle = 60s,
                                 .turn = 60s,
                                 .turn_requests = 1'000'000}});
  auto idle = service.client();
  CHECK(ask(idle, "/1") == "/1\n");
  std::vector<sys::Fd> deaf;
  for (std::size_t n = 0; n < 2 * kWriters; ++n) {
    deaf.push_back(service.client());
    say(deaf.back(), get("/shared"));
    CHECK(eventually([&] { return service.handlers[0].paths().size() == n + 2; }));
    next_millisecond();
  }
  CHECK(eventually([&] { return service.statuses[0].evicted_for_memory == kWriters; }));
  CHECK_FALSE(service.budget.is_exceeded());
  CHECK(service.statuses[0].writing == kWriters);
  CHECK(ask(idle, "/2") == "/2\n");
}

TEST_CASE("loop: unread responses in the kernel's buffers are charged") {
  Service service({.budget_bytes = 192 << 10}); // small, so that it looks often
  auto deaf = service.client(0, 1);
  say(deaf, get("/few")); // the kernel takes all of it, and cannot send it
  CHECK(eventually([&] { return service.handlers[0].paths().size() == 1; }));
  CHECK(eventually(
      [&] { return service.budget.charged_bytes() > kIdlePrice + Echo::kFewBytes / 2; }));
  CHECK(eventually([&] { return service.statuses[0].idle == 1; }));
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
  const Status::Moment never;
  CHECK(status.stuck(now, never).empty()); // before the first heartbeats
  for (unsigned n = 0; n < 2; ++n) status.loop(n).heartbeat_ms = ago(15s);
  CHECK(status.stuck(now, never).empty());
  status.loop(1).heartbeat_ms = ago(15'001ms);
  CHECK(status.stuck(now, never) == "loop 1");
}

TEST_CASE("status: after a pause of the whole process, no loop and no check is late at once") {
  Status status(1);
  status.set_phase(Phase::ready);
  const Status::Moment begun(1h), resumed = begun + 10min;
  status.loop(0).heartbeat_ms = std::chrono::milliseconds(1h).count();
  status.set_temp_check(0, begun);
  CHECK(status.unready(resumed, Status::Moment()) == "temp-directory: does not answer");
  for (const auto after : {0s, 15s}) {
    CHECK(status.stuck(resumed + after, resumed).empty());
    CHECK(status.unready(resumed + after, resumed).empty());
  }
  CHECK(status.stuck(resumed + 15'001ms, resumed) == "loop 0");
  CHECK_FALSE(status.unready(resumed + 15'001ms, resumed).empty());
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

TEST_CASE("loop: a delayed response comes late, and those behind it in their order") {
  Service service;
  auto c = service.client(), other = service.client();
  const auto start = std::chrono::steady_clock::now();
  say(c, get("/late") + get("/2") + get("/late-too") + get("/4"));
  CHECK(ask(other, "/other") == "/other\n"); // the loop goes on meanwhile
  CHECK(line(c) == "/late\n");
  CHECK(std::chrono::steady_clock::now() - start >= 300ms);
  CHECK(line(c) == "/2\n");
  CHECK(line(c) == "/late-too\n");
  CHECK(std::chrono::steady_clock::now() - start >= 400ms);
  CHECK(line(c) == "/4\n");
  CHECK(ask(c, "/5") == "/5\n");
  say(c, "GET /late HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(line(c) == "/late close\n");
  CHECK(line(c) == "");
}

TEST_CASE("loop: delays of different length end each at its own time") {
  Service service;
  auto late = service.client(), sooner = service.client();
  say(late, get("/late"));
  REQUIRE(eventually([&] { return service.statuses[0].writing == 1; }));
  const auto start = std::chrono::steady_clock::now();
  CHECK(ask(sooner, "/late-less") == "/late-less\n");
  const auto between = std::chrono::steady_clock::now();
  CHECK(between - start >= 100ms);
  CHECK(line(late) == "/late\n");
}

TEST_CASE("loop: a client that goes away while its response is delayed leaves nothing behind") {
  Service service;
  auto c = service.client();
  say(c, get("/late"));
  REQUIRE(eventually([&] { return service.statuses[0].writing == 1; }));
  c.reset();
  CHECK(eventually([&] { return service.open() == 0; }));
}

TEST_CASE("loop: a reset loses its response alone, and the connection") {
  Service service;
  auto c = service.client();
  say(c, get("/1") + get("/reset") + get("/3"));
  std::string got(100, '\0');
  ssize_t n = 0;
  std::string all;
  while ((n = ::recv(c.get(), got.data(), got.size(), 0)) > 0) all.append(got, 0, n);
  CHECK(n < 0);
  CHECK(errno == ECONNRESET);
  CHECK(std::string_view("/1\n").starts_with(all)); // a reset may overtake it
  CHECK(service.handlers[0].paths() == std::vector<std::string>{"/1", "/reset"});
}
