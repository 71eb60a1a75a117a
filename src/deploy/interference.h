#pragma once
#include <string>

#include "hello/deploy.h"
#include "hello/json.h"

namespace hello::deploy {

/// What was done to an object from outside after it was applied.
struct Interference {
  std::string manager; ///< the field manager; empty: another one that is not known
  std::string field;   ///< a field of ours with another value; empty: all are as they were applied
};

/// Compares an object as it was applied with what it is now. Only fields that `ours` applied count:
/// an annotation that kubectl rollout restart adds is no change of them.
Interference interference(const json::Value &applied, const json::Value &live,
                          const std::string &ours);

/// An object that was changed or removed since it was applied.
struct Taken {
  std::string object; ///< empty: none
  Interference by{};  ///< with a field: another manager changed that
};

/// What became of the applied objects but those that releases share. Two deploys at once may have
/// had each other's objects for a moment; other managers may take fields. Scaling counts
/// nowhere, and of the release's Deployment, which the wait looks at, only what others take.
Taken taken_over(kube::Cluster &cluster, const Applied &applied);

} // namespace hello::deploy
