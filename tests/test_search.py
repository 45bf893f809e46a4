"""The search: every configuration is judged as if it had been trained alone."""

import itertools
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_gd.records import run_all
from mnist_gd.search import (
    SearchResult,
    grid,
    grid_search,
    successive_halving,
)
from tests.runs import (
    AXES,
    QUIET,
    calls,
    columns,
    diverging,
    failing,
    real,
    synthetic,
)

ROOT = Path(__file__).parents[1]


# The grid


@given(
    st.dictionaries(
        st.sampled_from(["epochs", "hidden_size", "batch_size", "learning_rate"]),
        st.lists(st.integers(1, 99), min_size=1, max_size=4, unique=True),
        min_size=1,
    )
)
def test_grid_is_nested_loops(axes):
    expected = [{}]
    for name, values in axes.items():
        expected = [before | {name: value} for before in expected for value in values]
    assert grid(**axes) == expected


def test_grid_takes_arrays_and_unhashable_values():
    assert grid(rate=np.array([0.5, 2.0]), loss_options=[{}, {"alpha": 0.5}]) == [
        {"rate": 0.5, "loss_options": {}},
        {"rate": 0.5, "loss_options": {"alpha": 0.5}},
        {"rate": 2.0, "loss_options": {}},
        {"rate": 2.0, "loss_options": {"alpha": 0.5}},
    ]


@pytest.mark.parametrize("values", [[], [0.1, 0.5, 0.1], [1, 1.0], "relu", 5, None, [{}, {}]])
def test_grid_refuses(values):
    with pytest.raises(ValueError, match="rate must hold one or more different values, but is"):
        grid(epochs=[1], rate=values)


def test_grid_without_axes():
    with pytest.raises(ValueError, match="axes must name at least one setting"):
        grid()


# The table


@pytest.mark.parametrize("run", [synthetic, real])
def test_table_is_that_of_training_each_configuration_alone(tmp_path, run):
    """Also what is read off a longer run: the shorter one would have gone the same way."""
    configurations, seeds = grid(**AXES, epochs=[2, 5, 3]), (3, 1)
    result = grid_search(run, configurations, seeds=seeds, records=tmp_path, n_jobs=1)
    naive = []
    for configuration in configurations:
        histories = [run(configuration, seed)[0]["history"] for seed in seeds]
        scores = [history["validation_score"][-1] for history in histories]
        naive.append(
            configuration
            | {
                "score": sum(scores) / 2,
                "scores": scores,
                "seconds": sum(history["seconds"][-1] for history in histories) / 2,
                "diverged": 0,
            }
        )
    naive.sort(key=lambda row: -row["score"])
    left_out = []
    if run is real:  # another run takes another time
        assert all(row.seconds > 0 for row in result.rows)
        left_out = ["seconds"]
        naive = [{n: v for n, v in row.items() if n != "seconds"} for row in naive]
    assert columns(result.rows, *left_out) == naive
    assert result.best is result.rows[0]
    assert result.best.score == max(row["score"] for row in naive)


def test_a_row_is_read_by_column_or_attribute(tmp_path):
    (row,) = grid_search(synthetic, [{"rate": 2, "epochs": 3}], records=tmp_path, **QUIET).rows
    assert (row["rate"], row["epochs"], row.epochs) == (2, 3, 3)
    for name in ("score", "scores", "seconds", "diverged"):
        assert row[name] == getattr(row, name)
    for name in ("configuration", "nonsense"):
        with pytest.raises(KeyError, match=name):
            row[name]


@pytest.mark.parametrize(
    ("axes", "configurations", "runs"),
    [
        (
            {
                "epochs": [10, 20, 30],
                "batch_size": [64, 256, 1024],
                "learning_rate": [1e-3, 1e-4, 1e-5],
                "hidden_size": [256, 512],
            },
            54,
            18,
        ),
        (
            {
                "epochs": [10, 15, 20],
                "batch_size": [16, 64, 256, 512],
                "learning_rate": [0.1, 0.01, 1e-4],
                "hidden_size": [256, 512],
            },
            72,
            24,
        ),
    ],
)
def test_epochs_are_no_axis_to_train_over(tmp_path, axes, configurations, runs):
    log = tmp_path / "log"
    result = grid_search(
        synthetic, grid(**axes, log=[str(log)]), records=tmp_path / "records", **QUIET
    )
    assert len(result.rows) == configurations
    assert result.runs == runs == calls(log)


