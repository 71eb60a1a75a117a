"""Random settings: valid, invalid, null, at a bound, odd texts; in files, overlays, variables and flags; patches and extra
manifests too. What hello makes of them is judged by Kubernetes' own validation, or by hello's offline check where the judge,
tests/scan/apicheck, has not been built. tests/cli/random-settings and tests/scan/settings run it."""
import json, os, random, re, subprocess, tempfile

from checks import check, skip

ODD = ["", " ", "x", "é🙂", "yes", "null", "~", "0x10", "1_000", "12:30:45", "2026-11-22", "1.30", "a\nb", "a\n", "\ttab", "$(NAME)", "${X}", "{", "[a",
       "'", '"', "# a", "a: b", "- a", "&a", "*a", "!!int 1", "%YAML", "@x", "`", "A" * 64, "a" * 300, "-", "--", "/", "a/b", ".", "..", "*", "a.b", "-1",
       "1e3", "0777", "08", ".inf", ".nan", "true", "<<", "=", "100%", "101%", "64Mi", "5s", "10.0.0.0/8", "::1", "10.0.0.0/33", "0", "\\n", "\u2028", "\x7f"]
ANY = ODD + [None, 0, 1, -1, 1.5, 7, 65535, 65536, 2 ** 31, 10 ** 20, True, False, [], ["a"], [1], [None], [["a"]], [{}], [{"name": "a"}, {"name": "a"}], {},
             {"a": "b"}, {"a": 1}, {"a": None}, {"a": []}, {"a": {"b": "c"}}, {"name": "a"}]
