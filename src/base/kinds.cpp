#include "hello/kinds.h"

#include <algorithm>
#include <utility>

namespace hello::kinds {
namespace {

using enum Kind::Trait;

constexpr Kind kKinds[] = {
    {"v1", "ServiceAccount", in_set},
    {"v1", "ConfigMap", in_set},
    {"apps/v1", "Deployment", in_set | watched | has_pods},
    {"v1", "Service", in_set | watched},
    {"networking.k8s.io/v1", "Ingress", in_set | watched},
    {"gateway.networking.k8s.io/v1", "HTTPRoute", in_set},
    {"autoscaling/v2", "HorizontalPodAutoscaler", in_set | watched},
    {"policy/v1", "PodDisruptionBudget", in_set},
    {"networking.k8s.io/v1", "NetworkPolicy", in_set},
    {"v1", "ResourceQuota", in_set},
    {"v1", "LimitRange", in_set},
    {"monitoring.coreos.com/v1", "PodMonitor", in_set},
    {"monitoring.coreos.com/v1", "PrometheusRule", in_set},
    // From add-ons and extraManifests. A cluster-wide kind that is not here needs
    // its definition in the set, `clusterScopedKinds`, or `metadata.namespace: null`.
    {"apps/v1", "DaemonSet", has_pods},
    {"apps/v1", "StatefulSet", has_pods},
    {"apps/v1", "ReplicaSet", has_pods},
    {"batch/v1", "Job", has_pods},
    {"batch/v1", "CronJob", has_pods},
    {"v1", "Pod", has_pods},
    {"v1", "PersistentVolumeClaim", holds_data},
    {"v1", "Namespace", cluster_wide | first},
    {"apiextensions.k8s.io/v1", "CustomResourceDefinition", cluster_wide | first | holds_data},
    {"rbac.authorization.k8s.io/v1", "ClusterRole", cluster_wide},
    {"rbac.authorization.k8s.io/v1", "ClusterRoleBinding", cluster_wide},
    {"scheduling.k8s.io/v1", "PriorityClass", cluster_wide},
    {"storage.k8s.io/v1", "StorageClass", cluster_wide | holds_data},
    {"networking.k8s.io/v1", "IngressClass", cluster_wide},
    {"gateway.networking.k8s.io/v1", "GatewayClass", cluster_wide},
    {"node.k8s.io/v1", "RuntimeClass", cluster_wide},
    {"v1", "PersistentVolume", cluster_wide | holds_data},
    {"apiregistration.k8s.io/v1", "APIService", cluster_wide},
    {"cert-manager.io/v1", "ClusterIssuer", cluster_wide},
    {"admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", cluster_wide},
    {"admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", cluster_wide},
    {"admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", cluster_wide},
    {"admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", cluster_wide},
    {"admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy", cluster_wide},
    {"admissionregistration.k8s.io/v1", "MutatingAdmissionPolicyBinding", cluster_wide},
    {"flowcontrol.apiserver.k8s.io/v1", "FlowSchema", cluster_wide},
    {"flowcontrol.apiserver.k8s.io/v1", "PriorityLevelConfiguration", cluster_wide},
    {"resource.k8s.io/v1", "DeviceClass", cluster_wide},
    {"storage.k8s.io/v1", "CSIDriver", cluster_wide},
    {"storage.k8s.io/v1", "VolumeAttributesClass", cluster_wide},
    {"certificates.k8s.io/v1", "CertificateSigningRequest", cluster_wide},
    {"certificates.k8s.io/v1beta1", "ClusterTrustBundle", cluster_wide},
};

/// The groups with a dot that the API server serves by itself. Others that end in .k8s.io, such as
/// snapshot.storage.k8s.io, come with definitions.
constexpr std::string_view kOwnGroups[] = {"admissionregistration.k8s.io",
                                           "apiextensions.k8s.io",
                                           "apiregistration.k8s.io",
                                           "authentication.k8s.io",
                                           "authorization.k8s.io",
                                           "certificates.k8s.io",
                                           "coordination.k8s.io",
                                           "discovery.k8s.io",
                                           "events.k8s.io",
                                           "flowcontrol.apiserver.k8s.io",
                                           "internal.apiserver.k8s.io",
                                           "networking.k8s.io",
                                           "node.k8s.io",
                                           "rbac.authorization.k8s.io",
                                           "resource.k8s.io",
                                           "scheduling.k8s.io",
                                           "storage.k8s.io",
                                           "storagemigration.k8s.io"};

/// Kinds of Kubernetes' own groups; those ending in "Class" are standards.
constexpr std::pair<std::string_view, Rank> kRanks[] = {
    {"Namespace", Rank::ns},
    {"CustomResourceDefinition", Rank::definition},
    {"ResourceQuota", Rank::standard},
    {"LimitRange", Rank::standard},
    {"NetworkPolicy", Rank::policy},
    {"ServiceAccount", Rank::account},
    {"Secret", Rank::data},
    {"ConfigMap", Rank::data},
    {"PersistentVolume", Rank::data},
    {"PersistentVolumeClaim", Rank::data},
    {"ClusterRole", Rank::right},
    {"ClusterRoleBinding", Rank::right},
    {"Role", Rank::right},
    {"RoleBinding", Rank::right},
    {"Service", Rank::service},
    {"HorizontalPodAutoscaler", Rank::scale},
    {"PodDisruptionBudget", Rank::scale},
    {"Ingress", Rank::route},
    {"APIService", Rank::api},
};

} // namespace

std::string_view group(std::string_view api_version) {
  const auto slash = api_version.find('/');
  return slash == api_version.npos ? "" : api_version.substr(0, slash);
}

bool is_custom(std::string_view api_version) {
  const std::string_view name = group(api_version);
  return name.find('.') != name.npos &&
         std::find(std::begin(kOwnGroups), std::end(kOwnGroups), name) == std::end(kOwnGroups);
}

bool is_namesake(std::string_view api_version, std::string_view kind) {
  if (!is_custom(api_version)) return false;
  bool known = false;
  for (const Kind &row : kKinds) {
    if (row.name != kind) continue;
    if (group(row.api_version) == group(api_version)) return false;
    known = true;
  }
  return known;
}

Rank rank(std::string_view api_version, std::string_view kind) {
  if (group(api_version) == "admissionregistration.k8s.io") return Rank::admission;
  if (kind.ends_with("Class")) return Rank::standard;
  if (group(api_version) == "gateway.networking.k8s.io") return Rank::route;
  if (is_custom(api_version)) return Rank::custom;
  for (const auto &[name, rank] : kRanks)
    if (name == kind) return rank;
  return Rank::workload;
}

std::span<const Kind> all() { return kKinds; }

bool is(std::string_view kind, Kind::Trait trait) {
  return std::any_of(std::begin(kKinds), std::end(kKinds),
                     [&](const Kind &row) { return row.name == kind && row.is(trait); });
}

} // namespace hello::kinds
