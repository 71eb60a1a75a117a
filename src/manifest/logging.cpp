#include "manifest/logging.h"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "hello/address.h"
#include "hello/text.h"
#include "hello/yaml.h"
#include "manifest/pods.h"
#include "manifest/values.h"

namespace hello::manifest {
namespace {

using config::Config;

/// The namespace in "store.logs.svc" or "store.logs.svc.cluster.local"; empty: the host is outside
/// the cluster.
std::string cluster_namespace(const std::string &host) {
  const std::size_t first = host.find('.'), second = host.find('.', first + 1);
  if (first == host.npos || second == host.npos) return "";
  const std::string rest = host.substr(second + 1);
  return rest == "svc" || rest.starts_with("svc.") ? host.substr(first + 1, second - first - 1)
                                                   : "";
}

} // namespace

std::string collector_config(const Config &config, std::string_view file) {
  return yaml::to_yaml(filled(config, file));
}

YAML::Node sidecar(const Config &config) {
  if (config.text("logging.sidecar") == "agent")
    return filled(config, "templates/logging/agent-container.yaml");
  YAML::Node container = filled(config, "templates/logging/stream-container.yaml");
  const std::string format = config.text("logging.format");
  if (format != "json" && has_log_format(config))
    container["args"].push_back(yaml::string("--log-format=" + format));
  return container;
}

bool has_old_form(const Config &config) {
  const std::string access = config.text("logging.access");
  return access == "json" || access == "text" || !has_log_format(config);
}

bool marks_safe_to_evict(const Config &config) {
  return !has_old_form(config) && !config.node("podAnnotations")[kSafeToEvict];
}

bool has_log_format(const Config &config) {
  const std::string image = config.text("image");
  const std::size_t digest = image.find('@'), colon = image.rfind(':', digest);
  if (colon == image.npos || image.find('/', colon) != image.npos) return true; // no tag
  const std::string tag =
      image.substr(colon + 1, digest == image.npos ? digest : digest - colon - 1);
  const std::string_view version = std::string_view(tag).substr(tag.starts_with('v'));
  return version != "0.1" && !version.starts_with("0.1.");
}

YAML::Node log_paths(const Config &config) {
  YAML::Node paths;
  const auto add = [&paths](const std::string &ns) {
    // The rotated file is 0.log.20261123-040000.
    for (const char *name : {"*.log", "*.log.2*"})
      paths.push_back(yaml::string("/var/log/pods/" + ns + "/*/" + name));
  };
  for (const YAML::Node &ns : config.node("logging.namespaces")) add(ns.Scalar() + "_*");
  if (paths.size() == 0) add("*");
  return paths;
}

YAML::Node store_egress(const Config &config) {
  const std::string url = config.text("logging.endpoint"); // its form is checked by the setting
  const bool tls = url.starts_with("https://");
  const std::size_t begin = url.find("//") + 2;
  const auto authority = sys::split_authority(url.substr(begin, url.find('/', begin) - begin));
  const std::string &host = authority.host;
  const std::int64_t port = text::integer(authority.port.value_or("")).value_or(tls ? 443 : 80);
  YAML::Node store, rules;
  if (const std::string ns = cluster_namespace(host); !ns.empty()) {
    store["to"].push_back(pods_of(ns));
  } else {
    store.reset(yaml::load(fmt::format("ports: [{{port: {}, protocol: TCP}}]", port), "store"));
    if (sys::parse_ip(host))
      store["to"].push_back(yaml::nested({"ipBlock", "cidr"}, yaml::string(host + "/32")));
  }
  rules.push_back(
      yaml::load("ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]", "DNS"));
  rules.push_back(store);
  return rules;
}

void check_logging(const Config &config, bool node_agent) {
  const bool agent = config.text("logging.sidecar") == "agent";
  if ((node_agent || agent) && !config.has("logging.endpoint"))
    refuse(config, "logging.endpoint", "is not set, and the log agent must know where to send to",
           "logging: {endpoint: \"http://HOST:PORT/v1/logs\"}: where your store takes OTLP over "
           "HTTP, see docs/logs.md");
  if (config.text("logging.sidecar") != "none" && config.text("logging.access") == "off")
    refuse(config, "logging.sidecar", "is on, but logging.access is off: there is no log to carry");
}

} // namespace hello::manifest
