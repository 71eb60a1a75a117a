#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/engine/loop_group.h"
#include "server/site/page.h"

namespace hello::server {

/// The current page. If the text is in a file, a thread looks at the file twice a second: files are
/// replaced in many ways, and some file systems send no events. A text is taken when two looks find
/// the same file. If the new text has a problem, a notice reports it and the old text stays. Any
/// thread may call page() and version().
class Messages {
public:
  /// With an empty `file` the page is `text` and never changes. Throws Error(Exit::invalid) if the
  /// text cannot be shown or the file cannot be read within sys::kFileTimeout.
  /// `budget` is borrowed, and charged for every version of the page that is still in memory.
  /// `holder`: the flag or variable with the text or the file, for errors.
  Messages(std::string text, std::string file, std::string pod, Budget &budget,
           std::string_view holder = "MESSAGES");
  ~Messages();

  /// Starts the thread, if there is a file. `readers`, borrowed, send the page.
  void start(LoopGroup *readers = nullptr);
  /// Changes the page no longer. Leaves a thread behind that has not ended at the deadline.
  void stop(std::chrono::steady_clock::time_point deadline) noexcept;
  void request_stop() noexcept;
  /// Reads the file again, soon, even if it looks unchanged. Any thread; nothing without a file.
  void reread() noexcept;

  /// Increases with each change of the page. Cheap enough to call for each response.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  std::shared_ptr<const Page> page() const;

  std::uint64_t reloads() const { return version() - 1; }
  std::uint64_t failures() const { return failures_.load(std::memory_order_relaxed); }
  bool watched() const { return watch_ != nullptr; }

private:
  class Watch; ///< looks at the file

  void take(std::string text);
  void fail(std::string_view problem);
  std::shared_ptr<const Page> make(std::string_view text);
  bool make_room();

  std::string pod_, text_;
  mutable std::mutex mutex_; ///< guards page_
  std::shared_ptr<const Page> page_;
  /// Earlier versions, oldest first, which slow readers may keep in memory.
  std::vector<std::pair<std::uint64_t, std::weak_ptr<const Page>>> old_;
  Budget &budget_;
  LoopGroup *readers_ = nullptr;
  std::atomic<std::uint64_t> version_{1}, failures_{0};
  std::shared_ptr<Watch> watch_; ///< none without a file
};

} // namespace hello::server
