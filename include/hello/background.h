#pragma once
#include <exception>
#include <functional>
#include <thread>

namespace hello::sys {

/// A function that runs in a thread of its own.
class Background {
public:
  explicit Background(std::function<void()> work);
  /// Waits until it has ended, and drops what it threw.
  ~Background();
  Background(const Background &) = delete;
  Background &operator=(const Background &) = delete;

  /// Waits until it has ended. Throws what it threw. Call it once.
  void finish();

private:
  std::exception_ptr thrown_;
  std::thread thread_; ///< after what it fills
};

} // namespace hello::sys
