"""What holds the project together: versions, pins, links, sums, set-up, live chapters."""

import ast
import hashlib
import os
import re
import shutil
import subprocess
import tomllib
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
yaml = pytest.importorskip("yaml", reason="the extra 'book' is not installed")


def chapters():
    """The names of the pages in the table of contents."""
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(page["file"] for part in toc["parts"] for page in part["chapters"])]


def test_version_is_one():
    version = PROJECT["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == version
    newest = re.search(
        r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert newest.group(1) in {version, "Unreleased"}


def pinned():
    """The versions of constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert all(re.fullmatch(r"\d[\w.]*", version) for version in pins.values())
    return pins


def pythons():
    """The versions of Python that the project says it works with, the oldest first."""
    named = re.findall(r"Python :: (3\.\d+)$", "\n".join(PROJECT["classifiers"]), re.MULTILINE)
    return sorted(named, key=lambda version: int(version.split(".")[1]))


def test_every_pin_that_is_installed_allows_every_python():
    """Also the first release of each: an older distribution of Linux has an early one."""
    specifiers = pytest.importorskip("packaging.specifiers")
    assert PROJECT["requires-python"] == f">={pythons()[0]}"
    pins, looked_at = pinned(), 0
    for name, pin in pins.items():
        with suppress(metadata.PackageNotFoundError):
            about = metadata.metadata(name)
            if about["Version"].split("+")[0] == pin:
                looked_at += 1
                allowed = specifiers.SpecifierSet(about["Requires-Python"] or "")
                assert all(f"{python}.0" in allowed for python in pythons()), f"{name}: {allowed}"
    assert looked_at > 5


def test_every_dependency_is_pinned_to_a_version_that_it_allows():
    packaging = pytest.importorskip("packaging.requirements")
    from packaging.utils import canonicalize_name

    pins = {canonicalize_name(name): version for name, version in pinned().items()}
    extras = PROJECT["optional-dependencies"].values()
    for text in [*PROJECT["dependencies"], *(entry for extra in extras for entry in extra)]:
        requirement = packaging.Requirement(text)
        if requirement.name == PROJECT["name"]:  # one extra asks for others
            assert requirement.extras <= set(PROJECT["optional-dependencies"])
            continue
        version = pins.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not in constraints.txt"
        assert requirement.specifier.contains(version), f"{text} forbids {version}"


def git(*arguments):
    """What git says in the checkout; without git or a checkout the test is skipped."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no git, or no checkout of it")
    command = ["git", "-C", ROOT, *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout


def test_a_clone_without_links_and_with_ends_of_lines_translated_holds_the_same(tmp_path):
    """As on Windows: a symbolic link would come out as a file that holds a path."""
    windows = ["core.symlinks=false", "core.autocrlf=true", "core.eol=crlf", "core.fileMode=false"]
    linux = ["core.symlinks=true", "core.autocrlf=false"]
    for name, settings in (("windows", windows), ("linux", linux)):
        options = [word for setting in settings for word in ("-c", setting)]
        git(*options, "checkout-index", "--all", "--force", f"--prefix={tmp_path / name}/")
    names = git("ls-files", "-z").split("\0")[:-1]
    assert len(names) > 100
    for name in names:
        there, here = tmp_path / "windows" / name, tmp_path / "linux" / name
        assert not here.is_symlink(), name
        assert there.read_bytes() == here.read_bytes(), name


def test_every_file_has_a_name_that_every_system_can_hold():
    names = git("ls-files", "-z").split("\0")[:-1]
    assert len({name.lower() for name in names}) == len(names)
    for name in names:
        assert len(name) < 120, name
        for part in name.split("/"):
            assert re.fullmatch(r"[\w.@+-]+", part, re.ASCII), name
            assert not part.endswith("."), name
            assert not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", part.lower()), name


def test_the_book_is_configured_in_its_own_folder_alone():
    """Where `jupyter-book build book`, `clean book` and the build's output look for it."""
    found = {path for name in ("_config.yml", "_toc.yml") for path in ROOT.glob(f"**/{name}")}
    found = {path for path in found if not {".venv", "_build"} & {*path.relative_to(ROOT).parts}}
    assert found == {ROOT / "book" / "_config.yml", ROOT / "book" / "_toc.yml"}


def test_every_chapter_is_in_the_contents_once_and_exists():
    pages = chapters()
    assert len(pages) == len(set(pages))
    assert sorted(pages) == sorted(path.stem for path in (ROOT / "book").glob("*.md"))


def test_archives_have_their_sums():
    folder = ROOT / "mnist_gd" / "mnist"
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    sums = {name: digest for digest, name in map(str.split, lines)}
    assert sorted(sums) == sorted(path.name for path in folder.glob("*.gz"))
    for name, digest in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_mathjax_has_every_font_that_it_loads():
    folder = ROOT / "book" / "_extra" / "mathjax"
    script = (folder / "tex-chtml.js").read_text(encoding="utf-8")
    wanted = set(re.findall(r"MathJax_[A-Za-z0-9]+(?:-[A-Za-z]+)?\.woff", script))
    there = {path.name for path in (folder / "output/chtml/fonts/woff-v2").iterdir()}
    assert wanted
    assert wanted <= there


def test_readme_example_learns(capsys):
    (code,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    scope = {}
    exec(code, scope)
    assert scope["accuracy"] > 0.9
    assert "of the test images" in capsys.readouterr().out


def test_live_chapters_open_as_notebooks_and_run_where_they_lie(monkeypatch):
    """`make live`: the server's own settings, one chapter through the contents manager."""
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("jupytext")
    nbformat = pytest.importorskip("nbformat")
    from jupytext import TextFileContentsManager

    settings = (ROOT / ".jupyter" / "jupyter_server_config.py").read_text(encoding="utf-8")
    assert "jupytext.TextFileContentsManager" in settings
    manager = TextFileContentsManager(root_dir=str(ROOT / "book"))
    listing = {
        entry["name"]: entry["type"]
        for entry in manager.get("", content=True, type="directory")["content"]
    }
    for page in chapters():
        assert listing[f"{page}.md"] == "notebook"
        notebook = manager.get(f"{page}.md", content=True, type="notebook")["content"]
        source = (ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        # counts cells between blank lines or tags, not the samples inside longer fences
        assert len(cells) == len(re.findall(r"^```\{code-cell\}", source, re.MULTILINE))
    notebook = manager.get("activations.md", content=True, type="notebook")["content"]
    first = next(i for i, cell in enumerate(notebook["cells"]) if cell["cell_type"] == "code")
    notebook = nbformat.from_dict({**notebook, "cells": notebook["cells"][: first + 1]})
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # also from a checkout that is not installed
    client = nbclient.NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": str(ROOT / "book")}}
    )
    client.execute()
    assert client.code_cells_executed == 1


def without_make():
    """The environment, without what a `make` above says to one below."""
    return {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}


def noting(path, fails_on="nothing"):
    """Lay a program that notes how it is called and fails on one call."""
    path.parent.mkdir(parents=True, exist_ok=True)
    note = f'echo "{path.name} $*" >> "$NOTES"'
    path.write_text(
        f'#!/bin/sh\n{note}\ncase "$*" in *"{fails_on}"*) exit 1;; esac\n', encoding="utf-8"
    )
    path.chmod(0o755)


STYLE = ["ruff check .", "ruff format --check .", "codespell "]


@pytest.mark.parametrize(
    ("fails_on", "calls"),
    [
        ("nothing", [*STYLE, "python -X warn_default_encoding -m pytest -m not slow"]),
        ("format --check", STYLE[:2]),
    ],
)
def test_make_test_checks_the_style_first(tmp_path, fails_on, calls):
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("ruff", "codespell", "python"):
        noting(tmp_path / ".venv" / "bin" / name, fails_on)
    (tmp_path / ".venv" / ".ready").touch()
    notes = tmp_path / "notes"
    done = subprocess.run(
        ["make", "test"], cwd=tmp_path, env=without_make() | {"NOTES": str(notes)}, check=False
    )
    assert notes.read_text(encoding="utf-8").splitlines() == calls
    assert (done.returncode == 0) == (fails_on == "nothing")


def test_continuous_integration_tests_builds_and_tests_the_build(tmp_path):
    if os.name != "posix":
        pytest.skip("a script of bash")
    for name in ("make", "chromium"):
        noting(tmp_path / "bin" / name)
    notes = tmp_path / "notes"
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = os.environ | {"NOTES": str(notes), "PATH": path}
    subprocess.run(["bash", ROOT / ".ci" / "run"], env=env, check=True, capture_output=True)
    assert notes.read_text(encoding="utf-8").splitlines() == [
        "make test",
        "make book",
        "make test-book",
    ]


def test_readme_names_targets_as_make_does():
    """Each that it names is there, and `make help`, which it says names all, does."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())
    helped = set(re.findall(r"^#   make ([\w-]+) ", makefile, re.MULTILINE))
    named = set(re.findall(r"^\$ make ([\w-]+)", readme, re.MULTILINE))
    assert {"book", "test"} <= named <= targets
    assert helped == targets - {"help", "setup"}
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize(
    ("fails_on", "message"),
    [
        ("pass", "no Python found as"),
        ("version_info", "Python 3.11 or later is needed"),
        ("ensurepip", "cannot make virtual environments"),
    ],
)
def test_make_says_what_python_lacks(tmp_path, fails_on, message):
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    python = tmp_path / "fake-python"
    python.write_text(f'#!/bin/sh\ncase "$*" in *{fails_on}*) exit 1;; esac\n', encoding="utf-8")
    python.chmod(0o755)
    done = subprocess.run(
        ["make", "setup", "PYTHON=./fake-python"],
        cwd=tmp_path,
        env=without_make(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode != 0
    assert message in done.stderr
    assert not (tmp_path / ".venv").exists()


def excerpts():
    """Every excerpt of code on a page: the page, the file and the options."""
    pattern = re.compile(r"^```\{literalinclude\} (\S+)\n((?::.*\n)*)```", re.MULTILINE)
    for path in sorted((ROOT / "book").glob("*.md")):
        for match in pattern.finditer(path.read_text(encoding="utf-8")):
            options = dict(re.findall(r"^:([\w-]+): ?(.*)$", match[2], re.MULTILINE))
            yield pytest.param(match[1], options, id=f"{path.name}-{options.get('pyobject')}")


@pytest.mark.parametrize(("file", "options"), list(excerpts()))
def test_excerpts_show_code_that_is_there(file, options):
    """And something of it is left between where they begin and where they end."""
    options = {name: value.strip('"') for name, value in options.items()}
    lines = (ROOT / "book" / file).read_text(encoding="utf-8").splitlines()
    if "pyobject" in options:
        start, end = definition(lines, options["pyobject"].split("."))
        lines = lines[start:end]
    if "start-at" in options:
        found = [i for i, line in enumerate(lines) if options["start-at"] in line]
        assert found, f"nothing starts at {options['start-at']!r}"
        lines = lines[found[0] :]
    if "end-before" in options:
        found = [i for i, line in enumerate(lines) if options["end-before"] in line]
        assert found, f"nothing ends before {options['end-before']!r}"
        assert found[0] > 0
    assert lines


def definition(lines, names):
    """First and last line of a function, a class or a method."""
    body = ast.parse("\n".join(lines)).body
    for name in names:
        node = next(n for n in body if getattr(n, "name", None) == name)
        body = node.body
    return node.lineno - 1, node.end_lineno
