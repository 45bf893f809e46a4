"""Each page that runs, opened as a notebook in the browser: a JupyterLite site, ``lite/``.

JupyterLite's own build makes the application: a notebook, and the list of them. Python is the one
that the pages run (``runtime/``, of which nothing is copied): the kernel reads a lock file of its
own, which adds IPython to the packages of the pages, and starts with ``lite_start.py``. Where the
build has no runtime, there is no such site and no entry in the menus.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import distribution
from pathlib import Path

import nbformat
from browser_runtime import FOLDER as RUNTIME
from browser_runtime import archive, fetcher
from notebooks import FOLDER as NOTEBOOKS
from page_facts import UNFIT, runs

FOLDER = "lite"
APPS = ["notebooks", "tree"]  # one notebook, and the list of all
HERE = Path(__file__).parent
PACKAGES = ("jupyterlite-core", "jupyterlite-pyodide-kernel")
EXTENSION = "@jupyterlite/pyodide-kernel-extension"
# The kernel asks an index for what is not loaded by these names. Beside what runtime.toml names
# for it these are: a part of IPython's needs, what the book does without and gets an empty archive
# for, what the environment has, and what comes with the kernel's extension.
NEEDED = ("sqlite3",)
WITHOUT = ("ssl",)
INSTALLED = ("comm",)
WHEELS = ("piplite", "ipykernel", "pyodide_kernel")
DISABLED = [
    # Without it the kernel works in the folder of the book, among data and records.
    "@jupyterlite/application-extension:service-worker-manager",
    "@jupyter-notebook/notebook-extension:checkpoints",  # would say that 46 years ago was the last
    "@jupyter-notebook/notebook-extension:tab-icon",  # its pictures are not in the build
]
FOLDED = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
SETTINGS = {"@jupyterlab/filebrowser-extension:browser": {"showLastModifiedColumn": False}}
OLD_FONTS = {".eot", ".ttf", ".woff"}  # the same as .woff2, for browsers without WebAssembly
HEAD = """*The chapter [{title}](../../{page}.html) of the book "{book}", as a notebook that runs
in your browser.*

*Run → Run All Cells* runs it from top to bottom, Shift+Enter one cell; *Kernel → Restart Kernel*
stops what takes too long. The trainings of the book are there and are not run again; other
settings are trained in the browser, which is slower. What you change is kept in this browser
alone: *File → Save and Export Notebook As* gives you a copy, *Help → Clear Browser Data* the
notebooks as they were. Numbers in the text are those of the run that built the book."""

NO_SERVER = (
    "A notebook runs in the browser only where a server brings it: a page that was opened as a"
    " file may start no Python. In the book's folder, `make serve` is such a server."
)


def write_json(path: Path, value) -> None:
    """Write a value, the same for the same value."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")


# -------------------------------------------------------------------- the application


def extension() -> Path:
    """Return the folder of the kernel's extension, as it is installed."""
    found = distribution("jupyterlite-pyodide-kernel")
    file = next(file for file in found.files if str(file).endswith(f"{EXTENSION}/package.json"))
    return Path(found.locate_file(file)).resolve().parent


def licences() -> str:
    """Return whose the application is and under which licence."""
    lines = [
        "JupyterLite, with JupyterLab and what it is made of: BSD 3-Clause, below; the licences",
        "of the others stand in build/third-party-licenses.json and beside the scripts. comm, in",
        "start.zip, brings its licence; so do the wheels. Python and its packages are those of",
        "../runtime/, whose LICENSES.txt names theirs.",
    ]
    for name in PACKAGES:
        found = distribution(name)
        [file] = [
            file for file in found.files if file.name == "LICENSE" and "licenses" in file.parts
        ]
        lines += [
            "",
            f"{name} {found.version}",
            "",
            found.locate_file(file).read_text(encoding="utf-8").strip(),
        ]
    return "\n".join(lines) + "\n"


def own_page(html: str) -> str:
    """Return the application's page with the book's icon and a sentence for who has no server."""
    icon = '<link rel="icon" href="../../_static/favicon.svg" />'
    script = f"""<script>
      if (location.protocol === "file:") document.body.textContent = {json.dumps(NO_SERVER)};
    </script>"""
    return html.replace("<head>", f"<head>{icon}", 1).replace("</body>", f"{script}</body>", 1)


