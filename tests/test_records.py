"""Records: no finished run is lost, repeated or taken for another."""

import inspect
import io
import itertools
import json
import linecache
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import FrozenInstanceError, asdict, dataclass
from pathlib import Path
from types import SimpleNamespace

import joblib
import numpy as np
import pytest
from filelock import FileLock
from threadpoolctl import threadpool_limits

from mnist_gd import _code
from mnist_gd import records as records_module
from mnist_gd._network_files import to_arrays
from mnist_gd._record_files import (
    checked_outcome,
    digest,
    read_record,
    run_name,
    with_time,
    write_record,
)
from mnist_gd._workers import here
from mnist_gd.gradient_descent import DivergenceError
from mnist_gd.history import History
from mnist_gd.losses import binary_cross_entropy_with_logits
from mnist_gd.networks import SingleLayerNetwork
from mnist_gd.records import Record, code_version, run_all
from mnist_gd.search import SearchResult, grid, grid_search
from tests.runs import (
    AXES,
    QUIET,
    Course,
    blas_threads,
    calls,
    lines,
    note_call,
    numpy_outcome,
    raises_once,
    real,
    synthetic,
    waiting,
    without_seconds,
)

ROOT = Path(__file__).parents[1]


# Records


class Three:
    """Three configurations, the folder of their records, and how to run them and count."""

    def __init__(self, folder):
        self.folder, self.log = folder / "new" / "records", folder / "log"
        self.configurations = grid(rate=[1.0, 2.0, 3.0], epochs=[4], log=[str(self.log)])

    def run(self, function=synthetic, **options):
        before = calls(self.log)
        records = run_all(function, self.configurations, records=self.folder, **options, **QUIET)
        return records, calls(self.log) - before


@pytest.fixture
def three(tmp_path):
    return Three(tmp_path)


def assert_same(first, second):
    for one, other in zip(first, second, strict=True):
        assert (one.configuration, one.seed) == (other.configuration, other.seed)
        assert one.outcome == other.outcome
        assert one.arrays.keys() == other.arrays.keys()
        for name, array in one.arrays.items():
            assert array.dtype == other.arrays[name].dtype
            assert array.tobytes() == other.arrays[name].tobytes()


def test_records_hold_what_the_runs_returned(three):
    records, _ = three.run(seeds=[5, 2])
    jobs = list(itertools.product(three.configurations, [5, 2]))
    assert [(r.configuration, r.seed) for r in records] == jobs
    for record in records:
        outcome, arrays = synthetic(record.configuration, record.seed)
        assert record.outcome == outcome
        assert record.seconds > 0
        np.testing.assert_equal(record.arrays, arrays)


def test_records_are_written_once_and_read_after(three):
    first, runs = three.run()
    assert runs == 3
    assert sorted(p.suffix for p in three.folder.iterdir()) == [".json"] * 3 + [".npz"] * 3
    second, runs = three.run()
    assert runs == 0
    assert_same(first, second)
    assert [r.seconds for r in first] == [r.seconds for r in second]
    assert three.run(seeds=[0, 1])[1] == 3  # the new seed alone


def test_the_same_search_waits_and_another_does_not(tmp_path):
    """Two processes at the same runs share the work; at others neither keeps the other."""
    gate, log = tmp_path / "gate", tmp_path / "log"
    options = {"records": tmp_path / "records", **QUIET}
    same = [{"gate": str(gate), "log": str(log)}]
    with ThreadPoolExecutor(3) as pool:
        try:
            first = pool.submit(run_all, waiting, same, **options)
            while not calls(log):
                time.sleep(0.01)
            second = pool.submit(run_all, waiting, same, **options)
            other = pool.submit(run_all, synthetic, [{"epochs": 2}], **options)
            assert len(other.result(timeout=60)) == 1
            assert not first.done()
            assert not second.done()
        finally:
            gate.touch()
    assert_same(first.result(), second.result())
    assert calls(log) == 1
    assert not list(options["records"].glob("*lock*"))


def test_searches_that_overlap_share_what_they_have_in_common(tmp_path):
    """Each takes what no other is at, and waits for the rest: no run is done twice."""
    gates, log = [tmp_path / name for name in "abc"], tmp_path / "log"
    a, b, c = ({"gate": str(gate), "log": str(log)} for gate in gates)
    options = {"records": tmp_path / "records", **QUIET}
    with ThreadPoolExecutor(2) as pool:
        try:
            first = pool.submit(run_all, waiting, [a, b], **options)
            while not calls(log):
                time.sleep(0.01)
            second = pool.submit(run_all, waiting, [b, c], **options)
            while calls(log) < 2:  # c, which the first has nothing to do with
                time.sleep(0.01)
            gates[2].touch()
            time.sleep(0.2)
            assert not second.done()
        finally:
            for gate in gates:
                gate.touch()
    assert_same(first.result()[1:], second.result()[:1])
    assert calls(log) == 3


def test_of_what_others_are_at_a_search_takes_one_at_a_time(tmp_path):
    """Where the first of them is free, it runs none of the others."""
    log, locks = tmp_path / "log", tmp_path / "records.locks"
    asked = [{"epochs": 1, "rate": rate, "log": str(log)} for rate in (1.0, 2.0)]
    first, second = (locks / records_module._key(synthetic, one, 0) for one in asked)
    locks.mkdir()
    with ThreadPoolExecutor(1) as pool, FileLock(second):
        with FileLock(first):
            search = pool.submit(run_all, synthetic, asked, records=tmp_path / "records", **QUIET)
            time.sleep(0.3)
        while not calls(log):
            time.sleep(0.01)
        time.sleep(0.3)
        assert calls(log) == 1
    assert len(search.result()) == calls(log) == 2


def test_locks_have_a_folder_before_the_first_is_taken(three, monkeypatch):
    """What takes a lock need not make it."""
    taken = []

    def lock(path, **options):
        assert path.parent.is_dir()
        taken.append(path)
        return nullcontext()

    monkeypatch.setattr(records_module, "FileLock", lock)
    three.run()
    assert {path.parent for path in taken} == {three.folder.with_suffix(".locks")}
    assert len(taken) == 3


def test_more_runs_than_locks_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(records_module, "LOCKS", 2)
    configurations = grid(rate=[float(rate) for rate in range(5)], epochs=[1])
    records = run_all(synthetic, configurations, records=tmp_path, **QUIET)
    assert [record.configuration["rate"] for record in records] == [0, 1, 2, 3, 4]


