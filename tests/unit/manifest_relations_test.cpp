#include <doctest/doctest.h>

#include <yaml-cpp/yaml.h>

#include "hello/config.h"
#include "hello/lint.h"
#include "hello/manifest.h"
#include "manifest/lint/formats.h"
#include "support/api_findings.h"

using namespace hello;

namespace {

/// What the rule api says to an object of its own, one finding a line.
std::string found(const std::string &kind, const std::string &more) {
  return test::api_findings(
      "kubeVersion: '1.34'\nextraManifests: [{apiVersion: " + kind.substr(0, kind.rfind('/')) +
      ", kind: " + kind.substr(kind.rfind('/') + 1) + ", metadata: {name: x}, " + more + "}]");
}

/// A field and the finding about it; null: no finding.
struct Row {
  std::string value;
  const char *says;
};

void check(const std::string &kind, const std::string &before, const std::string &after,
           std::initializer_list<Row> rows) {
  for (const Row &row : rows) {
    const std::string all = found(kind, before + row.value + after);
    CAPTURE(row.value);
    CAPTURE(all);
    if (row.says)
      CHECK(all.find(row.says) != all.npos);
    else
      CHECK(all.empty());
  }
}

constexpr const char *kSecret = "v1/Secret";
constexpr const char *kHpa = "autoscaling/v2/HorizontalPodAutoscaler";
constexpr const char *kIngress = "networking.k8s.io/v1/Ingress";
constexpr const char *kRbac = "rbac.authorization.k8s.io/v1/";

} // namespace

TEST_CASE("api: a Service has the fields of its type") {
  check("v1/Service", "spec: {", "}",
        {{"type: ExternalName, externalName: db.example.com.", nullptr},
         {"clusterIP: None", nullptr},
         {"ports: [{port: 1}]", nullptr},
         {"externalTrafficPolicy: Local, externalIPs: [198.51.100.1], ports: [{port: 1}]", nullptr},
         {"sessionAffinityConfig: {clientIP: {timeoutSeconds: 5}}, ports: [{port: 1}]", nullptr},
         {"type: ExternalName", "type ExternalName needs externalName"},
         {"type: ExternalName, externalName: 'https://a'", "is not a host name"},
         {"selector: {a: b}", "type other than ExternalName needs ports or clusterIP None"},
         {"ports: [{port: 1, nodePort: 30001}]", "needs type other than ClusterIP"},
         {"type: NodePort, clusterIP: None, ports: [{port: 1}]", "clusterIP None needs type"},
         {"ports: [{port: 1}, {port: 2}]", "each item needs a name where there are several"},
         {"ports: [{port: 1, name: a}, {port: 2, name: a}]", "two items have the name a"},
         {"loadBalancerClass: a/b, ports: [{port: 1}]", "needs type LoadBalancer"},
         {"externalTrafficPolicy: Local, ports: [{port: 1}]", "needs type NodePort or"}});
}

TEST_CASE("api: pods are restarted as their controller wants it") {
  const std::string pod = "containers: [{name: a, image: a}]";
  const std::string selected =
      "spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {";
  check("apps/v1/Deployment", selected, pod + "}}}",
        {{"restartPolicy: Always, ", nullptr},
         {"restartPolicy: OnFailure, ", "template.spec.restartPolicy: invalid value 'OnFailure'"},
         {"activeDeadlineSeconds: 5, ", "is not allowed here"}});
  check("batch/v1/Job", "spec: {template: {spec: {", pod + "}}}",
        {{"restartPolicy: Never, ", nullptr},
         {"", "template.spec.restartPolicy: is required"},
         {"restartPolicy: Always, ", "use OnFailure or Never"}});
  check("batch/v1/Job", "spec: {template: {spec: {restartPolicy: Never, " + pod + "}}, ", "}",
        {{"completionMode: Indexed", nullptr},
         {"completionMode: Indexed, parallelism: 2", "completionMode Indexed needs completions"},
         {"backoffLimitPerIndex: 1", "needs completionMode Indexed"}});
  check("apps/v1/Deployment", selected + pod + "}}, strategy: {", "}}",
        {{"rollingUpdate: {maxUnavailable: 0}", nullptr},
         {"rollingUpdate: {maxUnavailable: 0, maxSurge: 0%}", "needs maxSurge other than 0"},
         {"type: Recreate, rollingUpdate: {}", "rollingUpdate needs type RollingUpdate"}});
}

