"""What a result depends on: the code as it was imported, without comments and docstrings."""

import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_gd import _code
from mnist_gd._code import closure, code_of, digest, digests, imports
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
    first = {"mnist_gd._code"}  # the package itself imports it, before anything else
    assert ours - first == closure([module]) - first


@pytest.fixture
def script(tmp_path, monkeypatch):
    """A module outside the package, written and imported anew by each call."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(source):
        (tmp_path / "script_of_runs.py").write_text(source, encoding="utf-8")
        sys.modules.pop("script_of_runs", None)
        shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
        importlib.invalidate_caches()
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


def test_an_edit_after_the_import_is_not_what_ran(script, tmp_path):
    """In the package nothing is read again; elsewhere the function's own instructions tell."""
    run = script(RUN)
    edited = RUN.replace("{}, {}", "{1: 1}, {}")
    (tmp_path / "script_of_runs.py").write_text(edited, encoding="utf-8")
    assert code_of(run) != code_of(script(edited))


@pytest.mark.parametrize("number", [1, 2])
def test_a_function_of_a_prompt_depends_on_itself_and_on_the_whole_package(number):
    space = {"__name__": "nowhere"}
    exec(f"def run(configuration, seed):\n    return {{'score': {number}}}, {{}}", space)
    code = code_of(space["run"])
    assert digests().items() <= code.items()
    exec("def run(configuration, seed):\n    return {'score': 3}, {}", space)
    assert code_of(space["run"]) != code


NOTEBOOK = """
FACTOR = {factor}
def helper(x):
    return helper(x - 1) if x > {floor} else FACTOR * x
def run(configuration, seed):
    return {{"score": helper(seed)}}, {{}}
"""


def notebook_run(factor=2, floor=0):
    space = {"__name__": "__main__"}
    exec(NOTEBOOK.format(factor=factor, floor=floor), space)
    return space["run"]


def test_a_function_of_a_notebook_depends_on_the_helpers_and_constants_that_it_calls():
    codes = [code_of(notebook_run()), code_of(notebook_run())]
    assert codes[0] == codes[1]
    codes += [code_of(notebook_run(factor=3)), code_of(notebook_run(floor=1))]
    assert len({str(code) for code in codes}) == 3


def test_workers_know_a_function_of_a_notebook(tmp_path):
    """It reaches them by value, into a process whose main module is another."""
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\nfrom mnist_gd.records import run_all\n"
        + NOTEBOOK.format(factor=2, floor=0)
        + "if __name__ == '__main__':\n"
        "    records = run_all(run, [{}], seeds=[1, 2], records=sys.argv[1], n_jobs=2)\n"
        "    print(*[record.outcome['score'] for record in records])\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, script, tmp_path / "records"],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.split() == ["0", "0"], done.stderr


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


def test_old_code_of_a_helper_is_not_taken_for_new(script, tmp_path):
    """What runs is what was imported, whenever its source is looked at."""
    calling = RUN.replace("return {}, {}", "return {'v': helper()}, {}")
    run = script(calling + "def helper():\n    return 1\n")
    edited = calling + "def helper():\n    return 2\n"
    (tmp_path / "script_of_runs.py").write_text(edited, encoding="utf-8")
    assert code_of(run) != code_of(script(edited))


def test_modules_beside_a_script_count(script, tmp_path):
    source = "import helpers_of_runs\n" + RUN
    codes = []
    for number in (1, 2):
        (tmp_path / "helpers_of_runs.py").write_text(f"X = {number}\n", encoding="utf-8")
        sys.modules.pop("helpers_of_runs", None)
        codes.append(code_of(script(source)))
    sys.modules.pop("helpers_of_runs", None)
    assert codes[0] != codes[1]


SET = """
from mnist_gd._code import code_of
def run(configuration, seed, x=("a", 1)):
    return {"v": configuration["a"] in {"alpha", "beta", "gamma"}}, {}
print(code_of(run)["__main__.run"])
"""


def test_a_set_in_a_run_has_one_order(tmp_path):
    (tmp_path / "sets.py").write_text(SET, encoding="utf-8")
    keys = set()
    for seed in "123":
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
        command = [sys.executable, tmp_path / "sets.py"]
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", env=environment, check=True
        )
        keys.add(done.stdout)
    assert len(keys) == 1


