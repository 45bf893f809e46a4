"""Print a hash of all that the book is made from: ``make book`` builds where it has changed."""

import hashlib
import sys
from pathlib import Path

import runtime

ROOT = Path(__file__).resolve().parents[1]
INPUTS = (
    "Makefile",
    "pyproject.toml",
    "constraints.txt",
    "benchmarks",
    "book",
    "mnist_gd",
    "tests",
)
STUDIES = Path("book", "_build", "records", "studies.json")  # what `make studies` leaves
LEFT_OUT = {"_build", "__pycache__"}


def files(root):
    """Return the files by their places, in order; editors' dangling links are none."""
    found = {root / STUDIES}
    for name in INPUTS:
        found |= {root / name, *(root / name).rglob("*")}
    kept = {
        path
        for path in found
        if path.is_file()
        and (path == root / STUDIES or not LEFT_OUT & set(path.relative_to(root).parts))
    }
    return {path.relative_to(root).as_posix(): path for path in sorted(kept)}


def digest(root=ROOT):
    """Return a hash of their names and contents, of the Python that builds, and of the browser's.

    Of that only what is missing counts: its files have the sums of `runtime.toml`.
    """
    whole = hashlib.sha256(f"{sys.version} {sys.prefix}".encode())
    for name, path in files(root).items():
        whole.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    if (pins := root / "book" / "runtime.toml").exists():
        pins = runtime.read_pins(pins)
        lacking = runtime.missing(pins, runtime.cache_folder(pins))
        whole.update(f"{len(lacking)} missing".encode())
    return whole.hexdigest()


if __name__ == "__main__":
    print(digest())
