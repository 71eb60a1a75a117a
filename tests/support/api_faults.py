"""Faults in valid objects, one at a time, of the classes that the API server checks. tests/scan/api runs them."""
import collections, copy, json, os, random, re

import yaml

TYPES = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../src/manifest/types.txt")
BIG = "x" * (256 * 1024)  # an object's annotations may have so many bytes
NUMBERS = [-1, 0, 1, 2, 15, 100, 101, 256, 511, 512, 599, 600, 1800, 1801, 3600, 3601, 32767, 32768, 65535, 65536, 86400, 86401,
           2 ** 31 - 1, 2 ** 31, 2 ** 63 - 1, 2 ** 63, -2 ** 31]
TEXTS = ["", "x" * 15, "x" * 16, "x" * 52, "x" * 53, "x" * 63, "x" * 64, "x" * 253, "x" * 254, "x" * 300, "Bad_Value!", "-a", "a-", "a b", "a.b", "a..b",
         "A", "10.0.0.0/33", "10.0.0.1", "::1", "/", "é", "*", "*.a", ".", "..", "8080", "50%", "101%", "a=b", "$(X)", "a\nb", "a/b", "a/b/c", "{", " "]
CHOICES = """Always Never OnFailure IfNotPresent ClusterIP NodePort LoadBalancer ExternalName Recreate RollingUpdate OnDelete Utilization Value AverageValue
Resource Pods External Object Localhost RuntimeDefault Unconfined Exists DoesNotExist In NotIn Gt Lt Equal NoSchedule NoExecute Memory HugePages HugePages-2Mi
TCP UDP SCTP HTTP HTTPS Block Filesystem Indexed NonIndexed None Default ClusterFirst Local Cluster ClientIP SingleStack RequireDualStack Exact Prefix
ImplementationSpecific Forbid Replace Allow Retain Delete Role ClusterRole User Group ServiceAccount Opaque Directory Disabled Min Bidirectional Honor Ignore
DoNotSchedule ScheduleAnyway windows linux FailJob Count Terminating PriorityClass Namespace kubernetes.io/tls kubernetes.io/ssh-auth IPv4 IPv6 PreferClose""".split()
QUANTITIES = ["1", "0", "-1", "1.5", "100m", "1.5m", "1k", "1Ki", "1K", "1Gi", "1GI", "1e3", "1E", "1e", "0.0001", "1 Gi", "", "Gi", "1Gi5", "+1", "1n", "0x1", "1_000", ".5", "5.", "1e-3",
              "9223372036854775807", "1Ei", 1, 0.5, -1, "100Ei"]
CIDRS = ["10.0.0.0/8", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0", "10.0.0.0/08", "10.0.0.0/-1", "2001:db8::/32", "2001:db8::/129", "010.0.0.0/8", "10.0.0/8", "/8", "a/8", "::ffff:10.0.0.0/104",
         "fe80::%eth0/64", "10.0.0.0/8 ", "0.0.0.0/0", "::/0", "10.0.0.256/32"]
PATHS = ["", "/", "a", "/a", "/a/../b", "/a/..", "../a", "a/..b", "/a//b", "/a/./b", "/.", "/a%2fb", "/a:b", "a:b", "..", "a/b", "/" + "x" * 300, "/a b", "/(a|b)", "/a?b=c", "/é", "."]
LABELS = [("a b", "c"), ("a", "b c"), ("a", "x" * 63), ("a", "x" * 64), ("a", "-b"), ("a", "b-"), ("a", "b.c_d"), ("x" * 63, "a"), ("x" * 64, "a"), ("example.com/a", "b"), ("Example.com/a", "b"), ("/a", "b"),
          ("a/", "b"), ("a/b/c", "d"), ("x" * 253 + "/a", "b"), ("x" * 254 + "/a", "b"), ("", "a"), ("a", ""), ("a", 1), ("a", True), ("a", None), ("a", ["b"]), ("a_b.c-d", "e"), ("a", "é"), ("-a", "b"), ("a", "b/c")]
