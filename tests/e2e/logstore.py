"""What the tests of the log pipeline share: a central store, and ways to end the agent."""
import os

from pipeline import CONTEXT, kubectl


def store_set(ns):
    """The manifests of a store in the namespace; its data outlives its pod."""
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: store, namespace: {ns}}}
spec:
  strategy: {{type: Recreate}}
  selector: {{matchLabels: {{app: store}}}}
  template:
    metadata: {{labels: {{app: store}}}}
    spec:
      containers:
      - name: store
        image: victoriametrics/victoria-logs:v1.21.0-victorialogs
        args: [-storageDataPath=/data, -retentionPeriod=1d]
        ports: [{{name: http, containerPort: 9428}}]
        securityContext: {{runAsUser: 0}}
        readinessProbe: {{httpGet: {{path: /health, port: http}}, periodSeconds: 2}}
        volumeMounts: [{{name: data, mountPath: /data}}]
      volumes: [{{name: data, hostPath: {{path: /tmp/{ns}, type: DirectoryOrCreate}}}}] # it comes back with its data
---
apiVersion: v1
kind: Service
metadata: {{name: store, namespace: {ns}}}
spec:
  selector: {{app: store}}
  ports: [{{name: http, port: 9428, targetPort: http}}]
"""


def kill_agent(ns, uid):
    """SIGKILL, as the kernel's out-of-memory killer does it: the lab's processes are at hand; elsewhere the pod goes without grace."""
    if CONTEXT != "lab":
        kubectl("-n", ns, "delete", "pod", "--all", "--grace-period=0", "--force")
        return True
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            command = open(f"/proc/{pid}/cmdline").read().split("\0")
            mounts = open(f"/proc/{pid}/mountinfo").read()
        except OSError:
            continue
        if command[0].endswith("otelcol-k8s") and uid in mounts:
            os.kill(int(pid), 9)
            return True
    return False