def test_many_runs_need_few_open_files(tmp_path):
    """Some systems allow a process 256."""
    resource = pytest.importorskip("resource")
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, allowed[1]))
    try:
        configurations = grid(rate=[float(rate) for rate in range(300)], epochs=[1])
        records = run_all(synthetic, configurations, records=tmp_path, **QUIET)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, allowed)
    assert len(records) == 300


def test_seconds_are_those_of_the_processor(tmp_path):
    """What others do on the machine meanwhile is no cost of a configuration."""
    gate = tmp_path / "gate"
    threading.Timer(0.5, gate.touch).start()
    start = time.perf_counter()
    (record,) = run_all(waiting, [{"gate": str(gate)}], records=tmp_path / "records", **QUIET)
    assert time.perf_counter() - start > 0.4
    assert 0 < record.seconds < 0.2


def test_records_alone_can_be_asked_for(three):
    with pytest.raises(LookupError, match="3 of 3 runs have no record in"):
        three.run(run_missing=False)
    assert not three.folder.exists()
    first, _ = three.run()
    second, runs = three.run(run_missing=False)
    assert runs == 0
    assert_same(first, second)
    with pytest.raises(LookupError, match="3 of 6 runs"):
        three.run(run_missing=False, seeds=[0, 1])


def test_a_configuration_given_twice_runs_once(three):
    three.configurations = three.configurations * 2
    records, runs = three.run()
    assert runs == 3
    assert_same(records[:3], records[3:])


@dataclass(frozen=True)
class Sized:
    size: int

    @property
    def work(self):
        return self.size


def note_the_order(configuration, seed):
    Path(os.environ["ORDER"]).open("a", encoding="utf-8").write(f"{configuration.size} ")
    return {}, {}


def test_what_has_most_work_begins(tmp_path, monkeypatch):
    """Else a long run that comes last keeps one processor busy and the others waiting."""
    monkeypatch.setenv("ORDER", str(tmp_path / "order"))
    sizes = [2, 9, 5, 7, 1]
    made = run_all(
        note_the_order,
        [Sized(size) for size in sizes],
        records=tmp_path / "records",
        n_jobs=1,
        progress=False,
    )
    assert (tmp_path / "order").read_text(encoding="utf-8") == "9 7 5 2 1 "
    assert [record.configuration.size for record in made] == sizes  # in the order asked for


def test_records_of_other_code_are_not_used(three, monkeypatch):
    three.run()
    monkeypatch.setattr(records_module, "code_of", lambda used: {"another()": "1"})
    assert three.run()[1] == 3
    monkeypatch.undo()
    assert three.run()[1] == 0


def rewrite(change):
    return lambda path: path.write_bytes(change(path.read_bytes()))


def flip_in_the_middle(content):
    middle = len(content) // 3
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


DAMAGES = {
    "json missing": (".json", lambda path: path.unlink()),
    "json empty": (".json", rewrite(lambda content: b"")),
    "json truncated": (".json", rewrite(lambda content: content[:-20])),
    "json not text": (".json", rewrite(lambda content: b"\xff\xfe\x00")),
    "json with another number": (
        ".json",
        rewrite(lambda content: content.replace(b'"seed": 0', b'"seed": 1')),
    ),
    "json with another score": (
        ".json",
        rewrite(lambda content: content.replace(b"0.", b"1.", 1)),
    ),
    "json of something else": (".json", rewrite(lambda content: b'{"seed": 0}')),
    "json a list": (".json", rewrite(lambda content: b"[1, 2]")),
    "npz missing": (".npz", lambda path: path.unlink()),
    "npz empty": (".npz", rewrite(lambda content: b"")),
    "npz truncated": (".npz", rewrite(lambda content: content[:-20])),
    "npz cut short": (".npz", rewrite(lambda content: content[:30])),
    "npz flipped": (".npz", rewrite(flip_in_the_middle)),
    "npz of other arrays": (".npz", lambda path: np.savez(path, other=np.zeros(3))),
    "npz pickled": (".npz", lambda path: np.savez(path, scores=np.array([{}]), seed=0)),
}


@pytest.mark.parametrize(("suffix", "damage"), DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_record_is_run_again(three, suffix, damage):
    first, _ = three.run()
    path = sorted(three.folder.glob(f"*{suffix}"))[1]
    damage(path)
    record = path.with_suffix(".json")
    said = [f"{record} is no whole record of its run"] if record.exists() else []
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        second, runs = three.run()
    assert [str(warning.message).split(",")[0] for warning in told] == said
    places = [linecache.getline(warning.filename, warning.lineno) for warning in told]
    assert all("records = run_all(" in place for place in places)
    assert runs == 1
    assert_same(first, second)
    assert three.run()[1] == 0


def test_a_record_that_would_fill_the_memory_is_not_unpacked(three, monkeypatch):
    three.run()
    path = sorted(three.folder.glob("*.npz"))[0]
    np.savez_compressed(path, scores=np.zeros(4_000_000))
    assert path.stat().st_size < 50_000
    monkeypatch.setattr("mnist_gd._record_files.LARGEST", 1_000_000)
    tracemalloc.start()
    try:
        with pytest.warns(UserWarning, match="its arrays would take more than 1000000 bytes"):
            assert three.run()[1] == 1
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


def returns_much(configuration, seed):
    return {}, {"scores": np.zeros(200_000)}


def test_a_record_that_could_not_be_read_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr("mnist_gd._record_files.LARGEST", 1_000_000)
    with pytest.raises(ValueError, match="must take at most 1000000 bytes, but take 1600000"):
        run_all(returns_much, [{}], records=tmp_path, **QUIET)
    assert [*tmp_path.iterdir()] == []


def test_nothing_is_said_of_records_of_other_code(three, monkeypatch):
    """A warning of the package is an error in these tests."""
    three.run()
    monkeypatch.setattr(records_module, "code_of", lambda used: {"another()": "1"})
    with warnings.catch_warnings(action="error"):
        assert three.run()[1] == 3


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "Expecting"),
        ("[1]", "'list'"),
        ('{"a": {}}', "'seconds'"),
        ('{"a": 1}', "'int'"),
    ],
)
def test_damaged_times_are_refused(three, content, reason):
    three.run()
    path = three.folder / "times.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=f"records must hold sound times, but .*times.*{reason}"):
        three.run()
    for number in ('"1"', "NaN", "-1", "true", "1e999"):
        path.write_text(f'{{"a": {{"seconds": 1, "history": [{number}]}}}}', encoding="utf-8")
        with pytest.raises(ValueError, match=re.escape(f"from 0 s on, but {path} holds others")):
            three.run()
    path.unlink()
    path.mkdir()
    with pytest.raises(ValueError, match="records must hold sound times"):
        three.run()


