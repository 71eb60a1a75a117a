#pragma once
#include <string>
#include <vector>

#include "hello/load_job.h"
#include "hello/rehearse.h"

namespace hello::rehearse {

/// The load beside an exercise, as its pod's log tells of it. Each request comes on a connection of
/// its own, as that of another user, so that all pods get some.
class Visits {
public:
  Visits(kube::Cluster &cluster, const Plan &plan, int rate, std::chrono::seconds longest);

  /// Reads what is new into the report. Throws Error if the load has failed.
  void look(Report &report);
  bool began() const { return start_ != sys::Deadline::max(); }
  /// It stopped before its time: the service asked for less load.
  bool ended() const { return ended_; }
  /// Milliseconds since its beginning.
  std::int64_t now() const;

private:
  kube::Cluster &cluster_;
  std::string run_;
  load::Job job_;
  sys::Deadline start_ = sys::Deadline::max();
  bool ended_ = false;
};

} // namespace hello::rehearse
