#include "server/notice.h"

#include <atomic>
#include <ctime>
#include <iterator>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "server/escape.h"

namespace hello::server {

namespace {
std::atomic<NoticeFormat> chosen{NoticeFormat::text}; // a notice has no other place to know it from

void append_string(std::string &out, std::string_view text) {
  out += '"';
  append_json(out, text);
  out += '"';
}

std::string now() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  tm parts{};
  gmtime_r(&time.tv_sec, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, time.tv_nsec / 1'000'000);
}
} // namespace

void set_notice_format(NoticeFormat format) { chosen = format; }

void notice(Level level, std::string_view message,
            std::initializer_list<std::pair<std::string_view, std::string_view>> fields) noexcept {
  try {
    constexpr std::string_view names[] = {"info", "warning", "error"};
    std::string_view name = names[static_cast<int>(level)];
    std::string line;
    if (chosen == NoticeFormat::json) {
      line = fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",\"message\":", now(), name);
      append_string(line, message);
      for (auto &[key, value] : fields) {
        line += ',';
        append_string(line, key);
        line += ':';
        append_string(line, value);
      }
      line += "}\n";
    } else {
      line = fmt::format("hello: {}{}", level == Level::info ? "" : std::string(name) + ": ", message);
      for (auto &[key, value] : fields) line += fmt::format(" {}={}", key, value);
      line += '\n';
    }
    for (std::string_view rest = line; !rest.empty();) {
      auto n = ::write(STDERR_FILENO, rest.data(), rest.size());
      if (n <= 0) return; // nobody reads stderr: the service goes on
      rest.remove_prefix(static_cast<std::size_t>(n));
    }
  } catch (...) { // no memory for a line
  }
}

} // namespace hello::server
