#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "hello/http_client.h"

using namespace hello;
using namespace std::chrono_literals;

namespace {

/// Gives each connection its answers, one for each request, byte by byte where `slowly`, and closes
/// it.
class Peer {
public:
  explicit Peer(std::vector<std::vector<std::string>> connections, bool slowly = false) {
    REQUIRE(::mkdtemp(directory_) != nullptr);
    path = std::string(directory_) + "/s";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 4) == 0);
    thread_ = std::thread([this, connections = std::move(connections), slowly] {
      for (const auto &answers : connections) {
        const int fd = ::accept(listener_, nullptr, nullptr);
        if (fd < 0) return;
        for (const std::string &answer : answers) {
          char request[1024];
          if (::read(fd, request, sizeof request) <= 0) break;
          for (std::size_t at = 0; at < answer.size();) {
            const auto n =
                ::send(fd, answer.data() + at, slowly ? 1 : answer.size() - at, MSG_NOSIGNAL);
            if (n <= 0) break;
            at += static_cast<std::size_t>(n);
          }
        }
        ::close(fd);
      }
    });
  }
  ~Peer() {
    ::shutdown(listener_, SHUT_RDWR); // of connections that the client did not need
    thread_.join();
    ::close(listener_);
    ::unlink(path.c_str());
    ::rmdir(directory_);
  }
  std::string path;

private:
  char directory_[32] = "/tmp/hello-client-XXXXXX";
  int listener_ = -1;
  std::thread thread_;
};

sys::HttpReply get(const std::string &path) {
  return sys::HttpClient(path, 0, "x").get("/", "*/*", {5s});
}

} // namespace

TEST_CASE(
    "client: answers by length, in chunks, to the end of the connection, after an interim one") {
  struct {
    const char *bytes, *body;
    int status;
  } cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", 200},
      {"HTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\nhello", "hello", 200},
      {"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nT: "
       "1\r\n\r\n",
       "hello", 503},
      {"HTTP/1.0 200 OK\r\n\r\nto the end", "to the end", 200},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "", 404},
      {"HTTP/1.1 204 No Content\r\n\r\n", "", 204},
  };
  for (const auto &one : cases)
    for (const bool slowly : {false, true}) {
      CAPTURE(one.bytes);
      Peer peer({{one.bytes}}, slowly);
      const sys::HttpReply got = get(peer.path);
      CHECK(got.status == one.status);
      CHECK(got.body == one.body);
    }
}

TEST_CASE("client: what is no answer, or not all of one, is an outcome with its reason") {
  for (
      const char *bytes :
      {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nhello\r\n", // CVE-2026-45352
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n", // past
                                                                                              // 64
                                                                                              // bits
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloo\r\n0\r\n\r\n",
       "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello", "HTTP/1.1 2x0 OK\r\n\r\n", ""}) {
    CAPTURE(bytes);
    Peer peer({{bytes}});
    const sys::HttpReply got = get(peer.path);
    CHECK(got.status == 0);
    CHECK(!got.body.empty());
  }
  CHECK(get("/nowhere/at/all").body == "No such file or directory");
}

TEST_CASE("client: one connection for many gets, another where it was closed in between") {
  const std::string one = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1",
                    two = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2";
  Peer peer({{one, two}, {one}, {two}});
  sys::HttpClient client(peer.path, 0, "x");
  CHECK(client.get("/", "*/*", {5s}).body == "1");
  CHECK(client.get("/", "*/*", {5s}).body == "2");
  CHECK(client.get("/", "*/*", {5s}).body == "1");
  CHECK(client.get("/", "*/*", {5s}).body == "2");
}

TEST_CASE("client: a body is taken piece by piece until it is enough, and never past its bound") {
  Peer peer({{"HTTP/1.1 200 OK\r\n\r\nabcdef"}, {"HTTP/1.1 200 OK\r\n\r\nabcdef"}}, true);
  std::string taken;
  sys::HttpClient(peer.path, 0, "x").get("/", "*/*", {5s}, [&](std::string_view part) {
    taken += part;
    return taken.size() < 3;
  });
  CHECK(taken.starts_with("abc"));
  CHECK(sys::HttpClient(peer.path, 0, "x")
            .get("/", "*/*", {5s, std::chrono::steady_clock::time_point::max(), 2})
            .body == "ab");
}

TEST_CASE("client: silence ends a get, and so does stop() from another thread") {
  char directory[] = "/tmp/hello-client-XXXXXX"; // of a listener that nobody accepts from
  REQUIRE(::mkdtemp(directory) != nullptr);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = std::string(directory) + "/s";
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener, 4) == 0);
  CHECK(sys::HttpClient(path, 0, "x").get("/", "*/*", {50ms}).body == "no answer in time");
  sys::HttpClient client(path, 0, "x");
  std::atomic<bool> done = false;
  std::thread stopper([&] {
    while (!done) {
      client.stop();
      std::this_thread::sleep_for(5ms);
    }
  });
  CHECK(client.get("/", "*/*", {60s}).status == 0);
  done = true;
  stopper.join();
  ::close(listener);
  ::unlink(path.c_str());
  ::rmdir(directory);
}
