#pragma once
#include <initializer_list>
#include <string_view>
#include <utility>

/// Log lines of the server itself, on stderr: one for each event in its life, none for requests.
namespace hello::server {

enum class Level { info, warning, error };

/// JSON objects, or "hello: text" for people. Set once, before any other thread starts.
enum class NoticeFormat { text, json };
void set_notice_format(NoticeFormat format);

/// Writes one line in one piece, so that lines of several threads never mix. `fields` are JSON
/// strings beside "message".
void notice(
    Level level, std::string_view message,
    std::initializer_list<std::pair<std::string_view, std::string_view>> fields = {}) noexcept;

} // namespace hello::server
