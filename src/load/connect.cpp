#include "load/connect.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/core.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "hello/error.h"
#include "hello/signals.h"

namespace hello::load {
namespace {

constexpr auto kConnectTime = std::chrono::seconds(5);
constexpr auto kRetry = std::chrono::milliseconds(250);

/// Keeps the addresses that take a connection now. None: `error` has the reason.
std::vector<sys::Address> reachable_now(const Target &target, int &error) {
  const auto deadline = sys::Clock::now() + kConnectTime;
  std::vector<sys::Address> good;
  for (const sys::Address &address : target.addresses) {
    const sys::Fd fd = begin_connect(address);
    if (!fd) {
      error = errno;
      continue;
    }
    pollfd polled{fd.get(), POLLOUT, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - sys::Clock::now());
    const int ready = ::poll(&polled, 1, static_cast<int>(std::max<Nanos>(left.count(), 1)));
    sys::check_interrupted();
    socklen_t size = sizeof error;
    int now = ETIMEDOUT;
    if (ready > 0) ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &now, &size);
    if (now == 0)
      good.push_back(address);
    else
      error = now;
  }
  return good;
}

} // namespace

sys::Fd begin_connect(const sys::Address &to) {
  sys::Fd fd(::socket(to.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd)
    throw Error(Exit::failure, fmt::format("no socket: {}", std::strerror(errno)),
                "fewer --connections, or a higher limit (ulimit -n)");
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd.get(), &to.any, to.size()) != 0 && errno != EINPROGRESS) fd.reset();
  return fd;
}

std::vector<sys::Address> reachable(const Target &target, std::chrono::milliseconds patience) {
  const auto end = sys::Clock::now() + patience;
  int error = 0;
  std::vector<sys::Address> good = reachable_now(target, error);
  while (good.empty() && sys::Clock::now() < end) {
    sys::pause(kRetry);
    good = reachable_now(target, error);
  }
  if (good.empty())
    throw Error(Exit::failure,
                fmt::format("{} cannot be reached: {}", target.url.authority, std::strerror(error)),
                "is the service running, and is this its address?");
  return good;
}

} // namespace hello::load
