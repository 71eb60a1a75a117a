#include "hello/follow.h"

#include <cerrno>
#include <climits>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/path_watch.h"
#include "sys/read_position.h"

namespace hello::sys {
namespace {

/// Pause after all was read: lines gather, so that a busy log costs few wake-ups.
constexpr int kBatchMs = 100;
/// How often the file is read without an event, for where inotify does not work.
constexpr int kIdleMs = 1000;

class Follower {
public:
  explicit Follower(const Follow &options)
      : options_(options), position_(options.position),
        changed_(options.path, IN_MODIFY | IN_CREATE | IN_MOVED_TO),
        appeared_(options.path, IN_CREATE | IN_MOVED_TO) {
    begin();
  }

  void run() {
    for (;;) {
      find_new();
      if (fill()) {
        while (!ready(options_.out, POLLOUT, -1)) find_new();
        if (!write()) return;
      } else if (stopping_) {
        return;
      } else {
        ready(-1, 0, kBatchMs);
        if (!stopping_) ready(changed_.fd(), POLLIN, kIdleMs);
        changed_.drain();
      }
    }
  }

private:
  void begin() {
    OpenFile old = open_file(options_.path + ".1"), now = open_file(options_.path);
    bool at_now = position_.restore(now);
    if (!at_now) position_.restore(old);
    if (old.inode != 0 && !at_now && old.inode != now.inode) files_.push_back(std::move(old));
    if (now.inode != 0) files_.push_back(std::move(now));
    appeared_.drain();
  }

  /// Opens the file that was created at `path` since the last call, and the one before it if that
  /// was missed.
  void find_new() {
    created_ += appeared_.drain();
    OpenFile now = open_file(options_.path);
    if (now.inode == 0) return;
    if (!files_.empty() && files_.back().inode == now.inode) {
      created_ = 0;
      return;
    }
    std::uint64_t opened = 1;
    OpenFile old = open_file(options_.path + ".1");
    bool known = old.inode == 0 || old.inode == now.inode;
    for (const OpenFile &file : files_) known = known || file.inode == old.inode;
    if (!known) {
      files_.push_back(std::move(old));
      ++opened;
    }
    files_.push_back(std::move(now));
    std::uint64_t skipped = created_ > opened ? created_ - opened : 0;
    created_ = 0;
    for (; files_.size() > kFollowHeld; ++skipped) {
      files_.erase(files_.begin());
      buffer_.clear();
    }
    if (skipped > 0 && options_.skipped) options_.skipped(skipped);
  }

  /// Reads the next lines into the buffer, from the oldest file that has any. Returns false if
  /// there is nothing to write now.
  bool fill() {
    while (!files_.empty()) {
      OpenFile &file = files_.front();
      char bytes[PIPE_BUF];
      ssize_t n = ::pread(file.fd.get(), bytes, sizeof bytes, file.offset);
      if (n < 0) throw io_error("read", options_.path);
      std::string_view text(bytes, static_cast<std::size_t>(n));
      std::size_t end = text.rfind('\n');
      bool last = files_.size() == 1; // the writer may still append to it
      if (end == text.npos && n == 0) {
        struct stat status {};
        if (last && ::fstat(file.fd.get(), &status) == 0 && status.st_size < file.offset) {
          file.offset = 0;
          if (options_.truncated) options_.truncated();
          continue;
        }
        if (last) return false;
        files_.erase(files_.begin());
        continue;
      }
      if (end == text.npos && text.size() < sizeof bytes && last && !stopping_)
        return false; // half a line
      buffer_.assign(text.substr(0, end == text.npos ? text.size() : end + 1));
      return true;
    }
    return false;
  }

  /// Writes the buffer, at most PIPE_BUF bytes: a pipe takes all of it or nothing. Returns false if
  /// the reader of `out` left.
  bool write() {
    std::size_t done = 0;
    while (done < buffer_.size()) {
      ssize_t n = ::write(options_.out, buffer_.data() + done, buffer_.size() - done);
      if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (n < 0 && errno == EPIPE) return false;
      if (n < 0) throw io_error("write", "the output");
      done += static_cast<std::size_t>(n);
    }
    if (options_.copied) *options_.copied += done;
    files_.front().offset += static_cast<off_t>(done);
    position_.save(files_.front());
    return true;
  }

  /// Waits for one of `events` on `fd`, a stop, a new file or the timeout (-1: none). Returns
  /// whether `fd` is ready or broken.
  bool ready(int fd, short events, int timeout_ms) {
    pollfd polled[] = {
        {fd, events, 0}, {stopping_ ? -1 : options_.stop, POLLIN, 0}, {appeared_.fd(), POLLIN, 0}};
    if (::poll(polled, 3, timeout_ms) < 0 && errno != EINTR)
      throw io_error("wait for", options_.path);
    if (polled[1].revents != 0) stopping_ = true;
    return polled[0].revents != 0;
  }

  const Follow &options_;
  ReadPosition position_;
  PathWatch changed_;  // every write in the directory
  PathWatch appeared_; // new files only: few events, so none is lost while `out` is blocked
  std::vector<OpenFile> files_; // oldest first; the last is the one being written to
  std::string buffer_;
  std::uint64_t created_ = 0;
  bool stopping_ = false;
};

} // namespace

void follow(const Follow &options) { Follower(options).run(); }

} // namespace hello::sys
