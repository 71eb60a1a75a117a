// A bare epoll loop: reads whatever comes and writes the bytes of one answer, once for each empty
// line. It parses nothing else, so it is what no web server can be faster than. `bare PORT THREADS
// ANSWER-FILE`.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {
void loop(int port, const std::string &answer) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<unsigned short>(port));
  if (bind(listener, reinterpret_cast<sockaddr *>(&address), sizeof address) ||
      listen(listener, 4096)) {
    std::perror("bare");
    std::exit(1);
  }
  int epoll = epoll_create1(0);
  epoll_event event{EPOLLIN, {.fd = listener}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  std::array<epoll_event, 128> events;
  std::array<char, 65536> buffer;
  while (true) {
    int n = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < n; ++i) {
      int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener) {
        int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
        if (client < 0) continue;
        event = {EPOLLIN, {.fd = client}};
        epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event);
        continue;
      }
      ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
      if (got <= 0) {
        close(fd);
        continue;
      }
      std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
      if (bytes.ends_with("\r\n\r\n") && send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0)
        close(fd);
    }
  }
}
} // namespace

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  std::ifstream file(argv[3], std::ios::binary);
  std::string answer{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::thread> threads;
  for (int i = 0; i < std::atoi(argv[2]); ++i)
    threads.emplace_back(loop, std::atoi(argv[1]), answer);
  for (auto &thread : threads) thread.join();
}
