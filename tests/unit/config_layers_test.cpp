#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include <stdlib.h>
#include <yaml-cpp/yaml.h>

#include "config/typed.h"
#include "hello/config.h"
#include "hello/error.h"
#include "hello/yaml.h"

using namespace hello;
using config::Assignment;
using config::Config;
using How = Assignment::How;

namespace {

/// What a run gives: files a.yaml, b.yaml, …, then the rest.
struct Run {
  std::vector<std::string> files = {};
  config::Sources sources = {};

  Config load() const {
    char name[] = "/tmp/hello-layers-XXXXXX";
    const std::string folder = ::mkdtemp(name);
    config::Sources all = sources;
    char letter = 'a';
    for (const std::string &text : files) {
      all.files.push_back(folder + "/" + letter++ + ".yaml");
      std::ofstream(all.files.back(), std::ios::binary) << text;
    }
    try {
      Config config = Config::load(all);
      std::filesystem::remove_all(folder);
      return config;
    } catch (const Error &error) {
      std::filesystem::remove_all(folder);
      std::string what = error.what();
      for (std::size_t at; (at = what.find(folder + "/")) != what.npos;)
        what.erase(at, folder.size() + 1);
      throw Error(error.code(), what);
    }
  }
  std::string json(std::string_view key) const { return yaml::to_json(load().node(key)); }
  std::string error() const {
    try {
      load();
    } catch (const Error &error) {
      return error.what();
    }
    return "no error";
  }
  /// The warnings, without the folder's name.
  std::string warnings() const {
    const Config config = load();
    std::string out;
    for (const std::string &one : config.warnings()) out += one + "\n";
    for (std::size_t at; (at = out.find("/tmp/hello-layers-")) != out.npos;)
      out.erase(at, std::string("/tmp/hello-layers-XXXXXX/").size());
    return out;
  }
};

Run file(std::string text) { return {{std::move(text)}}; }
Run with(std::vector<std::string> files, std::vector<Assignment> set) {
  Run run{std::move(files)};
  run.sources.set = std::move(set);
  return run;
}
Assignment set(std::string key, std::string value, How how = How::typed) {
  return {key, value, "--set " + key, how};
}

bool contains(const std::string &text, std::string_view part) {
  return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("layers: a key with dots counts until 0.3, with a warning") {
  const Run run = with({"autoscaling.minReplicas: 3", "metrics: {labelNames.pod: a}"}, {});
  CHECK(run.json("autoscaling.minReplicas") == "3");
  CHECK(run.warnings().find(":1:1: 'autoscaling.minReplicas': write a.b: c as a: {b: c}; 0.3 ") !=
        std::string::npos);
  CHECK(run.warnings().find("'metrics.labelNames.pod': write") != std::string::npos);
}

TEST_CASE("layers: null removes the default or a lower layer's value, and a higher layer sets it "
          "again") {
  CHECK_FALSE(file("resources: {limits: {cpu: null}}").load().has("resources.limits.cpu"));
  CHECK_FALSE(file("replicas:").load().has("replicas"));
  Run run = file("priorityClassName: low\ncontexts: {prod: {priorityClassName: null}}");
  CHECK(run.load().text("priorityClassName") == "low");
  run.sources.context = "prod";
  CHECK_FALSE(run.load().has("priorityClassName"));
  run.sources.environment["HELLO_PRIORITY_CLASS_NAME"] = "high";
  CHECK(run.load().text("priorityClassName") == "high");
  CHECK(file("ingress: {hosts: null}").json("ingress.hosts") == "[]");
  CHECK(file("resourceQuota: {hard: null}").json("resourceQuota.hard") == "{}");
  const std::string hard = file("resourceQuota: {hard: {pods: null}}").json("resourceQuota.hard");
  CHECK_FALSE(contains(hard, "pods"));
  CHECK(contains(hard, "limits.cpu")); // the rest of the default
  CHECK(file("resourceQuota: {hard: {}}").json("resourceQuota.hard") == "{}");
  CHECK(file("resourceQuota: {hard: {pods: null, secrets: 3}}").json("resourceQuota.hard") ==
        R"({"secrets": 3})");
  CHECK(file("autoscaling: null\nnamespace: null\n").load().boolean("autoscaling.enabled"));
}

TEST_CASE("layers: what cannot be removed says what to do") {
  CHECK(file("image: null").error() ==
        "a.yaml:1:1: image: cannot be null: a container must have an image");
  CHECK(file("expose: null").error() == "a.yaml:1:1: expose: cannot be null: use ingress, gateway, "
                                        "loadBalancer, nodePort or none, or leave the key out for "
                                        "the default");
  CHECK(file("autoscaling: {enabled: ~}").error() ==
        "a.yaml:1:15: autoscaling.enabled: cannot be null: use true or false, or leave the key out "
        "for the default");
  CHECK(
      contains(file("contexts: {other: {grace: null}}").error(), "grace: cannot be null: write 0"));
  for (const config::Setting &setting : config::settings()) {
    CAPTURE(setting.key);
    const std::string error = with({}, {set(std::string(setting.key), "", How::unset)}).error();
    CHECK((error == "no error") == config::is_removable(setting));
    CHECK((error == "no error" || contains(error, "cannot be null: ")));
  }
}

TEST_CASE("layers: --set KEY=null removes, but for a text, where it is the text") {
  CHECK_FALSE(with({}, {set("replicas", "null")}).load().has("replicas"));
  CHECK(with({"labels: {a: b}"}, {set("labels", "null")}).json("labels") == "{}");
  CHECK(with({}, {set("messages", "null")}).load().text("messages") == "null");
  CHECK(with({}, {set("imagePullPolicy", "null")}).error() == "no error");
  CHECK(with({}, {set("labels.a", "null")}).json("labels") == R"({"a": "null"})");
  CHECK(with({}, {set("ingress.className", "null")}).load().text("ingress.className") == "null");
  // Not a text that these keys take.
  CHECK_FALSE(with({}, {set("strategy.maxSurge", "null")}).load().has("strategy.maxSurge"));
  CHECK(contains(with({}, {set("kubeVersion", "null")}).error(), "cannot be null"));
  Run run = with({}, {});
  run.sources.environment["HELLO_STRATEGY_MAX_SURGE"] = "null";
  CHECK_FALSE(run.load().has("strategy.maxSurge"));
}

TEST_CASE("layers: --unset removes a key or an entry of a map") {
  CHECK_FALSE(with({"replicas: 3"}, {set("replicas", "", How::unset)}).load().has("replicas"));
  CHECK(with({"labels: {a: b, c: d}"}, {set("labels.a", "", How::unset)}).json("labels") ==
        R"({"c": "d"})");
  CHECK(contains(with({}, {set("autoscaling", "", How::unset)}).error(), "has keys of its own"));
  CHECK(contains(with({}, {set("labls", "", How::unset)}).error(), "unknown key 'labls'"));
}

TEST_CASE("layers: --set-string takes no null and no YAML") {
  CHECK(with({}, {set("labels.build", "123", How::literal)}).json("labels") ==
        R"({"build": "123"})");
  CHECK(with({}, {set("messages", "null", How::literal)}).load().text("messages") == "null");
  CHECK(contains(with({}, {set("replicas", "null", How::literal)}).error(), "'null' is a text"));
  CHECK(contains(with({}, {set("strategy.maxSurge", "null", How::literal)}).error(), "is a text"));
  CHECK(contains(with({}, {set("resourceQuota.hard.pods", "null", How::literal)}).error(),
                 "no quantity: pods"));
  CHECK(with({}, {set("metadata.Service", "{a: b}", How::literal)}).json("metadata") ==
        R"({"Service": "{a: b}"})");
  CHECK(contains(with({}, {set("ingress.hosts", "[a]", How::literal)}).error(), "list or map"));
  CHECK(contains(with({}, {set("autoscaling", "{}", How::literal)}).error(), "keys of its own"));
}

TEST_CASE("layers: maps of names to values merge, and the first layer that sets one replaces its "
          "default") {
  Run run = file("labels: {team: web, tier: front}\n"
                 "contexts: {prod: {labels: {tier: null, zone: a}}}");
  CHECK(run.json("labels") == R"({"team": "web", "tier": "front"})");
  run.sources.context = "prod";
  CHECK(run.json("labels") == R"({"team": "web", "zone": "a"})");
  run.sources.set = {set("labels.team", "shop"), set("labels.example.com/a.b", "c=d")};
  CHECK(run.json("labels") == R"({"zone": "a", "team": "shop", "example.com/a.b": "c=d"})");
  CHECK(file("resourceQuota: {hard: {pods: 9}}").json("resourceQuota.hard") == R"({"pods": 9})");
  CHECK(file("resourceQuota: {hard: {}}").json("resourceQuota.hard") == "{}");
  CHECK(with({}, {set("resourceQuota.hard.pods", "7")}).json("resourceQuota.hard") ==
        R"({"pods": 7})");
  CHECK(contains(with({}, {set("resourceQuota.hard.pods", "x")}).error(), "no quantity: pods"));
  CHECK(contains(with({}, {set("affinity.nodeAffinity", "{}")}).error(), "unknown key"));
}

TEST_CASE("layers: labels and annotations of one object merge, too") {
  Run run = file("metadata: {Service: {annotations: {a: x, b: y}}, Ingress: {labels: {c: z}}}\n"
                 "contexts: {prod: {metadata: {Service: {annotations: {a: null, d: w}, labels: {e: "
                 "v}}}}}");
  run.sources.context = "prod";
  run.sources.set = {set("metadata.Service.labels.example.com/team", "1"),
                     set("metadata.ConfigMap/a.b.annotations.f", "null")};
  CHECK(run.json("metadata") ==
        R"({"Ingress": {"labels": {"c": "z"}}, "Service": {"annotations": {"b": "y", "d": "w"}, )"
        R"("labels": {"e": "v", "example.com/team": "1"}}, )"
        R"("ConfigMap/a.b": {"annotations": {"f": "null"}}})");
  run.sources.set = {set("metadata.Service.annotations.b", "", How::unset)};
  CHECK(contains(run.json("metadata"), R"("annotations": {"d": "w"})"));
  CHECK(run.warnings().empty()); // 0.1.0 had no such setting
}

TEST_CASE("layers: maps as in a pod, and lists, replace") {
  CHECK(file("affinity: {nodeAffinity: {a: b}}\ncontexts: {prod: {affinity: {podAffinity: {}}}}")
            .warnings()
            .empty());
  CHECK(with({"affinity: {nodeAffinity: {a: b}}", "affinity: {podAffinity: {c: d}}"}, {})
            .json("affinity") == R"({"podAffinity": {"c": "d"}})");
  CHECK(with({"ingress: {hosts: [a]}", "ingress: {hosts: [b]}"}, {}).json("ingress.hosts") ==
        R"(["b"])");
}

TEST_CASE("layers: patches and extra manifests append; null drops what lower layers gave") {
  const std::string one = "patches: [{type: 1}]", two = "patches: [{patch: 2}]";
  CHECK(with({one, two}, {}).json("patches") == R"([{"type": 1}, {"patch": 2}])");
  CHECK(with({one, "patches: [null, {patch: 2}]"}, {}).json("patches") == R"([{"patch": 2}])");
  CHECK(with({one, "patches: null"}, {}).json("patches") == "[]");
  CHECK(with({one, "patches: [{patch: 2}, null]"}, {}).json("patches") == R"([{"patch": 2}])");
  CHECK(with({one, two}, {set("patches", "[{patch: 3}, null, {patch: 4}]")}).json("patches") ==
        R"([{"patch": 3}, {"patch": 4}])");
  CHECK(with({one, "patches: null", two}, {}).json("patches") == R"([{"patch": 2}])");
}

TEST_CASE("layers: an extra of a higher layer replaces the one of the same kind, namespace and "
          "name") {
  const auto extra = [](std::string_view ns, std::string_view value) {
    return "{kind: ConfigMap, metadata: {name: a" + std::string(ns) +
           "}, data: {k: " + std::string(value) + "}}";
  };
  const auto values = [](const std::vector<std::string> &files) {
    std::string out;
    for (const YAML::Node &node : with(files, {}).load().node("extraManifests"))
      out += yaml::text(node, "data", "k") + " ";
    return out;
  };
  const std::string first = "extraManifests: [" + extra("", "one") + ", " + extra("", "two") + "]";
  CHECK(values({first}) == "one two "); // one layer: lint finds it
  CHECK(values({"extraManifests: [" + extra("", "one") +
                    ", {kind: Other, metadata: {name: a}, "
                    "data: {k: other}}]",
                "extraManifests: [" + extra(", namespace: hello", "new") + "]"}) == "new other ");
  CHECK(values({"extraManifests: [{apiVersion: v1, kind: List, items: [" + extra("", "one") + "]}]",
                "extraManifests: [" + extra("", "new") + "]"}) == "new ");
  CHECK(values({"extraManifests: [" + extra("", "one") + "]",
                "extraManifests: [" + extra(", namespace: web", "new") + "]"}) == "one new ");
}

TEST_CASE("layers: files merge in order, then their overlays, then the environment and flags") {
  Run run = with({"replicas: 1\nmessages: one\ncontexts: {prod: {replicas: 3, grace: 1s}}",
                  "replicas: 2\ncontexts: {prod: {grace: 2s}, other: {kubeContext: k}}"},
                 {});
  CHECK(run.load().integer("replicas") == 2);
  CHECK(run.load().text("messages") == "one");
  CHECK(run.load().overlays().size() == 2);
  run.sources.context = "prod";
  CHECK(run.load().integer("replicas") == 3);
  CHECK(run.load().integer("grace") == 2);
  CHECK(run.load().warnings().empty());
  run.sources.context = "oter";
  CHECK(contains(run.warnings(), "no contexts.oter (did you mean other?) in a.yaml, b.yaml"));
}

TEST_CASE("layers: a result that 0.1.0 did not give is warned of, once for each place") {
  Run run = file("labels: {a: b, c: d}\npatches: [{type: 1}]\n"
                 "contexts: {prod: {labels: {e: f}, patches: [{patch: 2}]}}");
  CHECK(run.warnings().empty());
  run.sources.context = "prod";
  CHECK(run.warnings() == "a.yaml:3:19: labels keeps a, c of a.yaml:1:1, which 0.1.0 dropped; "
                          "'KEY: null' drops one\n"
                          "a.yaml:3:35: patches keeps 1 of a.yaml:2:1, which 0.1.0 dropped; a list "
                          "that begins with null drops them\n");
  run.files = {"labels: {a: b}\npatches: [{type: 1}]\ncontexts: {prod: {labels: {a: c}, patches: "
               "[null, {patch: 2}]}}"};
  CHECK(run.warnings().empty());
  // Nor does an extra that takes the place of the only one.
  run.files = {
      "extraManifests: [{kind: A, metadata: {name: a}}]\ncontexts: {prod: {extraManifests: "
      "[{kind: A, metadata: {name: a, namespace: hello}}]}}"};
  CHECK(run.warnings().empty());
  // What 0.1.0 did not have gives no warning.
  run.files = {"contexts: {prod: {labels: {a: b}}}", "contexts: {prod: {labels: {c: d}}}"};
  CHECK(run.warnings().empty());
  CHECK(with({"labels: {a: b}", "labels: {c: d}"}, {set("labels.e", "f")}).warnings().empty());
}

TEST_CASE("layers: keys of the user's own, anchors and merge keys") {
  const Run run = file("x-common: &common {team: web}\nx-other: [1]\nlabels: {<<: *common, a: b}\n"
                       "podAnnotations: *common");
  CHECK(run.json("labels") == R"({"a": "b", "team": "web"})");
  CHECK(run.json("podAnnotations") == R"({"team": "web"})");
  CHECK(file("x-a.b: 1").error() == "no error");
  CHECK(contains(file("ingress: {x-a: 1}").error(), "unknown key 'ingress.x-a'"));
  CHECK(file("contexts: {a: {x-a: &b {c: d}, labels: *b}}").error() == "no error");
  CHECK(contains(file("contexts: {a: {ingress: {x-a: 1}}}").error(), "unknown key 'ingress.x-a'"));
  CHECK(contains(with({}, {set("x-a", "1")}).error(), "unknown key 'x-a'"));
}

TEST_CASE("layers: messages may be a list of lines, and a version needs no quotes") {
  CHECK(file("messages: [one, 2, true]").load().text("messages") == "one\n2\ntrue");
  CHECK(file("messages: []").load().text("messages").empty());
  CHECK(file("messages: ['', a, '']").load().text("messages") == "\na\n");
  CHECK(contains(file("messages: [\"a\\nb\"]").error(), "each item is one line"));
  CHECK(contains(file("messages: [null]").error(), "must be a list of texts"));
  CHECK(contains(file("image: [a]").error(), "is a list here"));
  CHECK(file("kubeVersion: 1.30").load().text("kubeVersion") == "1.30");
}

TEST_CASE("layers: each entry has its origin") {
  Run run =
      with({"labels: {a: b}\npatches: [{type: 1}]", "labels:\n  c: d\npatches:\n- {patch: 2}"},
           {set("labels.e", "f")});
  const Config config = run.load();
  const auto entries = config.entries("labels");
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].origin.where.ends_with("a.yaml:1:10"));
  CHECK(entries[1].origin.where.ends_with("b.yaml:2:3"));
  CHECK(entries[2].origin.where == "--set labels.e");
  const std::string text = config::describe(config);
  CHECK(contains(text, "labels:  # --set labels.e\n  a: b  # /tmp/"));
  CHECK(contains(text, "  e: f  # --set labels.e\n"));
  CHECK(contains(text, "\n  - patch: 2  # /tmp/"));
  const std::string json = config::describe_json(config);
  CHECK(contains(json, R"("key": "e",)"));
  Run again = file(text);
  CHECK(again.json("labels") == run.json("labels"));
  CHECK(again.json("patches") == run.json("patches"));
}

TEST_CASE("layers: what is removed is shown as null, and loads again") {
  const Config config = file("resources: {limits: {cpu: null}}").load();
  CHECK(contains(config::describe(config), "    cpu: null  # /tmp/"));
  CHECK_FALSE(file(config::describe(config)).load().has("resources.limits.cpu"));
}
