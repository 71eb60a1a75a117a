#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace hello::cli {

/// Says what a command waits for after 2 s of silence, and then at growing intervals. It has a
/// thread of its own, because the command's may be blocked in a read.
class Patience {
public:
  using Say = std::function<void(const std::string &line)>;

  /// `say` is called by that thread: "waiting for the cluster to answer".
  explicit Patience(Say say);
  ~Patience();
  Patience(const Patience &) = delete;
  Patience &operator=(const Patience &) = delete;

  /// Ends the silence. From now on the command waits for `what`; empty: for nothing.
  void expect(std::string_view what);

private:
  void run();

  const Say say_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string what_;
  unsigned heard_ = 0;
  bool ended_ = false;
  std::thread thread_;
};

} // namespace hello::cli
