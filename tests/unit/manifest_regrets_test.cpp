#include <doctest/doctest.h>

#include <yaml-cpp/yaml.h>

#include "hello/config.h"
#include "hello/error.h"
#include "hello/lint.h"
#include "hello/manifest.h"
#include "support/configured.h"

using namespace hello;

namespace {

/// What one rule says to a hello.yaml, "error: what" a line.
std::string found(std::string_view rule, const std::string &text,
                  manifest::ArgumentParser parser = nullptr) {
  const config::Config config = test::configured(text);
  std::string out;
  for (const manifest::Finding &one :
       manifest::lint(manifest::render_all(config), config, {}, parser))
    if (one.rule == rule) out += std::string(manifest::word(one.severity)) + ": " + one.what + "\n";
  return out;
}

void says(std::string_view rule, const std::string &text, std::string_view part) {
  const std::string all = found(rule, text);
  CAPTURE(text);
  CAPTURE(all);
  CHECK(all.find(part) != all.npos);
}

void is_silent(std::string_view rule, const std::string &text) {
  const std::string all = found(rule, text);
  CAPTURE(text);
  CHECK(all == "");
}

constexpr const char *kMine = "{app.kubernetes.io/name: hello, app.kubernetes.io/instance: hello}";

std::string extra(const std::string &kind, const std::string &spec,
                  const std::string &api_version = "policy/v1") {
  return "\nextraManifests: [{apiVersion: " + api_version + ", kind: " + kind +
         ", metadata: {name: more}, spec: " + spec + "}]";
}

} // namespace

TEST_CASE("regrets: a budget leaves room for a drain, with the pods that are there") {
  const auto with = [](const char *budget, const char *pods) {
    return "podDisruptionBudget: {" + std::string(budget) + "}\n" + pods;
  };
  constexpr const char *kTwo = "autoscaling: {minReplicas: 2}",
                       *kOne = "replicas: 1\nautoscaling: {enabled: false}",
                       *kThree = "replicas: 3\nautoscaling: {enabled: false}";
  says("disruption", with("minAvailable: 51%", kTwo), "with 2 pods it never allows an eviction");
  says("disruption", with("minAvailable: 51%", kTwo), "rounds up");
  says("disruption", with("minAvailable: 67%", kThree), "with 3 pods it never");
  says("disruption", with("minAvailable: 1", kOne), "with 1 pod it never");
  says("disruption", with("minAvailable: 0", kTwo), "allows the eviction of all at once");
  says("disruption", with("maxUnavailable: 100%", kTwo), "allows the eviction of all at once");
  is_silent("disruption", with("minAvailable: 50%", kTwo));
  is_silent("disruption", with("minAvailable: 66%", kThree));
  is_silent("disruption", with("maxUnavailable: 1%", kTwo));
  is_silent("disruption", kOne);
  says("disruption",
       extra("PodDisruptionBudget", std::string("{maxUnavailable: 1, unhealthyPodEvictionPolicy: "
                                                "AlwaysAllow, selector: {matchLabels: ") +
                                        kMine + "}}"),
       "then evicts none of them");
}

TEST_CASE("regrets: the cluster autoscaler may remove a node with an emptyDir that has no data") {
  const std::string key = "cluster-autoscaler.kubernetes.io/safe-to-evict";
  const auto rendered = [&](const std::string &text) {
    config::Sources sources;
    sources.files = {"-"};
    sources.input = text;
    const auto objects = manifest::render_all(config::Config::load(sources));
    const std::string all = manifest::to_yaml(objects);
    const std::size_t at = all.find(key);
    CHECK(all.find(key, at + 1) == all.npos); // once at most
    return at == all.npos ? "" : all.substr(at + key.size(), all.find('\n', at) - at - key.size());
  };
  CHECK(rendered("") == ": \"true\"");
  CHECK(rendered("podAnnotations: {" + key + ": 'false'}") == ": \"false\"");
  CHECK(rendered("logging: {access: json}") == ""); // as 0.1 made the pods
  says(
      "disruption",
      "patches: [{target: {kind: Deployment}, patch: {spec: {template: {metadata: {annotations: {" +
          key + ": null}}}}}}]",
      "never removes the nodes");
  is_silent("disruption", "podAnnotations: {" + key + ": 'false'}");
}