def test_times_nested_deeply_are_refused(three):
    three.run()
    (three.folder / "times.json").write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(ValueError, match=r"records must hold sound times, .* recursion"):
        three.run()


NAMES = ["file", "allow_pickle", "a", "a.npy", "a\0b", "\ud800", "n" * 70_000, "x/../y"]


def returns_names(configuration, seed):
    return {}, {name: np.full(2, place) for place, name in enumerate(NAMES)}


def test_arrays_may_have_any_name(tmp_path):
    (first,) = run_all(returns_names, [{}], records=tmp_path, **QUIET)
    (second,) = run_all(returns_names, [{}], records=tmp_path, run_missing=False, **QUIET)
    assert [*second.arrays] == sorted(NAMES)
    for name, array in first.arrays.items():
        assert np.array_equal(second.arrays[name], array)


def pops(configuration, seed):
    configuration.pop("rate")
    return {}, {}


def test_a_run_that_changes_its_configuration_changes_its_own(tmp_path):
    for missing in (True, False):  # the second time from its record
        records = run_all(
            pops,
            [{"rate": 1}],
            seeds=[0, 1],
            records=tmp_path,
            run_missing=missing,
            n_jobs=1,
            progress=False,
        )
        assert [record.configuration for record in records] == [{"rate": 1}] * 2


def two_that_are_one(configuration, seed):
    return {1: "a", "1": "b"}, {}


def test_names_that_are_one_as_text_are_refused(tmp_path):
    with pytest.raises(ValueError, match="outcome must have other names than 1 and '1'"):
        run_all(two_that_are_one, [{}], records=tmp_path, **QUIET)
    with pytest.raises(ValueError, match="configurations must have other names than 1 and '1'"):
        run_all(synthetic, [{1: "a", "1": "b"}], records=tmp_path, **QUIET)


def returns_none(configuration, seed):
    return None


def returns_objects(configuration, seed):
    return {}, {"scores": np.array([None])}


def returns_masked(configuration, seed):
    return {}, {"scores": np.ma.masked_less([1.0, 2.0], 2)}


def returns_no_history(configuration, seed):
    return {"history": [1, 2]}, {}


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (returns_none, "function must return a dict of plain values .* has returned None"),
        (returns_objects, "scores of function must hold numbers"),
        (returns_masked, "scores must not be masked"),
        (returns_no_history, r"history of function must be a dict, but is \[1, 2\]"),
    ],
)
def test_what_no_record_can_hold_is_refused(tmp_path, function, message):
    with pytest.raises(TypeError, match=message):
        run_all(function, [{}], records=tmp_path, **QUIET)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("returned", [({},), ({}, {}, {}), [{}, {}], ({}, None), (None, {})])
def test_a_run_returns_two_dicts(returned):
    with pytest.raises(TypeError, match=r"function must return a dict .* and a dict of arrays"):
        checked_outcome(returned)


def test_arrays_of_a_record_take_a_gigabyte_at_most():
    """All of them together; these take no memory."""
    most = np.broadcast_to(np.int8(0), (2**29,))
    assert checked_outcome(({}, {"a": most, "b": most}))[1].keys() == {"a", "b"}
    with pytest.raises(ValueError, match=f"at most {2**30} bytes, but take {2**30 + 1}"):
        checked_outcome(({}, {"a": most, "b": most, "c": np.int8([0])}))


def test_a_record_comes_back_from_its_files(tmp_path):
    arrays = {"a": np.float32([[0.5, 2]]), "b": np.array(3), "c": np.array(["é"])}
    record = Record({"rate": 1.0}, 4, {"score": 0.5}, arrays, 2.5)
    folder = tmp_path / "made" / "for it"
    write_record(folder, "name", record)
    assert {path.name for path in folder.iterdir()} == {"name.json", "name.npz"}
    again = read_record(folder / "name.json", "name", {"rate": 1.0}, 4)
    assert again.keys() == {"outcome", "arrays", "seconds"}
    assert_same([record], [Record({"rate": 1.0}, 4, **again)])
    assert again["seconds"] == 2.5
    write_record(folder, "bare", Record({}, 0, {}, {}, 1.0))
    assert not (folder / "bare.npz").exists()
    assert read_record(folder / "bare.json", "bare", {}, 0)["arrays"] == {}


