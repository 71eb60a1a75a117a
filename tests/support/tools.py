"""How tests get programs that no package has: from PyPI, each in an environment of its own in build, or by a command with a network."""
import os, shutil, subprocess, sys


def from_pip(name, version):
    """The program's path; installed where it is not there yet. The package has the program's name."""
    at = f"build/{name}-{version}"
    if not os.path.exists(f"{at}/bin/{name}"):
        shutil.rmtree(at, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", at], check=True)
        subprocess.run([at + "/bin/pip", "install", "-q", "--disable-pip-version-check", f"{name}=={version}"], check=True)
    return f"{at}/bin/{name}"


def outside(*argv):
    """The command as one that runs in the runner's network: the lab's, in which tests of a cluster run, has no way out."""
    return [*os.environ.get("OUTSIDE", "").split(), *argv]
