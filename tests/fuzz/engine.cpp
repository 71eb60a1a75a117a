// The whole engine over a real socket: any bytes, in any pieces, to the real application; it
// answers and stays whole.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/engine/listener.h"
#include "server/engine/loop.h"
#include "server/process/application.h"

using namespace hello;
using namespace hello::server;
using namespace std::chrono_literals;

namespace {
struct Service {
  Service() {
    options.access_log = "off";
    application = std::make_unique<Application>(options, status, budget);
    handler = application->public_handler();
    LoopConfig config;
    config.timeouts = {1s, 1s, 1s, 1s, 1s, 1s};
    config.group = &group;
    address = sys::parse_address("127.0.0.1:0", "fuzz");
    loop = std::make_unique<Loop>(std::move(listen_on(address, 1).front()), config, *handler,
                                  status.loop(0));
    std::thread([this] { loop->run(); }).detach();
  }
  Options options;
  Status status{1};
  Budget budget{64 << 20};
  std::unique_ptr<Application> application;
  std::unique_ptr<Handler> handler;
  LoopGroup group{.max_connections = 64, .budget = &budget};
  sys::Address address;
  std::unique_ptr<Loop> loop;
};
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static Service *service = new Service; // for the life of the fuzzer
  sys::Fd fd(::socket(AF_INET, SOCK_STREAM, 0));
  linger at_once{1, 0}; // no ports in TIME_WAIT
  timeval patience{10, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(fd.get(), &service->address.any, service->address.size()) != 0) return 0;
  std::size_t piece = size ? 1 + data[0] : 1;
  for (std::size_t at = 0; at < size; at += piece)
    if (::send(fd.get(), data + at, std::min(piece, size - at), MSG_NOSIGNAL) < 0) break;
  ::shutdown(fd.get(), SHUT_WR);
  std::string got;
  char buffer[65536];
  ssize_t n;
  while ((n = ::recv(fd.get(), buffer, sizeof buffer, 0)) > 0)
    got.append(buffer, static_cast<std::size_t>(n));
  if (n < 0 && errno == EAGAIN) std::abort(); // it must close after our end
  if (!got.empty() && !got.starts_with("HTTP/1.1 ")) std::abort();
  return 0;
}
