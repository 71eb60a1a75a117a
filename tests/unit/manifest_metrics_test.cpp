#include <doctest/doctest.h>

#include <yaml-cpp/yaml.h>

#include "hello/error.h"
#include "hello/lint.h"
#include "hello/manifest.h"
#include "hello/yaml.h"
#include "support/configured.h"

using namespace hello;
using manifest::Object;

namespace {

YAML::Node find(const std::string &text, std::string_view kind, std::string_view name) {
  for (const Object &object : manifest::render_all(test::configured(text)))
    if (object.kind == kind && object.name == name) return object.node;
  return YAML::Node(YAML::NodeType::Undefined);
}

/// The rules of a PrometheusRule.
YAML::Node rules(const std::string &text) {
  return find("metrics: {rules: prometheusRule}\n" + text, "PrometheusRule",
              "hello")["spec"]["groups"][0]["rules"];
}

YAML::Node rule(const std::string &text, std::string_view name) {
  for (const YAML::Node &one : rules(text))
    if (yaml::text(one, "alert") == name || yaml::text(one, "record") == name) return one;
  return YAML::Node(YAML::NodeType::Undefined);
}

bool contains(const std::string &text, std::string_view part) {
  return text.find(part) != text.npos;
}

std::string refused(const std::string &text) {
  try {
    manifest::render_all(test::configured(text));
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

} // namespace

TEST_CASE("metrics: rules and dashboard are off by default") {
  for (const Object &object : manifest::render_all(test::configured(""))) {
    CHECK(object.kind != "PrometheusRule");
    CHECK_FALSE(object.name.ends_with("-rules"));
    CHECK_FALSE(object.name.ends_with("-dashboard"));
  }
}

TEST_CASE("metrics: a PrometheusRule and a ConfigMap have the same rules") {
  const YAML::Node map = find("metrics: {rules: configMap}", "ConfigMap", "hello-rules");
  const YAML::Node parsed = yaml::load(map["data"]["hello_hello.yaml"].Scalar(), "rules");
  const YAML::Node rule = find("metrics: {rules: prometheusRule}", "PrometheusRule", "hello");
  CHECK(yaml::to_json(parsed) == yaml::to_json(rule["spec"]));
  CHECK(rules("").size() == 14);
}

TEST_CASE("metrics: no two releases give their files the same name") {
  const auto file = [](const std::string &text, const char *name) {
    const std::string on = "metrics: {rules: configMap, dashboard: configMap}\n";
    return find(on + text, "ConfigMap", name)["data"].begin()->first.Scalar();
  };
  CHECK(file("namespace: shop\nname: web-eu\n", "web-eu-rules") == "shop_web-eu.yaml");
  CHECK(file("namespace: shop-web\nname: eu\n", "eu-rules") == "shop-web_eu.yaml");
  CHECK(file("namespace: shop\nname: web-eu\n", "web-eu-dashboard") == "shop_web-eu.json");
  CHECK(file("namespace: shop-web\nname: eu\n", "eu-dashboard") == "shop-web_eu.json");
}

TEST_CASE("metrics: objects carry the labels by which others look for them") {
  const std::string labels =
      "metrics: {scrape: podMonitor, rules: prometheusRule, dashboard: configMap, objectLabels: "
      "{release: stack}}";
  const auto label = [&](const char *kind, const char *name, const char *key) {
    return yaml::text(find(labels, kind, name), "metadata", "labels", key);
  };
  CHECK(label("PodMonitor", "hello", "release") == "stack");
  CHECK(label("PrometheusRule", "hello", "release") == "stack");
  CHECK(label("ConfigMap", "hello-dashboard", "release") == "stack");
  CHECK(label("ConfigMap", "hello-dashboard", "grafana_dashboard") == "1");
  CHECK(label("ConfigMap", "hello-dashboard", "app.kubernetes.io/name") == "hello");
}

TEST_CASE("metrics: rules find their release by namespace, name and metrics.selector") {
  const std::string text = "namespace: shop\nmetrics.selector: {cluster: 'e\"u', env: p}\n";
  const YAML::Node absent = rule(text, "HelloAbsent"),
                   requests = rule(text, "hello:requests:rate5m");
  CHECK(contains(
      absent["expr"].Scalar(),
      R"(absent(hello_build_info{namespace="shop",cluster="e\"u",env="p",release="hello"}))"));
  CHECK(contains(requests["expr"].Scalar(), "sum by (cluster, env) "));
  CHECK(contains(requests["expr"].Scalar(), "on (cluster, namespace, pod, job, instance)"));
  CHECK(contains(refused("metrics: {rules: configMap, selector: {a-b: c}}"),
                 "metrics.selector has a key that is no label: 'a-b'"));
  // These would select nothing.
  for (const char *own : {"{namespace: b}", "{release: b}"})
    CHECK(contains(refused("metrics: {rules: configMap, selector: " + std::string(own) + "}"),
                   "which hello itself sets"));
  CHECK_THROWS_AS(test::configured("metrics: {labelNames: {pod: a-b}}"), Error);
}

TEST_CASE("metrics: alerts link to their page if it is published") {
  CHECK_FALSE(rule("", "HelloAbsent")["annotations"]["runbook_url"].IsDefined());
  const YAML::Node linked =
      find("metrics: {rules: prometheusRule, runbookBase: \"https://docs.test/hello\"}",
           "PrometheusRule", "hello")["spec"]["groups"][0]["rules"][3];
  CHECK(linked["annotations"]["runbook_url"].Scalar() ==
        "https://docs.test/hello/alerts.md#helloerrors");
  CHECK_THROWS_AS(test::configured("metrics: {runbookBase: \"docs\"}"), Error);
}

TEST_CASE("metrics: alerts that a set cannot need are left out") {
  CHECK_FALSE(rule("autoscaling: {enabled: false}", "HelloAutoscalerAtLimit").IsDefined());
  CHECK_FALSE(rule("autoscaling: {minReplicas: 5}", "HelloAutoscalerAtLimit").IsDefined());
  CHECK_FALSE(rule("resources: {limits: {cpu: null}}", "HelloCpu").IsDefined());
  CHECK_FALSE(rule("autoscaling: {enabled: false}\nreplicas: 0", "HelloAbsent").IsDefined());
  CHECK(contains(rule("resources: {limits: {cpu: 250m}}", "HelloCpu")["expr"].Scalar(), "/ 250 >"));
}

TEST_CASE("metrics: rules of the log agents come with them, as an object of their namespace") {
  const auto kinds = [](const std::string &rules) {
    const std::vector<std::string> with = {"logging"};
    std::string out;
    const config::Config config =
        test::configured("logging: {endpoint: \"http://s.logs.svc:1/x\", namespace: agents}\n"
                         "metrics: {rules: " +
                         rules + "}");
    for (const Object &object : manifest::render_all(config, with))
      if (object.ns == "agents" && object.name != "hello-logging") out += object.kind + " ";
    for (const Object &object : manifest::render_all(config, with))
      if (object.ns == "agents" && object.kind == "PrometheusRule") out += object.kind + " ";
    return out;
  };
  CHECK(kinds("none").empty());
  CHECK(kinds("configMap") == "ConfigMap ");
  CHECK(kinds("prometheusRule") == "PrometheusRule ");
}

TEST_CASE("metrics: the dashboard's panels do not overlap") {
  const YAML::Node map = find("metrics: {dashboard: configMap}", "ConfigMap", "hello-dashboard");
  const YAML::Node board = yaml::load(map["data"]["hello_hello.json"].Scalar(), "dashboard");
  std::vector<std::string> places;
  for (const YAML::Node &panel : board["panels"]) {
    const std::string place = yaml::to_json(panel["gridPos"]);
    CHECK(std::find(places.begin(), places.end(), place) == places.end());
    places.push_back(place);
    CHECK(panel["id"].as<std::size_t>() == places.size());
    CHECK(panel["targets"].size() > 0);
  }
  CHECK(places.size() == 15);
}

TEST_CASE("metrics: a release of another name tells its service") {
  const auto env = [](const std::string &text, const char *name) {
    return yaml::to_json(
        find(text, "Deployment", name)["spec"]["template"]["spec"]["containers"][0]["env"]);
  };
  CHECK_FALSE(contains(env("", "hello"), "HELLO_RELEASE"));
  CHECK(contains(env("name: web", "web"), R"({"name": "HELLO_RELEASE", "value": "web"})"));
}

TEST_CASE("metrics: lint warns if the metrics name another release, or none") {
  const auto found = [](const std::string &text) {
    std::string all;
    const config::Config config = test::configured(text);
    for (const manifest::Finding &one : manifest::lint(manifest::render_all(config), config))
      if (one.rule == "release") all += one.what + "\n";
    return all;
  };
  CHECK(found("name: web\nmetrics: {rules: configMap}").empty());
  CHECK(contains(found("name: web\nenv: [{name: HELLO_RELEASE, value: shop}]"), "name shop"));
  CHECK(contains(found("image: hello:0.1.0\nmetrics: {rules: configMap}"), "image of 0.1"));
}
