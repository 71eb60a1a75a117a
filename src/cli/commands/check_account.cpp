#include "cli/commands/check_account.h"

#include "hello/yaml.h"

namespace hello::cli {
namespace {

/// For each namespace, NS; the account lives in A.
constexpr std::string_view kInside = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: $NS
  labels:
    hello/check: allowed
    pod-security.kubernetes.io/enforce: restricted
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: hello-check
  namespace: $NS
rules:
  - apiGroups: [""]
    resources: [namespaces]
    resourceNames: [$NS]
    verbs: [get]
  - apiGroups: [""]
    resources: [pods, services, configmaps, serviceaccounts, resourcequotas, limitranges, persistentvolumeclaims]
    verbs: [get, list, watch, create, patch, delete]
  - apiGroups: [apps]
    resources: [deployments]
    verbs: [get, list, watch, create, patch, delete]
  - apiGroups: [networking.k8s.io]
    resources: [ingresses, networkpolicies]
    verbs: [get, list, watch, create, patch, delete]
  - apiGroups: [autoscaling]
    resources: [horizontalpodautoscalers]
    verbs: [get, list, watch, create, patch, delete]
  - apiGroups: [policy]
    resources: [poddisruptionbudgets]
    verbs: [get, list, watch, create, patch, delete]
  - apiGroups: [apps]
    resources: [replicasets]
    verbs: [list, watch]
  - apiGroups: [discovery.k8s.io]
    resources: [endpointslices]
    verbs: [list, watch]
  - apiGroups: [""]
    resources: [pods/log]
    verbs: [get]
  - apiGroups: [""]
    resources: [pods/eviction]
    verbs: [create]
  - apiGroups: [gateway.networking.k8s.io]
    resources: [httproutes]
    verbs: [get, list, watch, create, patch, delete]
  - apiGroups: [monitoring.coreos.com]
    resources: [podmonitors, prometheusrules]
    verbs: [get, list, watch, create, patch, delete]
  - apiGroups: [""]
    resources: [events]
    verbs: [list, watch]
  - apiGroups: [metrics.k8s.io]
    resources: [pods]
    verbs: [get, list]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: hello-check
  namespace: $NS
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: hello-check
subjects:
  - kind: ServiceAccount
    name: hello-check
    namespace: $A
)";

/// Nothing but reading, for the whole cluster.
constexpr std::string_view kCluster = R"(
apiVersion: v1
kind: ServiceAccount
metadata:
  name: hello-check
  namespace: $A
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: hello-check
rules:
  - apiGroups: [""]
    resources: [nodes]
    verbs: [get, list]
  - apiGroups: [networking.k8s.io]
    resources: [ingressclasses]
    verbs: [get, list]
  - apiGroups: [gateway.networking.k8s.io]
    resources: [gateways]
    verbs: [get]
  - apiGroups: [storage.k8s.io]
    resources: [storageclasses]
    verbs: [get, list]
  - apiGroups: [apiregistration.k8s.io]
    resources: [apiservices]
    verbs: [get, list]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: hello-check-$A
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: hello-check
subjects:
  - kind: ServiceAccount
    name: hello-check
    namespace: $A
)";

void replace(std::string &text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += by.size())
    text.replace(at, what.size(), by);
}

void append(std::vector<manifest::Object> &objects, std::string_view documents,
            const std::string &a, const std::string &ns) {
  std::string text(documents);
  replace(text, "$NS", ns);
  replace(text, "$A", a);
  for (const YAML::Node &node : yaml::load_all(text, "account"))
    objects.emplace_back(yaml::text(node, "apiVersion"), yaml::text(node, "kind"),
                         yaml::text(node, "metadata", "namespace"),
                         yaml::text(node, "metadata", "name"), node);
}

} // namespace

std::vector<manifest::Object> check_account(const std::string &a, const std::string &b) {
  std::vector<manifest::Object> objects;
  append(objects, kInside, a, a);
  append(objects, kInside, a, b);
  append(objects, kCluster, a, "");
  return objects;
}

} // namespace hello::cli
