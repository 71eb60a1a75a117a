#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>

#include <yaml-cpp/yaml.h>

#include "hello/error.h"
#include "hello/manifest.h"
#include "hello/yaml.h"
#include "manifest/patch.h"
#include "manifest/types.h"

using namespace hello;
using manifest::Object;
using manifest::types::Type;

namespace {

YAML::Node load(std::string_view text) { return yaml::load(text, "test"); }

std::string json_patched(std::string_view target, std::string_view patch) {
  const YAML::Node before = load(target);
  const std::string was = yaml::to_json(before);
  std::string out;
  try {
    out = yaml::to_json(manifest::json_patch(before, load(patch)));
  } catch (const std::invalid_argument &error) {
    out = std::string("error: ") + error.what();
  }
  CHECK(yaml::to_json(before) == was); // the target stays
  return out;
}

std::string applied(std::string_view target, std::string_view patch, Type type) {
  try {
    return yaml::to_json(manifest::apply_patch(load(target), load(patch), type));
  } catch (const std::invalid_argument &error) {
    return std::string("error: ") + error.what();
  }
}

config::Config configured(std::string_view patches, std::vector<config::Assignment> set = {}) {
  config::Sources sources;
  sources.files = {"/dev/null"};
  sources.set = std::move(set);
  sources.set.push_back({"patches", std::string(patches), "--set patches"});
  return config::Config::load(sources);
}

config::Assignment set(std::string key, std::string value) { return {key, value, "--set " + key}; }

/// The warnings of a set, one a line.
std::string warned(const config::Config &config) {
  std::vector<std::string> warnings;
  manifest::render_all(config, {}, &warnings);
  std::string out;
  for (const std::string &one : warnings) out += one + "\n";
  return out;
}

std::string refused(std::string_view patches) {
  try {
    manifest::render_all(configured(patches));
  } catch (const Error &error) {
    CHECK(error.code() == Exit::invalid);
    return error.what();
  }
  return "no error";
}

YAML::Node deployment(const config::Config &config) {
  for (const Object &object : manifest::render_all(config))
    if (object.kind == "Deployment") return object.node;
  return {};
}

bool contains(const std::string &text, std::string_view part) {
  return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("json patch: RFC 6902's examples") {
  CHECK(json_patched("{foo: bar}", "[{op: add, path: /baz, value: qux}]") ==
        R"({"foo": "bar", "baz": "qux"})");
  CHECK(json_patched("{foo: [bar, baz]}", "[{op: add, path: /foo/1, value: qux}]") ==
        R"({"foo": ["bar", "qux", "baz"]})");
  CHECK(json_patched("{baz: qux, foo: bar}", "[{op: remove, path: /baz}]") == R"({"foo": "bar"})");
  CHECK(json_patched("{foo: [bar, qux, baz]}", "[{op: remove, path: /foo/1}]") ==
        R"({"foo": ["bar", "baz"]})");
  CHECK(json_patched("{baz: qux, foo: bar}", "[{op: replace, path: /baz, value: boo}]") ==
        R"({"baz": "boo", "foo": "bar"})");
  CHECK(json_patched("{foo: {bar: baz, waldo: fred}, qux: {corge: grault}}",
                     "[{op: move, from: /foo/waldo, path: /qux/thud}]") ==
        R"({"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}})");
  CHECK(
      json_patched("{foo: [all, grass, cows, eat]}", "[{op: move, from: /foo/1, path: /foo/3}]") ==
      R"({"foo": ["all", "cows", "eat", "grass"]})");
  CHECK(json_patched("{baz: qux, foo: [a, 2, c]}",
                     "[{op: test, path: /baz, value: qux}, {op: test, path: /foo/1, value: 2}]") ==
        R"({"baz": "qux", "foo": ["a", 2, "c"]})");
  CHECK(json_patched("{baz: qux}", "[{op: test, path: /baz, value: bar}]") ==
        "error: operation 1 (test /baz): the value is another one");
  CHECK(json_patched("{foo: bar}", "[{op: add, path: /child, value: {grandchild: {}}}]") ==
        R"({"foo": "bar", "child": {"grandchild": {}}})");
  CHECK(json_patched("{foo: bar}", "[{op: add, path: /baz, value: qux, xyz: 123}]") ==
        R"({"foo": "bar", "baz": "qux"})");
  CHECK(json_patched("{foo: bar}", "[{op: add, path: /baz/bat, value: qux}]") ==
        "error: operation 1 (add /baz/bat): there is no baz");
  CHECK(json_patched("{/: 9, \"~1\": 10}", "[{op: test, path: /~01, value: 10}]") ==
        R"({"/": 9, "~1": 10})");
  CHECK(contains(json_patched("{/: 9, \"~1\": 10}", "[{op: test, path: /~01, value: \"10\"}]"),
                 "error"));
  CHECK(json_patched("{foo: [bar]}", "[{op: add, path: /foo/-, value: [abc, def]}]") ==
        R"({"foo": ["bar", ["abc", "def"]]})");
}

