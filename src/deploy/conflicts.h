#pragma once
#include <vector>

#include "hello/deploy.h"
#include "hello/failure.h"

namespace hello::deploy {

/// Which fields other managers hold, with both values, and the objects of others that the plan
/// found. `all`: the server's conflicts, a group for each object.
Error conflict_error(const Plan &plan, const std::vector<std::vector<kube::Conflict>> &all);

} // namespace hello::deploy
