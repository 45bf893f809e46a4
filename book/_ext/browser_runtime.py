"""Put together what runs a page in the reader's browser, in ``runtime/`` beside the pages.

The files of others come from the user's cache, where ``book/runtime.py`` keeps them, and are
looked through again here: a book whose files are not all there as they should be is built
without buttons. To them come the package, what the pages read, the data, and the records of
trainings that the present code would make again. ``contents.json`` names all of it.

A reader waits for what is loaded at once, so that is made smaller, from files with the official
sums: large wheels lose what no page uses, the WebAssembly is packed, and the list of packages
names those of a page alone. JupyterLite takes the files as they are.

Other extensions see in ``app.config.html_context["has_runtime"]`` whether there is a runtime; the
pages say so in ``<meta name="runtime" content="…">``, the bytes that are loaded at once.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import inspect
import io
import json
import os
import re
import shutil
import sys
import zipfile
from contextlib import suppress
from email.parser import BytesHeaderParser
from functools import cache, partial
from pathlib import Path

from cache_key import files_read, kept_times
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
FOLDER = "runtime"
HOME = "/book"  # where it lies in the browser; cells run here, as in a build in book/
DATA = "mnist_gd/mnist"
DAY = (2020, 1, 1, 0, 0, 0)  # of all files in an archive of ours: the same files, the same bytes
LEFT_OUT = {  # of wheels, where a page loads them; formulas in figures look for the other fonts
    "matplotlib": r"/(sample_data|images|afm|pdfcorefonts)/|/DejaVu(Serif|SansMono-)",
    "numpy": r"\.pyi$|/f2py/|/_core/(include|lib)/|/tests/",
}
IMPORT = re.compile(r"""^((?:import|export)\b[^'"]*?\bfrom\s*|import\s*)(['"])([^'"]+)\2""", re.M)


@cache
def fetcher():
    """Return ``book/runtime.py``."""
    path = Path(__file__).parents[1] / "runtime.py"
    spec = importlib.util.spec_from_file_location("book_runtime", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def digest(*parts: bytes) -> str:
    """Return a short name for some contents."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:8]