TEST_CASE("json patch: what is wrong with an operation is named") {
  CHECK(
      contains(json_patched("{a: 1}", "[{op: add, path: a, value: 1}]"), "does not begin with /"));
  CHECK(contains(json_patched("{a: 1}", "[{op: add, path: /b}]"), "has no value"));
  CHECK(contains(json_patched("{a: 1}", "[{path: /b}]"), "has no op"));
  CHECK(contains(json_patched("{a: 1}", "[{op: delete, path: /a}]"), "invalid op 'delete'"));
  CHECK(contains(json_patched("{a: 1}", "[{op: remove, path: /b}]"), "there is no b"));
  CHECK(contains(json_patched("{a: 1}", "[{op: replace, path: /b, value: 1}]"), "there is no b"));
  for (const char *index : {"2", "01", "x", "-1"})
    CHECK(contains(
        json_patched("{a: [1]}", "[{op: add, path: /a/" + std::string(index) + ", value: 1}]"),
        "the list has no item"));
  CHECK(contains(json_patched("{a: [1]}", "[{op: remove, path: /a/-}]"), "no item -"));
  CHECK(contains(json_patched("{a: {b: 1}}", "[{op: move, from: /a, path: /a/c}]"), "into itself"));
  CHECK(contains(json_patched("{a: 1}", "[{op: add, path: /a~2, value: 1}]"), "~ without 0 or 1"));
  CHECK(contains(json_patched("{a: 1}", "[{op: test, path: /a, value: 1}, {op: remove, path: /x}]"),
                 "operation 2"));
  CHECK(json_patched("{a: 1}", "[{op: add, path: /a, value: null}]") == R"({"a": null})");
  CHECK(json_patched("{a: {x: 1, y: 2}}", "[{op: test, path: /a, value: {y: 2, x: 1}}]") ==
        R"({"a": {"x": 1, "y": 2}})");
}

TEST_CASE("json patch: test compares numbers by value, and types") {
  const auto equal = [](std::string_view a, std::string_view b) {
    return json_patched("{a: " + std::string(a) + "}",
                        "[{op: test, path: /a, value: " + std::string(b) + "}]")[0] == '{';
  };
  CHECK(equal("1", "1.0"));
  CHECK(equal("1e2", "100"));
  CHECK(equal("-0.5", "-.50"));
  CHECK_FALSE(equal("1", "'1'"));
  CHECK_FALSE(equal("1", "1.5"));
  CHECK_FALSE(equal("9007199254740993", "9007199254740992"));
  CHECK_FALSE(equal("0", "false"));
  CHECK_FALSE(equal("''", "null"));
}

TEST_CASE("json patch: a value that is in several places changes in one") {
  YAML::Node node(YAML::NodeType::Map), shared = load("{x: 1}");
  node["a"] = shared;
  node["b"] = shared;
  CHECK(yaml::to_json(manifest::json_patch(node, load("[{op: replace, path: /a/x, value: 2}]"))) ==
        R"({"a": {"x": 2}, "b": {"x": 1}})");
}