def test_the_size_of_arrays_is_looked_at_before_they_are_unpacked(tmp_path, monkeypatch):
    """Twice as much as a record may hold leaves room for what stands before each."""
    write_record(tmp_path, "name", Record({}, 0, {}, {"a": np.zeros(1000), "b": np.ones(9)}, 1.0))
    with np.load(tmp_path / "name.npz") as saved:
        size = sum(info.file_size for info in saved.zip.infolist())
    assert size % 2 == 0
    monkeypatch.setattr("mnist_gd._record_files.LARGEST", size // 2)
    assert len(read_record(tmp_path / "name.json", "name", {}, 0)["arrays"]) == 2
    monkeypatch.setattr("mnist_gd._record_files.LARGEST", size // 2 - 1)
    with pytest.raises(ValueError, match=f"would take more than {size // 2 - 1} bytes"):
        read_record(tmp_path / "name.json", "name", {}, 0)


def test_a_record_is_one_thing_and_stays_as_it_is():
    record, same = (Record({}, 0, {}, {"a": np.zeros(2)}, 1.0) for _ in "ab")
    assert record != same
    assert len({record, same}) == 2
    with pytest.raises(FrozenInstanceError):
        record.seconds = 2.0


def test_a_time_without_a_history_is_that_of_the_whole_run():
    record = Record({}, 0, {"score": 0.5}, {}, 1.0)
    assert with_time(record, None) is record
    timed = with_time(record, {"seconds": 8.0, "history": []})
    assert (timed.seconds, timed.outcome) == (8.0, {"score": 0.5})
    assert with_time(record, {"seconds": 8.0, "history": [1.0]}).outcome == record.outcome


def test_a_write_that_fails_leaves_nothing_behind(three, monkeypatch):
    def full(source, target):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        three.run()
    assert list(three.folder.iterdir()) == []


def test_code_version(monkeypatch):
    """Of every module of the package, and of NumPy."""
    before = code_version()
    assert code_version() == before
    monkeypatch.setitem(_code.digests(), "mnist_gd.losses", "another")
    after = code_version()
    monkeypatch.setattr(np, "__version__", "0.0")
    assert len({before, after, code_version()}) == 3
    turned = dict(reversed(_code.made_by().items()))
    last = code_version()
    monkeypatch.setattr(records_module, "made_by", lambda: turned)
    assert code_version() == last


def test_records_of_another_machine_are_found_where_they_are_asked_for(three, monkeypatch):
    """Its NumPy and Python, and so the names of its records, are others."""
    build = {"numpy": "0.0", "digests": dict.fromkeys(_code.digests(), "another")}
    own = code_version()
    with monkeypatch.context() as there:
        there.setattr(np, "__version__", build["numpy"])
        there.setattr(_code, "digests", lambda: build["digests"])
        _code.code_of.cache_clear()
        assert _code.made_by() == build
        first, _ = three.run()
        name = code_version()
    _code.code_of.cache_clear()
    assert code_version() == own
    with pytest.raises(LookupError, match="3 of 3 runs"):
        three.run(run_missing=False)
    monkeypatch.setattr(_code, "_elsewhere", {})
    try:
        _code.take_records_of(build | {"more": "that a build tells"})
        second, runs = three.run()
        assert (runs, code_version()) == (0, name)
    finally:
        _code.code_of.cache_clear()
    assert_same(first, second)


def test_the_key_is_of_all_that_the_result_depends_on(monkeypatch):
    configuration = {"rate": 0.5, "hidden_size": 3}
    key = records_module._key(synthetic, configuration, 0)
    assert re.fullmatch("[0-9a-f]{32}", key)
    assert key == records_module._key(synthetic, {**configuration}, 0)
    others = [
        records_module._key(synthetic, {"hidden_size": 3, "rate": 0.5}, 0),  # a run may see it
        records_module._key(synthetic, {"rate": 0.25, "hidden_size": 3}, 0),
        records_module._key(synthetic, {"rate": {"a": 0.5, "b": 1}}, 0),
        records_module._key(synthetic, {"rate": {"b": 1, "a": 0.5}}, 0),
        records_module._key(synthetic, {"rate": 0.5, "hidden_size": 4}, 0),
        records_module._key(synthetic, {"rate": 0.5}, 0),
        records_module._key(synthetic, {"rate": 3, "hidden_size": 0.5}, 0),
        records_module._key(synthetic, configuration, 1),
        records_module._key(real, configuration, 0),
        records_module._key(synthetic, Course(0.5), 0),
        records_module._key(synthetic, asdict(Course(0.5)), 0),
        records_module._key(synthetic, SearchResult([]), 0),
        records_module._key(synthetic, {"rows": []}, 0),
    ]
    monkeypatch.setattr(records_module, "code_of", lambda used: {"another()": "1"})
    others.append(records_module._key(synthetic, configuration, 0))
    monkeypatch.undo()
    monkeypatch.setattr(np, "__version__", "0.0")
    others.append(records_module._key(synthetic, configuration, 0))
    assert len({key, *others}) == len(others) + 1


def test_a_worker_with_other_code_says_so(three):
    """It would file what it computes under the wrong name."""
    job, there = (synthetic, three.configurations[0], 0), (three.folder, here(), ())
    key, code = records_module._key(*job), records_module.code_of(synthetic)
    assert records_module._keyed_run(key, *job, code, np.__version__, *there)[0] == key
    other = code | {"mnist_gd.losses": "another"}
    versions = ("0.0", f"{np.__version__}1")
    for named in ((other, np.__version__), *((code, version) for version in versions)):
        with pytest.raises(RuntimeError, match=r"imported other code of .*start the search again"):
            records_module._keyed_run(key, *job, *named, *there)


def test_a_worker_is_told_the_code_of_its_configuration_too(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(records_module, "is_here", lambda code: not told.append(code))
    run_all(kinds, [Course(0.5)], records=tmp_path, **QUIET)
    assert told == [records_module.code_of(kinds) | records_module.code_of(Course)]
    assert told != [records_module.code_of(kinds)]


def test_a_record_is_bound_to_its_run_and_to_its_arrays(three):
    """Another's file in its place, whole as it may be, is not taken for it."""
    three.run()
    for suffix in (".npz", ".json"):
        one, two, _ = sorted(three.folder.glob(f"*{suffix}"))
        kept = two.read_bytes()
        shutil.copyfile(one, two)
        with pytest.warns(UserWarning, match="its key is|its array scores is another"):
            assert three.run()[1] == 1
        assert two.read_bytes() == kept or suffix == ".json"  # seconds differ from run to run
        assert three.run()[1] == 0
    one, two, _ = (path.with_suffix("") for path in sorted(three.folder.glob("*.json")))
    for suffix in (".npz", ".json"):  # a whole record, under the name of another
        shutil.copyfile(one.with_suffix(suffix), two.with_suffix(suffix))
    with pytest.warns(UserWarning, match=f"its key is {one.name}, not {two.name}"):
        assert three.run()[1] == 1


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"seed": 5}, "its seed is 5, not 3"),
        ({"seed": 2}, "its seed is 2, not 3"),
        ({"key": "0" * 32}, f"its key is {'0' * 32}, not "),
        ({"key": "f" * 32}, f"its key is {'f' * 32}, not "),
        ({"arrays": {"scores": "0" * 64}}, "its array scores is another"),
        ({"arrays": {"scores": "f" * 64}}, "its array scores is another"),
        ({"arrays": {"losses": "0" * 64}}, "its array losses is another"),
    ],
)
def test_an_edited_record_is_run_again_even_if_its_sum_is_right(three, edit, message):
    three.run(seeds=[3])
    path = sorted(three.folder.glob("*.json"))[0]
    about = json.loads(path.read_text(encoding="utf-8"))
    about.pop("sha256")
    about |= edit
    path.write_text(json.dumps(about | {"sha256": digest(json.dumps(about))}), encoding="utf-8")
    with pytest.warns(UserWarning, match=message):
        assert three.run(seeds=[3])[1] == 1


@pytest.mark.parametrize("wrong", ["0" * 64, "f" * 64])
def test_a_record_whose_sum_is_wrong_is_run_again(three, wrong):
    three.run()
    path = sorted(three.folder.glob("*.json"))[0]
    about = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(about | {"sha256": wrong}), encoding="utf-8")
    with pytest.warns(UserWarning, match="its sum is not that of its content"):
        assert three.run()[1] == 1


def infinite(configuration, seed):
    return {"score": float("nan")}, {}


def test_a_record_is_json_for_everyone(three, tmp_path):
    three.run()
    for path in three.folder.glob("*.json"):
        json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    with pytest.raises(ValueError, match="outcome must hold finite numbers"):
        run_all(infinite, [{}], records=tmp_path, **QUIET)
    with pytest.raises(ValueError, match="configurations must hold finite numbers"):
        run_all(infinite, [{"rate": float("inf")}], records=tmp_path, **QUIET)


def diverges_at_once(configuration, seed):
    raise DivergenceError("too fast", *[])


