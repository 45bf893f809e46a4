"""What a run of a script or a notebook uses: whatever it is, it counts."""

import json
import os
import re
import subprocess
import sys
import types
from copy import copy
from pathlib import Path

import numpy as np
import pytest

from mnist_gd import _instructions
from mnist_gd._code import code_of, look_again
from mnist_gd._instructions import instructions
from mnist_gd.records import run_all

ROOT = Path(__file__).parents[1]

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


def test_an_object_counts_by_what_the_fourth_protocol_of_pickles_holds():
    codes = []
    for number in (1, 2):
        space = {"__name__": "nowhere"}
        exec(
            "class B:\n    def __reduce_ex__(self, version):\n"
            f"        return (B, ({number},)) if version == 4 else 1 / 0\n"
            "A = B()\ndef run(configuration, seed):\n    return {'v': 1 if A else 0}, {}",
            space,
        )
        codes.append(code_of(space["run"]))
    assert codes[0] != codes[1]


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


SET = """
from mnist_gd._code import code_of
def run(configuration, seed, x=("a", 1)):
    return {"v": configuration["a"] in {"alpha", "beta", "gamma"}}, {}
print(code_of(run)["__main__.run()"])
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
    return code_of(space["run"])["__main__.run()"]


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


def test_words_of_a_module_do_not_count():
    source = "def run(configuration, seed):\n    return {'v': A.f()}, {}"
    modules = [types.ModuleType("nowhere", words) for words in ("one", "two")]
    codes = [code_in_a_notebook(source, A=module) for module in modules]
    assert codes[0] == codes[1]


def test_words_that_a_run_uses_count():
    """Python keeps one text that is both."""
    source = "def run(configuration, seed):\n    '{0}'\n    return {{'v': '{0}'}}, {{}}\n"
    codes = [code_in_a_notebook(source.format(words)) for words in ("one", "two")]
    assert codes[0] != codes[1]


ELSE = """
def A():
    try:
        print
{0}    except ValueError:
        return 1
{1}    return 2
"""
ELSE = [ELSE.format("        len\n", ""), ELSE.format("", "    else:\n        len\n")]
USED = {  # what a run uses, as {n}, and what it does with that
    "dict": ("A = {{'rate': [{n}]}}", "A['rate']"),
    "list": ("A = [0, {n}, 10**5000]\nA.append(A)", "A[1]"),
    "set": ("A = {{'a', 'b', (1, frozenset('{n}xyz'))}}", "len(A)"),
    "array": ("import numpy as np\nA = np.array([[0, 1], [2, {n}]])", "A.sum()"),
    "object in a record": (
        "import numpy as np\nclass B:\n    pass\n"
        "A = np.array([(B(),)], [('a', 'O')])[0]\nA['a'].b = {n}",
        "A['a'].b",
    ),
    "shape": ("import numpy as np\nA = np.zeros({n})", "A.size"),
    "long numbers": (
        "import numpy as np\nA = np.arange(9, dtype=np.longdouble)[2:5] / 7 * {n}",
        "float(A.sum())",
    ),
    "number of NumPy": ("import numpy as np\nA = np.float32({n})", "float(A)"),
    "objects": ("import numpy as np\nA = np.array([None, {n}])", "A[1]"),
    "one array or two": (
        "import numpy as np\nB = np.zeros(2)\nA = [B, [B, B.copy()][{n} - 1]]",
        "A[0] is A[1]",
    ),
    "memory of an array": (
        "import numpy as np\nB = np.zeros(2)\nA = [B, [B, B.copy()][{n} - 1][:1]]",
        "A[1].sum()",
    ),
    "memory of others": (
        "import numpy as np\nB = np.zeros(2)\nC = [B, B.copy()][{n} - 1]\n"
        "A = [B, C.view(np.matrix)]\nA += [np.ma.array(C, copy=False), np.frombuffer(C)]\n"
        "A.append(C.view(np.recarray))\nA.append(np.lib.stride_tricks.as_strided(C, (2,), (8,)))",
        "A[1].sum()",
    ),
    "memory of two": (
        "import numpy as np\nB = bytearray(32)\nC = [B, bytearray(32)][{n} - 1]\n"
        "A = [np.frombuffer(B), np.frombuffer(C)]",
        "A[1].sum()",
    ),
    "place in an array": (
        "import numpy as np\nB = np.zeros(4)\nA = [B, B[{n} - 1 :][:2]]",
        "A[1].sum()",
    ),
    "order of an array": (
        "import numpy as np\nA = np.ones((2, 2), order='CF'[{n} - 1])",
        "A.flags.f_contiguous",
    ),
    "array that may be written": (
        "import numpy as np\nA = np.zeros(2)\nA.flags.writeable = {n} == 1",
        "A.flags.writeable",
    ),
    "words of a dtype": (
        "import numpy as np\nA = np.zeros(2, np.dtype('f4', metadata={{'c': {n}}}))",
        "A.dtype.metadata['c']",
    ),
    "masked array": ("import numpy as np\nA = np.ma.array([1, 2], mask=[0, {n} - 1])", "A.sum()"),
    "one list or two": ("B = [1]\nA = [B, [B, [1]][{n} - 1]]", "A[0] is A[1]"),
    "one set or two": ("B = {{1, 'a'}}\nA = [B, [B, {{1, 'a'}}][{n} - 1]]", "A[0] is A[1]"),
    "set of its own": ("class B(set):\n    pass\nA = B(['a', 'b', 'c', {n}])", "len(A)"),
    "set with a slot": (
        "class B(set):\n    __slots__ = ('c',)\nA = B('ab')\nA.c = {n}",
        "A.c",
    ),
    "view of a dict": ("import types\nA = types.MappingProxyType({{'a': {n}}})", "A['a']"),
    "path": ("from pathlib import Path\nA = Path('{n}')", "A.name"),
    "pattern": ("import re\nA = re.compile('{n}')", "A.pattern"),
    "attribute": ("class A:\n    B = {n}", "A.B"),
    "order of attributes": (
        "class A:\n    pass\nfor name in ['bc', 'cb'][{n} - 1]:\n    setattr(A, name, 1)",
        "[name for name in vars(A) if name in 'bc']",
    ),
    "method": ("class A:\n    def b(self):\n        return {n}", "A().b()"),
    "property": ("class A:\n    @property\n    def b(self):\n        return {n}", "A().b"),
    "special method": ("class A:\n    def __len__(self):\n        return {n}", "len(A())"),
    "kind that equals all": (
        "class M(type):\n    __hash__ = type.__hash__\n    def __eq__(self, other):\n"
        "        return True\nclass B(metaclass=M):\n    c = {n}\nA = B()",
        "A.c",
    ),
    "name with underscores": ("class A:\n    __scale__ = {n}", "A.__scale__"),
    "order of a match": (
        "class A:\n    x, y = 1, 2\n    __match_args__ = ('xy'[{n} - 1],)",
        "A.__match_args__",
    ),
    "inner class": ("class B:\n    class C:\n        d = {n}\nA = B.C", "A.d"),
    "property kept": (
        "import functools\nclass A:\n    @functools.cached_property\n    def b(self):\n"
        "        return {n}",
        "A().b",
    ),
    "generic": (
        "import typing\nT = typing.TypeVar('T')\nclass A(typing.Generic[T]):\n    b = {n}",
        "A.b",
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
    "dataclass of a function": (
        "from dataclasses import make_dataclass\nA = make_dataclass('A', [('b', int, {n})])",
        "A().b",
    ),
    "words of a field": (
        "from dataclasses import dataclass, field, fields\n@dataclass\nclass A:\n"
        "    b: int = field(default=1, metadata={{'c': {n}}})",
        "fields(A)[0].metadata['c']",
    ),
    "dataclass made": (
        "from dataclasses import dataclass\n@dataclass\nclass B:\n    c: int\nA = B({n})",
        "A.c",
    ),
    "enum": ("import enum\nclass A(enum.Enum):\n    B = {n}", "A.B.value"),
    "made member": (
        "import enum\nclass A(enum.Enum):\n    def __new__(cls, value, rate):\n"
        "        made = object.__new__(cls)\n        made._value_, made.rate = value, rate\n"
        "        return made\n    B = 1, {n}",
        "A.B.rate",
    ),
    "attribute of a member": ("import enum\nA = enum.Enum('A', 'B')\nA.B.c = {n}", "A.B.c"),
    "names of its attributes": (
        "import enum\nA = enum.Enum('A', 'B')\nA.B._c, A.B.C_ = [(1, 2), (2, 1)][{n} - 1]",
        "(A.B._c, A.B.C_)",
    ),
    "name that ends with an underscore": (
        "import enum\nA = enum.Enum('A', 'B')\nA.B.c_ = {n}",
        "A.B.c_",
    ),
    "flags": ("import enum\nclass A(enum.Flag):\n    B, C = {n}, 4", "(A.B | A.C).value"),
    "slots": ("class B:\n    __slots__ = ('c',)\nA = B()\nA.c = {n}", "A.c"),
    "module of a class is no text": (
        "class B:\n    pass\nB.__module__ = property(vars)\nA = B()\nA.b = {n}",
        "A.b",
    ),
    "slot of another name": (
        "class B:\n    __slots__ = ('c', 'd')\nB.first = [B.c, B.d][{n} - 1]\nA = B()\n"
        "A.c, A.d = 1, 2",
        "A.first",
    ),
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
    "partial with a name": (
        "from functools import partial, update_wrapper\ndef b(x):\n    return x\n"
        "A = update_wrapper(partial(b, {n}), b)",
        "A()",
    ),
    "decorating class": (
        "from functools import update_wrapper\nclass B:\n    def __init__(self, f):\n"
        "        self.c = {n}\n        update_wrapper(self, f)\n"
        "    def __call__(self):\n        return self.c\nA = B(lambda: 1)",
        "A()",
    ),
    "decorator of another's": (
        "import functools, json\ndef outer(f):\n    @functools.wraps(f)\n    def inner(x):\n"
        "        return {n} * f(x)\n    return inner\nA = outer(json.loads)",
        "A('1')",
    ),
    "cached with a size": (
        "import functools\n@functools.lru_cache(maxsize={n})\ndef A():\n    return 1",
        "0 or A",
    ),
    "signature": ("A = [lambda x: x, lambda *x: x][{n} - 1]", "A(1)"),
    "keywords": ("A = [lambda x: x, lambda **x: x][{n} - 1]", "A(x=1)"),
    "what is caught": (f"ELSE = {ELSE}\nexec(ELSE[{{n}} - 1])", "A()"),
    "cached": ("import functools\n@functools.cache\ndef A():\n    return {n}", "0 or A"),
    "attribute of a cached": (
        "import functools\n@functools.cache\ndef A():\n    return 1\nA.rate = {n}",
        "0 or A",
    ),
    "lambda": ("A = lambda: {n}", "A()"),
    "lambda with words": ("A = lambda: {n}\nA.__doc__ = 'words'", "A()"),
    "without constants": ("A = [lambda x: x, lambda x: -x][{n} - 1]", "A(1)"),
    "attribute of a function": (
        "def A():\n    return 0\nA.gradient = lambda: {n}",
        "A.gradient()",
    ),
    "order of a function's attributes": (
        "def A():\n    return 0\nfor name in ['bc', 'cb'][{n} - 1]:\n    setattr(A, name, 1)",
        "list(vars(A))",
    ),
    "attribute or global": (
        "def A():\n    return max\n[vars(A), globals()][{n} - 1]['max'] = 1",
        "len([A()])",
    ),
    "closure": (
        "def make(b):\n    def inner():\n        return b\n    return inner\nA = make({n})",
        "A()",
    ),
    "closure not filled": (
        "def make():\n    def inner():\n        return {n} or b\n    return inner\n    b = 1\n"
        "A = make()",
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
    "method of another": ("A = 'ab{n}'.upper", "A()"),
    "method of its own": ("class B:\n    def c(self):\n        return {n}\nA = B().c", "A()"),
    "method made": (
        "import types\ndef b(self):\n    return {n}\nA = types.MethodType(b, 5)",
        "A()",
    ),
    "functions of a hidden generator": (
        "from random import sample, shuffle\nA = [sample, shuffle][{n} - 1]",
        "A.__name__",
    ),
    "those of NumPy": (
        "from numpy.random import normal, uniform\nA = [normal, uniform][{n} - 1]",
        "A.__name__",
    ),
    "module of another's name": (
        "import types\nA = types.ModuleType('json')\nexec('def f():\\n    return {n}', vars(A))",
        "A.f()",
    ),
    "module of no file": (
        "import types\nA = types.ModuleType('nowhere')\n"
        "exec('def f():\\n    return {n}', vars(A))",
        "A.f()",
    ),
    "module with a special attribute": (
        "import types\nA = types.ModuleType('nowhere')\nA.__version__ = {n}",
        "A.__version__",
    ),
    "new type": (
        "from typing import NewType\nA = NewType('A', [int, str][{n} - 1])",
        "A.__supertype__.__name__",
    ),
    "parameters": ("from typing import ParamSpec\nA = ParamSpec('ab'[{n} - 1])", "A.__name__"),
    "module": ("import math, cmath\nA = [math, cmath][{n} - 1]", "A.__name__"),
}
NO_PICKLE = {"cached", "cached with a size", "method made", "property kept"}
NO_PICKLE |= {"module of another's name", "new type", "parameters", "attribute of a cached"}
NO_PICKLE |= {"names of its attributes", "name that ends with an underscore"}
NO_PICKLE |= {"attribute of a member", "made member", "slot of another name", "object in a record"}


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


@pytest.mark.parametrize("kind", ["attribute", "method", "property kept", "name with underscores"])
def test_a_class_that_is_used_stays_the_same(kind):
    """Python keeps in it what it needs for copies."""
    space = {"__name__": "__main__"}
    exec(use(kind, 1), space)
    before = code_of(space["run"])
    copy(space["A"]())
    assert "__slotnames__" in vars(space["A"])
    look_again()
    assert code_of(space["run"]) == before


def test_flags_that_are_used_stay_the_same():
    """Python keeps in each what it is the reverse of."""
    space = {"__name__": "__main__"}
    exec(use("flags", 1), space)
    before = code_of(space["run"])
    assert ~space["A"].B
    look_again()
    assert code_of(space["run"]) == before


def test_modules_that_a_run_imports_are_met_and_nothing_else():
    space = {"__name__": "__main__", "__package__": "near"}
    source = "    import json.decoder as j\n    from . import nearer as k\n    number = seed + 5\n"
    exec(f"def run(configuration, seed):\n{source}    return j, k, number.real", space)
    modules = instructions(space["run"])[1]
    assert {"__main__", "json.decoder", "near.nearer"} <= modules
    assert {"j", "k", "number", "seed", "0", "5"}.isdisjoint(modules)


def test_what_a_run_uses_is_known_in_each_process(tmp_path):
    """Whatever the order of its sets, where its objects lie and how they came there."""
    source = "import sys\nfrom mnist_gd.records import run_all\n"
    kinds = sorted(USED.keys() - NO_PICKLE)
    for number, kind in enumerate(kinds):
        one = use(kind, 1, name=f"run_{number}", given=", A=A" if number % 2 else "")
        source += re.sub(r"\b([AB])\b", rf"\1_{number}", one)
    source += (
        "if __name__ == '__main__':\n"
        f"    for number in range({len(kinds)}):\n"
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
        assert done.stdout.split() == [str(2 * len(kinds))], done.stderr


@pytest.mark.parametrize(
    ("made", "used"),
    [
        ("A = (x for x in 'ab')", "A"),
        ("import threading\nA = {'a': [threading.Lock()]}", "A"),
        ("A = open(__file__, 'rb')", "A"),
        ("import threading\nB = threading.Lock()\ndef A():\n    return B", "B"),
        ("class B:\n    def __reduce_ex__(self, version):\n        return 1 / 0\nA = B()", "A"),
        ("class B:\n    def __reduce_ex__(self, version):\n        return 'A'\nA = B()", "A"),
        ("class B:\n    def __reduce_ex__(self, version):\n        return 5\nA = B()", "A"),
        ("import numpy as np\nA = np.frompyfunc(lambda x: x, 1, 1)", "A"),
        (
            "class B:\n    def __reduce_ex__(self, version):\n        return 'pi'\n"
            "    def __eq__(self, other):\n        return True\nA = B()\nA.__module__ = 'math'",
            "A",
        ),
    ],
    ids=["generator", "lock", "file", "of a helper", "raises", "name", "number", "ufunc", "equal"],
)
def test_what_is_not_the_same_in_each_process_is_refused(made, used):
    source = f"{made}\ndef run(configuration, seed):\n    return {{'v': A}}, {{}}"
    with pytest.raises(TypeError, match=rf"function must use .* but uses {used}, which is .*<"):
        code_in_a_notebook(source, __file__=__file__)


def test_a_tensor_is_refused_for_its_pickle_says_where_it_lies():
    pytest.importorskip("torch")
    run = "def run(configuration, seed):\n    return {'v': A}, {}"
    for made in ("torch.zeros(2)", "torch.nn.Parameter(torch.zeros(2))"):
        with pytest.raises(
            TypeError, match=r"uses A, which is (?s:.*)tensor\(\[0., 0.\].*: make "
        ):
            code_in_a_notebook(f"import torch\nA = [{made}]\n{run}")


def test_arrays_that_only_touch_are_apart():
    run = "def run(configuration, seed):\n    return {'v': A}, {}"
    whole = np.zeros(4)
    apart, touching = [whole[:2].copy(), whole[2:].copy()], [whole[:2], whole[2:]]
    assert code_in_a_notebook(run, A=touching) == code_in_a_notebook(run, A=apart)


def test_an_array_of_one_number_however_often_is_that_number():
    run = "def run(configuration, seed):\n    return {'v': A[0]}, {}"
    arrays = [np.broadcast_to(np.float64(x), n) for n in (10**8, 10**7) for x in (1, 2)]
    assert len({str(code_in_a_notebook(run, A=array)) for array in arrays}) == 4


def test_what_is_nested_too_deeply_is_refused():
    made = "A = []\nfor _ in range(10**5):\n    A = [A]\n"
    source = f"{made}def run(configuration, seed):\n    return {{'v': A}}, {{}}"
    with pytest.raises(ValueError, match="function must use what is nested less deeply than A is"):
        code_in_a_notebook(source)


def test_what_leads_to_ever_more_is_refused(monkeypatch):
    """Each of some objects that know each other, in sets, is reached by many ways."""
    monkeypatch.setattr(_instructions, "MOST", 10**4)
    made = "class B: ...\nA = [B() for _ in range({})]\nfor b in A:\n    b.near = {{*A}} - {{b}}\n"
    run = "def run(configuration, seed):\n    return {'v': A}, {}"
    assert code_in_a_notebook(made.format(4) + run)
    with pytest.raises(ValueError, match="function must use less than A, which leads to more"):
        code_in_a_notebook(made.format(12) + run)


@pytest.mark.parametrize("lists", [3, 4])
def test_each_value_is_counted_once(monkeypatch, lists):
    """The function, the list and each list in it."""
    source = f"A = [[] for _ in range({lists})]\n"
    source += "def run(configuration, seed):\n    return {'v': A}, {}"
    monkeypatch.setattr(_instructions, "MOST", lists + 2)
    assert code_in_a_notebook(source)
    monkeypatch.setattr(_instructions, "MOST", lists + 1)
    with pytest.raises(ValueError, match=f"A, which leads to more than {lists + 1} values"):
        code_in_a_notebook(source)


def test_of_a_name_that_is_an_attribute_only_nothing_counts():
    source = "def run(configuration, seed):\n    return {'v': seed.real}, {}"
    assert code_in_a_notebook(source, real=1) == code_in_a_notebook(source, real=2)


def test_of_what_is_installed_the_name_counts_whatever_it_has_become(monkeypatch):
    space = {"__name__": "__main__", "json": json}
    exec("def run(configuration, seed):\n    return {'v': json.loads('1')}, {}", space)
    before = code_of(space["run"])
    monkeypatch.setattr(json, "loads", json.dumps)
    look_again()
    assert code_of(space["run"]) == before


def test_of_an_array_also_counts_how_its_numbers_lie():
    """In another order they add up to another sum."""
    source = "def run(configuration, seed):\n    return {'v': A.sum()}, {}"
    a = np.arange(6.0).reshape(2, 3)
    lie = [a, a.copy("F"), np.repeat(a, 2, 0)[::2], np.repeat(a, 2, 1)[:, ::2], a.copy()]
    codes = [str(code_in_a_notebook(source, A=x)) for x in lie]
    assert codes[0] == codes[-1]
    assert len({*codes}) == 4


def test_of_an_array_what_fills_gaps_does_not_count():
    source = "def run(configuration, seed):\n    return {'v': A['b'].sum()}, {}"
    a = np.zeros(3, np.dtype([("a", "i1"), ("b", "f8")], align=True))
    b = a.copy()
    b.view(np.uint8)[1::16] = 1
    assert a.tobytes() != b.tobytes()
    assert code_in_a_notebook(source, A=a) == code_in_a_notebook(source, A=b)


def test_what_a_run_uses_is_looked_at_again_by_each_search(tmp_path):
    space = {"__name__": "__main__"}
    exec("A = {'x': 1}\ndef run(configuration, seed):\n    return A, {}", space)
    asked = {"records": tmp_path, "n_jobs": 1, "progress": False}
    assert run_all(space["run"], [{}], **asked)[0].outcome == {"x": 1}
    space["A"]["x"] = 2
    assert run_all(space["run"], [{}], **asked)[0].outcome == {"x": 2}
