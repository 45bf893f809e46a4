"""Many workers: the bounds hold, by brute force on small cases and at random on larger ones."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_gd.scaling import makespan, makespan_bounds

# Multiples of 1/64: their sums are exact, so that nothing here needs a tolerance but 1/m.
SECONDS = st.integers(0, 64_000).map(lambda n: n / 64)
RUNS = st.lists(SECONDS, min_size=1, max_size=40)
WORKERS = st.integers(1, 50)
SMALL = st.lists(SECONDS, min_size=1, max_size=7)
TOLERANCE = 1 + 1e-12


def optimum(runs, workers):
    """The shortest time of all ways to share out the runs."""
    return min(
        max(sum(run for run, w in zip(runs, where, strict=True) if w == k) for k in range(workers))
        for where in itertools.product(range(workers), repeat=len(runs))
    )


def as_it_happens(runs, workers, start, each):
    """The same rule, told by the clock: who is free asks, and is served in turn."""
    ends, desk = [start] * workers, start
    for run in runs:
        worker = min(range(workers), key=ends.__getitem__)
        desk = max(desk, ends[worker]) + each
        ends[worker] = desk + run
    return max(ends)


@given(RUNS, WORKERS, SECONDS, SECONDS)
def test_it_is_the_greedy_rule(runs, workers, start, each):
    time = makespan(runs, workers, start=start, each=each)
    assert time == as_it_happens(runs, workers, start, each)
    in_order = makespan(sorted(runs, reverse=True), workers, start=start, each=each)
    assert makespan(runs, workers, start=start, each=each, longest_first=True) == in_order


def test_an_example_by_hand():
    """Graham's worst order for three workers: short runs first, one long one last."""
    runs = [1] * 6 + [3]
    assert makespan(runs, 3) == 5  # 2 - 1/3 times the optimum
    assert makespan(runs, 3, longest_first=True) == optimum(runs, 3) == 3
    assert makespan(runs, 3, start=10) == 15
    # Served at 1, 2 and 3, the first three end at 2, 3 and 4; and so on.
    assert makespan(runs, 3, each=1) == 10


@given(RUNS, WORKERS, SECONDS, SECONDS, st.booleans())
def test_bounds(runs, workers, start, each, longest_first):
    time = makespan(runs, workers, start=start, each=each, longest_first=longest_first)
    lowest, highest = makespan_bounds(runs, workers, start=start, each=each)
    assert lowest <= time * TOLERANCE
    assert time <= highest * TOLERANCE


def test_bounds_are_attained():
    assert makespan_bounds([1] * 6 + [3], 3) == (3, 5)
    assert makespan_bounds([1] * 6 + [3], 3, start=1, each=1) == (4, 13)
    assert makespan_bounds([2, 2, 2], 1) == (6, 6)


@given(SMALL, st.integers(1, 3))
def test_guarantees_against_the_optimum(runs, workers):
    """Graham's 2 - 1/m for any order, and 4/3 - 1/(3m) for the longest first."""
    best = optimum(runs, workers)
    time = makespan(runs, workers)
    first = makespan(runs, workers, longest_first=True)
    assert best <= min(time, first)
    assert time <= (2 - 1 / workers) * best * TOLERANCE
    assert first <= (4 / 3 - 1 / (3 * workers)) * best * TOLERANCE


def test_longest_first_is_neither_always_optimal_nor_always_better():
    assert makespan([3, 3, 2, 2, 2], 2, longest_first=True) == 7  # 7/6 of the optimum
    assert makespan([3, 2, 2, 3, 2], 2) == 6
    assert optimum([3, 3, 2, 2, 2], 2) == 6


@given(RUNS, SECONDS, SECONDS)
def test_one_worker_does_one_after_the_other(runs, start, each):
    assert makespan(runs, 1, start=start, each=each) == start + len(runs) * each + sum(runs)


@given(RUNS, WORKERS, SECONDS, SECONDS, st.booleans())
def test_another_worker_never_hurts(runs, workers, start, each, longest_first):
    """In a given order, and since no run waits for another: then it may (Graham's anomalies)."""
    options = {"start": start, "each": each, "longest_first": longest_first}
    assert makespan(runs, workers + 1, **options) <= makespan(runs, workers, **options)


@given(RUNS)
def test_enough_workers_leave_the_longest(runs):
    assert makespan(runs, len(runs)) == makespan(runs, 2**31) == max(runs)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"seconds": []}, ValueError, "seconds must hold the time of at least one run"),
        ({"seconds": [1, -1]}, ValueError, "seconds must be at least 0, but is -1"),
        ({"seconds": [math.nan]}, ValueError, "seconds must be"),
        ({"seconds": ["1"]}, TypeError, "seconds must be a real number"),
        ({"seconds": 1.0}, TypeError, "seconds must be a sequence, but is 1.0"),
        (
            {"seconds": np.array(1.0)},
            TypeError,
            r"seconds must be a sequence, but is array\(1\.0?\)",
        ),
        ({"workers": 0}, ValueError, "workers must be at least 1, but is 0"),
        ({"workers": 2**31 + 1}, ValueError, "workers must be at most 2147483648"),
        ({"workers": 1.5}, TypeError, "workers must be an integer"),
        ({"start": -1}, ValueError, "start must be at least 0"),
        ({"each": math.inf}, ValueError, "each must be finite"),
        ({"each": -0.5}, ValueError, "each must be at least 0"),
    ],
)
@pytest.mark.parametrize("function", [makespan, makespan_bounds])
def test_wrong_input_is_named(function, change, error, message):
    given = {"seconds": [1.0], "workers": 2} | change
    with pytest.raises(error, match=message):
        function(**given)


@pytest.mark.parametrize("function", [makespan, makespan_bounds])
def test_times_whose_sum_is_not_finite_are_refused(function):
    with pytest.raises(ValueError, match="the sum of seconds must be finite, but is inf"):
        function([1e308] * 3, 1)
    with pytest.raises(ValueError, match="the sum of seconds must be finite, but is inf"):
        function([1e308], 1, start=1e308)


def test_what_is_done_at_once_is_no_sum():
    assert makespan([1e308] * 3, 3) == 1e308
