#include "server/log/log_sink.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hello/error.h"

namespace hello::server {
namespace {
constexpr std::chrono::milliseconds kPause{
    5}; // between two looks at the buffers while there is work: makes batches
constexpr std::size_t kAtomic =
    4096; // PIPE_BUF: a pipe takes so much whole, unmixed with what others write
} // namespace

struct LogSink::Work {
  std::string path;
  std::size_t limit_bytes = 0;
  int fd = -1;
  bool patient =
      false; ///< a reader at the other end may be slow: ask before each write, and write little
  std::size_t file_bytes = 0;
  std::string batch;
  std::vector<std::unique_ptr<LogBuffer>> buffers;
  std::atomic<std::uint64_t> dropped{0};

  std::mutex mutex;
  std::condition_variable changed;
  std::atomic<bool> asleep{false};
  std::atomic<bool> stopping{false};
  bool done = false;

  bool open_file();
  void rotate();
  std::size_t portion(std::string_view lines) const;
  void write_batch();
  void write_some(std::string_view lines);
  bool take();
  void run();
};

/// False, with errno, where it cannot be.
bool LogSink::Work::open_file() {
  // Non-blocking matters for a FIFO alone, which is then refused.
  fd =
      ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
  if (fd < 0) return false;
  struct stat status {};
  if (fstat(fd, &status) != 0) return false;
  if (!S_ISREG(status.st_mode)) {
    errno = EINVAL;
    return false;
  }
  file_bytes = static_cast<std::size_t>(status.st_size);
  // A line that a killed process left half must not swallow our first.
  char last = '\n';
  if (file_bytes > 0 && ::pread(fd, &last, 1, status.st_size - 1) == 1 && last != '\n')
    file_bytes += static_cast<std::size_t>(std::max<ssize_t>(::write(fd, "\n", 1), 0));
  return true;
}

void LogSink::Work::rotate() {
  const int old = std::exchange(fd, -1);
  // Bounded all the same: better no more lines than a full volume, for which the pod would be
  // evicted.
  if (std::rename(path.c_str(), (path + ".1").c_str()) == 0 || errno == ENOENT)
    if (!open_file() && fd >= 0) ::close(std::exchange(fd, -1));
  if (old >= 0) ::close(old);
}

/// How many bytes of whole lines may go at once; 0: the file is full.
std::size_t LogSink::Work::portion(std::string_view lines) const {
  const std::size_t half = limit_bytes / 2;
  const std::size_t room = !path.empty() ? half - std::min(half, file_bytes)
                           : patient     ? kAtomic
                                         : lines.size();
  if (lines.size() <= room) return lines.size();
  const std::size_t end = room == 0 ? std::string_view::npos : lines.rfind('\n', room - 1);
  if (end != std::string_view::npos) return end + 1;
  return !path.empty() && file_bytes > 0
             ? 0
             : lines.find('\n') + 1; // one line that is longer than all: as it is
}

/// `lines` are whole lines, at most kAtomic bytes where we are patient.
void LogSink::Work::write_some(std::string_view lines) {
  const std::size_t all = lines.size();
  while (!lines.empty()) {
    if (patient) {
      pollfd out{fd, POLLOUT, 0};
      ::poll(&out, 1, -1);
    }
    const ssize_t n = ::write(fd, lines.data(), lines.size());
    if (n >= 0) {
      lines.remove_prefix(static_cast<std::size_t>(n));
      file_bytes += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      patient = true; // somebody made the description non-blocking
    } else if (errno != EINTR) {
      dropped += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
      // A file that got half a line (no space) must not glue the next one to it.
      if (lines.size() < all && !path.empty()) file_bytes = limit_bytes;
      return;
    }
  }
}

void LogSink::Work::write_batch() {
  std::string_view rest = batch;
  while (!rest.empty()) {
    if (!path.empty() && fd < 0) rotate(); // it failed before: perhaps not now
    std::size_t size = portion(rest);
    if (size == 0) {
      rotate();
      if (fd < 0) file_bytes = 0;
      continue;
    }
    write_some(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  LogBuffer::clear(batch);
}

bool LogSink::Work::take() {
  for (const auto &buffer : buffers) buffer->take(batch);
  return !batch.empty();
}

void LogSink::Work::run() {
  sigset_t all; // signals are for the thread that waits for them; a broken pipe is an errno
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  while (true) {
    const bool last = stopping.load();
    if (take()) {
      write_batch();
    } else if (last) {
      break;
    } else {
      std::unique_lock lock(mutex);
      asleep.exchange(
          true,
          std::memory_order_acq_rel); // either wake() comes later and sees it, or we see the line
      const bool work = std::any_of(buffers.begin(), buffers.end(),
                                    [](const auto &buffer) { return !buffer->empty(); });
      if (!work) changed.wait(lock, [this] { return !asleep.load() || stopping.load(); });
      asleep.store(false);
      continue;
    }
    if (last) continue;
    std::unique_lock lock(mutex);
    changed.wait_for(lock, kPause, [this] { return stopping.load(); });
  }
  const std::lock_guard lock(mutex);
  done = true;
  changed.notify_all();
}

LogSink::LogSink(int descriptor) : work_(std::make_shared<Work>()) {
  work_->fd = descriptor;
  struct stat status {};
  if (fstat(descriptor, &status) == 0)
    work_->patient =
        S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || isatty(descriptor) == 1;
}

LogSink::LogSink(std::string path, std::size_t limit_bytes) : work_(std::make_shared<Work>()) {
  work_->path = std::move(path);
  work_->limit_bytes = limit_bytes;
  if (work_->open_file()) return;
  const int why = errno;
  if (work_->fd >= 0) ::close(work_->fd);
  throw Error(Exit::failure,
              "cannot write the access log " + work_->path + ": " + std::strerror(why),
              "name a regular file in a directory that may be written, such as /tmp/access.log");
}

LogSink::~LogSink() {
  stop(std::chrono::seconds(1));
  if (!work_->path.empty() && work_.use_count() == 1 && work_->fd >= 0) ::close(work_->fd);
}

LogBuffer &LogSink::add_buffer() {
  return *work_->buffers.emplace_back(std::make_unique<LogBuffer>());
}

void LogSink::start() {
  thread_ = std::thread([work = work_] { work->run(); });
}

void LogSink::wake() {
  if (!work_->asleep.exchange(false, std::memory_order_acq_rel)) return;
  const std::lock_guard lock(work_->mutex);
  work_->changed.notify_all();
}

void LogSink::stop(std::chrono::milliseconds patience) {
  if (!thread_.joinable()) return;
  for (const auto &buffer : work_->buffers) buffer->hand_over(true);
  std::unique_lock lock(work_->mutex);
  work_->stopping.store(true);
  work_->changed.notify_all();
  if (work_->changed.wait_for(lock, patience, [this] { return work_->done; })) {
    lock.unlock();
    thread_.join();
  } else {
    thread_.detach();
  }
}

std::uint64_t LogSink::dropped() const { return work_->dropped.load(std::memory_order_relaxed); }

} // namespace hello::server
