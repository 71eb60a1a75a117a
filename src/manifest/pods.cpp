#include "manifest/pods.h"

#include <algorithm>

#include <fmt/core.h>
#include <yaml-cpp/node/iterator.h>
#include <yaml-cpp/yaml.h>

#include "hello/text.h"
#include "hello/yaml.h"
#include "manifest/values.h"

namespace hello::manifest {
namespace {

using config::Config;

void put(YAML::Node &map, const char *key, const YAML::Node &value) {
  if (value.IsDefined() && !value.IsNull()) map.force_insert(key, YAML::Clone(value));
}

/// The names that `ports` may target.
bool is_port_of(const YAML::Node &containers, const std::string &name) {
  for (const YAML::Node &container : yaml::items(containers))
    for (const YAML::Node &port : yaml::items(yaml::at(container, {"ports"})))
      if (yaml::text(port, "name") == name) return true;
  return false;
}

void check_port(const Config &config, const YAML::Node &port) {
  const std::string name = yaml::text(port, "name"), target = yaml::text(port, "targetPort");
  if (name.empty() || yaml::text(port, "port").empty())
    refuse(config, "ports", "has an item without name or port",
           "{name: web, port: 8000, targetPort: web}");
  if (name == "http") refuse(config, "ports", "has a port http, which is hello's own");
  if (const YAML::Node allow = yaml::at(port, {"allowIngress"});
      allow.IsDefined() && yaml::kind_of(allow) != yaml::Scalar::boolean)
    refuse(config, "ports", fmt::format("{}: allowIngress is neither true nor false", name));
  const std::string &wanted = target.empty() ? name : target;
  if (!is_port_of(config.node("containers"), wanted) &&
      !is_port_of(config.node("initContainers"), wanted))
    refuse(config, "ports",
           fmt::format("{}: no container of your own has a port named {}", name, wanted),
           "containers: [{name: …, ports: [{name: " + wanted + ", containerPort: …}]}]");
}

/// The name of the container's port.
YAML::Node target_of(const YAML::Node &port) {
  const YAML::Node target = yaml::at(port, {"targetPort"});
  return yaml::string(yaml::text(target.IsDefined() ? target : yaml::at(port, {"name"})));
}

YAML::Node protocol_of(const YAML::Node &port) {
  const std::string protocol = yaml::text(port, "protocol");
  return yaml::string(protocol.empty() ? "TCP" : protocol);
}

void check_rule(const Config &config, const YAML::Node &rule) {
  if (yaml::text(rule, "host").empty())
    refuse(config, "ingress.rules", "has an item without host",
           "{host: www.example.com, paths: [/], secretName: www-tls}");
  const YAML::Node paths = yaml::at(rule, {"paths"});
  const auto all = yaml::items(paths);
  const bool good = std::all_of(all.begin(), all.end(), [](const YAML::Node &path) {
    return yaml::text(path).starts_with('/');
  });
  if (!good || (paths.IsDefined() && !paths.IsSequence()))
    refuse(
        config, "ingress.rules",
        fmt::format("{}: paths is no list of paths that begin with /", yaml::text(rule, "host")));
}

} // namespace

YAML::Node probe(const Config &config, std::string_view key, std::string_view path) {
  const YAML::Node given = config.node(key);
  if (given.size() == 0) return {};
  YAML::Node get(YAML::NodeType::Map), result(YAML::NodeType::Map);
  get.force_insert("path", yaml::string(path));
  get.force_insert("port", yaml::string("admin"));
  put(get, "httpHeaders", yaml::at(given, {"httpHeaders"}));
  result.force_insert("httpGet", get);
  for (const auto &entry : given) {
    const std::string &name = entry.first.Scalar();
    if (name == "httpHeaders") continue;
    if (yaml::kind_of(entry.second) != yaml::Scalar::integer)
      refuse(config, key, fmt::format("has a {} that is not a whole number", name));
    put(result, name.c_str(), entry.second);
  }
  return result;
}

YAML::Node service_ports(const Config &config) {
  YAML::Node list;
  for (const YAML::Node &port : config.node("ports")) {
    check_port(config, port);
    YAML::Node one(YAML::NodeType::Map);
    put(one, "name", yaml::at(port, {"name"}));
    put(one, "port", yaml::at(port, {"port"}));
    put(one, "targetPort", target_of(port));
    put(one, "protocol", protocol_of(port));
    put(one, "appProtocol", yaml::at(port, {"appProtocol"}));
    put(one, "nodePort", yaml::at(port, {"nodePort"}));
    list.push_back(one);
  }
  return list;
}

YAML::Node open_ports(const Config &config) {
  YAML::Node list;
  for (const YAML::Node &port : config.node("ports")) {
    if (yaml::text(port, "allowIngress") != "true") continue;
    YAML::Node one(YAML::NodeType::Map);
    put(one, "port", target_of(port));
    put(one, "protocol", protocol_of(port));
    list.push_back(one);
  }
  return list;
}

YAML::Node ingress_rules(const Config &config) {
  YAML::Node list;
  const YAML::Node backend = yaml::load("service: {name: x, port: {name: http}}", "backend");
  YAML::Node service = backend["service"];
  service["name"] = YAML::Clone(config.node("name"));
  for (const YAML::Node &rule : config.node("ingress.rules")) {
    check_rule(config, rule);
    YAML::Node paths(YAML::NodeType::Sequence);
    const YAML::Node given = yaml::at(rule, {"paths"});
    const YAML::Node all = given.size() > 0 ? given : *value(config, "ingressPaths");
    for (const YAML::Node &path : all) {
      YAML::Node one(YAML::NodeType::Map);
      put(one, "path", path);
      put(one, "pathType", config.node("ingress.pathType"));
      put(one, "backend", backend);
      paths.push_back(one);
    }
    YAML::Node one(YAML::NodeType::Map);
    put(one, "host", yaml::at(rule, {"host"}));
    one.force_insert("http", yaml::nested({"paths"}, paths));
    list.push_back(one);
  }
  return list;
}

YAML::Node ingress_tls(const Config &config) {
  YAML::Node list;
  for (const YAML::Node &rule : config.node("ingress.rules")) {
    YAML::Node secret = yaml::at(rule, {"secretName"});
    if (!secret.IsDefined()) secret.reset(*value(config, "tlsSecret"));
    if (secret.IsNull()) continue;
    YAML::Node one(YAML::NodeType::Map), hosts(YAML::NodeType::Sequence);
    hosts.push_back(YAML::Clone(yaml::at(rule, {"host"})));
    one.force_insert("hosts", hosts);
    put(one, "secretName", secret);
    list.push_back(one);
  }
  return list;
}

YAML::Node security(const Config &config, const char *member) {
  const YAML::Node found = yaml::at(config.node("securityContext"), {member});
  return found.IsDefined() ? found : YAML::Node();
}

YAML::Node pods_of(const std::string &ns) {
  return yaml::nested({"namespaceSelector", "matchLabels", "kubernetes.io/metadata.name"},
                      yaml::string(ns));
}

} // namespace hello::manifest
