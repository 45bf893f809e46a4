"""What a result depends on: the code as it was imported, without comments and docstrings."""

import re
import shutil
import subprocess
import sys
from functools import wraps
from pathlib import Path

import pytest

from mnist_gd import _code
from mnist_gd._code import closure, code_of, digest, digests, imports, is_here
from mnist_gd._sources import source
from mnist_gd.exercises import check
from mnist_gd.experiments.runs import final_run

ROOT = Path(__file__).parents[1]

SOURCE = '''"""A module."""

import numpy as np


def f(x):
    """Return x."""
    return x + 1  # a comment


class A:
    """A class."""

    b = 1
'''


@pytest.mark.parametrize(
    "change",
    [
        lambda source: source.replace('"""A module."""', '"""Another."""'),
        lambda source: source.replace('"""Return x."""', '"""Say x."""'),
        lambda source: source.replace('    """Return x."""\n', ""),
        lambda source: source.replace('    """A class."""\n', ""),
        lambda source: source.replace("  # a comment", ""),
        lambda source: source.replace("x + 1", "(x\n    + 1)"),
        lambda source: source.replace("\n\n\n", "\n\n"),
    ],
)
def test_words_and_layout_do_not_count(change):
    assert change(SOURCE) != SOURCE
    assert digest(change(SOURCE)) == digest(SOURCE)


@pytest.mark.parametrize(
    "change",
    [
        lambda source: source.replace("x + 1", "x + 2"),
        lambda source: source.replace("x + 1", "x - 1"),
        lambda source: source.replace("b = 1", "b = '1'"),
        lambda source: source.replace("numpy as np", "numpy as xp"),
        lambda source: source.replace("def f(x)", "def f(x, y=0)"),
        lambda source: source.replace("    return x + 1", "    return '''x''' and x"),
    ],
)
def test_code_counts(change):
    assert digest(change(SOURCE)) != digest(SOURCE)


def test_code_of_many_branches_counts():
    source = "def f(x):\n    if x == 0:\n        return 0\n"
    source += "".join(f"    elif x == {i}:\n        return {i}\n" for i in range(1, 500))
    assert compile(source, "", "exec")
    assert digest(source) == digest(source) != digest(source.replace("return 7", "return 8"))


def test_a_string_that_is_no_docstring_counts():
    assert digest("x = 1\n'one'") != digest("x = 1\n'two'")
    assert digest("def f():\n    x = 'one'") != digest("def f():\n    x = 'two'")


def test_imports_are_those_made_at_once():
    source = (
        "from mnist_gd import losses, nothing\n"
        "import mnist_gd.data\n"
        "try:\n    from mnist_gd.layers import LinearLayer\nexcept ImportError:\n    pass\n"
        "def draw():\n    from mnist_gd import plots\n"
    )
    assert imports(source) == {f"mnist_gd.{name}" for name in ("losses", "data", "layers")}


def test_what_a_function_imports_when_it_is_called_counts_if_it_is_asked_for():
    source = (
        "from mnist_gd import losses\n"
        "class A:\n    from mnist_gd import layers\n"
        "    async def draw(self):\n        import mnist_gd.plots\n"
        "def f():\n    def g():\n        from mnist_gd.data import load_mnist\n"
    )
    at_once = {"mnist_gd.losses", "mnist_gd.layers"}
    assert imports(source) == at_once
    assert imports(source, lazy=True) == at_once | {"mnist_gd.plots", "mnist_gd.data"}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("from mnist_gd.exercises import check", "exercises"),
        ("from mnist_gd.exercises import judge", "exercises.judge"),
        ("from mnist_gd.exercises.judge import check", "exercises.judge"),
        ("import mnist_gd.exercises.judge", "exercises.judge"),
    ],
)
def test_a_module_of_a_subpackage_is_imported_with_this(source, name):
    assert imports(source) == {"mnist_gd.exercises", f"mnist_gd.{name}"}


def test_a_subpackage_counts_and_the_package_does_not():
    judge = closure(["mnist_gd.exercises.judge"])
    assert {"mnist_gd.exercises", "mnist_gd.exercises.losses", "mnist_gd.losses"} <= judge
    assert judge == closure(["mnist_gd.exercises"])
    assert set(code_of(check)) == judge
    assert "mnist_gd" not in _code.MODULES


