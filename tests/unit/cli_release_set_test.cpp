#include <doctest/doctest.h>

#include "cli/options/release_set.h"
#include "hello/mask.h"
#include "hello/yaml.h"

using namespace hello;

namespace {

release::Set set_with(const std::string &extras) {
  config::Sources sources;
  sources.files = {"/dev/null"};
  sources.set = {{"extraManifests", extras, "--set"}};
  return cli::set_of(manifest::render_all(config::Config::load(sources)));
}

} // namespace

TEST_CASE("set: stringData becomes data, which the server can take keys from, and is not printed") {
  const release::Set set = set_with(
      "[{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: c2V0LXRlc3QtYQ==, b: eA==}, "
      "stringData: {b: set-test-value}}]");
  const json::Value &secret = set.back().value;
  CHECK_FALSE(secret.find("stringData"));
  CHECK(json::to_text(secret.at("data")) ==
        R"({"a":"c2V0LXRlc3QtYQ==","b":"c2V0LXRlc3QtdmFsdWU="})");
  CHECK(mask::applied("set-test-a, set-test-value, c2V0LXRlc3QtYQ==") == "***, ***, ***");
}

TEST_CASE("set: a List is taken apart, and an object without a name of its own is refused") {
  const release::Set set = set_with(
      "[{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: "
      "a}}, "
      "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: "
      "b}}]}]}]");
  REQUIRE(set.size() > 2);
  CHECK(set[set.size() - 2].id.text() == "ConfigMap/a");
  CHECK(set.back().id.text() == "ConfigMap/b");
  // A typed list gives its objects what they are.
  const release::Set typed = set_with(
      "[{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleList, items: [{metadata: {name: r}}, "
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}]}, {apiVersion: v1, kind: "
      "ConfigMapList, metadata: {}, items: }]");
  CHECK(typed.back().id.text() == "ConfigMap/c");
  const kube::Id &role = typed[typed.size() - 2].id;
  CHECK(role.api_version == "rbac.authorization.k8s.io/v1");
  CHECK(role.text() == "Role/r");
  CHECK_THROWS_WITH_AS(set_with("[{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: "
                                "Pod, metadata: {name: p}}, null]}]"),
                       doctest::Contains("extra manifest 2 (--set) is not a Kubernetes object"),
                       Error);
  // Without items, it is a custom kind of that name.
  CHECK(set_with("[{apiVersion: a.example/v1, kind: AllowList, metadata: {name: a}}]")
            .back()
            .id.text() == "AllowList/a");
  CHECK_NOTHROW(set_with("[{apiVersion: v1, kind: Pod, metadata: {name: p, generateName: p-}}]"));
  CHECK_THROWS_WITH_AS(set_with("[{apiVersion: v1, kind: Pod, metadata: {generateName: p-}}]"),
                       doctest::Contains("generateName: each deploy would make another object"),
                       Error);
}

TEST_CASE("set: an empty namespace is none") {
  const release::Set set =
      set_with("[{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: ''}}]");
  CHECK(set.back().id.ns == "hello");
}

TEST_CASE("set: a Secret's value of a wrong type is masked, and stays for the server to refuse") {
  const release::Set set = set_with(
      "[{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: set-test-plain}, stringData: "
      "{b: set-test-text, pin: 87654321, more: [set-test-item]}}]");
  const json::Value &secret = set.back().value;
  CHECK(json::to_text(secret.at("stringData")) == R"({"pin":87654321,"more":["set-test-item"]})");
  CHECK(secret.at("data").find("b"));
  CHECK(mask::applied("set-test-plain 87654321 set-test-item set-test-text") == "*** *** *** ***");
}

TEST_CASE("set: Secrets in lists are masked, also where the manifests cannot be rendered") {
  config::Sources sources;
  sources.files = {"/dev/null"};
  sources.set = {{"extraManifests",
                  "[{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Secret, metadata: "
                  "{name: s}, stringData: {a: set-test-listed}}]}, {kind: Broken}]",
                  "--set"}};
  const config::Config config = config::Config::load(sources);
  CHECK_THROWS_AS(manifest::render_all(config), Error);
  cli::mask_secrets(config);
  CHECK(mask::applied("set-test-listed") == "***");
}