TEST_CASE("api: claim templates may be written as objects, with apiVersion and kind") {
  check("apps/v1/StatefulSet",
        "spec: {serviceName: a, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: "
        "b}}, spec: {containers: [{name: a, image: a}]}}, volumeClaimTemplates: [{apiVersion: v1, "
        "kind: PersistentVolumeClaim, metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], "
        "resources: {requests: {",
        "}}}}]}", {{"storage: 1Gi", nullptr}, {"cpu: 1", "requests.storage: is required"}});
}

TEST_CASE("api: an Ingress may have rules and a default backend, each backend with a port") {
  const std::string port = "{service: {name: a, port: {number: 80}}}";
  check(
      kIngress, "spec: {", "}",
      {{"defaultBackend: " + port + ", rules: [{host: a.b}]", nullptr},
       {"rules: [{host: 10.0.0.1}]", "is an IP address, not a host name"},
       {"defaultBackend: {service: {name: a}}", "name needs port.name or port.number other than 0"},
       {"defaultBackend: {service: {name: a, port: {number: 0}}}", "needs port.name"},
       {"defaultBackend: {}", "needs one of resource or service"},
       {"rules: [{http: {paths: [{pathType: Prefix, backend: " + port + "}]}}]", "needs path"}});
  check(kIngress, "spec: {ingressClassName: a, defaultBackend: " + port + "}", "", {{"", nullptr}});
}

TEST_CASE("api: data of Secrets and ConfigMaps") {
  check(kSecret, "", "",
        {{"type: kubernetes.io/tls, data: {tls.crt: '', tls.key: ''}", nullptr},
         {"type: kubernetes.io/tls, data: {tls.crt: '', tls.key: null}", nullptr},
         {"type: kubernetes.io/tls, stringData: {tls.crt: a, tls.key: b}", nullptr},
         {"type: kubernetes.io/tls", "needs data.tls.crt or stringData.tls.crt"},
         {"type: kubernetes.io/basic-auth, stringData: {password: a}", nullptr},
         {"type: kubernetes.io/basic-auth", "needs data.username or"},
         {"type: kubernetes.io/service-account-token", "needs metadata.annotations"},
         {"data: {a: 'b c'}", "data.a: 'b c' is not base64"},
         {"data: {a: \"YWFh\\nYWE=\\n\"}", nullptr},
         {"stringData: {a b: c}", "is not a valid ConfigMap key"}});
  check("v1/ConfigMap", "", "",
        {{"data: {a: b}, binaryData: {c: YQ==}", nullptr},
         {"data: {a: b}, binaryData: {a: YQ==}", "data and binaryData both have a"},
         {"binaryData: {a: '?'}", "is not base64"}});
}

TEST_CASE("api: rules and subjects of roles") {
  const std::string rbac = kRbac;
  const std::string role = "rules: [{verbs: [get], ";
  check(rbac + "ClusterRole", role, "}]",
        {{"apiGroups: [''], resources: [pods]", nullptr},
         {"nonResourceURLs: [/a]", nullptr},
         {"apiGroups: [''], resources: [pods], nonResourceURLs: [/a]", "more than one of"},
         {"apiGroups: ['']", "needs one of nonResourceURLs or resources"},
         {"resources: [pods]", "needs one of nonResourceURLs or apiGroups"}});
  check(rbac + "Role", role, "}]", {{"nonResourceURLs: [/a]", "is not allowed here"}});
  const std::string ref = "roleRef: {apiGroup: rbac.authorization.k8s.io, name: a, kind: ";
  check(rbac + "ClusterRoleBinding", ref, "}",
        {{"ClusterRole", nullptr}, {"Role", "roleRef.kind: invalid value 'Role'"}});
  check(rbac + "RoleBinding", ref + "Role}, subjects: [{name: a, kind: ", "}]",
        {{"ServiceAccount", nullptr},
         {"User", nullptr},
         {"User, apiGroup: apps", "kind User or Group needs apiGroup"}});
}