TEST_CASE("apply: lists merge by the API's keys, with their defaults") {
  const Type pod = manifest::types::field(manifest::types::of_kind("v1", "Pod"), "spec").type;
  REQUIRE(pod.is_known());
  CHECK(
      applied("{containers: [{name: a, image: x}, {name: b}]}",
              "{containers: [{name: b, image: y}, {name: c}]}", pod) ==
      R"({"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}, {"name": "c"}]})");
  // containerPort and protocol, whose default is TCP
  CHECK(
      applied("{containers: [{name: a, ports: [{containerPort: 80}, {containerPort: 80, protocol: "
              "UDP}]}]}",
              "{containers: [{name: a, ports: [{containerPort: 80, protocol: TCP, name: x}]}]}",
              pod) ==
      R"({"containers": [{"name": "a", "ports": [{"containerPort": 80, "protocol": "TCP", )"
      R"("name": "x"}, {"containerPort": 80, "protocol": "UDP"}]}]})");
  // atomic in the schema
  CHECK(applied("{tolerations: [{key: a}]}", "{tolerations: [{key: b}]}", pod) ==
        R"({"tolerations": [{"key": "b"}]})");
  CHECK(applied("{containers: [{name: a, args: [x]}]}", "{containers: [{name: a, args: [y]}]}",
                pod) == R"({"containers": [{"name": "a", "args": ["y"]}]})");
  CHECK(applied("{nodeSelector: {a: b}}", "{nodeSelector: {c: d}}", pod) ==
        R"({"nodeSelector": {"c": "d"}})");
  CHECK(applied("{hostNetwork: true}", "{hostNetwork: null, hostPID: null}", pod) == "{}");
  CHECK(applied("{containers: [{name: a}]}", "{containers: [{image: y}]}", pod) ==
        "error: an item of containers has no name, by which its items merge");
  // Unknown: maps merge, lists replace.
  CHECK(applied("{a: {b: 1}, l: [{name: x}]}", "{a: {c: 2}, l: [{name: y}]}", {}) ==
        R"({"a": {"b": 1, "c": 2}, "l": [{"name": "y"}]})");
}

TEST_CASE("apply: a list without keys is a set") {
  const Type meta =
      manifest::types::field(manifest::types::of_kind("v1", "ConfigMap"), "metadata").type;
  CHECK(applied("{finalizers: [a, b]}", "{finalizers: [b, c]}", meta) ==
        R"({"finalizers": ["a", "b", "c"]})");
}

TEST_CASE("types: each kind that hello writes is known, but for custom resources") {
  config::Sources sources;
  sources.files = {"/dev/null"};
  sources.set = {set("resourceQuota.enabled", "true"), set("limitRange.enabled", "true"),
                 set("logging.endpoint", "http://a.b.svc/")};
  const std::string logging[] = {"logging"};
  for (const Object &object : manifest::render_all(config::Config::load(sources), logging)) {
    CAPTURE(object.kind);
    CHECK(manifest::types::of_kind(object.api_version, object.kind).is_known());
  }
  CHECK_FALSE(manifest::types::of_kind("monitoring.coreos.com/v1", "PodMonitor").is_known());
  CHECK_FALSE(manifest::types::of_kind("v1", "Po").is_known());
}

TEST_CASE("types: every type that a field names is there") {
  std::vector<std::string> seen;
  const auto visit = [&](const auto &self, Type type) -> void {
    while (type.is_list() || type.is_map()) type = type.element();
    if (!type.is_known() || type.text.size() == 1) return;
    const std::string name(type.text);
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) return;
    seen.push_back(name);
    const auto fields = manifest::types::fields(type);
    // A few types of choices have no fields.
    CHECK_MESSAGE((!fields.empty() || name.starts_with("Workload")), name);
    for (const auto &field : fields) {
      CHECK_FALSE(field.type.text.empty());
      self(self, field.type);
    }
  };
  for (const auto &[version, kind] :
       {std::pair("apps/v1", "StatefulSet"), std::pair("batch/v1", "CronJob"),
        std::pair("networking.k8s.io/v1", "Ingress"),
        std::pair("autoscaling/v2", "HorizontalPodAutoscaler")})
    visit(visit, manifest::types::of_kind(version, kind));
  CHECK(seen.size() > 100);
}

