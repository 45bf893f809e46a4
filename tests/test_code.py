"""What a result depends on: the code as it was imported, without comments and docstrings."""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from mnist_gd import _code
from mnist_gd._code import closure, code_of, digest, digests, imports, look_again
from mnist_gd.exercises import check
from mnist_gd.experiments.runs import final_run
from mnist_gd.records import run_all

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
    first = {"mnist_gd._code", "mnist_gd._instructions"}  # which the package itself imports
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
        {more}
        return helper(2), RATES, {inner}
    return {{"v": inner()}}, {{}}
"""
AS_IT_IS = {"rates": (1, 2), "step": 1, "k": 0, "words": "'''Run.'''", "inner": "'one'"}
AS_IT_IS["more"] = "'''Help.'''"


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
        ({"more": "'''Go.'''"}, False),
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


def test_words_that_a_run_uses_count():
    """Python keeps one text that is both."""
    source = "def run(configuration, seed):\n    '{0}'\n    return {{'v': '{0}'}}, {{}}\n"
    codes = [code_in_a_notebook(source.format(words)) for words in ("one", "two")]
    assert codes[0] != codes[1]


USED = {  # what a run uses, as {n}, and what it does with that
    "dict": ("A = {{'rate': [{n}]}}", "A['rate']"),
    "list": ("A = [0, {n}, 10**5000]\nA.append(A)", "A[1]"),
    "set": ("A = {{'a', 'b', (1, frozenset('{n}xyz'))}}", "len(A)"),
    "array": ("import numpy as np\nA = np.full((2, 2), {n})", "A.sum()"),
    "shape": ("import numpy as np\nA = np.zeros({n})", "A.size"),
    "number of NumPy": ("import numpy as np\nA = np.float32({n})", "float(A)"),
    "objects": ("import numpy as np\nA = np.array([None, {n}])", "A[1]"),
    "path": ("from pathlib import Path\nA = Path('{n}')", "A.name"),
    "pattern": ("import re\nA = re.compile('{n}')", "A.pattern"),
    "attribute": ("class A:\n    B = {n}", "A.B"),
    "method": ("class A:\n    def b(self):\n        return {n}", "A().b()"),
    "property": ("class A:\n    @property\n    def b(self):\n        return {n}", "A().b"),
    "special method": ("class A:\n    def __len__(self):\n        return {n}", "len(A())"),
    "kind that equals all": (
        "class M(type):\n    __hash__ = type.__hash__\n    def __eq__(self, other):\n"
        "        return True\nclass B(metaclass=M):\n    c = {n}\nA = B()",
        "A.c",
    ),
    "static": ("class A:\n    @staticmethod\n    def b():\n        return {n}", "A.b()"),
    "of class": ("class A:\n    @classmethod\n    def b(cls):\n        return {n}", "A.b()"),
    "base": ("class B:\n    C = {n}\nclass A(B):\n    D = 1", "A.C"),
    "super": (
        "class B:\n    def c(self):\n        return {n}\n"
        "class A(B):\n    def c(self):\n        return super().c()",
        "A().c()",
    ),
    "abstract": (
        "import abc\nclass B(abc.ABC):\n    @abc.abstractmethod\n    def c(self): ...\n"
        "class A(B):\n    def c(self):\n        return {n}",
        "A().c()",
    ),
    "dataclass": (
        "from dataclasses import dataclass, field\n@dataclass(frozen=True)\nclass A:\n"
        "    b: int = {n}\n    c: list = field(default_factory=list)",
        "A().b",
    ),
    "dataclass made": (
        "from dataclasses import dataclass\n@dataclass\nclass B:\n    c: int\nA = B({n})",
        "A.c",
    ),
    "enum": ("import enum\nclass A(enum.Enum):\n    B = {n}", "A.B.value"),
    "slots": ("class B:\n    __slots__ = ('c',)\nA = B()\nA.c = {n}", "A.c"),
    "slots and more": (
        "class C:\n    __slots__ = ('c',)\nclass B(C):\n    pass\nA = B()\nA.c, A.d = 1, {n}",
        "A.d",
    ),
    "network": (
        "from mnist_gd.networks import SingleLayerNetwork\nclass A(SingleLayerNetwork):\n"
        "    def predict(self, x):\n        return {n}",
        "A.predict(None, 0)",
    ),
    "partial": ("from functools import partial\nA = partial(round, {n})", "A()"),
    "partial of own": (
        "from functools import partial\ndef b(x):\n    return {n}\nA = partial(b, 1)",
        "A()",
    ),
    "cached": ("import functools\n@functools.cache\ndef A():\n    return {n}", "0 or A"),
    "lambda": ("A = lambda: {n}", "A()"),
    "lambda with words": ("A = lambda: {n}\nA.__doc__ = 'words'", "A()"),
    "without constants": ("A = [lambda x: x, lambda x: -x][{n} - 1]", "A(1)"),
    "attribute of a function": (
        "def A():\n    return 0\nA.gradient = lambda: {n}",
        "A.gradient()",
    ),
    "closure": (
        "def make(b):\n    def inner():\n        return b\n    return inner\nA = make({n})",
        "A()",
    ),
    "decorator": (
        "import functools\ndef outer(f):\n    @functools.wraps(f)\n    def inner():\n"
        "        return {n} * f()\n    return inner\n@outer\ndef A():\n    return 1",
        "A()",
    ),
    "inside": ("A = {n}", "[A for _ in 'a'][0]"),
    "function from elsewhere": ("import math\nA = [math.sin, math.cos][{n} - 1]", "A(1.0)"),
    "function of the package": (
        "from mnist_gd import losses\n"
        "A = [losses.cross_entropy, losses.mean_squared_error][{n} - 1]",
        "A.__name__",
    ),
    "ufunc": ("import numpy as np\nA = [np.sin, np.cos][{n} - 1]", "float(A(1.0))"),
    "generator": ("import numpy as np\nA = np.random.default_rng({n})", "A.random()"),
    "logger": ("import logging\nA = logging.getLogger('{n}')", "A.name"),
    "one of a name": (
        "class B:\n    x = {n}\n    def __reduce__(self):\n        return 'A'\nA = B()",
        "A.x",
    ),
    "method of another": ("A = 'ab{n}'.upper", "A()"),
    "module": ("import math, cmath\nA = [math, cmath][{n} - 1]", "A.__name__"),
}
SHIPPED = [kind for kind in USED if kind not in ("cached", "one of a name")]  # by value


def use(kind, n, name="run", given=""):
    """The source of a run that uses something."""
    source = "{made}\ndef {name}(configuration, seed{given}):\n    return {{'v': {used}}}, {{}}\n"
    made, used = (part.format(n=n) for part in USED[kind])
    return source.format(made=made, used=used, name=name, given=given)


@pytest.mark.parametrize("given", ["", ", A=A", ", *, A=A"], ids=["used", "default", "keyword"])
@pytest.mark.parametrize("kind", USED)
def test_whatever_a_run_uses_counts(kind, given):
    codes = [code_in_a_notebook(use(kind, n, given=given)) for n in (1, 1, 2)]
    assert codes[0] == codes[1] != codes[2]


def test_what_a_run_uses_is_known_in_each_process(tmp_path):
    """Whatever the order of its sets, where its objects lie and how they came there."""
    source = "import sys\nfrom mnist_gd.records import run_all\n"
    for number, kind in enumerate(SHIPPED):
        one = use(kind, 1, name=f"run_{number}", given=", A=A" if number % 2 else "")
        source += re.sub(r"\b([AB])\b", rf"\1_{number}", one)
    source += (
        "if __name__ == '__main__':\n"
        f"    for number in range({len(SHIPPED)}):\n"
        "        run = globals()[f'run_{number}']\n"
        "        run_all(run, [{}], seeds=[1, 2], records=sys.argv[1], n_jobs=2)\n"
        "    print(len([*__import__('pathlib').Path(sys.argv[1]).glob('*.json')]))\n"
    )
    script = tmp_path / "script.py"
    script.write_text(source, encoding="utf-8")
    for seed in "12":
        done = subprocess.run(
            [sys.executable, script, tmp_path / "records"],
            capture_output=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
        )
        assert done.stdout.split() == [str(2 * len(SHIPPED))], done.stderr


@pytest.mark.parametrize(
    ("made", "used"),
    [
        ("A = (x for x in 'ab')", "A"),
        ("import threading\nA = {'a': [threading.Lock()]}", "A"),
        ("A = open(__file__, 'rb')", "A"),
        ("import threading\nB = threading.Lock()\ndef A():\n    return B", "B"),
        ("class B:\n    def __reduce_ex__(self, version):\n        return 1 / 0\nA = B()", "A"),
    ],
    ids=["generator", "lock", "file", "of a helper", "raises"],
)
def test_what_is_not_the_same_in_each_process_is_refused(made, used):
    source = f"{made}\ndef run(configuration, seed):\n    return {{'v': A}}, {{}}"
    with pytest.raises(TypeError, match=rf"function must use .* but uses {used}, which is .*<"):
        code_in_a_notebook(source, __file__=__file__)


def test_what_is_nested_too_deeply_is_refused():
    made = "A = []\nfor _ in range(10**5):\n    A = [A]\n"
    source = f"{made}def run(configuration, seed):\n    return {{'v': A}}, {{}}"
    with pytest.raises(ValueError, match="function must use what is nested less deeply than A is"):
        code_in_a_notebook(source)


def test_of_a_name_that_is_an_attribute_only_nothing_counts():
    """A worker, into which a function comes by value, does not know what else has its name."""
    source = "def run(configuration, seed):\n    return {'v': seed.real}, {}"
    assert code_in_a_notebook(source, real=1) == code_in_a_notebook(source, real=2)


@pytest.fixture
def own_module(monkeypatch, tmp_path):
    """Make a module of the reader's, as if it were imported from a file."""

    def make(name, source, suffix=".py"):
        module = types.ModuleType(name)
        file = tmp_path / f"{name}{suffix}"
        file.write_bytes(b"\xff" if suffix == ".so" else source.encode())
        module.__file__ = str(file)
        monkeypatch.setitem(sys.modules, name, module)
        exec(source, vars(module))
        look_again()
        return module

    return make


