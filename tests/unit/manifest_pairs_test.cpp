#include <doctest/doctest.h>

#include <yaml-cpp/yaml.h>

#include "hello/config.h"
#include "hello/error.h"
#include "hello/lint.h"
#include "hello/manifest.h"
#include "manifest/lint/formats.h"
#include "support/api_findings.h"

using namespace hello;
using test::api_findings;

namespace {

bool says(const std::string &text, std::string_view part) {
  const std::string all = api_findings(text);
  CAPTURE(text);
  CAPTURE(all);
  CHECK(all.find(part) != all.npos);
  return all.find(part) != all.npos;
}

std::string extra(const std::string &api_version, const std::string &kind, const std::string &name,
                  const std::string &more) {
  return "extraManifests: [{apiVersion: " + api_version + ", kind: " + kind +
         ", metadata: {name: " + name + "}" + more + "}]";
}

} // namespace

TEST_CASE("api: probes have the fields that their kind allows") {
  says("probes: {liveness: {successThreshold: 2}}", "livenessProbe.successThreshold must be 1");
  says("probes: {startup: {successThreshold: 2}}", "startupProbe.successThreshold must be 1");
  CHECK(api_findings("probes: {readiness: {successThreshold: 2}}").empty());
  says("probes: {readiness: {terminationGracePeriodSeconds: 5}}", "is not allowed");
  CHECK(api_findings("probes: {liveness: {terminationGracePeriodSeconds: 5}}").empty());
  says("initContainers: [{name: a, image: b, livenessProbe: {tcpSocket: {port: 1}}}]",
       "only an init container with restartPolicy: Always");
  CHECK(api_findings("initContainers: [{name: a, image: b, restartPolicy: Always, livenessProbe: "
                     "{tcpSocket: {port: 1}}}]")
            .empty());
  says("probes: {liveness: {httpHeaders: [{name: 'a b', value: c}]}}",
       "is not the name of a header");
  says("probes: {liveness: {successThreshold: 100000000000000000000}}", "does not fit");
}

TEST_CASE("api: a pod's fields that depend on each other") {
  says("initContainers: [{name: a, image: b}]\ncontainers: [{name: a, image: b}]",
       "one of containers has the same name");
  says("tolerations: [{value: b}]", "no key needs operator Exists");
  says("tolerations: [{key: a, operator: Exists, value: b}]", "operator Exists needs no value");
  says("tolerations: [{key: a, effect: NoSchedule, tolerationSeconds: 5}]",
       "tolerationSeconds needs effect NoExecute");
  CHECK(api_findings(
            "tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 5}]")
            .empty());
  says("dnsConfig: {nameservers: [a]}", "is not an IP address");
  says("dnsConfig: {nameservers: [1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4]}", "has more than 3 items");
  says("dnsConfig: {options: [{value: '2'}]}", "name: is required");
  says("topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: "
       "ScheduleAnyway, minDomains: 2}]",
       "minDomains needs whenUnsatisfiable DoNotSchedule");
  says("volumes: [{name: v, emptyDir: {}, hostPath: {path: /}}]", "has more than one type");
  says("volumes: [{name: v, nfs: {path: /}}]", "nfs.server: is required");
  says("volumes: [{name: v, hostPath: {path: /a/../b}}]", "must not contain ..");
  says("volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t, "
       "expirationSeconds: 5}}]}}]",
       "5 is less than 600");
  says("volumeMounts: [{name: tmp, mountPath: /x, subPath: ../a}]", "must be relative");
  CHECK(api_findings("volumeMounts: [{name: tmp, mountPath: /x, subPath: a..b/c}]").empty());
  says("podSecurityContext: {seccompProfile: {type: Localhost}}",
       "type Localhost needs localhostProfile");
  says("securityContext: {seccompProfile: {type: RuntimeDefault, localhostProfile: a}}",
       "localhostProfile needs type Localhost");
  says("securityContext: {privileged: true, allowPrivilegeEscalation: false}",
       "privileged true needs allowPrivilegeEscalation other than false");
  says("envFrom: [{}]", "needs one of");
  says("envFrom: [null]", "needs one of");
  CHECK(api_findings("networkPolicy: {egress: [null]}").empty());
  says("envFrom: [{secretRef: {name: s}, configMapRef: {name: c}}]", "more than one of");
  says("patches: [{target: {kind: Deployment}, patch: {spec: {minReadySeconds: 300}}}]",
       "must be greater than minReadySeconds");
}