NAMES = ["Bad-{}", "bad_{}", "-bad-{}", "bad-{}-", "bad.{}", "{}-bad", "bad--{}", "bad..{}", "bad:{}", "bad/{}", "bad%{}", "é-{}", "bad {}", "x" * 46 + "{}", "x" * 48 + "{}", "x" * 57 + "{}", "x" * 60 + "{}", "x" * 62 + "{}", "x" * 247 + "{}", "x" * 251 + "{}",
         "*.{}", "{}", "a.b.c{}", ".{}", "{}."]
# Keys of maps of data and of amounts.
KEYS = ["cpu", "memory", "storage", "ephemeral-storage", "pods", "gpu", "requests.cpu", "requests.storage", "limits.cpu", "count/jobs.batch", "services.nodeports", "example.com/x", "hugepages-2Mi", "hugepages-",
        "a b", "a_b", "A.b", ".", "..", "..a", "a/b", "/a", "é", "", "x" * 63, "x" * 64, "x" * 253, "x" * 254]
MAPS = {"data": "", "stringData": "a", "binaryData": "", "requests": "1", "limits": "1", "hard": "1", "min": "1", "max": "1", "default": "1", "defaultRequest": "1", "overhead": "1", "maxLimitRequestRatio": "2"}
# What is written beside a field that excludes it: the field that is there, and what is put beside it.
BESIDE = [("value", {"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}), ("valueFrom", {"value": "b"}), ("secretKeyRef", {"configMapKeyRef": {"name": "a", "key": "b"}}),
          ("httpGet", {"tcpSocket": {"port": 1}}), ("exec", {"httpGet": {"port": 1, "path": "/"}}), ("tcpSocket", {"exec": {"command": ["a"]}}), ("grpc", {"tcpSocket": {"port": 1}}), ("sleep", {"exec": {"command": ["a"]}}),
          ("emptyDir", {"hostPath": {"path": "/a"}}), ("configMap", {"secret": {"secretName": "a"}}), ("hostPath", {"emptyDir": {}}), ("persistentVolumeClaim", {"emptyDir": {}}), ("secretRef", {"configMapRef": {"name": "a"}}),
          ("subPath", {"subPathExpr": "a"}), ("subPathExpr", {"subPath": "a"}), ("minAvailable", {"maxUnavailable": 1}), ("maxUnavailable", {"minAvailable": 1}), ("averageUtilization", {"averageValue": "1"}), ("averageValue", {"value": "1"}),
          ("number", {"name": "http"}), ("name", {"number": 80}), ("service", {"resource": {"kind": "A", "name": "b"}}), ("resource", {"service": {"name": "a", "port": {"number": 1}}}), ("ipBlock", {"podSelector": {}}),
          ("namespaceSelector", {"ipBlock": {"cidr": "10.0.0.0/8"}}), ("podSelector", {"ipBlock": {"cidr": "10.0.0.0/8"}}), ("nonResourceURLs", {"resources": ["pods"], "apiGroups": [""]}), ("resources", {"nonResourceURLs": ["/a"]}),
          ("privileged", {"allowPrivilegeEscalation": False}), ("allowPrivilegeEscalation", {"privileged": True}), ("allowPrivilegeEscalation", {"capabilities": {"add": ["SYS_ADMIN"]}}), ("clusterIP", {"externalName": "a.b"}), ("clusterIP", {"type": "NodePort"}), ("externalName", {"clusterIP": "None"}),
          ("hostNetwork", {"hostUsers": False}), ("hostPID", {"shareProcessNamespace": True}), ("stdin", {"stdinOnce": True}), ("type", {"rollingUpdate": {}}), ("type", {"localhostProfile": "a"}), ("operator", {"values": []}), ("operator", {"value": "a"}),
          ("operator", {"values": ["a", "b"]}), ("dataSource", {"dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "a"}}), ("completions", {"completionMode": "Indexed"}), ("completionMode", {"completions": None}), ("restartPolicy", {"readinessProbe": {"tcpSocket": {"port": 1}}}),
          ("restartPolicy", {"activeDeadlineSeconds": 5}), ("selector", {"serviceName": "a"}), ("matchLabels", {"matchExpressions": [{"key": "a", "operator": "In"}]}), ("port", {"endPort": 1}), ("port", {"nodePort": 30000}), ("ports", {"type": "ExternalName"}),
          ("replicas", {"minReadySeconds": 700}), ("minReplicas", {"maxReplicas": 1}), ("maxReplicas", {"minReplicas": 0}), ("schedule", {"timeZone": "Mars/Olympus"}), ("aggregationRule", {"rules": [{"verbs": []}]}), ("hard", {"scopes": ["BestEffort"]}),
          ("default", {"max": {"cpu": "1m", "memory": "1"}}), ("max", {"min": {"cpu": 100, "memory": "1Ti", "storage": "1Pi"}}), ("data", {"stringData": {"a": 1}}), ("loadBalancerClass", {"type": "ClusterIP"}), ("externalTrafficPolicy", {"type": "ClusterIP"}),
          ("sessionAffinity", {"sessionAffinity": "None"}), ("ipFamilies", {"ipFamilyPolicy": "SingleStack"}), ("clusterIP", {"ipFamilies": ["IPv4", "IPv4"]}), ("nodeAffinity", {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": ""}]}})]


def known_types():
    """Of each type its fields and their types."""
    out = {}
    with open(TYPES) as lines:
        for line in lines:
            head, *fields = line.split()
            out[head] = dict(one.split(":", 1) for one in fields)
    return out


def places(node, path=()):
    """Every path but those of the object's own name and kind."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        if not path and key in ("apiVersion", "kind"):
            continue
        if path == ("metadata",) and key in ("name", "namespace"):
            continue
        yield path + (key,), value
        yield from places(value, path + (key,))


def changed(tree, path, make):
    """The object with `make(parent, key)` done at the path. What is not on the path is shared with `tree`."""
    out = parent = copy.copy(tree)
    for key in path[:-1]:
        parent[key] = copy.copy(parent[key])
        parent = parent[key]
    if isinstance(parent, list) or path[-1] in parent:
        parent[path[-1]] = copy.deepcopy(parent[path[-1]])
    make(parent, path[-1])
    return out


def put(value):
    return lambda parent, key: parent.__setitem__(key, copy.deepcopy(value))


def entry(name, value):
    """Sets an entry of the map at the place."""
    return lambda parent, key: parent[key].__setitem__(name, copy.deepcopy(value))


def entries(more):
    return lambda parent, key: parent[key].update(copy.deepcopy(more))


def misspell(parent, key):
    parent[str(key) + "x"] = parent.pop(key)


def plausible(kind):
    """Values for a field of the type."""
    if kind.startswith("["):
        return [[], [one for one in plausible(kind[1:].split("@")[0])[:1]]]
    if kind.startswith("{"):
        return [{}, {"a": one} if (one := plausible(kind[1:])[0]) is not None else {}]
    return {"s": ["a", "a.b/c", "Always"], "n": [1, 0, 30000], "b": [True, False], "q": ["1", "1Gi"], "i": [1, "50%"], "t": ["2026-01-02T03:04:05Z", "x"], "*": [{}]}.get(kind[0] if len(kind.strip("!")) == 1 else "", [{}])


def of_text(value, path):
    """Faults of a string."""
    for text in TEXTS:
        yield "text", put(text)
    for text in CHOICES:
        yield "choice", put(text)
    if re.fullmatch(r"[0-9a-fA-F.:]+/[0-9]+", value):
        for text in CIDRS:
            yield "cidr", put(text)
    if "path" in str(path[-1]).lower() or value.startswith("/"):
        for text in PATHS:
            yield "path", put(text)


def of_map(value, path):
    if path[-1] in ("labels", "matchLabels", "selector", "nodeSelector", "annotations") and all(isinstance(one, str) for one in value.values()):
        for name, text in LABELS:
            yield "label", entry(name, text)
    if path[-1] == "annotations" or path == ("metadata",):
        for more in ({"big": BIG[:-3]}, {"big": BIG}, {"a": BIG, "b": BIG}):
            yield "size", entries(more) if path[-1] == "annotations" else entry("annotations", more)
    for name, more in BESIDE:
        if name in value:
            yield "both", entries(more)
    if path[-1] in MAPS:
        for name in KEYS:
            yield "key", entry(name, MAPS[path[-1]])
    if path[-1] == "resources" and value:
        for amount in ("1m", "1", "8", "1Gi", "64Gi", "0", "-1"):
            for name in ("cpu", "memory", "ephemeral-storage", "nvidia.com/gpu", "hugepages-2Mi", "gpu", "example.com/a"):
                for side in ("requests", "limits"):
                    yield "resources", lambda parent, key, s=side, n=name, a=amount: parent[key].setdefault(s, {}).__setitem__(n, a)


def same(value):
    """The items of a list made alike, one field of one pair of neighbours at a time."""
    for place in range(1, len(value)):
        for name in value[place] if isinstance(value[place], dict) and isinstance(value[place - 1], dict) else ():
            if name in value[place - 1]:
                yield lambda parent, key, p=place, n=name: parent[key][p].__setitem__(n, copy.deepcopy(parent[key][p - 1][n]))


def of_place(value, path):
    """(class, what to do) for one place."""
    yield "dropped", lambda parent, k: parent.pop(k)
    yield "null", put(None)
    if isinstance(path[-1], str):
        yield "misspelt", misspell
    for other in ("text", 7, -1, 70000, True, 1.5, [], {}, ["a"], {"a": "b"}):
        if type(other) is not type(value):
            yield "type", put(other)
    if isinstance(value, int) and not isinstance(value, bool):
        for bound in NUMBERS:
            yield "bound", put(bound)
    if any(part in ("requests", "limits", "hard", "min", "max", "default", "sizeLimit", "averageValue", "divisor") for part in path[-2:]) and not isinstance(value, (dict, list)):
        for amount in QUANTITIES:
            yield "quantity", put(amount)
    if isinstance(value, str):
        yield from of_text(value, path)
    if isinstance(value, dict):
        yield from of_map(value, path)
    if isinstance(value, (dict, list)) and value:
        yield "empty", put(type(value)())
    if isinstance(value, list) and value:
        for make in same(value):
            yield "same", make
        yield "duplicate", put(value + [copy.deepcopy(value[0])])
        yield "duplicate", put([copy.deepcopy(value[-1])] + value)


def added(tree, types):
    """Another field beside those that are there, at each map of a known type."""
    def walk(node, kind, path):
        kind = kind.strip("!")
        if kind.startswith("[") and isinstance(node, list):
            for place, one in enumerate(node):
                yield from walk(one, kind[1:].split("@")[0], path + (place,))
        elif kind.startswith("{") and isinstance(node, dict):
            for name, one in node.items():
                yield from walk(one, kind[1:], path + (name,))
        elif kind in types and isinstance(node, dict):
            for name, inner in types[kind].items():
                inner = inner.split(">")[0]
                if name in node:
                    yield from walk(node[name], inner, path + (name,))
                elif name != "namespace" and name != "managedFields":
                    for value in plausible(inner):
                        yield path + (name,), value
    yield from walk(tree, f"{tree['apiVersion']}/{tree['kind']}", ())


class Case:
    """One fault in one object; `object` is made when it is chosen."""

    def __init__(self, kind, tree, path, make):
        self.kind, self.tree, self.path, self.make = kind, tree, path, make
        self.object, self.rank = None, 0


def of_object(tree, types):
    yield Case("valid", tree, (), None)
    for path, value in places(tree):
        for kind, make in of_place(value, path):
            yield Case(kind, tree, path, make)
    for path, value in added(tree, types):
        yield Case("added", tree, path, put(value))
    for pattern in NAMES:
        yield Case("name", tree, ("metadata", "name"), put(pattern))


def cases(objects, most):
    """The valid objects, and a sample of all faults, each once, with as many of each class as can be."""
    types = known_types()
    found = [case for tree in objects for case in of_object(tree, types)]
    random.Random(1).shuffle(found)
    rank = collections.Counter()
    for case in found:
        rank[case.kind] += 1
        case.rank = 0 if case.kind == "valid" else rank[case.kind]
    seen, left = set(), most
    for case in sorted(found, key=lambda one: one.rank):
        if left == 0:
            return
        try:
            case.object = changed(case.tree, case.path, case.make) if case.path else case.tree
        except (IndexError, KeyError, AttributeError):
            continue
        digest = hash(json.dumps(case.object, sort_keys=True))
        if digest in seen or not isinstance(case.object.get("metadata"), dict):
            continue
        seen.add(digest)
        left -= case.kind != "valid"
        yield case


def read(folder):
    """The objects of the folder's files."""
    for name in sorted(os.listdir(folder)):
        with open(f"{folder}/{name}") as file:
            yield from yaml.safe_load_all(file)
