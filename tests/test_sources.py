"""Modules that a run imports: the reader's own count by sources, others by versions."""

import hashlib
import importlib
import logging
import math
import os
import re
import runpy
import shutil
import subprocess
import sys
import time
import types
import zipfile
from importlib.util import spec_from_file_location
from pathlib import Path

import pytest

from mnist_gd import _sources
from mnist_gd._code import code_of, digest, digests, is_here, look_again

ROOT = Path(__file__).parents[1]


@pytest.fixture
def edits(monkeypatch):
    """Modules count as they are now, though they were edited since this process began."""
    monkeypatch.setattr(_sources, "BEGUN", math.inf)


@pytest.fixture
def script(tmp_path, monkeypatch, edits):
    """A module outside the package, written and imported anew by each call."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(source):
        (tmp_path / "script_of_runs.py").write_text(source, encoding="utf-8")
        sys.modules.pop("script_of_runs", None)
        shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
        importlib.invalidate_caches()
        look_again()
        return importlib.import_module("script_of_runs").run

    yield write
    sys.modules.pop("script_of_runs", None)


RUN = """
from mnist_gd.losses import focal_loss
HELP = 1
def run(configuration, seed):
    return {}, {}
"""


def test_a_function_from_elsewhere_depends_on_its_module(script):
    first = code_of(script(RUN))
    assert digests().items() <= first.items()  # however it reaches the package
    assert code_of(script(RUN + "# a comment\n")) == first
    assert code_of(script(RUN.replace("HELP = 1", "HELP = 2"))) != first
    assert code_of(script(RUN.replace("{}, {}", "{1: 1}, {}"))) != first


def test_modules_beside_a_script_count(script, tmp_path):
    source = "import helpers_of_runs\n" + RUN
    codes = []
    for number in (1, 2):
        (tmp_path / "helpers_of_runs.py").write_text(f"X = {number}\n", encoding="utf-8")
        sys.modules.pop("helpers_of_runs", None)
        codes.append(code_of(script(source)))
    sys.modules.pop("helpers_of_runs", None)
    assert codes[0] != codes[1]


@pytest.fixture
def own_module(monkeypatch, tmp_path, edits):
    """Make a module of the reader's, as if it were imported from a file."""

    def make(name, source):
        module = types.ModuleType(name)
        file = tmp_path / f"{name.replace('.', '/')}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(source, encoding="utf-8")
        module.__file__ = str(file)
        monkeypatch.setitem(sys.modules, name, module)
        exec(source, vars(module))
        look_again()
        return module

    return make


@pytest.mark.parametrize("name", ["helper_of_it", "HELPER_OF_IT"])
def test_of_another_module_of_the_readers_its_source_counts_and_no_value(own_module, name):
    source = "import threading\nA = threading.Lock()\ndef f():\n    return A\n"
    f = own_module(name, source).f
    space = {"__name__": "__main__", "f": f}
    exec("def run(configuration, seed):\n    return {'v': f()}, {}", space)
    assert code_of(space["run"])[name] == digest(source)


@pytest.mark.parametrize(
    "used",
    [
        "package_of_it.inner.f()",
        "max(package_of_it.inner.f() for _ in '12')",
        "[package_of_it.inner.f() for _ in '12'][0]",
        "(lambda: package_of_it.inner.f())()",
        "g()",
    ],
)
def test_modules_that_are_met_inside_what_a_run_does_count(own_module, tmp_path, used):
    source = "def f():\n    return 1\n"
    package = own_module("package_of_it", "")
    package.__path__ = [str(tmp_path / "package_of_it")]
    package.inner = own_module("package_of_it.inner", source)
    run = "def g():\n        from . import inner\n        return inner.f()"
    run = f"def run(configuration, seed):\n    {run}\n    return {{'v': {used}}}, {{}}"
    space = {"__name__": "__main__", "__package__": "package_of_it", "package_of_it": package}
    if used != "g()":
        run = run.replace("from . import inner", "inner = None")
    exec(run, space)
    assert space["run"]({}, 0) == ({"v": 1}, {})
    assert code_of(space["run"])["package_of_it.inner"] == digest(source)