TEST_CASE("regrets: an autoscaler knows what it divides by, and is the only one") {
  says("autoscaler", "resources: {requests: {cpu: null}, limits: {cpu: null}}",
       "container hello requests none: set resources.requests.cpu");
  says("autoscaler", "resources: {requests: {cpu: 0}}", "requests none");
  is_silent("autoscaler", "resources: {requests: {cpu: null}}"); // the limit becomes the request
  says("autoscaler", "autoscaling: {memory: 80}\ncontainers: [{name: a, image: b}]",
       "the use of memory with the request, and container a requests none");
  is_silent("autoscaler", "autoscaling: {cpu: 0, requestsPerSecond: 100}\n"
                          "resources: {requests: {cpu: null}, limits: {cpu: null}}");
  constexpr const char *kSelector = "selector: {matchLabels: {a: b}}";
  const std::string set =
      "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {serviceName: db, "
      "replicas: 3, " +
      std::string(kSelector) +
      ", template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: b}]}}}}";
  const auto of_set = [&](const std::string &count) {
    return "extraManifests: [" + set +
           ", {apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: db}, spec: {"
           "unhealthyPodEvictionPolicy: AlwaysAllow, " +
           count + ", " + kSelector + "}}]";
  };
  says("disruption", of_set("minAvailable: 3"), "with 3 pods it never allows an eviction");
  is_silent("disruption", of_set("minAvailable: 2"));
  const std::string keda =
      extra("ScaledObject", "{scaleTargetRef: {name: hello}}", "keda.sh/v1alpha1");
  says("autoscaler", keda, "set autoscaling.enabled: false");
  says("autoscaler", "autoscaling: {enabled: false}" + keda, "KEDA does too");
  is_silent("autoscaler", "autoscaling: {enabled: false}\nreplicas: null" + keda);
  const std::string many = "autoscaling: {enabled: false}\nreplicas: null" +
                           extra("ScaledObject",
                                 "{scaleTargetRef: {kind: Deployment, name: hello}, "
                                 "minReplicaCount: 3}",
                                 "keda.sh/v1alpha1");
  is_silent("replicas", many);
  says("disruption", "podDisruptionBudget: {minAvailable: 3}\n" + many, "with 3 pods it never");
  says("autoscaler",
       extra("HorizontalPodAutoscaler",
             "{scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: hello}, "
             "maxReplicas: 9}",
             "autoscaling/v2"),
       "HorizontalPodAutoscaler/hello scales Deployment/hello too");
}

TEST_CASE("a budget of minAvailable: 0 has nothing else in it") {
  for (const char *zero : {"0", "0, maxUnavailable: null", "0%"}) {
    const std::string text = "podDisruptionBudget: {minAvailable: " + std::string(zero) + "}";
    CAPTURE(text);
    CHECK(found("api", text) == "");
    says("disruption", text, "allows the eviction of all at once");
  }
}

TEST_CASE("an external metric without a target is refused where it stands") {
  for (const char *zero : {"0", "'0.0'", "0m"})
    CHECK_THROWS_WITH_AS(
        found("api", "autoscaling: {external: {metric: q, value: " + std::string(zero) + "}}"),
        doctest::Contains("autoscaling.external.value is 0"), Error);
}

TEST_CASE("regrets: only one container of a pod can listen on a port") {
  const auto more = [](const char *list, const char *ports) {
    return std::string(list) + ": [{name: m, image: x, ports: [" + ports + "]}]";
  };
  const std::string own = "{name: m, containerPort: 8081}";
  says("duplicate", more("containers", own.c_str()), "another container has port 8081/TCP, too");
  is_silent("duplicate", more("initContainers", own.c_str())); // it has ended by then
  is_silent("duplicate", more("containers", "{name: m, containerPort: 8081, protocol: UDP}"));
}

TEST_CASE("regrets: memory is not counted in thousandths of a byte") {
  says("units", "resources: {limits: {memory: 128m}}", "128m is less than 1Mi: write 128Mi");
  says("units", "resources: {requests: {memory: 64}}", "write 64Mi");
  says("units", "tmp: {sizeLimit: 32m}", "volume tmp: sizeLimit: 32m is less than 1Mi: write 32Mi");
  says("units", "resourceQuota: {enabled: true, hard: {requests.memory: 2m, pods: 5}}",
       "hard.requests.memory: 2m is less than 1Mi");
  says("units", extra("PersistentVolumeClaim", "{resources: {requests: {storage: 8}}}", "v1"),
       "requests.storage: 8 is less than 1Mi: write 8Mi");
  is_silent("units", "tmp: {sizeLimit: 0}\nresourceQuota: {enabled: true}");
  is_silent("units", "resources: {requests: {memory: 0}, limits: {memory: 1Mi, cpu: 500m}}");
}

TEST_CASE("regrets: other pods must not have the release's labels") {
  const auto job = [](const std::string &labels) {
    return extra("Job",
                 "{template: {metadata: {labels: " + labels +
                     "}, spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}",
                 "batch/v1");
  };
  says("foreign-pods", job(kMine), "Deployment/hello selects its own");
  is_silent("foreign-pods", job("{app.kubernetes.io/name: other}"));
}

