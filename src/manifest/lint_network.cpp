// Who may reach whom: the namespace's labels, network policies, hosts.
#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "manifest/lint.h"

namespace hello::manifest {
namespace {

bool both_ways(const YAML::Node &spec) {
  bool in = false, out = false;
  for (const YAML::Node &type : items(at(spec, "policyTypes")))
    (text(type) == "Ingress" ? in : out) = true;
  return in && out;
}

void namespaces(Lint &lint, const Object &object) {
  const YAML::Node labels = at(object.node, "metadata", "labels");
  for (const char *mode : {"enforce", "audit", "warn"}) {
    const std::string key = fmt::format("pod-security.kubernetes.io/{}", mode);
    if (text(labels, key.c_str()) != "restricted")
      lint.error("namespace", object, fmt::format("label {} is not restricted", key));
    if (text(labels, (key + "-version").c_str()).empty())
      lint.warning("namespace", object, fmt::format("label {}-version is missing", key));
  }
  if (!lint.config.boolean("networkPolicy.enabled") ||
      !lint.config.boolean("networkPolicy.defaultDeny"))
    return;
  const bool closed =
      std::any_of(lint.objects.begin(), lint.objects.end(), [&object](const Object &policy) {
        const YAML::Node spec = at(policy.node, "spec");
        return policy.kind == "NetworkPolicy" && policy.ns == object.name && both_ways(spec) &&
               at(spec, "podSelector").IsMap() && at(spec, "podSelector").size() == 0 &&
               at(spec, "ingress").size() == 0 && at(spec, "egress").size() == 0;
      });
  if (!closed)
    lint.error("default-deny", object, "no NetworkPolicy closes all of its pods both ways");
}

/// The number of a port that a rule names, as the workload knows it.
std::string port_name(const Workload &work, const std::string &port) {
  for (const YAML::Node &container : work.containers)
    for (const YAML::Node &own : items(at(container, "ports")))
      if (text(own, "containerPort") == port) return text(own, "name");
  return port;
}

/// Whether a rule lets in pods of every namespace, or addresses of any kind.
bool anyone(const YAML::Node &rule) {
  const YAML::Node from = at(rule, "from");
  return from.size() == 0 || std::any_of(from.begin(), from.end(), [](const auto &peer) {
           const YAML::Node wide = at(peer, "namespaceSelector");
           return peer.size() == 0 ||
                  (wide.IsDefined() && at(wide, "matchLabels").size() == 0 &&
                   at(wide, "matchExpressions").size() == 0 && peer.size() == 1);
         });
}

void holes(Lint &lint, const Object &policy, const Workload &work, std::set<std::string> &open) {
  const YAML::Node spec = at(policy.node, "spec");
  for (const YAML::Node &rule : items(at(spec, "ingress"))) {
    if (at(rule, "ports").size() == 0)
      lint.error("network-policy", policy, "a hole without ports: every port is open");
    for (const YAML::Node &port : items(at(rule, "ports"))) {
      const std::string name = port_name(work, text(port, "port"));
      open.insert(name);
      if (name.empty())
        lint.error("network-policy", policy, "a hole without a port's name or number");
      else if (name == "admin" && anyone(rule))
        lint.error("network-policy", policy, "the admin port is open to anyone");
      else if (name == "http" && anyone(rule) && lint.config.has("networkPolicy.ingressNamespace"))
        lint.error("network-policy", policy,
                   "the public port is open to others than networkPolicy.ingressNamespace");
    }
  }
  for (const YAML::Node &rule : items(at(spec, "egress")))
    if (at(rule, "to").size() == 0 && at(rule, "ports").size() == 0)
      lint.error("network-policy", policy, "lets everything out");
}

void policies(Lint &lint, const Workload &work) {
  bool closed = false;
  std::set<std::string> open;
  for (const Object &policy : lint.objects) {
    const YAML::Node selector = at(policy.node, "spec", "podSelector", "matchLabels");
    if (policy.kind != "NetworkPolicy" || policy.ns != work.object->ns || selector.size() == 0 ||
        !selects(selector, work.labels))
      continue;
    closed = true;
    holes(lint, policy, work, open);
  }
  if (!closed) {
    const std::string what = "no NetworkPolicy of its own closes its pods";
    if (lint.config.boolean("networkPolicy.enabled"))
      lint.error("network-policy", *work.object, what);
    else
      lint.warning("network-policy", *work.object, what);
  } else if (work.object->name == "hello") {
    if (!open.count("http"))
      lint.error("network-policy", *work.object,
                 "no hole for the public port: nobody can reach it");
    if (!open.count("admin") && lint.config.text("metrics.scrape") != "none")
      lint.error("network-policy", *work.object,
                 "no hole for the admin port: it cannot be scraped");
  }
}

/// What each policy says by itself.
void policy(Lint &lint, const Object &object) {
  const YAML::Node spec = at(object.node, "spec");
  if (!both_ways(spec))
    lint.error("network-policy", object,
               "closes one way only: policyTypes lacks Ingress or Egress");
  if (at(spec, "podSelector", "matchLabels").size() == 0 &&
      (at(spec, "ingress").size() > 0 || at(spec, "egress").size() > 0))
    lint.error("network-policy", object, "opens its holes in every pod of the namespace");
}

void hosts(Lint &lint, const Object &object) {
  const auto check = [&](const std::string &host) {
    if (host.empty())
      lint.error("host", object, "a rule without a host takes every host's requests");
    else if (host.starts_with('*'))
      lint.error("host", object, "wildcard host " + host);
  };
  if (object.kind == "Ingress") {
    if (at(object.node, "spec", "defaultBackend").IsDefined())
      lint.error("host", object, "a defaultBackend takes every host's requests");
    for (const YAML::Node &rule : items(at(object.node, "spec", "rules")))
      check(text(rule, "host"));
  }
  if (object.kind == "HTTPRoute") {
    if (at(object.node, "spec", "hostnames").size() == 0) check("");
    for (const YAML::Node &host : items(at(object.node, "spec", "hostnames"))) check(text(host));
  }
}

} // namespace

void lint_network(Lint &lint) {
  for (const Object &object : lint.objects) {
    if (object.kind == "Namespace") namespaces(lint, object);
    if (object.kind == "NetworkPolicy") policy(lint, object);
    hosts(lint, object);
  }
  for (const Workload &work : lint.workloads) policies(lint, work);
}

} // namespace hello::manifest
