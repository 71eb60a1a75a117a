#pragma once
#include <string>

#include "hello/json.h"

namespace hello::deploy {

/// What was done to an object from outside after it was applied.
struct Interference {
  std::string manager; ///< the field manager
  std::string field;   ///< a field of ours with another value; empty: all are as they were applied
};

/// Compares an object as it was applied with what it is now. Only fields that `ours` applied count:
/// an annotation that kubectl rollout restart adds is no change of them.
Interference interference(const json::Value &applied, const json::Value &live,
                          const std::string &ours);

} // namespace hello::deploy
