// What is valid, and will be regretted.
#include <algorithm>

#include <fmt/core.h>

#include "hello/text.h"
#include "manifest/lint/rules.h"

namespace hello::manifest {
namespace {

/// What is wrong with a number of bytes, if it is: "128m" are an eighth of one, and "128" are 128.
std::optional<std::string> wrong_unit(const std::string &amount) {
  const auto size = text::Quantity::parse(amount);
  if (!size || *size >= *text::Quantity::parse("1Mi") || *size <= *text::Quantity::parse("0"))
    return std::nullopt;
  return fmt::format("{} is less than 1Mi: write {}Mi", amount,
                     amount.substr(0, amount.find_first_not_of("0123456789")));
}

void units(Lint &lint) {
  for (const Container &container : lint.containers)
    for (const char *level : {"requests", "limits"})
      for (const char *resource : {"memory", "ephemeral-storage"})
        if (const auto wrong = wrong_unit(text(container.node, "resources", level, resource)))
          lint.error(container, fmt::format("resources.{}.{}: {}", level, resource, *wrong));
  for (const Workload &work : lint.workloads)
    for (const YAML::Node &volume : items(at(work.spec, "volumes")))
      if (const auto wrong = wrong_unit(text(volume, "emptyDir", "sizeLimit")))
        lint.error(*work.object,
                   fmt::format("volume {}: sizeLimit: {}", text(volume, "name"), *wrong));
  for (const Object *claim : lint.all("PersistentVolumeClaim"))
    if (const auto wrong =
            wrong_unit(text(claim->node, "spec", "resources", "requests", "storage")))
      lint.error(*claim, "resources.requests.storage: " + *wrong);
  for (const Object *quota : lint.all("ResourceQuota"))
    for (const auto &entry : at(quota->node, "spec", "hard"))
      if (const std::string &key = entry.first.Scalar();
          key.ends_with("memory") || key.ends_with("storage"))
        if (const auto wrong = wrong_unit(entry.second.Scalar()))
          lint.error(*quota, fmt::format("hard.{}: {}", key, *wrong));
}

/// Pods of other objects, which the release's Service and Deployment would take for theirs.
void foreign_pods(Lint &lint) {
  for (const Workload &own : lint.workloads) {
    const YAML::Node selector = at(own.object->node, "spec", "selector", "matchLabels");
    if (!own.serves || selector.size() == 0) continue;
    for (const Workload &other : lint.workloads)
      if (&other != &own && other.object->ns == own.object->ns && selects(selector, other.labels))
        lint.error(*other.object,
                   fmt::format("its pods have the labels by which {}/{} selects its own: give them "
                               "other values of app.kubernetes.io/name",
                               own.object->kind, own.object->name));
  }
}

void shared_namespace(Lint &lint) {
  const std::string ns = lint.config.text("namespace.name");
  const Object *own = lint.find("Deployment", lint.config.text("name"));
  if (!own) return;
  if (ns.starts_with("kube-"))
    lint.error(*own, fmt::format("namespace {} is the cluster's own, and default-deny would close "
                                 "it: set `namespace: NAME`",
                                 ns));
  else if (ns == "default")
    lint.warning(*own, "namespace default is for what names none, and cannot be deleted: set "
                       "`namespace: NAME`");
}

/// Prefix and Exact take the path literally.
void literal_path(Lint &lint) {
  for (const Object *ingress : lint.all("Ingress"))
    for (const YAML::Node &rule : items(at(ingress->node, "spec", "rules")))
      for (const YAML::Node &one : items(at(rule, "http", "paths"))) {
        const std::string path = text(one, "path"), type = text(one, "pathType");
        if (type == "ImplementationSpecific" || path.find_first_of("()[]{}|*^$\\") == path.npos)
          continue;
        lint.warning(*ingress, fmt::format("path '{}' is a regular expression, which pathType {} "
                                           "matches as plain text: use ImplementationSpecific",
                                           path, type));
      }
}

/// Names of containers that the settings ask for.
std::vector<std::string> wanted_containers(const config::Config &config) {
  std::vector<std::string> names;
  for (const char *key : {"containers", "initContainers"})
    for (const YAML::Node &one : items(config.node(key))) names.push_back(text(one, "name"));
  const std::string sidecar = config.text("logging.sidecar");
  if (sidecar != "none") names.emplace_back(sidecar == "agent" ? "log-agent" : "access-log");
  return names;
}

void sidecar(Lint &lint) {
  for (const std::string &name : wanted_containers(lint.config)) {
    const Object *own = lint.find("Deployment", lint.config.text("name"));
    if (own && std::none_of(lint.containers.begin(), lint.containers.end(), [&](const auto &one) {
          return one.work->object == own && one.name == name;
        }))
      lint.error(*own, fmt::format("container {} of the settings is missing: a patch replaced the "
                                   "list; its `type: apply` keeps it",
                                   name));
  }
}

/// How long a probe lets a container start, in seconds.
std::int64_t time_of(const YAML::Node &probe) {
  const auto number = [&](const char *field, std::int64_t otherwise) {
    return text::integer(text(probe, field)).value_or(otherwise);
  };
  return number("initialDelaySeconds", 0) +
         number("periodSeconds", 10) * number("failureThreshold", 3);
}

/// A slow node, or a cold one, needs some seconds to start a container.
void start_time(Lint &lint) {
  constexpr std::int64_t kLeast = 10;
  for (const Container &container : lint.containers) {
    const YAML::Node startup = at(container.node, "startupProbe");
    const char *const name = startup.IsMap() ? "startupProbe" : "livenessProbe";
    const YAML::Node probe = at(container.node, name);
    if (!container.serves() || !probe.IsMap()) continue;
    const std::int64_t time = time_of(probe);
    if (time < kLeast)
      lint.warning(container,
                   fmt::format("{} restarts it if it is not up after {} s: allow {} s or more by "
                               "failureThreshold",
                               name, time, kLeast));
    const auto deadline =
        text::integer(text(container.work->object->node, "spec", "progressDeadlineSeconds"));
    if (startup.IsMap() && deadline && time >= *deadline)
      lint.warning(container,
                   fmt::format("startupProbe allows {} s, but progressDeadlineSeconds ends the "
                               "rollout after {} s",
                               time, *deadline));
  }
}

constexpr LintRule kRules[] = {
    {"units", "memory is counted in bytes: m is a thousandth of one, Mi a million", units},
    {"foreign-pods", "pods that another object's selector matches get its traffic, or are deleted",
     foreign_pods},
    {"shared-namespace",
     "in default and kube-system, policies and quotas apply to what other people run",
     shared_namespace},
    {"literal-path", "Prefix and Exact compare paths as plain text", literal_path},
    {"sidecar", "a patch that replaces a list drops containers that settings added", sidecar},
    {"start-time", "a probe that is tighter than the start restarts the pod forever", start_time},
};

} // namespace

std::span<const LintRule> regret_rules() { return kRules; }

} // namespace hello::manifest