@pytest.mark.parametrize("name", ["helper_of_it", "HELPER_OF_IT"])
@pytest.mark.parametrize("suffix", [".py", ".so"])
def test_of_another_module_of_the_readers_its_source_counts_and_no_value(own_module, name, suffix):
    """What is compiled has none that could be read."""
    source = "import threading\nA = threading.Lock()\ndef f():\n    return A\n"
    f = own_module(name, source, suffix).f
    space = {"__name__": "__main__", "f": f}
    exec("def run(configuration, seed):\n    return {'v': f()}, {}", space)
    assert (name in code_of(space["run"])) == (suffix == ".py")


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


def test_of_what_is_installed_the_name_counts_whatever_it_has_become(monkeypatch):
    space = {"__name__": "__main__", "json": json}
    exec("def run(configuration, seed):\n    return {'v': json.loads('1')}, {}", space)
    before = code_of(space["run"])
    monkeypatch.setattr(json, "loads", json.dumps)
    look_again()
    assert code_of(space["run"]) == before


def test_what_a_module_of_the_readers_imports_counts_by_its_source(own_module):
    helper = own_module("helper_of_it", "from json import dumps\ndef f():\n    return 1\n")
    space = {"__name__": "__main__", "f": helper.f}
    exec("def run(configuration, seed):\n    return {'v': f()}, {}", space)
    before = code_of(space["run"])
    helper.dumps, helper.Decoder = json.loads, json.JSONDecoder
    look_again()
    assert code_of(space["run"]) == before


