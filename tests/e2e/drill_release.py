"""What the tests of drills on a release of three pods share: the deploy, requests to each pod's own ports through the API
server, restarts, and the Service's pods. Needs CONTEXT, HELLO, IMAGE; KUBECTL is optional."""
import http.client, json, os, re, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../support"))
import checks
from checks import check, closing, skip

HELLO, CONTEXT = os.environ["HELLO"], os.environ["CONTEXT"]
IMAGE, KUBECTL = os.environ.get("IMAGE", "hello:dev"), os.environ.get("KUBECTL", "kubectl")


def soon(done, seconds=60):
    """As checks.soon, but asks at most twice a second: these questions cost the cluster something."""
    def slowly():
        answer = done()
        if not answer:
            time.sleep(0.5)
        return answer
    return checks.soon(slowly, seconds)


class Release:
    """`with Release("drills") as r:` deploys it; the namespace goes at the end."""

    def __init__(self, word, *sets, replicas=3):
        self.ns = f"hello-e2e-{word}-{os.getpid()}"
        self.replicas = replicas
        self.sets = ["drills.enabled=true", "autoscaling.enabled=false", f"replicas={replicas}", "expose=none", f"image={IMAGE}",
                     "resources.requests.cpu=20m", *sets]
        self.work = tempfile.TemporaryDirectory()
        self.proxy = subprocess.Popen([KUBECTL, "--context", CONTEXT, "proxy", "--port=0"], stdout=subprocess.PIPE, text=True)
        self.port = int(re.search(r":(\d+)", self.proxy.stdout.readline())[1])

    def __enter__(self):
        done = self.hello("deploy", "--no-verify")
        check("a release with drills is deployed", done.returncode == 0, done)
        soon(lambda: len(self.in_service()) == self.replicas, 120)
        return self

    def __exit__(self, *_):
        self.kubectl("delete", "namespace", self.ns, "--wait=false")
        self.proxy.terminate()
        self.proxy.wait(30)
        self.work.cleanup()

    def kubectl(self, *args, stdin=None):
        return subprocess.run([KUBECTL, "--context", CONTEXT, "-n", self.ns, *args], capture_output=True, text=True, timeout=300, input=stdin).stdout

    def command(self, command, *args):
        return [HELLO, command, *args, "--context", CONTEXT, "--namespace", self.ns, *(part for one in self.sets for part in ("--set", one))]

    def hello(self, command, *args):
        return subprocess.run(self.command(command, *args), capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL, cwd=self.work.name)

    def drill(self, *args):
        done = self.hello("drill", *args)
        check(f"hello drill {' '.join(args)}", done.returncode == 0, done)
        return done

    def api(self, path):
        """status, body of GET from the API server"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def objects(self, kind, group="api/v1"):
        path, got = f"/{group}/namespaces/{self.ns}/{kind}", []
        def answered():
            got[:] = self.api(path)
            return got[0] == 200  # a busy API server may refuse
        if not soon(answered, 120):
            raise RuntimeError(f"{path}: {got}")
        return json.loads(got[1])["items"]

    def pods(self):
        """Those that are not on their way out, oldest first, then by name."""
        alive = [pod for pod in self.objects("pods") if "deletionTimestamp" not in pod["metadata"]]
        return sorted(alive, key=lambda pod: (pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]))

    def names(self):
        return [pod["metadata"]["name"] for pod in self.pods()]

    def pod(self, name):
        return next(pod for pod in self.objects("pods") if pod["metadata"]["name"] == name)

    def restarts(self, name):
        return self.pod(name)["status"]["containerStatuses"][0]["restartCount"]

    def last_end(self, name):
        """How the container last ended: {"exitCode", "reason", "finishedAt"}."""
        return self.pod(name)["status"]["containerStatuses"][0].get("lastState", {}).get("terminated", {})

    def in_service(self):
        """The pods that the Service sends requests to."""
        slices = self.objects("endpointslices", "apis/discovery.k8s.io/v1")
        return {end["targetRef"]["name"] for one in slices for end in one.get("endpoints") or [] if end["conditions"]["ready"]}

    def get(self, pod, path="/", port=8080):
        return self.api(f"/api/v1/namespaces/{self.ns}/pods/{pod}:{port}/proxy{path}")

    def metrics(self, pod):
        """The first answer, within some seconds; None: the pod does not answer."""
        def text():
            status, body = self.get(pod, "/metrics", 8081)
            return body if status == 200 else None
        return soon(text, 20)

    def metric(self, pod, name):
        """The sum of all samples of that name (and labels, where `name` has them); None: the pod does not answer."""
        text = self.metrics(pod)
        if text is None:
            return None
        pattern = re.compile(re.escape(name) + (r" (\S+)$" if "}" in name else r"(?:\{.*\})? (\S+)$"))
        return sum(float(m[1]) for m in map(pattern.match, text.splitlines()) if m)

    def figures(self, pod):
        """The kubelet's figures of the pod; None where this account may not read them."""
        node = self.pod(pod)["spec"]["nodeName"]
        status, text = self.api(f"/api/v1/nodes/{node}/proxy/stats/summary")
        if status != 200:
            return None
        return next((one for one in json.loads(text)["pods"] if one["podRef"]["name"] == pod and one["podRef"]["namespace"] == self.ns), {})

    def active(self, pod):
        """The faults that its metrics show."""
        text = self.metrics(pod)
        return None if text is None else set(re.findall(r'hello_drill_active\{fault="(\w+)"\} 1\n', text))

    def events(self, pod, name, *args):
        """The pod's own log lines of that event."""
        rows = (json.loads(line) for line in self.kubectl("logs", pod, *args).splitlines() if line.startswith("{"))
        return [row for row in rows if row["event"] == name]
