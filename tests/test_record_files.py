"""What a record can hold, and the times of another day beside it: which numbers are some."""

import json

import numpy as np
import pytest

from mnist_gd._record_files import TIMES, checked_outcome, read_record, read_times, write_record
from mnist_gd.history import History
from mnist_gd.records import Record


def with_times(folder, seconds, history=()):
    times = {"run": {"seconds": seconds, "history": [*history]}}
    (folder / TIMES).write_text(json.dumps(times), encoding="utf-8")
    return times


@pytest.mark.parametrize("number", [0, 0.0, 0.5, 1, 1.0, 2, 1e9])
def test_a_time_is_any_number_from_nothing_on(tmp_path, number):
    assert read_times(tmp_path) == {}
    assert with_times(tmp_path, number) == read_times(tmp_path)
    assert with_times(tmp_path, 1.5, [number, 2]) == read_times(tmp_path)


@pytest.mark.parametrize("number", [True, -1, -0.5, float("inf"), float("nan"), "1", None, [1]])
def test_what_is_no_time_is_refused(tmp_path, number):
    for given in ((number,), (1.5, [0.5, number])):
        with_times(tmp_path, *given)
        with pytest.raises(ValueError, match="records must hold times from 0 s on"):
            read_times(tmp_path)


@pytest.mark.parametrize(
    ("history", "error", "message"),
    [
        ([1, 2], TypeError, r"history of function must be a dict, but is \[1, 2\]"),
        (
            {"validation_scores": []},
            ValueError,
            r"must hold \['metric', .* holds \['validation_sc",
        ),
        ({"seconds": 1.0}, TypeError, "seconds in the history of function must be a sequence"),
        ({"seconds": "12"}, TypeError, "seconds in the history of function must be a sequence"),
        (
            {"train_loss": [1, "2"]},
            TypeError,
            "train_loss in the history of function must be a re",
        ),
        (
            {"train_loss": [True]},
            TypeError,
            "train_loss in the history of function must be a real",
        ),
        (
            {"train_loss": [None]},
            TypeError,
            "train_loss in the history of function must be a real",
        ),
        ({"train_loss": [np.nan]}, ValueError, "train_loss in the history of .* must be finite"),
        (
            {"train_loss": [1, 2], "seconds": [1]},
            ValueError,
            "history of function must have an entry for each epoch, but .*'train_loss': 2, 'sec",
        ),
        ({"metric": 1}, TypeError, "metric in the history of function must be a string, but is 1"),
        ({"best_epoch": 1}, ValueError, "best_epoch in the history of function must be at most 0"),
        (
            {"best_epoch": 3, "validation_loss": [1, 2]},
            ValueError,
            "best_epoch in the history of function must be at most 2, but is 3",
        ),
    ],
)
def test_what_is_no_history_is_refused(history, error, message):
    with pytest.raises(error, match=message):
        checked_outcome(({"history": history}, {}))


@pytest.mark.parametrize(
    "history",
    [
        {},
        {"validation_score": [0.5, 1], "seconds": (1.0, 2.0)},
        {"best_epoch": 2, "validation_loss": [np.float32(1), 2]},
        History().as_dict(),
        History("accuracy", [1.0], [], [1.0], [], [2.0], 1).as_dict(),
    ],
)
def test_a_history_may_hold_a_part_of_what_there_is(history):
    outcome, _ = checked_outcome(({"history": history}, {}))
    as_lists = {n: list(v) if isinstance(v, tuple) else v for n, v in history.items()}
    assert outcome["history"] == as_lists


FIELDS = [("a", "i1"), ("b", "i8"), ("c", "u1")]


@pytest.mark.parametrize(
    "dtype", [FIELDS, [("inner", np.dtype(FIELDS, align=True)), ("d", "i2")]], ids=["flat", "deep"]
)
def test_an_array_with_room_between_its_fields_comes_back_without_it(tmp_path, dtype):
    """A file does not hold what lies in that room."""
    aligned = np.dtype(dtype, align=True)
    array = np.frombuffer(bytes(range(1, 1 + 2 * aligned.itemsize)), aligned)
    _, arrays = checked_outcome(({}, {"x": array}))
    write_record(tmp_path, "name", Record({}, 0, {}, arrays, 1.0))
    again = read_record(tmp_path / "name.json", "name", {}, 0)["arrays"]["x"]
    assert again.dtype == arrays["x"].dtype
    assert again.tobytes() == arrays["x"].tobytes()
    assert again.tolist() == array.tolist()
