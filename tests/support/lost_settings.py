"""Random settings and a patch of what they render to. A setting that the patch undoes must be warned of, one that it leaves
alone must not. What a setting does is seen by rendering without it. tests/cli/random-settings and tests/scan/settings run it."""
import json, os, random, re, subprocess, tempfile

from checks import check
from random_settings import Generator

LOST = re.compile(r"(?:: |--\S+ |^hello: warning: )([A-Za-z][\w.-]*) is lost: ")


def called(items, place):
    """The item's name; for the second of the name, that and 1."""
    name = items[place].get("name", place)
    again = sum(1 for one in items[:place] if isinstance(one, dict) and one.get("name") == name)
    return f"[{name}{again or ''}]"


def leaves(node, path=()):
    """Each scalar by its path. Items of lists are called by name, texts in lists by themselves."""
    if isinstance(node, dict) and node:
        for key, value in node.items():
            yield from leaves(value, path + (key,))
    elif isinstance(node, list) and node:
        for place, item in enumerate(node):
            if isinstance(item, dict):
                yield from leaves(item, path + (called(node, place),))
            else:
                yield path + (f"[{json.dumps(item)}]",), True
    else:
        yield path, node


def all_leaves(objects):
    return {(one["kind"], one["metadata"]["name"]) + path: value for one in objects for path, value in leaves(one)}


def keys_of(tree, names, prefix=""):
    """The settings that a layer gives."""
    for key, value in tree.items():
        if key == "contexts":
            for context in value.values():
                yield from keys_of(context, names)
        elif prefix + key in names:
            yield prefix + key
        elif isinstance(value, dict):
            yield from keys_of(value, names, f"{prefix}{key}.")


def pointers(node, path=(), names=()):
    """Every path below, as a JSON patch has it and as leaves() has it, and the value there."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        name = key if isinstance(node, dict) else called(node, key) if isinstance(value, dict) else f"[{json.dumps(value)}]"
        yield path + (key,), names + (name,), value
        yield from pointers(value, path + (key,), names + (name,))


def patch_of(objects, effects, dice):
    """A patch that changes, removes or adds something: mostly where a setting has an effect."""
    places = []
    for one in objects:
        whole = (one["kind"], one["metadata"]["name"])
        wanted = {leaf[2:2 + depth]: 1 + 50 * (depth == len(leaf) - 2) for leaf in effects if leaf[:2] == whole for depth in range(2, len(leaf) - 1)}
        for path, names, value in pointers(one):
            if path[0] not in ("apiVersion", "kind") and path[:2] not in (("metadata", "name"), ("metadata", "namespace")):
                places += [(one, path, value)] * (wanted.get(names, 0) * 4 + 1)
    one, path, value = dice.choice(places)
    new = dice.choice([None, "other", 7, {"other": "x"}, value])
    target = {"kind": one["kind"], "name": one["metadata"]["name"]}
    if dice.random() < 0.6:
        place = "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in path)
        step = {"op": "remove", "path": place} if new is None else {"op": dice.choice(["replace", "add"]), "path": place, "value": new}
        return {"target": target, "type": "json", "patch": [step]}
    tree = new
    for part in reversed(path):
        if isinstance(part, int):
            tree = [] if tree is None else [tree]
        else:
            tree = {part: tree}
    return {"target": target, "type": dice.choice(["merge", "apply"]), "patch": tree}


def verdicts(plain, patched, others):
    """(lost, kept): the settings of which the patch undoes all, and those of which it undoes nothing."""
    lost, kept = set(), set()
    for key, other in others.items():
        effect = {path: value for path, value in plain.items() if path not in other or other[path] != value}
        undone = [path for path, value in effect.items() if path not in patched or patched[path] != value]
        if effect and len(undone) == len(effect):
            lost.add(key)
        if effect and not undone:
            kept.add(key)
    return lost, kept


class Trial:
    """One case of the generator, without patches of its own."""

    def __init__(self, hello, work, generator, number):
        dice = random.Random(number)
        self.hello, self.work = hello, work
        self.tree = generator.layer(dice, 4)
        self.tree.pop("patches", None)
        self.keys = sorted(set(keys_of(self.tree, set(generator.names))) - {"name", "namespace.name"})

    def render(self, *args, patch=None):
        """The leaves of what is rendered, the objects, and the warnings; None if it is refused."""
        with open(f"{self.work}/hello.yaml", "w") as out:
            json.dump({**self.tree, **({"patches": [patch]} if patch else {})}, out)
        env = {k: v for k, v in os.environ.items() if not k.startswith("HELLO_")}
        got = subprocess.run([self.hello, "render", "-o", "json", *args], cwd=self.work, env=env, capture_output=True, text=True, errors="replace", timeout=120)
        if got.returncode:
            return None, None, got.stderr
        objects = json.loads(got.stdout)["items"]
        return all_leaves(objects), objects, got.stderr

    def wrong(self, dice):
        """(what is wrong, whether a setting was lost) of up to three patches."""
        plain, objects, said = self.render()
        if plain is None or not self.keys or "is listed twice" in said:  # of two of a name, none is the setting's
            return
        others = {key: found for key in self.keys if (found := self.render("--unset", key)[0]) is not None}
        effects = {path for other in others.values() for path, value in plain.items() if other.get(path) != value}
        for _ in range(3):
            patch = patch_of(objects, effects, dice)
            patched, _, said = self.render(patch=patch)
            if patched is None:
                continue
            warned = set(LOST.findall(said))
            lost, kept = verdicts(plain, patched, others)
            silent, loud = lost - warned, kept & warned
            yield (f"{json.dumps(self.tree)} {json.dumps(patch)}: {sorted(silent)} lost in silence, {sorted(loud)} not lost: {said[:300]}" if silent or loud else ""), bool(lost)


def checked(hello, count, first=0):
    env = {k: v for k, v in os.environ.items() if not k.startswith("HELLO_")}
    schema = json.loads(subprocess.run([hello, "config", "schema"], env=env, capture_output=True, text=True, check=True).stdout)
    generator, wrong, tried, lost = Generator(schema), [], 0, 0
    with tempfile.TemporaryDirectory() as work:
        for number in range(first, first + count):
            for what, is_lost in Trial(hello, work, generator, number).wrong(random.Random(-number)):
                tried += 1
                lost += is_lost
                if what:
                    wrong.append((number, what))
    check(f"{tried} patches of {count} random settings: some undo a setting ({lost})", lost > count / 20, (tried, lost))
    check("a setting that a patch undoes is warned of, and no other", not wrong, (len(wrong), wrong[:10]))
