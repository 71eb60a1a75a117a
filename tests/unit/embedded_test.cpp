#include <doctest/doctest.h>

#include <stdexcept>

#include "hello/embedded.h"
#include "hello/yaml.h"

TEST_CASE("embedded: a name that is not there is a mistake of ours") {
  CHECK_THROWS_AS(hello::embedded("templates/none.yaml"), std::logic_error);
}

TEST_CASE("embedded: every template is read the fast way, to what any YAML reader makes of it") {
  int templates = 0;
  for (const hello::EmbeddedFile &file : hello::embedded_files()) {
    if (!file.name.starts_with("templates/")) continue;
    CAPTURE(file.name);
    ++templates;
    const auto tree = hello::yaml::load_simple(file.bytes);
    REQUIRE(tree);
    CHECK(hello::yaml::to_yaml(*tree) ==
          hello::yaml::to_yaml(hello::yaml::load(file.bytes, file.name)));
  }
  CHECK(templates > 20);
}
