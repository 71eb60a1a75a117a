#pragma once
#include <initializer_list>
#include <string_view>
#include <utility>

/// The server's own log lines, on stderr: starts, stops, changes and problems, but no requests.
namespace hello::server {

enum class Level { info, warning, error };

/// JSON objects, or lines like "hello: text" for people. Set it once, before other threads start.
enum class NoticeFormat { text, json };
void set_notice_format(NoticeFormat format);

/// Writes one line with one write, so that lines of several threads do not mix. `fields` are JSON
/// strings beside "message".
void notice(
    Level level, std::string_view message,
    std::initializer_list<std::pair<std::string_view, std::string_view>> fields = {}) noexcept;

} // namespace hello::server