def diverges_in_the_first_epoch(configuration, seed):
    error = DivergenceError("too fast")
    error.history = History(metric="accuracy")
    raise error


@pytest.mark.parametrize("function", [diverges_at_once, diverges_in_the_first_epoch])
def test_divergence_before_the_first_epoch_ends_leaves_an_empty_history(function, tmp_path):
    (record,) = run_all(function, [{"epochs": 1}], records=tmp_path, **QUIET)
    assert record.outcome["diverged"] == "too fast"
    assert record.outcome["history"]["validation_score"] == []
    table = grid_search(function, [{"epochs": 1}], records=tmp_path, **QUIET)
    assert (table.best["score"], table.best["diverged"]) == (0, 1)
    assert record.diverged
    assert (record.score(), record.settled_score()) == (0, 0)


def diverges_with_a_list(configuration, seed):
    error = DivergenceError("too fast")
    error.history = [1.0]
    raise error


def test_divergence_with_what_is_no_history_is_refused(tmp_path):
    with pytest.raises(TypeError, match=r"history of function must be a dict, but is \[1\.0\]"):
        run_all(diverges_with_a_list, [{"epochs": 1}], records=tmp_path, **QUIET)


def timed_course(configuration, seed):
    return {"history": {"train_loss": [2.0, 1.0], "seconds": [0.5, 1.0]}}, {}


def test_times_of_another_day_take_the_place_of_those_measured(tmp_path):
    asked = {"records": tmp_path / "records", "n_jobs": 1}
    (measured,) = run_all(timed_course, [{"a": 1}], **asked)
    name = run_name(timed_course, {"a": 1}, 0)
    assert re.fullmatch("[0-9a-f]{16}", name)
    assert name != run_name(timed_course, {"a": 1}, 1)
    one, turned = ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert run_name(timed_course, one, 0) == run_name(timed_course, turned, 0)

    def kept(**time):
        path = tmp_path / "records" / "times.json"
        path.write_text(json.dumps({name: time}), encoding="utf-8")
        (record,) = run_all(timed_course, [{"a": 1}], **asked)
        return record

    record = kept(seconds=8.0, history=[3.0, 7.0])
    assert (record.seconds, record.history.seconds) == (8.0, [3.0, 7.0])
    assert record.history.train_loss == measured.history.train_loss
    longer = kept(seconds=8.0, history=[3.0, 7.0, 7.5])
    assert (longer.seconds, longer.history.seconds) == (8.0, [3.0, 7.0])
    other = kept(seconds=8.0, history=[3.0])  # of one that has diverged there
    assert (other.seconds, other.history.seconds) == (measured.seconds, [0.5, 1.0])
    (fresh,) = run_all(timed_course, [{"a": 2}], **asked)
    assert fresh.history.seconds == [0.5, 1.0]
    (tmp_path / "records" / "times.json").unlink()
    assert run_all(timed_course, [{"a": 1}], **asked)[0].seconds == measured.seconds


def test_numbers_of_numpy_name_the_same_record(three):
    """A grid made with numpy is the same grid; the run gets Python's own numbers."""
    three.run()
    for configuration in three.configurations:
        configuration["rate"] = np.float64(configuration["rate"])
        configuration["epochs"] = np.int64(configuration["epochs"])
    records, runs = three.run(seeds=np.arange(1))
    assert runs == 0
    assert [type(value) for value in records[0].configuration.values()] == [float, int, str]
    assert type(records[0].seed) is int


def test_run_and_record_get_plain_values(tmp_path):
    configurations = [{"rate": np.float32(0.5), "sizes": (1, 2), "bias": np.bool_(True)}]
    for _ in range(2):
        (record,) = run_all(numpy_outcome, configurations, records=tmp_path, **QUIET)
        assert record.configuration == {"rate": 0.5, "sizes": [1, 2], "bias": True}
        assert record.outcome == {"score": 0.5, "count": 3, "kinds": ["float", "list", "bool"]}


def test_an_integer_and_a_float_are_different_settings(three):
    """1 and 1.0 need not mean the same to a run: at worst it is done twice, never mistaken."""
    three.run()
    for configuration in three.configurations:
        configuration["rate"] = int(configuration["rate"])
    assert three.run()[1] == 3


@pytest.mark.parametrize("value", [max, np.array([1, 2]), {1, 2}, b"bytes", 1j])
def test_configurations_hold_plain_values(tmp_path, value):
    with pytest.raises(TypeError, match="configurations must hold plain values"):
        run_all(synthetic, [{"rate": value}], records=tmp_path, **QUIET)


@pytest.mark.parametrize("configuration", [5, None, "ten", [1, 2]])
def test_a_configuration_is_a_dict_or_a_dataclass(tmp_path, configuration):
    with pytest.raises(TypeError, match="configurations must be dicts or dataclasses"):
        run_all(synthetic, [configuration], records=tmp_path / "new", **QUIET)
    assert not (tmp_path / "new").exists()


def test_no_configuration_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="configurations and seeds must not be empty"):
        run_all(synthetic, [], records=tmp_path / "new", **QUIET)
    assert not (tmp_path / "new").exists()


def kinds(configuration, seed):
    return {"kinds": [type(value).__name__ for value in vars(configuration).values()]}, {}


def test_a_dataclass_is_a_configuration(tmp_path):
    """It comes back as it was given, from a run as from a file."""
    for _ in range(2):
        (record,) = run_all(kinds, [Course(0.5)], records=tmp_path, **QUIET)
        assert record.configuration == Course(0.5)
        assert record.outcome == {"kinds": ["float", "int", "bool"]}
    assert len(list(tmp_path.glob("*.json"))) == 1
    key = records_module._key(kinds, Course(0.5), 0)
    assert key != records_module._key(kinds, asdict(Course(0.5)), 0)
    assert key != records_module._key(kinds, Course(0.25), 0)


def by_its_rate(configuration, seed):
    return {"rate": configuration.rate()}, {}


def test_the_class_of_a_configuration_counts(tmp_path):
    """It may have methods, which no setting tells, and which its function does not name."""
    made = {}
    for factor in (2, 3):
        source = (
            "from dataclasses import dataclass\n@dataclass\nclass Own:\n    base: float = 1.0\n"
            f"    def rate(self):\n        return {factor} * self.base\n"
        )
        space = {"__name__": "nowhere"}
        exec(source, space)
        made[factor] = space["Own"]()
    found = run_all(by_its_rate, [made[2], made[3], made[2]], records=tmp_path, **QUIET)
    assert [record.outcome["rate"] for record in found] == [2.0, 3.0, 2.0]
    assert len(list(tmp_path.glob("*.json"))) == 2