INSTALLED = {  # where a run meets what is installed
    "itself": ("import installed_of_it as i", "i.f()"),
    "from it": ("from installed_of_it import f", "f()"),
    "inside": ("", "g()"),
    "in a helper": ("import helper_of_it", "helper_of_it.f()"),
}


@pytest.mark.parametrize("kind", INSTALLED)
def test_of_what_is_installed_the_version_counts(tmp_path, kind):
    """The source does not: there is much of it, and nobody edits it."""
    made, used = INSTALLED[kind]
    site = tmp_path / "site-packages"
    about = site / "installed-1.dist-info"
    about.mkdir(parents=True)
    (about / "top_level.txt").write_text("installed_of_it", encoding="utf-8")
    helper = "import numpy, mnist_gd.losses\ndef f():\n    return numpy\n"
    (tmp_path / "helper_of_it.py").write_text(
        f"import installed_of_it\n{helper}", encoding="utf-8"
    )
    (tmp_path / "script.py").write_text(
        f"from mnist_gd._code import code_of\n{made}\n"
        "def g():\n    import installed_of_it\n    return installed_of_it.f()\n"
        f"def run(configuration, seed):\n    return {{'v': {used}}}, {{}}\n"
        "print(code_of(run))\n",
        encoding="utf-8",
    )
    codes = []
    for number, source in [(1, helper), (1, helper + "X = 1\n"), (2, helper)]:
        text = f"Metadata-Version: 2.1\nName: installed\nVersion: {number}\n"
        (about / "METADATA").write_text(text, encoding="utf-8")
        (site / "installed_of_it.py").write_text(source, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, tmp_path / "script.py"],
            capture_output=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{site}"},
        )
        assert not done.returncode, done.stderr
        codes.append(done.stdout)
    assert codes[0] == codes[1] != codes[2]
    assert "'installed_of_it': '" in codes[0]
    assert "'numpy': " not in codes[0]


def test_of_what_is_installed_no_other_name_counts():
    space = {"__name__": "__main__"}
    exec(
        "from PIL.Image import new\ndef run(configuration, seed):\n    return new(seed), {}", space
    )
    assert [name for name in code_of(space["run"]) if name.startswith("PIL")] == ["PIL"]


HELPED = {
    "function": ("from helpers_of_it import f", "f()"),
    "class": ("from helpers_of_it import C", "C.x"),
    "module": ("import helpers_of_it as h", "h.f()"),
    "object": ("from helpers_of_it import c", "c.x"),
    "imported inside": ("", "g()"),
    "by way of another": ("import others_of_it", "others_of_it.f()"),
    "in a folder": ("import folder_of_it.inner", "folder_of_it.inner.f()"),
    "from a folder": ("from folder_of_it.inner import f", "f()"),
}
HELPER = "def f():\n    return {n}\nclass C:\n    x = {n}\nc = C()\n"


@pytest.mark.parametrize(
    ("kind", "is_package", "workers"),
    [
        *((kind, True, 1) for kind in HELPED),
        ("imported inside", True, 2),
        ("in a folder", False, 2),
        ("from a folder", False, 1),
    ],
)
def test_modules_beside_a_script_that_is_run_count(tmp_path, kind, is_package, workers):
    """Each run is another process: a new one finds records as long as no helper is edited."""
    made, used = HELPED[kind]
    (tmp_path / "folder_of_it").mkdir()
    if is_package:
        (tmp_path / "folder_of_it" / "__init__.py").touch()
    (tmp_path / "others_of_it.py").write_text("from helpers_of_it import *", encoding="utf-8")
    (tmp_path / "script.py").write_text(
        f"import sys\n{made}\nfrom mnist_gd.records import run_all\n"
        "def g():\n    import helpers_of_it\n    return helpers_of_it.f()\n"
        f"def run(configuration, seed):\n    return {{'v': {used}}}, {{}}\n"
        "if __name__ == '__main__':\n"
        f"    asked = dict(records=sys.argv[1], n_jobs={workers}, progress=False)\n"
        "    print(*[r.outcome['v'] for r in run_all(run, [{}], seeds=range(4), **asked)])\n",
        encoding="utf-8",
    )
    found = []
    for n in (1, 1, 2):
        for path in ("helpers_of_it.py", "folder_of_it/inner.py"):
            (tmp_path / path).write_text(HELPER.format(n=n), encoding="utf-8")
            shutil.rmtree((tmp_path / path).parent / "__pycache__", ignore_errors=True)
        done = subprocess.run(
            [sys.executable, tmp_path / "script.py", tmp_path / "records"],
            capture_output=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
        )
        found.append((done.stdout.split(), len([*tmp_path.glob("records/*.json")])))
    assert found == [(["1"] * 4, 4), (["1"] * 4, 4), (["2"] * 4, 8)], done.stderr


