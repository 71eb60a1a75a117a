#include <doctest/doctest.h>

#include <yaml-cpp/yaml.h>

#include "hello/error.h"
#include "hello/lint.h"
#include "hello/manifest.h"
#include "hello/yaml.h"
#include "manifest/logging.h"

using namespace hello;
using manifest::Object;

namespace {

using Set = std::vector<std::pair<std::string, std::string>>;
const std::string kEndpoint = "http://store.logs.svc:4318/v1/logs";

config::Config configured(const Set &set) {
  config::Sources sources;
  sources.files = {"/dev/null"};
  for (const auto &[key, value] : set) sources.set.push_back({key, value, "--set " + key});
  return config::Config::load(sources);
}

std::vector<Object> render(const Set &set, bool with_agent = false) {
  const std::vector<std::string> with = {"logging"};
  return manifest::render_all(configured(set),
                              with_agent ? std::span(with) : std::span<const std::string>());
}

YAML::Node find(const std::vector<Object> &objects, std::string_view kind, std::string_view name) {
  for (const Object &object : objects)
    if (object.kind == kind && object.name == name) return object.node;
  FAIL("no ", std::string(kind), "/", std::string(name));
  return {};
}

std::string refused(const Set &set, bool with_agent = false) {
  try {
    render(set, with_agent);
  } catch (const Error &error) {
    CHECK(error.code() == Exit::invalid);
    return error.what();
  }
  return "";
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

} // namespace

TEST_CASE("logging: the node agent comes after the set, in a namespace of its own, which alone is "
          "privileged") {
  const auto without = render({}), with = render({{"logging.endpoint", kEndpoint}}, true);
  std::string kinds;
  for (std::size_t i = 0; i < with.size(); ++i) {
    const Object &object = with[i];
    const bool agents = object.name == "hello-logging";
    if (!agents) continue;
    kinds += object.kind + " ";
    if (object.kind == "Namespace" || object.kind.starts_with("ClusterRole"))
      CHECK(object.ns == "");
    else
      CHECK(object.ns == "hello-logging");
    CHECK(object.node["metadata"]["labels"]["app.kubernetes.io/name"].Scalar() == "hello-logging");
  }
  CHECK(
      kinds ==
      "Namespace ServiceAccount ClusterRole ClusterRoleBinding ConfigMap DaemonSet NetworkPolicy ");
  CHECK(with.size() == without.size() + 7);
  const auto level = [&](const char *ns) {
    return find(with, "Namespace", ns)["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        .Scalar();
  };
  CHECK(level("hello") == "restricted");
  CHECK(level("hello-logging") == "privileged");
}

TEST_CASE("logging: the node agent may do no more than it must") {
  const auto objects = render({{"logging.endpoint", kEndpoint}}, true);
  const YAML::Node pod = find(objects, "DaemonSet", "hello-logging")["spec"]["template"]["spec"];
  const YAML::Node container = pod["containers"][0];
  CHECK(container["securityContext"]["capabilities"]["drop"][0].Scalar() == "ALL");
  CHECK(container["securityContext"]["readOnlyRootFilesystem"].as<bool>());
  CHECK_FALSE(container["securityContext"]["allowPrivilegeEscalation"].as<bool>());
  for (const YAML::Node &mount : container["volumeMounts"])
    CHECK((mount["name"].Scalar() == "state" || mount["readOnly"].as<bool>()));
  for (const YAML::Node &volume : pod["volumes"])
    if (volume["hostPath"])
      CHECK((volume["hostPath"]["path"].Scalar() == "/var/log/pods" ||
             volume["hostPath"]["path"].Scalar() == "/var/lib/hello-logging"));
  const YAML::Node rules = find(objects, "ClusterRole", "hello-logging")["rules"];
  CHECK(yaml::to_json(rules) ==
        R"([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}])");
}

TEST_CASE("logging: the collector's configuration is YAML in the ConfigMap, and a change rolls the "
          "agents") {
  const auto one =
      render({{"logging.endpoint", kEndpoint}, {"logging.namespaces", "[shop, bank]"}}, true);
  const auto other = render({{"logging.endpoint", kEndpoint + "2"}}, true);
  const std::string text =
      find(one, "ConfigMap", "hello-logging")["data"]["collector.yaml"].Scalar();
  const YAML::Node collector = yaml::load(text, "collector.yaml");
  CHECK(collector["exporters"]["otlp_http"]["logs_endpoint"].Scalar() == kEndpoint);
  CHECK(collector["exporters"]["otlp_http"]["headers"].IsDefined() == false);
  CHECK(collector["receivers"]["file_log"]["include"].size() == 4);
  CHECK(collector["receivers"]["file_log"]["include"][2].Scalar() ==
        "/var/log/pods/bank_*/*/*.log");
  const auto checksum = [](const std::vector<Object> &objects) {
    return find(objects, "DaemonSet",
                "hello-logging")["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
        .Scalar();
  };
  CHECK(checksum(one).size() == 64);
  CHECK(checksum(one) != checksum(other));
}

TEST_CASE("logging: the operator finds the node agents by a PodMonitor of their own") {
  const Set set = {{"logging.endpoint", kEndpoint},
                   {"metrics.scrape", "podMonitor"},
                   {"metrics.objectLabels", "{release: stack}"}};
  const auto objects = render(set, true);
  const YAML::Node monitor = find(objects, "PodMonitor", "hello-logging");
  const YAML::Node pod = find(objects, "DaemonSet", "hello-logging")["spec"]["template"];
  CHECK(yaml::text(monitor, "metadata", "namespace") == "hello-logging");
  CHECK(yaml::text(monitor, "metadata", "labels", "release") == "stack");
  for (const auto &label : monitor["spec"]["selector"]["matchLabels"])
    CHECK(yaml::text(pod, "metadata", "labels", label.first.Scalar().c_str()) ==
          label.second.Scalar());
  CHECK(yaml::text(monitor["spec"]["podMetricsEndpoints"][0], "port") ==
        yaml::text(pod["spec"]["containers"][0]["ports"][0], "name"));
  for (const Object &object : render({{"logging.endpoint", kEndpoint}}, true))
    CHECK(object.kind != "PodMonitor");
}

TEST_CASE("logging: a secret becomes the authorization header, never a text in the set") {
  const auto objects =
      render({{"logging.endpoint", kEndpoint}, {"logging.authorizationSecret", "otlp"}}, true);
  const YAML::Node collector =
      yaml::load(find(objects, "ConfigMap", "hello-logging")["data"]["collector.yaml"].Scalar(),
                 "collector.yaml");
  CHECK(collector["exporters"]["otlp_http"]["headers"]["Authorization"].Scalar() ==
        "${env:OTLP_AUTHORIZATION}");
  const YAML::Node env = find(objects, "DaemonSet",
                              "hello-logging")["spec"]["template"]["spec"]["containers"][0]["env"];
  CHECK(env[env.size() - 1]["valueFrom"]["secretKeyRef"]["name"].Scalar() == "otlp");
}

TEST_CASE("logging: the store's hole in the wall is as small as its address lets it be") {
  const std::pair<const char *, const char *> cases[] = {
      {"http://store.logs.svc:4318/v1/logs",
       R"({"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "logs"}}}]})"},
      {"https://loki.obs.svc.cluster.local/otlp/v1/logs",
       R"({"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "obs"}}}]})"},
      {"http://192.0.2.7:4318/v1/logs",
       R"({"ports": [{"port": 4318, "protocol": "TCP"}], "to": [{"ipBlock": {"cidr": "192.0.2.7/32"}}]})"},
      {"https://otlp.example.com", R"({"ports": [{"port": 443, "protocol": "TCP"}]})"},
      {"http://a.b.c/x:1", R"({"ports": [{"port": 80, "protocol": "TCP"}]})"},
  };
  for (const auto &[endpoint, rule] : cases)
    CHECK(yaml::to_json(manifest::store_egress(configured({{"logging.endpoint", endpoint}}))[1]) ==
          rule);
}

