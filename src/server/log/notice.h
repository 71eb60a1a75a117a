#pragma once
#include <initializer_list>
#include <string_view>
#include <utility>

/// What the server says of itself: one line on stderr for each event of its life (not for
/// requests).
namespace hello::server {

enum class Level { info, warning, error };

/// How notices are written: JSON objects, or "hello: text" for people. Set once, before any thread.
enum class NoticeFormat { text, json };
void set_notice_format(NoticeFormat format);

/// One write, so that lines of several threads never mix. `fields` are JSON strings beside
/// "message".
void notice(
    Level level, std::string_view message,
    std::initializer_list<std::pair<std::string_view, std::string_view>> fields = {}) noexcept;

} // namespace hello::server
