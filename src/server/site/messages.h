#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <sys/types.h>

#include "hello/fd.h"
#include "server/engine/loop_group.h"
#include "server/site/page.h"

namespace hello::server {

/// The current page. If the text is in a file, a thread watches its directory, because files are
/// replaced in several ways: by the kubelet (a new directory, and `..data` renamed to it), by
/// editors (rename) and by `>` (write and close). If the new text has a problem, a notice reports
/// it and the old text stays. Any thread may call page() and version().
class Messages {
public:
  /// With an empty `file` the page is `text` and never changes. Throws Error(Exit::invalid) if the
  /// text cannot be shown or the file cannot be read.
  /// `budget` is borrowed, and charged for every version of the page that is still in memory.
  Messages(std::string text, std::string file, std::string pod, Budget &budget);
  ~Messages();

  /// Starts the thread, if there is a file. `readers`, borrowed, send the page.
  void start(LoopGroup *readers = nullptr);
  void stop() noexcept;
  /// Reads the file again, soon, even if it looks unchanged. Any thread; nothing without a file.
  void reread() noexcept;

  /// Increases with each change of the page. Cheap enough to call for each response.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  std::shared_ptr<const Page> page() const;

  std::uint64_t reloads() const { return version() - 1; }
  std::uint64_t failures() const { return failures_.load(std::memory_order_relaxed); }
  bool watched() const { return !file_.empty(); }

private:
  /// The fields of stat() that identify one version of the file.
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    time_t changed = 0;
    long changed_ns = 0;
    bool operator==(const Stamp &) const = default;
  };
  Stamp stamp() const;
  void reload();
  std::shared_ptr<const Page> make(std::string_view text);
  bool make_room();
  bool read_events();
  void wake() noexcept;
  void watch();

  std::string file_, directory_, pod_, text_;
  Stamp seen_; ///< of the version that was read last; only the thread uses it once it runs
  mutable std::mutex mutex_; ///< guards page_
  std::shared_ptr<const Page> page_;
  /// Earlier versions, oldest first, which slow readers may keep in memory.
  std::deque<std::pair<std::uint64_t, std::weak_ptr<const Page>>> old_;
  Budget &budget_;
  LoopGroup *readers_ = nullptr;
  std::atomic<std::uint64_t> version_{1}, failures_{0};
  std::atomic<bool> stopping_{false}, rereading_{false};
  sys::Fd inotify_, wake_; ///< wake_: an eventfd
  int watch_ = -1;         ///< inotify's number of the directory
  std::thread thread_;
};

} // namespace hello::server