TEST_CASE("api: each metric has its source and its kind of target") {
  check(kHpa,
        "spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}, "
        "metrics: [{",
        "}]}",
        {{"type: Pods, pods: {metric: {name: a}, target: {type: AverageValue, averageValue: 1}}",
          nullptr},
         {"type: Pods, pods: {metric: {name: a}, target: {type: Utilization, averageUtilization: "
          "1}}",
          "target.averageValue: is required"},
         {"type: Pods, resource: {name: cpu, target: {type: Utilization, averageUtilization: 1}}",
          "type Pods needs pods"},
         {"type: Resource, resource: {name: cpu, target: {type: Value, value: 1}}",
          "needs one of target/averageUtilization or target/averageValue"}});
}

TEST_CASE("api: quotas, limits and claims") {
  check("v1/ResourceQuota", "spec: {hard: {", "}}",
        {{"requests.cpu: 1500m, count/jobs.batch: 3, hugepages-2Mi: 1Gi", nullptr},
         {"pods: 1.5", "is not a whole number"},
         {"podz: 1", "is not the name of a resource with a quota"}});
  check("v1/LimitRange", "spec: {limits: [{type: ", "}]}",
        {{"Container, min: {cpu: 1}, default: {cpu: 1}, max: {cpu: 1000m}", nullptr},
         {"Container, default: {cpu: 2}, max: {cpu: 1}", "default.cpu 2 is more than max 1"},
         {"Pod, default: {cpu: 2}", "default needs type other than Pod"},
         {"Pod, default: {}", nullptr},
         {"Container, max: {gpu: 1}", "max.gpu: is not the name of a resource"},
         {"Container, max: {storage: 1}", "storage needs type other than"},
         {"Container, max: {requests.cpu: 1}", "requests.cpu needs type other than"},
         {"PersistentVolumeClaim, max: {storage: 1, a_b: 1}", "is not the name of a resource"},
         {"PersistentVolumeClaim, max: {storage: 1, pods: 1}", nullptr}});
  check("v1/PersistentVolumeClaim",
        "spec: {resources: {requests: {storage: 1}}, accessModes: ", "}",
        {{"[ReadWriteOncePod]", nullptr},
         {"[ReadWriteOncePod, ReadWriteOnce]", "needs accessModes other than"}});
}

TEST_CASE("api: what pods may not combine") {
  const auto pod = [](const std::string &value) {
    return "spec: {containers: [{name: a, image: a}], " + value + "}";
  };
  check("v1/Pod", "", "",
        {{pod("os: {name: windows}"), nullptr},
         {pod("os: {name: windows}, securityContext: {runAsUser: 1}"), "needs os.name other than"},
         {pod("shareProcessNamespace: true, hostPID: true"), "needs hostPID other than true"},
         {pod("hostname: A.b"), "is not a DNS label"},
         {pod("serviceAccount: A_b"), "is not a DNS subdomain"},
         {pod("serviceAccountName: a, serviceAccount: A_b"), nullptr},
         {pod("volumes: [{name: v}]"), nullptr},
         {pod("volumes: [{name: v, downwardAPI: {items: [{path: a, fieldRef: {fieldPath: "
              "status.podIP}}]}}]"),
          "is not a field that a volume can have"},
         {pod("volumes: [{name: v, configMap: {name: c, items: [{key: a, path: ../a}]}}]"),
          "must be relative and without .."}});
  check(
      "v1/Pod", "spec: {hostNetwork: true, containers: [{name: a, image: a, ", "}]}",
      {{"ports: [{containerPort: 80, hostPort: 80}]", nullptr},
       {"ports: [{containerPort: 80, hostPort: 81}]", "hostPort 81 must be the containerPort"},
       {"env: [{name: A, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['a']\"}}}]", nullptr},
       {"env: [{name: A, value: '', valueFrom: {fieldRef: {fieldPath: status.podIP}}}]", nullptr},
       {"env: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.a}}}]", "a variable can have"},
       {"resources: {limits: {x.y/gpu: 1}}", nullptr},
       {"resources: {limits: {x.y/gpu: 1.5}}", "is not a whole number"},
       {"resources: {requests: {x.y/gpu: 1}}", "requests.x.y/gpu must be equal to its limit"}});
}

