"""What holds the project together: versions, pins, links, sums, set-up, live chapters."""

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
from collections import Counter
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import pytest

from mnist_gd import report

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
                allowed = specifiers.SpecifierSet(about.get("Requires-Python") or "")
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


def test_the_extra_for_the_pdf_holds_what_prints_it():
    """What comes with the book, and is not named there, is the reader of the contents."""
    tree = ast.parse((ROOT / "book" / "paper.py").read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = (
                [node.module] if isinstance(node, ast.ImportFrom) else [n.name for n in node.names]
            )
            found |= {name.split(".")[0] for name in names}
    extras = PROJECT["optional-dependencies"]
    named = {re.match(r"[\w-]+", text)[0] for text in extras["pdf"]}
    renamed = {"bs4": "beautifulsoup4"}
    found = {renamed.get(name, name) for name in found - sys.stdlib_module_names}
    assert found == named | {"sphinx_external_toc"}
    assert any("pdf" in text for text in extras["test"] if text.startswith("mnist_gd["))


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


def test_no_link_goes_without_encryption():
    """Names of XML are no links; this machine and reserved names are asked by tests alone."""
    free = re.compile(r"//(www\.w3\.org/|127\.0\.0\.1|192\b|book\.invalid/)")
    licences = {"book/_static/fonts/OFL.txt"}  # word for word
    found = []
    for name in git("ls-files", "-z").split("\0")[:-1]:
        with suppress(UnicodeDecodeError):
            text = (ROOT / name).read_text(encoding="utf-8")
            links = re.findall(r"http://[\w.-]+/?", text)
            found += [(name, link) for link in links if not free.search(link)]
    assert [(name, link) for name, link in found if name not in licences] == []


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


@pytest.mark.parametrize("page", ["networks", "index"])
def test_a_chapter_that_is_saved_live_keeps_its_front_matter(tmp_path, page):
    pytest.importorskip("jupytext")
    from jupytext import TextFileContentsManager
    from traitlets.config import Config

    settings = Config()
    code = (ROOT / ".jupyter" / "jupyter_server_config.py").read_text(encoding="utf-8")
    exec(code, {"get_config": lambda: settings})
    shutil.copy(ROOT / "book" / f"{page}.md", tmp_path)
    manager = TextFileContentsManager(config=settings, root_dir=str(tmp_path))
    model = manager.get(f"{page}.md", content=True, type="notebook")
    manager.save({key: model[key] for key in ("type", "format", "content")}, f"{page}.md")
    before, after = (
        next(yaml.safe_load_all((folder / f"{page}.md").read_text(encoding="utf-8")))
        for folder in (ROOT / "book", tmp_path)
    )
    assert {"file_format", "kernelspec"} < before.keys()
    assert after.pop("jupytext")
    assert after == before


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
        (
            "nothing",
            [*STYLE, "python -X warn_default_encoding -m pytest -m not slow -n 2 --dist loadfile"],
        ),
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


@pytest.mark.parametrize("fetched", [True, False])
def test_the_set_up_fetches_what_runs_in_the_browser_and_goes_on_without(tmp_path, fetched):
    """It is tried once; a set-up without it says how to try again."""
    if os.name != "posix" or shutil.which("make") is None:
        pytest.skip("no make, or programs that it cannot call")
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "book/runtime.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "book" / "runtime.py").touch()
    noting(tmp_path / ".venv" / "bin" / "python", "nothing" if fetched else "runtime.py")
    (tmp_path / ".venv" / ".ready").touch()
    notes = tmp_path / "notes"
    notes.touch()

    def sets_up():
        done = subprocess.run(
            ["make", "setup"],
            cwd=tmp_path,
            env=without_make() | {"NOTES": str(notes)},
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        return done.stdout

    said = sets_up()
    again = "to try again: .venv/bin/python book/runtime.py"
    assert (f"The book will have no Run buttons; {again}" in said) == (not fetched)
    sets_up()
    assert notes.read_text(encoding="utf-8").splitlines() == ["python book/runtime.py"]


def test_a_book_is_built_when_something_changed_and_only_then(tmp_path):
    """Also when a file is gone or renamed, the last build failed, or its first page is lost."""
    if os.name != "posix" or shutil.which("make") is None:
        pytest.skip("no make, or programs that it cannot call")
    root = tmp_path / "a folder: it's named so"
    copied = ("Makefile", "pyproject.toml", "constraints.txt", "book/inputs.py", "book/runtime.py")
    for name in copied:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    (root / ".venv" / "bin").mkdir(parents=True)
    python = root / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    for name in (".ready", ".ready-runtime"):
        (root / ".venv" / name).touch()
    python_file = tmp_path / "cache" / "mnist_gd" / "browser-1" / "python.wasm"
    python_file.parent.mkdir(parents=True)
    pins = f'[core]\n"python.wasm" = "{hashlib.sha256(b"python").hexdigest()}"\n'
    pins += '[pyodide]\nversion = "1"\n[packages]\n[wheels]\n[npm]\n'
    (root / "book" / "runtime.toml").write_text(pins, encoding="utf-8")
    os.utime(root / "book" / "runtime.toml", (0, 0))  # older than what was made from it
    program = root / ".venv" / "bin" / "jupyter-book"
    pages = root / "book" / "_build" / "html"
    for folder in ("benchmarks", "book/_build/html", "book/_build/records", "mnist_gd", "tests"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    page, module = root / "book" / "page.md", root / "mnist_gd" / "a module.py"
    studies = root / "book" / "_build" / "records" / "studies.json"
    notes = tmp_path / "notes"

    def program_does(line):
        program.write_text(f'#!/bin/sh\necho "$*" >> "$NOTES"\n{line}\n', encoding="utf-8")
        program.chmod(0o755)

    def builds():
        """Whether `make book` builds, and succeeds."""
        notes.write_text("", encoding="utf-8")
        done = subprocess.run(
            ["make", "book"],
            cwd=root,
            env=without_make() | {"NOTES": str(notes), "XDG_CACHE_HOME": str(tmp_path / "cache")},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert ("The book: file://" in done.stdout) == (done.returncode == 0)
        calls = notes.read_text(encoding="utf-8")
        assert calls in ("", "build book -W --keep-going --all\n")
        return bool(calls), done.returncode == 0

    page.write_text("one", encoding="utf-8")
    module.write_text("one", encoding="utf-8")
    program_does("touch book/_build/html/index.html")
    assert builds() == (True, True)
    assert builds() == (False, True)
    for change in (
        lambda: page.write_text("two", encoding="utf-8"),
        lambda: page.rename(page.with_name("other.md")),
        module.unlink,
        lambda: studies.write_text("{}", encoding="utf-8"),
        lambda: python_file.write_bytes(b"python"),
        (pages / "index.html").unlink,
    ):
        change()
        assert builds() == (True, True)
        assert builds() == (False, True)
    (root / "book" / ".#page.md").symlink_to("nowhere")  # an editor's lock
    (root / "mnist_gd" / "__pycache__").mkdir()
    (root / "mnist_gd" / "__pycache__" / "module.pyc").touch()
    assert builds() == (False, True)
    program_does('echo "while it is built" >> book/other.md')
    module.write_text("two", encoding="utf-8")
    assert builds() == (True, True)
    program_does(":")
    assert builds() == (True, True)
    program_does("exit 1")
    module.write_text("three", encoding="utf-8")
    assert builds() == builds() == (True, False)


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
    assert helped == targets - {"help"}
    told = set(re.findall(r"^#   make book (\w+)=", makefile, re.MULTILINE))
    assert told == set(re.findall(r"make \w+ ([A-Z]+)=", readme)) | {"PYTHON"}
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
    first = min([node.lineno, *(line.lineno for line in getattr(node, "decorator_list", ()))])
    return first - 1, node.end_lineno


# What these excerpts use and do not show was named on the page before.
NAMED_BEFORE = {
    "minimize": {"point"},
    "train": {"best", "epoch", "history"},
    "_train_epoch": {
        "rng",
        "augment",
        "rate",
        "forward",
        "descend",
        "total",
        "batches",
        "shuffled",
    },
}


@pytest.mark.parametrize(
    ("file", "options"), [e for e in excerpts() if {"pyobject", "start-at"} <= {*e.values[1]}]
)
def test_excerpts_begin_with_code_and_use_nothing_that_they_leave_out(file, options):
    """Of a function, that is: not within its docstring, nor below the value of a variable."""
    lines = (ROOT / "book" / file).read_text(encoding="utf-8").splitlines()
    start, end = definition(lines, options["pyobject"].split("."))
    lines = textwrap.dedent("\n".join(lines[start:end])).splitlines()
    (function,) = ast.parse("\n".join(lines)).body
    assert isinstance(function, ast.FunctionDef)
    text = options["start-at"].strip('"')
    first = next(number for number, line in enumerate(lines, start=1) if text in line)
    assert first in {node.lineno for node in ast.walk(function) if isinstance(node, ast.stmt)}
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    given = {n.id for n in names if n.lineno < first and isinstance(n.ctx, ast.Store)}
    given -= {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
    used = {n.id for n in names if n.lineno >= first and isinstance(n.ctx, ast.Load)}
    assert given & used <= NAMED_BEFORE.get(function.name, set())


def code_of_pages():
    """The statements of every page, without the magics of IPython."""
    pattern = re.compile(
        r"^```\{code-cell\}[^\n]*\n(?:---\n.*?^---\n|(?::[^\n]*\n)*)(.*?)^```",
        re.MULTILINE | re.DOTALL,
    )
    for path in sorted((ROOT / "book").glob("*.md")):
        cells = pattern.findall(path.read_text(encoding="utf-8"))
        source = re.sub(r"^(\s*)%.*", r"\1pass", "\n".join(cells), flags=re.MULTILINE)
        yield path.stem, ast.parse(source)


NO_TEXT = {"index-hero", "additions-scale"}  # a figure, a paragraph of Markdown


def test_pages_say_their_numbers_in_one_way():
    """By `say`, which typesets them; how to typeset stands nowhere else."""
    said = 0
    for page, code in code_of_pages():
        for node in ast.walk(code):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                said += node.func.id == "say"
                if node.func.id == "glue":
                    name = getattr(node.args[0], "value", None)
                    assert name in NO_TEXT, f"{page}: {ast.unparse(node)}"
            assert not (isinstance(node, ast.Attribute) and node.attr == "maketrans"), page
            assert not (isinstance(node, ast.Constant) and node.value == "−"), page
    assert said > 300


STILL = set()  # on two pages; to be named apart or to move into the package


def test_no_function_is_defined_on_two_pages_or_again():
    """What two pages need stands in a module."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    names = {
        page: {node.name for node in code.body if isinstance(node, kinds)}
        for page, code in code_of_pages()
    }
    on_pages = Counter(name for defined in names.values() for name in defined)
    assert {name for name, count in on_pages.items() if count > 1} == STILL
    assert not {*report.__all__} & {*on_pages}


def test_pages_import_what_they_use():
    for page, code in code_of_pages():
        nodes = list(ast.walk(code))
        imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {name.asname or name.name.split(".")[0] for node in imports for name in node.names}
        used = {node.id for node in nodes if isinstance(node, ast.Name)}
        assert names <= used, f"{page}: {sorted(names - used)}"
