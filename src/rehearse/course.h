#pragma once
#include <string>

#include "hello/rehearse.h"

namespace hello::rehearse {

/// What an exercise does to a release.
class Course {
public:
  Course(kube::Cluster &cluster, const Plan &plan, drills::Send send)
      : cluster_(cluster), plan_(plan), send_(send) {}

  /// How long it may take.
  std::chrono::seconds longest() const;
  void begin();
  /// Ends a fault that still lasts. Never throws.
  void stop();
  /// What happened since the last call; empty: nothing. One that is over says nothing further.
  Mark look();
  bool is_over() const { return is_over_; }
  const std::string &incomplete() const { return incomplete_; }

private:
  Mark look_at_restart();
  Mark look_at_readiness();
  Mark end(std::string text);
  Mark give_up(std::string why);
  const std::string &pod() const { return plan_.targets.front().pod; }

  kube::Cluster &cluster_;
  const Plan &plan_;
  drills::Send send_;
  sys::Deadline fault_ends_{}, deadline_{};
  bool began_ = false, is_out_ = false, fault_ended_ = false, is_over_ = false;
  std::string last_, incomplete_;
};

/// Whether a pod is a ready endpoint of the release's Service.
bool is_in_service(kube::Cluster &cluster, const std::string &pod);

} // namespace hello::rehearse
