#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/log/clock.h"
#include "server/log/line.h"
#include "server/log/log_sink.h"

namespace hello::server {

/// The contents of one line. The texts are as received from the network: the log escapes and cuts
/// them.
struct Access {
  std::string_view method, path, remote, user_agent, request_id, trace_id;
  std::string_view reason; ///< of a refusal; empty for a valid request
  std::string_view drill;  ///< the faults of drills that changed it; empty: none
  int status = 0;
  std::size_t body_bytes = 0;
  std::uint64_t duration_ns = 0;
};

/// The access log of one loop; used on its thread only.
class AccessLog {
public:
  /// `sink` is borrowed; without one the log is off. `seed` must differ between loops, so that
  /// their request ids differ.
  AccessLog(LogFormat format, LogSink *sink, std::uint64_t seed);
  bool on() const { return sink_ != nullptr; }

  /// A new id for a request without one of its own. The view is valid until the next call.
  std::string_view new_id();
  static constexpr std::size_t kIdBytes = 16;

  /// Appends one line. It is lost, and counted, if the writer does not keep up with the loop.
  void write(Clock &clock, const Access &access);

  /// Passes the lines since the last call to the writer.
  void flush() {
    if (buffer_ && buffer_->try_hand_over()) sink_->wake();
  }

private:
  LogFormat format_;
  LogSink *sink_;
  LogBuffer *buffer_ = nullptr;
  std::uint64_t next_id_;
  std::array<char, kIdBytes> id_{};
};

} // namespace hello::server