def make_application(target: Path) -> None:
    """Let JupyterLite build its notebook and the kernel, without any content, if it is not there.

    Of what it writes, source maps and fonts for old browsers are left out.
    """
    versions = [f"{name} {distribution(name).version}" for name in PACKAGES]
    key = fetcher().sha256("\n".join(versions).encode() + Path(__file__).read_bytes())
    stamp = target / ".built"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == key:
        return
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        # In a folder of its own: JupyterLite dates all that lies beside its site, too.
        built = Path(folder) / "built" / "site"
        config = {
            "apps": APPS,
            "federated_extensions": [str(extension())],
            "ignore_sys_prefix": True,
            "no_libarchive": True,
            "no_sourcemaps": True,
            "no_unused_shared_packages": True,
            "output_dir": str(built),
            "source_date_epoch": 315532800,
        }
        write_json(Path(folder) / "jupyter_lite_config.json", {"LiteBuildConfig": config})
        command = [sys.executable, "-m", "jupyterlite_core", "build"]
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"JupyterLite was not built:\n{done.stdout}{done.stderr}")
        # Of today, so that a browser asks for the files of another build.
        shutil.copytree(built, target, copy_function=shutil.copyfile)
    for name in APPS:
        page = target / name / "index.html"
        page.write_text(own_page(page.read_text(encoding="utf-8")), encoding="utf-8")
    for path in (target / "build").iterdir():
        glyphs = path.suffix == ".svg" and path.stem.startswith("fa-")
        if glyphs or (path.suffix in OLD_FONTS and path.with_suffix(".woff2").exists()):
            path.unlink()
    (target / "LICENSES.txt").write_text(licences(), encoding="utf-8")
    stamp.write_text(key, encoding="utf-8")


# ------------------------------------------------------------------------- the kernel


def entry(name: str, version: str, path: Path, address: str) -> dict:
    """Return what a lock file says of a package that Pyodide does not have."""
    return {
        "depends": [],
        "file_name": address,
        "imports": [],
        "install_dir": "site",
        "name": name,
        "package_type": "package",
        "sha256": fetcher().sha256(path.read_bytes()),
        "unvendored_tests": False,
        "version": version,
    }


def start_archive() -> bytes:
    """Return what the kernel starts with: our script, and what Pyodide does not have."""
    files = {"lite_start.py": (HERE / "lite_start.py").read_bytes()}
    for name in INSTALLED:
        for file in distribution(name).files:
            if file.suffix == ".py" or file.name == "LICENSE":
                place = file.as_posix() if file.suffix == ".py" else f"{name}/{file.name}"
                files[place] = Path(distribution(name).locate_file(file)).read_bytes()
    return archive(files)


def write_lock(target: Path, runtime: Path, shell: list[str]) -> dict:
    """Write the kernel's lock file; return the options with which Pyodide is loaded.

    Parameters
    ----------
    target, runtime : pathlib.Path
    shell : list of str
        The packages of Pyodide's that the kernel needs beside those of the pages.
    """
    contents = json.loads((runtime / "contents.json").read_text(encoding="utf-8"))
    folder = runtime / contents["pyodide"]
    lock = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))
    wanted = [*contents["packages"], *shell, *NEEDED]
    packages = {name: lock["packages"][name] for name in fetcher().closure(lock, wanted)}

    def add(name, version, path):
        address = f"../../{FOLDER}/{path.relative_to(target).as_posix()}"  # from Pyodide's folder
        key = name.replace("_", "-")
        packages[key] = entry(key, version, path, address)

    start, nothing = target / "start.zip", target / "nothing.zip"
    start.write_bytes(start_archive())
    nothing.write_bytes(archive({}))
    for name in INSTALLED:
        add(name, distribution(name).version, start)
    for name in WITHOUT:
        add(name, "0", nothing)
    for name in WHEELS:
        [wheel] = (target / "extensions" / EXTENSION / "static" / "pypi").glob(f"{name}-*.whl")
        add(name, wheel.name.split("-")[1], wheel)
    write_json(target / "pyodide-lock.json", {"info": lock["info"], "packages": packages})
    python = ".".join(lock["info"]["python"].split(".")[:2])
    return {
        "env": {"PYTHONSTARTUP": f"/lib/python{python}/site-packages/lite_start.py"},
        "lockFileURL": "./pyodide-lock.json",
        "packages": [*wanted, *WITHOUT, *INSTALLED, *WHEELS],
    }


