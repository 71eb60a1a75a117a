#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "hello/notice.h"

/// The one form of all log lines: docs/logs.md describes it, docs/logs.schema.json is its schema.
namespace hello::server {

std::string_view name_of(Level level);
std::string_view name_of(Event event);

/// Numbers the lines of the process from 1. A line that is lost keeps its number.
inline std::uint64_t next_seq() {
  alignas(64) static std::atomic<std::uint64_t> last{0}; // all threads count it up
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

/// The name of a field with what stands around it, so that one copy writes it.
struct Field {
  std::string_view json, text; ///< ",\"path\":", " path="
};

/// Appends one line to a text that it borrows. Texts are escaped, and cut to whole characters.
class Line {
public:
  Line(std::string &out, LogFormat format) : out_(out), format_(format) {}

  void begin(std::string_view time, Level level, std::string_view message, Event event);
  /// As begin(), with everything between the time and the number made in advance.
  void begin(std::string_view time, const Field &middle);
  void text(const Field &field, std::string_view value, std::size_t limit_bytes);
  void text(std::string_view key, std::string_view value, std::size_t limit_bytes);
  /// A number.
  void raw(const Field &field, std::string_view digits) {
    out_.append(format_ == LogFormat::json ? field.json : field.text).append(digits);
  }
  void raw(std::string_view key, std::string_view digits);
  void end() { out_.append(format_ == LogFormat::json ? "}\n" : "\n"); }

private:
  void key(std::string_view name);
  void value(std::string_view text, std::size_t limit_bytes);

  std::string &out_;
  LogFormat format_;
};

} // namespace hello::server
