#include "server/log/access_log.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "hello/json.h"

namespace hello::server {
namespace {

/// Appends a value of a text line: unchanged if it is visible ASCII without quotes, backslashes and
/// equals signs, else as a JSON string.
void append_word(std::string &out, std::string_view text) {
  const auto plain = [](char c) {
    return c > ' ' && c < 0x7F && c != '"' && c != '\\' && c != '=';
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain))
    out += text;
  else
    json::quote(out, text);
}

/// splitmix64: no id repeats within 2^64 calls.
std::uint64_t next_random(std::uint64_t &state) {
  std::uint64_t id = state += 0x9E3779B97F4A7C15;
  id = (id ^ id >> 30) * 0xBF58476D1CE4E5B9;
  id = (id ^ id >> 27) * 0x94D049BB133111EB;
  return id ^ id >> 31;
}

} // namespace

AccessLog::AccessLog(LogFormat format, LogSink *sink, std::uint64_t seed)
    : format_(format), sink_(sink), next_id_(seed) {
  if (on()) buffer_ = &sink->add_buffer();
}

/// Cuts long values, so that a line fits the atomic write of a pipe even if each byte becomes six.
void AccessLog::append_text(std::string &out, std::string_view key, std::string_view value,
                            std::size_t limit_bytes) const {
  const bool cut = value.size() > limit_bytes;
  value = value.substr(0, limit_bytes);
  if (format_ == LogFormat::json) {
    out.append(",\"").append(key).append("\":");
    json::quote(out, value);
    if (cut) {
      out.pop_back();
      out += "…\"";
    }
  } else {
    out.append(" ").append(key).append("=");
    append_word(out, value);
    if (cut) out += "…";
  }
}

void AccessLog::append_raw(std::string &out, std::string_view key, std::string_view value) const {
  if (format_ == LogFormat::json)
    out.append(",\"").append(key).append("\":").append(value);
  else
    out.append(" ").append(key).append("=").append(value);
}

void AccessLog::append_start(std::string &out, const Clock &clock) const {
  if (format_ == LogFormat::json) out += "{\"time\":\"";
  clock.append_timestamp(out);
  if (format_ == LogFormat::json)
    out += "\",\"level\":\"info\",\"message\":\"request\"";
  else
    out += " info request";
}

/// Appends milliseconds with three places ("0.042"), without floating point.
void AccessLog::append_duration(std::string &out, std::uint64_t ns) const {
  const fmt::format_int us(ns / 1000);
  const std::string_view digits(us.data(), us.size());
  const std::size_t whole = digits.size() - std::min<std::size_t>(digits.size(), 3);
  std::array<char, 32> ms;
  std::size_t size = digits.copy(ms.data(), whole);
  if (whole == 0) ms[size++] = '0';
  ms[size++] = '.';
  for (std::size_t places = digits.size() - whole; places < 3; ++places) ms[size++] = '0';
  size += digits.substr(whole).copy(ms.data() + size, 3);
  append_raw(out, "duration_ms", {ms.data(), size});
}

std::string_view AccessLog::new_id() {
  std::uint64_t random = next_random(next_id_);
  for (char &digit : id_) {
    digit = "0123456789abcdef"[random >> 60];
    random <<= 4;
  }
  return {id_.data(), id_.size()};
}

bool AccessLog::write(const Clock &clock, const Access &access) {
  std::string &out = buffer_->pending();
  const std::size_t before = out.size();
  append_start(out, clock);
  if (!access.method.empty()) append_text(out, "method", access.method, 16);
  if (!access.path.empty()) append_text(out, "path", access.path, 256);
  append_raw(out, "status", fmt::format_int(access.status).c_str());
  append_raw(out, "bytes", fmt::format_int(access.body_bytes).c_str());
  append_duration(out, access.duration_ns);
  if (!access.remote.empty()) append_text(out, "remote", access.remote, 64);
  if (!access.user_agent.empty()) append_text(out, "user_agent", access.user_agent, 256);
  if (!access.reason.empty()) append_text(out, "reason", access.reason, 64);
  append_text(out, "request_id", access.request_id.empty() ? new_id() : access.request_id, 128);
  if (!access.trace_id.empty()) append_text(out, "trace_id", access.trace_id, 32);
  out += format_ == LogFormat::json ? "}\n" : "\n";
  if (out.size() <= LogBuffer::kBytes) return true;
  out.resize(before);
  return false;
}

} // namespace hello::server
