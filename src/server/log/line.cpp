#include "server/log/line.h"

#include <algorithm>
#include <chrono>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "hello/error.h"
#include "hello/json.h"
#include "hello/text.h"

namespace hello::server {
namespace {

constexpr std::size_t kMessageBytes = 1024;
constexpr Field kStart = {",\"start\":", " start="};

/// When the process made its first line, in milliseconds since 1970. It tells the numbers of one
/// process from those of the next one in the same pod.
std::string_view process_start() {
  static const fmt::format_int start(std::chrono::duration_cast<std::chrono::milliseconds>(
                                         std::chrono::system_clock::now().time_since_epoch())
                                         .count());
  return {start.data(), start.size()};
}

/// Appends a value of a text line: unchanged if it is visible ASCII without quotes, backslashes and
/// equals signs, else as a JSON string.
void append_word(std::string &out, std::string_view text) {
  const auto is_visible = [](char c) {
    return c > ' ' && c < 0x7F && c != '"' && c != '\\' && c != '=';
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_visible))
    out += text;
  else
    json::quote_visible(out, text);
}

/// Appends the message of a text line: unchanged if nothing in it needs an escape.
void append_message(std::string &out, std::string_view text) {
  std::string quoted;
  json::quote_visible(quoted, text);
  out += std::string_view(quoted).substr(1, quoted.size() - 2) == text ? text : quoted;
}

} // namespace

LogFormat log_format(std::string_view word, int fd) {
  if (word == "json") return LogFormat::json;
  if (word == "text") return LogFormat::text;
  if (!word.empty())
    throw Error(Exit::usage,
                fmt::format("--log-format: invalid value '{}': use json or text", word));
  return ::isatty(fd) == 1 ? LogFormat::text : LogFormat::json;
}

std::string_view name_of(Level level) {
  static constexpr std::string_view kNames[] = {"info", "warning", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

std::string_view name_of(Event event) {
  static constexpr std::string_view kNames[] = {
      "request",    "refusal",        "option",           "sandbox",       "started",
      "not_ready",  "ready",          "messages_changed", "messages_kept", "memory_budget",
      "refreshed",  "draining",       "cut_off",          "stopped",       "log_file",
      "lines_lost", "drill_listener", "drill_began",      "drill_ended",   "drill_line",
      "fatal"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(Event::fatal) + 1);
  return kNames[static_cast<std::size_t>(event)];
}

void Line::begin(std::string_view time, Level level, std::string_view message, Event event) {
  message = text::cut(message, kMessageBytes);
  if (format_ == LogFormat::json) {
    out_.append("{\"time\":\"").append(time).append("\"");
    text("level", name_of(level), kMessageBytes);
    text("message", message, kMessageBytes);
  } else {
    out_.append(time).append(" ").append(name_of(level)).append(" ");
    append_message(out_, message);
  }
  text("event", name_of(event), kMessageBytes);
  raw("seq", fmt::format_int(next_seq()).c_str());
  raw(kStart, process_start());
}

void Line::begin(std::string_view time, const Field &middle) {
  if (format_ == LogFormat::json) out_ += "{\"time\":\"";
  out_ += time;
  const fmt::format_int number(next_seq());
  raw(middle, {number.data(), number.size()});
  raw(kStart, process_start());
}

void Line::key(std::string_view name) {
  if (format_ == LogFormat::json)
    out_.append(",\"").append(name).append("\":");
  else
    out_.append(" ").append(name).append("=");
}

/// Long values are cut, so that a line fits the atomic write of a pipe even if each byte becomes
/// six.
void Line::value(std::string_view text, std::size_t limit_bytes) {
  const bool cut = text.size() > limit_bytes;
  const std::string_view kept = cut ? text::cut(text, limit_bytes) : text;
  if (format_ == LogFormat::text) {
    append_word(out_, kept);
    if (cut) out_ += "…";
    return;
  }
  json::quote_visible(out_, kept);
  if (!cut) return;
  out_.pop_back();
  out_ += "…\"";
}

void Line::text(const Field &field, std::string_view value, std::size_t limit_bytes) {
  out_ += format_ == LogFormat::json ? field.json : field.text;
  this->value(value, limit_bytes);
}

void Line::text(std::string_view key, std::string_view value, std::size_t limit_bytes) {
  this->key(key);
  this->value(value, limit_bytes);
}

void Line::raw(std::string_view key, std::string_view digits) {
  this->key(key);
  out_ += digits;
}

} // namespace hello::server
