#include "server/log/log_sink.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hello/error.h"
#include "hello/fd.h"
#include "hello/file.h"
#include "hello/file_work.h"
#include "hello/notice.h"
#include "server/log/log_file.h"

namespace hello::server {
namespace {
/// Pause between two writes, in which lines collect to a batch.
constexpr std::chrono::milliseconds kBatchPause{5};
constexpr std::chrono::seconds kLookPause{1};   ///< between two looks at the file's name
constexpr std::chrono::minutes kReportPause{1}; ///< between two reports of lost lines
constexpr int kBlockedMs = 1000; ///< how often a writer that waits for its reader reports
/// PIPE_BUF: up to this size, the write to a pipe is not mixed with those of other processes.
constexpr std::size_t kAtomicBytes = 4096;

[[noreturn]] void fail(const std::string &path, const std::string &why) {
  throw Error(Exit::failure, "cannot write the access log " + path + ": " + why,
              "name a regular file in a directory that may be written, such as /tmp/access.log");
}
} // namespace

struct LogSink::Writer {
  using Clock = std::chrono::steady_clock;
  LogFile file; ///< none: the descriptor is borrowed
  int fd = -1;  ///< the file's, or the borrowed one
  /// A pipe, a socket or a terminal, which may block: poll before each write, and write little.
  bool slow_reader = false;
  std::string batch;
  std::vector<std::unique_ptr<LogBuffer>> buffers;
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<std::uint64_t> blocked{0}; ///< lines that wait for a slow reader
  std::atomic<int> problem{0};           ///< errno of the last write that failed
  Clock::time_point looked_at;

  std::mutex report_mutex;
  std::uint64_t said = 0; ///< lost lines that were reported; as said_at, under report_mutex
  Clock::time_point said_at;

  std::mutex mutex;
  std::condition_variable changed;
  std::atomic<bool> asleep{false};
  std::atomic<bool> stopping{false};
  std::atomic<bool> reopening{false};
  bool done = false;

  void find_kind();
  bool open_file();
  bool is_at_path() const;
  void reopen();
  void check_file();
  void replace_file(std::string_view why);
  void rotate();
  std::uint64_t lost() const;
  void report_lost(Clock::duration pause);
  void wait_for_reader(std::string_view lines);
  std::size_t next_write_bytes(std::string_view lines) const;
  void write_batch();
  void write_some(std::string_view lines);
  bool take();
  void sleep();
  void run();
};

void LogSink::Writer::find_kind() {
  struct stat status {};
  if (fstat(fd, &status) == 0)
    slow_reader = S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) ||
                  (S_ISCHR(status.st_mode) && isatty(fd) == 1);
  // Without O_APPEND, a file that was truncated would begin with a hole.
  if (S_ISREG(status.st_mode)) ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_APPEND);
}

bool LogSink::Writer::open_file() {
  const bool is_open = file.open();
  if (is_open) fd = file.fd.get();
  return is_open;
}

bool LogSink::Writer::is_at_path() const {
  struct stat open {};
  struct stat there {};
  return fstat(fd, &open) == 0 && ::stat(file.path.c_str(), &there) == 0 &&
         open.st_dev == there.st_dev && open.st_ino == there.st_ino;
}

void LogSink::Writer::reopen() {
  if (file.path.empty() || is_at_path() || open_file()) return;
  notice(Level::warning, Event::log_file, "the log file cannot be opened again: the open one stays",
         {{"file", file.path}, {"reason", sys::open_problem(errno)}});
}

void LogSink::Writer::replace_file(std::string_view why) {
  notice(Level::info, Event::log_file, why, {{"file", file.path}});
  file.fd.reset(); // what is written to a file without a name would be lost, and not counted
  fd = -1;
  open_file();
}

