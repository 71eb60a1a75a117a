#include <algorithm>

#include <fmt/core.h>

#include "hello/address.h"
#include "hello/load_job.h"
#include "hello/text.h"
#include "load/job/job.h"

namespace hello::load {
namespace {

using json::Value;

constexpr std::string_view kNamespaceName = "kubernetes.io/metadata.name";

Value labels(std::string_view key, std::string_view value) {
  Value selector;
  selector["matchLabels"][key] = json::string(value);
  return selector;
}

/// "a=b,c=d"
std::string selector_text(const Value &labels) {
  std::string text;
  for (const json::Member &one : labels.members())
    text += (text.empty() ? "" : ",") + one.key + "=" + std::string(one.value.text());
  return text;
}

bool has_text(const Value &list, std::string_view text, std::string_view key = "") {
  return std::any_of(list.items().begin(), list.items().end(), [&](const Value &one) {
    return (key.empty() ? one.text() : one.at(key).text()) == text;
  });
}

/// Reads the pods' labels, and the number of a port that has a name.
void look_at_pods(kube::Cluster &cluster, const std::string &selector, const std::string &ip,
                  Destination &found) {
  const auto failure = cluster.list({"v1", "Pod", found.ns, selector}, [&](Value &&pod) {
    if (!ip.empty() && !has_text(pod.at("status", "podIPs"), ip, "ip")) return;
    found.labels = pod.at("metadata", "labels");
    for (const Value &container : pod.at("spec", "containers").items())
      for (const Value &port : container.at("ports").items()) {
        if (found.port.is_string() && port.text("name") == found.port.text())
          found.port = port.at("containerPort");
        if (port.at("containerPort").text() == found.port.text())
          found.port_name = port.text("name");
      }
  });
  if (failure) throw kube::explain(*failure, "list the pods behind the URL", cluster.access());
}

void go_to_service(kube::Cluster &cluster, const Value &service, int port, Destination &found) {
  const std::string name = service.text("metadata", "name");
  found.ns = service.text("metadata", "namespace");
  found.text = fmt::format("Service/{} in {}", name, found.ns);
  found.is_own = name == cluster.access().release && found.ns == cluster.access().ns;
  const Value &selector = service.at("spec", "selector");
  if (selector.members().empty())
    throw Error(Exit::usage, found.text + " selects no pods", "write an address instead");
  std::string ports;
  for (const Value &one : service.at("spec", "ports").items()) {
    ports += fmt::format("{}{}", ports.empty() ? "" : ", ", one.at("port").number());
    if (one.at("port").number() != port) continue;
    const Value *target = one.find("targetPort");
    found.port = target ? *target : one.at("port");
  }
  if (found.port.is_null())
    throw Error(Exit::usage, fmt::format("{} has no port {}", found.text, port),
                "its ports: " + ports);
  if (found.port.is_string()) found.port_name = found.port.text();
  found.peer["podSelector"]["matchLabels"] = selector;
  found.peer["namespaceSelector"] = labels(kNamespaceName, found.ns);
  found.labels = selector;
  look_at_pods(cluster, selector_text(selector), "", found);
}

void go_to_address(kube::Cluster &cluster, const sys::Address &address, int port,
                   Destination &found) {
  const kube::Access &access = cluster.access();
  const std::string ip = sys::ip_text(address);
  if (ip == "::1" || ip.starts_with("127."))
    throw Error(Exit::usage, fmt::format("{} would be the Job's own pod", ip),
                fmt::format("ask the Service: http://{}/", access.release));
  if (const auto own = cluster.read({"v1", "Service", access.ns, access.release});
      own && has_text(own->at("spec", "clusterIPs"), ip))
    return go_to_service(cluster, *own, port, found);
  found.text = ip;
  found.port = json::integer(port);
  found.peer["ipBlock"]["cidr"] =
      json::string(ip + (address.any.sa_family == AF_INET6 ? "/128" : "/32"));
  found.ns = access.ns;
  look_at_pods(cluster, names::pods_selector(access.release), ip, found);
  found.is_own = !found.labels.is_null();
  if (!found.is_own) found.ns.clear();
}

/// Whether a label selector chooses what has these labels.
bool selects(const Value &selector, const Value &labels) {
  for (const json::Member &one : selector.at("matchLabels").members())
    if (const Value *value = labels.find(one.key); !value || value->text() != one.value.text())
      return false;
  for (const Value &one : selector.at("matchExpressions").items()) {
    const Value *value = labels.find(one.at("key").text());
    const std::string_view how = one.at("operator").text();
    const bool listed = value && has_text(one.at("values"), value->text());
    if (how == "In" && !listed) return false;
    if (how == "NotIn" && listed) return false;
    if (how == "Exists" && !value) return false;
    if (how == "DoesNotExist" && value) return false;
  }
  return true;
}

bool has_port(const Value &rule, const Destination &to) {
  const auto &ports = rule.at("ports").items();
  return ports.empty() || std::any_of(ports.begin(), ports.end(), [&](const Value &one) {
           const Value &port = one.at("port");
           const Value *protocol = one.find("protocol");
           if (protocol && protocol->text() != "TCP") return false;
           if (port.is_null()) return true;
           if (port.is_string()) return port.text() == to.port_name;
           const std::int64_t wanted = to.port.number(), from = port.number();
           return wanted >= from && wanted <= one.at("endPort").number(from);
         });
}

/// Who asks, as policies see it.
struct Asker {
  std::string ns;
  Value labels, ns_labels;
};

bool has_peer(const Value &rule, const Destination &to, const Asker &asker) {
  const auto &peers = rule.at("from").items();
  return peers.empty() || std::any_of(peers.begin(), peers.end(), [&](const Value &one) {
           if (one.find("ipBlock")) return true;
           const Value *spaces = one.find("namespaceSelector");
           const Value *pods = one.find("podSelector");
           if (spaces ? !selects(*spaces, asker.ns_labels) : asker.ns != to.ns) return false;
           return !pods || selects(*pods, asker.labels);
         });
}

bool concerns(const Value &policy, const Destination &to) {
  const Value *types = policy.at("spec").find("policyTypes");
  return (!types || has_text(*types, "Ingress")) &&
         selects(policy.at("spec", "podSelector"), to.labels);
}

} // namespace

Destination find_destination(kube::Cluster &cluster, const sys::HttpUrl &url) {
  Destination found;
  if (const auto address = sys::parse_ip(url.host)) {
    go_to_address(cluster, *address, url.port, found);
    return found;
  }
  const auto parts = text::split(url.host, '.');
  const std::string ns(parts.size() > 1 ? parts[1] : std::string_view(cluster.access().ns));
  const auto not_there = [&] {
    return Error(Exit::usage,
                 fmt::format("{} is neither an address nor a Service of the cluster", url.host),
                 fmt::format("the release's own: http://{}/", cluster.access().release));
  };
  if (parts.size() > 2 && parts[2] != "svc") throw not_there();
  const auto service = cluster.read({"v1", "Service", ns, std::string(parts[0])});
  if (!service && service.failure().absent()) throw not_there();
  if (!service) throw kube::explain(service.failure(), "read the Service", cluster.access());
  found.needs_dns = true;
  go_to_service(cluster, *service, url.port, found);
  return found;
}

void check_admission(kube::Cluster &cluster, const Destination &destination) {
  if (destination.ns.empty()) return;
  Asker asker{cluster.access().ns, {}, {}};
  asker.labels[names::kName] = json::string(kJobName);
  if (const auto own = cluster.read({"v1", "Namespace", "", asker.ns}))
    asker.ns_labels = own->at("metadata", "labels");
  asker.ns_labels[kNamespaceName] = json::string(asker.ns);
  std::string closed;
  bool open = false;
  const auto failure =
      cluster.list({"networking.k8s.io/v1", "NetworkPolicy", destination.ns}, [&](Value &&policy) {
        if (!concerns(policy, destination)) return;
        closed += (closed.empty() ? "" : ", ") + policy.text("metadata", "name");
        for (const Value &rule : policy.at("spec", "ingress").items())
          open |= has_port(rule, destination) && has_peer(rule, destination, asker);
      });
  if (failure) throw kube::explain(*failure, "list the NetworkPolicies", cluster.access());
  if (open || closed.empty()) return;
  throw Error(Exit::cluster,
              fmt::format("{} does not admit pods with the label {}: NetworkPolicy {}",
                          destination.text, selector_text(asker.labels), closed),
              "nothing was changed; add a NetworkPolicy that admits them, or load from a machine "
              "that it admits");
}

} // namespace hello::load
