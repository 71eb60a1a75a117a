// What the API server demands of a field because of another one, or of a whole object.
#include <algorithm>
#include <set>

#include <fmt/core.h>
#include <yaml-cpp/node/iterator.h>

#include "hello/address.h"
#include "hello/text.h"
#include "manifest/lint/formats.h"
#include "manifest/lint/rules.h"
#include "manifest/types.h"

namespace hello::manifest {
namespace {

bool is_set(const YAML::Node &node) { return node.IsDefined() && !node.IsNull(); }

void check_probes(Lint &lint, const Container &container) {
  const bool ends = container.is_initial && text(container.node, "restartPolicy") != "Always";
  for (const char *probe : {"startupProbe", "readinessProbe", "livenessProbe", "lifecycle"})
    if (ends && is_set(at(container.node, probe)))
      lint.error(container, fmt::format("{}: only an init container with restartPolicy: Always "
                                        "may have it",
                                        probe));
  for (const char *probe : {"startupProbe", "livenessProbe"})
    if (const auto count = text::integer(text(container.node, probe, "successThreshold"));
        count.value_or(1) > 1)
      lint.error(container, fmt::format("{}.successThreshold must be 1", probe));
  if (is_set(at(container.node, "readinessProbe", "terminationGracePeriodSeconds")))
    lint.error(container, "readinessProbe.terminationGracePeriodSeconds is not allowed: only "
                          "the startup and liveness probes end a container");
}

/// The lists of a pod share their names.
void check_name(Lint &lint, const Container &container) {
  for (const Container &other : lint.containers)
    if (container.is_initial && !other.is_initial && other.work == container.work &&
        other.name == container.name)
      lint.error(container, "initContainers: one of containers has the same name");
}

void check_pod(Lint &lint, const Workload &work) {
  const Object &object = *work.object;
  for (const YAML::Node &volume : items(at(work.spec, "volumes"))) {
    std::size_t types = 0;
    for (const auto &entry : volume)
      // Without the feature gate ImageVolume the API server drops the image.
      if (const std::string &type = entry.first.Scalar();
          type != "name" && type != "image" && is_set(entry.second))
        ++types;
    if (types > 1) lint.error(object, "volume " + text(volume, "name") + " has more than one type");
  }
  if (!is_true(work.spec, "hostNetwork")) return;
  for (const YAML::Node &container : items(at(work.spec, "containers")))
    for (const YAML::Node &port : items(at(container, "ports")))
      if (const std::string on_host = text(port, "hostPort");
          !on_host.empty() && on_host != "0" && on_host != text(port, "containerPort"))
        lint.error(object, fmt::format("hostPort {} must be the containerPort: the pod has the "
                                       "network of its node",
                                       on_host));
}

/// An object that is too large does not come here: a file of settings is smaller.
void check_data(Lint &lint) {
  for (const Object *object : lint.all("ConfigMap"))
    for (const auto &entry : at(object->node, "binaryData"))
      if (at(object->node, "data", entry.first.Scalar().c_str()).IsDefined())
        lint.error(*object, "data and binaryData both have " + entry.first.Scalar());
}

/// What containers request is at most their limit, and their volumes are there.
void check_containers(Lint &lint) {
  for (const Container &container : lint.containers) {
    const YAML::Node limits = at(container.node, "resources", "limits");
    for (const auto &entry : at(container.node, "resources", "requests")) {
      const std::string &name = entry.first.Scalar();
      const YAML::Node most = at(limits, name.c_str()); // null is 0
      const auto request = text::Quantity::parse(text(entry.second)),
                 limit = text::Quantity::parse(most.IsNull() ? "0" : text(most));
      if (request && limit && *request > *limit)
        lint.error(container, fmt::format("requests.{} {} is more than its limit {}", name,
                                          text(entry.second), text(most)));
      else if (request && (is_counted(name) || name.starts_with("hugepages-")) && request != limit)
        lint.error(container, fmt::format("requests.{} must be equal to its limit", name));
    }
    std::set<std::string> known;
    for (const YAML::Node &volume : items(at(container.work->spec, "volumes")))
      known.insert(text(volume, "name"));
    for (const YAML::Node &claim :
         items(at(container.work->object->node, "spec", "volumeClaimTemplates")))
      known.insert(text(claim, "metadata", "name"));
    for (const char *list : {"volumeMounts", "volumeDevices"})
      for (const YAML::Node &mount : items(at(container.node, list)))
        if (const std::string name = text(mount, "name"); !name.empty() && !known.count(name))
          lint.error(container, fmt::format("{}: no volume is named {}", list, name));
  }
}

/// Whether an expression of a selector holds; others' operators are another finding.
bool matches(const YAML::Node &expression, const YAML::Node &labels) {
  const std::string how = text(expression, "operator");
  const YAML::Node label = at(labels, text(expression, "key").c_str());
  const auto values = items(at(expression, "values"));
  const bool is_listed =
      label.IsDefined() && std::any_of(values.begin(), values.end(), [&](const YAML::Node &one) {
        return text(one) == text(label);
      });
  if (how == "In") return is_listed;
  if (how == "NotIn") return !is_listed;
  if (how == "Exists") return label.IsDefined();
  return how != "DoesNotExist" || !label.IsDefined();
}

/// A workload's selector matches its own pods.
void check_selectors(Lint &lint) {
  for (const Workload &work : lint.workloads) {
    const std::string &kind = work.object->kind;
    if (kind == "CronJob" || kind == "Pod") continue;
    if (kind == "Job" && !is_true(work.object->node, "spec", "manualSelector")) continue;
    const YAML::Node wanted = at(work.object->node, "spec", "selector", "matchLabels");
    if (wanted.IsDefined() && !selects(wanted, work.labels))
      lint.error(*work.object, "spec.selector does not match the labels of its pods");
    const YAML::Node selector = at(work.object->node, "spec", "selector");
    for (const YAML::Node &one : items(at(selector, "matchExpressions")))
      if (!matches(one, work.labels))
        lint.error(*work.object, "spec.selector does not match the labels of its pods: " +
                                     text(one, "key") + " " + text(one, "operator"));
    if (kind != "Job" && selector.IsMap() && at(selector, "matchLabels").size() == 0 &&
        at(selector, "matchExpressions").size() == 0)
      lint.error(*work.object, "spec.selector is empty");
  }
}

void check_deployments(Lint &lint) {
  for (const Object *object : lint.all("Deployment")) {
    const auto ready = text::integer(text(object->node, "spec", "minReadySeconds"));
    const auto deadline = text::integer(text(object->node, "spec", "progressDeadlineSeconds"));
    if (ready.value_or(0) >= deadline.value_or(600))
      lint.error(*object, "spec.progressDeadlineSeconds must be greater than minReadySeconds");
  }
}

/// Whether `inner` is a part of `outer`, and not all of it. Wrong ones are another finding.
bool is_within(std::string_view inner, std::string_view outer) {
  const auto parsed = [](std::string_view cidr) {
    const auto address = sys::parse_ip(text::take(cidr, '/'));
    const auto bits = text::integer(cidr);
    return std::pair(address, bits.value_or(-1));
  };
  const auto [small, bits] = parsed(inner);
  const auto [large, most] = parsed(outer);
  if (!small || !large || bits < 0 || most < 0) return true;
  const auto a = small->ip(), b = large->ip();
  // ::ffff:10.0.0.0 is an address of both families.
  if (small->any.sa_family != large->any.sa_family) return std::equal(&a[0], &a[12], &b[0]);
  if (bits <= most) return false;
  const auto shared = static_cast<std::size_t>(most + (small->any.sa_family == AF_INET ? 96 : 0));
  for (std::size_t bit = 0; bit < shared; ++bit)
    if (((a[bit / 8] ^ b[bit / 8]) >> (7 - bit % 8)) & 1) return false;
  return true;
}

void check_peer(Lint &lint, const Object &policy, const YAML::Node &peer) {
  const YAML::Node block = at(peer, "ipBlock");
  const bool selects_pods =
      is_set(at(peer, "podSelector")) || is_set(at(peer, "namespaceSelector"));
  if (!is_set(block) && !selects_pods)
    lint.error(policy, "a peer needs podSelector, namespaceSelector or ipBlock");
  if (is_set(block) && selects_pods) lint.error(policy, "a peer has ipBlock beside a selector");
  for (const YAML::Node &hole : items(at(block, "except")))
    if (!is_within(text(hole), text(block, "cidr")))
      lint.error(policy, fmt::format("ipBlock.except {} is not a part of {}", text(hole),
                                     text(block, "cidr")));
}

void check_policies(Lint &lint) {
  for (const Object *policy : lint.all("NetworkPolicy"))
    for (const auto &[rules, peers] : {std::pair("ingress", "from"), std::pair("egress", "to")})
      for (const YAML::Node &rule : items(at(policy->node, "spec", rules))) {
        for (const YAML::Node &peer : items(at(rule, peers))) check_peer(lint, *policy, peer);
        for (const YAML::Node &port : items(at(rule, "ports"))) {
          const auto last = text::integer(text(port, "endPort"));
          const auto first = text::integer(text(port, "port"));
          if (last && (!first || *last < *first))
            lint.error(*policy, "endPort needs a port by number that is not above it");
        }
      }
}

void check_paths(Lint &lint) {
  for (const Object *ingress : lint.all("Ingress"))
    for (const YAML::Node &rule : items(at(ingress->node, "spec", "rules")))
      for (const YAML::Node &one : items(at(rule, "http", "paths"))) {
        const std::string path = text(one, "path"), type = text(one, "pathType");
        if (type == "ImplementationSpecific") continue;
        for (const std::string_view bad : {"//", "/./", "/../", "%2f", "%2F"})
          if (path.find(bad) != path.npos)
            lint.error(*ingress, fmt::format("path '{}' must not contain {}", path, bad));
        if (path.ends_with("/.") || path.ends_with("/.."))
          lint.error(*ingress, fmt::format("path '{}' must not end with /. or /..", path));
      }
}

void check_behavior(Lint &lint) {
  for (const Object *scaler : lint.all("HorizontalPodAutoscaler"))
    for (const char *way : {"scaleUp", "scaleDown"})
      if (const YAML::Node list = at(scaler->node, "spec", "behavior", way, "policies");
          list.IsSequence() && list.size() == 0)
        lint.error(*scaler, fmt::format("spec.behavior.{}.policies is empty", way));
}

/// What is wrong with an object's name; empty: nothing.
std::string name_mistake(const Object &object) {
  const std::string &name = object.name;
  if (object.api_version.starts_with("rbac.authorization.k8s.io/") ||
      object.kind == "PodDisruptionBudget")
    return name == "." || name == ".." || name.find_first_of("/%") != name.npos
               ? fmt::format("'{}' has a character that names of this kind may not have", name)
               : "";
  const bool label =
      object.kind == "Service" || object.kind == "Namespace" || object.kind == "StatefulSet";
  if (object.kind == "Service" && !name.empty() && name[0] >= '0' && name[0] <= '9')
    return fmt::format("'{}' must begin with a letter", name);
  constexpr std::size_t kMostOfCronJob = 52; // its Jobs' names have 11 more
  if (object.kind == "CronJob" && name.size() > kMostOfCronJob)
    return fmt::format("'{}' has more than 52 characters", name);
  return format_mistake(name, label ? "label" : "subdomain");
}

/// Source: apimachinery's ValidateAnnotations
void check_annotations(Lint &lint, const Object &object, const YAML::Node &metadata) {
  constexpr std::size_t kMost = 256 * 1024;
  std::size_t bytes = 0;
  for (const auto &entry : at(metadata, "annotations"))
    bytes += entry.first.Scalar().size() + text(entry.second).size();
  if (bytes > kMost)
    lint.error(object,
               fmt::format("metadata.annotations: {} bytes are more than {}", bytes, kMost));
}

void check_metadata(Lint &lint) {
  for (const Object &object : lint.objects) {
    check_annotations(lint, object, at(object.node, "metadata"));
    check_annotations(lint, object, at(object.node, "spec", "template", "metadata"));
    check_annotations(lint, object,
                      at(object.node, "spec", "jobTemplate", "spec", "template", "metadata"));
    if (!types::of_kind(object.api_version, object.kind).is_known()) continue;
    if (const std::string wrong = name_mistake(object); !wrong.empty())
      lint.error(object, "metadata.name: " + wrong);
  }
}

void check_schedules(Lint &lint) {
  for (const Object *job : lint.all("CronJob")) {
    const std::string schedule = text(job->node, "spec", "schedule");
    if (schedule.empty()) continue;
    if (const std::string wrong = format_mistake(schedule, "cron"); !wrong.empty())
      lint.error(*job, "spec.schedule: " + wrong);
  }
}

/// preStop sleeps no longer than the pod has to end.
void check_sleep(Lint &lint) {
  constexpr std::int64_t kDefault = 30; // Kubernetes' own
  for (const Container &container : lint.containers) {
    const auto sleep =
        text::integer(text(container.node, "lifecycle", "preStop", "sleep", "seconds"));
    const auto grace = text::integer(text(container.work->spec, "terminationGracePeriodSeconds"));
    if (sleep && *sleep > grace.value_or(kDefault))
      lint.error(container,
                 fmt::format("preStop sleeps {} s, and terminationGracePeriodSeconds is {}", *sleep,
                             grace.value_or(kDefault)));
  }
}

void check_scalers(Lint &lint) {
  for (const Object *scaler : lint.all("HorizontalPodAutoscaler")) {
    const auto least = text::integer(text(scaler->node, "spec", "minReplicas"));
    const auto most = text::integer(text(scaler->node, "spec", "maxReplicas"));
    if (least && most && *least > *most)
      lint.error(*scaler, "spec.minReplicas is more than spec.maxReplicas");
  }
}

} // namespace

void check_pairs(Lint &lint) {
  for (const Container &container : lint.containers) {
    check_probes(lint, container);
    check_name(lint, container);
  }
  for (const Workload &work : lint.workloads) {
    check_pod(lint, work);
  }
  check_containers(lint);
  check_selectors(lint);
  check_sleep(lint);
  check_data(lint);
  check_scalers(lint);
  check_deployments(lint);
  check_policies(lint);
  check_paths(lint);
  check_behavior(lint);
  check_metadata(lint);
  check_schedules(lint);
}

} // namespace hello::manifest