def archive(files: dict[str, bytes]) -> bytes:
    """Return an archive of some files; the same files give the same bytes."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as written:
        for name, content in sorted(files.items()):
            about = zipfile.ZipInfo(name, DAY)
            about.compress_type = zipfile.ZIP_DEFLATED
            about.external_attr = 0o644 << 16
            written.writestr(about, content)
    return whole.getvalue()


def package(book: Path) -> dict[str, bytes]:
    """Return what Python imports and reads there, by its place below its home."""
    root = book.parent
    paths = set((root / "mnist_gd").rglob("*.py"))
    for page in book.glob("*.md"):
        for name in files_read(page.read_text(encoding="utf-8")):
            paths.add(root / name)
            paths.update(root / folder / "__init__.py" for folder in Path(name).parents)
    files = {
        path.relative_to(root).as_posix(): path.read_bytes() for path in paths if path.is_file()
    }
    return files | {path.name: path.read_bytes() for path in (book / "_extra/run").glob("*.py")}


def slim(wheel: Path, left_out: str) -> bytes:
    """Return a wheel without the files whose names match."""
    with zipfile.ZipFile(wheel) as whole:
        names = [name for name in whole.namelist() if name[-1] != "/"]
        return archive({n: whole.read(n) for n in names if not re.search(left_out, n)})


def made(folder: Path, source: Path, recipe: str, make) -> Path:
    """Return a file that is made of another one, kept under what it depends on and its sum."""
    start = f"{source.name}.{digest(source.read_bytes(), recipe.encode())}"
    for path in folder.glob(f"{start}.*"):
        if fetcher().is_kept(path, path.suffix[1:]):
            return path
    content = make()
    path = folder / f"{start}.{fetcher().sha256(content)}"
    fetcher().keep(path, content)
    return path


# ------------------------------------------------------------------------------ records


def run_functions() -> list:
    """Return the functions of which the book keeps records."""
    from mnist_gd.experiments import runs

    found = inspect.getmembers(runs, inspect.isfunction)
    return [function for name, function in found if name.endswith("_run")]


def at_kept_time(about: dict, time: dict | None) -> bytes:
    """Return the file of a record as it would be if its run had taken the time that is kept."""
    from mnist_gd._record_files import digest, with_time
    from mnist_gd.records import Record

    about = {name: value for name, value in about.items() if name != "sha256"}
    fields = {name: about[name] for name in ("configuration", "seed", "outcome", "arrays")}
    record = with_time(Record(**fields, seconds=about["seconds"]), time)
    about |= {"outcome": record.outcome, "seconds": record.seconds}
    whole = about | {"sha256": digest(json.dumps(about))}
    return json.dumps(whole, indent=1).encode()


def records(folder: Path, functions: list, times: dict) -> dict[str, Path | bytes]:
    """Return the files of those records that the present code finds, by name.

    They have the times that are kept of their runs: so the files of two builds are the same.

    Parameters
    ----------
    folder : pathlib.Path
    functions : list of callable
        What the records may be of.
    times : dict
        By the names of runs.
    """
    from mnist_gd._record_files import run_name
    from mnist_gd.experiments.runs import Configuration
    from mnist_gd.records import _key

    found = {}
    for path in sorted(folder.glob("*.json")):
        try:
            about = json.loads(path.read_text(encoding="utf-8"))
            settings, seed = about["configuration"], about["seed"]
            arrays, needs_arrays = path.with_suffix(".npz"), bool(about["arrays"])
        except (ValueError, KeyError, TypeError):
            continue  # what the long studies have done, and what is damaged
        with suppress(TypeError, ValueError):  # else it is a dict
            settings = Configuration(**settings)
        run = settings, seed
        for function in functions:
            if _key(function, *run) == path.stem:
                found[path.name] = at_kept_time(about, times.get(run_name(function, *run)))
                if needs_arrays and arrays.is_file():
                    found[arrays.name] = arrays
    studies = folder / "studies.json"
    return found | ({studies.name: studies} if studies.is_file() else {})


# ------------------------------------------------------------------------------ the editor


def module_name(name: str) -> str:
    """Return the file of a package of npm, such as ``lezer-lr.js``."""
    return f"{name.removeprefix('@').replace('/', '-')}.js"


def entry(about: dict) -> str:
    """Return the file that a package of npm is imported by."""
    exports = about.get("exports")
    return (isinstance(exports, dict) and exports.get("import")) or about["main"]


def editor(tarballs: dict[str, dict[str, bytes]]) -> dict[str, bytes]:
    """Return modules that import each other by relative addresses, and their licences.

    Parameters
    ----------
    tarballs : dict
        The files of each package, by its name.
    """

    def relative(match):
        if match[3] not in tarballs:
            raise LookupError(f"CodeMirror imports {match[3]!r}, which runtime.toml does not name")
        return f"{match[1]}{match[2]}./{module_name(match[3])}{match[2]}"

    modules, licences = {}, []
    for name, files in sorted(tarballs.items()):
        main = files[entry(json.loads(files["package.json"])).removeprefix("./")]
        modules[module_name(name)] = IMPORT.sub(relative, main.decode()).encode()
        licences += [name, "", files["LICENSE"].decode().strip(), "", ""]
    return modules | {"LICENSES.txt": "\n".join(licences).encode()}


def licences(pins: dict, kept: Path, names: list[str]) -> str:
    """Return whose the files are and under which licence, as their wheels say it."""
    lines = [
        f"Pyodide {pins['pyodide']['version']} (pyodide.*, python_stdlib.zip): MPL-2.0,",
        "    https://github.com/pyodide/pyodide; it holds CPython, under the PSF's licence, and",
        "    the libraries named there.",
        "CodeMirror and Lezer (codemirror-*): MIT, codemirror-*/LICENSES.txt",
        "",
        "Each wheel holds its licence in its .dist-info (those in page-* lack files of theirs):",
    ]
    for name in names:
        with zipfile.ZipFile(kept / name) as wheel:
            (path,) = (n for n in wheel.namelist() if re.fullmatch(r"[^/]+/METADATA", n))
            about = BytesHeaderParser().parsebytes(wheel.read(path))
        kinds = [line for line in about.get_all("Classifier", []) if line.startswith("License")]
        words = about["License-Expression"] or ", ".join(k.rpartition(":: ")[2] for k in kinds)
        lines.append(f"{name}: {words or about['License'] or 'see there'}")
    return "\n".join(lines) + "\n"


# ------------------------------------------------------------------------------ all of it


class Runtime:
    """What a build puts into ``runtime/``.

    Parameters
    ----------
    book : pathlib.Path
    kept : pathlib.Path
        Folder of the files of others.
    pins : dict
    """

    def __init__(self, book: Path, kept: Path, pins: dict):
        self.book, self.pins, self.kept = book, pins, kept
        self.files: dict[str, Path | bytes] = {}
        self.contents = {}
        self._eager()

    def _eager(self):
        """Add what a page loads at once."""
        fetch, core = fetcher(), self.pins["core"]
        python = f"pyodide-{self.pins['pyodide']['version']}/"
        for name in fetch.files_of(self.pins, tests=False)["packages"] | core:
            self.files[python + name] = self.kept / name
        lock, slimmed = self._own_list()
        wasm = self.kept / "pyodide.asm.wasm"
        packed = made(
            self.kept / "made", wasm, "gzip", lambda: gzip.compress(wasm.read_bytes(), mtime=0)
        )
        parts = [
            json.dumps(lock).encode(),
            *(p.name.encode() for p in [packed, *slimmed.values()]),
        ]
        page = f"page-{digest(*parts)}/"
        for about in lock["packages"].values():
            name = about["file_name"]
            about["file_name"] = f"../{page if name in slimmed else python}{name}"
        self.files |= {page + name: path for name, path in slimmed.items()}
        self.files[f"{page}pyodide.asm.wasm.packed"] = packed
        self.files[f"{page}lock.json"] = json.dumps(lock).encode()
        zipped = archive(package(self.book))
        self.files["mnist_gd.zip"] = zipped
        archives = [*self.pins["wheels"]["page"], f"mnist_gd.zip?{digest(zipped)}"]
        for name in archives[:-1]:
            self.files[name] = self.kept / name
        eager = [
            python + name for name in core if name not in ("pyodide.mjs", "pyodide-lock.json")
        ]
        eager += [about["file_name"].removeprefix("../") for about in lock["packages"].values()]
        eager = {url: {"url": url} for url in [*eager, f"{page}lock.json", *archives]}
        eager[f"{python}pyodide.asm.wasm"]["packed"] = f"{page}pyodide.asm.wasm.packed"
        for file in eager.values():
            file["bytes"] = self.size(file.get("packed", file["url"]).partition("?")[0])
        self.contents |= {
            "pyodide": python,
            "lock": f"{page}lock.json",
            "packages": self.pins["pyodide"]["page"],
            "eager": list(eager.values()),
            "archives": [{"url": url, "into": HOME} for url in archives],
            "path": [HOME],
        }

    def _own_list(self):
        """Pyodide's list of the packages of a page, and those of them that are made smaller."""
        lock = json.loads((self.kept / "pyodide-lock.json").read_text(encoding="utf-8"))
        about = self.pins["pyodide"]
        for package_ in lock["packages"].values():
            needed = map(fetcher().normal, package_["depends"])
            package_["depends"] = [name for name in needed if name not in about["unused"]]
        names = fetcher().closure(lock, about["page"])
        lock["packages"] = {name: lock["packages"][name] for name in names}
        slimmed = {}
        for name in sorted(LEFT_OUT.keys() & names):
            package_ = lock["packages"][name]
            wheel = self.kept / package_["file_name"]
            make = partial(slim, wheel, LEFT_OUT[name])
            path = made(self.kept / "made", wheel, LEFT_OUT[name], make)
            slimmed[wheel.name] = path
            package_["sha256"] = path.suffix[1:]
        return lock, slimmed

    def size(self, name: str) -> int:
        """Return the bytes of a file."""
        file = self.files[name]
        return len(file) if isinstance(file, bytes) else file.stat().st_size

    @property
    def bytes(self) -> int:
        """What is loaded at once."""
        return sum(file["bytes"] for file in self.contents["eager"])

    def add_folder(self, name: str, files: dict[str, Path | bytes], about: str) -> str:
        """Put files into a folder whose name changes with them, and return it."""
        folder = f"{name}-{about}/"
        self.files |= {folder + file: content for file, content in files.items()}
        return folder

    def add_editor(self):
        """Add CodeMirror's modules."""
        tarballs = {
            package.rpartition("@")[0]: fetcher().unpacked(
                (self.kept / fetcher().tarball(package)).read_bytes()
            )
            for package in self.pins["npm"]
        }
        files = editor(tarballs)
        self.contents["codemirror"] = self.add_folder("codemirror", files, digest(*files.values()))

    def add_lazy(self, found: dict[str, Path | bytes]):
        """Add what is fetched when Python first reads it: the data, and records of trainings."""
        # Copies of the data: nothing that happens to a built book shall reach the tree.
        data = {p.name: p.read_bytes() for p in sorted((self.book.parent / DATA).glob("*"))}
        sums = digest(*(f if isinstance(f, bytes) else f.read_bytes() for f in found.values()))
        self.contents["lazy"] = [
            {"folder": folder, "url": self.add_folder(name, files, about), "names": list(files)}
            for folder, name, files, about in (
                (f"{HOME}/{DATA}", "data", data, digest(*data.values())),
                (f"{HOME}/_build/records", "records", found, sums),
            )
        ]

    def add_tests(self):
        """Name the wheels that only the package's tests need."""
        names = [n for n in self.pins["wheels"].get("tests", {}) if (self.kept / n).is_file()]
        self.files |= {f"tests/{name}": self.kept / name for name in names}
        self.contents["tests"] = [f"tests/{name}" for name in names]

    def add_licences(self):
        """Say whose the files are."""
        names = {file.rpartition("/")[2] for file in self.files if file.endswith(".whl")}
        self.files["LICENSES.txt"] = licences(self.pins, self.kept, sorted(names)).encode()

    def write(self, target: Path) -> None:
        """Make a folder hold these files and no others; its table of contents comes last."""
        contents = target / "contents.json"
        contents.unlink(missing_ok=True)
        for path in sorted(target.rglob("*"), reverse=True):
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path.relative_to(target).as_posix() not in self.files:
                path.unlink()
        for name, file in self.files.items():
            put(target / name, file)
        contents.write_text(json.dumps(self.contents), encoding="utf-8")


