#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hello/http_send.h"
#include "hello/text.h"

using namespace hello;
using namespace std::chrono_literals;

namespace {

/// Takes whole requests on connections of a loopback port, and answers all the same.
class TcpPeer {
public:
  explicit TcpPeer(std::string answer, bool closes = false) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 4) == 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr *>(&address), &size);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this, answer = std::move(answer), closes] {
      for (int fd; (fd = ::accept(listener_, nullptr, nullptr)) >= 0;) {
        while (serve(fd, answer) && !closes) {
        }
        ::close(fd);
      }
    });
  }
  ~TcpPeer() { stop(); }
  /// Accepts no more, and waits until the connection that is open has ended.
  void stop() {
    ::shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    if (listener_ >= 0) ::close(listener_);
    listener_ = -1;
  }
  std::string url(const std::string &host = "127.0.0.1") const {
    return fmt::format("http://{}:{}/a?b", host, port);
  }
  int port = 0;
  std::vector<std::string> requests; ///< read them after stop()

private:
  bool serve(int fd, const std::string &answer) {
    std::string request;
    char chunk[65536];
    std::size_t length = 0, head = std::string::npos;
    while (head == std::string::npos || request.size() < head + 4 + length) {
      const ssize_t n = ::read(fd, chunk, sizeof chunk);
      if (n <= 0) return false;
      request.append(chunk, static_cast<std::size_t>(n));
      head = request.find("\r\n\r\n");
      const auto at = request.find("Content-Length: ");
      if (at < head) length = std::strtoul(request.c_str() + at + 16, nullptr, 10);
    }
    requests.push_back(std::move(request));
    for (std::size_t at = 0; at < answer.size();) {
      const ssize_t n = ::send(fd, answer.data() + at, answer.size() - at, MSG_NOSIGNAL);
      if (n <= 0) return false;
      at += static_cast<std::size_t>(n);
    }
    return true;
  }

  int listener_ = -1;
  std::thread thread_;
};

std::string answer(const std::string &body, const std::string &more = "") {
  return fmt::format("HTTP/1.1 200 OK\r\n{}Content-Length: {}\r\n\r\n{}", more, body.size(), body);
}

} // namespace

TEST_CASE("send: a request goes to another address than its URL's, with that Host") {
  TcpPeer peer(answer("ok"));
  const std::string url = peer.url("shop.example");
  const sys::HttpReply reply =
      sys::http_send_at(url, "127.0.0.1", sys::Certificate::checked,
                        {{{"X-A", std::string(5000, 'a')}}, std::string(900 << 10, 'x')}, nullptr);
  CHECK(reply.status == 200);
  CHECK(reply.body == "ok");
  peer.stop();
  REQUIRE(peer.requests.size() == 1);
  const std::string &request = peer.requests[0];
  CHECK(request.find("POST /a?b HTTP/1.1\r\n") == 0);
  CHECK(request.find(fmt::format("\r\nHost: shop.example:{}\r\n", peer.port)) != request.npos);
  CHECK(request.find("Host:", request.find("Host:") + 1) == request.npos);
  CHECK(request.find("\r\nX-A: " + std::string(5000, 'a') + "\r\n") != request.npos);
  CHECK(request.size() - request.find("\r\n\r\n") - 4 == 900 << 10);
}

TEST_CASE("send: it says whether a connection takes a second request") {
  struct {
    const char *more;
    bool closes, kept;
  } rows[] = {{"", false, true}, {"Connection: close\r\n", true, false}, {"", true, false}};
  for (const auto &row : rows) {
    CAPTURE(row.more);
    TcpPeer peer(answer("ok", row.more), row.closes);
    bool kept = !row.kept;
    const sys::HttpReply reply =
        sys::http_send_at(peer.url("h"), "127.0.0.1", sys::Certificate::checked, {}, &kept);
    CHECK(reply.status == 200);
    CHECK(kept == row.kept);
    peer.stop();
    for (const std::string &request : peer.requests)
      CHECK(request.find(fmt::format("\r\nHost: h:{}\r\n", peer.port)) != request.npos);
  }
}

TEST_CASE("send: an answer past its bound is cut, and is an answer all the same") {
  TcpPeer peer(answer(std::string(9 << 20, 'x')), true);
  const sys::HttpReply reply = sys::http_get_with(peer.url(), "A: b", 20s);
  CHECK(reply.status == 200);
  CHECK(reply.body.size() == 8 << 20);
  peer.stop();
  CHECK(peer.requests.at(0).find("\r\nA: b\r\n") != std::string::npos);
}

TEST_CASE("send: a redirect is returned as it is, and a refused connection is a failure") {
  TcpPeer peer("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n");
  CHECK(sys::http_get_with(peer.url(), "", 20s).status == 302);
  peer.stop();
  CHECK(peer.requests.size() == 1);
  const sys::HttpReply none = sys::http_get_with(peer.url(), "", 20s);
  CHECK(none.status == 0);
  CHECK(none.body.find("connection refused") == 0);
}