def configure(target: Path, title: str, pyodide: str, options: dict) -> None:
    """Name the site, and let its kernel be the Python of the pages.

    Parameters
    ----------
    target : pathlib.Path
    title : str
    pyodide : str
        Where it is, seen from the book's folder.
    options : dict
        With which it is loaded.
    """
    path = target / "jupyter-lite.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    data = settings["jupyter-config-data"]
    data |= {"appName": title, "appUrl": "./tree", "faviconUrl": "../_static/favicon.svg"}
    data |= {"disabledExtensions": DISABLED, "settingsOverrides": SETTINGS}
    data["exposeAppInBrowser"] = True  # to our tests
    data["litePluginSettings"][f"{EXTENSION}:kernel"] = {
        "disablePyPIFallback": True,
        "loadPyodideOptions": options,
        "pipliteUrls": [],
        "pyodideUrl": f"./../{pyodide}pyodide.js",
    }
    write_json(path, settings)


# ---------------------------------------------------------------------- the notebooks


def listing(folder: Path) -> dict:
    """Return what the application asks for to see a folder's files; their times are not told."""
    common = {"content": None, "format": None, "mimetype": None, "writable": True}
    common |= {"created": "1980-01-01T00:00:00Z", "last_modified": "1980-01-01T00:00:00Z"}
    files = [
        {**common, "name": p.name, "path": p.name, "size": p.stat().st_size, "type": "notebook"}
        for p in sorted(folder.iterdir())
    ]
    root = {**common, "name": "", "path": "", "size": None, "type": "directory"}
    return {**root, "content": files, "format": "json"}


def for_browser(cell):
    """Return a cell as it stands here: folded as on the page, text where it cannot run."""
    tags = set(cell.metadata.get("tags", []))
    if UNFIT in tags:
        text = f"*These lines do not run in a browser:*\n\n```python\n{cell.source}\n```"
        return nbformat.v4.new_markdown_cell(text, id=cell.id)
    if FOLDED & tags:
        cell.metadata.jupyter = {"source_hidden": True}
    return cell


def write_notebooks(source: Path, target: Path, titles: dict[str, str], book: str) -> None:
    """Write the notebooks of the pages, each with a first cell that says how it runs here."""
    files = target / "files"
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir(parents=True)
    for path in sorted(source.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[0].source = HEAD.format(title=titles[path.stem], page=path.stem, book=book)
        notebook.cells = [for_browser(cell) for cell in notebook.cells]
        notebook.metadata.kernelspec = {
            "display_name": "Python (Pyodide)",
            "language": "python",
            "name": "python",
        }
        nbformat.write(notebook, files / path.name)
    write_json(target / "api" / "contents" / "all.json", listing(files))


# ----------------------------------------------------------------------------- Sphinx


def write_site(app, exception) -> None:
    """Make the site at the end of the build."""
    if exception or app.builder.name != "html":
        return
    target, runtime = Path(app.outdir) / FOLDER, Path(app.outdir) / RUNTIME
    if app.runtime is None:
        shutil.rmtree(target, ignore_errors=True)
        return
    book = app.config.html_title or app.config.project
    titles = {name: title.astext() for name, title in app.env.titles.items()}
    make_application(target)
    options = write_lock(target, runtime, app.runtime.pins["pyodide"]["lite"])
    configure(target, book, f"{RUNTIME}/{app.runtime.contents['pyodide']}", options)
    write_notebooks(Path(app.outdir) / NOTEBOOKS, target, titles, book)


def offer(app, pagename, templatename, context, doctree) -> None:
    """Put the notebook in the browser below the notebook's file in the menu of downloads."""
    if not runs(app.env, pagename) or app.runtime is None:
        return
    for group in context.get("header_buttons", []):
        if group.get("label") == "download-buttons":
            group["buttons"].insert(
                1,
                {
                    "type": "link",
                    "url": context["pathto"](f"{FOLDER}/notebooks/index.html", 1)
                    + f"?path={pagename}.ipynb",
                    "text": "Open as a notebook in the browser",
                    "icon": "fas fa-play",
                    "label": "open-notebook-button",
                },
            )


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("html-page-context", offer, priority=910)  # after the notebook's file
    app.connect("build-finished", write_site, priority=950)  # after notebooks and runtime
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