def put(path: Path, file: Path | bytes) -> None:
    """Write a file, or link to it where that can be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(file, bytes):
        if not path.is_file() or path.read_bytes() != file:
            path.unlink(missing_ok=True)  # never through a link into the cache
            path.write_bytes(file)
        return
    if path.exists() and path.samefile(file):
        return
    path.unlink(missing_ok=True)
    try:
        os.link(file, path)
    except OSError:
        shutil.copy2(file, path)


def look(app, config) -> None:
    """See whether there is a runtime, and say so to the pages."""
    book = Path(app.srcdir)
    app.runtime, lacking = None, ["runtime.toml"]
    if (path := book / "runtime.toml").exists():
        pins = fetcher().read_pins(path)
        kept = fetcher().cache_folder(pins)
        lacking = fetcher().missing(pins, kept, tests=False)
        if not lacking:
            try:
                app.runtime = Runtime(book, kept, pins)
            except OSError as error:  # what is made of the files cannot be kept beside them
                lacking = [str(error)]
    if lacking:
        command = f"{Path(sys.executable).name} book/runtime.py"
        names = lacking[0] + (f" and {len(lacking) - 1} more" if lacking[1:] else "")
        LOGGER.info("no Run buttons, for the browser's Python lacks %s: %s", names, command)
    config.html_context["has_runtime"] = app.runtime is not None


def tell(app, pagename, templatename, context, doctree) -> None:
    """Say on a page what is loaded at once."""
    if app.runtime:
        size = round(app.runtime.bytes, -5)  # pages need not change with each edit of the package
        context["metatags"] = (
            context.get("metatags", "") + f'\n<meta name="runtime" content="{size}" />'
        )


def assemble(app, exception) -> None:
    """Put the runtime beside the pages, or take one away that is not to be had any more."""
    if exception or app.builder.name != "html":
        return
    target = Path(app.outdir) / FOLDER
    if app.runtime is None:
        shutil.rmtree(target, ignore_errors=True)
        return
    from mnist_gd import _code

    runtime = app.runtime
    runtime.contents["build"] = _code.made_by()
    runtime.add_editor()
    kept = Path(app.outdir).parent / "records"
    runtime.add_lazy(records(kept, run_functions(), kept_times()))
    runtime.add_tests()
    runtime.add_licences()
    runtime.write(target)
    LOGGER.info(
        "the browser's Python: %.1f MB at once, %.1f MB more as it is asked for",
        runtime.bytes / 1e6,
        (sum(map(runtime.size, runtime.files)) - runtime.bytes) / 1e6,
    )


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("config-inited", look)
    app.connect("html-page-context", tell)
    app.connect("build-finished", assemble, priority=900)  # after what it takes up is written
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
