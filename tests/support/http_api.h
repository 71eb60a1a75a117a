#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace hello::test {

/// An API server on a Unix socket: requests get the answers that the test gave, watches and
/// followed logs ("watch=1", "follow=true") stay open until the test ends them. Targets are
/// compared with their %XX resolved: which characters are escaped is the HTTP client's choice.
class HttpApi {
public:
  struct Request {
    std::string target, accept;
    std::string method{}, type{}, body{};
  };

  explicit HttpApi(std::string path) : path_(std::move(path)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::bind(listener_, reinterpret_cast<sockaddr *>(&address), sizeof address);
    ::listen(listener_, 16);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~HttpApi() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join(); // no threads are added from here on
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : connections_) ::shutdown(fd, SHUT_RDWR);
    }
    for (std::thread &thread : threads_) thread.join();
    for (const int fd : connections_) ::close(fd);
    ::close(listener_);
    ::unlink(path_.c_str());
  }

  /// What a 429 gives as Retry-After, in seconds.
  std::atomic<int> retry_after{1};

  /// The answer to each request of `target` from now on. Others get a 404, or a stream.
  void on(const std::string &target, int status, std::string body) {
    const std::lock_guard lock(mutex_);
    answers_[target] = {status, std::move(body)};
  }
  /// The answer to the next request of `target`, before that of on().
  void once(const std::string &target, int status, std::string body) {
    const std::lock_guard lock(mutex_);
    first_[target] = {status, std::move(body)};
  }
  void forget(const std::string &target) {
    const std::lock_guard lock(mutex_);
    answers_.erase(target);
  }

  std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::size_t count(const std::string &target) const {
    const auto all = requests();
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(), [&](const Request &one) { return one.target == target; }));
  }

  /// Waits until that many streams were opened, in all.
  bool streams(std::size_t number) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1),
                             [&] { return streams_.size() >= number; });
  }
  /// Sends to the stream that was opened as the `number`-th (from 0).
  void send(std::size_t number, std::string_view text) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", text.size());
    write(stream(number), size + std::string(text) + "\r\n");
  }
  void end(std::size_t number) { write(stream(number), "0\r\n\r\n"); }
  /// Breaks the connection off.
  void drop(std::size_t number) { ::shutdown(stream(number), SHUT_RDWR); }

private:
  int stream(std::size_t number) const {
    const std::lock_guard lock(mutex_);
    return streams_.at(number);
  }

  static void write(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  static std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '%') {
        out += text[i];
        continue;
      }
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    }
    return out;
  }

  void accept_all() {
    for (int fd; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      const std::lock_guard lock(mutex_);
      connections_.push_back(fd);
      threads_.emplace_back([this, fd] { serve(fd); });
    }
  }

  void serve(int fd) {
    std::string bytes;
    char buffer[4096];
    for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;) {
      bytes.append(buffer, static_cast<std::size_t>(n));
      for (std::size_t end; (end = bytes.find("\r\n\r\n")) != bytes.npos;) {
        const std::string head = bytes.substr(0, end + 2);
        const std::string length = field(head, "Content-Length");
        const std::size_t whole = end + 4 + (length.empty() ? 0 : std::stoul(length));
        if (bytes.size() < whole) break;
        answer(fd, head, bytes.substr(end + 4, whole - end - 4));
        bytes.erase(0, whole);
      }
    }
  }

  using Answer = std::pair<int, std::string>;

  std::string response(const Answer &answer) const {
    const std::string wait =
        answer.first == 429 ? "\r\nRetry-After: " + std::to_string(retry_after) : "";
    return "HTTP/1.1 " + std::to_string(answer.first) + " X" + wait +
           "\r\nContent-Length: " + std::to_string(answer.second.size()) + "\r\n\r\n" +
           answer.second;
  }

  /// Empty: the head has none.
  static std::string field(std::string_view head, const std::string &name) {
    const auto at = head.find("\r\n" + name + ": ");
    if (at == head.npos) return "";
    const auto from = at + name.size() + 4;
    return std::string(head.substr(from, head.find('\r', from) - from));
  }

  void answer(int fd, std::string_view head, std::string body) {
    const auto from = head.find(' ') + 1;
    const std::string target = decoded(head.substr(from, head.find(' ', from) - from));
    const std::lock_guard lock(mutex_);
    requests_.push_back({target, field(head, "Accept"), std::string(head.substr(0, from - 1)),
                         field(head, "Content-Type"), std::move(body)});
    if (const auto first = first_.find(target); first != first_.end()) {
      write(fd, response(first->second));
      first_.erase(first);
      return;
    }
    const auto known = answers_.find(target);
    const bool follows =
        target.find("watch=1") != target.npos || target.find("follow=true") != target.npos;
    if (known == answers_.end() && follows) {
      write(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      streams_.push_back(fd);
    } else {
      write(fd, response(known == answers_.end() ? Answer(404, "404 page not found\n")
                                                 : known->second));
    }
    changed_.notify_all();
  }

  std::string path_;
  int listener_ = -1;
  std::thread acceptor_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Answer> answers_, first_; ///< under mutex_, as all below
  std::vector<Request> requests_;
  std::vector<int> connections_, streams_;
  std::vector<std::thread> threads_;
};

} // namespace hello::test
