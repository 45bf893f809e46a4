"""The times of another day, beside records: which numbers are some."""

import json

import pytest

from mnist_gd._record_files import TIMES, read_times


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
