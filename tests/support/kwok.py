"""Pods on nodes without a kubelet (the lab's part kwok): what a set needs to get there, and what keeps the nodes alive."""
import json, subprocess, time

SETTINGS = ["--set", "termination.preStop=0s",
            "--set", "tolerations=[{key: kwok.x-k8s.io/node, operator: Exists}]", "--set", "lint.allow=[drain, image]"]


def heartbeat(kubectl, ended):
    """A lease for each node, renewed like a kubelet's, until the event `ended` is set; `kubectl` is the command's first
    words. kwok's own heartbeats wait behind a thousand pods' changes; the node then counts as lost, and kwok never makes
    its pods ready again."""
    nodes = subprocess.run([*kubectl, "get", "nodes", "-l", "type=kwok", "-o", "jsonpath={.items[*].metadata.name}"],
                           capture_output=True, text=True).stdout.split()
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
    while True:
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
        spec = {"holderIdentity": "bench", "leaseDurationSeconds": 40, "renewTime": now}
        items = [{**lease, "metadata": {"name": node, "namespace": "kube-node-lease"}, "spec": spec} for node in nodes]
        subprocess.run([*kubectl, "apply", "--server-side", "--force-conflicts", "-f", "-"], text=True,
                       capture_output=True, input=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        if ended.wait(10):
            return
