#pragma once

#include <string>

namespace hello::test {

/// The path of tests/fixtures/NAME. Only its source knows where the tests are, so that every other
/// object file is the same in all checkouts, and a compiler cache finds it.
std::string fixture_path(const std::string &name);

} // namespace hello::test
