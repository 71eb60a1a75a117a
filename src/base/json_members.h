#pragma once
#include <vector>

#include "hello/json.h"

namespace hello::json {

/// The members, sorted by key.
std::vector<const Member *> sorted(const std::vector<Member> &members);

} // namespace hello::json