def test_a_training_depends_on_the_mathematics_and_on_no_drawing():
    names = set(code_of(final_run))
    assert names == closure(["mnist_gd.experiments.runs"])
    assert {f"mnist_gd.{n}" for n in ("experiments.runs", "networks", "losses", "data")} <= names
    others = {"plots", "report", "records", "search", "exercises"}
    others |= {f"experiments.{n}" for n in ("plans", "searches", "studies")}
    assert {f"mnist_gd.{n}" for n in others} <= _code.MODULES.keys() - names


@pytest.mark.parametrize(
    "module",
    ["mnist_gd.experiments.runs", "mnist_gd.experiments.studies", "mnist_gd.exercises._tasks"],
)
def test_every_module_counts(module):
    """What a run imports is what Python says it loads."""
    program = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        check=True,
    ).stdout.split()
    ours = {name for name in loaded if re.match(r"mnist_gd\.", name)} & _code.MODULES.keys()
    first = {f"mnist_gd.{name}" for name in ("_code", "_instructions", "_sources")}  # by itself
    assert ours - first == closure([module]) - first


@pytest.mark.parametrize("number", [1, 2])
def test_a_function_of_a_prompt_depends_on_itself_and_on_the_whole_package(number):
    space = {"__name__": "nowhere"}
    exec(f"def run(configuration, seed):\n    return {{'score': {number}}}, {{}}", space)
    code = code_of(space["run"])
    assert digests().items() <= code.items()
    exec("def run(configuration, seed):\n    return {'score': 3}, {}", space)
    assert code_of(space["run"]) != code


@pytest.mark.parametrize("module", [["nowhere"], {}, None, 1, "nowhere"], ids=str)
def test_a_function_whose_module_is_whatever_counts_by_what_it_does(module):
    codes = []
    for number in (1, 2):
        space = {"__name__": "nowhere"}
        exec(f"def run(configuration, seed):\n    return {{'score': {number}}}, {{}}", space)
        space["run"].__module__ = module
        codes.append(code_of(space["run"]))
        assert digests().items() <= codes[-1].items()
    assert codes[0] != codes[1]


def test_the_package_is_read_when_it_is_imported(tmp_path):
    copy = shutil.copytree(ROOT / "mnist_gd", tmp_path / "mnist_gd")
    program = (
        "from pathlib import Path\n"
        "from mnist_gd import records\n"
        "from mnist_gd.experiments import runs\n"
        "key = lambda: records._key(runs.final_run, {}, 0)\n"
        "before = key()\n"
        "path = Path('mnist_gd/losses.py')\n"
        "code = path.read_text(encoding='utf-8')\n"
        "path.write_text(code + '\\nX = 1\\n', encoding='utf-8')\n"
        "print(before, key())"
    )
    keys = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            encoding="utf-8",
            cwd=copy.parent,
            check=True,
        )
        keys.append(done.stdout.split())
    assert keys[0][0] == keys[0][1] != keys[1][0]


def test_digests_are_of_what_stands_in_the_tree():
    path = ROOT / "mnist_gd" / "losses.py"
    assert digests()["mnist_gd.losses"] == digest(path.read_text(encoding="utf-8"))


def test_records_of_another_machine_are_asked_for_by_its_code(monkeypatch):
    monkeypatch.setattr(_code, "_elsewhere", {})
    here = code_of(final_run)
    there = {"numpy": "1.0", "digests": dict.fromkeys(_code.MODULES, "another"), "more": 1}
    try:
        _code.take_records_of(there)
        assert _code.made_by() == {"numpy": "1.0", "digests": there["digests"]}
        assert code_of(final_run) == dict.fromkeys(here, "another")
    finally:
        monkeypatch.undo()
        code_of.cache_clear()
    assert code_of(final_run) == here


def twice(configuration, seed):
    return final_run(configuration, seed), final_run(configuration, seed)


@pytest.mark.parametrize("name", ["final_run", "twice"])
def test_what_goes_by_the_name_of_a_function_of_the_package_counts_by_what_it_does(name):
    """As one that `functools.wraps` names after that which it calls."""
    wrapped = wraps(final_run)(lambda configuration, seed: twice(configuration, seed))
    wrapped.__qualname__ = name
    assert wrapped.__module__ == final_run.__module__
    assert {f"{final_run.__module__}.{name}()", *code_of(final_run)} <= code_of(wrapped).keys()


def test_code_is_here_if_its_modules_are():
    """What is of no module came with the function itself."""
    known = digests() | {__name__: digest(source(__name__)), "json": digest("")}
    assert is_here({})
    assert is_here(known | {"__main__.run()": "whatever it is"})
    for name, value in known.items():
        for other in ("", f"{value}0"):
            assert not is_here(known | {name: other})
