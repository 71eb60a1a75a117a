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

YAML::Node find(const config::Config &config, std::string_view kind) {
  for (const Object &object : manifest::render_all(config))
    if (object.kind == kind) return object.node;
  return YAML::Node(YAML::NodeType::Undefined);
}
YAML::Node pod(const std::string &text) {
  return yaml::at(find(test::configured(text), "Deployment"), "spec", "template", "spec");
}
YAML::Node container(const std::string &text) { return pod(text)["containers"][0]; }

std::string json(const YAML::Node &node) { return yaml::to_json(node); }

std::string refused(const std::string &text) {
  try {
    manifest::render_all(test::configured(text));
  } catch (const Error &error) {
    CHECK(error.code() == Exit::invalid);
    return error.what();
  }
  return "no error";
}

std::string errors(const std::string &text) {
  const config::Config config = test::configured(text);
  std::string out;
  for (const manifest::Finding &one : manifest::lint(manifest::render_all(config), config))
    if (one.severity == manifest::Severity::error) out += one.object + ": " + one.what + "\n";
  return out;
}

bool contains(const std::string &text, std::string_view part) {
  return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("settings: echo gives the service its flag and the node's name, and is warned of") {
  const std::string on = "echo: {enabled: true}\n";
  CHECK(contains(json(container(on)["args"]), "\"--echo\""));
  CHECK_FALSE(contains(json(container("")["args"]), "--echo"));
  const std::string node =
      R"({"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}})";
  CHECK(json(container(on)["env"][1]) == node);
  CHECK(json(container(on + "reload: live")["env"]) == "[" + node + "]");
  CHECK(json(container(on + "env: [{name: NODE_NAME, value: x}]")["env"][1]) ==
        R"({"name": "NODE_NAME", "value": "x"})");
  const auto warns = [](const std::string &text) {
    const config::Config config = test::configured(text);
    for (const manifest::Finding &one : manifest::lint(manifest::render_all(config), config))
      if (one.rule == "echo") return true;
    return false;
  };
  CHECK(warns(on));
  CHECK(warns("args: [--echo]"));
  CHECK_FALSE(warns(""));
  CHECK_FALSE(warns(on + "expose: none"));
}

TEST_CASE("settings: drills give the service its flag and the pod's UID; lint looks who shares its "
          "network") {
  const std::string on = "drills: {enabled: true}\n";
  CHECK(contains(json(container(on)["args"]), "\"--drills\", \"--temp-limit=32Mi\""));
  CHECK_FALSE(contains(json(container("")["args"]), "--drills"));
  CHECK(json(container(on)["env"][1]) ==
        R"({"name": "POD_UID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}})");
  const auto findings = [](const std::string &text) {
    const config::Config config = test::configured(text);
    std::string out;
    for (const manifest::Finding &one : manifest::lint(manifest::render_all(config), config))
      if (one.rule == "drills") out += std::string(word(one.severity)) + " " + one.what + "\n";
    return out;
  };
  CHECK(findings(on) == "");
  const std::string beside = "containers: [{name: proxy, image: \"a/b:1\"}]\n";
  CHECK(findings(on + beside) ==
        "warning container hello: --drills: container proxy could start a drill\n");
  CHECK(findings(beside) == "");
  const std::string host = "patches: [{target: {kind: Deployment}, patch: {spec: {template: {spec: "
                           "{hostNetwork: true}}}}}]\n";
  CHECK(contains(findings(on + host), "error container hello: --drills with hostNetwork"));
  CHECK(findings(host) == "");
}

