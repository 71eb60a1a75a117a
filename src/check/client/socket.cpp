#include "check/client/socket.h"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>

namespace hello::check {
namespace {

/// Waits for an event on a socket: 0, or ETIMEDOUT.
int await(int socket, short events, Deadline deadline) {
  pollfd polled{socket, events, 0};
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const int n = ::poll(&polled, 1, static_cast<int>(std::max<long long>(left.count(), 0)));
    if (n > 0) return 0;
    if (n == 0) return ETIMEDOUT;
    if (errno != EINTR) return errno;
  }
}

} // namespace

int open_socket(const sys::Address &address, int type, Deadline deadline, sys::Fd &socket) {
  const int family = address.any.sa_family;
  socket.reset(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return errno;
  const socklen_t length = family == AF_INET ? sizeof address.v4 : sizeof address.v6;
  if (::connect(socket.get(), &address.any, length) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (const int error = await(socket.get(), POLLOUT, deadline)) return error;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

int receive(int socket, Deadline deadline, std::string &received) {
  if (const int error = await(socket, POLLIN, deadline)) return error;
  char buffer[4096];
  const ssize_t n = ::recv(socket, buffer, sizeof buffer, 0);
  if (n == 0) return EPIPE;
  if (n < 0) return errno;
  received.append(buffer, static_cast<std::size_t>(n));
  return 0;
}

} // namespace hello::check
