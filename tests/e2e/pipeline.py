"""What the tests of the metrics and the log pipeline share: kubectl, the checks' count, requests through the Ingress."""
import http.client, json, os, subprocess, sys, threading, time, urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../support"))
from checks import check, closing

CONTEXT = os.environ.get("CONTEXT", "lab")
HELLO = os.environ.get("HELLO", "build/hello")
IMAGE = os.environ.get("IMAGE", "hello:dev")
KUBECTL = os.environ.get("KUBECTL", "kubectl")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# The lab has these components under names of its own; elsewhere the published ones are pulled.
LAB_IMAGES = {
    "prom/prometheus:v3.7.3": "prometheus:lab",
    "registry.k8s.io/prometheus-adapter/prometheus-adapter:v0.12.0": "prometheus-adapter:lab",
    "victoriametrics/victoria-logs:v1.21.0-victorialogs": "victoria-logs:lab",
} if CONTEXT == "lab" else {}

def kubectl(*args, stdin=None, ok=True):
    run = subprocess.run([KUBECTL, "--context", CONTEXT, *args], input=stdin, capture_output=True, text=True)
    if ok and run.returncode != 0:
        raise RuntimeError(f"kubectl {' '.join(args)}: {run.stderr.strip()}")
    return run.stdout


def apply(manifests):
    for ours, labs in LAB_IMAGES.items():
        manifests = manifests.replace(ours, labs)
    return kubectl("apply", "--server-side", "--force-conflicts", "--field-manager=hello-e2e", "-f", "-", stdin=manifests)


def render(*args):
    run = subprocess.run([HELLO, "render", "--config", "/dev/null", "--set", f"image={IMAGE}", "--set", "ingress.className=traefik", *args],
                         capture_output=True, text=True)
    if run.returncode != 0:
        raise RuntimeError(f"hello render {' '.join(args)}: {run.stderr.strip()}")
    return run.stdout


def raw(path):
    """GET of the API server, parsed; None where it says no."""
    run = subprocess.run([KUBECTL, "--context", CONTEXT, "get", "--raw", path], capture_output=True, text=True)
    if run.returncode != 0:
        return None
    try:
        return json.loads(run.stdout)
    except json.JSONDecodeError:
        return run.stdout


def service(ns, name, port, path, **query):
    tail = "?" + urllib.parse.urlencode(query) if query else ""
    return f"/api/v1/namespaces/{ns}/services/{name}:{port}/proxy{path}{tail}"


def until(seconds, ask):
    """Asks until there is an answer that counts as true, or the time is over. Returns the last answer."""
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer or time.monotonic() > end:
            return answer
        time.sleep(1)


def rolled_out(ns, what, seconds=240):
    kubectl("-n", ns, "rollout", "status", what, f"--timeout={seconds}s")


def ingress_address(ns):
    def ask():
        entries = json.loads(kubectl("-n", ns, "get", "ingress", "hello", "-o", "json"))["status"].get("loadBalancer", {}).get("ingress")
        return entries and (entries[0].get("ip") or entries[0].get("hostname"))
    return until(60, ask)


class Client:
    """One keep-alive connection to the Ingress."""

    def __init__(self, address, host):
        self.address, self.host, self.connection = address, host, None

    def get(self, path="/", request_id=None):
        headers = {"Host": self.host}
        if request_id:
            headers["X-Request-Id"] = request_id
        for attempt in (1, 2):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection(self.address, 80, timeout=10)
                self.connection.request("GET", path, headers=headers)
                answer = self.connection.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException):
                self.connection = None
                if attempt == 2:
                    return 0, b""


class Load(threading.Thread):
    """Requests at a steady rate, each with an id of its own, until stop(); `sent` holds the ids answered with 200."""

    def __init__(self, client, rate, prefix):
        super().__init__(daemon=True)
        self.client, self.rate, self.prefix, self.sent, self.bad, self.over = client, rate, prefix, [], 0, False

    def run(self):
        begin, n = time.monotonic(), 0
        while not self.over:
            n += 1
            status, _ = self.client.get("/", f"{self.prefix}-{n}")
            if status == 200:
                self.sent.append(f"{self.prefix}-{n}")
            else:
                self.bad += 1
            time.sleep(max(0.0, begin + n / self.rate - time.monotonic()))

    def stop(self):
        self.over = True
        self.join()
        return self.sent