@pytest.mark.parametrize("then", ["", "importlib.reload(helpers_of_it)"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_module_that_was_edited_since_is_refused(tmp_path, then, workers):
    """What is in memory, here or in a worker, may be what it was, or what it is."""
    (tmp_path / "script.py").write_text(
        "import importlib, sys\nfrom pathlib import Path\nimport helpers_of_it\n"
        "from mnist_gd.records import run_all\n"
        "def run(configuration, seed):\n    return {'v': helpers_of_it.f()}, {}\n"
        "if __name__ == '__main__':\n"
        f"    asked = dict(records=sys.argv[1], n_jobs={workers}, progress=False)\n"
        "    for seeds in ([0, 1], [2, 3]):\n"
        "        print(*[r.outcome['v'] for r in run_all(run, [{}], seeds=seeds, **asked)])\n"
        "        path = Path(helpers_of_it.__file__)\n"
        "        path.write_text(path.read_text('utf-8').replace('1', '2'), 'utf-8')\n"
        f"        {then}\n",
        encoding="utf-8",
    )
    (tmp_path / "helpers_of_it.py").write_text("X = 1\ndef f():\n    return X\n", encoding="utf-8")
    for seen in (["1 1"], ["2 2"]):
        done = subprocess.run(
            [sys.executable, tmp_path / "script.py", tmp_path / "records"],
            capture_output=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        assert done.stdout.splitlines() == seen, done.stderr
        assert "as they were imported, but helpers_of_it was edited" in done.stderr
        assert len([*tmp_path.glob("records/*.json")]) == 2 * int(seen[0][0])


def test_a_module_of_an_archive_counts_by_the_archive(tmp_path):
    (tmp_path / "script.py").write_text(
        "import sys\nsys.path.insert(0, sys.argv[1])\nimport packed_of_it\n"
        "from mnist_gd._code import code_of\n"
        "def run(configuration, seed):\n    return {'v': packed_of_it.f()}, {}\n"
        "print(code_of(run)['packed_of_it'])\n",
        encoding="utf-8",
    )
    codes = []
    for number in (1, 1, 2):
        with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
            about = zipfile.ZipInfo("packed_of_it.py")
            archive.writestr(about, f"def f():\n    return {number}\n")
        done = subprocess.run(
            [sys.executable, tmp_path / "script.py", tmp_path / "packed.zip"],
            capture_output=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        assert not done.returncode, done.stderr
        codes.append(done.stdout)
    assert codes[0] == codes[1] != codes[2]


def test_modules_of_the_package_of_a_script_count(tmp_path):
    """As they are imported when it runs, from where it is."""
    folder = tmp_path / "folder_of_it" / "inner"
    folder.mkdir(parents=True)
    (folder / "script.py").write_text(
        "from mnist_gd._code import code_of\n"
        "def run(configuration, seed):\n"
        "    from .one import X\n    from . import two\n    from ..three import Y\n"
        "    return {'v': X}, {}\n"
        "print(*code_of(run))\n",
        encoding="utf-8",
    )
    for path in (folder / "one.py", folder / "two.py", folder.parent / "three.py"):
        path.write_text("X = Y = 1\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "folder_of_it.inner.script"],
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    found = {name for name in done.stdout.split() if name.startswith("folder_of_it")}
    expected = {"folder_of_it.inner.one", "folder_of_it.inner.two", "folder_of_it.three"}
    assert found == expected, done.stderr


class Finder:
    """As that of a package that is installed to be edited."""

    def __init__(self, folder):
        self.folder = folder

    def find_spec(self, name, path=None, target=None):
        if name != "edited_of_it":
            return None
        file = self.folder / "__init__.py"
        return spec_from_file_location(name, file, submodule_search_locations=[str(self.folder)])


@pytest.mark.parametrize("loaded", [False, True])
def test_modules_that_only_a_finder_knows_count(tmp_path, monkeypatch, edits, loaded):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "inner.py").write_text("X = 1\n", encoding="utf-8")
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder(folder)])
    if loaded:
        importlib.import_module("edited_of_it")
    try:
        assert _sources.sources({"edited_of_it.inner"})["edited_of_it.inner"] == "X = 1\n"
        nothing = _sources.sources({"edited_of_it.nothing", "of_it.nothing", "..", ""})
    finally:
        sys.modules.pop("edited_of_it", None)
    assert nothing == {"edited_of_it": ""}


def test_a_process_began_when_its_first_modules_did_however_long_ago(monkeypatch):
    begun = runpy.run_path(_sources.__file__)["BEGUN"]
    second = 10**9 if logging._startTime > 10**12 else 1  # in nanoseconds from Python 3.13 on
    monkeypatch.setattr(logging, "_startTime", logging._startTime - 10**6 * second)
    assert runpy.run_path(_sources.__file__)["BEGUN"] == pytest.approx(begun - 10**6, abs=1)


def test_in_a_notebook_the_process_began_when_it_did():
    """Which loads logging, however late the package comes."""
    program = (
        "import logging, time\nbegun = time.time()\ntime.sleep(0.3)\n"
        "from mnist_gd import _sources\nprint(_sources.BEGUN < begun + 0.1)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=ROOT, check=True)
    assert done.stdout == "True\n"


def test_a_worker_that_has_imported_another_module_is_told(tmp_path, own_module, monkeypatch):
    f = own_module("helper_of_it", "def f():\n    return 1\n").f
    space = {"__name__": "__main__", "f": f}
    exec("def run(configuration, seed):\n    return {'v': f()}, {}", space)
    code = code_of(space["run"])
    assert is_here(code)
    (tmp_path / "helper_of_it.py").write_text("def f():\n    return 2\n", encoding="utf-8")
    assert is_here(code)  # in a search nothing is looked at again
    look_again()
    assert not is_here(code)
    monkeypatch.setattr(_sources, "BEGUN", time.time() - 60)
    look_again()
    with pytest.raises(ValueError, match=r"helper_of_it was edited since .*helper_of_it\.py"):
        is_here(code)


@pytest.mark.parametrize("name", ["trace", "statistics"])
def test_a_module_of_the_readers_may_be_named_like_one_of_pythons(tmp_path, name):
    (tmp_path / "script.py").write_text(
        f"import {name}\nfrom mnist_gd._code import code_of\n"
        f"def run(configuration, seed):\n    return {{'v': {name}.X}}, {{}}\n"
        f"print(code_of(run)['{name}'], code_of({name}.run)['{name}'])\n",
        encoding="utf-8",
    )
    source = "X = 1\ndef run(configuration, seed):\n    return {'v': X}, {}\n"
    (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py"],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.split() == [digest(source)] * 2, done.stderr


@pytest.mark.parametrize(
    ("content", "counts_as"),
    [
        (b"\xef\xbb\xbfX = 1\n", "X = 1"),
        ("# -*- coding: latin-1 -*-\nX = 'é'\n".encode("latin-1"), "X = 'é'"),
        (b"print 'old'\n", None),
        (b"X = '\xff'\n", None),
        (b"X = '\0'\n", None),
    ],
    ids=["mark", "coding", "syntax", "no text", "null"],
)
def test_a_source_is_read_as_python_reads_it(own_module, tmp_path, content, counts_as):
    own_module("helper_of_it", "")
    (tmp_path / "helper_of_it.py").write_bytes(content)
    look_again()
    found = _sources.sources({"helper_of_it"})
    its_bytes = f"source = '{hashlib.sha256(content).hexdigest()}'"
    assert digest(found["helper_of_it"]) == digest(counts_as or its_bytes)


@pytest.mark.parametrize(
    ("imports", "used"),
    [
        ("from package_of_it import *", "inner.f()"),
        ("from .package_of_it import *", "inner.f()"),
        ("import package_of_it.other, package_of_it.inner", "package_of_it.other.g()"),
        ("from package_of_it.other import h", "h().f()"),
    ],
)
def test_a_module_of_a_package_counts_if_its_name_is_met(
    tmp_path, monkeypatch, edits, imports, used
):
    """As an attribute or a text of whatever is read, for a package may import what that names."""
    sources = {
        "runs_of_it": f"{imports}\n"
        f"def run(configuration, seed):\n    return {{'v': {used}}}, {{}}\n",
        "package_of_it/__init__": "__all__ = ['inner']\n",
        "package_of_it/inner": "def f():\n    return 1\n",
        "package_of_it/unmet": "X = 1\n",
        "package_of_it/other": "import package_of_it, importlib\n"
        "def g():\n    return package_of_it.inner.f()\n"
        "def h():\n    return importlib.import_module('.inner', 'package_of_it')\n",
    }
    folder = tmp_path / "whole_of_it"
    top = "whole_of_it." if "from ." in imports else ""
    for name, source in sources.items():
        file = folder / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path if top else folder)
    try:
        run = importlib.import_module(f"{top}runs_of_it").run
        assert run({}, 0) == ({"v": 1}, {})
        code = code_of(run)
    finally:
        for name in [name for name in sys.modules if "_of_it" in name]:
            del sys.modules[name]
    assert code[f"{top}package_of_it.inner"] == digest(sources["package_of_it/inner"])
    assert f"{top}package_of_it.unmet" not in code


def test_of_modules_beside_a_script_those_count_that_it_imports(tmp_path, monkeypatch, edits):
    """By way of others and of its own package too, whatever its name; none that is not used.

    Nothing is imported for that.
    """
    sources = {
        "Near/__init__.py": "",
        "Near/runs.py": "import json, far_away\nfrom . import one\nfrom .two import X\n"
        "def run(configuration, seed):\n    from .LATE import X\n    return {}, {}\n",
        "Near/one.py": "import Near.deep.three, Near.runs\n",
        "Near/two.py": "X = 1\n",
        "Near/four.py": "X = 1\n",
        "Near/LATE.py": "from .later import X\n",
        "Near/later/__init__.py": "from .last import X\n",
        "Near/later/last.py": "X = 1\n",
        "Near/unused.py": "X = 1\n",
        "Near/deep/__init__.py": "",
        "Near/deep/three.py": "from ..four import X\n",
        "far_away.py": "X = 1\n",
    }
    for name, source in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        importlib.import_module("Near.unused")
        run = importlib.import_module("Near.runs").run
        loaded = {*sys.modules}
        found = code_of(run).keys() - digests().keys()
        assert {*sys.modules} == loaded
    finally:
        for name in [name for name in sys.modules if re.match(r"(Near|far_away)\b", name)]:
            del sys.modules[name]
    used = sources.keys() - {"Near/unused.py"}
    names = {name.removesuffix(".py").removesuffix("/__init__") for name in used}
    assert found == {"Near.runs.run()", *(name.replace("/", ".") for name in names)}


@pytest.mark.parametrize(
    ("name", "own"),
    [
        *((name, True) for name in ("__main__", "nowhere", "a_module", "None")),
        *((name, False) for name in ("sys", "json.decoder", "numpy", "mnist_gd", "mnist_gd.no")),
    ],
)
def test_a_module_is_the_readers_if_it_is_nobody_elses(name, own):
    assert _sources.is_own(name) == own
    assert _sources.is_read(name) != own  # as long as it has no file


def test_a_module_that_is_as_old_as_the_process_is_taken(tmp_path, own_module, monkeypatch):
    own_module("helper_of_it", "X = 1\n")
    about = (tmp_path / "helper_of_it.py").stat()
    monkeypatch.setattr(_sources, "BEGUN", max(about.st_mtime, about.st_ctime))
    assert _sources.source("helper_of_it") == "X = 1\n"