TEST_CASE("patches: three types, in the order of the list") {
  const YAML::Node node = deployment(configured(
      "[{target: {kind: Deployment}, type: apply, patch: {spec: {template: {spec: {containers: "
      "[{name: hello, env: [{name: A, value: b}]}, {name: more, image: x}]}}}}},"
      "{target: {kind: Deployment, name: hello}, type: json, patch: [{op: replace, path: "
      "/spec/template/spec/containers/1/image, value: y}]},"
      "{target: {kind: Deployment}, type: merge, patch: {spec: {paused: true}}},"
      "{target: {kind: Deployment}, patch: {spec: {minReadySeconds: 2}}}]"));
  const YAML::Node containers = yaml::at(node, "spec", "template", "spec", "containers");
  REQUIRE(containers.size() == 2);
  CHECK(yaml::text(containers[0], "image").starts_with("hello:"));
  CHECK(containers[0]["env"].size() == 2); // MESSAGES stays
  CHECK(yaml::text(containers[1], "image") == "y");
  CHECK(yaml::text(node, "spec", "paused") == "true");
  CHECK(yaml::text(node, "spec", "minReadySeconds") == "2");
}

TEST_CASE("patches: mistakes are named with the patch and its place") {
  CHECK(refused("[{target: {kind: Service}, type: strategic, patch: {a: 1}}]") ==
        "patch 1 (--set patches): invalid type 'strategic': use merge, apply or json");
  for (const char *form :
       {"target: {kind: Service, name: [hello]}", "target: {kind: Service}, type: [apply]"})
    CHECK(
        contains(refused("[{" + std::string(form) + ", patch: {spec: {a: 1}}}]"), "must be texts"));
  CHECK(contains(refused("[{target: {kind: Service}, type: json, patch: [{op: add, path: null, "
                         "value: 1}]}]"),
                 "its path is not a text"));
  CHECK(contains(refused("[{target: {kind: Service}, type: json, patch: {a: 1}}]"),
                 "has no patch, which is a list of operations"));
  CHECK(
      contains(refused("[{target: {kind: Service}, patch: [1]}]"), "has no patch, which is a map"));
  CHECK(
      contains(refused("[{target: {kind: Service}, type: json, patch: [{op: remove, path: /x}]}]"),
               "cannot be applied to Service/hello: operation 1 (remove /x): there is no x"));
  CHECK(contains(refused("[{target: {kind: Service}, patch: {a: 1}}, {target: {kind: Nothing}, "
                         "patch: {a: 1}}]"),
                 "patch 2 (--set patches): the manifests have no Nothing"));
  for (const char *change : {"apiVersion: v2", "kind: Other", "metadata: {name: x}",
                             "metadata: {namespace: x}", "metadata: null"})
    CHECK(contains(refused("[{target: {kind: Service}, patch: {" + std::string(change) + "}}]"),
                   "which no patch may"));
  CHECK(contains(refused("[{target: {kind: Service}, type: json, patch: [{op: replace, path: '', "
                         "value: 1}]}]"),
                 "which no patch may"));
}

TEST_CASE(
    "patches: a setting whose value a patch changes or removes is warned of, with both names") {
  const auto patch = [](std::string_view body) {
    return "[{target: {kind: Deployment}, type: apply, patch: {spec: " + std::string(body) + "}}]";
  };
  const std::string image = "{template: {spec: {containers: [{name: hello, image: x}]}}}";
  CHECK(warned(configured(patch(image))).empty()); // the default is not lost
  CHECK(warned(configured(patch(image), {set("image", "mine:1")})) ==
        "--set image: image is lost: patch 1 (--set patches) changes "
        "spec.template.spec.containers[hello].image of Deployment/hello; 0.3 will refuse it\n");
  CHECK(warned(configured(patch("{template: {spec: {containers: [{name: hello, image: mine:1}]}}}"),
                          {set("image", "mine:1")}))
            .empty()); // the same value
  // One warning for each setting, though three of its places are gone; a whole container loses all.
  const std::string whole = "[{target: {kind: Deployment}, patch: {spec: {template: {spec: "
                            "{containers: [{name: hello, image: x}]}}}}}]";
  const std::string lost =
      warned(configured(whole, {set("resources.limits.memory", "64Mi"), set("env", "[{name: A}]"),
                                set("args", "[--threads=1]"), set("logging.access", "text"),
                                set("termination.preStop", "9s")}));
  for (const char *key :
       {"resources.limits.memory", "env", "args", "logging.access", "termination.preStop"})
    CHECK_MESSAGE(contains(lost, std::string(" ") + key + " is lost"), lost);
  CHECK_FALSE(contains(lost, "drainTimeout"));
  // Only the argument that is gone.
  const std::string one =
      warned(configured(patch("{template: {spec: {containers: [{name: hello, args: [serve, "
                              "--access-log=json, --threads=1]}]}}}"),
                        {set("args", "[--threads=1]"), set("logging.access", "text")}));
  CHECK(contains(one, "logging.access is lost"));
  CHECK_FALSE(contains(one, "args is lost"));
  // The grace period only follows other settings.
  CHECK(warned(configured(patch("{template: {spec: {terminationGracePeriodSeconds: 90}}}"),
                          {set("termination.preStop", "9s")}))
            .empty());
  CHECK(contains(warned(configured("[{target: {kind: Ingress}, patch: {metadata: {labels: {team: "
                                   "x}}}}]",
                                   {set("labels.team", "web")})),
                 "labels is lost"));
  CHECK(contains(warned(configured("[{target: {kind: Ingress}, type: json, patch: [{op: remove, "
                                   "path: /spec/rules/0}]}]",
                                   {set("ingress.hosts", "[a.example, b.example]")})),
                 "ingress.hosts is lost"));
  CHECK(contains(warned(configured("[{target: {kind: Deployment}, patch: {spec: {template: {spec: "
                                   "{initContainers: null}}}}}]",
                                   {set("logging.sidecar", "stream")})),
                 "logging.sidecar is lost"));
  // A second mount of a volume is another item than the first.
  CHECK(warned(configured(patch("{minReadySeconds: 9}"),
                          {set("volumeMounts", "[{name: tmp, mountPath: /x}]")}))
            .empty());
}