TEST_CASE("terms of ?if: values, none of them, any, and a field that is not there") {
  const YAML::Node node = YAML::Load("{a: b, c: {d: [{e: 1}, {e: 2}]}, f: '', g/h: i}");
  for (const char *held :
       {"a>a=b", "x,a=b>a", "x/a,b>y", "*/d/e=2>a", "x/*>y", "a>a=~label", "a=b|x>c/d/e=2", "x>a=y",
        "x=>a!=y", "f>a=y", "f=*>a", "a>g/h=i", "a=x+c>x!=y", "c/d/e=2>c/d/e!=3", "a>x=y+a"})
    CHECK_MESSAGE(manifest::implied_mistake(node, held).empty(), held);
  for (const char *broken : {"a>x", "c/x,d>x", "c/*/e=1>x", "a>a=~ip", "a=b>a=x", "x=>x",
                             "a!=x>a!=b", "x=|b>a=y", "c/d/e=1>c/d/e!=2"})
    CHECK_MESSAGE(!manifest::implied_mistake(node, broken).empty(), broken);
}

TEST_CASE("a term names the field that holds") {
  const YAML::Node node = YAML::Load("{a: {b: 1}, list: [{c: {d: 2}}]}");
  CHECK(manifest::implied_mistake(node, "a/x,b>y=1") == "a.b needs y 1");
  CHECK(manifest::implied_mistake(node, "*/c/x,d>y") == "c.d needs y");
  CHECK(manifest::implied_mistake(node, "a/*>a/b=~ip") == "a needs a valid a.b");
  CHECK(manifest::is_held(node, "y+list/c/d"));
  CHECK_FALSE(manifest::is_held(node, "y"));
  CHECK_FALSE(manifest::is_held(node, ""));
}

TEST_CASE("api: a field that has no effect may have any value") {
  check("v1/Service", "spec: {ports: [{port: 1}], ", "}",
        {{"externalName: 'A b'", nullptr},
         {"sessionAffinityConfig: {clientIP: {timeoutSeconds: 0}}", nullptr},
         {"sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 0}}",
          "0 is less than 1"}});
  const std::string pod = "containers: [{name: a, image: a}]";
  const std::string selected = "spec: {selector: {matchLabels: {a: b}}, ";
  check("apps/v1/DaemonSet",
        selected + "template: {metadata: {labels: {a: b}}, spec: {" + pod + "}}, updateStrategy: {",
        "rollingUpdate: {maxSurge: 200%}}}",
        {{"type: OnDelete, ", nullptr}, {"", "'200%' is more than 100%"}});
  const std::string claim = "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: "
                            "1}}}";
  check("apps/v1/StatefulSet",
        selected + "volumeClaimTemplates: [{metadata: {name: d, labels: {a b: c}}, " + claim +
            "}], template: {metadata: {labels: {a: b}}, spec: {" + pod + ", ",
        "}}}",
        {{"hostname: A.b", nullptr},
         {"subdomain: A.b", nullptr},
         {"nodeName: A_b", "is not a DNS subdomain"}});
  check("batch/v1/CronJob", "spec: {schedule: '@daily', jobTemplate: {",
        "spec: {template: {metadata: {finalizers: [a]}, spec: {restartPolicy: Never, " + pod +
            "}}}}}",
        {{"metadata: {labels: {a b: c}}, ", nullptr}});
  check(kHpa,
        "spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}, "
        "metrics: [{type: External, external: {metric: {name: a, selector: {",
        "}}, target: {type: Value, value: 1}}}]}",
        {{"matchLabels: {a b: c d}", nullptr},
         {"matchExpressions: [{key: a, operator: In}]", nullptr}});
}