POD = {"name": "more", "image": "more:1"}
LABELS = {"app.kubernetes.io/name": "hello", "app.kubernetes.io/instance": "hello"}
# Values of keys that take what a pod or another object takes. Most are valid.
WHOLE = {
    "command": [["/hello", "serve"], ["sh", "-c", "exec hello"]], "args": [["--threads=2"], ["--access-log=off"], ["--unknown"], ["--listen=0.0.0.0:9999"]],
    "env": [[{"name": "A", "value": "b"}], [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}], [{"name": "A", "value": 1}],
            [{"name": "A", "value": "b", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}], [{"name": "A", "valueFrom": {}}], [{"name": "A"}, {"name": "A"}],
            [{"name": "A=B"}], [{"value": "b"}], [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]],
    "envFrom": [[{"secretRef": {"name": "s"}}], [{"configMapRef": {"name": "c"}, "prefix": "P_"}], [{"secretRef": {"name": "s"}, "configMapRef": {"name": "c"}}], [{}]],
    "probes.startup": [{"failureThreshold": 90}, {"periodSeconds": 0}, {"initialDelaySeconds": -1}, {"successThreshold": 2}, {"httpHeaders": [{"name": "A", "value": "b"}]}],
    "probes.readiness": [{"successThreshold": 2}, {"timeoutSeconds": 0}, {"terminationGracePeriodSeconds": 5}, {"httpHeaders": [{"name": "a b", "value": "c"}]}],
    "probes.liveness": [{"terminationGracePeriodSeconds": 5}, {"successThreshold": 2}, {"httpGet": {"path": "/", "port": 1}}, {"exec": {"command": ["x"]}}],
    "containers": [[POD], [POD, POD], [{**POD, "name": "hello"}], [{**POD, "ports": [{"name": "more", "containerPort": 9000}]}], [{"name": "more"}], [{**POD, "restartPolicy": "Always"}],
                   [{**POD, "resources": {"requests": {"cpu": 2}, "limits": {"cpu": 1}}}], [{**POD, "volumeMounts": [{"name": "none", "mountPath": "/x"}]}]],
    "initContainers": [[POD], [{**POD, "restartPolicy": "Always"}], [{**POD, "restartPolicy": "Never"}], [{**POD, "readinessProbe": {"tcpSocket": {"port": 1}}}], [{**POD, "name": "Bad_"}]],
    "securityContext": [{"runAsNonRoot": True}, {"runAsUser": -1}, {"privileged": True, "allowPrivilegeEscalation": False}, {"capabilities": {"add": ["ALL"]}}, {"runAsUser": "1"}],
    "podSecurityContext": [{"fsGroup": 1}, {"seccompProfile": {"type": "Localhost"}}, {"sysctls": [{"name": "a", "value": "b"}]}, {"supplementalGroups": [1, 2]}, {"runAsGroup": 2 ** 33}],
    "ports": [[{"name": "more", "port": 9000}], [{"name": "http", "port": 9000}], [{"name": "more", "port": 80}], [{"name": "more", "port": 9000, "targetPort": "http", "allowIngress": True}],
              [{"name": "more", "port": 9000, "protocol": "UDP", "targetPort": 53}], [{"port": 9000}], [{"name": "more", "port": 0}], [{"name": "more", "port": 1, "nodePort": 1}]],
    "autoscaling.metrics": [[{"type": "External", "external": {"metric": {"name": "q"}, "target": {"type": "AverageValue", "averageValue": 30}}}], [{"type": "External"}], [{"type": "Pods"}],
                            [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 0}}}]],
    "autoscaling.behavior": [{"scaleDown": {"stabilizationWindowSeconds": 60}}, {"scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}}, {"scaleUp": {"policies": []}},
                             {"scaleDown": {"stabilizationWindowSeconds": 3601}}, {"scaleUp": {"selectPolicy": "Most"}}, {"scaleAway": {}}],
    "ingress.rules": [[{"host": "a.example"}], [{"host": "a.example", "paths": ["/a"], "secretName": "t"}], [{"paths": ["/"]}], [{"host": "a.example"}, {"host": "a.example"}], [{"host": "A b"}]],
    "ingress.hosts": [["a.example"], ["a.example", "*.b.example"], ["a.example", "a.example"], ["*"], ["a..b"]], "ingress.paths": [["/"], ["/a", "/b"], ["/a", "/a"], ["/a//b"], ["/../x"], ["/a(/|$)(.*)"]],
    "gateway.parentRefs": [[{"name": "edge"}], [{"name": "edge", "namespace": "g", "sectionName": "web"}], [{"namespace": "g"}]],
    "loadBalancer.sourceRanges": [["192.0.2.0/24"], ["192.0.2.1/24"], ["2001:db8::/32"], ["192.0.2.0/33"], ["192.0.2.0/24", "192.0.2.0/24"]],
    "networkPolicy.egress": [[{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}], [{}], [{"ports": [{"port": 53, "protocol": "UDP"}]}], [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}}]}],
                             [{"ports": [{"port": 70000}]}], [{"ports": [{"port": "dns", "endPort": 60}]}], [{"to": [{}]}]],
    "limitRange.limits": [[{"type": "Container", "default": {"cpu": 1}}], [{"type": "Container", "default": {"cpu": 1}, "max": {"cpu": "500m"}}], [{"type": "Pod", "default": {"cpu": 1}}], [{}]],
    "resourceQuota.hard": [{"pods": 5}, {"requests.cpu": "1"}, {"pods": 1.5}, {"what": 1}, {"count/jobs.batch": 3}],
    "hostAliases": [[{"ip": "10.0.0.1", "hostnames": ["a.b"]}], [{"ip": "x"}], [{"hostnames": ["a"]}], [{"ip": "10.0.0.1", "hostnames": ["a_b"]}]],
    "dnsConfig": [{"nameservers": ["10.0.0.1"]}, {"searches": ["a.b"], "options": [{"name": "ndots", "value": "2"}]}, {"nameservers": ["a"]}, {"nameservers": ["1.1.1.1"] * 4}, {"options": [{"value": "2"}]}],
    "nodeSelector": [{"a": "b"}, {"a b": "c"}, {"a": "b c"}, {"kubernetes.io/os": "linux"}],
    "tolerations": [[{"operator": "Exists"}], [{"key": "a", "operator": "Exists", "value": "b"}], [{"key": "a", "value": "b", "effect": "NoSchedule"}], [{"key": "a", "effect": "NoSchedule", "tolerationSeconds": 5}], [{}]],
    "affinity": [{"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}]}}},
                 {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "In"}]}]}}},
                 {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "a", "labelSelector": {"matchLabels": {"a": "b"}}}]}},
                 {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"labelSelector": {}}]}}, {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 0, "preference": {}}]}}],
    "topologySpreadConstraints": [[{"maxSkew": 1, "topologyKey": "a", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {"matchLabels": LABELS}}], [{"maxSkew": 0, "topologyKey": "a", "whenUnsatisfiable": "DoNotSchedule"}],
                                  [{"maxSkew": 1, "topologyKey": "a", "whenUnsatisfiable": "ScheduleAnyway", "minDomains": 2}], [{"maxSkew": 1, "topologyKey": "a", "whenUnsatisfiable": "DoNotSchedule"}] * 2],
    "volumes": [[{"name": "v", "emptyDir": {}}], [{"name": "v", "secret": {"secretName": "s", "defaultMode": 256}}], [{"name": "tmp", "emptyDir": {}}], [{"name": "v", "configMap": {"name": "c", "defaultMode": 512}}],
                [{"name": "v", "emptyDir": {}, "hostPath": {"path": "/"}}], [{"name": "v", "hostPath": {"path": "/../x"}}], [{"name": "v", "persistentVolumeClaim": {"claimName": "p"}}], [{"name": "V"}], [{"name": "v", "nfs": {}}],
                [{"name": "v", "projected": {"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 5}}]}}]],
    "volumeMounts": [[{"name": "tmp", "mountPath": "/more"}], [{"name": "none", "mountPath": "/x"}], [{"name": "tmp", "mountPath": "/tmp"}], [{"name": "tmp", "mountPath": "a:b"}], [{"name": "tmp", "mountPath": "/x", "subPath": "../a"}]],
    "metadata": [{"Service": {"annotations": {"a.b/c": "d"}}}, {"Deployment/hello": {"labels": {"a": "b"}}}, {"Pod": {"labels": {"a": "b"}}}, {"Service": {"finalizers": ["a"]}}, {"Service": {"labels": {"a": "b c"}}}],
    "labels": [{"team": "web"}, {"team": "on"}, {"a b": "c"}, {"team": "x" * 64}, {"app.kubernetes.io/name": "other"}], "check.bounds": [{"start.fail": "2m"}, {"what": "1s"}],
    "lint.allow": [["replicas"], ["what"]], "service.clusterIP": ["None", "10.0.0.1", "2001:db8::1", "10.0.0.256"], "logging.endpoint": ["https://logs.example:4318/otlp", "http://x:1/y"],
    "args.": [], "image": ["registry.example/hello@sha256:" + "0" * 64, "hello:1", "Hello:1"], "kubeVersion": ["1.29", "1.30", "1.35", 1.3, "1.28"],
}
for key in ("annotations", "podAnnotations", "service.annotations", "ingress.annotations", "loadBalancer.annotations", "serviceAccount.annotations", "autoscaling.external.selector"):
    WHOLE[key] = [{"example.com/a": "b"}, {"a": "é🙂"}, {"a b": "c"}, {"a": "x" * 5000}, {"/a": "b"}, {"example.com/a": "yes"}, {"A" * 64: "b"}]
EXTRA = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "b"}}, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "yes"}},
         {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "j"}, "spec": {"schedule": "*/5 * * * *", "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [POD]}}}}}},
         {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"}, "spec": {"a": [1, None, "x"]}}, {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "hello"}, "spec": {"ports": [{"port": 1}]}},
         {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": LABELS}}}, {"kind": "Service"}, {}, None, "x", {"apiVersion": "v1", "kind": "List"}]
PATHS = ["/spec", "/spec/replicas", "/metadata/labels", "/metadata/labels/a~1b", "/spec/template/spec/containers/0", "/spec/template/spec/containers/0/image", "/spec/template/spec/containers/-", "/spec/template/spec/volumes/9",
         "/metadata/name", "/kind", "", "/", "spec", "/spec/template/spec/containers/0/resources/limits/cpu", "/spec/ports/0/port", "/data"]
TREES = [{"spec": {"replicas": 3}}, {"metadata": {"labels": {"a": "b"}}}, {"metadata": {"name": "other"}}, {"spec": {"template": {"spec": {"containers": [{"name": "hello", "image": "x:1"}]}}}}, {"spec": None}, {"spec": {"template": None}},
         {"spec": {"template": {"spec": {"containers": [{"name": "more", "image": "more:1"}]}}}}, {"spec": {"template": {"spec": {"volumes": [{"name": "tmp", "$patch": "delete"}]}}}}, {"what": 1}, {"spec": {"ports": [{"port": 80, "targetPort": 9}]}},
         {"spec": {"template": {"spec": {"containers": [None]}}}}, {"spec": []}, [], "x", None, {"metadata": None}, {"metadata": {"annotations": {"a": 1}}}]


def rows(schema, prefix=""):
    """(key, schema) of every setting."""
    for name, one in schema["properties"].items():
        if prefix + name == "contexts":
            continue
        section = one["anyOf"][1] if "anyOf" in one else one
        if "properties" in section:
            yield from rows(section, f"{prefix}{name}.")
        else:
            yield prefix + name, one


class Generator:
    """One case for each number, the same each time."""

    def __init__(self, schema):
        self.rows = [row for row in rows(schema) if row[0] not in ("patches", "extraManifests")]
        self.names = [key for key, _ in self.rows]

    def value(self, key, one, dice):
        good = WHOLE.get(key, []) + one.get("enum", []) + ([one["default"]] if "default" in one else [])
        if "boolean" in one.get("type", ()) and "string" not in one["type"]:
            good = [True, False]
        for bound, past in (("minimum", -1), ("maximum", 1)):
            if bound in one:
                good = good + [one[bound], one[bound] + past]
        if "maximum" in one:
            good = good + [dice.randint(one["minimum"], one["maximum"])]
        kind = dice.random()
        if kind < 0.06:
            return None
        if kind < 0.12:
            return dice.choice(ODD)
        if kind < 0.17 or not good:
            return dice.choice(ANY)
        return self.bent(dice.choice(good), dice)

    def bent(self, value, dice):
        """Sometimes with another value at one place inside."""
        if dice.random() > 0.12 or not isinstance(value, (dict, list)) or not value:
            return value
        value = json.loads(json.dumps(value))
        node = value
        while True:
            key = dice.choice(list(node) if isinstance(node, dict) else range(len(node)))
            if isinstance(node[key], (dict, list)) and node[key] and dice.random() < 0.7:
                node = node[key]
                continue
            if isinstance(node, dict) and dice.random() < 0.3:
                node[key + "x"] = node.pop(key)
            else:
                node[key] = dice.choice(ANY)
            return value

    def patch(self, dice):
        target = {"kind": dice.choice(["Deployment", "Service", "Ingress", "ConfigMap", "Namespace", "Nothing", "deployment"])}
        if dice.random() < 0.3:
            target["name"] = dice.choice(["hello", "message-config", "x", ""])
        kind = dice.choice(["merge", "apply", "json", None])
        one = {"target": target, "patch": dice.choice(TREES)}
        if kind:
            one["type"] = kind
        if kind == "json":
            one["patch"] = [{"op": dice.choice(["add", "replace", "remove", "test", "move", "copy", "what"]), "path": dice.choice(PATHS), "from": dice.choice(PATHS), "value": self.bent(dice.choice(TREES + ANY), dice)}
                            for _ in range(dice.randint(1, 2))]
        return self.bent(one, dice)

    def layer(self, dice, most):
        tree, keys = {}, []
        for key, one in dice.sample(self.rows, dice.randint(0, most)):
            node = tree
            for part in key.split(".")[:-1]:
                node = node.setdefault(part, {})
            node[key.split(".")[-1]] = self.value(key, one, dice)
            keys.append(key)
        if dice.random() < 0.2:
            tree["patches"] = [self.patch(dice) for _ in range(dice.randint(1, 2))]
        if dice.random() < 0.1:
            tree["extraManifests"] = [self.bent(dice.choice(EXTRA), dice) for _ in range(dice.randint(1, 2))]
        return tree

    def case(self, number):
        """Files, arguments and variables."""
        dice = random.Random(number)
        files, args, env = [], [], {}
        for _ in range(dice.choice([1, 1, 1, 2])):
            files.append(self.layer(dice, 3))
        if dice.random() < 0.2:
            files[0]["contexts"] = {"prod": self.layer(dice, 2)}
            args += ["--context", "prod"]
        for _ in range(dice.choice([0, 0, 0, 1, 2])):
            key, one = dice.choice(self.rows)
            value = self.value(key, one, dice)
            text = value if isinstance(value, str) else json.dumps(value)
            how = dice.random()
            if how < 0.15:
                args += ["--unset", key]
            elif how < 0.3:
                args += ["--set-string", f"{key}={text}"]
            elif how < 0.7 or key == "name":
                args += ["--set", f"{key}={text}"]
            else:
                env["HELLO_" + re.sub(r"([A-Z])", r"_\1", key).replace(".", "_").replace("-", "_").upper()] = text
        return files, args, env


# What names the place of a refused input: a file's line, a flag, a variable, a setting, a patch, or an object.
PLACE = re.compile(r"\.yaml:\d+:\d+|--(set|set-string|unset|context)\b|HELLO_[A-Z_]+|patch \d")


# The judge reads YAML, in which these characters must be escaped; in JSON they may stand as they are.
CONTROL = re.compile("[\x7f-\x9f]")


class Judge:
    def __init__(self, path):
        self.path = path if path and os.path.exists(path) else ""

    @staticmethod
    def completed(one):
        """What the API server's storage adds to a Service before it validates it."""
        spec = one.get("spec") if isinstance(one, dict) and one.get("kind") == "Service" else None
        if isinstance(spec, dict) and isinstance(spec.get("clusterIP"), str) and spec["clusterIP"] and "clusterIPs" not in spec:
            return {**one, "spec": {**spec, "clusterIPs": [spec["clusterIP"]]}}
        if isinstance(spec, dict) and spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local" and "healthCheckNodePort" not in spec:
            return {**one, "spec": {**spec, "healthCheckNodePort": 32000}}
        return one

    def refusals(self, sets):
        """For each set of objects what the API server refuses."""
        if not self.path or not sets:
            return [""] * len(sets)
        objects = [one for objects in sets for one in objects]
        texts = "---\n".join(json.dumps(self.completed(one), ensure_ascii=False) + "\n" for one in objects)
        texts = CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", texts)
        got = subprocess.run([self.path], input=texts, capture_output=True, text=True, timeout=600)
        said = ["\n".join(line for line in part.splitlines() if line.startswith(("FAIL", "SSA-FAIL"))) for part in got.stdout.split("DOCUMENT ")[1:]]
        if len(said) != len(objects):
            raise SystemExit(f"{len(objects)} objects and {len(said)} verdicts: {got.stderr[-2000:]}")
        out, place = [], 0
        for one in sets:
            out.append("\n".join(filter(None, said[place:place + len(one)])))
            place += len(one)
        return out


def run(hello, count, judge_path="", first=0, chunk=100):
    """Runs the cases. Returns lists of (number, what happened) by what is wrong, and how many were accepted."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("HELLO_")}
    schema = json.loads(subprocess.run([hello, "config", "schema"], env=env, capture_output=True, text=True, check=True).stdout)
    generator, judge = Generator(schema), Judge(judge_path)
    wrong = {"crash": [], "no place": [], "passed": [], "strict": [], "lint": []}
    accepted = refused = 0
    with tempfile.TemporaryDirectory() as work:
        for start in range(first, first + count, chunk):
            kept = []
            for number in range(start, min(start + chunk, first + count)):
                files, args, variables = generator.case(number)
                flags = []
                for place, tree in enumerate(files):
                    with open(f"{work}/{place}.yaml", "w") as out:
                        json.dump(tree, out)
                    flags += ["--config", f"{place}.yaml"]
                options = dict(cwd=work, env={**env, **variables}, capture_output=True, text=True, errors="replace", timeout=120)
                got = subprocess.run([hello, "render", "-o", "json", *flags, *args], **options)
                if got.returncode not in (0, 3):
                    wrong["crash"].append((number, f"exit {got.returncode}: {got.stderr[-300:]}"))
                elif got.returncode == 3:
                    refused += 1
                    error = [line for line in got.stderr.splitlines() if not line.startswith("hello: warning")]
                    if any("templates/" in line for line in error) or not any(PLACE.search(line) for line in error) and not any(key in " ".join(error) for key in generator.names):
                        wrong["no place"].append((number, got.stderr[-300:]))
                else:
                    accepted += 1
                    warned = [line for line in got.stderr.splitlines() if line.endswith("[api]") and "this field needs Kubernetes" not in line]
                    kept.append((number, json.loads(got.stdout)["items"], got.stderr, warned))
                    if number % 5 == 0:
                        linted = subprocess.run([hello, "lint", "-o", "json", *flags, *args], **options)
                        if linted.returncode not in (0, 1):
                            wrong["lint"].append((number, f"exit {linted.returncode}: {linted.stderr[-300:]}"))
            for (number, objects, stderr, warned), refusal in zip(kept, judge.refusals([one[1] for one in kept])):
                if judge.path and bool(refusal) != bool(warned):
                    wrong["passed" if refusal else "strict"].append((number, refusal[:400] if refusal else stderr[-400:]))
    return wrong, accepted, refused


def checked(hello, count, judge_path):
    """The checks of both tests."""
    wrong, accepted, refused = run(hello, count, judge_path)
    check(f"{count} cases: some are accepted, some refused", min(accepted, refused) > count / 10, (accepted, refused))
    check("no input crashes render", not wrong["crash"], wrong["crash"][:5])
    check("nor lint", not wrong["lint"], wrong["lint"][:5])
    check("what is refused has its place named", not wrong["no place"], wrong["no place"][:5])
    if not os.path.exists(judge_path):
        skip("the judge has not been built: ./dev test tests/scan/settings builds it")
        return
    check("what Kubernetes refuses is warned of", not wrong["passed"], (len(wrong["passed"]), wrong["passed"][:10]))
    check("what Kubernetes accepts is not", not wrong["strict"], (len(wrong["strict"]), wrong["strict"][:10]))
