#include "hello/follow.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hello/error.h"

namespace hello::sys {
namespace {

constexpr int kBatchMs =
    100; // after reading all there is: lines gather, so that a busy log costs few wake-ups
constexpr int kIdleMs =
    1000; // where inotify does not work (some sandboxes), this is how new lines are found
constexpr std::size_t kMark =
    256; // bytes of a file's beginning that tell it from a later one with its inode

class Descriptor {
public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor &&other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor &operator=(Descriptor &&other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

private:
  int fd_;
};

Error failed(const std::string &doing, const std::string &path) {
  return Error(Exit::failure, "cannot " + doing + " " + path + ": " + std::strerror(errno));
}

struct File {
  Descriptor fd;
  ino_t inode = 0;
  off_t offset = 0;
};

/// The file at `path`; none (inode 0) where there is none.
File open_file(const std::string &path) {
  File file;
  file.fd = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd.get() < 0) {
    if (errno == ENOENT) return file;
    throw failed("read", path);
  }
  struct stat status {};
  if (::fstat(file.fd.get(), &status) < 0) throw failed("read", path);
  file.inode = status.st_ino;
  return file;
}

/// FNV-1a of the first bytes of a file, as far as they lie before `offset`.
std::uint64_t mark_of(int fd, off_t offset) {
  char bytes[kMark];
  ssize_t n = ::pread(fd, bytes, std::min<std::size_t>(kMark, offset), 0);
  std::uint64_t hash = 14695981039346656037u;
  for (ssize_t i = 0; i < n; ++i)
    hash = (hash ^ static_cast<unsigned char>(bytes[i])) * 1099511628211u;
  return hash;
}

/// How far the output has got, in a file of one line of fixed length, rewritten in place.
class Position {
public:
  explicit Position(const std::string &path) : path_(path) {
    if (path.empty()) return;
    fd_ = Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (fd_.get() < 0) throw failed("write", path);
  }

  /// Sets the file's offset if it is the one that was saved.
  bool restore(File &file) const {
    char text[128] = {}, *offset_at = nullptr, *mark_at = nullptr, *end = nullptr;
    if (fd_.get() < 0 || file.inode == 0 || ::pread(fd_.get(), text, sizeof text - 1, 0) <= 0)
      return false;
    const auto inode = std::strtoull(
        text, &offset_at, 10); // not sscanf: it would be here for this alone, and is large
    const auto offset = std::strtoull(offset_at, &mark_at, 10),
               mark = std::strtoull(mark_at, &end, 16);
    if (mark_at == offset_at || end == mark_at || inode != file.inode) return false;
    struct stat status {};
    if (::fstat(file.fd.get(), &status) < 0 ||
        static_cast<unsigned long long>(status.st_size) < offset)
      return false;
    if (mark_of(file.fd.get(), static_cast<off_t>(offset)) != mark) return false;
    file.offset = static_cast<off_t>(offset);
    return true;
  }

