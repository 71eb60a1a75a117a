#include "hello/notice.h"

#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <string>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "hello/error.h"
#include "hello/fatal.h"
#include "hello/file.h"
#include "server/log/clock.h"
#include "server/log/line.h"
#include "server/log/log_file.h"

namespace hello::server {

namespace {
constexpr std::size_t kValueBytes = 512;
constexpr int kPatienceMs = 100; ///< of the first line that stderr does not take
constexpr std::size_t kFileBytes = 1 << 20;

// Globals, because any thread may write a notice.
std::atomic<LogFormat> chosen{LogFormat::text};
std::atomic<std::uint64_t> lost{0};   ///< lines
std::atomic<std::uint64_t> unsaid{0}; ///< those of them that no line has reported yet

/// The file that gets each line too. Never destroyed: threads may outlive main().
struct Copy {
  std::mutex mutex;
  LogFile log;
};
std::atomic<Copy *> copy{nullptr};

std::string make(Level level, Event event, std::string_view message,
                 std::initializer_list<Note> notes) {
  Clock clock;
  clock.at(std::chrono::steady_clock::now());
  std::string out;
  Line line(out, chosen);
  line.begin(clock.timestamp(), level, message, event);
  for (const Note &note : notes)
    if (note.kind == Note::Kind::number)
      line.raw(note.key, note.value);
    else
      line.text(note.key, note.value, kValueBytes);
  line.end();
  return out;
}

/// False if stderr is full or closed: the line is dropped, the caller does not wait.
bool write(std::string_view line) {
  while (!line.empty()) {
    pollfd out{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&out, 1, unsaid.load() > 0 ? 0 : kPatienceMs) == 0) return false;
    const ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
    if (n <= 0) return false;
    line.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// False if there is a file, and it did not take the line.
bool write_copy(std::string_view line) {
  Copy *const to = copy.load();
  if (!to) return true;
  const std::lock_guard lock(to->mutex);
  LogFile &log = to->log;
  if (!log.fd || log.bytes + line.size() > log.limit_bytes / 2) log.rotate();
  log.bytes += line.size();
  return log.fd && sys::write_all(log.fd.get(), line) == 0;
}

/// To stderr and to the file. False if one of them did not take it.
bool write_both(std::string_view line) {
  const bool is_copied = write_copy(line);
  return write(line) && is_copied;
}

void count_lost(std::uint64_t lines) {
  lost += lines;
  unsaid += lines;
}

void report_lost() {
  const std::uint64_t lines = unsaid.load();
  if (lines == 0) return;
  const fmt::format_int digits(lines);
  const std::string line =
      make(Level::warning, Event::lines_lost, "log lines lost: stderr did not take them",
           {{"lines", {digits.data(), digits.size()}, Note::Kind::number}, {"log", "stderr"}});
  if (write_both(line))
    unsaid -= lines;
  else
    count_lost(1);
}
} // namespace

void set_notice_format(LogFormat format) {
  chosen = format;
  write_fatal = [](const char *why) noexcept {
    static_assert(static_cast<int>(Exit::failure) == 6);
    notice(Level::error, Event::fatal, why, {{"exit_code", "6", Note::Kind::number}});
  };
}

void set_notice_file(const std::string &path, std::string_view option) {
  if (copy.load()) return;
  auto opened = std::make_unique<Copy>();
  opened->log.path = path;
  opened->log.limit_bytes = kFileBytes;
  if (!opened->log.open())
    throw Error(Exit::failure,
                fmt::format("{}: cannot write {}: {}", option, path, sys::open_problem(errno)),
                "name a regular file in a directory that may be written, such as /tmp/stderr.log");
  copy.store(opened.release());
}

void notice(Level level, Event event, std::string_view message,
            std::initializer_list<Note> notes) noexcept {
  try {
    report_lost();
    if (!write_both(make(level, event, message, notes))) count_lost(1);
  } catch (...) { // out of memory
    count_lost(1);
  }
}

std::uint64_t lost_notices() { return lost.load(); }

} // namespace hello::server
