"""A Prometheus for tests, in a namespace of its own, which finds pods in another one."""
import json


def config_map(ns, name, **data):
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": ns}, "data": data})


def deployment(ns, name, image, args, port, mount):
    return json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": ns}, "spec": {
        "selector": {"matchLabels": {"app": name}}, "template": {"metadata": {"labels": {"app": name}}, "spec": {
            "serviceAccountName": "prometheus", "securityContext": {"runAsUser": 65534},
            "containers": [{"name": name, "image": image, "args": args, "ports": [{"containerPort": port}],
                            "readinessProbe": {"httpGet": {"path": "/-/ready", "port": port}, "periodSeconds": 1},
                            "volumeMounts": [{"name": "config", "mountPath": mount}, {"name": "data", "mountPath": "/data"}]}],
            "volumes": [{"name": "config", "configMap": {"name": name}}, {"name": "data", "emptyDir": {}}]}}}})


def own_service(ns, name, port):
    return json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": ns},
                       "spec": {"selector": {"app": name}, "ports": [{"port": port}]}})


def admin_service(ns, release):
    """A Service for the scrape alone: hello has none for its admin port."""
    return json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": {"name": release + "-admin", "namespace": ns, "labels": {"app": release + "-admin"}}, "spec": {
        "clusterIP": "None", "selector": {"app.kubernetes.io/name": "hello", "app.kubernetes.io/instance": release}, "ports": [{"name": "admin", "port": 8081, "targetPort": "admin"}]}})


def rights(ns, watched):
    """An account in `ns` that may find the pods of `watched`."""
    return f"""
apiVersion: v1
kind: ServiceAccount
metadata: {{name: prometheus, namespace: {ns}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: prometheus, namespace: {watched}}}
rules: [{{apiGroups: ["", discovery.k8s.io], resources: [pods, services, endpoints, endpointslices], verbs: [get, list, watch]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: prometheus, namespace: {watched}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: prometheus}}
subjects: [{{kind: ServiceAccount, name: prometheus, namespace: {ns}}}]
"""
