#include <doctest/doctest.h>

#include <map>

#include <yaml-cpp/yaml.h>

#include "hello/error.h"
#include "hello/template.h"
#include "hello/yaml.h"

using namespace hello;

namespace {

const char *values = R"(
name: web
port: 8080
text: "{a: b}\n# no: text"
off: false
none: ~
empty: ""
labels: {x: "1", v: two}
hosts: [{host: a, path: /}, {host: b, path: /b}]
list: [p, q]
mode: ingress
)";

std::optional<YAML::Node> lookup(std::string_view name) {
  YAML::Node all = yaml::load(values, "values");
  for (auto entry : all)
    if (entry.first.Scalar() == name) return entry.second;
  return std::nullopt;
}

std::string filled(std::string_view text) {
  try {
    return yaml::to_yaml(templates::instantiate(yaml::load(text, "t.yaml"), "t.yaml", lookup));
  } catch (const Error &error) {
    return error.what();
  }
}

} // namespace

TEST_CASE("template: a placeholder alone is replaced by the node, type and all") {
  CHECK(filled("{a: $(port), b: $(text), c: $(labels), d: \"$(port)\"}") ==
        "a: 8080\nb: |-\n  {a: b}\n  # no: text\nc:\n  x: \"1\"\n  v: two\nd: 8080\n");
}

TEST_CASE("template: inside a longer scalar, and in keys, it is text") {
  CHECK(filled("{a: \"$(port)0\", $(name)-k: $(name):$(port), $(name): 1}") ==
        "a: \"80800\"\nweb-k: web:8080\nweb: 1\n");
  CHECK(filled("a: x$(labels)").find("t.yaml:1:4: 'labels' is no text here") == 0);
}

TEST_CASE("template: $$( is a literal $(, and values are not looked into") {
  CHECK(filled("[$$(POD), a$$(POD)-$(name), $x, $]") ==
        "- \"$(POD)\"\n- a$(POD)-web\n- \"$x\"\n- \"$\"\n");
}

TEST_CASE("template: what is optional is left out") {
  CHECK(filled("{a: $(optional none), b: $(optional empty), c: $(optional name), d: [$(optional "
               "none), $(optional "
               "port)], e: $(optional off)}") == "c: web\nd:\n- 8080\ne: false\n");
}

TEST_CASE("template: conditions put entries or items") {
  CHECK(
      filled(
          "{a: 1, $(if name): {b: 2}, $(if off): {c: 3}, $(if !off and mode=ingress): {d: 4}, $(if "
          "mode!=ingress): {e: 5}}") == "a: 1\nb: 2\nd: 4\n");
  CHECK(
      filled("[{$(if name): x}, {$(if off): y}, {$(if list): $(list)}, {$(if labels): {k: v}}]") ==
      "- x\n- p\n- q\n- k: v\n");
  CHECK(filled("{x: 0, $(if labels): $(labels)}") ==
        "t.yaml:1:8: key 'x' comes twice, by $(if labels)");
}

TEST_CASE("template: loops") {
  CHECK(filled("[{$(for h in hosts): {host: $(h.host), rest: [$(h.path), $(name)]}}]") ==
        "- host: a\n  rest:\n  - /\n  - web\n- host: b\n  rest:\n  - /b\n  - web\n");
  CHECK(filled("[{$(for h in none): $(h)}]") == "[]\n");
  CHECK(filled("[{$(for h in name): $(h)}]") == "t.yaml:1:3: 'name' is no list");
  CHECK(filled("[{$(for h in hosts): $(optional h.none)}]") == "[]\n");
}

TEST_CASE("template: mistakes are named with their place") {
  CHECK(filled("a:\n  b: $(nam)") == "t.yaml:2:6: unknown placeholder 'nam'");
  CHECK(filled("a: $(none)") == "t.yaml:1:4: 'none' is needed here and not set");
  CHECK(filled("a: $(name") == "t.yaml:1:4: '$(name' has no ')'");
  CHECK(filled("a: $(na me)") == "t.yaml:1:4: 'na me' in '$(na me)' is no name");
  CHECK(filled("a: x$(optional name)") == "t.yaml:1:4: '$(optional name)' must stand alone");
  CHECK(filled("a: $(if name)") == "t.yaml:1:4: '$(if name)' belongs in a key");
  CHECK(filled("$(for a): 1").find("t.yaml:1:1: '$(for a)' is not $(for NAME in LIST)") == 0);
}

TEST_CASE("template: uses sees names under conditions and loops, with their places") {
  std::string all;
  for (const auto &use : templates::uses(
           yaml::load("{$(if off): {a: x$(name)}, b: [{$(for h in hosts): [$(h.a), $(port)]}]}",
                      "t.yaml"),
           "t.yaml"))
    all += use.name + "@" + use.place + " ";
  CHECK(all == "off@t.yaml:1:2 name@t.yaml:1:17 hosts@t.yaml:1:33 port@t.yaml:1:61 ");
}