TEST_CASE("api: values further down in a pod") {
  const auto pod = [](const std::string &value) {
    return "spec: {containers: [{name: a, image: a, env: [{name: A, valueFrom: {resourceFieldRef: "
           "{resource: limits.cpu, divisor: " +
           value + "}}}]}]}";
  };
  check("v1/Pod", "", "",
        {{pod("1000m"), nullptr},
         {pod("0.001"), nullptr},
         {pod("2"), "needs no divisor or a valid divisor"}});
  const auto volume = [](const std::string &value) {
    return "spec: {containers: [{name: a, image: a}], volumes: [{name: v, " + value + "}]}";
  };
  check("v1/Pod", "", "",
        {{volume("image: {reference: a}, emptyDir: {}"), nullptr},
         {volume("configMap: {name: a}, emptyDir: {}"), "has more than one type"},
         {volume("projected: {sources: [{secret: {name: a, items: [{key: a, path: b}]}}, "
                 "{configMap: {name: a, items: [{key: a, path: b}]}}]}"),
          "two items have the path b"},
         {volume("projected: {sources: [{serviceAccountToken: {path: b}}, {serviceAccountToken: "
                 "{path: b}}]}"),
          nullptr}});
  check("v1/Pod", "spec: {hostUsers: true, os: {name: windows}, containers: [{name: a, image: a}]",
        "}", {{"", "hostUsers needs os.name other than windows"}});
  check("v1/Pod",
        "spec: {os: {name: windows}, containers: [{name: a, image: a}], initContainers: [{name: b, "
        "image: a, securityContext: {",
        "}}]}",
        {{"runAsNonRoot: true", nullptr},
         {"runAsUser: 1", "securityContext.runAsUser needs os.name other than windows"}});
}

TEST_CASE("api: selectors, times, exit codes and huge pages") {
  check("apps/v1/Deployment",
        "spec: {template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: a}]}}, "
        "selector: {matchExpressions: [{key: ",
        "}]}}",
        {{"a, operator: In, values: [b, c]", nullptr},
         {"c, operator: NotIn, values: [b]", nullptr},
         {"c, operator: DoesNotExist", nullptr},
         {"c, operator: Exists", "does not match the labels of its pods: c Exists"},
         {"a, operator: NotIn, values: [b]", "does not match"}});
  check("batch/v1/Job",
        "spec: {manualSelector: true, template: {spec: {restartPolicy: Never, containers: [{name: "
        "a, image: a}]}}, ",
        "}",
        {{"selector: {}", nullptr},
         {"selector: {matchLabels: {a: b}}", "does not match the labels"},
         {"parallelism: 1", "manualSelector true needs selector"}});
  check("coordination.k8s.io/v1/Lease", "spec: {acquireTime: '", "'}",
        {{"2026-01-02T03:04:05.123456Z", nullptr},
         {"2026-01-02T03:04:05.1+02:00", nullptr},
         {"2026-01-02 03:04", "is not a time"},
         {"2026-01-02T03:04:05", "is not a time"}});
  check("batch/v1/Job",
        "spec: {podFailurePolicy: {rules: [{action: Ignore, onExitCodes: {operator: In, values: ",
        "}}]}, template: {spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}}",
        {{"[1, 10]", nullptr}, {"[10, 1]", "must be in ascending order"}});
  check("v1/Pod",
        "spec: {containers: [{name: a, image: a, resources: {limits: {memory: 1Gi, hugepages-2Mi: ",
        "}}}]}", {{"4Mi", nullptr}, {"3Mi", "is not a multiple of the page size"}});
}

TEST_CASE("api: which indexes of a Job must succeed") {
  check(
      "batch/v1/Job",
      "spec: {completionMode: Indexed, completions: 9, successPolicy: {rules: [{succeededIndexes: "
      "'",
      "'}]}, template: {spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}}",
      {{"0,2-4,8", nullptr},
       {"a", "is not a list of indexes"},
       {"3,2", "is not a list of indexes"},
       {"4-2", "is not a list of indexes"}});
}