TEST_CASE(
    "logging: a streaming sidecar starts first, ends last, and takes the access log off stdout") {
  const auto objects = render({{"logging.sidecar", "stream"}});
  const YAML::Node pod = find(objects, "Deployment", "hello")["spec"]["template"]["spec"];
  REQUIRE(pod["initContainers"].size() == 1);
  CHECK(pod["initContainers"][0]["restartPolicy"].Scalar() == "Always");
  CHECK(pod["initContainers"][0]["args"][0].Scalar() == "tail");
  CHECK(pod["initContainers"][0]["image"].Scalar() == pod["containers"][0]["image"].Scalar());
  CHECK(contains(yaml::to_json(pod["containers"][0]["args"]), "--access-log-file=/tmp/access.log"));
  CHECK_FALSE(find(render({}), "Deployment", "hello")["spec"]["template"]["spec"]["initContainers"]
                  .IsDefined());
}

TEST_CASE("logging: the agent beside the service gets what stderr gets, a node agent reads it") {
  const auto args = [](const Set &set) {
    const YAML::Node pod = find(render(set), "Deployment", "hello")["spec"]["template"]["spec"];
    return yaml::to_json(pod["containers"][0]["args"]);
  };
  Set set = {{"logging.endpoint", kEndpoint}, {"logging.sidecar", "agent"}};
  CHECK(contains(args(set),
                 R"("--access-log-file=/tmp/access.log", "--stderr-file=/tmp/stderr.log")"));
  const YAML::Node read = yaml::load(
      find(render(set), "ConfigMap", "log-agent")["data"]["collector.yaml"].Scalar(), "x");
  CHECK(contains(yaml::to_json(read["receivers"]["file_log"]["include"]),
                 R"("/tmp/stderr.log", "/tmp/stderr.log.1")"));
  set.emplace_back("image", "hello:0.1.0"); // does not know the flag
  CHECK_FALSE(contains(args(set), "--stderr-file"));
  CHECK_FALSE(contains(args({{"logging.sidecar", "stream"}}), "--stderr-file"));
}

