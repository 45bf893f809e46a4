"""Leave the sums (SHA-256) of all files of a built book beside them, in ``SHA256SUMS``.

``book/verify.py`` compares two builds by them, and so does ``sha256sum -c SHA256SUMS`` the files
with their sums. What a build measures stands in a few files, which are not among them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

SUMS = "SHA256SUMS"
MEASURED = {
    "run/build.json",
    "how_fast.html",  # which takes one time anew
    "notebooks/how_fast.ipynb",
    "lite/files/how_fast.ipynb",
    "searchindex.js",  # which holds that page's numbers
}
# What the next build reads alone: of Sphinx, and of make, which writes it in the end.
OF_BUILDS = {".buildinfo", ".built"}


def sums_of(folder: Path) -> dict[str, str]:
    """Return the sum of each file of a built book that two builds have in common."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in {SUMS, *MEASURED, *OF_BUILDS}:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def read_sums(path: Path) -> dict[str, str]:
    """Return the sums of a file, by name; a ValueError says that it holds something else."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        digest, between, name = line[:64], line[64:66], line[66:]
        if between != "  " or not name or len(bytes.fromhex(digest)) != 32:
            raise ValueError(f"{path} must hold lines of a sum and a name, but has {line!r}")
        found[name] = digest
    return found


def write_sums(app, exception) -> None:
    """Write them, when all else is written."""
    if exception is None and app.builder.name == "html":
        folder = Path(app.outdir)
        lines = [f"{digest}  {name}\n" for name, digest in sums_of(folder).items()]
        (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("build-finished", write_sums, priority=1000)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
