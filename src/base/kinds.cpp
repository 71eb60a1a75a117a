#include "hello/kinds.h"

#include <algorithm>

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
    // From add-ons and extraManifests. A cluster-wide kind that is not here needs
    // `metadata.namespace: null`.
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
};

} // namespace

std::span<const Kind> all() { return kKinds; }

bool is(std::string_view kind, Kind::Trait trait) {
  return std::any_of(std::begin(kKinds), std::end(kKinds),
                     [&](const Kind &row) { return row.name == kind && row.is(trait); });
}

} // namespace hello::kinds
