"""Workers: what cannot be sent to them, what a run may ask for, when they end."""

import os
import re
import subprocess
import sys
import threading
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from functools import partial, wraps
from pathlib import Path
from pickle import PicklingError
from types import SimpleNamespace

import pytest

from mnist_gd import _workers
from mnist_gd._workers import (
    check_workers,
    errors_that_can_be_sent,
    here,
    is_near,
    running,
    runs_above,
    what_workers_lack,
)
from mnist_gd.records import run_all
from tests.runs import QUIET, synthetic

ROOT = Path(__file__).parents[1]


# What is asked for


class Runs:
    def method(self, configuration, seed):
        return {}, {}

    @classmethod
    def of_class(cls, configuration, seed):
        return {}, {}


def outer():
    def inner(configuration, seed):
        return {}, {}

    return inner


@pytest.mark.parametrize(
    "function",
    [
        Runs().method,
        Runs.of_class,
        Runs,
        len,
        partial(synthetic, seed=0),
        outer(),
        lambda configuration, seed: ({}, {}),
    ],
    ids=["method", "class method", "class", "builtin", "partial", "inner", "lambda"],
)
def test_what_is_no_function_of_a_module_is_refused(function, tmp_path):
    """Two of them may share a name and do different things."""
    with pytest.raises(TypeError, match="function must be a function that is importable by name"):
        run_all(function, [{}], records=tmp_path, **QUIET)


def with_other_arguments(seed):
    return {}, {}


class Methods:
    def run(self, configuration, seed):
        return {}, {}


def that_lies(configuration, seed):
    return {}, {}


def that_goes_round(configuration, seed):
    return {}, {}


@wraps(with_other_arguments)
def with_one_handed_in(configuration, seed):
    return {"seed": seed}, {}


that_lies.__signature__ = "of the reader's"
that_goes_round.__wrapped__ = that_goes_round


def test_a_decorator_may_hand_in_what_is_taken_beside(tmp_path):
    with_one_handed_in.__qualname__ = "with_one_handed_in"
    (record,) = run_all(with_one_handed_in, [{}], seeds=[3], records=tmp_path, **QUIET)
    assert record.outcome == {"seed": 3}
    assert run_all(that_goes_round, [{}], records=tmp_path, **QUIET)


@pytest.mark.parametrize("function", [with_other_arguments, Methods.run, that_lies])
def test_a_function_takes_a_configuration_and_a_seed(tmp_path, function):
    with pytest.raises(TypeError, match=r"function must take a configuration and a seed, but is"):
        run_all(function, [{}], records=tmp_path, **QUIET)


@pytest.mark.parametrize(
    ("n_jobs", "workers"),
    [(None, None), (-1, -1), (-(2**31), -(2**31)), (2, 2), (8, 8), (9, 8)],
)
def test_workers_are_as_many_as_there_are_runs_at_most(n_jobs, workers):
    assert check_workers(n_jobs, 8) == workers


def test_no_workers_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"n_jobs must be a number of workers, .* but is 0"):
        run_all(synthetic, [{"epochs": 1}], records=tmp_path, n_jobs=0)
    with pytest.raises(TypeError, match=r"n_jobs must be an integer, but is 1\.5"):
        run_all(synthetic, [{"epochs": 1}], records=tmp_path, n_jobs=1.5)
    with pytest.raises(
        ValueError, match=r"n_jobs must be at least -2147483648, but is -2147483649"
    ):
        check_workers(-(2**31) - 1, 8)


# Where a worker is


def test_a_worker_is_near_that_the_search_itself_has_started(monkeypatch):
    ended = []
    monkeypatch.setattr(_workers, "_end_with", ended.append)
    name, number = here()
    assert number == os.getpid()
    assert is_near(here())
    assert not is_near((name, number - 1))
    assert not is_near((f"{name} 2", number))
    monkeypatch.setattr(_workers, "parent_process", lambda: SimpleNamespace(pid=number - 1))
    assert ended == []
    assert is_near((name, number - 1))
    assert ended == [number - 1]
    assert not is_near((f"{name} 2", number - 1))
    assert not is_near((name, number - 2))
    assert ended == [number - 1]


