#include "manifest/lost.h"

#include <fmt/core.h>
#include <yaml-cpp/node/iterator.h>
#include <yaml-cpp/yaml.h>

#include "hello/yaml.h"

namespace hello::manifest {
namespace {

struct Row {
  std::string_view name, key;
};

/// The settings behind values of templates that are no settings themselves. Values that only follow
/// others, such as checksums and the grace period, are not here: changing them loses nothing.
constexpr Row kDerived[] = {
    {"serviceAccountName", "serviceAccount.name"},
    {"serviceType", "expose"},
    {"ingressPaths", "ingress.paths"},
    {"gatewayPaths", "gateway.paths"},
    {"tlsSecret", "ingress.tls.secretName"},
    {"ingressAnnotations", "ingress.annotations"},
    {"publicFrom", "networkPolicy.ingressNamespace"},
    {"egressRules", "networkPolicy.egress"},
    {"spreadKeys", "topologySpread"},
    {"pullPolicy", "imagePullPolicy"},
    {"preStopSleep", "termination.preStop"},
    {"servicePorts", "ports"},
    {"openPorts", "ports"},
    {"ingressRules", "ingress.rules"},
    {"startupProbe", "probes.startup"},
    {"readinessProbe", "probes.readiness"},
    {"livenessProbe", "probes.liveness"},
    {"sidecar", "logging.sidecar"},
};

/// The settings behind arguments of the container.
constexpr Row kArguments[] = {
    {"serve", ""},
    {"--drain-delay=", ""},
    {"--drain-timeout=", "termination.drainTimeout"},
    {"--access-log=", "logging.access"},
    {"--access-log-file=", "logging.sidecar"},
    {"--stderr-file=", "logging.sidecar"},
    {"--log-format=", "logging.format"},
    {"--base-path=", "basePath"},
    {"--messages-file=", "reload"},
    {"", "args"},
};

std::string_view key_of(const templates::Filled &value, const YAML::Node &node) {
  if (value.name == "args") {
    for (const Row &row : kArguments)
      if (yaml::text(node).starts_with(row.name)) return row.key;
  }
  if (value.name == "name" || value.name == "namespace.name") return {};
  for (const Row &row : kDerived)
    if (row.name == value.name) return row.key;
  for (const config::Setting &setting : config::settings())
    if (setting.key == value.name) return setting.key;
  return {};
}

bool is_given(const config::Config &config, std::string_view key) {
  return config.origin(key).from != config::From::default_value;
}

/// The item of `list` that stands for the item of `was` at `index`: the same one, or else the one
/// of the same name, or in the same place. Names may repeat: a volume may have several mounts.
YAML::Node counterpart(const YAML::Node &list, const YAML::Node &was, std::size_t index) {
  const YAML::Node &item = was[index];
  const std::string whole = yaml::to_json(item), name = yaml::text(item, "name");
  for (const YAML::Node &one : yaml::items(list))
    if (yaml::to_json(one) == whole) return one;
  std::size_t before = name.empty() ? index : 0;
  for (std::size_t i = 0; !name.empty() && i < index; ++i)
    before += yaml::text(was[i], "name") == name;
  for (const YAML::Node &one : yaml::items(list))
    if (!item.IsScalar() && yaml::text(one, "name") == name && before-- == 0) return one;
  return YAML::Node(YAML::NodeType::Undefined);
}

} // namespace

const templates::Filled *LostSettings::owner_of(const YAML::Node &node) const {
  for (const templates::Filled &one : filled_)
    if (one.node.is(node)) return &one;
  return nullptr;
}

void LostSettings::compare(const Object &object, const YAML::Node &before, const YAML::Node &after,
                           const std::string &patch) {
  if (!warnings_) return;
  object_ = fmt::format("{}/{}", object.kind, object.name);
  patch_ = patch;
  walk(before, after, "", nullptr);
}

void LostSettings::walk(const YAML::Node &was, const YAML::Node &is, const std::string &path,
                        const templates::Filled *owner) {
  if (const templates::Filled *own = owner_of(was)) owner = own;
  const bool gone = !is.IsDefined() || is.Type() != was.Type();
  if (was.IsMap() && was.size() > 0) {
    const YAML::Node nothing(YAML::NodeType::Undefined);
    for (const auto &entry : was) {
      const std::string &key = entry.first.Scalar();
      walk(entry.second, gone ? nothing : yaml::at(is, {key.c_str()}),
           path.empty() ? key : path + "." + key, owner);
    }
  } else if (was.IsSequence() && was.size() > 0) {
    walk_list(was, is, path, owner);
  } else if (owner && (gone || (was.IsScalar() && yaml::to_json(was) != yaml::to_json(is)))) {
    lose(*owner, was, path);
  }
}

void LostSettings::walk_list(const YAML::Node &was, const YAML::Node &is, const std::string &path,
                             const templates::Filled *owner) {
  std::size_t index = 0;
  for (const YAML::Node &item : yaml::items(was)) {
    const std::string name = yaml::text(item, "name");
    walk(item, counterpart(is, was, index),
         fmt::format("{}[{}]", path, name.empty() ? std::to_string(index) : name), owner);
    ++index;
  }
}

void LostSettings::lose(const templates::Filled &owner, const YAML::Node &was,
                        const std::string &path) {
  const std::string_view key = key_of(owner, was);
  if (key.empty() || !is_given(config_, key)) return;
  if (!known_.insert(fmt::format("{} {}", object_, key)).second) return;
  warnings_->push_back(fmt::format("{} is lost: {} changes {} of {}; 0.3 will refuse it",
                                   config_.place(key), patch_, path, object_));
}

} // namespace hello::manifest