def test_longest_run_decides_whatever_the_order(tmp_path):
    """Epochs differ from one configuration to the next, and the longest need not come last."""
    configurations = [
        {"rate": 1, "epochs": 4},
        {"rate": 2, "epochs": 1},
        {"rate": 1, "epochs": 2},
    ]
    result = grid_search(synthetic, configurations, records=tmp_path, **QUIET)
    assert result.runs == 2
    for row in result.rows:
        history = synthetic({"rate": row["rate"], "epochs": 40}, 0)[0]["history"]
        assert row["score"] == history["validation_score"][row["epochs"] - 1]
        assert row["seconds"] == history["seconds"][row["epochs"] - 1]


@pytest.mark.parametrize(
    ("configurations", "error", "message"),
    [
        ([{"rate": 1}], ValueError, r"configurations must each have epochs.*'rate': 1"),
        ([{"epochs": 5}, {"epochs": 0}], ValueError, "epochs must be at least 1, but is 0"),
        ([{"epochs": 2.0}], TypeError, r"epochs must be an integer, but is 2\.0"),
        ([], ValueError, "configurations and seeds must not be empty"),
        ([{"epochs": 1, "loss": max}], TypeError, r"configurations must hold plain.*function max"),
    ],
)
def test_grid_search_refuses(tmp_path, configurations, error, message):
    with pytest.raises(error, match=message):
        grid_search(synthetic, configurations, records=tmp_path / "new", **QUIET)
    assert not (tmp_path / "new").exists()


@dataclass(frozen=True)
class Falling:
    """A configuration whose rate falls to zero: its course depends on where it is to end."""

    rate: float
    epochs: int
    settles: ClassVar = True


def test_a_run_that_settles_is_not_read_off_before_its_end(tmp_path):
    fine = [Falling(1.0, 3), Falling(2.0, 3)]
    assert grid_search(of_a_dataclass, fine, records=tmp_path, **QUIET).runs == 2
    again = grid_search(of_a_dataclass, [*fine, fine[0]], records=tmp_path, **QUIET)
    assert (len(again.rows), again.runs) == (3, 2)
    with pytest.raises(ValueError, match=r"epochs must be one number for each .* that settles"):
        grid_search(of_a_dataclass, [*fine, Falling(1.0, 2)], records=tmp_path, **QUIET)


@dataclass(frozen=True)
class Constant:
    rate: float
    epochs: int
    images: int | None = None


def of_a_dataclass(configuration, seed):
    return synthetic(asdict(configuration), seed)


def test_configurations_may_be_frozen_dataclasses(tmp_path):
    """The same table as of dicts with the same settings, and the run gets what was given."""
    settings = grid(rate=[0.5, 2.0], epochs=[2, 4], images=[None])
    theirs = grid_search(synthetic, settings, records=tmp_path, **QUIET)
    ours = [Constant(**c) for c in settings]
    table = grid_search(of_a_dataclass, ours, records=tmp_path, **QUIET)
    assert columns(table.rows) == columns(theirs.rows)
    assert {row.configuration for row in table.rows} == set(ours)
    assert table.runs == theirs.runs == 2
    rungs = [{"epochs": [1], "images": [10]}, {"epochs": [3]}]
    last = successive_halving(of_a_dataclass, ours[::2], rungs, records=tmp_path, **QUIET)[-1]
    assert [(row.epochs, row["images"]) for row in last.rows] == [(3, None)]


# Successive halving


