"""Programs from PyPI at the version that the tests know, each in an environment of its own in build."""
import os, shutil, subprocess, sys


def from_pip(name, version):
    """The program's path; installed where it is not there yet. The package has the program's name."""
    at = f"build/{name}-{version}"
    if not os.path.exists(f"{at}/bin/{name}"):
        shutil.rmtree(at, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", at], check=True)
        subprocess.run([at + "/bin/pip", "install", "-q", "--disable-pip-version-check", f"{name}=={version}"], check=True)
    return f"{at}/bin/{name}"