  void save(const File &file) const {
    if (fd_.get() < 0) return;
    char text[128];
    int n = std::snprintf(text, sizeof text, "%20llu %20llu %016llx\n",
                          static_cast<unsigned long long>(file.inode),
                          static_cast<unsigned long long>(file.offset),
                          static_cast<unsigned long long>(mark_of(file.fd.get(), file.offset)));
    if (::pwrite(fd_.get(), text, n, 0) != n) throw failed("write", path_);
  }

private:
  std::string path_;
  Descriptor fd_;
};

class Follower {
public:
  explicit Follower(const Follow &what) : what_(what), position_(what.position) {
    std::size_t slash = what.path.rfind('/');
    std::string directory = slash == std::string::npos ? "." : what.path.substr(0, slash + 1);
    name_ = slash == std::string::npos ? what.path : what.path.substr(slash + 1);
    changed_ = Descriptor(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    appeared_ = Descriptor(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    ::inotify_add_watch(changed_.get(), directory.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO);
    if (::inotify_add_watch(appeared_.get(), directory.c_str(),
                            IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) < 0 &&
        (errno == ENOENT || errno == ENOTDIR))
      throw Error(Exit::usage,
                  "cannot follow " + what.path + ": there is no directory " + directory,
                  "Mount the volume that the service writes its log to.");
    begin();
  }

  std::uint64_t run() {
    for (;;) {
      find_new();
      if (fill()) {
        while (!ready(what_.out, POLLOUT, -1)) find_new();
        if (!write()) return copied_;
      } else if (stopping_) {
        return copied_;
      } else {
        ready(-1, 0, kBatchMs);
        if (!stopping_) ready(changed_.get(), POLLIN, kIdleMs);
        events(changed_);
      }
    }
  }

private:
  void begin() {
    File old = open_file(what_.path + ".1"), now = open_file(what_.path);
    bool at_now = position_.restore(now);
    if (!at_now) position_.restore(old);
    if (old.inode != 0 && !at_now && old.inode != now.inode) files_.push_back(std::move(old));
    if (now.inode != 0) files_.push_back(std::move(now));
    events(appeared_);
    created_ = 0;
  }

  /// Opens what was created at `path` since the last look, and the file before it where that one
  /// was missed.
  void find_new() {
    created_ += events(appeared_);
    File now = open_file(what_.path);
    if (now.inode == 0) return;
    if (!files_.empty() && files_.back().inode == now.inode) {
      created_ = 0;
      return;
    }
    std::uint64_t opened = 1;
    File old = open_file(what_.path + ".1");
    bool known = old.inode == 0 || old.inode == now.inode;
    for (const File &file : files_) known = known || file.inode == old.inode;
    if (!known) {
      files_.push_back(std::move(old));
      ++opened;
    }
    files_.push_back(std::move(now));
    std::uint64_t skipped = created_ > opened ? created_ - opened : 0;
    created_ = 0;
    for (; files_.size() > kFollowHeld; ++skipped) {
      files_.pop_front();
      buffer_.clear();
    }
    if (skipped > 0 && what_.skipped) what_.skipped(skipped);
  }

  /// Empties an inotify queue. Returns how many files appeared under our name.
  std::uint64_t events(const Descriptor &watch) {
    alignas(inotify_event) char bytes[4096];
    std::uint64_t appeared = 0;
    for (ssize_t n; (n = ::read(watch.get(), bytes, sizeof bytes)) > 0;)
      for (char *at = bytes; at < bytes + n;) {
        auto *event = reinterpret_cast<inotify_event *>(at);
        if ((event->mask & (IN_CREATE | IN_MOVED_TO)) && event->len > 0 && name_ == event->name)
          ++appeared;
        at += sizeof(inotify_event) + event->len;
      }
    return appeared;
  }

  /// Takes the next lines into the buffer, from the oldest file that has any. False: nothing to
  /// write now.
  bool fill() {
    while (!files_.empty()) {
      File &file = files_.front();
      char bytes[PIPE_BUF];
      ssize_t n = ::pread(file.fd.get(), bytes, sizeof bytes, file.offset);
      if (n < 0) throw failed("read", what_.path);
      std::string_view text(bytes, static_cast<std::size_t>(n));
      std::size_t end = text.rfind('\n');
      bool last = files_.size() == 1; // the writer may still be at work on it
      if (end == text.npos && n == 0) {
        struct stat status {};
        if (last && ::fstat(file.fd.get(), &status) == 0 && status.st_size < file.offset) {
          file.offset = 0; // truncated in place
          continue;
        }
        if (last) return false;
        files_.pop_front();
        continue;
      }
      if (end == text.npos && text.size() < sizeof bytes && last && !stopping_)
        return false; // half a line
      buffer_.assign(text.substr(0, end == text.npos ? text.size() : end + 1));
      return true;
    }
    return false;
  }

  /// Writes the buffer, at most PIPE_BUF bytes: whole or not at all where `out` is a pipe. False:
  /// nobody reads it.
  bool write() {
    std::size_t done = 0;
    while (done < buffer_.size()) {
      ssize_t n = ::write(what_.out, buffer_.data() + done, buffer_.size() - done);
      if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (n < 0 && errno == EPIPE) return false;
      if (n < 0) throw failed("write", "the output");
      done += static_cast<std::size_t>(n);
    }
    copied_ += done;
    files_.front().offset += static_cast<off_t>(done);
    position_.save(files_.front());
    return true;
  }

  /// Waits until `fd` has one of `events`, a stop or a new file comes, or the time is over (-1:
  /// never). True: `fd` is ready, or broken.
  bool ready(int fd, short events, int timeout_ms) {
    pollfd polled[] = {
        {fd, events, 0}, {stopping_ ? -1 : what_.stop, POLLIN, 0}, {appeared_.get(), POLLIN, 0}};
    if (::poll(polled, 3, timeout_ms) < 0 && errno != EINTR) throw failed("wait for", what_.path);
    if (polled[1].revents != 0) stopping_ = true;
    return polled[0].revents != 0;
  }

  const Follow &what_;
  Position position_;
  std::string name_;
  Descriptor changed_, appeared_; // any write in the directory; a new file there alone
  std::deque<File> files_;        // oldest first; the last is the one being written to
  std::string buffer_;
  std::uint64_t created_ = 0, copied_ = 0;
  bool stopping_ = false;
};

} // namespace

std::uint64_t follow(const Follow &what) { return Follower(what).run(); }

} // namespace hello::sys
