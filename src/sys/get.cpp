#include "hello/get.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/core.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include "hello/error.h"
#include "hello/fd.h"

namespace hello::sys {

namespace {
using Clock = std::chrono::steady_clock;
constexpr std::size_t kMost = 64 << 10;

struct Url {
  std::string authority, host, port = "80", target = "/";
};

Url parse(const std::string &text) {
  auto bad = [&](std::string_view why) {
    return Error(Exit::usage, fmt::format("'{}' is no URL to ask: {}", text, why),
                 "write http://127.0.0.1:8081/healthz");
  };
  if (!text.starts_with("http://")) throw bad("it does not begin with http://");
  for (char c : text)
    if (c <= ' ' || c == 0x7f) throw bad("there is a blank or a control character in it");
  Url url;
  auto end = std::min(text.find_first_of("/?#", 7), text.size());
  url.authority = url.host = text.substr(7, end - 7);
  if (end < text.size()) url.target = text.substr(end, text.find('#') - end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  if (url.authority.find('@') != url.authority.npos) throw bad("it has a user name");
  auto colon = url.host.rfind(':');
  if (colon != url.host.npos && url.host.find(']', colon) == url.host.npos) {
    url.port = url.host.substr(colon + 1);
    url.host.resize(colon);
    if (url.port.empty() || url.port.size() > 5 || url.port.find_first_not_of("0123456789") != url.port.npos)
      throw bad("the port is not a number");
  }
  if (url.host.size() > 2 && url.host.front() == '[' && url.host.back() == ']')
    url.host = url.host.substr(1, url.host.size() - 2);
  if (url.host.empty()) throw bad("there is no host");
  return url;
}

/// Waits for `events`; false when the time is over.
bool ready(const Fd &fd, short events, Clock::time_point deadline) {
  while (true) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left < 0) return false;
    pollfd p{fd.get(), events, 0};
    int n = ::poll(&p, 1, static_cast<int>(left) + 1);
    if (n > 0) return true;
    if (n < 0 && errno != EINTR) return false;
  }
}

Fd connect_to(const addrinfo &where, Clock::time_point deadline, int &error) {
  Fd fd(::socket(where.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  error = errno;
  if (!fd) return {};
  if (::connect(fd.get(), where.ai_addr, where.ai_addrlen) == 0) return fd;
  if ((error = errno) != EINPROGRESS) return {};
  error = ETIMEDOUT;
  if (!ready(fd, POLLOUT, deadline)) return {};
  socklen_t size = sizeof error;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error ? Fd() : std::move(fd);
}
} // namespace

Got get(const std::string &text, std::chrono::milliseconds timeout) {
  Url url = parse(text);
  auto deadline = Clock::now() + timeout;
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  if (int error = ::getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &found))
    return {0, fmt::format("{}: {}", url.host, gai_strerror(error))};
  Fd fd;
  int error = 0;
  for (addrinfo *each = found; each && !fd; each = each->ai_next) fd = connect_to(*each, deadline, error);
  ::freeaddrinfo(found);
  if (!fd) return {0, std::strerror(error)};

  std::string out = fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: hello-healthcheck\r\nAccept: text/plain\r\n"
                                "Connection: close\r\n\r\n",
                                url.target, url.authority);
  for (std::size_t sent = 0; sent < out.size();) {
    ssize_t n = ::send(fd.get(), out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
    if (n > 0)
      sent += static_cast<std::size_t>(n);
    else if (errno != EAGAIN && errno != EINTR)
      return {0, std::strerror(errno)};
    else if (!ready(fd, POLLOUT, deadline))
      return {0, "no answer in time"};
  }
  std::string in;
  while (in.size() < kMost) {
    char buffer[4096];
    ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
    if (n == 0) break;
    if (n > 0)
      in.append(buffer, static_cast<std::size_t>(n));
    else if (errno != EAGAIN && errno != EINTR)
      return {0, std::strerror(errno)};
    else if (!ready(fd, POLLIN, deadline))
      return {0, "no answer in time"};
  }
  auto body = in.find("\r\n\r\n");
  if (in.size() < 12 || !in.starts_with("HTTP/1.") || body == in.npos) return {0, "what answers does not speak HTTP/1"};
  int status = 0;
  for (char c : in.substr(9, 3)) status = c >= '0' && c <= '9' ? status * 10 + (c - '0') : 0;
  return {status, in.substr(body + 4)};
}

} // namespace hello::sys
