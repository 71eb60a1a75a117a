"""WCAG AA by axe-core in Chromium."""
import json
import os
import subprocess

from checks import check

AXE = "axe-core@4.10.3"
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "hello-tests")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def axe():
    """axe-core's script, from npm into a cache; None where it cannot be had."""
    path = f"{CACHE}/node_modules/axe-core/axe.min.js"
    if not os.path.exists(path):
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-save", "--prefix", CACHE, AXE], capture_output=True, timeout=300)
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return file.read()


def audit(chromium, script, what):
    """Checks that axe-core finds nothing on the page that is open. The debugger evaluates it, which the page's policy does not bind."""
    chromium.run(script + ";1")
    found = chromium.run("axe.run({runOnly: {type: 'tag', values: %s}}).then(r => [r.violations.map(v => v.id + ': ' + "
                         "v.nodes.map(n => n.html + ' ' + n.failureSummary).join(' | ')), r.passes.length])" % json.dumps(RULES))
    check(f"{what}: axe-core finds nothing", found[0] == [] and found[1] > 5, found)
