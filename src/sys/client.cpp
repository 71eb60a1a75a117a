#include "hello/client.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fmt/core.h>
#include <netdb.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace hello::sys {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kLineBytes = 16 << 10; ///< of a field, or of a chunk's size
constexpr int kLines = 200;                  ///< fields of one answer

/// What ends a get: caught in it, said in its outcome.
struct Broken {
  std::string why;
};

Broken no_http() { return {"what answers does not speak HTTP/1"}; }

std::size_t number(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || (end != text.data() + text.size() && *end != ';' && *end != ' '))
    throw no_http();
  return value;
}

} // namespace

Client::Client(std::string host, std::string port, std::string authority)
    : host_(std::move(host)), port_(std::move(port)), authority_(std::move(authority)) {}

void Client::close() {
  const std::lock_guard lock(owning_);
  fd_.reset();
  in_.clear();
}

void Client::stop() {
  const std::lock_guard lock(owning_);
  if (fd_) ::shutdown(fd_.get(), SHUT_RDWR);
}

bool Client::ready(short events, const Bounds &bounds) const {
  const auto deadline = std::min(bounds.until, Clock::now() + bounds.silence);
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left < 0) return false;
    pollfd one{fd_.get(), events, 0};
    const int n = ::poll(&one, 1, static_cast<int>(left) + 1);
    if (n > 0) return true;
    if (n < 0 && errno != EINTR) return false;
  }
}

void Client::connect(const Bounds &bounds) {
  sockaddr_un path{};
  path.sun_family = AF_UNIX;
  addrinfo local{}, hints{}, *found = nullptr;
  local.ai_family = AF_UNIX;
  local.ai_addr = reinterpret_cast<sockaddr *>(&path);
  local.ai_addrlen = sizeof path;
  hints.ai_socktype = SOCK_STREAM;
  const bool is_path = host_.starts_with('/');
  if (is_path) {
    if (host_.size() >= sizeof path.sun_path)
      throw Broken{host_ + " is too long for a socket's path"};
    std::memcpy(path.sun_path, host_.c_str(), host_.size() + 1);
  } else if (const int error = ::getaddrinfo(host_.c_str(), port_.c_str(), &hints, &found)) {
    throw Broken{fmt::format("{}: {}", host_, gai_strerror(error))};
  }
  int error = 0;
  for (const addrinfo *each = is_path ? &local : found; each && !fd_; each = each->ai_next) {
    {
      const std::lock_guard lock(owning_);
      fd_.reset(::socket(each->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    }
    error = fd_ && ::connect(fd_.get(), each->ai_addr, each->ai_addrlen) == 0 ? 0 : errno;
    if (fd_ && error == EINPROGRESS) {
      socklen_t size = sizeof error;
      if (!ready(POLLOUT, bounds))
        error = ETIMEDOUT;
      else
        ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error) close();
  }
  if (found) ::freeaddrinfo(found);
  if (!fd_) throw Broken{std::strerror(error)};
}

/// Reads what has come, or waits for it; false at the end.
bool Client::more(const Bounds &bounds) {
  for (char buffer[16 << 10];;) {
    const ssize_t n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (n >= 0) return in_.append(buffer, static_cast<std::size_t>(n)), n > 0;
    if (errno != EAGAIN && errno != EINTR) throw Broken{std::strerror(errno)};
    if (errno == EAGAIN && !ready(POLLIN, bounds)) throw Broken{"no answer in time"};
  }
}

std::string Client::line(const Bounds &bounds) {
  std::size_t end;
  while ((end = in_.find("\r\n")) == in_.npos)
    if (in_.size() > kLineBytes || !more(bounds)) throw no_http();
  std::string line = in_.substr(0, end);
  in_.erase(0, end + 2);
  return line;
}

Got Client::ask(const std::string &target, std::string_view accept, const Bounds &bounds,
                const std::function<bool(std::string_view)> &take) {
  const std::string out =
      fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: hello\r\nAccept: {}\r\n\r\n", target,
                  authority_, accept);
  for (std::size_t sent = 0; sent < out.size();) {
    const ssize_t n = ::send(fd_.get(), out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
    if (n > 0)
      sent += static_cast<std::size_t>(n);
    else if (errno != EAGAIN && errno != EINTR)
      throw Broken{std::strerror(errno)};
    else if (!ready(POLLOUT, bounds))
      throw Broken{"no answer in time"};
  }

  Got got;
  bool chunked = false, keep = true;
  std::size_t left =
      std::string::npos; // of the body, or of this chunk; npos: until the end of the connection
  do {                   // an interim answer comes before the one that counts
    const std::string first = line(bounds);
    if (first.size() < 12 || !first.starts_with("HTTP/1.")) throw no_http();
    got.status = static_cast<int>(number(std::string_view(first).substr(9, 3), 10));
    keep = first[7] != '0';
    int lines = 0;
    for (std::string field; !(field = line(bounds)).empty();) {
      if (++lines > kLines) throw no_http();
      const std::size_t colon = field.find(':'), from = field.find_first_not_of(" \t", colon + 1);
      if (colon == field.npos || from == field.npos) continue;
      const std::string name = field.substr(0, colon), value = field.substr(from);
      if (::strcasecmp(name.c_str(), "content-length") == 0) left = number(value, 10);
      if (::strcasecmp(name.c_str(), "transfer-encoding") == 0)
        chunked = ::strcasecmp(value.c_str(), "chunked") == 0;
      if (::strcasecmp(name.c_str(), "connection") == 0 &&
          ::strcasecmp(value.c_str(), "close") == 0)
        keep = false;
    }
  } while (got.status < 200);
  if (chunked || got.status == 204 || got.status == 304) left = 0;

  const bool to_the_end = left == std::string::npos;
  do {
    if (chunked && (left = number(line(bounds), 16)) == 0) {
      while (!line(bounds).empty()) {
      } // trailers
      break;
    }
    while (left > 0) {
      if (in_.empty() && !more(bounds)) {
        if (to_the_end) break;
        throw Broken{"the connection was closed in the middle of the answer"};
      }
      const std::string_view part(in_.data(), std::min(in_.size(), left));
      const bool enough =
          take && got.status == 200 ? !take(part) : got.body.append(part).size() >= bounds.bytes;
      if (enough) {
        close();
        got.body.resize(std::min(got.body.size(), bounds.bytes));
        return got;
      }
      if (!to_the_end) left -= part.size();
      in_.erase(0, part.size());
    }
    if (chunked && !line(bounds).empty()) throw no_http();
  } while (chunked);
  if (!keep || to_the_end) close();
  return got;
}

Got Client::get(const std::string &target, std::string_view accept, const Bounds &bounds,
                const std::function<bool(std::string_view)> &take) {
  for (;;) {
    const bool kept =
        static_cast<bool>(fd_); // the other end may have closed it meanwhile: once more, then
    try {
      if (!kept) connect(bounds);
      return ask(target, accept, bounds, take);
    } catch (const Broken &broken) {
      close();
      if (!kept) return {0, broken.why};
    }
  }
}

} // namespace hello::sys