/// Finds out whether the file was changed from outside.
void LogSink::Writer::check_file() {
  struct stat own {
  }, named{};
  if (file.path.empty() || fd < 0 || fstat(fd, &own) != 0) return;
  if (own.st_nlink == 0) return replace_file("the log file was deleted: a new one is begun");
  if (static_cast<std::size_t>(own.st_size) < file.bytes) {
    notice(Level::info, Event::log_file,
           "the log file was truncated; logging continues at its new end", {{"file", file.path}});
    file.bytes = static_cast<std::size_t>(own.st_size);
  }
  const Clock::time_point now = Clock::now();
  if (now - looked_at < kLookPause) return; // a renamed file has its lines
  looked_at = now;
  const bool is_there = ::stat(file.path.c_str(), &named) == 0;
  if (is_there ? named.st_ino != own.st_ino || named.st_dev != own.st_dev : errno == ENOENT)
    replace_file("the log file was renamed: a new one is begun");
}

std::uint64_t LogSink::Writer::lost() const {
  std::uint64_t lines = dropped.load(std::memory_order_relaxed);
  for (const auto &buffer : buffers) lines += buffer->lost();
  return lines;
}

/// Reports lost lines, at once the first time, then at most once in `pause`.
void LogSink::Writer::report_lost(Clock::duration pause) {
  const std::lock_guard lock(report_mutex);
  const std::uint64_t before = said, all = lost();
  if (all == before || (before > 0 && Clock::now() - said_at < pause)) return;
  said = all;
  said_at = Clock::now();
  const std::string lines = std::to_string(all - before);
  const int number = problem.load();
  notice(Level::warning, Event::lines_lost, "log lines lost",
         {{"lines", lines, Note::Kind::number},
          {"log", file.path.empty() ? "stdout" : file.path},
          {"reason", number == 0 ? "its reader is too slow" : sys::open_problem(number)}});
}

/// Waits until the reader takes something, or is gone. `lines`: the next ones of the batch.
void LogSink::Writer::wait_for_reader(std::string_view lines) {
  pollfd out{fd, POLLOUT, 0};
  if (::poll(&out, 1, 0) != 0) return;
  const char *const end = batch.data() + batch.size();
  blocked = static_cast<std::uint64_t>(std::count(lines.data(), end, '\n'));
  while (::poll(&out, 1, kBlockedMs) == 0) report_lost(kReportPause);
  blocked = 0;
}

void LogSink::Writer::rotate() {
  file.rotate(); // if it fails, lines are dropped
  fd = file.fd.get();
}

/// How many bytes of complete lines may be written at once; 0 if the file is full.
std::size_t LogSink::Writer::next_write_bytes(std::string_view lines) const {
  const std::size_t half = file.limit_bytes / 2;
  std::size_t room = slow_reader ? kAtomicBytes : lines.size();
  if (!file.path.empty()) room = half - std::min(half, file.bytes);
  if (lines.size() <= room) return lines.size();
  const std::size_t end = room == 0 ? std::string_view::npos : lines.rfind('\n', room - 1);
  if (end != std::string_view::npos) return end + 1;
  if (!file.path.empty() && file.bytes > 0) return 0;
  return lines.find('\n') + 1; // a single line is written even if it is longer than the limit
}

/// Writes complete lines, at most kAtomicBytes of them if the reader may be slow.
void LogSink::Writer::write_some(std::string_view lines) {
  const std::size_t all = lines.size();
  while (!lines.empty()) {
    if (slow_reader) wait_for_reader(lines);
    const ssize_t n = ::write(fd, lines.data(), lines.size());
    if (n >= 0) {
      lines.remove_prefix(static_cast<std::size_t>(n));
      file.bytes += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      slow_reader = true; // another process has made the descriptor's file non-blocking
    } else if (errno != EINTR) {
      problem = errno;
      dropped += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
      // The disk is full and the last line is incomplete: continue in a new file.
      if (lines.size() < all && !file.path.empty()) file.bytes = file.limit_bytes;
      return;
    }
  }
}

