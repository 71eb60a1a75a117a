#include "hello/manifest.h"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "hello/error.h"
#include "hello/kinds.h"
#include "hello/names.h"
#include "hello/order.h"
#include "hello/yaml.h"
#include "manifest/logging.h"
#include "manifest/metadata.h"
#include "manifest/patch.h"
#include "manifest/values.h"

namespace hello::manifest {
namespace {

using config::Config;

struct Part {
  std::string_view file;
  bool (*wanted)(const Config &) = nullptr; ///< null: always
};

bool wants_monitors(const Config &config) { return config.text("metrics.scrape") == "podMonitor"; }

// In apply order: what others need comes first.
const Part kParts[] = {
    {"templates/namespace.yaml", [](const Config &c) { return c.boolean("namespace.create"); }},
    {"templates/resourcequota.yaml",
     [](const Config &c) { return c.boolean("resourceQuota.enabled"); }},
    {"templates/limitrange.yaml", [](const Config &c) { return c.boolean("limitRange.enabled"); }},
    {"templates/serviceaccount.yaml",
     [](const Config &c) { return c.boolean("serviceAccount.create"); }},
    {"templates/configmap.yaml"},
    {"templates/logging/sidecar-configmap.yaml",
     [](const Config &c) { return c.text("logging.sidecar") == "agent"; }},
    {"templates/deployment.yaml"},
    {"templates/service.yaml"},
    {"templates/ingress.yaml", [](const Config &c) { return c.text("expose") == "ingress"; }},
    {"templates/httproute.yaml", [](const Config &c) { return c.text("expose") == "gateway"; }},
    {"templates/horizontalpodautoscaler.yaml",
     [](const Config &c) { return c.boolean("autoscaling.enabled"); }},
    {"templates/networkpolicy-default-deny.yaml",
     [](const Config &c) {
       return c.boolean("networkPolicy.enabled") && c.boolean("networkPolicy.defaultDeny") &&
              c.boolean("namespace.create");
     }},
    {"templates/networkpolicy.yaml",
     [](const Config &c) { return c.boolean("networkPolicy.enabled"); }},
    {"templates/poddisruptionbudget.yaml",
     [](const Config &c) { return c.boolean("podDisruptionBudget.enabled"); }},
    {"templates/podmonitor.yaml", wants_monitors},
    {"templates/metrics/rules-configmap.yaml",
     [](const Config &c) { return c.text("metrics.rules") == "configMap"; }},
    {"templates/metrics/prometheusrule.yaml",
     [](const Config &c) { return c.text("metrics.rules") == "prometheusRule"; }},
    {"templates/metrics/dashboard-configmap.yaml",
     [](const Config &c) { return c.text("metrics.dashboard") == "configMap"; }},
};

const Part kLogging[] = {
    {"templates/logging/namespace.yaml"},
    {"templates/logging/serviceaccount.yaml"},
    {"templates/logging/clusterrole.yaml"},
    {"templates/logging/clusterrolebinding.yaml"},
    {"templates/logging/configmap.yaml"},
    {"templates/logging/daemonset.yaml"},
    {"templates/logging/networkpolicy.yaml"},
    {"templates/logging/podmonitor.yaml", wants_monitors},
    {"templates/logging/rules-configmap.yaml",
     [](const Config &c) { return c.text("metrics.rules") == "configMap"; }},
    {"templates/logging/rules-prometheusrule.yaml",
     [](const Config &c) { return c.text("metrics.rules") == "prometheusRule"; }},
};

void put(YAML::Node &map, std::string_view key, const YAML::Node &value) {
  map.force_insert(yaml::string(key), value);
}

void merge_missing(YAML::Node &map, const YAML::Node &more) {
  const YAML::Node &seen = map; // operator[] of a non-const node adds an entry
  for (const auto &entry : more)
    if (!seen[entry.first.Scalar()]) map.force_insert(entry.first, entry.second);
}

/// The labels that every object has. Those of shared objects are the same whoever renders them.
YAML::Node standard_labels(const Config &config, const YAML::Node &object) {
  const bool is_shared =
      names::is_shared(yaml::text(object, "apiVersion"), yaml::text(object, "kind"),
                       yaml::text(object, "metadata", "name"), config.text("namespace.name"));
  YAML::Node labels;
  put(labels, names::kName, yaml::string("hello"));
  put(labels, names::kInstance, is_shared ? yaml::string(names::kDefault) : config.node("name"));
  put(labels, names::kManagedBy, yaml::string("hello"));
  return labels;
}

/// Whether objects of that kind have no namespace: as its definition among the extra manifests
/// says, or else the settings.
bool is_cluster_scoped(const Config &config, const YAML::Node &object,
                       const std::vector<YAML::Node> &extras) {
  const std::string version = yaml::text(object, "apiVersion"), kind = yaml::text(object, "kind");
  const std::string group(kinds::group(version));
  for (const YAML::Node &one : extras)
    if (yaml::text(one, "kind") == "CustomResourceDefinition" &&
        yaml::text(one, "spec", "group") == group &&
        yaml::text(one, "spec", "names", "kind") == kind)
      return yaml::text(one, "spec", "scope") == "Cluster";
  for (const YAML::Node &one : config.node("clusterScopedKinds"))
    if (one.Scalar() == kind || one.Scalar() == fmt::format("{}.{}", kind, group)) return true;
  return false;
}

/// Gives the object the metadata that all have: name, namespace, labels, annotations, in this
/// order; the object's own values win. It is changed in place: moving its nodes into a new one
/// would cost as much as parsing it.
Object finish(const Config &config, const YAML::Node &object) {
  Object result;
  result.kind = object["kind"].Scalar();
  const YAML::Node own = object["metadata"];
  const YAML::Node ns = yaml::at(own, "namespace");
  const bool is_given = ns.IsDefined() && !(ns.IsScalar() && ns.Scalar().empty());
  const bool cluster_wide =
      kinds::is(result.kind, kinds::Kind::cluster_wide) || (is_given && ns.IsNull());

  YAML::Node labels = own["labels"] ? own["labels"] : YAML::Node(YAML::NodeType::Map);
  merge_missing(labels, standard_labels(config, object));
  merge_missing(labels, config.node("labels"));
  YAML::Node annotations =
      own["annotations"] ? own["annotations"] : YAML::Node(YAML::NodeType::Map);
  merge_missing(annotations, config.node("annotations"));

  YAML::Node metadata;
  put(metadata, "name", own["name"]);
  if (!cluster_wide)
    put(metadata, "namespace", is_given ? ns : YAML::Clone(config.node("namespace.name")));
  put(metadata, "labels", labels);
  if (annotations.size() > 0) put(metadata, "annotations", annotations);
  for (const auto &entry : own)
    if (const auto key = entry.first.Scalar();
        key != "name" && key != "namespace" && key != "labels" && key != "annotations")
      metadata.force_insert(entry.first, entry.second);

  YAML::Node slot = object["metadata"];
  slot = metadata;
  result.node.reset(object);
  return result;
}

/// Reads what the object is called from its node.
void name(Object &object) {
  object.api_version = yaml::text(object.node, "apiVersion");
  object.kind = yaml::text(object.node, "kind");
  object.name = yaml::text(object.node, "metadata", "name");
  object.ns = yaml::text(object.node, "metadata", "namespace");
}

/// The records of the labels and annotations that every object has.
void add_shared(const Config &config, std::vector<templates::Filled> &values) {
  for (const char *key : {"labels", "annotations"})
    for (const auto &entry : config.node(key)) values.push_back({key, entry.second});
}

/// Whether the last scalar in the node ends with a newline.
bool ends_with_a_line(const YAML::Node &node) {
  if (node.size() == 0) return node.IsScalar() && node.Scalar().ends_with('\n');
  YAML::Node last;
  for (const auto &child : node) last.reset(node.IsMap() ? child.second : child);
  return ends_with_a_line(last);
}

} // namespace

std::vector<Object> render_all(const Config &config, std::span<const std::string> with,
                               std::vector<std::string> *warnings) {
  check_together(config);
  for (const std::string &name : with)
    if (name != "logging")
      throw Error(Exit::usage, fmt::format("unknown add-on '{}'", name),
                  "the only one is logging: a log agent on each node");
  check_logging(config, !with.empty());
  std::vector<Object> objects;
  std::vector<templates::Filled> values;
  const bool records = warnings && config.has("patches");
  const auto add = [&](std::span<const Part> parts) {
    for (const Part &part : parts) {
      if (part.wanted && !part.wanted(config)) continue;
      objects.push_back(finish(config, filled(config, part.file, records ? &values : nullptr)));
    }
  };
  add(kParts);
  if (!with.empty()) add(kLogging);
  const std::vector<YAML::Node> extras = extra_manifests(config);
  for (const YAML::Node &extra : extras) {
    YAML::Node object = YAML::Clone(extra);
    if (is_cluster_scoped(config, extra, extras))
      object["metadata"]["namespace"] = YAML::Node(YAML::NodeType::Null);
    objects.push_back(finish(config, object));
  }
  const auto is_first = [](const Object &one) { return kinds::is(one.kind, kinds::Kind::first); };
  sort_items(objects,
             [&](const Object &a, const Object &b) { return is_first(a) && !is_first(b); });
  for (Object &object : objects) name(object);
  if (records) add_shared(config, values);
  add_metadata(config, objects, records ? &values : nullptr);
  apply_patches(config, objects, values, warnings);
  if (warnings) warn_of_idle(config, *warnings);
  return objects;
}

std::vector<std::string> notes(const Config &config) {
  std::vector<std::string> lines;
  if (before_1_30(config))
    lines.push_back(fmt::format("Kubernetes 1.29 has the preStop sleep behind a gate: left out; "
                                "the server drains {} s longer instead",
                                config.duration("termination.preStop").count()));
  return lines;
}

std::string to_yaml(std::span<const Object> objects) {
  std::string out;
  bool lines = false;
  for (const Object &object : objects) {
    // Tools that split at "\n---" lose the last newline, which belongs to a literal block: an empty
    // line keeps it.
    if (!out.empty()) out += lines ? "\n---\n" : "---\n";
    out += yaml::to_yaml(object.node);
    lines = ends_with_a_line(object.node);
  }
  return out;
}

std::string to_json(std::span<const Object> objects) {
  YAML::Node list(YAML::NodeType::Map), items(YAML::NodeType::Sequence);
  for (const Object &object : objects) items.push_back(object.node);
  put(list, "apiVersion", yaml::string("v1"));
  put(list, "kind", yaml::string("List"));
  put(list, "items", items);
  return yaml::to_json(list, 2) + "\n";
}

} // namespace hello::manifest
