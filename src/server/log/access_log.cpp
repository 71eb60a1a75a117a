#include "server/log/access_log.h"

#include <array>

#include <fmt/format.h>

#include "server/http/escape.h"

namespace hello::server {

AccessLog::AccessLog(LogFormat format, LogSink *sink, std::uint64_t seed)
    : format_(format), sink_(sink), next_id_(seed) {
  if (on()) buffer_ = &sink->add_buffer();
}

void AccessLog::text(std::string &out, std::string_view key, std::string_view value,
                     std::size_t most) const {
  const bool cut = value.size() >
                   most; // six times as long when escaped, a line still fits a pipe's atomic write
  value = value.substr(0, most);
  if (format_ == LogFormat::json) {
    out.append(",\"").append(key).append("\":\"");
    append_json(out, value);
    out += cut ? "…\"" : "\"";
  } else {
    out.append(" ").append(key).append("=");
    append_word(out, value);
    if (cut) out += "…";
  }
}

void AccessLog::raw(std::string &out, std::string_view key, std::string_view value) const {
  if (format_ == LogFormat::json)
    out.append(",\"").append(key).append("\":").append(value);
  else
    out.append(" ").append(key).append("=").append(value);
}

bool AccessLog::write(const Clock &clock, const Access &access) {
  std::string &out = buffer_->pending();
  const std::size_t before = out.size();
  if (format_ == LogFormat::json) out += "{\"time\":\"";
  clock.append_timestamp(out);
  out += format_ == LogFormat::json ? "\",\"level\":\"info\",\"message\":\"request\""
                                    : " info request";
  if (!access.method.empty()) text(out, "method", access.method, 16);
  if (!access.path.empty()) text(out, "path", access.path, 256);
  raw(out, "status", fmt::format_int(access.status).c_str());
  raw(out, "bytes", fmt::format_int(access.body_bytes).c_str());
  const fmt::format_int us(access.duration_ns / 1000);
  std::array<char, 32> ms; // "0.042": thousandths of a millisecond, no floating point
  std::size_t size = 0;
  const std::string_view digits(us.data(), us.size());
  if (digits.size() <= 3) ms[size++] = '0';
  for (std::size_t i = 0; i + 3 < digits.size(); ++i) ms[size++] = digits[i];
  ms[size++] = '.';
  for (std::size_t i = digits.size(); i < 3; ++i) ms[size++] = '0';
  for (std::size_t i = digits.size() > 3 ? digits.size() - 3 : 0; i < digits.size(); ++i)
    ms[size++] = digits[i];
  raw(out, "duration_ms", {ms.data(), size});
  if (!access.remote.empty()) text(out, "remote", access.remote, 64);
  if (!access.user_agent.empty()) text(out, "user_agent", access.user_agent, 256);
  if (!access.reason.empty()) text(out, "reason", access.reason, 64);
  if (access.request_id.empty()) {
    std::uint64_t id = next_id_ += 0x9E3779B97F4A7C15; // splitmix64: no two alike in 2^64
    id = (id ^ id >> 30) * 0xBF58476D1CE4E5B9;
    id = (id ^ id >> 27) * 0x94D049BB133111EB;
    id ^= id >> 31;
    std::array<char, 16> hex;
    for (char &digit : hex) digit = "0123456789abcdef"[id >> 60], id <<= 4;
    text(out, "request_id", {hex.data(), hex.size()}, 16);
  } else {
    text(out, "request_id", access.request_id, 128);
  }
  if (!access.trace_id.empty()) text(out, "trace_id", access.trace_id, 32);
  out += format_ == LogFormat::json ? "}\n" : "\n";
  if (out.size() <= LogBuffer::kBytes) return true;
  out.resize(before);
  return false;
}

} // namespace hello::server