TEST_CASE("settings: the times and headers of a probe, each with its default, or no probe") {
  CHECK(json(container("probes: {startup: {periodSeconds: 3}}")["startupProbe"]) ==
        R"({"httpGet": {"path": "/healthz", "port": "admin"}, "timeoutSeconds": 3, )"
        R"("failureThreshold": 30, "periodSeconds": 3})");
  CHECK(json(container("probes: {readiness: {timeoutSeconds: null, httpHeaders: [{name: A, value: "
                       "b}]}}")["readinessProbe"]) ==
        R"({"httpGet": {"path": "/readyz", "port": "admin", "httpHeaders": [{"name": "A", )"
        R"("value": "b"}]}, "periodSeconds": 5, "failureThreshold": 2})");
  CHECK_FALSE(container("probes: {liveness: null}")["livenessProbe"]);
  CHECK(container("probes: {liveness: {}}")["livenessProbe"]);
  CHECK(container("probes:")["livenessProbe"]);
  CHECK(contains(refused("probes: {liveness: {perodSeconds: 1}}"),
                 "unknown key: perodSeconds (did you mean periodSeconds?)"));
  CHECK(contains(refused("probes: {liveness: {periodSeconds: fast}}"), "not a whole number"));
  CHECK(contains(errors("probes: {liveness: null}"), "livenessProbe is not set"));
  const config::Config removed = test::configured("probes: {liveness: null}");
  CHECK_FALSE(container(config::describe(removed))["livenessProbe"]);
}

TEST_CASE("settings: containers of one's own, command and envFrom") {
  const std::string text = "containers: [{name: more, image: m:1}]\n"
                           "initContainers: [{name: first, image: f:1}]\n"
                           "command: [/bin/strace, /hello]\n"
                           "envFrom: [{configMapRef: {name: c}}]\n";
  const YAML::Node spec = pod(text);
  CHECK(spec["containers"].size() == 2);
  CHECK(json(spec["containers"][1]) == R"({"name": "more", "image": "m:1"})");
  CHECK(json(spec["initContainers"]) == R"([{"name": "first", "image": "f:1"}])");
  CHECK(json(spec["containers"][0]["command"]) == R"(["/bin/strace", "/hello"])");
  CHECK(json(spec["containers"][0]["envFrom"]) == R"([{"configMapRef": {"name": "c"}}])");
  const YAML::Node both = pod(text + "logging: {sidecar: stream}");
  REQUIRE(both["initContainers"].size() == 2);
  CHECK(yaml::text(both["initContainers"][0], "name") == "access-log");
  CHECK(yaml::text(both["initContainers"][1], "name") == "first");
}

TEST_CASE(
    "settings: more ports of the Service lead to named ports of one's own containers, and only "
    "allowIngress opens them") {
  const std::string own =
      "containers: [{name: more, image: m:1, ports: [{name: grpc, "
      "containerPort: 9000}, {name: dns, containerPort: 53, protocol: UDP}]}]\n";
  const std::string text = own +
                           "ports: [{name: grpc, port: 9000, appProtocol: kubernetes.io/h2c}, "
                           "{name: query, port: 53, targetPort: dns, protocol: UDP, "
                           "allowIngress: true}]\n";
  const YAML::Node ports = find(test::configured(text), "Service")["spec"]["ports"];
  REQUIRE(ports.size() == 3);
  CHECK(json(ports[1]) ==
        R"({"name": "grpc", "port": 9000, "targetPort": "grpc", "protocol": "TCP", )"
        R"("appProtocol": "kubernetes.io/h2c"})");
  CHECK(json(ports[2]) ==
        R"({"name": "query", "port": 53, "targetPort": "dns", "protocol": "UDP"})");
  std::string rules;
  for (const Object &object : manifest::render_all(test::configured(text)))
    if (object.kind == "NetworkPolicy" && object.name == "hello")
      rules = json(object.node["spec"]["ingress"]);
  CHECK(contains(rules, R"({"ports": [{"port": "dns", "protocol": "UDP"}]})"));
  CHECK_FALSE(contains(rules, "grpc"));
  CHECK(contains(refused("ports: [{name: a, port: 1}]"), "no container of your own has a port"));
  CHECK(contains(refused(own + "ports: [{name: http, port: 1}]"), "hello's own"));
  CHECK(contains(refused(own + "ports: [{port: 1}]"), "without name or port"));
  CHECK(contains(refused(own + "ports: [{name: grpc, port: 1, allowIngres: true}]"),
                 "did you mean allowIngress"));
  CHECK(contains(refused(own + "ports: [{name: grpc, port: 1, allowIngress: 'yes'}]"),
                 "neither true nor false"));
}

