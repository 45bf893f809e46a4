"""Resolve all that the project asks for anew, and write it to `constraints.txt`.

`make refresh` calls this with the environment's Python. pip resolves, and installs nothing; what
it names replaces the pins. A pin that is not for this system stays, untouched, if what was
resolved asks for it elsewhere; others go. What another asks for in one version alone, as PyTorch
for NVIDIA's libraries, needs no pin. Lines that begin with "# held: " are requirements that
the resolution keeps to, with the reason behind a semicolon.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
EXTRAS = "book,test,cluster,oracles,benchmark"
HELD = re.compile(r"^# held: ([^;\n]+)", re.MULTILINE)


def pins(text):
    """Return the versions of a file of constraints, by their names as they are written there."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("==") for line in lines)


def resolved(project, held=(), options=()):
    """Return what pip would install for a requirement into an empty environment: its report."""
    with tempfile.TemporaryDirectory() as folder:
        report, kept_to = Path(folder) / "report.json", Path(folder) / "held.txt"
        kept_to.write_text("\n".join(held), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
        command += ["--quiet", "--dry-run", "--ignore-installed", "--report", report]
        subprocess.run([*command, "-c", kept_to, *options, project], check=True)
        return json.loads(report.read_text(encoding="utf-8"))["install"]


def refreshed(text, installs):
    """Return the text of the constraints with the versions of a report of pip.

    Parameters
    ----------
    text : str
    installs : list of dict
        What :func:`resolved` returns, the project itself among it.

    Returns
    -------
    str
    """
    found = [install["metadata"] for install in installs if not install.get("is_direct")]
    wanted = [Requirement(r) for i in installs for r in i["metadata"].get("requires_dist", [])]
    elsewhere = {canonicalize_name(r.name) for r in wanted if r.marker}
    exact = {canonicalize_name(r.name) for r in wanted if str(r.specifier).startswith("==")}
    exact -= set(map(canonicalize_name, pins(text)))
    new = {canonicalize_name(m["name"]): Version(m["version"]).public for m in found}
    new = {name: version for name, version in new.items() if name not in exact}
    names = {canonicalize_name(m["name"]): m["name"] for m in found}
    for name, version in pins(text).items():
        key = canonicalize_name(name)
        names[key] = name  # as it was written
        if key not in new and key in elsewhere:
            new[key] = version
    head = [line for line in text.splitlines() if line.startswith("#")]
    lines = [f"{names[key]}=={new[key]}" for key in sorted(new)]
    return "\n".join([*head, *lines]) + "\n"


def main():
    """Write the file, and say what changed."""
    before = CONSTRAINTS.read_text(encoding="utf-8")
    options = ["--only-binary", ":all:", *sys.argv[1:]]
    installs = resolved(f"{ROOT}[{EXTRAS}]", HELD.findall(before), options)
    after = refreshed(before, installs)
    CONSTRAINTS.write_text(after, encoding="utf-8")
    old, new = pins(before), pins(after)
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            print(f"{name}: {old.get(name, 'none')} -> {new.get(name, 'none')}")


if __name__ == "__main__":
    main()
