#pragma once
#include <optional>
#include <string>

#include "hello/deploy.h"

namespace hello::deploy {

/// The text that running pods read from a mounted ConfigMap (`reload: live`).
struct LiveText {
  kube::Id config_map;
  std::string container, text;
};

/// The text that the plan changes; none if it changes none, or if pods get it by a restart.
std::optional<LiveText> changed_text(const Plan &plan, const kube::Access &access);

struct Times {
  sys::Deadline applied; ///< when the change was sent
  sys::Deadline deadline;
};

/// Waits until the pods answer with the text: at most 50 ready ones, chosen evenly over the nodes,
/// ten at a time. Pods that do not answer are counted as not checked. Fails as soon as a pod's log
/// says why it keeps the old text, and at the deadline.
Outcome await_text(kube::Cluster &cluster, const LiveText &text, const Set &set, const Times &times,
                   const Listener &emit);

} // namespace hello::deploy