TEST_CASE("regrets: namespaces that others share") {
  says("shared-namespace", "namespace: default", "warning: namespace default");
  says("shared-namespace", "namespace: kube-system", "error: namespace kube-system");
  is_silent("shared-namespace", "namespace: web");
}

TEST_CASE("regrets: a regular expression needs ImplementationSpecific") {
  says("literal-path", "ingress: {paths: ['/a(/|$)(.*)']}", "use ImplementationSpecific");
  is_silent("literal-path", "ingress: {paths: ['/a(/|$)(.*)'], pathType: ImplementationSpecific}");
  is_silent("literal-path", "ingress: {paths: [/a.b/c-d_e~f]}");
}

TEST_CASE("regrets: a container that a patch lost is missed") {
  const std::string replaces = "\npatches: [{target: {kind: Deployment}, patch: {spec: {template: "
                               "{spec: {initContainers: []}}}}}]";
  says("sidecar", "logging: {sidecar: stream}" + replaces, "container access-log of the settings");
  says("sidecar", "initContainers: [{name: a, image: b}]" + replaces, "container a of");
  is_silent("sidecar", "logging: {sidecar: stream}\ninitContainers: [{name: a, image: b}]");
}

TEST_CASE("regrets: a probe allows the time that a start takes") {
  says("start-time", "probes: {startup: {failureThreshold: 5}}", "not up after 5 s");
  says("start-time", "probes: {startup: null, liveness: {periodSeconds: 1}}",
       "livenessProbe restarts it if it is not up after 3 s");
  says("start-time", "probes: {startup: {failureThreshold: 300}}",
       "progressDeadlineSeconds ends the rollout after 300 s");
  is_silent("start-time", "probes: {startup: {failureThreshold: 10}}");
}

TEST_CASE("args: what contradicts the manifests is an error") {
  says("args", "args: ['--listen=:9999']", "--listen is :9999, but its port http is 8080");
  says("args", "args: [--listen, '127.0.0.1:8080']", "nothing outside the pod can connect");
  says("args", "args: ['--listen=:99999']", "args: --listen ':99999': the port is not a number");
  says("args", "args: ['--admin-listen=8081']", "args: --admin-listen '8081': it has no port");
  says("args", "args: ['--admin-listen=:8080']", "its port admin is 8081");
  says("args", "args: [--messages=hi]", "hides the text of the setting messages");
  says("args", "args: [--base-path=/x]", "the setting basePath is /");
  is_silent("args", "args: ['--listen=:8080', --threads=2]");
  is_silent("args", "reload: live\nbasePath: /x");
  is_silent("args", "command: [sh]\nargs: ['--listen=:9999']");
}

TEST_CASE("args: a flag that the parser refuses is an error in this version's image") {
  const auto refuse = [](const std::vector<std::string> &words) -> std::string {
    return words.back() == "--unknown" ? "unknown option --unknown" : "";
  };
  CHECK(found("args", "args: [--unknown]", refuse) ==
        "error: container hello: args: unknown option --unknown\n");
  CHECK(found("args", "image: other:1\nargs: [--unknown]", refuse) ==
        "warning: container hello: args: unknown option --unknown, at least in this version of "
        "hello\n");
  CHECK(found("args", "args: [$(X), --unknown]", refuse) == "");
  CHECK(found("args", "command: [sh]\nargs: [--unknown]", refuse) == "");
  CHECK(found("args", "args: [--threads=2]", refuse) == "");
}

TEST_CASE("pod-security: reports what the namespace refuses, unless another rule reports it") {
  const std::string root = "securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: true, "
                           "readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}\n";
  is_silent("pod-security", "");
  is_silent("pod-security", root); // the rule privileges says it
  says("pod-security", root + "lint: {allow: [privileges]}",
       "Namespace/hello enforces Pod Security restricted, which refuses allowPrivilegeEscalation");
  is_silent("pod-security", root + "lint: {allow: [privileges]}\nnamespace: {create: false}");
  const std::string baseline =
      "metadata: {Namespace: {labels: {pod-security.kubernetes.io/enforce: baseline}}}\n"
      "lint: {allow: [privileges, capabilities, host-access]}\n";
  is_silent("pod-security", root + baseline);
  says("pod-security",
       baseline + "securityContext: {runAsNonRoot: true, readOnlyRootFilesystem: true, "
                  "allowPrivilegeEscalation: false, capabilities: {add: [SYS_ADMIN], drop: [ALL]}}",
       "Pod Security baseline, which refuses capabilities.add");
  says("pod-security", baseline + "volumes: [{name: v, hostPath: {path: /}}]", "refuses hostPath");
}