@pytest.mark.parametrize("other", [1, 9])
def test_a_worker_ends_when_it_has_another_parent(monkeypatch, other):
    """It looks several times a second, in one thread, which does not keep it alive."""
    parents, did = [7, 7, other], []
    monkeypatch.setattr(os, "getppid", lambda: parents.pop(0))
    monkeypatch.setattr(os, "_exit", lambda status: did.append(f"exit {status}"))
    monkeypatch.setattr(_workers.time, "sleep", lambda seconds: did.append(seconds))

    def thread(target, daemon):
        assert daemon
        return SimpleNamespace(start=target)

    monkeypatch.setattr(_workers.threading, "Thread", thread)
    _workers._end_with.cache_clear()
    for _ in "ab":
        _workers._end_with(7)
    _workers._end_with.cache_clear()
    assert did == [0.2, 0.2, "exit 1"]


# Runs inside runs


ASKED = {
    "others": ["one", "two"],
    "one": ["two"],
    "two": [],
    "round": ["about"],
    "about": ["round"],
}


def asks(configuration, seed):
    """How many runs it has asked for, and those again, of the same search or of none."""
    name, options = configuration["name"], {"records": configuration["folder"], **QUIET}
    wanted = [{**configuration, "name": asked} for asked in ASKED[name]]
    found = run_all(asks, wanted, **options) if wanted else []
    return {"asked": len(found) + sum(record.outcome["asked"] for record in found)}, {}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    "names", [["others"], ["others", "one"], ["two", "one", "others"]], ids=str
)
def test_a_run_may_search_for_other_runs_of_its_search_too(tmp_path, names, workers):
    """It does them itself, if others are at them or have not begun yet."""
    asked = [{"name": name, "folder": str(tmp_path)} for name in names]
    found = run_all(asks, asked, records=tmp_path, n_jobs=workers, progress=False)
    right = {"others": 3, "one": 1, "two": 0}
    assert [record.outcome["asked"] for record in found] == [right[name] for name in names]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("names", [["round"], ["round", "about"]], ids=str)
def test_a_run_asks_for_itself_in_no_way(tmp_path, names, workers):
    asked = [{"name": name, "folder": str(tmp_path)} for name in names]
    with pytest.raises(ValueError, match="must not be that of the run itself"):
        run_all(asks, asked, records=tmp_path, n_jobs=workers, progress=False)
    assert not runs_above({"outside": {}})
    assert _workers.RUNS not in os.environ


def looks_for(configurations, workers=1):
    options = {"records": configurations[0]["folder"], "n_jobs": workers, "progress": False}
    return run_all(asks_elsewhere, configurations, **options), {}


def asks_elsewhere(configuration, seed):
    if configuration["place"] == "thread":
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(looks_for, [configuration]).result()
    code = f"from tests import test_workers; test_workers.looks_for([{configuration}])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True)
    raise ValueError(done.stderr.decode())


@pytest.mark.parametrize(
    ("place", "workers"), [("thread", 2), ("process", 2), ("process", 1)], ids=str
)
def test_what_a_run_starts_asks_for_that_run_neither(tmp_path, place, workers):
    asked = [{"place": place, "folder": str(tmp_path), "number": n} for n in range(workers)]
    with pytest.raises(ValueError, match="must not be that of the run itself"):
        looks_for(asked, workers)
    assert _workers.RUNS not in os.environ


@pytest.mark.parametrize(
    ("before", "above", "within"),
    [
        (None, (), "5 key"),
        (None, ("outer",), "5 outer key"),  # in a worker
        ("7 outer", ("outer",), "7 outer key"),
        ("7 another", (), "5 key"),  # of another thread
    ],
)
def test_a_run_tells_what_it_starts_which_runs_it_is_in(monkeypatch, before, above, within):
    if before:
        monkeypatch.setenv(_workers.RUNS, before)
    with running("key", above, ("here", 5)):
        assert os.environ[_workers.RUNS] == within
        assert runs_above({}) == (*above, "key")
    after = before if above else None
    assert os.environ.get(_workers.RUNS) == after
    assert runs_above({}) == tuple((after or "").split()[1:])