void LogSink::Writer::write_batch() {
  check_file();
  std::string_view rest = batch;
  while (!rest.empty()) {
    if (!file.path.empty() && fd < 0) rotate(); // the last attempt failed: try again
    std::size_t size = next_write_bytes(rest);
    if (size == 0) {
      rotate();
      if (fd < 0) file.bytes = 0;
      continue;
    }
    write_some(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  LogBuffer::clear(batch);
}

bool LogSink::Writer::take() {
  for (const auto &buffer : buffers) buffer->take(batch);
  return !batch.empty();
}

/// Waits until a loop wakes the writer or the sink stops.
void LogSink::Writer::sleep() {
  std::unique_lock lock(mutex);
  // A wake() after this line sees that the writer sleeps; the lines of an earlier one are seen
  // below.
  asleep.exchange(true, std::memory_order_acq_rel);
  const bool work =
      reopening.load() || std::any_of(buffers.begin(), buffers.end(),
                                      [](const auto &buffer) { return !buffer->empty(); });
  if (!work) changed.wait(lock, [this] { return !asleep.load() || stopping.load(); });
  asleep.store(false);
}

void LogSink::Writer::run() {
  sigset_t all; // the main thread handles signals, and write() reports a broken pipe
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  while (true) {
    const bool last = stopping.load();
    if (reopening.exchange(false)) reopen();
    if (take()) {
      write_batch();
      report_lost(kReportPause);
      std::unique_lock lock(mutex);
      if (!last) changed.wait_for(lock, kBatchPause, [this] { return stopping.load(); });
    } else if (last) {
      break;
    } else {
      sleep();
    }
  }
  report_lost({});
  file.fd.reset(); // here, since a close may hang too
  const std::lock_guard lock(mutex);
  done = true;
  changed.notify_all();
}

LogSink::LogSink(int descriptor) : writer_(std::make_shared<Writer>()) {
  writer_->fd = descriptor;
  if (!sys::run_within(sys::kFileTimeout, [writer = writer_] { writer->find_kind(); }))
    fail("stdout", "its file system does not answer");
}

LogSink::LogSink(std::string path, std::size_t limit_bytes) : writer_(std::make_shared<Writer>()) {
  writer_->file.path = std::move(path);
  writer_->file.limit_bytes = limit_bytes;
  const auto why = std::make_shared<int>(0);
  const bool answered = sys::run_within(sys::kFileTimeout, [writer = writer_, why] {
    if (!writer->open_file()) *why = errno;
  });
  if (!answered) fail(writer_->file.path, "its file system does not answer");
  if (*why != 0) fail(writer_->file.path, sys::open_problem(*why));
}

LogSink::~LogSink() { stop(std::chrono::seconds(1)); }

LogBuffer &LogSink::add_buffer() {
  return *writer_->buffers.emplace_back(std::make_unique<LogBuffer>());
}

void LogSink::start() {
  thread_ = std::thread([writer = writer_] { writer->run(); });
}

void LogSink::wake() {
  if (!writer_->asleep.exchange(false, std::memory_order_acq_rel)) return;
  const std::lock_guard lock(writer_->mutex);
  writer_->changed.notify_all();
}

void LogSink::reopen() {
  writer_->reopening.store(true);
  wake();
}

void LogSink::stop(std::chrono::milliseconds timeout) {
  if (!thread_.joinable()) return;
  for (const auto &buffer : writer_->buffers) buffer->hand_over();
  std::unique_lock lock(writer_->mutex);
  writer_->stopping.store(true);
  writer_->changed.notify_all();
  if (writer_->changed.wait_for(lock, timeout, [this] { return writer_->done; })) {
    lock.unlock();
    thread_.join();
  } else {
    thread_.detach();
    lock.unlock();
    for (const auto &buffer : writer_->buffers) buffer->give_up();
    writer_->dropped += writer_->blocked.exchange(0);
    writer_->report_lost({});
  }
}

std::uint64_t LogSink::dropped() const { return writer_->lost(); }

} // namespace hello::server
