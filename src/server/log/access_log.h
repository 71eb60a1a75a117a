#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "server/log/clock.h"
#include "server/log/log_sink.h"

namespace hello::server {

/// What one line says. All texts are as the network sent them: the log escapes and bounds them.
struct Access {
  std::string_view method, path, remote, user_agent, request_id, trace_id;
  std::string_view reason; ///< why it was refused; empty for a request
  int status = 0;
  std::size_t body_bytes = 0;
  std::uint64_t duration_ns = 0;
};

enum class LogFormat : std::uint8_t { off, json, text };

/// The lines of one loop; used on its thread alone.
class AccessLog {
public:
  /// `sink` is borrowed; unused where `format` is off. `seed` makes request ids of this loop unlike
  /// others'.
  AccessLog(LogFormat format, LogSink *sink, std::uint64_t seed);
  bool on() const { return format_ != LogFormat::off; }

  /// Appends one line; false where it was dropped, because the writer is stopped.
  bool write(const Clock &clock, const Access &access);

  /// Lets the writer know, once for all lines since the last time.
  void flush() {
    if (buffer_ && buffer_->hand_over()) sink_->wake();
  }

private:
  void text(std::string &out, std::string_view key, std::string_view value, std::size_t most) const;
  void raw(std::string &out, std::string_view key, std::string_view value) const;

  LogFormat format_;
  LogSink *sink_;
  LogBuffer *buffer_ = nullptr;
  std::uint64_t next_id_;
};

} // namespace hello::server