TEST_CASE("api: the operator of an expression says how many values it has") {
  const auto affinity = [](const std::string &expression) {
    return "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
           "{nodeSelectorTerms: [{matchExpressions: [{key: a, " +
           expression + "}]}]}}}";
  };
  says(affinity("operator: In"), "the operator In needs values");
  says(affinity("operator: Exists, values: [b]"), "goes without values");
  says(affinity("operator: Gt, values: ['1', '2']"), "needs one value");
  CHECK(api_findings(affinity("operator: In, values: [b]")).empty());
  CHECK(api_findings(affinity("operator: DoesNotExist")).empty());
}

TEST_CASE("api: policies, paths and autoscalers") {
  const auto to = [](const std::string &peer) {
    return "networkPolicy: {egress: [{to: [" + peer + "]}]}";
  };
  says(to("{}"), "a peer needs");
  says(to("{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}"), "beside a selector");
  says(to("{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}"), "is not a part of");
  says(to("{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}"), "is not a part of");
  says(to("{ipBlock: {cidr: '2001:db8::/32', except: [10.0.0.0/8]}}"), "is not a part of");
  CHECK(api_findings(to("{ipBlock: {cidr: 10.0.0.0/8, except: [10.128.0.0/9]}}")).empty());
  CHECK(
      api_findings(to("{ipBlock: {cidr: '2001:db8::/32', except: ['2001:db8:1::/48']}}")).empty());
  CHECK(api_findings(to("{ipBlock: {cidr: 10.0.0.0/8, except: ['::ffff:10.0.0.0/104']}}")).empty());
  says("networkPolicy: {egress: [{ports: [{port: dns, endPort: 60}]}]}", "endPort needs");
  CHECK(api_findings("networkPolicy: {egress: [{ports: [{port: 50, endPort: 60}]}]}").empty());
  says("ingress: {paths: [/a//b]}", "must not contain //");
  says("ingress: {paths: [/a/..]}", "must not end with");
  CHECK(api_findings("ingress: {paths: [/a//b], pathType: ImplementationSpecific}").empty());
  says("autoscaling: {metrics: [{type: External, external: {metric: {name: q}, target: {type: "
       "AverageValue, averageValue: 0}}}]}",
       "'0' is not more than 0");
  says("service: {clusterIP: 10.0.0.256}", "is neither an IP address nor None");
  CHECK(api_findings("service: {clusterIP: None}").empty());
  says("autoscaling: {behavior: {scaleUp: {policies: []}}}", "policies is empty");
}

TEST_CASE("api: names and annotations of objects") {
  says(extra("v1", "ConfigMap", "A_b", ""), "metadata.name: 'A_b' is not a DNS subdomain");
  says(extra("v1", "Service", "1a", ", spec: {ports: [{port: 1}]}"), "must begin with a letter");
  CHECK(api_findings(extra("v1", "ConfigMap", "a.b", "")).empty());
  const std::string role = "rbac.authorization.k8s.io/v1";
  CHECK(api_findings(extra(role, "ClusterRole", "'system:A_b'", "")).empty());
  says(extra(role, "ClusterRole", "a/b", ""), "has a character");
  CHECK(api_findings(extra("policy/v1", "PodDisruptionBudget", "'@x'", "")).empty());
  const std::string half(131050, 'x');
  CHECK(api_findings("metadata: {Service: {annotations: {a: " + half + ", b: " + half + "}}}")
            .empty());
  says("metadata: {Service: {annotations: {a: " + half + ", b: " + half +
           ", c: " + std::string(100, 'y') + "}}}",
       "are more than 262144");
}

TEST_CASE("an extra manifest whose kind is no text is refused") {
  CHECK_THROWS_WITH_AS(
      api_findings("extraManifests: [{apiVersion: true, kind: A, metadata: {name: a}}]"),
      doctest::Contains("is not a Kubernetes object"), Error);
}

TEST_CASE("api: schedules of CronJobs") {
  for (const char *good :
       {"*/5 * * * *", "0 0 1,15 * mon-fri", "@daily", "@every 1h30m", "5/15 0-6/2 ? JAN-dec SUN",
        "  1   2 3 4 5  ", "59 23 31 12 6", ",1 * * * *"})
    CHECK_MESSAGE(manifest::is_cron(good), good);
  for (const char *bad :
       {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
        "* * * * 7", "*/0 * * * *", "5-1 * * * *", "a * * * *", "1-2-3 * * * *", "*/5/5 * * * *",
        "@often", "CRON_TZ=UTC * * * * *", "-1 * * * *", "1- * * * *"})
    CHECK_FALSE_MESSAGE(manifest::is_cron(bad), bad);
  says(extra("batch/v1", "CronJob", "j",
             ", spec: {schedule: '* * *', jobTemplate: {spec: {template: {spec: {restartPolicy: "
             "Never, containers: [{name: a, image: b}]}}}}}"),
       "spec.schedule: '* * *' is not a schedule of five fields");
}
