"""What judges an answer in the page judges it as the package does, and stops what does not end."""

import builtins
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

PATH = Path(__file__).parents[1] / "book" / "_extra" / "run" / "exercises_kernel.py"
TASK = [["relu-gradient", "f", True]]
RIGHT = "def f(grad_output, z):\n    return grad_output * (z > 0)\n"


@pytest.fixture
def kernel(monkeypatch):
    spec = importlib.util.spec_from_file_location(PATH.stem, PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "SECONDS", 0.3)
    return module


@pytest.fixture
def said(kernel):
    """The words and lines of all verdicts on an answer."""

    def judge(source, tasks=TASK):
        events = []
        found = kernel.check(source=source, tasks=tasks, emit=events.append)
        assert [event["kind"] for event in events] == ["begun"]
        return found

    return judge


def test_a_right_answer_and_what_it_printed(said):
    found = said(RIGHT.replace("    return", "    print(z.shape)\n    return"))
    assert found["verdicts"] == [
        {
            "task": "relu-gradient",
            "asked": True,
            "right": True,
            "words": "relu-gradient: right on all 3 inputs.",
            "lines": "",
        }
    ]
    assert found["printed"] == "(4, 3)\n(2, 5)\n(6,)\n"


@pytest.mark.parametrize(
    ("source", "words", "lines"),
    [
        ("def f(grad_output, z):\n    return grad_output\n", "Likely mistake: the derivative", ""),
        ("def f(grad_output, z):\n    ...\n", "f is not written yet", ""),
        ('def f(grad_output, z):\n    """Soon."""\n', "f is not written yet", ""),
        ("def g(grad_output, z):\n    return z\n", "there is no function f", ""),
        ("f = 3", "must be callable", ""),
        ("x = 1\ny = x +\n", "no Python yet", "line 2"),
        ("1 / 0", "ZeroDivisionError", "line 1:  1 / 0"),
        ("import sys\nsys.exit(2)", "SystemExit: 2", "line 2:  sys.exit(2)"),
        ("def f(g, z):\n    return g @ w\n", "name 'w' is not defined", "line 2:  return g @ w"),
        ("print(relu)", "no variable of the page", "line 1:  print(relu)"),
        ("while True:\n    pass\n", "was stopped", "line "),
        ("def f(g, z):\n    while True:\n        z = z + 1\n", "was stopped", "line "),
        ("try:\n    while True: pass\nexcept Exception:\n    pass", "was stopped", "line 2"),
        ("any(False for _ in iter(int, 1))", "was stopped", "line 1"),
        ("def r():\n    return r()\nr()", "RecursionError", "line 3:  r()"),
    ],
)
def test_what_is_not_right_is_said_with_the_readers_own_lines(said, source, words, lines):
    (verdict,) = said(source)["verdicts"]
    assert "right" not in verdict
    assert words in verdict["words"]
    assert lines in verdict["lines"]
    assert bool(lines) == bool(verdict["lines"])
    assert PATH.name not in verdict["lines"]
    assert len(verdict["lines"].splitlines()) <= 6


def test_what_is_not_asked_is_judged_only_if_it_is_there(said):
    tasks = [*TASK, ["sigmoid-gradient", "g", False]]
    assert len(said(RIGHT, tasks)["verdicts"]) == 1
    assert len(said(f"{RIGHT}def g(grad_output, z): ...\n", tasks)["verdicts"]) == 1
    both = said(f"{RIGHT}def g(grad_output, z):\n    return z\n", tasks)["verdicts"]
    assert [verdict.get("right", False) for verdict in both] == [True, False]


def test_an_answer_leaves_nothing_behind(said):
    traced = sys.gettrace()
    said("import os\nleft = 3\nwhile True: pass")
    assert sys.gettrace() is traced
    assert "name 'left' is not defined" in said("print(left)")["verdicts"][0]["words"]


PATCHED = """import builtins
import numpy as np
np.seterr(all="raise")
np.abs = np.zeros_like
np.linalg.norm = None
del builtins.divmod
def f(grad_output, z):
    return grad_output
"""


def test_what_an_answer_does_to_modules_is_undone(said):
    wrong = "def f(grad_output, z):\n    return grad_output\n"
    before, errors = (np.abs, np.linalg.norm, divmod), np.geterr()
    said(PATCHED)
    assert (np.abs, np.linalg.norm, builtins.divmod) == before
    assert np.geterr() == errors
    assert "Likely mistake: the derivative" in said(wrong)["verdicts"][0]["words"]
    assert said(RIGHT)["verdicts"][0]["right"]


def test_long_words_are_cut(said, kernel):
    (verdict,) = said("def f(grad_output, z):\n    raise ValueError('x' * 1_000_000)\n")[
        "verdicts"
    ]
    assert verdict["words"].startswith("relu-gradient: called with")
    assert len(verdict["words"]) == kernel.PRINTED + 2
    (verdict,) = said("def f(grad_output, z):\n    return 'x' * 1_000_000\n")["verdicts"]
    assert len(verdict["words"]) < 500


def test_much_that_is_printed_is_cut(said, kernel):
    found = said(f"{RIGHT}print('x' * 1_000_000)")
    assert found["verdicts"][0]["right"]
    assert len(found["printed"]) == kernel.PRINTED + 2
