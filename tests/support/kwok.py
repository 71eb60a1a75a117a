"""Pods on nodes without a kubelet (the lab's part kwok): what a set needs to get there, and what keeps the nodes alive."""
import json, subprocess, threading, time

SETTINGS = ["--set", "termination.preStop=0s",
            "--set", "tolerations=[{key: kwok.x-k8s.io/node, operator: Exists}]", "--set", "lint.allow=[drain, image]"]


class Heartbeat(threading.Thread):
    """A lease for each node, renewed like a kubelet's, until end(); `kubectl` is the command's first words. kwok's own heartbeats
    wait behind a thousand pods' changes; the node then counts as lost, and kwok never makes its pods ready again. A lease that
    is not renewed has the same effect: end() deletes them."""

    def __init__(self, kubectl):
        super().__init__(daemon=True)
        self.kubectl, self.ended = kubectl, threading.Event()
        self.start()

    def run(self):
        nodes = subprocess.run([*self.kubectl, "get", "nodes", "-l", "type=kwok", "-o", "jsonpath={.items[*].metadata.name}"],
                               capture_output=True, text=True).stdout.split()
        while not self.ended.is_set():
            self.renew(nodes)
            self.ended.wait(10)
        subprocess.run([*self.kubectl, "-n", "kube-node-lease", "delete", "lease", "--ignore-not-found", *nodes], capture_output=True)

    def renew(self, nodes):
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
        spec = {"holderIdentity": "bench", "leaseDurationSeconds": 40, "renewTime": now}
        items = [{**lease, "metadata": {"name": node, "namespace": "kube-node-lease"}, "spec": spec} for node in nodes]
        subprocess.run([*self.kubectl, "apply", "--server-side", "--force-conflicts", "-f", "-"], text=True,
                       capture_output=True, input=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))

    def end(self):
        self.ended.set()
        self.join()