def test_successive_halving_trains_the_best_on(tmp_path):
    """Each rung is a grid search; who goes on is decided by its scores, and nothing else."""
    candidates = grid(rate=[float(r) for r in range(13)], hidden_size=[4])
    rungs = [{"epochs": [1]}, {"epochs": [3], "images": [10]}, {"epochs": [5, 8]}]
    results = successive_halving(
        synthetic, candidates, rungs, keep=0.3, seeds=[0, 1], records=tmp_path, **QUIET
    )
    left = candidates
    for result, rung, size in zip(results, rungs, [13, 3, 1], strict=True):
        assert len(left) == size
        rows = [c | extra for c in left for extra in grid(**rung)]
        alone = grid_search(
            synthetic, rows, seeds=[0, 1], records=tmp_path, run_missing=False, **QUIET
        )
        assert columns(result.rows) == columns(alone.rows)
        best = sorted(result.rows, key=lambda row: -row.score)
        left = [{"rate": row["rate"], "hidden_size": 4} for row in best][: max(1, size * 3 // 10)]
    assert len(results[-1].rows) == 2
    assert len(list(tmp_path.glob("*.json"))) == 2 * (13 + 3 + 1)


def test_successive_halving_keeps_the_order_among_equals(tmp_path):
    candidates = grid(learning_rate=[1.0, 2.0, 3.0, 4.0])
    results = successive_halving(
        diverging, candidates, [{"epochs": [1]}, {"epochs": [2]}], records=tmp_path, **QUIET
    )
    assert [row["learning_rate"] for row in results[-1].rows] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"keep": 1.0}, r"keep must be below 1, but is 1\.0"),
        ({"keep": 0}, r"keep must be above 0, but is 0\.0"),
        ({"rungs": []}, "rungs must hold at least one dict of axes"),
        ({"rungs": [{"images": [1]}]}, "configurations must each have epochs"),
        ({"configurations": []}, "configurations and seeds must not be empty"),
    ],
)
def test_successive_halving_refuses(tmp_path, change, message):
    arguments = {"configurations": [{"rate": 1.0}], "rungs": [{"epochs": [1]}]} | change
    with pytest.raises(ValueError, match=message):
        successive_halving(synthetic, **arguments, records=tmp_path / "new", **QUIET)
    assert not (tmp_path / "new").exists()


# Divergence and other errors


def test_divergence_is_an_outcome_that_scores_nothing(tmp_path):
    """After the epoch in which it happened, and only with the seed with which it did."""
    configurations = grid(learning_rate=[1.0, 100.0], epochs=[2, 4])
    result = grid_search(diverging, configurations, seeds=[0, 1], records=tmp_path, **QUIET)
    table = {(row["learning_rate"], row["epochs"]): row for row in result.rows}
    assert table[1.0, 4]["scores"] == [0.5, 0.6]
    assert table[100.0, 2]["scores"] == [0.5, 0.9]
    assert table[100.0, 2]["diverged"] == 0
    assert table[100.0, 4]["scores"] == [0.5, 0.0]
    assert table[100.0, 4]["diverged"] == 1
    assert table[100.0, 4]["seconds"] == 4.0
    assert result.rows[-1] is table[100.0, 4]


def test_scores_stand_in_the_order_of_the_seeds(tmp_path):
    result = grid_search(
        diverging, grid(learning_rate=[100.0], epochs=[4]), seeds=[1, 0], records=tmp_path, **QUIET
    )
    assert result.best["scores"] == [0.0, 0.5]


def test_divergence_of_a_real_network_is_recorded_once(tmp_path):
    log = tmp_path / "log"
    configurations = grid(
        hidden_size=[4], batch_size=[16], learning_rate=[1e30, 0.1], epochs=[2], log=[str(log)]
    )
    for _ in range(2):
        records = run_all(real, configurations, records=tmp_path / "records", **QUIET)
        assert "learning_rate=1e+30" in records[0].outcome["diverged"]
        assert records[0].arrays == {}
        assert [record.diverged for record in records] == [True, False]
        assert records[0].score() == records[0].settled_score() == 0
    assert calls(log) == 2
    result = grid_search(real, configurations, records=tmp_path / "records", **QUIET)
    assert [row["learning_rate"] for row in result.rows] == [0.1, 1e30]
    assert result.rows[1]["score"] == 0
    assert np.isnan(result.rows[1]["seconds"])


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_other_errors_are_raised(tmp_path, n_jobs):
    configurations = grid(learning_rate=[1, 2])
    with pytest.raises(KeyError, match="a mistake in the code"):
        run_all(failing, configurations, records=tmp_path, n_jobs=n_jobs, progress=False)


# The best result in the least time


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "score": st.sampled_from([0.0, 0.5, 0.7, 0.9]),
                "seconds": st.sampled_from([1.0, 2.0, 3.0, 4.0, float("nan")]),
            }
        )
    )
)
def test_frontier(rows):
    """Fastest first, each slower row better; every other row has one at least as good and fast."""
    rows = [SimpleNamespace(**row, diverged=int(np.isnan(row["seconds"]))) for row in rows]
    frontier = SearchResult(rows).frontier()
    for fast, slow in itertools.pairwise(frontier):
        assert fast.seconds < slow.seconds
        assert fast.score < slow.score
    for row in rows:
        if not row.diverged:
            assert any(
                kept.score >= row.score and kept.seconds <= row.seconds for kept in frontier
            )
    assert all(row in rows and not row.diverged for row in frontier)
