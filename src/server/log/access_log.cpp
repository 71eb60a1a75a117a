#include "server/log/access_log.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace hello::server {
namespace {

// Written out, because a line is made for each request.
constexpr Field kRequest = {
    "\",\"level\":\"info\",\"message\":\"request\",\"event\":\"request\",\"seq\":",
    " info request event=request seq="};
constexpr Field kRefusal = {
    "\",\"level\":\"info\",\"message\":\"request\",\"event\":\"refusal\",\"seq\":",
    " info request event=refusal seq="};
constexpr Field kMethod = {",\"method\":", " method="};
constexpr Field kPath = {",\"path\":", " path="};
constexpr Field kStatus = {",\"status\":", " status="};
constexpr Field kBytes = {",\"bytes\":", " bytes="};
constexpr Field kDuration = {",\"duration_ms\":", " duration_ms="};
constexpr Field kRemote = {",\"remote\":", " remote="};
constexpr Field kUserAgent = {",\"user_agent\":", " user_agent="};
constexpr Field kReason = {",\"reason\":", " reason="};
constexpr Field kRequestId = {",\"request_id\":", " request_id="};
constexpr Field kDrill = {",\"drill\":", " drill="};
constexpr Field kTraceId = {",\"trace_id\":", " trace_id="};

/// splitmix64: no id repeats within 2^64 calls.
std::uint64_t next_random(std::uint64_t &state) {
  std::uint64_t id = state += 0x9E3779B97F4A7C15;
  id = (id ^ id >> 30) * 0xBF58476D1CE4E5B9;
  id = (id ^ id >> 27) * 0x94D049BB133111EB;
  return id ^ id >> 31;
}

void append_number(Line &line, const Field &field, std::uint64_t number) {
  const fmt::format_int digits(number);
  line.raw(field, {digits.data(), digits.size()});
}

/// Appends milliseconds with three places ("0.042"), without floating point.
void append_duration(Line &line, std::uint64_t ns) {
  const fmt::format_int us(ns / 1000);
  const std::string_view digits(us.data(), us.size());
  const std::size_t whole = digits.size() - std::min<std::size_t>(digits.size(), 3);
  std::array<char, 32> ms;
  std::size_t size = digits.copy(ms.data(), whole);
  if (whole == 0) ms[size++] = '0';
  ms[size++] = '.';
  for (std::size_t places = digits.size() - whole; places < 3; ++places) ms[size++] = '0';
  size += digits.substr(whole).copy(ms.data() + size, 3);
  line.raw(kDuration, {ms.data(), size});
}

} // namespace

AccessLog::AccessLog(LogFormat format, LogSink *sink, std::uint64_t seed)
    : format_(format), sink_(sink), next_id_(seed) {
  if (on()) buffer_ = &sink->add_buffer();
}

std::string_view AccessLog::new_id() {
  std::uint64_t random = next_random(next_id_);
  for (char &digit : id_) {
    digit = "0123456789abcdef"[random >> 60];
    random <<= 4;
  }
  return {id_.data(), id_.size()};
}

void AccessLog::write(Clock &clock, const Access &access) {
  std::string &out = buffer_->pending();
  const std::size_t before = out.size();
  Line line(out, format_);
  line.begin(clock.timestamp(), access.reason.empty() ? kRequest : kRefusal);
  if (!access.method.empty()) line.text(kMethod, access.method, 16);
  if (!access.path.empty()) line.text(kPath, access.path, 256);
  append_number(line, kStatus, static_cast<unsigned>(access.status));
  append_number(line, kBytes, access.body_bytes);
  append_duration(line, access.duration_ns);
  if (!access.remote.empty()) line.text(kRemote, access.remote, 64);
  if (!access.user_agent.empty()) line.text(kUserAgent, access.user_agent, 256);
  if (!access.reason.empty()) line.text(kReason, access.reason, 64);
  line.text(kRequestId, access.request_id.empty() ? new_id() : access.request_id, 128);
  if (!access.trace_id.empty()) line.text(kTraceId, access.trace_id, 32);
  if (!access.drill.empty()) line.text(kDrill, access.drill, 128);
  line.end();
  if (out.size() <= LogBuffer::kBytes) return;
  out.resize(before);
  buffer_->count_lost();
}

} // namespace hello::server
