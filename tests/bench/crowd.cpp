// Many clients of one kind against one port, on one thread: `crowd KIND CLIENTS SECONDS PORT
// [PATH]`.
//
//   busy    keep-alive requests, one after the other; a closed connection is opened again
//   once    a new connection for each request, with Connection: close
//   slow    half a head; a closed connection is opened again
//   silent  connects and sends nothing; opened again
//   idle    one request, then nothing; opened again
//   deaf    requests the path and does not read; opened again
//   pipe    requests the path again and again and does not read; opened again
//
// Prints one line of JSON: answers, errors (a connection that ended before its answer, unless it
// was closed between two requests), connects, the fewest answers of a client, and the longest that
// a client waited for an answer, connecting included, in ms.
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {
using Clock = std::chrono::steady_clock;

struct Client {
  int fd = -1;
  bool writable = false, asked = false, last = false; ///< last: the server closes after this answer
  std::size_t missing = 0;                            ///< bytes of the body still to come
  std::string head;
  Clock::time_point begun, retry;
  std::uint64_t answers = 0;
};

struct Crowd {
  std::string kind, request;
  sockaddr_in address{};
  int epoll = epoll_create1(0);
  std::uint64_t answers = 0, errors = 0, connects = 0, refused = 0;
  std::int64_t longest_ms = 0;
  Clock::time_point now;

  bool reads() const { return kind != "deaf" && kind != "pipe"; }

  void connect(Client &c, bool keep_begun) {
    if (c.fd >= 0) ::close(c.fd);
    c.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c.fd < 0) std::exit(3);
    int on = 1, small = 4096;
    ::setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!reads()) ::setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    ++connects;
    c.asked = c.writable = c.last = false;
    c.missing = 0;
    c.head.clear();
    if (!keep_begun) c.begun = now;
    ::connect(c.fd, reinterpret_cast<sockaddr *>(&address), sizeof address);
    epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.ptr = &c}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, c.fd, &event);
  }

  void ask(Client &c) {
    if (kind == "silent" || c.last || (kind != "pipe" && c.asked)) return;
    std::string_view text = request;
    do {
      const ssize_t n = ::send(c.fd, text.data(), text.size(), MSG_NOSIGNAL);
      if (n < 0) break;
    } while (kind == "pipe");
    c.asked = true;
  }

  /// Takes what has arrived. False if the connection has ended.
  bool take(Client &c) {
    char bytes[65536];
    for (;;) {
      const ssize_t n = ::recv(c.fd, bytes, sizeof bytes, 0);
      if (n < 0) return errno == EAGAIN;
      if (n == 0) return false;
      std::string_view text(bytes, static_cast<std::size_t>(n));
      while (!text.empty()) text = parse(c, text);
      if (c.fd < 0) return true;
    }
  }

  std::string_view parse(Client &c, std::string_view text) {
    if (c.missing == 0) {
      c.head += text;
      const std::size_t end = c.head.find("\r\n\r\n");
      if (end == c.head.npos) return {};
      text = text.substr(text.size() - (c.head.size() - end - 4));
      for (char &letter : c.head) letter = static_cast<char>(std::tolower(letter));
      c.last = c.head.find("\r\nconnection: close") < end;
      const std::size_t length = c.head.find("\r\ncontent-length: ");
      c.missing = length < end ? std::strtoul(c.head.c_str() + length + 18, nullptr, 10) : 0;
      if (!c.head.starts_with("http/1.1 200")) ++errors;
      c.head.clear();
    }
    const std::size_t body = std::min(c.missing, text.size());
    c.missing -= body;
    text.remove_prefix(body);
    if (c.missing == 0) answered(c);
    return text;
  }

  void answered(Client &c) {
    ++answers;
    ++c.answers;
    longest_ms = std::max<std::int64_t>(
        longest_ms, std::chrono::duration_cast<std::chrono::milliseconds>(now - c.begun).count());
    c.begun = now;
    c.asked = kind == "idle";
    if (kind == "busy" && !c.last) ask(c);
  }

  void on_event(Client &c, std::uint32_t events) {
    if (events & EPOLLOUT && !(events & (EPOLLERR | EPOLLHUP))) ask(c);
    bool open = true;
    if (reads())
      open = take(c);
    else if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP))
      open = false;
    if (open && !(events & EPOLLERR)) return;
    const bool failed = (kind == "busy" || kind == "once") && c.asked;
    errors += failed;
    if (events & EPOLLERR && !c.asked) {
      ++refused;
      c.retry = now + std::chrono::milliseconds(10);
      ::close(c.fd);
      c.fd = -1;
      return;
    }
    connect(c, failed);
  }
};
} // namespace

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  Crowd crowd;
  crowd.kind = argv[1];
  const std::string path = argc > 5 ? argv[5] : "/";
  crowd.request = "GET " + path + " HTTP/1.1\r\nHost: a\r\n";
  if (crowd.kind == "once") crowd.request += "Connection: close\r\n";
  if (crowd.kind != "slow") crowd.request += argc > 6 ? argv[6] + std::string("\r\n\r\n") : "\r\n";
  crowd.address.sin_family = AF_INET;
  crowd.address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[4])));
  crowd.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  std::vector<Client> clients(static_cast<std::size_t>(std::atoi(argv[2])));
  const auto end = Clock::now() +
                   std::chrono::milliseconds(static_cast<std::int64_t>(std::atof(argv[3]) * 1000));
  crowd.now = Clock::now();
  for (Client &c : clients) crowd.connect(c, false);
  epoll_event events[256];
  while ((crowd.now = Clock::now()) < end) {
    const int n = epoll_wait(crowd.epoll, events, 256, 10);
    for (int i = 0; i < n; ++i)
      if (auto &c = *static_cast<Client *>(events[i].data.ptr); c.fd >= 0)
        crowd.on_event(c, events[i].events);
    for (Client &c : clients)
      if (c.fd < 0 && crowd.now >= c.retry) crowd.connect(c, true);
  }
  std::uint64_t fewest = UINT64_MAX;
  for (const Client &c : clients) {
    fewest = std::min(fewest, c.answers);
    crowd.longest_ms = std::max<std::int64_t>(
        crowd.longest_ms,
        std::chrono::duration_cast<std::chrono::milliseconds>(crowd.now - c.begun).count() *
            (crowd.kind == "busy" || crowd.kind == "once"));
  }
  std::printf(
      "{\"answers\":%llu,\"errors\":%llu,\"connects\":%llu,\"refused\":%llu,\"fewest\":%llu,"
      "\"longest_ms\":%lld}\n",
      static_cast<unsigned long long>(crowd.answers), static_cast<unsigned long long>(crowd.errors),
      static_cast<unsigned long long>(crowd.connects),
      static_cast<unsigned long long>(crowd.refused), static_cast<unsigned long long>(fewest),
      static_cast<long long>(crowd.longest_ms));
}
