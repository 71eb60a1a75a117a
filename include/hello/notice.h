#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

/// The process's own log lines, on stderr: starts, stops, changes and problems, but no requests.
namespace hello::server {

/// JSON objects, or lines "TIME LEVEL MESSAGE KEY=VALUE…" for people.
enum class LogFormat : std::uint8_t { json, text };

/// The format of the lines that go to `fd`: `word` is "json" or "text"; if it is empty, text for a
/// terminal and JSON otherwise. Throws Error(Exit::usage) for any other word.
LogFormat log_format(std::string_view word, int fd);

enum class Level : std::uint8_t { info, warning, error };

/// What a line is about.
enum class Event : std::uint8_t {
  request,
  refusal,
  option, ///< a flag or variable that does not have the effect one would expect
  sandbox,
  started,
  not_ready,
  ready,
  messages_changed,
  messages_kept,
  memory_budget,
  refreshed,
  draining,
  cut_off,
  stopped,
  log_file,
  lines_lost,
  drill_listener,
  drill_began,
  drill_ended,
  drill_line,
  fatal,
};

/// Text until it is set. Also makes errors that end the process at once lines of this log. Call it
/// once, before other threads start.
void set_notice_format(LogFormat format);

/// From here on each line goes to this file too, for a log agent that cannot read stderr. It has at
/// most 1 MiB, with PATH.1, to which it is renamed at half of that. Call it before other threads
/// start; a second call does nothing. Throws Error(Exit::failure), which names `option`, if the
/// file cannot be opened.
void set_notice_file(const std::string &path, std::string_view option);

/// A field beside those that every line has.
struct Note {
  enum class Kind : std::uint8_t { text, number };
  std::string_view key, value;
  Kind kind = Kind::text;
};

/// Writes one line with one write, so that lines of several threads do not mix. If stderr takes
/// nothing, the line is lost; the next one that it takes says how many were.
void notice(Level level, Event event, std::string_view message,
            std::initializer_list<Note> notes = {}) noexcept;

/// How many lines stderr did not take.
std::uint64_t lost_notices();

} // namespace hello::server
