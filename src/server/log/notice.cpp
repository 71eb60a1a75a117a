#include "hello/notice.h"

#include <atomic>
#include <string>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "hello/error.h"
#include "hello/fatal.h"
#include "server/log/clock.h"
#include "server/log/line.h"

namespace hello::server {

namespace {
constexpr std::size_t kValueBytes = 512;
constexpr int kPatienceMs = 100; ///< of the first line that stderr does not take

// Globals, because any thread may write a notice.
std::atomic<LogFormat> chosen{LogFormat::text};
std::atomic<std::uint64_t> lost{0};   ///< lines
std::atomic<std::uint64_t> unsaid{0}; ///< those of them that no line has reported yet

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
  if (write(line))
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

void notice(Level level, Event event, std::string_view message,
            std::initializer_list<Note> notes) noexcept {
  try {
    report_lost();
    if (!write(make(level, event, message, notes))) count_lost(1);
  } catch (...) { // out of memory
    count_lost(1);
  }
}

std::uint64_t lost_notices() { return lost.load(); }

} // namespace hello::server