TEST_CASE("settings: the Service's port, address, families, affinity and annotations") {
  const YAML::Node service = find(
      test::configured("service: {port: 8080, clusterIP: None, ipFamilyPolicy: PreferDualStack, "
                       "sessionAffinity: ClientIP, annotations: {a: b}}"),
      "Service");
  CHECK(yaml::text(service["spec"]["ports"][0], "port") == "8080");
  CHECK(yaml::text(service, "spec", "clusterIP") == "None");
  CHECK(yaml::text(service, "spec", "ipFamilyPolicy") == "PreferDualStack");
  CHECK(yaml::text(service, "spec", "sessionAffinity") == "ClientIP");
  CHECK(json(service["metadata"]["annotations"]) == R"({"a": "b"})");
  const YAML::Node balanced =
      find(test::configured("service: {annotations: {a: b, c: d}}\nexpose: loadBalancer\n"
                            "loadBalancer: {annotations: {a: x}}"),
           "Service");
  CHECK(json(balanced["metadata"]["annotations"]) == R"({"a": "x", "c": "d"})");
  CHECK(contains(refused("service: {clusterIP: None}\nexpose: nodePort"), "needs an address"));
  CHECK_THROWS_AS(test::configured("service: {port: 0}"), Error);
  CHECK_THROWS_AS(test::configured("service: {port: null}"), Error);
  CHECK_THROWS_AS(test::configured("service: {clusterIP: web}"), Error);
}

TEST_CASE("settings: several metrics of any kind for the autoscaler") {
  const std::string one = "{type: External, external: {metric: {name: a}, target: {type: Value, "
                          "value: 3}}}",
                    two = "{type: External, external: {metric: {name: b}, target: {type: Value, "
                          "value: 4}}}";
  const auto metrics = [](const std::string &text) {
    return find(test::configured(text), "HorizontalPodAutoscaler")["spec"]["metrics"].size();
  };
  CHECK(metrics("autoscaling: {metrics: [" + one + ", " + two + "]}") == 3);
  CHECK(metrics("autoscaling: {cpu: 0, metrics: [" + one + "]}") == 1);
}

TEST_CASE("settings: each host of the Ingress may have its own paths and certificate") {
  const std::string text =
      "ingress:\n  rules: [{host: a.example, paths: [/a, /b], secretName: a-tls}, "
      "{host: b.example}]\n  tls: {issuer: ca}\n";
  const YAML::Node spec = find(test::configured(text), "Ingress")["spec"];
  REQUIRE(spec["rules"].size() == 2);
  CHECK(
      json(spec["rules"][0]) ==
      R"({"host": "a.example", "http": {"paths": [{"path": "/a", "pathType": "Prefix", "backend": )"
      R"({"service": {"name": "hello", "port": {"name": "http"}}}}, {"path": "/b", "pathType": )"
      R"("Prefix", "backend": {"service": {"name": "hello", "port": {"name": "http"}}}}]}})");
  CHECK(yaml::text(spec["rules"][1]["http"]["paths"][0], "path") == "/");
  CHECK(json(spec["tls"]) == R"([{"hosts": ["a.example"], "secretName": "a-tls"}, )"
                             R"({"hosts": ["b.example"], "secretName": "hello-tls"}])");
  CHECK(errors(text).empty());
  CHECK_FALSE(
      find(test::configured("ingress: {rules: [{host: a.example}]}"), "Ingress")["spec"]["tls"]);
  CHECK(contains(refused("ingress: {rules: [{paths: [/]}]}"), "without host"));
  CHECK(contains(refused("ingress: {rules: [{host: a, paths: [x]}]}"), "begin with /"));
  CHECK(contains(refused("ingress: {rules: [{host: a, path: /}]}"), "did you mean paths"));
  CHECK(contains(refused("ingress: {rules: [a]}"), "must be a list of maps"));
}

