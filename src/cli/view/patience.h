#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "cli/view/output.h"
#include "hello/events.h"

namespace hello::cli {

/// Says what a command waits for after 2 s of silence, and then at growing intervals. It has a
/// thread of its own, because the command's may be blocked in a read.
class Patience {
public:
  using Say = std::function<void(const std::string &line)>;

  /// `say` is called by that thread: "waiting for the cluster to answer".
  explicit Patience(Say say);
  /// Says it on stderr, unless --quiet. The command waits for `what`.
  Patience(const Console &console, std::string_view what);
  ~Patience();
  Patience(const Patience &) = delete;
  Patience &operator=(const Patience &) = delete;

  /// Ends the silence. From now on the command waits for `what`; empty: for nothing.
  void expect(std::string_view what);
  /// Ends the silence: the command waits for what comes after `event`.
  void hear(const deploy::Event &event);

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
