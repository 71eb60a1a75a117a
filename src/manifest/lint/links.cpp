// What names what: duplicates, selectors, ports, references. A wrong name fails silently in
// Kubernetes.
#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "hello/names.h"
#include "manifest/lint/rules.h"
#include "manifest/logging.h"

namespace hello::manifest {
namespace {

/// The containers of a pod share its addresses: a Service's port leads to whichever listens.
void check_shared_ports(Lint &lint) {
  std::set<std::pair<const Workload *, std::string>> seen;
  for (const Container &container : lint.containers) {
    if (container.is_initial && text(container.node, "restartPolicy") != "Always") continue;
    std::set<std::string> own;
    for (const YAML::Node &port : items(at(container.node, "ports")))
      own.insert(text(port, "containerPort") +
                 (text(port, "protocol").empty() ? "/TCP" : "/" + text(port, "protocol")));
    for (const std::string &port : own)
      if (!seen.emplace(container.work, port).second)
        lint.error(container,
                   fmt::format("another container has port {}, too: only one can listen", port));
  }
}

void duplicate(Lint &lint) {
  check_shared_ports(lint);
  std::set<std::string> seen;
  for (const Object &object : lint.objects) {
    const std::string group = object.api_version.substr(0, object.api_version.find('/'));
    if (!seen.insert(fmt::format("{} {} {} {}", group, object.kind, object.ns, object.name)).second)
      lint.error(object, "is defined twice");
  }
  std::set<std::pair<const Workload *, std::string>> names;
  for (const Container &container : lint.containers)
    if (!names.emplace(container.work, container.name).second)
      lint.error(*container.work->object,
                 fmt::format("two containers are named {}", container.name));
  for (const Object *ingress : lint.all("Ingress")) {
    std::set<std::string> paths;
    for (const YAML::Node &rule : items(at(ingress->node, "spec", "rules")))
      for (const YAML::Node &path : items(at(rule, "http", "paths")))
        if (const auto address = text(rule, "host") + text(path, "path");
            !paths.insert(address).second)
          lint.error(*ingress, "two paths are " + address);
  }
}

/// A Service and a port of it, as an Ingress or HTTPRoute names them.
struct Backend {
  std::string service, port;
};

std::vector<Backend> backends(const Object &object) {
  std::vector<Backend> all;
  const auto rules = items(at(object.node, "spec", "rules"));
  if (object.kind == "Ingress")
    for (const YAML::Node &rule : rules)
      for (const YAML::Node &path : items(at(rule, "http", "paths"))) {
        const YAML::Node service = at(path, "backend", "service");
        const std::string port = text(service, "port", "name");
        all.push_back(
            {text(service, "name"), port.empty() ? text(service, "port", "number") : port});
      }
  if (object.kind == "HTTPRoute")
    for (const YAML::Node &rule : rules)
      for (const YAML::Node &ref : items(at(rule, "backendRefs")))
        all.push_back({text(ref, "name"), text(ref, "port")});
  return all;
}

/// ConfigMaps that a pod needs. Someone else may make them, so they are only warned about; Secrets
/// always come from elsewhere.
void pod_references(Lint &lint) {
  const auto need = [&](const Workload &work, const YAML::Node &ref) {
    const std::string name = text(ref, "name");
    if (!name.empty() && !is_true(ref, "optional") && !lint.find("ConfigMap", name))
      lint.warning(*work.object, fmt::format("ConfigMap/{} is not in the manifests", name));
  };
  for (const Workload &work : lint.workloads)
    for (const YAML::Node &volume : items(at(work.spec, "volumes")))
      need(work, at(volume, "configMap"));
  for (const Container &container : lint.containers) {
    for (const YAML::Node &variable : items(at(container.node, "env")))
      need(*container.work, at(variable, "valueFrom", "configMapKeyRef"));
    for (const YAML::Node &from : items(at(container.node, "envFrom")))
      need(*container.work, at(from, "configMapRef"));
  }
}

void reference(Lint &lint) {
  pod_references(lint);
  for (const Object *ingress : lint.all("Ingress")) {
    const auto rules = items(at(ingress->node, "spec", "rules"));
    if (rules.empty()) lint.error(*ingress, "has no rules");
    for (const YAML::Node &rule : rules)
      if (at(rule, "http", "paths").size() == 0)
        lint.error(*ingress, "a rule has no paths, so it routes nothing");
  }
  for (const Object &object : lint.objects)
    for (const auto &[service, port] : backends(object))
      if (!lint.find("Service", service))
        lint.error(object, fmt::format("Service/{} is not in the manifests", service));
  for (const Object *scaler : lint.all("HorizontalPodAutoscaler")) {
    const YAML::Node target = at(scaler->node, "spec", "scaleTargetRef");
    const std::string kind = text(target, "kind"), name = text(target, "name");
    const Object *found = lint.find(kind, name);
    if (!found || found->api_version != text(target, "apiVersion"))
      lint.error(*scaler, fmt::format("{}/{} is not in the manifests", kind, name));
  }
}

/// Which pods an object selects, and which of their ports it names.
struct Selection {
  YAML::Node selector;
  std::vector<std::string> ports;
};

Selection selection_of_service(const YAML::Node &spec) {
  Selection found{at(spec, "selector"), {}};
  for (const YAML::Node &port : items(at(spec, "ports"))) {
    const std::string target = text(port, "targetPort");
    found.ports.push_back(target.empty() ? text(port, "port") : target);
  }
  return found;
}

/// None for an object that selects no pods, or all of the namespace.
std::optional<Selection> selection_of(const Object &object) {
  const YAML::Node spec = at(object.node, "spec");
  if (object.kind == "Service") {
    if (text(spec, "type") == "ExternalName") return std::nullopt;
    return selection_of_service(spec);
  }
  if (object.kind == "PodDisruptionBudget" || object.kind == "PodMonitor") {
    Selection found{at(spec, "selector", "matchLabels"), {}};
    for (const YAML::Node &endpoint : items(at(spec, "podMetricsEndpoints")))
      found.ports.push_back(text(endpoint, "port"));
    return found;
  }
  if (object.kind != "NetworkPolicy") return std::nullopt;
  Selection found{at(spec, "podSelector", "matchLabels"), {}};
  if (!found.selector.IsDefined()) return std::nullopt;
  for (const YAML::Node &rule : items(at(spec, "ingress")))
    for (const YAML::Node &port : items(at(rule, "ports")))
      found.ports.push_back(text(port, "port"));
  return found;
}

/// The workload whose pods are selected; null if there is none.
const Workload *selected(const Lint &lint, const Object &object, const YAML::Node &selector) {
  if (!selector.IsDefined() || selector.size() == 0) return nullptr;
  for (const Workload &work : lint.workloads)
    if (work.object->ns == object.ns && selects(selector, work.labels)) return &work;
  return nullptr;
}

/// The selector must select exactly the pods of the workload: fewer labels would select others too.
void check_same_pods(Lint &lint, const Object &object, const YAML::Node &selector,
                     const Workload &work) {
  const YAML::Node own = at(work.object->node, "spec", "selector", "matchLabels");
  if (!selects(selector, work.labels) || !selects(own, selector))
    lint.error(object, fmt::format("a selector matches other pods than that of {}/{}",
                                   work.object->kind, work.object->name));
}

void check_own_selector(Lint &lint, const Workload &work) {
  const Object &object = *work.object;
  const YAML::Node selector = at(object.node, "spec", "selector", "matchLabels");
  if (work.serves && (selector.size() == 0 || !selects(selector, work.labels)))
    lint.error(object, "its selector does not match the labels of its own pods");
  for (const char *label : {"app.kubernetes.io/name", "app.kubernetes.io/instance"})
    if (selector.size() > 0 && lint.is_main(object) && text(selector, label).empty())
      lint.error(
          object,
          fmt::format("its selector lacks {}: it could match pods of other applications", label));
  for (const YAML::Node &spread : items(at(work.spec, "topologySpreadConstraints")))
    check_same_pods(lint, object, at(spread, "labelSelector", "matchLabels"), work);
}

void selector(Lint &lint) {
  for (const Workload &work : lint.workloads) check_own_selector(lint, work);
  for (const Object &object : lint.objects) {
    const auto selection = selection_of(object);
    if (!selection) continue;
    if (const Workload *work = selected(lint, object, selection->selector))
      check_same_pods(lint, object, selection->selector, *work);
    else
      lint.error(object, "its selector matches none of the pods in the manifests");
  }
}

bool has_port(const Lint &lint, const Workload &work, const std::string &port) {
  for (const Container &container : lint.containers)
    if (container.work == &work)
      for (const YAML::Node &own : items(at(container.node, "ports")))
        if (text(own, "name") == port || text(own, "containerPort") == port) return true;
  return false;
}

bool has_port(const Object &service, const std::string &port) {
  for (const YAML::Node &own : items(at(service.node, "spec", "ports")))
    if (text(own, "name") == port || text(own, "port") == port) return true;
  return false;
}

/// Ports that a pod names: of its probes, and for Prometheus.
void own_ports(Lint &lint) {
  for (const Container &container : lint.containers)
    for (const char *probe : {"startupProbe", "readinessProbe", "livenessProbe"}) {
      const std::string port = text(container.node, probe, "httpGet", "port");
      if (!port.empty() && !has_port(lint, *container.work, port))
        lint.error(container,
                   fmt::format("{} uses port {}, which no container declares", probe, port));
    }
  for (const Workload &work : lint.workloads) {
    const std::string port = text(work.object->node, "spec", "template", "metadata", "annotations",
                                  "prometheus.io/port");
    if (!port.empty() && !has_port(lint, work, port))
      lint.error(*work.object,
                 fmt::format("prometheus.io/port is {}, which no container declares", port));
  }
}

void port(Lint &lint) {
  own_ports(lint);
  for (const Object &object : lint.objects) {
    for (const auto &[name, port] : backends(object))
      if (const Object *service = lint.find("Service", name); service && !has_port(*service, port))
        lint.error(object, fmt::format("Service/{} has no port {}", name, port));
    const auto selection = selection_of(object);
    const Workload *work = selection ? selected(lint, object, selection->selector) : nullptr;
    if (!work) continue;
    for (const std::string &port : selection->ports)
      if (!has_port(lint, *work, port))
        lint.error(object, fmt::format("refers to port {}, which {}/{} does not declare", port,
                                       work->object->kind, work->object->name));
  }
}

/// The release that the container's hello_build_info names.
std::string named_release(const Container &container) {
  for (const YAML::Node &variable : items(at(container.node, "env")))
    if (text(variable, "name") == "HELLO_RELEASE") return text(variable, "value");
  return std::string(names::kDefault);
}

void release(Lint &lint) {
  for (const Container &container : lint.containers) {
    if (container.name != "hello" || !lint.is_main(*container.work->object)) continue;
    const std::string named = named_release(container);
    if (named != lint.config.text("name"))
      lint.error(container, fmt::format("HELLO_RELEASE makes hello_build_info name {}: rules and "
                                        "dashboard do not find these pods",
                                        named));
    else if (lint.config.text("metrics.rules") != "none" && !has_log_format(lint.config))
      lint.warning(container, "hello_build_info of an image of 0.1 names no release: metrics.rules "
                              "do not find these pods");
  }
}

constexpr LintRule kRules[] = {
    {"duplicate", "if two objects, containers or paths have the same name, one of them is lost",
     duplicate},
    {"reference", "every object that another one refers to must be there", reference},
    {"selector", "a selector that matches no pods, or too many, fails silently", selector},
    {"port", "a port must exist where it is used and where it is declared", port},
    {"release", "rules and dashboards find pods by the release that their metrics name", release},
};

} // namespace

std::span<const LintRule> link_rules() { return kRules; }

} // namespace hello::manifest
