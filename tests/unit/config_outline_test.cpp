#include <doctest/doctest.h>

#include <fstream>
#include <regex>
#include <sstream>

#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include "hello/config.h"
#include "hello/yaml.h"

using namespace hello;
using config::Config;

namespace {

Config from_text(const std::string &yaml, config::Sources sources = {}) {
  char name[] = "/tmp/hello-outline-XXXXXX";
  int fd = ::mkstemp(name);
  ::close(fd);
  std::ofstream(name, std::ios::binary) << yaml;
  sources.files = {name};
  Config config = Config::load(sources);
  ::unlink(name);
  return config;
}

std::string values_of(const Config &config) {
  std::string out;
  for (const config::Setting &setting : config::settings())
    out += std::string(setting.key) + " = " + yaml::to_json(config.node(setting.key)) + "\n";
  return out;
}

} // namespace

TEST_CASE("starter: loads, equals the defaults, and says nothing") {
  Config starter = from_text(config::starter());
  CHECK(values_of(starter) == values_of(from_text("")));
  for (const config::Setting &setting : config::settings())
    CHECK(starter.origin(setting.key).from == config::From::default_value);
}

TEST_CASE("starter: with every # taken away it loads and equals the defaults too") {
  std::string live =
      std::regex_replace(config::starter(), std::regex("(^|\n)( *)#(?=[^ \n#]|  )"), "$1$2");
  Config config = from_text(live);
  CHECK(values_of(config) == values_of(from_text("")));
  for (const config::Setting &setting : config::settings())
    CHECK_MESSAGE(config.origin(setting.key).from == config::From::file, setting.key);
}

TEST_CASE("describe: loads to the same configuration, with the origin beside each value") {
  config::Sources sources;
  sources.set = {{"messages", "two\nlines # not a comment\n", "--set messages"},
                 {"ingress.hosts", "[a.example]", "--set ingress.hosts"}};
  sources.environment["HELLO_REPLICAS"] = "7";
  Config config = from_text("timeout: 90s\n", sources);
  std::string text = config::describe(config);
  CHECK(values_of(from_text(text)) == values_of(config));
  CHECK(text.find("messages: |  # --set messages\n  two\n") != std::string::npos);
  CHECK(text.find("replicas: 7  # HELLO_REPLICAS\n") != std::string::npos);
  CHECK(text.find("timeout: 90s  # /tmp/hello-outline-") != std::string::npos);
  YAML::Node json = yaml::load(config::describe_json(config), "json");
  CHECK(json.size() == config::settings().size());
  CHECK(json[0]["from"].Scalar() == "flag");
}

TEST_CASE("schema: every key is in it") {
  YAML::Node schema = yaml::load(config::schema(), "schema");
  for (const config::Setting &setting : config::settings()) {
    YAML::Node at;
    at.reset(schema);
    std::istringstream parts{std::string(setting.key)};
    for (std::string part; std::getline(parts, part, '.');) {
      if (at["anyOf"]) at.reset(at["anyOf"][1]);
      at.reset(at["properties"][part]);
      CHECK_MESSAGE(at.IsDefined(), setting.key);
    }
    CHECK_FALSE(at["description"].Scalar().empty());
  }
}
