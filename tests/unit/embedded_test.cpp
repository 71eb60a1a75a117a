#include <doctest/doctest.h>

#include <stdexcept>

#include "hello/embedded.h"

TEST_CASE("embedded: a name that is not there is a mistake of ours") {
  CHECK_THROWS_AS(hello::embedded("templates/none.yaml"), std::logic_error);
}
