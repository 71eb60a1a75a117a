#include "server/engine/status.h"

#include <cstring>

namespace hello::server {

const char *to_text(Phase phase) {
  switch (phase) {
  case Phase::starting: return "starting";
  case Phase::ready: return "ready";
  case Phase::draining: return "draining";
  case Phase::closing: return "closing";
  case Phase::stopped: return "stopped";
  }
  return "unknown";
}

std::string Status::unready() const {
  if (Phase now = phase(); now != Phase::ready) return std::string("phase: ") + to_text(now);
  if (int error = temp_error()) return std::string("temp-directory: ") + std::strerror(error);
  return {};
}

std::string Status::stuck(std::chrono::steady_clock::time_point now) const {
  using namespace std::chrono;
  const auto now_ms = duration_cast<milliseconds>(now.time_since_epoch()).count();
  for (unsigned n = 0; n <= public_loops_; ++n) {
    auto beat = loops_[n].heartbeat_ms.load(std::memory_order_relaxed);
    if (beat && now_ms - beat > milliseconds(kStuck).count())
      return n == public_loops_ ? "admin loop" : "loop " + std::to_string(n);
  }
  return {};
}

} // namespace hello::server