TEST_CASE("settings: the pods' runtime, hosts, DNS, constraints and the medium of /tmp") {
  const YAML::Node spec = pod("runtimeClassName: gvisor\nhostAliases: [{ip: 10.0.0.1, hostnames: "
                              "[a]}]\ndnsConfig: {options: [{name: ndots, value: '1'}]}\n"
                              "topologySpreadConstraints: [{topologyKey: rack, maxSkew: 1, "
                              "whenUnsatisfiable: DoNotSchedule}]\ntmp: {medium: Memory}");
  CHECK(yaml::text(spec, "runtimeClassName") == "gvisor");
  CHECK(spec["hostAliases"].size() == 1);
  CHECK(spec["dnsConfig"]["options"].size() == 1);
  CHECK(json(spec["topologySpreadConstraints"]) ==
        R"([{"topologyKey": "rack", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}])");
  CHECK(json(spec["volumes"][0]["emptyDir"]) == R"({"medium": "Memory", "sizeLimit": "32Mi"})");
}

TEST_CASE("settings: OpenShift's restricted-v2 takes a set without users") {
  // What the SCC demands: no user or group of the set's own, no privilege, all capabilities
  // dropped, the runtime's seccomp profile, no host access, and no volume type but these.
  const YAML::Node spec =
      pod("podSecurityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}\n"
          "securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: false, "
          "readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}\n"
          "logging: {sidecar: stream}\nreload: live\n");
  std::vector<YAML::Node> all = yaml::items(spec["containers"]);
  for (const YAML::Node &one : yaml::items(spec["initContainers"])) all.push_back(one);
  REQUIRE(all.size() == 2);
  for (const char *user : {"runAsUser", "runAsGroup", "fsGroup", "supplementalGroups"}) {
    CAPTURE(user);
    CHECK_FALSE(spec["securityContext"][user]);
    for (const YAML::Node &one : all) CHECK_FALSE(one["securityContext"][user]);
  }
  CHECK(yaml::text(spec, "securityContext", "seccompProfile", "type") == "RuntimeDefault");
  for (const YAML::Node &one : all) {
    CHECK(yaml::text(one, "securityContext", "allowPrivilegeEscalation") == "false");
    CHECK(json(one["securityContext"]["capabilities"]) == R"({"drop": ["ALL"]})");
    CHECK(yaml::text(one, "securityContext", "privileged") != "true");
    for (const YAML::Node &port : yaml::items(one["ports"])) CHECK_FALSE(port["hostPort"]);
  }
  for (const char *host : {"hostNetwork", "hostPID", "hostIPC"}) CHECK_FALSE(spec[host]);
  for (const YAML::Node &volume : spec["volumes"])
    CHECK((volume["emptyDir"] || volume["configMap"]));
  CHECK(
      errors("podSecurityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}\n"
             "securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: false, "
             "readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}\nlint: {allow: [user-id]}")
          .empty());
}

TEST_CASE("settings: an anchor in an extra manifest does not join places that hello changes") {
  const YAML::Node node = find(
      test::configured("extraManifests:\n"
                       "- apiVersion: apps/v1\n"
                       "  kind: StatefulSet\n"
                       "  metadata: {name: other, labels: &labels {app: other}}\n"
                       "  spec: {selector: {matchLabels: *labels}, template: {metadata: {labels: "
                       "*labels}}}\n"),
      "StatefulSet");
  CHECK(yaml::at(node, "metadata", "labels").size() == 4);
  CHECK(json(yaml::at(node, "spec", "selector", "matchLabels")) == R"({"app": "other"})");
  CHECK(json(yaml::at(node, "spec", "template", "metadata", "labels")) == R"({"app": "other"})");
}

