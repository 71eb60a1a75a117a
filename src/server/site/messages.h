#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <sys/types.h>

#include "server/site/page.h"

namespace hello::server {

/// The page that is shown now. With a file, a thread watches its directory as the kubelet changes
/// it (a new directory, then `..data` renamed over), as editors do (rename), and as `>` does
/// (written and closed); what it finds wrong with a new text is a notice, and the old text stays.
/// Any thread may ask.
class Messages {
public:
  /// `file` empty: `text`, for good. Throws Error(Exit::invalid) if the text cannot be shown or the
  /// file not be read.
  Messages(std::string text, std::string file, std::string pod);
  ~Messages();

  void start(); ///< no thread where there is no file
  void stop() noexcept;

  /// Changes with the page: cheap to ask before each answer.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  std::shared_ptr<const Page> page() const;

  std::uint64_t reloads() const { return version() - 1; }
  std::uint64_t failures() const { return failures_.load(std::memory_order_relaxed); }
  bool watched() const { return !file_.empty(); }

private:
  /// What stat tells of one state of the file.
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
  void watch();

  std::string file_, directory_, pod_, text_;
  Stamp seen_;               ///< the state that was read last; the watcher's once it runs
  mutable std::mutex mutex_; ///< guards page_
  std::shared_ptr<const Page> page_;
  std::atomic<std::uint64_t> version_{1}, failures_{0};
  int inotify_ = -1, watch_ = -1, stop_ = -1;
  std::thread thread_;
};

} // namespace hello::server