@dataclass(frozen=True)
class Layers:
    sizes: tuple

    def __post_init__(self):
        object.__setattr__(self, "sizes", tuple(self.sizes))


def has_kinds(configuration, seed):
    return {"kind": type(configuration.sizes).__name__}, {}


def test_a_dataclass_may_hold_what_no_record_does_if_it_makes_that_itself(tmp_path):
    for run_missing in (True, False):
        (record,) = run_all(
            has_kinds, [Layers([3, 4])], records=tmp_path, run_missing=run_missing, **QUIET
        )
        assert record.configuration == Layers((3, 4))
        assert record.outcome == {"kind": "tuple"}


@dataclass
class Named:
    work: object = "fast"


class Raising(Course):
    @property
    def work(self):
        raise RuntimeError("of the reader's")


def nothing(configuration, seed):
    return {}, {}


@pytest.mark.parametrize("other", [Named(), Named(None), Raising(1.0)])
def test_what_is_called_work_may_be_something_else(tmp_path, other):
    assert len(run_all(nothing, [Sized(1), other], records=tmp_path, **QUIET)) == 2


def asks_for_itself(configuration, seed):
    return run_all(asks_for_itself, [configuration], records=configuration["folder"], **QUIET), {}


def test_a_run_that_asks_for_itself_is_told_its_configuration(tmp_path):
    with pytest.raises(ValueError, match=r"that of the run itself, but one is {'folder': "):
        asks_for_itself({"folder": str(tmp_path)}, 0)


def test_where_a_file_is_in_the_place_of_a_folder_nothing_is_run(three):
    for place in (three.folder.parent, three.folder, Path(f"{three.folder}.locks")):
        place.parent.mkdir(exist_ok=True)
        place.touch()
        with pytest.raises(ValueError, match=r"records must be a folder, but .* is none"):
            three.run()
        place.unlink()
    assert calls(three.log) == 0


def test_where_a_record_could_not_be_kept_nothing_is_run(three):
    three.run()
    for file in sorted(three.folder.iterdir()):
        content = file.read_bytes()
        for made in (Path.mkdir, lambda path: path.symlink_to(path)):
            file.unlink(missing_ok=True)
            made(file)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a folder is no whole record, either
                with pytest.raises(ValueError, match=f"must hold whole files, but .*{file.name}"):
                    three.run()
            if file.is_symlink():
                file.unlink()
            else:
                file.rmdir()
        file.write_bytes(content)
    assert calls(three.log) == 3
    assert three.run()[1] == 0


@pytest.mark.parametrize("more", [0, 1])
def test_what_is_nested_too_deeply_is_refused_before_it_runs(tmp_path, more):
    value = 1
    for _ in range(99 + more):
        value = [value]
    configuration = {"number": value}
    with nullcontext() if not more else pytest.raises(TypeError, match="at most 100 in each oth"):
        (record,) = run_all(counts_to, [configuration], records=tmp_path / "records", **QUIET)
        assert record.outcome == {"number": value}
    assert (tmp_path / "records").exists() != more


def counts_to(configuration, seed):
    return {"number": configuration["number"]}, {"b": np.ones(1), "a": np.zeros(2)}


def test_arrays_have_the_order_of_their_names_from_the_start(tmp_path):
    for _ in range(2):
        (record,) = run_all(counts_to, [{"number": 1}], records=tmp_path, **QUIET)
        assert [*record.arrays] == ["a", "b"]


def test_a_class_of_a_script_stays_that_one_after_a_search(tmp_path):
    """What workers send back does not take its place: what it uses may be defined anew."""
    (tmp_path / "script.py").write_text(
        "import sys\nfrom dataclasses import dataclass\nfrom mnist_gd.records import run_all\n"
        "@dataclass(frozen=True)\nclass C:\n    x: int\n"
        "    def value(self):\n        return helper(self.x)\n"
        "def run(configuration, seed):\n    return {'v': configuration.value()}, {}\n"
        "def search(run_missing=True):\n"
        "    records = run_all(run, [C(1), C(2)], records=sys.argv[1], n_jobs=2,\n"
        "                      progress=False, run_missing=run_missing)\n"
        "    assert all(type(record.configuration) is C for record in records)\n"
        "    print(*[record.outcome['v'] for record in records])\n"
        "if __name__ == '__main__':\n"
        "    for factor in (1, 100):\n"
        "        def helper(x):\n            return FACTOR * x\n"
        "        FACTOR = factor\n"
        "        search()\n"
        "        search(run_missing=False)\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py", tmp_path / "records"],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.splitlines() == ["1 2"] * 2 + ["100 200"] * 2, done.stderr


def test_numbers_of_numpy_in_a_dataclass_become_python_s(tmp_path):
    course = Course(np.float32(0.5), epochs=np.int64(2), settles=np.bool_(False))
    (record,) = run_all(kinds, [course], records=tmp_path, **QUIET)
    assert record.outcome == {"kinds": ["float", "int", "bool"]}
    (same,) = run_all(kinds, [Course(0.5)], records=tmp_path, run_missing=False, **QUIET)
    assert_same([record], [same])


@dataclass(frozen=True)
class Nested:
    inner: object


@pytest.mark.parametrize(
    ("configuration", "error", "message"),
    [
        (Course((1, 2)), TypeError, "must be made again by fields of plain values, .* is Course"),
        (Nested(Course(1.0)), TypeError, r"must hold plain values \(.*but is {'inner': Course"),
        (Course(max), TypeError, "configurations must hold plain values"),
        (Course(float("nan")), ValueError, "configurations must hold finite numbers"),
        (Course(np.float32("inf")), ValueError, "configurations must hold finite numbers"),
    ],
)
def test_a_dataclass_holds_plain_values(tmp_path, configuration, error, message):
    with pytest.raises(error, match=message):
        run_all(kinds, [configuration], records=tmp_path / "new", **QUIET)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("seeds", "error", "message"),
    [
        ([], ValueError, "configurations and seeds must not be empty"),
        ([-1], ValueError, "each of seeds must be at least 0, but is -1"),
        (2, TypeError, "seeds must be a sequence, but is 2"),
        ([0.5], TypeError, r"each of seeds must be an integer, but is 0\.5"),
    ],
)
def test_seeds(three, seeds, error, message):
    with pytest.raises(error, match=message):
        three.run(seeds=seeds)


def made_of(**about):
    return dataclass(**about)(type("Made", (), {"__annotations__": {"rate": float}}))


def test_a_dataclass_that_is_compared_by_itself_is_a_configuration(tmp_path):
    configuration = made_of(eq=False)(0.5)
    (record,) = run_all(kinds, [configuration], records=tmp_path, **QUIET)
    assert type(record.configuration) is type(configuration)
    assert record.configuration.rate == 0.5


