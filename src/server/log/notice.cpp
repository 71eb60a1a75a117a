#include "server/log/notice.h"

#include <atomic>
#include <string>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "hello/json.h"
#include "server/log/clock.h"

namespace hello::server {

namespace {
std::atomic<NoticeFormat> chosen{NoticeFormat::text}; // global: any thread may write a notice
} // namespace

void set_notice_format(NoticeFormat format) { chosen = format; }

void notice(Level level, std::string_view message,
            std::initializer_list<std::pair<std::string_view, std::string_view>> fields) noexcept {
  try {
    constexpr std::string_view names[] = {"info", "warning", "error"};
    std::string_view name = names[static_cast<int>(level)];
    std::string line;
    if (chosen == NoticeFormat::json) {
      Clock clock;
      clock.at(std::chrono::steady_clock::now());
      std::string time;
      clock.append_timestamp(time);
      json::Writer out(line);
      out.begin_object().key("time").string(time).key("level").string(name);
      out.key("message").string(message);
      for (auto &[key, value] : fields) out.key(key).string(value);
      out.end_object();
      line += '\n';
    } else {
      line = "hello: ";
      if (level != Level::info) line.append(name).append(": ");
      line.append(message);
      for (auto &[key, value] : fields) line += fmt::format(" {}={}", key, value);
      line += '\n';
    }
    for (std::string_view rest = line; !rest.empty();) {
      pollfd out{STDERR_FILENO, POLLOUT, 0};
      if (::poll(&out, 1, 100) == 0) return; // stderr is full: drop the line, do not block
      auto n = ::write(STDERR_FILENO, rest.data(), rest.size());
      if (n <= 0) return; // stderr is closed
      rest.remove_prefix(static_cast<std::size_t>(n));
    }
  } catch (...) { // out of memory: the line is dropped
  }
}

} // namespace hello::server
