// What names what: duplicates, selectors, ports, references. A wrong name fails silently in
// Kubernetes.
#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "manifest/lint.h"

namespace hello::manifest {
namespace {

void duplicates(Lint &lint) {
  std::set<std::string> seen;
  for (const Object &object : lint.objects) {
    const std::string group = object.api_version.substr(0, object.api_version.find('/'));
    if (!seen.insert(fmt::format("{} {} {} {}", group, object.kind, object.ns, object.name)).second)
      lint.error("duplicate", object, "is in the set twice");
  }
  for (const Workload &work : lint.workloads) {
    std::set<std::string> names;
    for (const YAML::Node &container : work.containers)
      if (!names.insert(text(container, "name")).second)
        lint.error("duplicate", *work.object, container_name(container) + " is there twice");
  }
}

bool has_port(const Workload &work, const std::string &port) {
  for (const YAML::Node &container : work.containers)
    for (const YAML::Node &own : items(at(container, "ports")))
      if (text(own, "name") == port || text(own, "containerPort") == port) return true;
  return false;
}

bool has_port(const Object &service, const std::string &port) {
  for (const YAML::Node &own : items(at(service.node, "spec", "ports")))
    if (text(own, "name") == port || text(own, "port") == port) return true;
  return false;
}

/// Whether `selector` selects the very pods of the workload: fewer labels would take in others as
/// well.
void same_pods(Lint &lint, const Object &object, const YAML::Node &selector, const Workload &work) {
  const YAML::Node own = at(work.object->node, "spec", "selector", "matchLabels");
  if (!selects(selector, work.labels) || !selects(own, selector))
    lint.error(
        "selector", object,
        fmt::format("a selector is not that of {}/{}", work.object->kind, work.object->name));
}

void own_links(Lint &lint, const Workload &work) {
  const Object &object = *work.object;
  const YAML::Node selector = at(object.node, "spec", "selector", "matchLabels");
  if (object.kind != "Pod" && object.kind != "Job" && object.kind != "CronJob" &&
      (selector.size() == 0 || !selects(selector, work.labels)))
    lint.error("selector", object, "its selector does not match its own pods");
  for (const char *label : {"app.kubernetes.io/name", "app.kubernetes.io/instance"})
    if (selector.size() > 0 && object.name == "hello" && text(selector, label).empty())
      lint.error("selector", object,
                 fmt::format("its selector lacks {}, and takes in others' pods", label));
  for (const YAML::Node &container : work.containers)
    for (const char *probe : {"startupProbe", "readinessProbe", "livenessProbe"}) {
      const std::string port = text(container, probe, "httpGet", "port");
      if (!port.empty() && !has_port(work, port))
        lint.error("port", object,
                   fmt::format("{}: {} asks port {}, which no container has",
                               container_name(container), probe, port));
    }
  const auto annotated =
      text(object.node, "spec", "template", "metadata", "annotations", "prometheus.io/port");
  if (!annotated.empty() && !has_port(work, annotated))
    lint.error("port", object,
               fmt::format("prometheus.io/port is {}, which no container has", annotated));
  for (const YAML::Node &spread : items(at(work.spec, "topologySpreadConstraints")))
    same_pods(lint, object, at(spread, "labelSelector", "matchLabels"), work);
}

/// Selectors of other objects, each of which must match a workload of the set, whose ports it then
/// may name.
void selectors(Lint &lint, const Object &object) {
  YAML::Node selector(YAML::NodeType::Undefined);
  std::vector<std::string> ports;
  if (object.kind == "Service") {
    selector.reset(at(object.node, "spec", "selector"));
    for (const YAML::Node &port : items(at(object.node, "spec", "ports")))
      ports.push_back(text(port, "targetPort").empty() ? text(port, "port")
                                                       : text(port, "targetPort"));
    if (text(object.node, "spec", "type") == "ExternalName") return;
  } else if (object.kind == "PodDisruptionBudget" || object.kind == "PodMonitor") {
    selector.reset(at(object.node, "spec", "selector", "matchLabels"));
    for (const YAML::Node &endpoint : items(at(object.node, "spec", "podMetricsEndpoints")))
      ports.push_back(text(endpoint, "port"));
  } else if (object.kind == "NetworkPolicy") {
    selector.reset(at(object.node, "spec", "podSelector", "matchLabels"));
    if (!selector.IsDefined()) return; // the whole namespace
    for (const YAML::Node &rule : items(at(object.node, "spec", "ingress")))
      for (const YAML::Node &port : items(at(rule, "ports"))) ports.push_back(text(port, "port"));
  } else
    return;
  const auto work =
      std::find_if(lint.workloads.begin(), lint.workloads.end(), [&](const Workload &candidate) {
        return candidate.object->ns == object.ns && selector.IsDefined() && selector.size() > 0 &&
               selects(selector, candidate.labels);
      });
  if (work == lint.workloads.end())
    return lint.error("selector", object, "selects no pod of the set");
  same_pods(lint, object, selector, *work);
  for (const std::string &port : ports)
    if (!has_port(*work, port))
      lint.error(
          "port", object,
          fmt::format("port {} is none of {}/{}", port, work->object->kind, work->object->name));
}

void backend(Lint &lint, const Object &object, const std::string &name, const std::string &port) {
  const Object *service = lint.find("Service", name);
  if (!service)
    lint.error("reference", object, fmt::format("Service/{} is not in the set", name));
  else if (!has_port(*service, port))
    lint.error("port", object, fmt::format("Service/{} has no port {}", name, port));
}

void references(Lint &lint, const Object &object) {
  std::set<std::string> paths;
  if (object.kind == "Ingress") {
    if (at(object.node, "spec", "rules").size() == 0)
      lint.error("reference", object, "has no rule");
    for (const YAML::Node &rule : items(at(object.node, "spec", "rules"))) {
      if (at(rule, "http", "paths").size() == 0)
        lint.error("reference", object, "a rule without paths leads nowhere");
      for (const YAML::Node &path : items(at(rule, "http", "paths"))) {
        const YAML::Node service = at(path, "backend", "service");
        const std::string port = text(service, "port", "name");
        backend(lint, object, text(service, "name"),
                port.empty() ? text(service, "port", "number") : port);
        if (!paths.insert(text(rule, "host") + text(path, "path")).second)
          lint.error("duplicate", object,
                     fmt::format("{}{} is there twice", text(rule, "host"), text(path, "path")));
      }
    }
  }
  if (object.kind == "HTTPRoute")
    for (const YAML::Node &rule : items(at(object.node, "spec", "rules")))
      for (const YAML::Node &ref : items(at(rule, "backendRefs")))
        backend(lint, object, text(ref, "name"), text(ref, "port"));
  if (object.kind == "HorizontalPodAutoscaler") {
    const YAML::Node target = at(object.node, "spec", "scaleTargetRef");
    const Object *found = lint.find(text(target, "kind"), text(target, "name"));
    if (!found || found->api_version != text(target, "apiVersion"))
      lint.error(
          "reference", object,
          fmt::format("{}/{} is not in the set", text(target, "kind"), text(target, "name")));
  }
}

/// ConfigMaps that a pod needs. Secrets are made elsewhere, and others' ConfigMaps may be: those
/// are only warned about.
void pod_references(Lint &lint, const Workload &work) {
  const auto need = [&](const YAML::Node &ref) {
    const std::string name = text(ref, "name");
    if (!name.empty() && !is_true(ref, "optional") && !lint.find("ConfigMap", name))
      lint.warning("reference", *work.object, fmt::format("ConfigMap/{} is not in the set", name));
  };
  for (const YAML::Node &volume : items(at(work.spec, "volumes"))) need(at(volume, "configMap"));
  for (const YAML::Node &container : work.containers) {
    for (const YAML::Node &variable : items(at(container, "env")))
      need(at(variable, "valueFrom", "configMapKeyRef"));
    for (const YAML::Node &from : items(at(container, "envFrom"))) need(at(from, "configMapRef"));
  }
}

} // namespace

void lint_links(Lint &lint) {
  duplicates(lint);
  for (const Workload &work : lint.workloads) {
    own_links(lint, work);
    pod_references(lint, work);
  }
  for (const Object &object : lint.objects) {
    selectors(lint, object);
    references(lint, object);
  }
}

} // namespace hello::manifest