def test_of_an_array_the_numbers_count_and_not_how_they_lie():
    source = "def run(configuration, seed):\n    return {'v': A.sum()}, {}"
    a = np.arange(6.0).reshape(2, 3)
    same = [code_in_a_notebook(source, A=x) for x in (a, a.copy("F"), np.repeat(a, 2, 0)[::2])]
    assert same[0] == same[1] == same[2]


def test_what_a_run_uses_is_looked_at_again_by_each_search(tmp_path):
    space = {"__name__": "__main__"}
    exec("A = {'x': 1}\ndef run(configuration, seed):\n    return A, {}", space)
    asked = {"records": tmp_path, "n_jobs": 1, "progress": False}
    assert run_all(space["run"], [{}], **asked)[0].outcome == {"x": 1}
    space["A"]["x"] = 2
    assert run_all(space["run"], [{}], **asked)[0].outcome == {"x": 2}


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


@pytest.mark.parametrize(
    ("used", "helper"),
    [
        ("f()", "C, g = 0, lambda: {n}\ndef f():\n    return {n}\n"),
        ("helpers_of_it.g()", "C = f = 0\ndef g():\n    return {n}\n"),
        ("helpers_of_it.C().x()", "f = 0\nclass C:\n    def x(self):\n        return {n}\n"),
    ],
)
def test_what_ran_is_what_was_imported_not_what_a_helper_has_become(tmp_path, used, helper):
    (tmp_path / "script.py").write_text(
        "import sys\nfrom pathlib import Path\nimport helpers_of_it\n"
        "from helpers_of_it import C, f\nfrom mnist_gd.records import run_all\n"
        f"def run(configuration, seed):\n    return {{'v': {used}}}, {{}}\n"
        f"Path(helpers_of_it.__file__).write_text({helper.format(n=2)!r})\n"
        "asked = dict(records=sys.argv[1], n_jobs=1, progress=False)\n"
        "print(run_all(run, [{}], **asked)[0].outcome['v'])\n",
        encoding="utf-8",
    )
    (tmp_path / "helpers_of_it.py").write_text(helper.format(n=1), encoding="utf-8")
    found = []
    for _ in "ab":
        shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
        command = [sys.executable, tmp_path / "script.py", tmp_path / "records"]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        found.append(
            subprocess.run(command, capture_output=True, encoding="utf-8", env=environment)
        )
    assert [done.stdout.strip() for done in found] == ["1", "2"], found


def test_of_modules_beside_a_script_those_count_that_it_imports(tmp_path, monkeypatch):
    """By way of others and of its own package too, whatever its name; none that is not used."""
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
        "far_away",
    }
