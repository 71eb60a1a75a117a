#pragma once
#include <cstdint>
#include <string>

#include "server/engine/faults.h"
#include "server/engine/handler.h"

namespace hello::server {

/// What the active drills do to one request.
struct Disturbance {
  int status = 0;    ///< of the error that answers it; 0: none
  Effect effect;     ///< on its response
  std::string names; ///< of the faults that changed it, for the log: "latency,errors"
};

/// Decides it for the requests of one loop. A share is met exactly: of 20 %, each fifth request.
class Disturber {
public:
  /// `faults` is borrowed; nullptr: there are no drills.
  explicit Disturber(const Faults *faults) : faults_(faults) {}

  bool is_on() const { return faults_ != nullptr && faults_->any(); }
  /// For the next request; spends the CPU time of `work`. Only while it is on.
  Disturbance next();
  /// Keeps the calling thread for as long as `hang` is active.
  void hang() const;

private:
  bool hits(std::int64_t percent, std::int64_t &sum);
  std::int64_t latency_ms();

  const Faults *faults_;
  std::int64_t errors_ = 0, resets_ = 0; ///< percent, summed up to the next hit
  std::uint64_t random_ = 1;
};

} // namespace hello::server
