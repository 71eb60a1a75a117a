#pragma once
#include <doctest/doctest.h>

#include "hello/drills.h"

namespace hello::test {

/// The drill that a text asks for: "errors=503".
inline drills::Drill drill_of(std::string_view text) {
  drills::Drill one;
  CHECK(drills::parse(text, one) == "");
  return one;
}

} // namespace hello::test