# What a record tells


def training(scores, configuration, **about):
    history = History(validation_score=scores, seconds=list(range(1, len(scores) + 1)))
    return Record(configuration, 0, {"history": history.as_dict(), **about}, {}, 1.0)


def test_a_record_gives_the_history_back():
    record = training([0.1, 0.5], {"epochs": 2})
    assert isinstance(record.history, History)
    assert record.history.as_dict() == record.outcome["history"]
    assert not record.diverged


@pytest.mark.parametrize(
    ("scores", "about", "score", "settled"),
    [
        ([0.1, 0.2, 0.3], {}, 0.3, 0.25),
        ([0.1, 0.2, 0.4, 0.6], {}, 0.6, 0.5),
        ([0.1, 0.9], {"diverged": "..."}, 0, 0),
        ([], {"diverged": "..."}, 0, 0),
    ],
)
def test_scores_of_a_record(scores, about, score, settled):
    """A run that diverged scores nothing."""
    record = training(scores, {"epochs": max(3, len(scores))}, **about)
    assert record.score() == pytest.approx(score)
    assert record.settled_score() == pytest.approx(settled)


def test_where_the_rate_falls_the_end_counts():
    settling, wandering = (Course(1.0, epochs=4, settles=settles) for settles in (True, False))
    scores = [0.2, 0.4, 0.6, 0.9]
    assert training(scores, settling).settled_score() == 0.9
    assert training(scores, wandering).settled_score() == 0.75


def test_a_score_after_some_of_the_epochs():
    record = training([0.1, 0.5, 0.4], {"epochs": 3})
    assert [record.score(epochs) for epochs in (1, 2, 3, 4)] == [0.1, 0.5, 0.4, 0]
    for epochs, error in ((0, ValueError), (-1, ValueError), (1.0, TypeError)):
        with pytest.raises(error, match="epochs must be"):
            record.score(epochs)


def test_a_training_that_was_stopped_scores_what_it_kept():
    """After fewer epochs it would have kept the best of those; one that diverged kept nothing."""
    history = History(
        validation_loss=[3.0, 1.0, 2.0, 2.0],
        validation_score=[0.1, 0.5, 0.6, 0.7],
        seconds=[1.0, 2.0, 3.0, 4.0],
        best_epoch=2,
    )
    outcome = {"history": history.as_dict()}
    for configuration in ({"epochs": 9}, Course(1.0, epochs=9, settles=True)):
        record = Record(configuration, 0, outcome, {}, 1.0)
        assert record.score() == record.settled_score() == 0.5
        assert [record.score(epochs) for epochs in (1, 2, 3)] == [0.1, 0.5, 0.5]
        assert not record.ended_before(9)
    whole = Record({"epochs": 4}, 0, outcome, {}, 1.0)  # it used up its epochs: nothing stopped it
    assert (whole.ended_before(4), whole.ended_before(9), whole.score(9)) == (False, True, 0)
    diverged = Record({"epochs": 9}, 0, outcome | {"diverged": "..."}, {}, 1.0)
    assert (diverged.score(), diverged.settled_score()) == (0, 0)
    assert [diverged.ended_before(epochs) for epochs in (4, 5)] == [False, True]
    assert [diverged.score(epochs) for epochs in (1, 2, 3, 4)] == [0.1, 0.5, 0.5, 0.5]


def test_a_record_gives_its_network_back(rng):
    network = SingleLayerNetwork(5, 4, loss=binary_cross_entropy_with_logits, rng=rng)
    x = rng.normal(size=(9, 5)).astype(np.float32)
    kept = Record({}, 0, {}, {"logits": network.logits(x)} | to_arrays(network), 1.0).network()
    assert kept.logits(x).tobytes() == network.logits(x).tobytes()
    assert kept.loss is network.loss
    with pytest.raises(LookupError, match=r"kept no network, but \['logits'\]"):
        Record({}, 0, {}, {"logits": network.logits(x)}, 1.0).network()


def test_an_array_of_another_that_has_the_name_of_a_network_s_is_none():
    for about in ("about what", "3", "[]", '{"activations": []}'):
        record = Record({}, 0, {}, {"about": np.array(about), "x": np.ones(2)}, 1.0)
        with pytest.raises(LookupError, match=r"kept no network, but \['about', 'x'\]: \w+Error"):
            record.network()


@pytest.mark.parametrize("told", [False, None])
def test_a_run_that_says_that_it_has_not_diverged_has_not(told):
    record = training([0.25, 0.75], {"epochs": 2}, diverged=told)
    assert not record.diverged
    assert record.settled_score() == 0.75
    assert training([0.25, 0.75], {"epochs": 2}, diverged="").diverged


def test_a_run_without_a_history_says_so():
    record = Record({"epochs": 2}, 0, {"loss": 1.0}, {}, 1.0)
    for ask in (record.score, record.settled_score, lambda: record.history):
        with pytest.raises(LookupError, match=r"this run returned no history, but \['loss'\]"):
            ask()


@pytest.mark.parametrize("about", [{}, {"diverged": "..."}])
def test_a_run_without_a_validation_is_not_judged(about):
    history = History(train_loss=[2.0, 1.0], seconds=[1.0, 2.0]).as_dict()
    record = Record({"epochs": 2}, 0, {"history": history, **about}, {}, 1.0)
    for ask in (record.score, record.settled_score, lambda: record.score(1)):
        with pytest.raises(
            ValueError, match=r"must have a validation_score .*'epochs': 2.* no val"
        ):
            ask()


def test_epochs_are_counted_without_a_clock_too():
    record = Record({"epochs": 2}, 0, {"history": {"validation_score": [0.25, 0.75]}}, {}, 1.0)
    assert [record.ended_before(epochs) for epochs in (2, 3)] == [False, True]
    assert record.score() == 0.75


# Killed and started again


KILLS, RUNS = 20, 60

SEARCH_TO_KILL = (
    """
import json, signal, sys, time
import numpy as np
from mnist_gd.losses import binary_cross_entropy_with_logits
from mnist_gd.networks import SingleLayerNetwork
from mnist_gd.search import SearchResult, grid, grid_search
"""
    + "\n\n".join(inspect.getsource(function) for function in (note_call, real, lines))
    + """

def slow(configuration, seed):
    time.sleep(0.05)
    return real(configuration, seed)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored
    folder, log, workers = sys.argv[1:]
    configurations = grid(
        batch_size=[16, 64], learning_rate=[0.1, 1.0, 1e30], hidden_size=[4, 8], epochs=[1, 3],
        log=[log],
    )
    result = grid_search(slow, configurations, seeds=range(5), records=folder, n_jobs=int(workers))
    print(json.dumps([result.runs, lines(result.rows)]))
"""
)


