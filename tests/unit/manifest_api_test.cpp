#include <doctest/doctest.h>

#include <yaml-cpp/yaml.h>

#include "hello/config.h"
#include "hello/lint.h"
#include "hello/manifest.h"
#include "hello/yaml.h"
#include "manifest/lint/formats.h"
#include "support/api_findings.h"

using namespace hello;
using test::api_findings;

namespace {

std::string patched(const std::string &kind, const std::string &patch) {
  return api_findings("patches: [{target: {kind: " + kind + "}, type: apply, patch: " + patch +
                      "}]");
}

std::string in_container(const std::string &fields) {
  return patched("Deployment",
                 "{spec: {template: {spec: {containers: [{name: hello, " + fields + "}]}}}}");
}

bool contains(const std::string &text, std::string_view part) {
  return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("api: hello's own sets are clean") {
  for (const char *text :
       {"", "expose: loadBalancer", "expose: nodePort", "reload: live\nlogging: {sidecar: stream}",
        "resourceQuota: {enabled: true}\nlimitRange: {enabled: true}", "kubeVersion: '1.29'",
        "autoscaling: {external: {metric: m, selector: {q: 'any value'}, value: 3}}",
        "podDisruptionBudget: {minAvailable: 50%}", "namespace: {create: false}"})
    CHECK_MESSAGE(api_findings(text).empty(), api_findings(text));
}

TEST_CASE("api: unknown fields, types and required values") {
  CHECK(in_container("imagePulPolicy: Always") ==
        "error: spec.template.spec.containers[0].imagePulPolicy: unknown field (did you mean "
        "imagePullPolicy?)\n");
  CHECK(contains(patched("Deployment", "{spec: {replicas: '2'}}"), "\"2\" is not a number"));
  CHECK(contains(patched("Deployment", "{spec: {replicas: 1.5}}"), "1.5 is not a whole number"));
  CHECK(patched("Deployment", "{spec: {minReadySeconds: 2.0}}").empty());
  CHECK(contains(patched("Deployment", "{spec: {replicas: 3000000000}}"),
                 "does not fit into 32 bits"));
  CHECK(contains(patched("Deployment", "{spec: {paused: 'true'}}"), "neither true nor false"));
  CHECK(contains(in_container("env: [{name: PORT, value: 80}]"), "80 is not a string"));
  CHECK(contains(in_container("args: serve"), "args: must be a list"));
  CHECK(contains(in_container("resources: [1]"), "resources: must be a map"));
  CHECK(contains(in_container("resources: {limits: {cpu: lots}}"), "'lots' is not a quantity"));
  CHECK(contains(in_container("env: [{name: A, valueFrom: {secretKeyRef: {name: s}}}]"),
                 "secretKeyRef.key: is required"));
  CHECK(contains(patched("Service", "{spec: {ports: null, type: Nodeport}}"),
                 "invalid value 'Nodeport': use ClusterIP, NodePort"));
}

TEST_CASE("api: ranges, names, exclusive fields and duplicates") {
  CHECK(contains(in_container("ports: [{containerPort: 70000}]"), "70000 is more than 65535"));
  CHECK(contains(in_container("startupProbe: {exec: {command: [x]}}"),
                 "has more than one of exec, grpc, httpGet or tcpSocket"));
  CHECK(contains(in_container("livenessProbe: {httpGet: null}"), "needs one of exec"));
  CHECK(contains(in_container("env: [{name: A, value: b, valueFrom: {fieldRef: {fieldPath: x}}}]"),
                 "more than one of value or valueFrom"));
  CHECK(contains(patched("PodDisruptionBudget", "{spec: {minAvailable: 1}}"), "more than one of"));
  CHECK(contains(patched("Service", "{metadata: {labels: {team: a b}}}"), "label value"));
  CHECK(contains(patched("Service", "{metadata: {labels: {a/b/c: x}}}"), "label name"));
  CHECK(contains(in_container("resources: {requests: {cpu: 3}}"),
                 "requests.cpu 3 is more than its limit 1"));
  CHECK(
      contains(in_container("volumeMounts: [{name: no, mountPath: /x}]"), "no volume is named no"));
  CHECK(contains(in_container("volumeDevices: [{name: no, devicePath: /dev/x}]"),
                 "volumeDevices: no volume is named no"));
  CHECK(contains(patched("HorizontalPodAutoscaler", "{spec: {minReplicas: 9}}"),
                 "spec.minReplicas is more than spec.maxReplicas"));
  CHECK(contains(
      patched("NetworkPolicy", "{spec: {ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/33}}]}]}}"),
      "is not a CIDR"));
  CHECK(contains(
      api_findings("patches: [{target: {kind: Deployment}, type: json, patch: [{op: add, path: "
                   "/spec/template/spec/volumes/-, value: {name: tmp, emptyDir: {}}}]}]"),
      "spec.template.spec.volumes: tmp is listed twice"));
}

TEST_CASE("api: a StatefulSet may mount its own claim template") {
  CHECK(api_findings(
            "extraManifests: [{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s}, spec: "
            "{serviceName: s, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: "
            "b}}, spec: {containers: [{name: a, image: x, volumeMounts: [{name: data, mountPath: "
            "/d}]}]}}, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: "
            "[ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]}}]")
            .empty());
}

TEST_CASE("api: a field newer than kubeVersion is warned of") {
  const std::string patch = "patches: [{target: {kind: Service}, patch: {spec: "
                            "{trafficDistribution: PreferClose}}}]\n";
  CHECK(api_findings(patch).empty());
  CHECK(api_findings(patch + "kubeVersion: '1.29'") ==
        "warning: spec.trafficDistribution: this field needs Kubernetes 1.30, and kubeVersion is "
        "1.29\n");
}

TEST_CASE("api: custom resources are named as not checked") {
  const auto objects = manifest::render_all(test::configured("metrics: {scrape: podMonitor}"));
  CHECK(manifest::unchecked(objects) == std::vector<std::string>{"PodMonitor/hello"});
}

TEST_CASE("api: formats") {
  struct Row {
    const char *demand, *good, *bad;
  };
  const std::string long_name(64, 'a');
  const Row rows[] = {{"label", "a-1", "a."},
                      {"label", "1", "A"},
                      {"subdomain", "a.b-c", "a..b"},
                      {"subdomain", "a", ".a"},
                      {"portname", "http-1", "1"},
                      {"portname", "a", "a--b"},
                      {"host", "*.a.b", "*.*.a"},
                      {"host", "a", "a_b"},
                      {"ip", "10.0.0.1", "10.0.0"},
                      {"ip", "::1", "x"},
                      {"cidr", "fd00::/8", "fd00::/129"},
                      {"cidr", "0.0.0.0/00", "0.0.0.0/"},
                      {"cidr", "010.0.0.0/8", "10.0.0/8"},
                      {"finalizer", "example.com/a", "a"},
                      {"key", "a.b/c_d", "/c"},
                      {"key", "A", "-a"},
                      {"value", "", "a b"},
                      {"value", "a.b", long_name.c_str()},
                      {"port", "http", "0"},
                      {"port", "65535", "65536"},
                      {"count", "30%", "a"},
                      {"count", "0", "-1"},
                      {"share", "100%", "101%"},
                      {"configkey", "a.b", "a/b"},
                      {"configkey", ".a", ".."},
                      {"envname", "A B", "A=B"},
                      {"path", "/", "a"},
                      {"positive", "0", "-1"},
                      {"one=a|b", "b", "c"},
                      {"min=2", "2", "1"},
                      {"max=2", "2", "3"}};
  for (const Row &row : rows) {
    CAPTURE(row.demand);
    CHECK_MESSAGE(manifest::format_mistake(row.good, row.demand).empty(), row.good);
    CHECK_MESSAGE(!manifest::format_mistake(row.bad, row.demand).empty(), row.bad);
  }
}
