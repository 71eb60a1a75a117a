#include "server/engine/listener.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <iterator>

#include <fmt/core.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "hello/error.h"
#include "hello/notice.h"
#include "server/engine/budget.h"

namespace hello::server {

namespace {
Error failure(const sys::Address &address, int error) {
  std::string_view hint;
  if (error == EADDRINUSE)
    hint = "another process has it: end that one, or choose another with --listen, --admin-listen "
           "or --drill-listen";
  if (error == EACCES) hint = "ports below 1024 need a privilege: choose a higher one";
  if (error == EADDRNOTAVAIL)
    hint = "this machine has no such address; :PORT listens on all that it has";
  if (error == EAFNOSUPPORT) hint = "this kernel has no IPv6: use an IPv4 address or :PORT";
  return Error(Exit::failure,
               fmt::format("cannot listen on {}: {}", sys::to_text(address), std::strerror(error)),
               std::string(hint));
}

enum class Port { exclusive, shared };

sys::Fd bind_socket(const sys::Address &address, Port port) {
  sys::Fd fd(::socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) throw failure(address, errno);
  int on = 1, off = 0;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Accepted sockets inherit these.
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes, sizeof kSendBufferBytes);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBufferBytes, sizeof kReceiveBufferBytes);
  if (address.any.sa_family == AF_INET6)
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (port == Port::shared && ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
    throw failure(address, errno);
  if (::bind(fd.get(), &address.any, address.size()) != 0) throw failure(address, errno);
  return fd;
}

/// Errors with another cause are left to the real listener, which reports them.
bool has_ipv6() {
  sys::Address any;
  any.v6.sin6_family = AF_INET6;
  const sys::Fd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return errno != EAFNOSUPPORT;
  return ::bind(fd.get(), &any.any, any.size()) == 0 || errno != EADDRNOTAVAIL;
}

void read_port(const sys::Fd &fd, sys::Address &address) {
  socklen_t size = sizeof address;
  if (::getsockname(fd.get(), &address.any, &size) != 0) throw failure(address, errno);
}
} // namespace

sys::Address listen_address(std::string_view text, std::string_view what) {
  const sys::Address address = sys::parse_address(text, what);
  const bool any = text.starts_with(':') || text.starts_with('*');
  if (!any || has_ipv6()) return address;
  static bool reported = false; // the listeners are opened on one thread
  if (!reported)
    notice(Level::info, Event::option, "this kernel has no IPv6: listening on IPv4 only");
  reported = true;
  return sys::parse_address(fmt::format("0.0.0.0:{}", address.port()), what);
}

std::vector<sys::Fd> listen_on(sys::Address &address, unsigned count) {
  // A socket that shares its port cannot tell that the address is in use, so bind an exclusive one
  // first.
  sys::Fd probe = bind_socket(address, Port::exclusive);
  if (::listen(probe.get(), 1) != 0) throw failure(address, errno);
  read_port(probe, address);
  std::vector<sys::Fd> listeners;
  if (count == 1)
    listeners.push_back(std::move(probe));
  else
    probe.reset();
  while (listeners.size() < count) listeners.push_back(bind_socket(address, Port::shared));
  for (const sys::Fd &fd : listeners)
    if (::listen(fd.get(), kBacklog) != 0) throw failure(address, errno);
  return listeners;
}

void refuse_handshakes(int listener) {
  constexpr std::uint32_t kFlagsAt = 13, kSyn = 0x02, kAck = 0x10; // RFC 9293 section 3.1
  sock_filter code[] = {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFlagsAt),
                        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kSyn | kAck),
                        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kSyn, 0, 1),
                        BPF_STMT(BPF_RET | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, UINT32_MAX)};
  const sock_fprog program{std::size(code), code};
  ::setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

void defer_accept(int listener) {
  constexpr int kSeconds = 1;
  ::setsockopt(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &kSeconds, sizeof kSeconds);
}

} // namespace hello::server
