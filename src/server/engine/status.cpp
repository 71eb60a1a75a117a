#include "server/engine/status.h"

#include <algorithm>
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

std::string Status::unready(Moment now, Moment resumed) const {
  if (Phase at = phase(); at != Phase::ready) return std::string("phase: ") + to_text(at);
  if (faults_.has(drills::Fault::unready)) return "drill: unready";
  if (int error = temp_error()) return std::string("temp-directory: ") + std::strerror(error);
  const Moment checked = temp_checked_.load(std::memory_order_relaxed);
  if (checked != Moment() && now - std::max(checked, resumed) > 3 * kTempCheck)
    return "temp-directory: does not answer";
  return {};
}

std::string Status::stuck(Moment now, Moment resumed) const {
  if (faults_.has(drills::Fault::unlive)) return "drill: unlive";
  for (unsigned n = 0; n < public_loops_; ++n) {
    const std::chrono::milliseconds beat(loops_[n].heartbeat_ms.load(std::memory_order_relaxed));
    if (beat.count() && now - std::max(Moment(beat), resumed) > kStuck)
      return "loop " + std::to_string(n);
  }
  return {};
}

} // namespace hello::server
