#include "support/fixtures.h"

namespace hello::test {

std::string fixture_path(const std::string &name) { return HELLO_TESTS "/fixtures/" + name; }

} // namespace hello::test
