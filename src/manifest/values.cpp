#include "manifest/values.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "hello/embedded.h"
#include "hello/error.h"
#include "hello/names.h"
#include "hello/sha256.h"
#include "hello/template.h"
#include "hello/text.h"
#include "hello/yaml.h"
#include "manifest/environment.h"
#include "manifest/logging.h"
#include "manifest/metrics.h"
#include "manifest/pods.h"

namespace hello::manifest {
namespace {

using config::Config;

constexpr int kSlackSeconds = 5; // between the end of the drain and the kubelet's kill

std::string kube_minor(const Config &config) {
  std::string version = config.text("kubeVersion");
  if (version.starts_with('v')) version.erase(0, 1);
  return version.substr(0, version.find('.', version.find('.') + 1));
}

/// Kubernetes wants "3" as an integer and "30%" as a string.
YAML::Node count(const Config &config, std::string_view key) {
  if (!config.has(key)) return {};
  const std::string text = config.text(key);
  if (text.ends_with('%')) return yaml::string(text);
  const auto n = text::integer(text, 0, INT32_MAX); // what the API's IntOrString holds
  if (!n) refuse(config, key, "is too large a number");
  return yaml::integer(*n);
}

/// Always for an image from a registry, where a tag may be moved and access must be checked;
/// IfNotPresent for a bare local name. Source:
/// https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy
std::string pull_policy(const Config &config) {
  if (config.has("imagePullPolicy")) return config.text("imagePullPolicy");
  const std::string image = config.text("image");
  return image.find('@') != std::string::npos || image.find('/') != std::string::npos
             ? "Always"
             : "IfNotPresent";
}

std::int64_t seconds(const Config &config, std::string_view key) {
  return config.duration(key).count();
}

std::string comma_separated(const YAML::Node &list) {
  std::string out;
  for (const YAML::Node &item : list) out.append(out.empty() ? "" : ",").append(item.Scalar());
  return out;
}

/// How long a pod may take to end.
std::int64_t grace_seconds(const Config &config) {
  return seconds(config, "termination.preStop") + seconds(config, "termination.drainTimeout") +
         kSlackSeconds;
}

YAML::Node args(const Config &config) {
  YAML::Node list;
  const auto add = [&list](const std::string &arg) { list.push_back(yaml::string(arg)); };
  add("serve");
  // The sleep in preStop waits until the endpoints are gone; without it the server has to.
  add(fmt::format("--drain-delay={}s",
                  before_1_30(config) ? seconds(config, "termination.preStop") : 0));
  add(fmt::format("--drain-timeout={}s", seconds(config, "termination.drainTimeout")));
  // An image of 0.1 has no --log-format. Where it is named by a digest alone, hello cannot know:
  // logging.access: json, as 0.1 had it, gives 0.1's flags.
  const std::string access = config.text("logging.access"), format = config.text("logging.format");
  const bool old = has_old_form(config);
  add("--access-log=" + (old && access != "off" ? format : access));
  if (!old) add("--log-format=" + format);
  if (config.text("logging.sidecar") != "none") add("--access-log-file=/tmp/access.log");
  if (config.text("logging.sidecar") == "agent" && !old) add("--stderr-file=/tmp/stderr.log");
  if (const YAML::Node trusted = config.node("ingress.trustedProxies");
      config.text("expose") == "ingress" && trusted.size() > 0)
    add("--trusted-proxies=" + comma_separated(trusted));
  if (config.text("basePath") != "/") add("--base-path=" + config.text("basePath"));
  if (config.text("reload") == "live") add("--messages-file=/etc/hello/MESSAGES");
  if (config.boolean("echo.enabled")) add("--echo");
  if (config.boolean("drills.enabled")) {
    add("--drills");
    if (config.has("tmp.sizeLimit")) add("--temp-limit=" + config.text("tmp.sizeLimit"));
  }
  for (const YAML::Node &arg : config.node("args")) add(arg.Scalar());
  return list;
}

/// The liveness probe ends a container that no longer works, so there is nothing to wait for but
/// preStop. In the old form it stays as 0.1 had it: an upgrade restarts no pod.
YAML::Node liveness(const Config &config) {
  constexpr const char *kGrace = "terminationGracePeriodSeconds";
  YAML::Node result = probe(config, "probes.liveness", "/livez");
  if (result.IsMap() && !result[kGrace] && !has_old_form(config))
    result.force_insert(kGrace,
                        yaml::integer(seconds(config, "termination.preStop") + kSlackSeconds));
  return result;
}

YAML::Node messages(const Config &config) {
  const bool live = config.text("reload") == "live";
  const std::string text = config.text("messages");
  // One environment string: MAX_ARG_STRLEN less "MESSAGES=" and the final NUL. Source: execve(2)
  const std::size_t limit = live ? 512 << 10 : 131072 - sizeof "MESSAGES=";
  if (text.size() > limit)
    refuse(config, "messages",
           fmt::format("is {} bytes long, and {} can carry {}", text.size(),
                       live ? "a ConfigMap with reload: live" : "an environment variable", limit),
           live ? "" : "reload: live mounts the text as a file, up to 524288 bytes");
  if (text.find('\0') != std::string::npos)
    refuse(config, "messages", "has a NUL byte, which no environment can carry");
  if (const auto at = text::invalid_utf8(text); at != std::string::npos)
    refuse(config, "messages", fmt::format("is not UTF-8: byte {}", at));
  return yaml::string(text);
}

YAML::Node service_type(const Config &config) {
  const std::string expose = config.text("expose");
  if (expose == "loadBalancer") return yaml::string("LoadBalancer");
  return yaml::string(expose == "nodePort" ? "NodePort" : "ClusterIP");
}

/// An exposure's paths: the base path unless `key` names others.
YAML::Node paths(const Config &config, std::string_view key) {
  if (config.has(key)) return config.node(key);
  YAML::Node list;
  list.push_back(yaml::string(config.text("basePath")));
  return list;
}

YAML::Node tls_secret(const Config &config) {
  if (config.has("ingress.tls.secretName"))
    return yaml::string(config.text("ingress.tls.secretName"));
  if (config.has("ingress.tls.issuer") || config.has("ingress.tls.clusterIssuer"))
    return yaml::string(names::tls_secret(config.text("name")));
  return {};
}

/// Source: https://cert-manager.io/docs/usage/ingress/
YAML::Node ingress_annotations(const Config &config) {
  YAML::Node result = YAML::Clone(config.node("ingress.annotations"));
  for (const char *kind : {"clusterIssuer", "issuer"})
    if (const auto key = fmt::format("ingress.tls.{}", kind); config.has(key))
      result[kind == std::string_view("issuer") ? "cert-manager.io/issuer"
                                                : "cert-manager.io/cluster-issuer"] =
          yaml::string(config.text(key));
  return result;
}

/// The peers that may reach the public port; null: all. A selector matches pods only, so it cannot
/// let in load balancers, node ports and controllers in the host's network. Without an exposure
/// only pods of the cluster may. Source:
/// https://kubernetes.io/docs/concepts/services-networking/network-policies/
YAML::Node public_from(const Config &config) {
  const std::string expose = config.text("expose");
  YAML::Node from;
  if (expose == "loadBalancer" || expose == "nodePort") return from;
  if (config.has("networkPolicy.ingressNamespace"))
    from.push_back(pods_of(config.text("networkPolicy.ingressNamespace")));
  else if (expose == "none")
    from.push_back(yaml::nested({"namespaceSelector"}, YAML::Node(YAML::NodeType::Map)));
  return from;
}

YAML::Node egress(const Config &config) {
  YAML::Node rules(YAML::NodeType::Sequence);
  if (config.boolean("networkPolicy.dns"))
    rules.push_back(yaml::load(
        "to:\n"
        "- namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}\n"
        "  podSelector: {matchLabels: {k8s-app: kube-dns}}\n"
        "ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]\n",
        "DNS"));
  if (config.text("logging.sidecar") == "agent")
    for (const YAML::Node &rule : store_egress(config)) rules.push_back(rule);
  for (const YAML::Node &rule : config.node("networkPolicy.egress")) rules.push_back(rule);
  return rules;
}

/// Refuses the three labels that every object has: selectors need two of them, and the third would
/// be ignored.
YAML::Node labels(const Config &config) {
  const YAML::Node map = config.node("labels");
  for (const char *own : {"name", "instance", "managed-by"})
    if (const auto key = fmt::format("app.kubernetes.io/{}", own); map[key])
      refuse(config, "labels", fmt::format("has {}, which hello itself sets", key));
  return map;
}

YAML::Node service_annotations(const Config &config) {
  YAML::Node result = YAML::Clone(config.node("service.annotations"));
  if (config.text("expose") == "loadBalancer")
    for (const auto &entry : config.node("loadBalancer.annotations"))
      result[entry.first.Scalar()] = YAML::Clone(entry.second);
  return result;
}

YAML::Node spread_keys(const Config &) {
  YAML::Node keys;
  for (const char *key : {"kubernetes.io/hostname", "topology.kubernetes.io/zone"})
    keys.push_back(yaml::string(key));
  return keys;
}

YAML::Node service_account(const Config &config) {
  return config.node(config.has("serviceAccount.name") ? "serviceAccount.name" : "name");
}

/// A name that derives from the release's.
template <std::string (*of)(std::string_view)> YAML::Node named(const Config &config) {
  return yaml::string(of(config.text("name")));
}

constexpr std::string_view kCollector = "templates/logging/collector.yaml",
                           kSidecar = "templates/logging/sidecar.yaml",
                           kRules = "templates/metrics/rules.yaml",
                           kAgentRules = "templates/logging/rules.yaml",
                           kDashboard = "templates/metrics/dashboard.yaml";
using Derive = YAML::Node (*)(const Config &);
constexpr std::pair<std::string_view, Derive> kDerived[] = {
    {"args", args},
    {"env", environment},
    {"messages", messages},
    {"serviceAccountName", service_account},
    {"messageConfig", named<names::message_config>},
    {"logAgentConfig", named<names::log_agent>},
    {"deployer", named<names::deployer>},
    {"lease", named<names::lease>},
    {"serviceType", service_type},
    {"safeToEvict", [](const Config &c) { return yaml::boolean(marks_safe_to_evict(c)); }},
    {"sidecar", sidecar},
    {"sidecarConfig", [](const Config &c) { return yaml::string(collector_config(c, kSidecar)); }},
    {"sidecarChecksum",
     [](const Config &c) { return yaml::string(hex(sha256(collector_config(c, kSidecar)))); }},
    {"collectorConfig",
     [](const Config &c) { return yaml::string(collector_config(c, kCollector)); }},
    {"collectorChecksum",
     [](const Config &c) { return yaml::string(hex(sha256(collector_config(c, kCollector)))); }},
    {"ofNamespace", [](const Config &c) { return yaml::string(namespace_matchers(c)); }},
    {"ofRelease", [](const Config &c) { return yaml::string(release_matchers(c)); }},
    {"byLabels", [](const Config &c) { return yaml::string(by_labels(c)); }},
    {"joinLabels", [](const Config &c) { return yaml::string(join_labels(c)); }},
    {"wantsPods", wants_pods},
    {"mostPods", most_pods},
    {"cpuLimit", cpu_limit},
    {"rules", [](const Config &c) { return filled(c, kRules); }},
    {"rulesText", [](const Config &c) { return yaml::string(yaml::to_yaml(filled(c, kRules))); }},
    {"ofAgents",
     [](const Config &c) { return yaml::string(namespace_matchers(c, "logging.namespace")); }},
    {"agentRules", [](const Config &c) { return filled(c, kAgentRules); }},
    {"agentRulesText",
     [](const Config &c) { return yaml::string(yaml::to_yaml(filled(c, kAgentRules))); }},
    {"agentWait",
     [](const Config &c) {
       return before_1_30(c) ? YAML::Node() : yaml::integer(grace_seconds(c) - kSlackSeconds);
     }},
    {"panels", panels},
    {"dashboard",
     [](const Config &c) { return yaml::string(yaml::to_json(filled(c, kDashboard))); }},
    {"dashboardUid", dashboard_uid},
    {"logPaths", log_paths},
    {"storeEgress", store_egress},
    {"ingressPaths", [](const Config &c) { return paths(c, "ingress.paths"); }},
    {"gatewayPaths", [](const Config &c) { return paths(c, "gateway.paths"); }},
    {"tlsSecret", tls_secret},
    {"ingressAnnotations", ingress_annotations},
    {"publicFrom", public_from},
    {"egressRules", egress},
    {"spreadKeys", spread_keys},
    {"kubeMinor", [](const Config &c) { return yaml::string(kube_minor(c)); }},
    {"pullPolicy", [](const Config &c) { return yaml::string(pull_policy(c)); }},
    {"checksum", [](const Config &c) { return yaml::string(hex(sha256(c.text("messages")))); }},
    {"preStopSleep",
     [](const Config &c) {
       const auto sleep = seconds(c, "termination.preStop");
       return before_1_30(c) || sleep == 0 ? YAML::Node() : yaml::integer(sleep);
     }},
    {"gracePeriod", [](const Config &c) { return yaml::integer(grace_seconds(c)); }},
    {"service.annotations", service_annotations},
    {"servicePorts", service_ports},
    {"openPorts", open_ports},
    {"ingressRules", ingress_rules},
    {"ingressTls", ingress_tls},
    {"startupProbe", [](const Config &c) { return probe(c, "probes.startup", "/healthz"); }},
    {"readinessProbe", [](const Config &c) { return probe(c, "probes.readiness", "/readyz"); }},
    {"livenessProbe", liveness},
    {"runAsUser", [](const Config &c) { return security(c, "runAsUser"); }},
    {"runAsGroup", [](const Config &c) { return security(c, "runAsGroup"); }},
    {"labels", labels},
    {"strategy.maxSurge", [](const Config &c) { return count(c, "strategy.maxSurge"); }},
    {"strategy.maxUnavailable",
     [](const Config &c) { return count(c, "strategy.maxUnavailable"); }},
    {"podDisruptionBudget.minAvailable",
     [](const Config &c) { return count(c, "podDisruptionBudget.minAvailable"); }},
    {"podDisruptionBudget.maxUnavailable",
     [](const Config &c) { return count(c, "podDisruptionBudget.maxUnavailable"); }},
};

} // namespace

void refuse(const Config &config, std::string_view key, const std::string &why,
            const std::string &hint) {
  throw Error(Exit::invalid, config.place(key) + " " + why, hint);
}

int kube_minor_number(const Config &config) {
  const std::string version = kube_minor(config);
  return static_cast<int>(text::integer(version.substr(version.find('.') + 1)).value_or(0));
}

bool before_1_30(const Config &config) { return kube_minor(config) == "1.29"; }

std::optional<YAML::Node> value(const Config &config, std::string_view name) {
  for (const auto &[derived, derive] : kDerived)
    if (derived == name) return derive(config);
  const auto rows = config::settings();
  if (std::none_of(rows.begin(), rows.end(),
                   [name](const config::Setting &row) { return row.key == name; }))
    return std::nullopt;
  return config.has(name) ? config.node(name) : YAML::Node();
}

YAML::Node filled(const Config &config, std::string_view file,
                  std::vector<templates::Filled> *values) {
  const templates::Lookup lookup = [&config](std::string_view name) { return value(config, name); };
  try {
    if (const auto tree = yaml::load_simple(embedded(file)))
      return templates::instantiate(*tree, file, lookup, values);
  } catch (const templates::Twice &twice) {
    refuse(config, twice.name, fmt::format("has {}, which hello itself sets", twice.key));
  } catch (const Error &) { // load() gives the error its place
  }
  return templates::instantiate(yaml::load(embedded(file), file), file, lookup, values);
}

} // namespace hello::manifest
