"""Key the cached results of a page by all that its cells depend on.

MyST-NB runs a page again when the page's own code changed; it does not notice that a module
which the page imports changed. This extension works out a hash for each page: of the modules
of the package that its cells import, and those that these import (without comments and
docstrings), of the versions of Python and of the libraries that make the numbers and the
figures, of the files that its front matter names under ``reads``, of the times that are kept of
trainings if it shows some, and, if it shows studies, of what ``make studies`` left. The hash is
put behind the name of the page's kernel, which the cache takes into account. So an edit runs the
pages that depend on it, and taking the edit back finds the old results.

It puts those times beside the records of the build, where ``mnist_gd.records`` finds them: no
page shows a time of this build. And it makes the package importable, here (for the API page) and
in the kernels, from a checkout in which nothing was installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TIMES = ROOT / "benchmarks" / "records" / "runs"
LIBRARIES = ("numpy", "matplotlib", "torchvision")

CELL = re.compile(
    r"^(?P<fence>`{3,})\{code-cell\}[^\n]*\n(?P<body>.*?)^(?P=fence)\s*$", re.MULTILINE | re.DOTALL
)
OPTIONS = re.compile(r"\A(?:---\n.*?^---\n|(?:^:[^\n]*\n)+)", re.MULTILINE | re.DOTALL)
READS = re.compile(r"^reads: *\[(?P<paths>[^\]\n]*)\]$", re.MULTILINE)
KERNEL = re.compile(r"^( *display_name: *[^\n]*?) *$", re.MULTILINE)


def make_importable() -> None:
    """Put the checkout first on the path of this process and of the kernels it starts."""
    root = str(ROOT)
    if root not in sys.path:
        sys.path.insert(0, root)
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if root not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([root, *filter(None, paths)])


def code_of(text: str) -> str:
    """Return the code of a page's cells, without their options and what is not Python."""
    cells = [OPTIONS.sub("", cell["body"]) for cell in CELL.finditer(text)]
    return "\n".join(re.sub(r"^[%!].*$", "", cell, flags=re.MULTILINE) for cell in cells)


def versions() -> list[str]:
    """Return the versions that results depend on."""
    found = [platform.python_version(), platform.machine()]
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    return found


def files_read(text: str) -> dict[str, str]:
    """Return a hash of each file that a page names under ``reads``, itself or by its folder."""
    named = [path.strip() for line in READS.finditer(text) for path in line["paths"].split(",")]
    found = {}
    for path in (ROOT / name for name in named):
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            if file.is_file():
                name = file.relative_to(ROOT).as_posix()
                found[name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def kept_times() -> dict:
    """Return the times of trainings that were kept, the newest of each, by the names of runs.

    Which are trained depends on last digits, and so on the processor: each file is of one machine.
    """
    times = {}
    for path in sorted(TIMES.glob("*.json")):
        times |= json.loads(path.read_text(encoding="utf-8"))["runs"]
    return times


def put_times(app) -> None:
    """Put them where the pages' trainings are recorded."""
    folder = studies_file(app).parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "times.json").write_text(json.dumps(kept_times()), encoding="utf-8")


def page_key(text: str, studies: Path | None = None) -> str:
    """Return a hash of what the cells of a page depend on beside their own code.

    Parameters
    ----------
    text : str
        The page.
    studies : pathlib.Path, optional
        File that the long studies leave; it need not be there.

    Returns
    -------
    str
        Twelve hexadecimal digits.
    """
    from mnist_gd import _code

    try:
        modules = _code.closure(_code.imports(code_of(text), lazy=True), lazy=True)
    except SyntaxError:  # the page will say so itself
        modules = set(_code.MODULES)
    about = [versions(), {name: _code.digests()[name] for name in sorted(modules)}]
    about += [files] if (files := files_read(text)) else []  # else the key is as it was
    if "mnist_gd.records" in modules:
        about.append(kept_times())
    if "mnist_gd.experiments.searches" in modules and studies is not None and studies.exists():
        about.append(studies.read_text(encoding="utf-8"))
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:12]


def with_key(text: str, studies: Path | None = None) -> str:
    """Return the page with its key behind the name of its kernel; others as they are."""
    if not text.startswith("---"):
        return text
    end = text.find("\n---", 3)
    head, rest = text[:end], text[end:]
    return KERNEL.sub(lambda name: f"{name[1]} {page_key(text, studies)}", head, count=1) + rest


def studies_file(app) -> Path:
    """Return where ``make studies`` says what it has done."""
    return Path(app.outdir).parent / "records" / "studies.json"


def set_cache(app, config) -> None:
    """Name the cache; all pages and all their versions share it."""
    config.nb_execution_cache_path = str(Path(app.outdir).parent / ".jupyter_cache")


def add_key(app, docname: str, source: list[str]) -> None:
    """Put the key into a page that Sphinx has just read from its file."""
    source[0] = with_key(source[0], studies_file(app))


def outdated(app, env, added, changed, removed) -> list[str]:
    """Name the pages that depend on something that has changed since they were last read."""
    before = getattr(env, "page_keys", {})
    env.page_keys = {
        name: page_key(Path(env.doc2path(name)).read_text(encoding="utf-8"), studies_file(app))
        for name in env.found_docs
    }
    return [name for name, key in env.page_keys.items() if before.get(name, key) != key]


def setup(app):
    """Register the extension with Sphinx."""
    make_importable()
    app.connect("config-inited", set_cache)
    app.connect("builder-inited", put_times)
    app.connect("source-read", add_key)
    app.connect("env-get-outdated", outdated)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