@pytest.mark.parametrize("search", ["0", "9" * 20])
def test_a_process_that_another_has_started_is_in_the_runs_that_that_one_names(
    monkeypatch, search
):
    monkeypatch.setenv(_workers.RUNS, f"{search} outer inner")
    assert _workers.runs_above({"another": {}}) == ("outer", "inner")
    with pytest.raises(
        ValueError, match=r"must not be that of the run itself, but one is {'n': 1}"
    ):
        _workers.runs_above({"inner": {"n": 1}})
    monkeypatch.setenv(_workers.RUNS, f"{os.getpid()} outer inner")  # another thread is in those
    assert _workers.runs_above({"inner": {"n": 1}}) == ()


# What cannot be sent


class Two(BaseException):
    """One that no process can make again by its arguments."""

    def __init__(self, name, number):
        super().__init__(f"{name} {number}")


class Silent(Exception):
    def __str__(self):
        raise RuntimeError("of the reader's")

    __reduce__ = __repr__ = __str__


class Turned(Exception):
    def __reduce__(self):
        return str, ("another thing",)


UNSENT = {
    "turned": Turned,
    "arguments": lambda: Two("bad", 3),
    "lock": lambda: ValueError("bad 3", threading.Lock()),
    "match": lambda: ValueError("bad 3", re.match("a", "a")),
    "silent": Silent,
}


def raises_unsent(configuration, seed):
    raise UNSENT[configuration["kind"]]()


@pytest.mark.parametrize("kind", UNSENT)
def test_an_error_that_cannot_be_sent_is_told(tmp_path, kind):
    asked = {"records": tmp_path, "seeds": [0, 1], "progress": False}
    with pytest.raises((Two, ValueError, Silent, Turned)):
        run_all(raises_unsent, [{"kind": kind}], n_jobs=1, **asked)
    with pytest.raises(
        RuntimeError, match=r"function has raised .*(Two|ValueError|Silent|Turned)"
    ) as told:
        run_all(raises_unsent, [{"kind": kind}], n_jobs=2, **asked)
    assert "raises_unsent" in told.value.__notes__[0]


@pytest.mark.parametrize("before", [-1, 0, 1])
def test_an_error_is_told_wherever_its_search_is(before):
    name, number = here()
    error = ValueError("bad 3", (3 for _ in "a"))
    with (
        pytest.raises(RuntimeError if before else ValueError) as told,
        errors_that_can_be_sent((name, number + before)),
    ):
        raise error
    assert (told.value is error) == (before == 0)


@pytest.mark.parametrize(
    ("made", "used"),
    [
        ("import functools\n@functools.cache\ndef A():\n    return 1", "A()"),
        (
            "class B:\n    def __reduce_ex__(self, version):\n"
            "        return (B, ()) if version == 4 else 1 / 0\nA = B()",
            "1 if A else 0",
        ),
    ],
    ids=["cached", "in no pickle"],
)
def test_what_no_worker_can_be_sent_is_refused_by_the_search(tmp_path, made, used):
    """One that works in this process alone needs no worker."""
    (tmp_path / "script.py").write_text(
        f"import sys\nfrom mnist_gd.records import run_all\n{made}\n"
        f"def run(configuration, seed):\n    return {{'v': {used}}}, {{}}\n"
        "if __name__ == '__main__':\n"
        "    for n_jobs in (1, 2):\n"
        "        asked = dict(records=sys.argv.pop(), n_jobs=n_jobs, progress=False)\n"
        "        print(run_all(run, [{}], seeds=[0, 1], **asked)[0].outcome)\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py", tmp_path / "one", tmp_path / "two"],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.splitlines() == ["{'v': 1}"], done.stderr
    assert "TypeError: function must use what workers find or can be sent" in done.stderr


@pytest.mark.parametrize(
    "error",
    [
        PicklingError("of the reader's"),
        BrokenExecutor("A result has failed to un-serialize."),
        BrokenExecutor("A worker was killed."),
        TypeError("of the reader's"),
    ],
    ids=str,
)
def test_other_errors_pass_as_they_are(error):
    with pytest.raises(type(error)) as raised, what_workers_lack():
        raise error
    assert raised.value is error