TEST_CASE("logging: the log's form goes to the service and its streaming sidecar") {
  const auto args = [](const Set &set, const char *containers) {
    const YAML::Node pod = find(render(set), "Deployment", "hello")["spec"]["template"]["spec"];
    return yaml::to_json(pod[containers][0]["args"]);
  };
  CHECK(contains(args({}, "containers"), R"("--access-log=on", "--log-format=json")"));
  const Set text = {{"logging.format", "text"}, {"logging.sidecar", "stream"}};
  CHECK(contains(args(text, "containers"), R"("--access-log=on", "--log-format=text")"));
  CHECK(contains(args(text, "initContainers"), "--log-format=text"));
  CHECK_FALSE(contains(args({{"logging.sidecar", "stream"}}, "initContainers"), "--log-format"));
  const Set old = {{"logging.access", "text"}};
  CHECK(contains(args(old, "containers"), R"("--access-log=text")"));
  CHECK_FALSE(contains(args(old, "containers"), "--log-format"));
  REQUIRE(configured(old).warnings().size() == 1);
  CHECK(contains(configured(old).warnings()[0], "logging.access: text is an old form"));
  CHECK(contains(args({{"logging.access", "text"}, {"logging.format", "json"}}, "containers"),
                 R"("--access-log=on", "--log-format=json")"));
  CHECK(contains(args({{"logging.access", "off"}}, "containers"), "--access-log=off"));
}