TEST_CASE("settings: labels and annotations for one object") {
  const std::string text = "labels: {team: web}\nmetadata: {Service: {annotations: {a: b}, labels: "
                           "{team: net}}, Deployment/hello: {annotations: {c: d}}}";
  CHECK(json(find(test::configured(text), "Service")["metadata"]["annotations"]) ==
        R"({"a": "b"})");
  CHECK(yaml::text(find(test::configured(text), "Service"), "metadata", "labels", "team") == "net");
  CHECK(yaml::text(find(test::configured(text), "Ingress"), "metadata", "labels", "team") == "web");
  CHECK(json(find(test::configured(text), "Deployment")["metadata"]["annotations"]) ==
        R"({"c": "d"})");
  CHECK(contains(refused("metadata: {Sevice: {labels: {a: b}}}"), "not in the set"));
  CHECK(refused("metadata: {Service: {labels: null, annotations: {a: b}}}") == "no error");
  CHECK(contains(refused("metadata: {Service: {label: {a: b}}}"), "unknown key: label"));
  CHECK(contains(refused("metadata: {Service: {labels: {a: 1}}}"), "not text: a"));
  CHECK(contains(refused("metadata: {Service: {labels: {app.kubernetes.io/name: x}}}"),
                 "which hello itself sets"));
  CHECK(contains(refused("metadata: {Service: [a]}"), "is not a map"));
}

TEST_CASE(
    "settings: the Ingress controller's ranges are trusted; a whole pod network is warned of") {
  const auto args = [](const std::string &text) { return json(container(text)["args"]); };
  const auto warned = [](const std::string &ranges) {
    const config::Config config = test::configured("ingress: {trustedProxies: [" + ranges + "]}");
    std::string out;
    for (const manifest::Finding &one : manifest::lint(manifest::render_all(config), config))
      if (one.rule == "trusted-proxies") out += one.what + "\n";
    return out;
  };
  CHECK_FALSE(contains(args(""), "--trusted-proxies"));
  CHECK(contains(args("ingress: {trustedProxies: [10.0.1.0/24, 'fd00::5/128']}"),
                 "\"--trusted-proxies=10.0.1.0/24,fd00::5/128\""));
  CHECK_FALSE(contains(args("expose: none\ningress: {trustedProxies: [10.0.1.0/24]}"),
                       "--trusted-proxies"));
  CHECK_THROWS_AS(test::configured("ingress: {trustedProxies: [10.0.1.0]}"), Error);
  CHECK(warned("10.0.1.0/24, 192.168.7.4/32, 104.16.0.0/13, 'fd00::5/128'").empty());
  for (const char *wrong :
       {"10.0.0.1/33", "300.1.1.1/8", "'fd00::/129'", "'::ffff:10.0.0.0/104'"}) {
    CAPTURE(wrong);
    CHECK(contains(warned(wrong), "is not a network"));
  }
  for (const char *wide :
       {"172.0.0.0/8", "192.0.0.0/6", "'::/0'", "'fc00::/6'", "10.244.0.0/16", "172.17.0.0/16",
        "192.168.0.0/16", "100.64.0.0/10", "10.0.0.0/23", "0.0.0.0/0", "'fd00::/64'"}) {
    CAPTURE(wide);
    CHECK(contains(warned(wide), "any pod in it can claim"));
  }
}

TEST_CASE("settings: a failed liveness probe ends a pod within its own grace period") {
  const auto grace = [](const std::string &text) {
    return json(container(text)["livenessProbe"]["terminationGracePeriodSeconds"]);
  };
  CHECK(grace("") == "10");
  CHECK(grace("termination: {preStop: 20s}") == "25");
  CHECK(grace("probes: {liveness: {terminationGracePeriodSeconds: 3}}") == "3");
  // The pods of 0.1.0 stay as they are.
  CHECK_FALSE(
      container("logging: {access: json}")["livenessProbe"]["terminationGracePeriodSeconds"]);
}

TEST_CASE("settings: the admin port is open to the pods that scrape alone") {
  const auto from = [](const std::string &text) {
    return json(find(test::configured(text), "NetworkPolicy")["spec"]["ingress"][1]["from"]);
  };
  const std::string text = "namespace: {create: false}\n";
  CHECK(
      from(text) ==
      R"([{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}])");
  CHECK(
      from(text + "networkPolicy: {monitoringPods: {app: prometheus}}") ==
      R"([{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}, "podSelector": {"matchLabels": {"app": "prometheus"}}}])");
}
