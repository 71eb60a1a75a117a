#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <set>

#include <yaml-cpp/yaml.h>

#include "hello/error.h"
#include "hello/lint.h"
#include "hello/manifest.h"
#include "hello/yaml.h"

using namespace hello;
using manifest::Finding;
using manifest::Object;

namespace {

using Set = std::vector<std::pair<std::string, std::string>>;

config::Config configured(Set set) {
  // A set as a careful team would have it: nothing to warn about.
  set.insert(set.begin(), {"image", "registry.test/hello@sha256:" + std::string(64, 'a')});
  config::Sources sources;
  sources.files = {"/dev/null"};
  for (const auto &[key, value] : set) sources.set.push_back({key, value, "--set " + key});
  return config::Config::load(sources);
}

std::vector<Object> clone(const std::vector<Object> &objects) {
  std::vector<Object> copy;
  for (const Object &object : objects)
    copy.emplace_back(object.api_version, object.kind, object.ns, object.name,
                      YAML::Clone(object.node));
  return copy;
}

std::string show(const std::vector<Finding> &findings) {
  std::string out;
  for (const Finding &finding : findings)
    out += std::string(finding.rule) + " " + finding.object + ": " + finding.what + "\n";
  return out;
}

bool has(const std::vector<Finding> &findings, std::string_view rule) {
  return std::any_of(findings.begin(), findings.end(),
                     [rule](const Finding &finding) { return finding.rule == rule; });
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

/// The release's name does not matter to any rule, so each finding is made under two.
const std::vector<std::string> kReleases = {"hello", "other-release"};

/// What the rules find in the set of these settings, which is the same whatever the release is
/// called. Except for the rule "release": only a release of another name has HELLO_RELEASE to lose.
std::vector<Finding> linted(Set set, const std::vector<std::string> &allow = {}) {
  const auto config = configured(set);
  const auto findings = manifest::lint(manifest::render_all(config), config, allow);
  for (auto &[key, value] : set)
    value = replaced(value, "metadata: {name: hello}", "metadata: {name: other-release}");
  set.emplace_back("name", "other-release");
  const auto renamed = configured(set);
  auto others = manifest::lint(manifest::render_all(renamed), renamed, allow);
  std::erase_if(others, [](const Finding &finding) { return finding.rule == "release"; });
  CHECK(replaced(replaced(show(others), "other-release-message-config", "message-config"),
                 "other-release", "hello") == show(findings));
  return findings;
}

/// The rules' answer to the default set with one patch.
std::vector<Finding> patched(const std::string &kind, const std::string &patch, Set set = {}) {
  set.emplace_back("patches", "[{target: {kind: " + kind + "}, patch: " + patch + "}]");
  return linted(std::move(set));
}

/// Every entry below `node`, as a path of keys and indexes.
void each_path(const YAML::Node &node, std::vector<std::string> &path,
               const std::function<void(const std::vector<std::string> &)> &visit) {
  std::size_t index = 0;
  for (const auto &entry : node) {
    path.push_back(node.IsMap() ? entry.first.Scalar() : std::to_string(index++));
    visit(path);
    const YAML::Node below = node.IsMap() ? entry.second : YAML::Node(entry);
    if (!below.IsScalar() && !below.IsNull()) each_path(below, path, visit);
    path.pop_back();
  }
}

/// A copy of `node` in which `change` replaced what is at the path; undefined: removed.
YAML::Node changed(const YAML::Node &node, const std::vector<std::string> &path, std::size_t depth,
                   const YAML::Node &change) {
  if (depth == path.size()) return change;
  YAML::Node out(node.Type());
  std::size_t index = 0;
  for (const auto &entry : node) {
    const bool here =
        (node.IsMap() ? entry.first.Scalar() : std::to_string(index++)) == path[depth];
    const YAML::Node old = node.IsMap() ? entry.second : YAML::Node(entry);
    const YAML::Node now = here ? changed(old, path, depth + 1, change) : old;
    if (!now.IsDefined()) continue;
    if (node.IsMap())
      out.force_insert(entry.first, now);
    else
      out.push_back(now);
  }
  return out;
}

std::string joined(const std::vector<std::string> &path) {
  std::string out;
  for (const std::string &key : path) out += "/" + key;
  return out;
}

const char *const kRemoved = "(removed)";

/// Changes to a scalar that weaken it, whatever it stands for.
std::vector<std::string> weaker(const std::string &value) {
  if (value == "true") return {"false"};
  if (value == "false") return {"true"};
  if (value == "restricted") return {"baseline", "privileged"};
  if (value == "RuntimeDefault") return {"Unconfined"};
  if (value == "ALL") return {"NET_RAW"};
  if (value == "65532") return {"0", "1000"};
  if (value == "AlwaysAllow") return {"IfHealthyBudget"};
  return {};
}

// What is no hardening: removing it makes the set refuse to work or say something else, and that is
// seen at once by the API server (R), by the schema (S), or is a choice of the user's that has a
// default (C).
bool exempt(const std::string &kind, const std::string &path) {
  const auto below = [&path](std::string_view prefix) { return path.starts_with(prefix); };
  const auto ends = [&path](std::string_view suffix) { return path.ends_with(suffix); };
  if (path == "/apiVersion" || path == "/kind" || below("/metadata/name")) return true; // R
  if (path == "/metadata" || path == "/spec" || path == "/metadata/labels")
    return kind != "Namespace" && path != "/spec"; // R
  if (path.find("app.kubernetes.io/") != path.npos && below("/metadata/"))
    return true; // C: for people
  if (path.find("/app.kubernetes.io~instance") != path.npos) return true;
  if (path.find("prometheus.io/") != path.npos) return true; // C: how it is scraped
  if (ends("/protocol")) return true;                        // S: TCP by default
  if (ends("/type") && kind == "Service") return true;       // C: ClusterIP by default
  for (const char *choice :
       {"/spec/revisionHistoryLimit", "/spec/progressDeadlineSeconds", "/maxSurge",
        "/periodSeconds", "/timeoutSeconds", "/failureThreshold", "/maxSkew", "/matchLabelKeys",
        "/matchLabelKeys/0", "/pathType", "/weight"})
    if (ends(choice)) return true; // C
  // R: required fields
  for (const char *refused :
       {"/whenUnsatisfiable", "/containers/0/name", "/containerPort", "/httpGet/port",
        "/spec/ports/0/port", "/http/paths/0/path", "/from/0/namespaceSelector", "/args/0"})
    if (ends(refused)) return true;
  if (ends("/args/3") || ends("/args/4")) return true;                   // C: the access log
  return kind == "HorizontalPodAutoscaler" && below("/spec/metrics/0/"); // R
}

} // namespace

TEST_CASE("lint: a custom kind is not judged by the rules for a kind of Kubernetes of that name") {
  CHECK(
      show(linted({{"extraManifests",
                    "[{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: a}, "
                    "spec: {template: {spec: {containers: [{image: a}]}}}}, "
                    "{apiVersion: projectcalico.org/v3, kind: NetworkPolicy, metadata: {name: "
                    "a}, spec: {selector: all(), types: [Ingress]}}, "
                    "{apiVersion: batch.volcano.sh/v1alpha1, kind: Job, metadata: {name: a}, "
                    "spec: {tasks: []}}, "
                    "{apiVersion: config.openshift.io/v1, kind: Ingress, metadata: {name: a}}]"}}))
          .empty());
  CHECK(has(linted({{"extraManifests", "[{apiVersion: v1, kind: Service, metadata: {name: a}}]"}}),
            "selector"));
}

TEST_CASE(
    "lint: a set by digest has nothing to say, whatever the exposure, metric and way of reload") {
  for (const Set &set :
       std::vector<Set>{{},
                        {{"expose", "gateway"}, {"gateway.parentRefs", "[{name: g}]"}},
                        {{"expose", "loadBalancer"}},
                        {{"expose", "nodePort"}},
                        {{"expose", "none"}},
                        {{"reload", "live"}},
                        {{"kubeVersion", "1.29"}},
                        {{"namespace.create", "false"}},
                        {{"metrics.scrape", "podMonitor"}},
                        {{"metrics.rules", "configMap"}, {"metrics.dashboard", "configMap"}},
                        {{"resourceQuota.enabled", "true"}, {"limitRange.enabled", "true"}},
                        {{"autoscaling.requestsPerSecond", "100"}},
                        {{"autoscaling.enabled", "false"}}}) {
    CHECK(show(linted(set)) == "");
  }
}

TEST_CASE("lint: every line that is removed from the set is noticed") {
  for (const std::string &release : kReleases) {
    const auto config = configured({{"name", release}, {"networkPolicy.ingressNamespace", "edge"}});
    const auto objects = manifest::render_all(config);
    REQUIRE(manifest::lint(objects, config).empty());
    int tried = 0;
    for (std::size_t i = 0; i < objects.size(); ++i) {
      std::vector<std::string> path;
      each_path(objects[i].node, path, [&](const std::vector<std::string> &where) {
        const std::string name = joined(where);
        if (exempt(objects[i].kind, name)) return;
        if (objects[i].name == "default-deny" && name == "/spec/podSelector")
          return; // none is all, as {} is
        auto copy = clone(objects);
        copy[i].node.reset(changed(copy[i].node, where, 0, YAML::Node(YAML::NodeType::Undefined)));
        ++tried;
        CAPTURE(objects[i].kind + "/" + objects[i].name);
        CAPTURE(name);
        CHECK_FALSE(manifest::lint(copy, config).empty());
      });
    }
    CHECK(tried > 100);
  }
}

TEST_CASE("lint: every line that is weakened is noticed") {
  for (const std::string &release : kReleases) {
    const auto config = configured({{"name", release}});
    const auto objects = manifest::render_all(config);
    int tried = 0;
    for (std::size_t i = 0; i < objects.size(); ++i) {
      std::vector<std::string> path;
      each_path(objects[i].node, path, [&](const std::vector<std::string> &where) {
        YAML::Node node = YAML::Clone(objects[i].node);
        for (const std::string &key : where)
          node.reset(node.IsMap() ? node[key] : node[std::stoul(key)]);
        if (!node.IsScalar() || where.front() == "data" ||
            joined(where).find("prometheus.io/") != std::string::npos)
          return;
        for (const std::string &value : weaker(node.Scalar())) {
          auto copy = clone(objects);
          copy[i].node.reset(changed(copy[i].node, where, 0, yaml::string(value)));
          ++tried;
          CAPTURE(objects[i].kind + "/" + objects[i].name);
          CAPTURE(joined(where));
          CAPTURE(value);
          CHECK_FALSE(manifest::lint(copy, config).empty());
        }
      });
    }
    CHECK(tried > 20);
  }
}

TEST_CASE("lint: an object that is missing is noticed") {
  for (const std::string &release : kReleases) {
    const auto config = configured({{"name", release}});
    const auto objects = manifest::render_all(config);
    for (std::size_t i = 0; i < objects.size(); ++i) {
      if (objects[i].kind == "Namespace" || objects[i].kind == "Ingress")
        continue; // an administrator's; a choice
      auto copy = clone(objects);
      copy.erase(copy.begin() + static_cast<std::ptrdiff_t>(i));
      CAPTURE(objects[i].kind + "/" + objects[i].name);
      CHECK_FALSE(manifest::lint(copy, config).empty());
    }
  }
}

TEST_CASE("lint: what is added to a pod is seen") {
  const auto pod = [](const std::string &spec) {
    return patched("Deployment", "{spec: {template: {spec: " + spec + "}}}");
  };
  CHECK(has(pod("{hostNetwork: true}"), "host-access"));
  CHECK(has(pod("{hostPID: true}"), "host-access"));
  CHECK(has(pod("{volumes: [{name: tmp, hostPath: {path: /}}]}"), "host-access"));
  CHECK(has(pod("{volumes: [{name: tmp, nfs: {server: x, path: /}}]}"), "volumes"));
  CHECK(has(pod("{volumes: [{name: tmp, emptyDir: {}}]}"), "size-limit"));
  CHECK(has(pod("{volumes: [{name: tmp, emptyDir: {sizeLimit: 0}}]}"), "size-limit"));
  CHECK(has(pod("{serviceAccountName: default}"), "service-account"));
  CHECK(has(pod("{terminationGracePeriodSeconds: 10}"), "grace-period"));
  const auto bare = pod("{initContainers: [{name: extra, image: 'x:latest'}]}");
  for (const char *rule :
       {"read-only-root", "privileges", "capabilities", "resources", "image", "pull-policy"})
    CHECK(has(bare, rule));
  CHECK(has(pod("{containers: [{name: hello, image: x, securityContext: {privileged: true}}]}"),
            "privileges"));
  CHECK(has(patched("Deployment", "{spec: {replicas: 3}}"), "replicas"));
  CHECK(has(patched("Deployment", "{spec: {strategy: {type: Recreate}}}"), "rollout"));
}

TEST_CASE("lint: the grace period must outlast preStop and the flags of the drain, in any unit") {
  // The default set: 5 s of preStop, 20 s of drain, killed after 30 s.
  const auto late = [](const std::string &args) {
    return has(patched("Service", "{a: 1}", {{"args", args}}), "grace-period");
  };
  CHECK_FALSE(late("[--drain-timeout=24s]"));
  CHECK_FALSE(late("[--drain-timeout=24999ms]"));
  CHECK_FALSE(late("[--drain-timeout=1m, --drain-timeout=24s]"));
  CHECK(late("[--drain-timeout=25s]"));
  CHECK(late("[--drain-timeout=25000ms]"));
  CHECK(late("[--drain-timeout=1m]"));
  CHECK(late("[--drain-timeout, 1m]"));
  CHECK(late("[--drain-delay=1h]"));
}

TEST_CASE("lint: what names something that is not there") {
  CHECK(has(patched("Service", "{spec: {selector: {app: x}}}"), "selector"));
  CHECK(has(patched("Service", "{spec: {ports: [{name: http, port: 80, targetPort: htpp}]}}"),
            "port"));
  CHECK(has(patched("Service", "{spec: {ports: [{name: web, port: 80, targetPort: http}]}}"),
            "port"));
  CHECK(has(patched("Ingress", "{spec: {rules: [{host: '*.x.test'}]}}"), "host"));
  CHECK(has(patched("Ingress", "{spec: {rules: [{http: {paths: []}}]}}"), "host"));
  CHECK(has(patched("HorizontalPodAutoscaler", "{spec: {scaleTargetRef: {name: helo}}}"),
            "reference"));
  CHECK(has(patched("ConfigMap", "{data: {MESSAGES: other}}"), "messages"));
  CHECK(has(patched("ConfigMap", "{data: {MESSAGES: null}}"), "messages"));
  CHECK(has(patched("PodDisruptionBudget", "{spec: {maxUnavailable: 0}}"), "disruption"));
  CHECK(has(patched("PodDisruptionBudget", "{spec: {maxUnavailable: null, minAvailable: 2}}"),
            "disruption"));
  CHECK(has(patched("NetworkPolicy", "{spec: {egress: [{}]}}"), "network-policy"));
  CHECK(has(patched("Service", "{a: 1}",
                    {{"extraManifests", "[{apiVersion: v1, kind: Service, metadata: {name: hello}, "
                                        "spec: {selector: {app.kubernetes.io/name: hello}}}]"}}),
            "duplicate"));
  CHECK(has(patched("Service", "{a: 1}", {{"env", "[{name: DB_PASSWORD, value: hunter2}]"}}),
            "secret"));
}

TEST_CASE("lint: an account that someone else manages need not be in the set, but any other must") {
  const Set outside = {{"serviceAccount.create", "false"}, {"serviceAccount.name", "theirs"}};
  CHECK(show(linted(outside)) == "");
  CHECK(show(linted({{"serviceAccount.name", "mine"}})) == "");
  const std::string pod = "{spec: {template: {spec: {serviceAccountName: another}}}}";
  CHECK(has(patched("Deployment", pod, outside), "service-account"));
  CHECK(has(patched("Deployment", pod), "service-account"));
  CHECK(has(linted({{"serviceAccount.create", "false"}, {"serviceAccount.name", "default"}}),
            "service-account"));
}

TEST_CASE("lint: images") {
  const auto lint = [](const std::string &image) { return linted({{"image", image}}); };
  CHECK(lint("r.test:5000/hello")[0].severity == manifest::Severity::error);
  CHECK(lint("hello:latest")[0].severity == manifest::Severity::error);
  CHECK(lint("r.test:5000/hello:1")[0].severity == manifest::Severity::warning);
  CHECK(lint("r.test/hello:1@sha256:" + std::string(64, 'a')).empty());
}

TEST_CASE("lint: each rule has its own name, a reason, and findings under its name alone") {
  std::set<std::string_view> names;
  for (const manifest::LintRule &rule : manifest::lint_rules()) {
    CHECK(names.insert(rule.name).second);
    CHECK_FALSE(rule.why.empty());
  }
  const auto findings = patched("Deployment", "{spec: {template: {spec: null}}}");
  for (const Finding &finding : findings) CHECK(names.contains(finding.rule));
}

TEST_CASE("lint: errors come first, then findings in the order of the rules") {
  const auto findings =
      patched("Deployment", "{spec: {strategy: null, template: {spec: {hostNetwork: true, "
                            "securityContext: null, enableServiceLinks: null, initContainers: "
                            "[{name: extra}, {name: extra}]}}}}");
  REQUIRE(findings.size() > 20);
  const auto rules = manifest::lint_rules();
  const auto place = [&](const Finding &finding) {
    const auto row = std::find_if(rules.begin(), rules.end(), [&](const manifest::LintRule &rule) {
      return rule.name == finding.rule;
    });
    return std::pair(finding.severity == manifest::Severity::warning, row - rules.begin());
  };
  CHECK(std::is_sorted(findings.begin(), findings.end(),
                       [&](const Finding &a, const Finding &b) { return place(a) < place(b); }));
}

TEST_CASE("lint: a rule may be broken in writing, by the file, the flag or the object itself; a "
          "wrong name may not") {
  const Set set = {{"image", "hello:latest"}};
  auto config = configured(set);
  CHECK(has(manifest::lint(manifest::render_all(config), config), "image"));
  CHECK_FALSE(has(manifest::lint(manifest::render_all(config), config, {"image"}), "image"));
  const auto by_file = configured({{"image", "hello:latest"}, {"lint.allow", "[image]"}});
  CHECK_FALSE(has(manifest::lint(manifest::render_all(by_file), by_file), "image"));
  const auto by_object = configured(
      {{"image", "hello:latest"}, {"annotations", "{hello/lint-allow: \" tmp  image\\n\"}"}});
  CHECK_FALSE(has(manifest::lint(manifest::render_all(by_object), by_object), "image"));
  CHECK_THROWS_AS(manifest::lint(manifest::render_all(config), config, {"imagge"}), Error);
}