TEST_CASE("logging: an image of 0.1 gets the flags that it knows") {
  const auto args = [](const std::string &image, const std::string &access) {
    const auto objects = render({{"image", image}, {"logging.access", access}});
    return yaml::to_json(
        find(objects, "Deployment", "hello")["spec"]["template"]["spec"]["containers"][0]["args"]);
  };
  const std::string digest = "@sha256:" + std::string(64, 'a');
  for (const std::string &image :
       {std::string("hello:0.1.0"), std::string("r:5000/hello:v0.1.3"), "hello:0.1" + digest}) {
    CAPTURE(image);
    CHECK(contains(args(image, "on"), "--access-log=json"));
    CHECK(contains(args(image, "text"), "--access-log=text"));
    CHECK(contains(args(image, "off"), "--access-log=off"));
    CHECK_FALSE(contains(args(image, "on"), "--log-format"));
  }
  for (const std::string &image : {std::string("hello:0.10.0"), std::string("r:5000/hello"),
                                   "hello" + digest, std::string("hello:0.2.0")})
    CHECK(contains(args(image, "on"), "--log-format=json"));
}

TEST_CASE("logging: an agent sidecar needs no right, only its way out") {
  const auto objects = render({{"logging.sidecar", "agent"}, {"logging.endpoint", kEndpoint}});
  const YAML::Node pod = find(objects, "Deployment", "hello")["spec"]["template"]["spec"];
  CHECK_FALSE(pod["automountServiceAccountToken"].as<bool>());
  CHECK(pod["initContainers"][0]["image"].Scalar() == "otel/opentelemetry-collector-k8s:0.160.0");
  const YAML::Node config =
      yaml::load(find(objects, "ConfigMap", "log-agent")["data"]["collector.yaml"].Scalar(), "c");
  CHECK(config["exporters"]["otlp_http"]["logs_endpoint"].Scalar() == kEndpoint);
  CHECK(find(objects, "NetworkPolicy", "hello")["spec"]["egress"].size() == 2);
}

TEST_CASE("logging: what cannot work is refused with the key") {
  CHECK(contains(refused({}, true), "logging.endpoint"));
  CHECK(contains(refused({{"logging.sidecar", "agent"}}), "logging.endpoint"));
  CHECK(contains(refused({{"logging.endpoint", "store:4318"}}), "logging.endpoint"));
  CHECK(contains(refused({{"logging.sidecar", "stream"}, {"logging.access", "off"}}),
                 "logging.access"));
  const std::vector<std::string> unknown = {"tracing"};
  CHECK_THROWS_AS(manifest::render_all(configured({}), unknown), Error);
}

TEST_CASE("logging: the set with a sidecar has no finding that would stop a deploy") {
  for (const Set &set : {Set{{"logging.sidecar", "stream"}},
                         Set{{"logging.sidecar", "agent"}, {"logging.endpoint", kEndpoint}}}) {
    const auto config = configured(set);
    for (const manifest::Finding &finding :
         manifest::lint(manifest::render_all(config), config, {})) {
      CAPTURE(finding.what);
      CHECK(finding.severity != manifest::Severity::error);
    }
  }
}

TEST_CASE("logging: the service's name is the release's, known from its labels or its settings") {
  const std::vector<Object> set = render(
      {{"logging.sidecar", "agent"}, {"logging.endpoint", kEndpoint}, {"name", "web"}}, true);
  const std::string beside = yaml::to_yaml(find(set, "ConfigMap", "web-log-agent"));
  const auto at = beside.find("key: service.name");
  REQUIRE(at != beside.npos);
  CHECK(beside.substr(at, 60).find("value: web\n") != beside.npos);
  const std::string on_node = yaml::to_yaml(find(set, "ConfigMap", "hello-logging"));
  const auto name = on_node.find("key: app.kubernetes.io/name"),
             instance = on_node.find("key: app.kubernetes.io/instance");
  REQUIRE(name != on_node.npos);
  REQUIRE(instance != on_node.npos);
  CHECK(name < instance); // of two with one tag the later one counts
}