@pytest.fixture
def start(tmp_path):
    """Start the search in a process of its own, with its records in a folder of that name."""
    program = tmp_path / "search_to_kill.py"
    program.write_text(SEARCH_TO_KILL, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    environment[MARK] = str(tmp_path)
    return lambda folder, workers=1: subprocess.Popen(
        [sys.executable, program, tmp_path / folder, tmp_path / "log", str(workers)],
        env=environment,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )


def table(process):
    runs, rows = json.loads(process.communicate(timeout=120)[0])
    assert runs == RUNS
    return rows


def test_killed_at_any_moment_and_started_again(tmp_path, start):
    """The table is that of an undisturbed search, and no finished run is done twice."""
    undisturbed = table(start("undisturbed"))
    log = tmp_path / "log"
    assert calls(log) == RUNS
    log.unlink()

    def finished():
        return len(list((tmp_path / "killed").glob("*.json")))

    moments = random.Random(0)
    for kill in range(KILLS):
        before = finished()
        process = start("killed")
        while finished() == before and process.poll() is None:
            time.sleep(0.002)
        time.sleep(moments.uniform(0, 0.06))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "it had ended before it was killed"
        assert calls(log) <= finished() + kill + 1  # only what was under way is lost
    restarted = table(start("killed"))
    assert without_seconds(restarted) == without_seconds(undisturbed)
    assert calls(log) <= RUNS + KILLS
    assert finished() == RUNS


MARK = "MNIST_GD_TEST"  # of the search and all that it starts


def is_gone(psutil, mark):
    """Whether no process is left of those that bear a mark in their environment."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == mark:
                return False
    return True


ENDINGS = int(os.environ.get("ENDINGS", 1))  # of each kind; more of them to measure


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_no_worker_outlives_a_search_and_what_it_finished_is_kept(tmp_path, start, name, workers):
    psutil = pytest.importorskip("psutil", reason="the extra 'book' is not installed")
    moments, longest = random.Random(workers), 0.0
    folder, log = tmp_path / "ended", tmp_path / "log"
    for _ in range(ENDINGS):
        shutil.rmtree(folder, ignore_errors=True)
        log.unlink(missing_ok=True)
        process = start("ended", workers)
        while not (log.exists() and calls(log)) and process.poll() is None:
            time.sleep(0.002)
        time.sleep(moments.uniform(0, 0.5))
        process.send_signal(getattr(signal, name))
        ended = time.monotonic()
        process.communicate()
        assert process.returncode != 0, "it had ended before"
        while not is_gone(psutil, str(tmp_path)):
            assert time.monotonic() < ended + 60
            time.sleep(0.05)
        longest = max(longest, time.monotonic() - ended)
        assert calls(log) - workers <= len([*folder.glob("*.json")]) <= calls(log)
        assert table(start("ended", workers))
        assert calls(log) <= RUNS + workers
    print(f"{name}, {workers} workers: the last one was gone after {longest:.2f} s at most")


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_finished_is_kept_where_another_run_raises(tmp_path, workers):
    """The runs are quick, so that joblib hands several at a time to a worker."""
    log, folder = tmp_path / "log", tmp_path / "kept"
    configurations = [{"number": number, "log": str(log)} for number in range(60)]
    with pytest.raises(ArithmeticError, match="the fortieth"):
        run_all(raises_once, configurations, records=folder, n_jobs=workers, progress=False)
    assert calls(log) >= 40
    lost = 1 + workers  # the one that raised, and what was under way
    assert len([*folder.glob("*.json")]) >= calls(log) - lost


def test_two_searches_at_once_share_the_work(tmp_path, start):
    """The second waits for the first, and then finds every run done."""
    first, second = start("shared"), start("shared")
    assert table(first) == table(second)
    assert calls(tmp_path / "log") == RUNS
    assert not list((tmp_path / "shared").glob(".*"))


# Workers


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A search without workers; times are another each time."""
    folder = tmp_path_factory.mktemp("alone")
    records = run_all(real, grid(**AXES, epochs=[3]), seeds=[0, 1], records=folder, **QUIET)
    for record in records:
        del record.outcome["history"]["seconds"]
    return records


@pytest.mark.parametrize("backend", ["loky", "threading", "sequential"])
def test_any_number_and_kind_of_workers_gives_the_same_bits(tmp_path, alone, backend):
    with joblib.parallel_config(backend=backend):
        records = run_all(
            real,
            grid(**AXES, epochs=[3]),
            seeds=[0, 1],
            records=tmp_path,
            n_jobs=2,
            progress=False,
        )
    for record in records:
        del record.outcome["history"]["seconds"]
    assert_same(alone, records)


def test_a_run_has_one_blas_thread(tmp_path):
    with threadpool_limits(2, user_api="blas"):
        (record,) = run_all(blas_threads, [{}], records=tmp_path, **QUIET)
    assert set(record.outcome["threads"]) == {1}


@pytest.mark.parametrize(
    ("n_jobs", "workers"),
    [(None, None), (-1, -1), (2, 2), (128, 128), (129, 128)],
)
def test_workers_are_128_at_most(tmp_path, monkeypatch, n_jobs, workers):
    """As many as runs are taken at a time."""
    asked = {}

    def parallel(**options):
        asked.update(options)
        return joblib.Parallel(n_jobs=1, return_as="generator_unordered")

    monkeypatch.setattr(records_module, "joblib", SimpleNamespace(**vars(joblib)))
    monkeypatch.setattr(records_module.joblib, "Parallel", parallel)
    options = {"records": tmp_path, "n_jobs": n_jobs, "progress": False}
    run_all(synthetic, [{"epochs": 1}], **options)
    assert asked["n_jobs"] == workers


def test_what_a_worker_elsewhere_returns_is_kept_by_the_search(three, monkeypatch):
    """Its folder need not be the one here."""
    monkeypatch.setattr(records_module, "is_near", lambda search: False)
    records, runs = three.run()
    assert runs == len([*three.folder.glob("*.json")]) == 3
    again, runs = three.run()
    assert runs == 0
    assert_same(records, again)


# The progress bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("progress", [False, True])
def test_a_bar_is_shown_on_a_terminal_only(three, monkeypatch, capsys, terminal, progress):
    stream = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    run_all(synthetic, three.configurations, records=three.folder, n_jobs=1, progress=progress)
    assert ("3/3" in stream.getvalue()) == (terminal and progress)
    assert bool(stream.getvalue()) == (terminal and progress)
    assert capsys.readouterr().out == ""
