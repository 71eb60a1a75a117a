#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include <yaml-cpp/yaml.h>

#include "hello/embedded.h"
#include "hello/error.h"
#include "hello/manifest.h"
#include "hello/template.h"
#include "hello/yaml.h"
#include "manifest/patch.h"
#include "manifest/values.h"

using namespace hello;
using manifest::Object;

namespace {

using Set = std::vector<std::pair<std::string, std::string>>;

config::Config configured(const Set &set) {
  config::Sources sources;
  sources.files = {"/dev/null"};
  for (const auto &[key, value] : set) sources.set.push_back({key, value, "--set " + key});
  return config::Config::load(sources);
}

std::vector<Object> render(const Set &set = {}) { return manifest::render_all(configured(set)); }

YAML::Node find(const std::vector<Object> &objects, std::string_view kind,
                std::string_view name = "") {
  for (const Object &object : objects)
    if (object.kind == kind && (name.empty() || object.name == name)) return object.node;
  return YAML::Node(YAML::NodeType::Undefined);
}

std::string kinds(const std::vector<Object> &objects) {
  std::string out;
  for (const Object &object : objects) out += (out.empty() ? "" : " ") + object.kind;
  return out;
}

YAML::Node pod(const std::vector<Object> &objects) {
  return find(objects, "Deployment")["spec"]["template"]["spec"];
}
YAML::Node container(const std::vector<Object> &objects) { return pod(objects)["containers"][0]; }

/// Without the blanks: no text in these tests has ", " or ": ".
std::string json(const YAML::Node &node) {
  std::string text = yaml::to_json(node);
  for (const char *pair : {", ", ": "})
    for (std::size_t at = 0; (at = text.find(pair, at)) != std::string::npos; ++at)
      text.erase(at + 1, 1);
  return text;
}

std::string refused(const Set &set) {
  try {
    render(set);
  } catch (const Error &error) {
    CHECK(error.code() == Exit::invalid);
    return error.what();
  }
  return "";
}

bool contains(const std::string &text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("render: the default set comes in apply order") {
  CHECK(kinds(render()) ==
        "Namespace ServiceAccount ConfigMap Deployment Service Ingress HorizontalPodAutoscaler "
        "NetworkPolicy NetworkPolicy PodDisruptionBudget");
}

TEST_CASE("render: every placeholder of every template has a value, and every setting is used") {
  const auto config = configured({{"logging.endpoint", "http://store.logs.svc:4318/v1/logs"}});
  std::set<std::string> used;
  for (const EmbeddedFile &file : embedded_files()) {
    if (!file.name.starts_with("templates/")) continue;
    for (const auto &use : templates::uses(yaml::load(file.bytes, file.name), file.name)) {
      CAPTURE(use.place);
      CHECK(manifest::value(config, use.name));
      used.insert(use.name);
    }
  }
  for (const char *derived :
       {"checksum", "args", "pullPolicy", "gracePeriod", "preStopSleep", "serviceType", "tlsSecret",
        "publicFrom", "egressRules", "spreadKeys", "kubeMinor"})
    CHECK(used.count(derived) == 1);
}

TEST_CASE("render: the same configuration gives the same bytes") {
  CHECK(manifest::to_yaml(render()) == manifest::to_yaml(render()));
}

TEST_CASE("render: the autoscaler owns the number of pods, or the file does") {
  CHECK_FALSE(find(render(), "Deployment")["spec"]["replicas"]);
  const auto off = render({{"autoscaling.enabled", "false"}, {"replicas", "3"}});
  CHECK(json(find(off, "Deployment")["spec"]["replicas"]) == "3");
  CHECK_FALSE(find(off, "HorizontalPodAutoscaler").IsDefined());
}

TEST_CASE("render: each metric of the autoscaler stands where it is asked for, CPU first") {
  const auto metrics = [](const Set &set) {
    return json(find(render(set), "HorizontalPodAutoscaler")["spec"]["metrics"]);
  };
  const std::string cpu =
      R"({"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":25}}})";
  CHECK(metrics({}) == "[" + cpu + "]");
  CHECK(
      metrics({{"autoscaling.memory", "80"}}) ==
      "[" + cpu +
          R"(,{"type":"Resource","resource":{"name":"memory","target":{"type":"Utilization","averageUtilization":80}}}])");
  CHECK(
      metrics({{"autoscaling.cpu", "0"}, {"autoscaling.requestsPerSecond", "50"}}) ==
      R"([{"type":"Pods","pods":{"metric":{"name":"hello_http_requests_per_second"},"target":{"type":"AverageValue","averageValue":"50"}}}])");
  CHECK(
      metrics({{"autoscaling.cpu", "0"},
               {"autoscaling.external.metric", "queue"},
               {"autoscaling.external.selector", "{queue: in}"},
               {"autoscaling.external.averageValue", "500m"}}) ==
      R"([{"type":"External","external":{"metric":{"name":"queue","selector":{"matchLabels":{"queue":"in"}}},"target":{"type":"AverageValue","averageValue":"500m"}}}])");
  CHECK(
      json(find(render({{"autoscaling.behavior", "{scaleDown: {stabilizationWindowSeconds: 60}}"}}),
                "HorizontalPodAutoscaler")["spec"]["behavior"]) ==
      R"({"scaleDown":{"stabilizationWindowSeconds":60}})");
}

TEST_CASE("render: exposures") {
  const auto service = [](const std::vector<Object> &objects) {
    return json(find(objects, "Service")["spec"]["type"]);
  };
  const auto from = [](const std::vector<Object> &objects) {
    const YAML::Node rule = find(objects, "NetworkPolicy", "hello")["spec"]["ingress"][0];
    return rule["from"] ? json(rule["from"]) : std::string("anyone");
  };
  SUBCASE("ingress") {
    const auto set = render({{"ingress.hosts", "[a.test, b.test]"},
                             {"ingress.paths", "[/, /x]"},
                             {"ingress.className", "traefik"},
                             {"ingress.tls.clusterIssuer", "ca"}});
    const YAML::Node ingress = find(set, "Ingress");
    CHECK(ingress["spec"]["rules"].size() == 2);
    CHECK(ingress["spec"]["rules"][1]["http"]["paths"].size() == 2);
    CHECK(json(ingress["spec"]["ingressClassName"]) == "\"traefik\"");
    CHECK(json(ingress["spec"]["tls"]) ==
          R"([{"hosts":["a.test","b.test"],"secretName":"hello-tls"}])");
    CHECK(json(ingress["metadata"]["annotations"]) == R"({"cert-manager.io/cluster-issuer":"ca"})");
    CHECK(service(set) == "\"ClusterIP\"");
    CHECK(from(set) == "anyone");
    CHECK(from(render({{"networkPolicy.ingressNamespace", "traefik"}})) ==
          R"([{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"traefik"}}}])");
  }
  SUBCASE("a base path is the default of the paths, and serve's") {
    const auto set = render({{"basePath", "/shop"}});
    CHECK(json(find(set, "Ingress")["spec"]["rules"][0]["http"]["paths"][0]["path"]) ==
          "\"/shop\"");
    CHECK(
        contains(json(find(set, "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"]),
                 "\"--base-path=/shop\""));
    const auto other = render({{"basePath", "/shop"}, {"ingress.paths", "[/other]"}});
    CHECK(json(find(other, "Ingress")["spec"]["rules"][0]["http"]["paths"]).find("/shop") ==
          std::string::npos);
    CHECK_FALSE(contains(
        json(find(render({}), "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"]),
        "base-path"));
    const auto route = render({{"basePath", "/shop/"},
                               {"expose", "gateway"},
                               {"gateway.parentRefs", "[{name: edge, namespace: gw}]"}});
    CHECK(json(find(route, "HTTPRoute")["spec"]["rules"][0]["matches"]) ==
          R"([{"path":{"type":"PathPrefix","value":"/shop/"}}])");
  }
  SUBCASE("gateway") {
    const auto set =
        render({{"expose", "gateway"}, {"gateway.parentRefs", "[{name: edge, namespace: gw}]"}});
    CHECK(
        json(find(set, "HTTPRoute")["spec"]) ==
        R"({"parentRefs":[{"name":"edge","namespace":"gw"}],"hostnames":["hello.localhost"],"rules":[{"matches":[{"path":{"type":"PathPrefix","value":"/"}}],"backendRefs":[{"name":"hello","port":80}]}]})");
    CHECK_FALSE(find(set, "Ingress").IsDefined());
    CHECK(contains(refused({{"expose", "gateway"}}), "gateway.parentRefs"));
  }
  SUBCASE("loadBalancer") {
    const auto set = render({{"expose", "loadBalancer"},
                             {"loadBalancer.sourceRanges", "[192.0.2.0/24]"},
                             {"loadBalancer.annotations", "{a: b}"}});
    CHECK(service(set) == "\"LoadBalancer\"");
    CHECK(json(find(set, "Service")["spec"]["loadBalancerSourceRanges"]) == R"(["192.0.2.0/24"])");
    CHECK(json(find(set, "Service")["metadata"]["annotations"]) == R"({"a":"b"})");
    CHECK(from(set) == "anyone");
    CHECK(contains(refused({{"expose", "loadBalancer"}, {"networkPolicy.ingressNamespace", "x"}}),
                   "no pod"));
  }
  SUBCASE("nodePort") {
    CHECK_FALSE(find(render({{"expose", "nodePort"}}), "Service")["spec"]["ports"][0]["nodePort"]);
    const auto set = render({{"expose", "nodePort"}, {"nodePort.port", "30080"}});
    CHECK(json(find(set, "Service")["spec"]["ports"][0]["nodePort"]) == "30080");
    CHECK(from(set) == "anyone");
  }
  SUBCASE("none: the cluster's pods alone may come") {
    const auto set = render({{"expose", "none"}});
    CHECK(service(set) == "\"ClusterIP\"");
    CHECK_FALSE(find(set, "Ingress").IsDefined());
    CHECK(from(set) == R"([{"namespaceSelector":{}}])");
  }
}

TEST_CASE("render: a release may not have the name of the log agent in the agent's namespace") {
  const Set named = {{"name", "hello-logging"}};
  CHECK(refused(named).empty());
  const std::string words = refused({named[0], {"namespace.name", "hello-logging"}});
  CHECK(contains(words, "would collide"));
  CHECK(refused({named[0], {"namespace.name", "hello-logging"}, {"logging.namespace", "logs"}})
            .empty());
}

TEST_CASE("render: 1.29 has no native sleep, so the server drains instead, and a note says so") {
  const auto now = render();
  CHECK(json(container(now)["lifecycle"]) == R"({"preStop":{"sleep":{"seconds":5}}})");
  CHECK(contains(json(container(now)["args"]), "--drain-delay=0s"));
  CHECK(json(pod(now)["terminationGracePeriodSeconds"]) == "30");
  CHECK(manifest::notes(configured({})).empty());
  const Set old = {{"kubeVersion", "v1.29.3"}};
  CHECK_FALSE(container(render(old))["lifecycle"]);
  CHECK(contains(json(container(render(old))["args"]), "--drain-delay=5s"));
  CHECK(json(pod(render(old))["terminationGracePeriodSeconds"]) == "30");
  CHECK(manifest::notes(configured(old)).size() == 1);
  CHECK(
      json(find(render(old),
                "Namespace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce-version"]) ==
      "\"v1.29\"");
}

TEST_CASE("render: a bare local image is not pulled again, any other is") {
  const auto policy = [](const std::string &image) {
    return json(container(render({{"image", image}}))["imagePullPolicy"]);
  };
  CHECK(policy("hello:dev") == "\"IfNotPresent\"");
  CHECK(policy("hello") == "\"IfNotPresent\"");
  CHECK(policy("registry.test/hello:1") == "\"Always\"");
  CHECK(policy("hello@sha256:0000000000000000000000000000000000000000000000000000000000000000") ==
        "\"Always\"");
  CHECK(json(container(render({{"imagePullPolicy", "Never"}}))["imagePullPolicy"]) == "\"Never\"");
}

TEST_CASE("render: a changed message rolls the pods, unless it is mounted live") {
  const auto annotations = [](const Set &set) {
    return json(find(render(set), "Deployment")["spec"]["template"]["metadata"]["annotations"]);
  };
  CHECK(annotations({{"messages", "a"}}) != annotations({{"messages", "b"}}));
  const Set live = {{"reload", "live"}, {"messages", "a"}},
            other = {{"reload", "live"}, {"messages", "b"}};
  CHECK(annotations(live) == annotations(other));
  CHECK_FALSE(container(render(live))["env"]);
  CHECK(contains(json(container(render(live))["args"]), "--messages-file=/etc/hello/MESSAGES"));
  CHECK(json(container(render(live))["volumeMounts"][1]) ==
        R"({"name":"messages","mountPath":"/etc/hello","readOnly":true})");
}

TEST_CASE("render: a text that no environment can carry is refused before anything is sent") {
  CHECK(refused({{"messages", std::string(131062, 'x')}}).empty());
  CHECK(contains(refused({{"messages", std::string(131063, 'x')}}), "131062"));
  CHECK(refused({{"reload", "live"}, {"messages", std::string(512 << 10, 'x')}}).empty());
  CHECK(contains(refused({{"messages", std::string("a\0b", 3)}}), "NUL"));
  CHECK(contains(refused({{"messages", "a\xff"}}), "UTF-8"));
}

TEST_CASE("render: labels and annotations go to every object, and the selector stays") {
  const auto set = render({{"labels", "{team: web}"}, {"annotations", "{owner: ops}"}});
  for (const Object &object : set) {
    CAPTURE(object.kind);
    CHECK(json(object.node["metadata"]["labels"]["team"]) == "\"web\"");
    CHECK(json(object.node["metadata"]["annotations"]["owner"]) == "\"ops\"");
  }
  CHECK(json(find(set, "Deployment")["spec"]["template"]["metadata"]["labels"]["team"]) ==
        "\"web\"");
  CHECK_FALSE(find(set, "Deployment")["spec"]["selector"]["matchLabels"]["team"]);
  CHECK(contains(refused({{"labels", "{team: 5}"}}), "not text: team"));
  for (const char *own : {"name", "instance", "managed-by"})
    CHECK(contains(refused({{"labels", "{app.kubernetes.io/" + std::string(own) + ": x}"}}),
                   "which hello itself sets"));
  CHECK(contains(refused({{"podAnnotations", "{prometheus.io/port: '9'}"}}),
                 "podAnnotations has prometheus.io/port, which hello itself sets"));
  CHECK(
      contains(refused({{"expose", "nodePort"}, {"service.annotations", "{kube-score/ignore: a}"}}),
               "service.annotations has kube-score/ignore, which hello itself sets"));
  CHECK(contains(
      refused({{"metrics.rules", "configMap"}, {"metrics.labelNames.namespace", "severity"}}),
      "metrics.labelNames.namespace has severity, which hello itself sets"));
  CHECK(contains(refused({{"env", "[{name: A, value: b}, {name: PORT, value: 80}]"}}),
                 "env has a value that is not text: PORT"));
}

TEST_CASE("render: a namespace of an administrator's is neither made nor closed") {
  CHECK(kinds(render({{"namespace.create", "false"}})) ==
        "ServiceAccount ConfigMap Deployment Service Ingress HorizontalPodAutoscaler NetworkPolicy "
        "PodDisruptionBudget");
  for (const Object &object : render({{"namespace.name", "web"}})) {
    CAPTURE(object.kind);
    CHECK(object.ns == (object.kind == "Namespace" ? "" : "web"));
  }
}

TEST_CASE(
    "render: another release's objects have its name; what belongs to the namespace does not") {
  const Set all = {{"name", "web"},
                   {"resourceQuota.enabled", "true"},
                   {"limitRange.enabled", "true"},
                   {"logging.sidecar", "agent"},
                   {"logging.endpoint", "http://store.logs.svc:4318/v1/logs"},
                   {"metrics.scrape", "podMonitor"},
                   {"metrics.rules", "configMap"},
                   {"metrics.dashboard", "configMap"},
                   {"ingress.tls.clusterIssuer", "letsencrypt"}};
  std::string names;
  for (const Object &object : render(all)) {
    names += object.kind + "/" + object.name + " ";
    CAPTURE(names);
    const bool is_shared = object.name == "hello" || object.name == "default-deny";
    const YAML::Node labels = object.node["metadata"]["labels"];
    CHECK(labels["app.kubernetes.io/name"].Scalar() == "hello");
    CHECK(labels["app.kubernetes.io/instance"].Scalar() == (is_shared ? "hello" : "web"));
    CHECK(labels["app.kubernetes.io/managed-by"].Scalar() == "hello");
  }
  CHECK(names == "Namespace/hello ResourceQuota/hello LimitRange/hello ServiceAccount/web "
                 "ConfigMap/web-message-config ConfigMap/web-log-agent Deployment/web Service/web "
                 "Ingress/web HorizontalPodAutoscaler/web NetworkPolicy/default-deny "
                 "NetworkPolicy/web PodDisruptionBudget/web PodMonitor/web "
                 "ConfigMap/web-rules ConfigMap/web-dashboard ");
}

TEST_CASE("render: nothing of another release refers to the release hello") {
  const std::vector<Set> sets = {{},
                                 {{"reload", "live"}},
                                 {{"logging.sidecar", "agent"},
                                  {"logging.endpoint", "http://store.logs.svc:4318/v1/logs"},
                                  {"ingress.tls.issuer", "i"}},
                                 {{"expose", "gateway"}, {"gateway.parentRefs", "[{name: edge}]"}},
                                 {{"metrics.scrape", "podMonitor"},
                                  {"metrics.rules", "prometheusRule"},
                                  {"metrics.dashboard", "configMap"}}};
  for (Set set : sets) {
    set.emplace_back("name", "web");
    set.emplace_back("namespace.create", "false");
    const auto objects = render(set);
    CHECK(container(objects)["name"].Scalar() == "hello");
    for (const Object &object : objects) {
      CAPTURE(object.kind);
      const std::string text = manifest::to_yaml(std::span(&object, 1));
      for (const char *old : {"instance: hello", " message-config\n", "hello.localhost",
                              "serviceAccountName: hello", "hello-tls"})
        CHECK_FALSE(contains(text, old));
    }
  }
}

TEST_CASE("render: the account of another release's pipeline has its name") {
  for (const Object &object : manifest::deployer(configured({{"name", "web"}}))) {
    CAPTURE(object.kind);
    CHECK(object.name == "web-deployer");
  }
  const auto binding = manifest::deployer(configured({{"name", "web"}})).back();
  CHECK(json(binding.node["roleRef"]["name"]) == "\"web-deployer\"");
  CHECK(json(binding.node["subjects"][0]["name"]) == "\"web-deployer\"");
}

TEST_CASE("render: the pods' account is the release's, one of another name, or someone else's") {
  const auto plain = render({{"name", "web"}});
  CHECK(find(plain, "ServiceAccount", "web").IsDefined());
  CHECK(pod(plain)["serviceAccountName"].Scalar() == "web");
  const auto mine = render({{"serviceAccount", "mine"},
                            {"serviceAccount.annotations", "{iam.test/role: reader}"},
                            {"annotations", "{owner: ops}"}});
  CHECK(json(find(mine, "ServiceAccount", "mine")["metadata"]["annotations"]) ==
        R"({"iam.test/role":"reader","owner":"ops"})");
  CHECK(pod(mine)["serviceAccountName"].Scalar() == "mine");
  const auto theirs =
      render({{"serviceAccount.create", "false"}, {"serviceAccount.name", "theirs"}});
  CHECK_FALSE(find(theirs, "ServiceAccount").IsDefined());
  CHECK(pod(theirs)["serviceAccountName"].Scalar() == "theirs");
  CHECK(json(pod(theirs)["automountServiceAccountToken"]) == "false");
  CHECK(contains(refused({{"serviceAccount.create", "false"}}), "names no account"));
  CHECK(contains(refused({{"serviceAccount.create", "false"},
                          {"serviceAccount.name", "theirs"},
                          {"serviceAccount.annotations", "{a: b}"}}),
                 "would go nowhere"));
  CHECK(contains(refused({{"serviceAccount.annotations", "{a: 5}"}}), "not text: a"));
}

TEST_CASE("render: values that contradict each other are refused") {
  CHECK(contains(refused({{"autoscaling.minReplicas", "9"}}), "autoscaling.maxReplicas"));
  CHECK(contains(refused({{"autoscaling.cpu", "0"}}), "no metric"));
  CHECK(contains(refused({{"autoscaling.external.metric", "q"}}), "averageValue"));
  CHECK(contains(refused({{"strategy.maxSurge", "0"}}), "no pod could ever be replaced"));
  CHECK(contains(refused({{"strategy.maxSurge", "4294967296"}}), "too large"));
  CHECK(contains(refused({{"minReadySeconds", "300"}}),
                 "minReadySeconds is not less than progressDeadlineSeconds"));
  CHECK(contains(refused({{"ingress.tls.issuer", "a"}, {"ingress.tls.clusterIssuer", "b"}}),
                 "clusterIssuer"));
}

TEST_CASE("render: the off switches") {
  const auto has = [](const Set &set, std::string_view kind) {
    return find(render(set), kind).IsDefined();
  };
  CHECK_FALSE(has({{"networkPolicy.enabled", "false"}}, "NetworkPolicy"));
  CHECK_FALSE(has({{"podDisruptionBudget.enabled", "false"}}, "PodDisruptionBudget"));
  CHECK(has({{"resourceQuota.enabled", "true"}}, "ResourceQuota"));
  CHECK(has({{"limitRange.enabled", "true"}}, "LimitRange"));
  CHECK(has({{"metrics.scrape", "podMonitor"}}, "PodMonitor"));
  CHECK_FALSE(pod(render({{"topologySpread", "none"}}))["topologySpreadConstraints"]);
  CHECK(find(render({{"metrics.scrape", "none"}}), "NetworkPolicy", "hello")["spec"]["ingress"]
            .size() == 1);
}

TEST_CASE("render: what is not set is left out, what is set is there") {
  const auto plain = render();
  for (const char *key : {"nodeSelector", "tolerations", "priorityClassName", "imagePullSecrets"})
    CHECK_FALSE(pod(plain)[key]);
  CHECK_FALSE(find(plain, "NetworkPolicy", "hello")["spec"]["egress"]);
  const auto set = render({{"nodeSelector", "{disk: ssd}"},
                           {"tolerations", "[{key: a, operator: Exists}]"},
                           {"priorityClassName", "high"},
                           {"imagePullSecrets", "[pull]"},
                           {"env", "[{name: A, value: b}]"},
                           {"volumes", "[{name: v, emptyDir: {sizeLimit: 1Mi}}]"},
                           {"volumeMounts", "[{name: v, mountPath: /v}]"},
                           {"affinity", "{nodeAffinity: {}}"},
                           {"args", "[--threads=2]"},
                           {"networkPolicy.dns", "true"},
                           {"podDisruptionBudget.minAvailable", "50%"}});
  CHECK(json(pod(set)["nodeSelector"]) == R"({"disk":"ssd"})");
  CHECK(json(pod(set)["tolerations"]) == R"([{"key":"a","operator":"Exists"}])");
  CHECK(json(pod(set)["imagePullSecrets"]) == R"([{"name":"pull"}])");
  CHECK(json(pod(set)["affinity"]) == R"({"nodeAffinity":{}})");
  CHECK(json(pod(set)["volumes"][1]) == R"({"name":"v","emptyDir":{"sizeLimit":"1Mi"}})");
  CHECK(json(container(set)["env"][1]) == R"({"name":"A","value":"b"})");
  CHECK(json(container(set)["volumeMounts"][1]) == R"({"name":"v","mountPath":"/v"})");
  CHECK(contains(json(container(set)["args"]), "\"--threads=2\""));
  CHECK(find(set, "NetworkPolicy", "hello")["spec"]["egress"].size() == 1);
  const YAML::Node budget = find(set, "PodDisruptionBudget")["spec"];
  CHECK(json(budget["minAvailable"]) == "\"50%\"");
  CHECK_FALSE(budget["maxUnavailable"]);
  CHECK(json(find(plain, "PodDisruptionBudget")["spec"]["maxUnavailable"]) == "1");
}

TEST_CASE("patch: RFC 7386's own table") {
  const std::pair<std::pair<const char *, const char *>, const char *> rows[] = {
      {{R"({"a":"b"})", R"({"a":"c"})"}, R"({"a":"c"})"},
      {{R"({"a":"b"})", R"({"b":"c"})"}, R"({"a":"b","b":"c"})"},
      {{R"({"a":"b"})", R"({"a":null})"}, R"({})"},
      {{R"({"a":"b","b":"c"})", R"({"a":null})"}, R"({"b":"c"})"},
      {{R"({"a":["b"]})", R"({"a":"c"})"}, R"({"a":"c"})"},
      {{R"({"a":"c"})", R"({"a":["b"]})"}, R"({"a":["b"]})"},
      {{R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})"}, R"({"a":{"b":"d"}})"},
      {{R"({"a":[{"b":"c"}]})", R"({"a":[1]})"}, R"({"a":[1]})"},
      {{R"(["a","b"])", R"(["c","d"])"}, R"(["c","d"])"},
      {{R"({"a":"b"})", R"(["c"])"}, R"(["c"])"},
      {{R"({"a":"foo"})", "null"}, "null"},
      {{R"({"a":"foo"})", R"("bar")"}, R"("bar")"},
      {{R"({"e":null})", R"({"a":1})"}, R"({"e":null,"a":1})"},
      {{R"([1,2])", R"({"a":"b","c":null})"}, R"({"a":"b"})"},
      {{R"({})", R"({"a":{"bb":{"ccc":null}}})"}, R"({"a":{"bb":{}}})"},
  };
  for (const auto &[in, out] : rows) {
    const YAML::Node target = yaml::load(in.first, "target"),
                     patch = yaml::load(in.second, "patch");
    CHECK(json(manifest::merge_patch(target, patch)) == std::string(out));
    CHECK(json(target) == std::string(in.first));
  }
}

TEST_CASE("patches: change what they name, and what they don't find is an error") {
  const auto set = render({{"patches", "[{target: {kind: Deployment, name: hello}, patch: {spec: "
                                       "{paused: true, strategy: null}}}]"}});
  CHECK(json(find(set, "Deployment")["spec"]["paused"]) == "true");
  CHECK_FALSE(find(set, "Deployment")["spec"]["strategy"]);
  CHECK(find(set, "Deployment")["spec"]["template"].IsMap());
  CHECK(contains(refused({{"patches", "[{target: {kind: Deploymant}, patch: {a: 1}}]"}}),
                 "no Deploymant"));
  CHECK(contains(refused({{"patches", "[{target: {kind: Service, name: x}, patch: {a: 1}}]"}}),
                 "Service/x"));
  CHECK(contains(refused({{"patches", "[{target: {kind: Service}, pach: {a: 1}}]"}}),
                 "unknown key: pach"));
  CHECK(contains(refused({{"patches", "[{target: {kind: Service}}]"}}), "no patch"));
  CHECK(contains(
      refused({{"patches", "[{target: {kind: Service}, patch: {metadata: {name: null}}}]"}}),
      "metadata.name"));
}

TEST_CASE(
    "extraManifests: a definition in the set and clusterScopedKinds say what has no namespace") {
  const std::string wide = "{apiVersion: x.test/v1, kind: Wide, metadata: {name: w}}";
  const auto ns = [&](const std::string &more, const std::string &kinds) {
    const auto set =
        render({{"extraManifests", "[" + wide + more + "]"}, {"clusterScopedKinds", kinds}});
    return yaml::text(find(set, "Wide"), "metadata", "namespace");
  };
  const auto definition = [](const std::string &scope, const std::string &group) {
    return ", {apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: "
           "{name: wides." +
           group + "}, spec: {group: " + group + ", scope: " + scope +
           ", names: {kind: Wide, plural: wides}}}";
  };
  CHECK(ns("", "[]") == "hello");
  CHECK(ns("", "[Other]") == "hello");
  CHECK(ns("", "[Other, Wide]").empty());
  CHECK(ns("", "[Wide.x.test]").empty());
  CHECK(ns("", "[Wide.y.test]") == "hello");
  CHECK(ns(definition("Cluster", "x.test"), "[]").empty());
  CHECK(ns(definition("Cluster", "y.test"), "[]") == "hello");
  CHECK(ns(definition("Namespaced", "x.test"), "[Wide]") == "hello");
}

TEST_CASE("extraManifests: join the set, in its namespace and with its labels") {
  const auto set =
      render({{"extraManifests",
               "[{apiVersion: v1, kind: ConfigMap, metadata: {name: more}, data: {a: b}}, "
               "{apiVersion: x.test/v1, kind: Wide, metadata: {name: w, namespace: null}}]"}});
  const YAML::Node more = find(set, "ConfigMap", "more");
  CHECK(json(more["metadata"]["namespace"]) == "\"hello\"");
  CHECK(json(more["metadata"]["labels"]["app.kubernetes.io/managed-by"]) == "\"hello\"");
  CHECK_FALSE(find(set, "Wide")["metadata"]["namespace"]);
  CHECK(contains(refused({{"extraManifests", "[{kind: ConfigMap}]"}}),
                 "is not a Kubernetes object: apiVersion"));
  CHECK(contains(refused({{"extraManifests",
                           "[{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: 5}}]"}}),
                 "has metadata.labels that are not a map"));
  CHECK(contains(
      refused({{"extraManifests",
                "[{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: [b]}}]"}}),
      "has metadata.annotations that are not a map"));
}

TEST_CASE("extraManifests: Kubernetes' own cluster-wide kinds get no namespace") {
  const auto set = render(
      {{"extraManifests",
        "[{apiVersion: storage.k8s.io/v1, kind: CSIDriver, metadata: {name: d}}, {apiVersion: "
        "admissionregistration.k8s.io/v1, kind: MutatingAdmissionPolicy, metadata: {name: p}}]"}});
  for (const char *kind : {"CSIDriver", "MutatingAdmissionPolicy"})
    CHECK_FALSE(find(set, kind)["metadata"]["namespace"]);
}
