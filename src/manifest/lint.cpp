#include "manifest/lint.h"

#include <algorithm>
#include <sstream>

#include <fmt/core.h>

#include "hello/error.h"
#include "hello/kinds.h"
#include "hello/yaml.h"
#include "manifest/values.h"

namespace hello::manifest {
namespace {

constexpr LintRule kRules[] = {
    {"run-as-non-root", "a way out of the container should not end as the node's root"},
    {"user-id", "a numeric id of 10000 or above is no user of the node"},
    {"read-only-root", "what cannot be written cannot be changed or filled up"},
    {"privileges", "no privileged container and no way to become root by a set-uid file"},
    {"capabilities", "serving needs none of the kernel's capabilities"},
    {"seccomp", "RuntimeDefault keeps some 60 system calls away from the kernel"},
    {"host-access", "the node's network, processes, ports and files are not the pod's"},
    {"account-token", "the service never asks the API server, so it needs no token to lose"},
    {"service-account", "an account of its own never gets rights that were meant for others"},
    {"service-links",
     "a Service named hello would put HELLO_PORT and its like into the environment"},
    {"volumes",
     "only kinds that Pod Security restricted allows, each mounted where it is declared"},
    {"size-limit", "an emptyDir without one can fill the node's disk"},
    {"tmp", "with a read-only root, /tmp has to be a volume"},
    {"resources", "without requests and limits, one pod can starve its neighbours"},
    {"probes", "without them, traffic goes to pods that cannot answer"},
    {"drain", "a pod that ends before the load balancers know it loses requests"},
    {"grace-period", "the kubelet kills what has not ended by then"},
    {"image", "`latest` or no tag is another image tomorrow; a digest never is"},
    {"pull-policy", "an image that is not asked for again may be an old one, or one that the "
                    "account may not have"},
    {"secret", "a password belongs into a Secret, not into a Deployment that many may read"},
    {"messages", "the service takes its text from the ConfigMap, and is rolled when that changes"},
    {"duplicate", "of two objects, ports or paths of the same name only one can be meant"},
    {"reference", "what an object names must be there"},
    {"selector", "a selector that matches nothing selects nothing, silently"},
    {"port", "a port must exist at both ends"},
    {"host", "a wildcard or missing host takes other services' requests"},
    {"namespace",
     "Pod Security restricted is enforced, audited and warned about, each with its version"},
    {"default-deny", "what no policy names is open to everyone"},
    {"network-policy", "each pod is closed both ways but for the holes it needs"},
    {"replicas", "`replicas` beside an autoscaler resets its scale with every deploy"},
    {"autoscaler", "it needs something to measure, and room to move"},
    {"disruption", "a drained node should neither take all pods at once nor be stopped for ever"},
    {"spread", "pods that share a node or a zone fail with it"},
    {"rollout", "a rollout should never leave fewer pods than are wanted"},
};

bool is_rule(std::string_view name) {
  return std::any_of(std::begin(kRules), std::end(kRules),
                     [name](const LintRule &rule) { return rule.name == name; });
}

std::vector<Workload> workloads(std::span<const Object> objects) {
  std::vector<Workload> found;
  for (const Object &object : objects) {
    if (!kinds::is(object.kind, kinds::Kind::has_pods)) continue;
    YAML::Node pod = at(object.node, "spec", "template");
    if (object.kind == "Pod")
      pod = YAML::Clone(object.node);
    else if (object.kind == "CronJob")
      pod = YAML::Clone(at(object.node, "spec", "jobTemplate", "spec", "template"));
    Workload workload{&object, at(pod, "metadata", "labels"), at(pod, "spec"), {}, 0, false};
    for (const YAML::Node &container : items(at(workload.spec, "containers")))
      workload.containers.push_back(container);
    workload.main = workload.containers.size();
    for (const YAML::Node &container : items(at(workload.spec, "initContainers")))
      workload.containers.push_back(container);
    workload.serves = object.kind != "Job" && object.kind != "CronJob" && object.kind != "Pod";
    found.push_back(std::move(workload));
  }
  return found;
}

std::string label(const Object &object) { return object.kind + "/" + object.name; }

} // namespace

std::span<const LintRule> lint_rules() { return kRules; }

std::string_view word(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

std::string to_json(std::span<const Finding> findings) {
  YAML::Node list(YAML::NodeType::Sequence);
  for (const Finding &finding : findings) {
    YAML::Node item;
    item["severity"] = yaml::string(word(finding.severity));
    item["rule"] = yaml::string(finding.rule);
    item["object"] = yaml::string(finding.object);
    item["what"] = yaml::string(finding.what);
    list.push_back(item);
  }
  return yaml::to_json(list, 2) + "\n";
}

void Lint::error(std::string_view rule, const Object &object, const std::string &what) {
  const auto warnings = std::find_if(findings.begin(), findings.end(), [](const Finding &finding) {
    return finding.severity == Severity::warning;
  });
  findings.insert(warnings, {rule, Severity::error, label(object), what});
}
void Lint::warning(std::string_view rule, const Object &object, const std::string &what) {
  findings.push_back({rule, Severity::warning, label(object), what});
}

const Object *Lint::find(std::string_view kind, std::string_view name) const {
  for (const Object &object : objects)
    if (object.kind == kind && object.name == name) return &object;
  return nullptr;
}

bool selects(const YAML::Node &wanted, const YAML::Node &labels) {
  if (!wanted.IsDefined() || !wanted.IsMap()) return true;
  for (const auto &entry : wanted)
    if (const std::string value = text(at(labels, entry.first.Scalar().c_str()));
        value != text(entry.second))
      return false;
  return true;
}

std::string container_name(const YAML::Node &container) {
  return "container " + text(container, "name");
}

std::vector<Finding> lint(std::span<const Object> objects, const config::Config &config,
                          const std::vector<std::string> &allow) {
  Lint run{objects, config, workloads(objects), {}};
  for (auto *rules : {lint_pod_security, lint_running, lint_links, lint_network, lint_scale})
    rules(run);

  std::vector<std::pair<std::string, std::string>> allowed; // object (empty: all), rule
  const auto add = [&allowed](const std::string &place, const std::string &object,
                              const std::string &rule) {
    if (!is_rule(rule))
      throw Error(Exit::invalid, place + " names no rule: " + rule,
                  "hello lint --rules lists them");
    allowed.emplace_back(object, rule);
  };
  for (const std::string &rule : allow) add("--allow", "", rule);
  for (const YAML::Node &rule : config.node("lint.allow"))
    add(config.place("lint.allow"), "", text(rule));
  for (const Object &object : objects) {
    std::istringstream words(text(object.node, "metadata", "annotations", "hello/lint-allow"));
    for (std::string rule; words >> rule;)
      add(label(object) + ": hello/lint-allow", label(object), rule);
  }
  std::erase_if(run.findings, [&allowed](const Finding &finding) {
    return std::any_of(allowed.begin(), allowed.end(), [&finding](const auto &one) {
      return one.second == finding.rule && (one.first.empty() || one.first == finding.object);
    });
  });
  return run.findings;
}

} // namespace hello::manifest
