// Rules on network access: the namespace's labels, network policies, hosts.
#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "manifest/lint/rules.h"

namespace hello::manifest {
namespace {

bool both_ways(const YAML::Node &spec) {
  bool in = false, out = false;
  for (const YAML::Node &type : items(at(spec, "policyTypes")))
    (text(type) == "Ingress" ? in : out) = true;
  return in && out;
}

void namespaces(Lint &lint) {
  for (const Object *object : lint.all("Namespace")) {
    const YAML::Node labels = at(object->node, "metadata", "labels");
    for (const char *mode : {"enforce", "audit", "warn"}) {
      const std::string key = fmt::format("pod-security.kubernetes.io/{}", mode);
      if (text(labels, key.c_str()) != "restricted")
        lint.error(*object, fmt::format("label {} must be restricted", key));
      if (text(labels, (key + "-version").c_str()).empty())
        lint.warning(*object, fmt::format("label {}-version is missing", key));
    }
  }
}

/// Whether the policy closes all pods of its namespace both ways.
bool closes_all(const Object &policy) {
  const YAML::Node spec = at(policy.node, "spec");
  return both_ways(spec) && at(spec, "podSelector").IsMap() &&
         at(spec, "podSelector").size() == 0 && at(spec, "ingress").size() == 0 &&
         at(spec, "egress").size() == 0;
}

void default_deny(Lint &lint) {
  if (!lint.config.boolean("networkPolicy.enabled") ||
      !lint.config.boolean("networkPolicy.defaultDeny"))
    return;
  const auto policies = lint.all("NetworkPolicy");
  for (const Object *object : lint.all("Namespace"))
    if (std::none_of(policies.begin(), policies.end(), [&](const Object *policy) {
          return policy->ns == object->name && closes_all(*policy);
        }))
      lint.error(*object, "no NetworkPolicy denies all traffic by default");
}

/// The name of a port that a rule gives by number.
std::string port_name(const Lint &lint, const Workload &work, const std::string &port) {
  for (const Container &container : lint.containers)
    if (container.work == &work)
      for (const YAML::Node &own : items(at(container.node, "ports")))
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
      lint.error(policy, "an ingress rule lists no ports, so it opens all of them");
    for (const YAML::Node &port : items(at(rule, "ports"))) {
      const std::string name = port_name(lint, work, text(port, "port"));
      open.insert(name);
      if (name.empty())
        lint.error(policy, "an ingress rule has a port without a name or number");
      else if (name == "admin" && anyone(rule))
        lint.error(policy, "the admin port is open to every client");
      else if (name == "http" && anyone(rule) && lint.config.has("networkPolicy.ingressNamespace"))
        lint.error(policy, "the public port is open to more than networkPolicy.ingressNamespace");
    }
  }
  for (const YAML::Node &rule : items(at(spec, "egress")))
    if (at(rule, "to").size() == 0 && at(rule, "ports").size() == 0)
      lint.error(policy, "an egress rule allows all traffic");
}

/// What the policies say about the pods of a workload.
void check_pods(Lint &lint, const Workload &work) {
  bool closed = false;
  std::set<std::string> open;
  for (const Object *policy : lint.all("NetworkPolicy")) {
    const YAML::Node selector = at(policy->node, "spec", "podSelector", "matchLabels");
    if (policy->ns != work.object->ns || selector.size() == 0 || !selects(selector, work.labels))
      continue;
    closed = true;
    holes(lint, *policy, work, open);
  }
  if (!closed) {
    const std::string what = "no NetworkPolicy is specific to its pods";
    if (lint.config.boolean("networkPolicy.enabled"))
      lint.error(*work.object, what);
    else
      lint.warning(*work.object, what);
  } else if (lint.is_main(*work.object)) {
    if (!open.count("http"))
      lint.error(*work.object, "no NetworkPolicy allows traffic to the public port");
    if (!open.count("admin") && lint.config.text("metrics.scrape") != "none")
      lint.error(*work.object,
                 "no NetworkPolicy allows traffic to the admin port: metrics cannot be scraped");
  }
}

void network_policy(Lint &lint) {
  for (const Object *policy : lint.all("NetworkPolicy")) {
    const YAML::Node spec = at(policy->node, "spec");
    if (!both_ways(spec)) lint.error(*policy, "policyTypes must list both Ingress and Egress");
    if (at(spec, "podSelector", "matchLabels").size() == 0 &&
        (at(spec, "ingress").size() > 0 || at(spec, "egress").size() > 0))
      lint.error(*policy, "its rules apply to every pod of the namespace: set podSelector");
  }
  for (const Workload &work : lint.workloads) check_pods(lint, work);
}

void check_host(Lint &lint, const Object &object, const std::string &host) {
  if (host.empty())
    lint.error(object, "a rule without a host receives the requests of every host");
  else if (host.starts_with('*'))
    lint.error(object, "host " + host + " is a wildcard: list each host");
}

void host(Lint &lint) {
  for (const Object *ingress : lint.all("Ingress")) {
    if (at(ingress->node, "spec", "defaultBackend").IsDefined())
      lint.error(*ingress, "defaultBackend receives the requests of every host");
    for (const YAML::Node &rule : items(at(ingress->node, "spec", "rules")))
      check_host(lint, *ingress, text(rule, "host"));
  }
  for (const Object *route : lint.all("HTTPRoute")) {
    const auto hosts = items(at(route->node, "spec", "hostnames"));
    if (hosts.empty()) check_host(lint, *route, "");
    for (const YAML::Node &host : hosts) check_host(lint, *route, text(host));
  }
}

constexpr LintRule kRules[] = {
    {"host", "a rule with a wildcard or without a host receives other services' requests", host},
    {"namespace",
     "the namespace enforces, audits and warns by Pod Security restricted, at a fixed version",
     namespaces},
    {"default-deny", "pods that no NetworkPolicy selects accept all traffic", default_deny},
    {"network-policy", "each pod allows only the traffic it needs, in both directions",
     network_policy},
};

} // namespace

std::span<const LintRule> network_rules() { return kRules; }

} // namespace hello::manifest
