#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>
#include <sys/socket.h>

#include "hello/address.h"
#include "hello/fd.h"
#include "hello/server.h"
#include "support/eventually.h"

using namespace hello;
using namespace std::chrono_literals;

namespace {
sys::Address free_address() {
  sys::Address address = sys::parse_address("127.0.0.1:0", "test");
  sys::Fd fd(::socket(AF_INET, SOCK_STREAM, 0));
  REQUIRE(::bind(fd.get(), &address.any, address.size()) == 0);
  socklen_t size = sizeof address;
  REQUIRE(::getsockname(fd.get(), &address.any, &size) == 0);
  return address;
}

/// Reads one response with a Content-Length. Empty if it does not arrive.
std::string response(const sys::Fd &fd) {
  std::string got;
  std::size_t size = std::string::npos;
  char buffer[65536];
  while (got.size() < size) {
    const ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
    if (n <= 0) return "";
    got.append(buffer, static_cast<std::size_t>(n));
    constexpr std::string_view kLength = "\r\nContent-Length: ";
    const std::size_t head = got.find("\r\n\r\n"), length = got.find(kLength);
    if (head != got.npos) size = head + 4 + std::stoul(got.substr(length + kLength.size()));
  }
  return got;
}

/// Sends `count` requests on one connection; returns how many were answered with 200.
int ask(const sys::Address &address, const std::string &path, int count) {
  sys::Fd fd(::socket(AF_INET, SOCK_STREAM, 0));
  timeval limit{60, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (::connect(fd.get(), &address.any, address.size()) != 0) return 0;
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
  int good = 0;
  for (int i = 0; i < count; ++i) {
    if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) break;
    good += response(fd).starts_with("HTTP/1.1 200 ");
  }
  return good;
}
} // namespace

TEST_CASE("serve: loops, probes, log and changing messages at once, then a drain") {
  std::string folder = std::filesystem::temp_directory_path() / "hello-serve-XXXXXX";
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  const auto write = [&](int n) { std::ofstream(folder + "/messages") << "message " << n << '\n'; };
  write(0);
  const sys::Address address = free_address(), admin = free_address();
  server::Options options;
  options.listen = sys::to_text(address);
  options.admin_listen = sys::to_text(admin);
  options.messages_file = folder + "/messages";
  options.access_log_file = folder + "/access.log";
  options.temp_dir = folder;
  options.threads = 2;
  options.drain_delay = 0ms;
  options.sandbox = false;
  std::atomic<int> code{-1}, good{0};
  std::thread service([&] { code = server::serve(options); });
  REQUIRE(tests::eventually([&] { return ask(admin, "/readyz", 1) == 1; }));
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) clients.emplace_back([&] { good += ask(address, "/", 200); });
  clients.emplace_back([&] { good += ask(admin, "/metrics", 20); });
  for (int i = 1; i < 20; ++i) write(i);
  for (auto &client : clients) client.join();
  CHECK(good == 820);
  ::pthread_kill(service.native_handle(), SIGTERM);
  service.join();
  CHECK(code == 0);
  std::ifstream log(folder + "/access.log");
  int lines = 0;
  for (std::string line; std::getline(log, line);) lines += line.ends_with('}');
  CHECK(lines == 800);
  std::filesystem::remove_all(folder);
}