def test_decorators_and_defaults_count():
    codes = []
    for body, default in (("1", 0), ("2", 0), ("1", 1)):
        space = {"__name__": "__main__"}
        source = (
            "import functools\n"
            "def outer(f):\n"
            "    @functools.wraps(f)\n"
            "    def inner(*arguments):\n        return f(*arguments)\n"
            "    return inner\n"
            f"@outer\ndef run(configuration, seed, k={default}):\n"
            f"    return {{'v': {body}}}, {{}}\n"
        )
        exec(source, space)
        codes.append(str(code_of(space["run"])))
    assert len(set(codes)) == 3


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


PROMPT = """
RATES = {rates}
def helper(x):
    if x:
        return other(x)
    return "helps"
def other(x):
    return helper(x - {step})
def run(configuration, seed, *, k={k}):
    {words}
    def inner():
        return helper(2), RATES, {inner}
    return {{"v": inner()}}, {{}}
"""
AS_IT_IS = {"rates": (1, 2), "step": 1, "k": 0, "words": "'''Run.'''", "inner": "'one'"}


def code_in_a_notebook(source, **space):
    """What counts of a run that was written into a notebook, beside the package."""
    space["__name__"] = "__main__"
    exec(source, space)
    return code_of(space["run"])["__main__.run"]


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ({}, False),
        ({"words": "'''Walk.'''"}, False),
        ({"rates": (1, 3)}, True),
        ({"rates": (1, 2.0)}, True),
        ({"rates": frozenset({1, 2})}, True),
        ({"step": 2}, True),
        ({"k": 1}, True),
        ({"inner": "'two'"}, True),
        ({"inner": "1"}, True),
    ],
    ids=str,
)
def test_all_that_a_run_does_and_calls_counts_but_not_its_words(change, counts):
    before, after = (code_in_a_notebook(PROMPT.format(**AS_IT_IS | c)) for c in ({}, change))
    assert (after != before) == counts


def test_words_that_a_run_gets_later_do_not_count():
    source = "def run(configuration, seed):\n    return {}, {}\n"
    assert code_in_a_notebook(source + "run.__doc__ = 'Run.'") == code_in_a_notebook(source)


def elsewhere(module, number):
    """A function of another module."""
    space = {"__name__": module}
    exec(f"def check():\n    return {number}", space)
    return space["check"]


def test_of_what_is_no_constant_and_what_is_of_elsewhere_the_name_counts():
    source = "def run(configuration, seed):\n    return {'v': sorted(ITEMS), 'f': check}, {}"
    codes = {
        code_in_a_notebook(source, ITEMS=items, check=elsewhere(module, number))
        for items, number in (([1], 1), ([2], 1), ([1], 2))
        for module in ("A", "a")  # before and after __main__
    }
    assert len(codes) == 1
    assert code_in_a_notebook(source.replace("ITEMS", "OTHERS"), OTHERS=[1]) not in codes


def test_of_modules_beside_a_script_those_count_that_it_imports(tmp_path, monkeypatch):
    """By way of others and of its own package too, whatever its name; none from elsewhere."""
    sources = {
        "Near/__init__.py": "",
        "Near/runs.py": "import json, far_away\nfrom . import one\nfrom .two import X\n"
        "def run(configuration, seed):\n    return {}, {}\n",
        "Near/one.py": "import Near.deep.three, Near.runs\n",
        "Near/two.py": "X = 1\n",
        "Near/unused.py": "X = 1\n",
        "Near/deep/__init__.py": "",
        "Near/deep/three.py": "X = 1\n",
        "far_away.py": "X = 1\n",
    }
    (tmp_path / "Near" / "deep").mkdir(parents=True)
    for name, source in sources.items():
        (tmp_path / name).write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        importlib.import_module("Near.unused")
        run = importlib.import_module("Near.runs").run
        found = code_of(run).keys() - digests().keys()
    finally:
        for name in [name for name in sys.modules if re.match(r"(Near|far_away)\b", name)]:
            del sys.modules[name]
    assert found == {
        "Near.runs.run",
        "Near",
        "Near.runs",
        "Near.one",
        "Near.two",
        "Near.deep.three",
    }
