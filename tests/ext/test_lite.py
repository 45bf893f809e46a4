"""The site of notebooks in the browser: what is written beside JupyterLite's own files."""

import io
import json
import shutil
import time
import zipfile

import pytest

lite = pytest.importorskip("lite", reason="the extra 'book' is not installed")
nbformat = lite.nbformat
OFFICIAL = {
    "info": {"python": "3.12.7", "version": "0.27.7"},
    "packages": {
        name: {"depends": depends, "file_name": f"{name}.whl", "name": name, "sha256": "0"}
        for name, depends in {
            "numpy": [],
            "matplotlib": ["numpy", "Python_DateUtil"],
            "python-dateutil": ["six"],
            "six": [],
            "ipython": ["sqlite3"],
            "sqlite3": [],
            "pandas": ["numpy"],
        }.items()
    },
}


@pytest.fixture(scope="module")
def application(tmp_path_factory):
    """The application, made once, beside a page."""
    target = tmp_path_factory.mktemp("made") / "lite"
    (target.parent / "page.html").touch()
    lite.make_application(target)
    return target


@pytest.fixture
def site(application, tmp_path):
    """The folder of the site, with a runtime beside it."""
    shutil.copytree(application, tmp_path / "lite")
    python = tmp_path / "runtime" / "pyodide-1"
    python.mkdir(parents=True)
    (python / "pyodide-lock.json").write_text(json.dumps(OFFICIAL), encoding="utf-8")
    contents = {"pyodide": "pyodide-1/", "packages": ["matplotlib"]}
    (python.parent / "contents.json").write_text(json.dumps(contents), encoding="utf-8")
    return tmp_path / "lite"


def test_the_application_is_small_has_no_maps_and_is_not_made_twice(application):
    files = [path for path in application.rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix == ".map"]
    assert sum(path.stat().st_size for path in files) < 17e6
    assert not list(application.rglob("pyodide.asm.*"))
    kinds = {path.suffix for path in application.glob("build/fa-*")}
    assert kinds == {".woff2"}
    assert "BSD 3-Clause" in (application / "LICENSES.txt").read_text(encoding="utf-8")
    page = application / "notebooks" / "index.html"
    page.write_text(page.read_text(encoding="utf-8") + "<!-- kept -->", encoding="utf-8")
    lite.make_application(application)
    assert "<!-- kept -->" in page.read_text(encoding="utf-8")


def test_files_say_when_they_were_made(application):
    """By their dates a browser knows whether it has the present one: those beside them, too."""
    files = [application.parent / "page.html", *application.rglob("*.js")]
    assert len(files) > 100
    assert min(path.stat().st_mtime for path in files) > time.time() - 3600


def test_the_same_files_are_made_each_time(application, tmp_path):
    lite.make_application(tmp_path / "again")
    for path in (tmp_path / "again").rglob("*.json"):
        there = application / path.relative_to(tmp_path / "again")
        assert path.read_bytes() == there.read_bytes(), path
    assert lite.start_archive() == lite.start_archive()


def test_the_kernel_finds_what_it_names_and_nothing_else(site):
    options = lite.write_lock(site, site.parent / "runtime", ["ipython"])
    lock = json.loads((site / "pyodide-lock.json").read_text(encoding="utf-8"))
    packages = lock["packages"]
    normal = {name.replace("_", "-") for name in options["packages"]}
    assert normal <= set(packages)
    assert {"six", "python-dateutil", "sqlite3"} <= set(packages)
    assert "pandas" not in packages
    python = site.parent / "runtime" / "pyodide-1"
    for name, about in packages.items():
        assert set(map(str.lower, about["depends"])) <= {n.replace("-", "_") for n in packages} | {
            *packages
        }
        if name not in OFFICIAL["packages"]:
            assert (
                lite.fetcher().sha256((python / about["file_name"]).read_bytes())
                == about["sha256"]
            )


def test_the_kernel_starts_with_our_script(site):
    options = lite.write_lock(site, site.parent / "runtime", ["ipython"])
    start = options["env"]["PYTHONSTARTUP"]
    assert start == "/lib/python3.12/site-packages/lite_start.py"
    with zipfile.ZipFile(io.BytesIO(lite.start_archive())) as archive:
        names = set(archive.namelist())
        compile(archive.read("lite_start.py"), "lite_start.py", "exec")
    assert {"lite_start.py", "comm/__init__.py", "comm/LICENSE"} <= names


def test_nothing_comes_from_elsewhere(site):
    options = lite.write_lock(site, site.parent / "runtime", ["ipython"])
    lite.configure(site, "Book", "runtime/pyodide-1/", options)
    data = json.loads((site / "jupyter-lite.json").read_text(encoding="utf-8"))
    data = data["jupyter-config-data"]
    kernel = data["litePluginSettings"][f"{lite.EXTENSION}:kernel"]
    assert data["appName"] == "Book"
    assert kernel["disablePyPIFallback"]
    # Only what begins with "./" is seen from the folder of the site.
    assert kernel["pyodideUrl"] == "./../runtime/pyodide-1/pyodide.js"
    assert "http" not in json.dumps(kernel)


def test_notebooks_say_how_they_run_here(site):
    source = site.parent / "notebooks"
    source.mkdir()
    cells = [
        nbformat.v4.new_markdown_cell("pip install", id="cell-0"),
        nbformat.v4.new_code_cell("1 + 1", id="cell-1"),
        nbformat.v4.new_code_cell("draw()", id="cell-2", metadata={"tags": ["hide-input"]}),
        nbformat.v4.new_code_cell("torch()", id="cell-3", metadata={"tags": ["not-in-browser"]}),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), source / "page.ipynb")
    (site / "files").mkdir()
    (site / "files" / "gone.ipynb").touch()
    lite.write_notebooks(source, site, {"page": "A page"}, "A book")
    made = nbformat.read(site / "files" / "page.ipynb", as_version=4)
    nbformat.validate(made)
    assert "[A page](../../page.html)" in made.cells[0].source
    assert "pip install" not in made.cells[0].source
    hidden = [cell.metadata.get("jupyter", {}).get("source_hidden", False) for cell in made.cells]
    assert hidden == [False, False, True, False]
    assert [cell.cell_type for cell in made.cells] == ["markdown", "code", "code", "markdown"]
    assert "```python\ntorch()\n```" in made.cells[3].source
    listed = json.loads((site / "api" / "contents" / "all.json").read_text(encoding="utf-8"))
    assert [file["path"] for file in listed["content"]] == ["page.ipynb"]
    assert listed["content"][0]["size"] == (site / "files" / "page.ipynb").stat().st_size
