"""Key the execution cache of the notebooks by what their cells run on.

MyST-NB runs a page again when the page's own code changed; it does not notice that the
package which the page imports changed. This extension puts each cache into a folder
named by a hash of the package's sources, the sums of the data archives, the versions of
Python and of the libraries that make the numbers and the figures, and of what
``make studies`` left. So an edit runs
every page again, and taking the edit back finds the old results.

It also makes the package importable, here (for the API page) and in the kernels, from a
checkout in which nothing was installed.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "mnist_gd"
LIBRARIES = ("numpy", "matplotlib", "torchvision")
KEPT = 3  # caches, this build's among them


def cache_key(
    package: Path = PACKAGE,
    libraries: tuple[str, ...] = LIBRARIES,
    studies: Path | None = None,
) -> str:
    """Return a short hash of the sources, the data's sums, the versions and the studies.

    Parameters
    ----------
    package : pathlib.Path
        Folder of the package: every ``*.py`` below it and ``mnist/SHA256SUMS`` count.
    libraries : tuple of str
        Distributions whose versions count.
    studies : pathlib.Path, optional
        File that the long studies leave; it need not be there.

    Returns
    -------
    str
        Twelve hexadecimal digits.
    """
    digest = hashlib.sha256()

    def add(*fields: str | bytes) -> None:
        for field in fields:
            data = field.encode() if isinstance(field, str) else field
            digest.update(len(data).to_bytes(8, "big"))  # so that no two lists run together
            digest.update(data)

    add("python", platform.python_version(), platform.machine())
    for name in libraries:
        add(name, version(name))
    for path in sorted([*package.rglob("*.py"), *package.glob("mnist/SHA256SUMS")]):
        add(path.relative_to(package).as_posix(), path.read_bytes())
    if studies is not None and studies.exists():
        add("studies", studies.read_bytes())
    return digest.hexdigest()[:12]


def prune(caches: Path, kept: int = KEPT) -> None:
    """Remove all but the `kept` most recently used folders in `caches`."""
    folders = [path for path in caches.iterdir() if path.is_dir()]
    for path in sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True)[kept:]:
        shutil.rmtree(path, ignore_errors=True)


def make_importable() -> None:
    """Put the checkout first on the path of this process and of the kernels it starts."""
    root = str(ROOT)
    if root not in sys.path:
        sys.path.insert(0, root)
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if root not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([root, *filter(None, paths)])


def set_cache(app, config) -> None:
    """Choose this build's cache; a changed value makes Sphinx read every page again."""
    build = Path(app.outdir).parent
    caches = build / ".jupyter_cache"
    cache = caches / cache_key(studies=build / "records" / "studies.json")
    cache.mkdir(parents=True, exist_ok=True)
    os.utime(cache)  # used now: the last to be pruned
    prune(caches)
    config.nb_execution_cache_path = str(cache)


def setup(app):
    """Register the extension with Sphinx."""
    make_importable()
    app.connect("config-inited", set_cache)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