TEST_CASE("patches: lists of a kind that is not known replace, with a warning") {
  const auto config = configured(
      "[{target: {kind: Thing}, type: apply, patch: {spec: {list: [{name: b}]}}}]",
      {set("extraManifests", "[{apiVersion: x.test/v1, kind: Thing, metadata: {name: t}, spec: "
                             "{list: [{name: a}]}}]")});
  CHECK(warned(config) ==
        "patch 1 (--set patches): the lists of Thing are not known here: they replace\n");
}

TEST_CASE("render: a setting that another one switches off is warned of") {
  const auto idle = [](std::vector<config::Assignment> all) {
    return warned(configured("[]", std::move(all)));
  };
  CHECK(idle({set("replicas", "3")}) ==
        "--set replicas: replicas does nothing: autoscaling.enabled is true\n");
  CHECK(idle({set("replicas", "2")}).empty()); // the default
  CHECK(idle({set("replicas", "3"), set("autoscaling.enabled", "false")}).empty());
  CHECK(contains(idle({set("gateway.paths", "[/a]")}), "expose is ingress"));
  CHECK(contains(idle({set("autoscaling.external.value", "3")}),
                 "autoscaling.external.metric is not set"));
  CHECK(contains(idle({set("podDisruptionBudget.maxUnavailable", "2"),
                       set("podDisruptionBudget.minAvailable", "50%")}),
                 "podDisruptionBudget.maxUnavailable does nothing: "
                 "podDisruptionBudget.minAvailable is set"));
  // A default that is removed, because another setting takes its place, is no setting to lose.
  CHECK(idle({set("podDisruptionBudget.maxUnavailable", "null"),
              set("podDisruptionBudget.minAvailable", "50%")})
            .empty());
  CHECK(contains(idle({set("drills.protectedContexts", "[x]")}), "drills.enabled is false"));
  CHECK(contains(idle({set("check.logs.header", "env:X")}), "check.logs.url is not set"));
  const char *rules = "[{host: a.b, paths: [/x], secretName: s}, {host: c.d, paths: [/y]}]";
  CHECK(idle({set("ingress.rules", rules), set("ingress.paths", "[/z]")}) ==
        "--set ingress.paths: ingress.paths does nothing: ingress.rules is set, with paths "
        "everywhere\n");
  CHECK(idle({set("ingress.rules", rules), set("ingress.tls.secretName", "t")}).empty());
  // A higher source that switches it off means to.
  config::Sources sources;
  sources.files = {"/dev/null"};
  sources.environment["HELLO_AUTOSCALING_MAX_REPLICAS"] = "9";
  sources.set = {set("autoscaling.enabled", "false")};
  CHECK(warned(config::Config::load(sources)).empty());
}
