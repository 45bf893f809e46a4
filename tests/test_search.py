"""The search: every configuration is judged as if it had been trained alone."""

import itertools
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_gd.history import History
from mnist_gd.records import Record, run_all
from mnist_gd.search import Row, SearchResult, grid, grid_search, successive_halving
from tests.runs import (
    AXES,
    QUIET,
    Course,
    calls,
    diverging,
    failing,
    lines,
    of_course,
    real,
    synthetic,
    without_seconds,
)

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
    rows = lines(result.rows)
    if run is real:  # another run takes another time
        assert all(row.seconds > 0 for row in result.rows)
        rows, naive = without_seconds(rows), without_seconds(naive)
    assert rows == naive
    assert result.best is result.rows[0]
    assert result.best.score == max(row["score"] for row in naive)
    for row in result.rows:
        assert [record.seed for record in row.records] == [3, 1]
        assert all(record.configuration["epochs"] == 5 for record in row.records)


def test_a_row_has_its_columns_by_name_too(tmp_path):
    configurations = grid(learning_rate=[1.0, 100.0], epochs=[2, 4])
    courses = [Course(1.0), Course(2.0, epochs=3)]
    rows = [
        *grid_search(diverging, configurations, seeds=[0, 1], records=tmp_path, **QUIET).rows,
        *grid_search(of_course, courses, records=tmp_path, **QUIET).rows,
    ]
    for row in rows:
        for name in ("score", "scores", "seconds", "diverged"):
            assert row[name] == getattr(row, name)
        about = row.configuration
        for name in ("learning_rate", "epochs") if isinstance(about, dict) else ("rate", "epochs"):
            assert row[name] == (about[name] if isinstance(about, dict) else getattr(about, name))
        assert row.epochs == row["epochs"]
        for unknown in ("runs", "records", "configuration", "frontier", 0):
            with pytest.raises(KeyError):
                row[unknown]


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


def test_a_rate_that_decays_is_not_read_off_before_its_end(tmp_path):
    """Its course depends on where the training is to end."""
    fine = [Course(rate, epochs=3, settles=True) for rate in (1.0, 2.0)]
    assert grid_search(of_course, [*fine, fine[0]], records=tmp_path, **QUIET).runs == 2
    for epochs in (2, 4):
        other = replace(fine[0], epochs=epochs)
        for configurations in ([*fine, other], [other, *fine]):
            with pytest.raises(ValueError, match=r"epochs must be one number for each .* settles"):
                grid_search(of_course, configurations, records=tmp_path / "new", **QUIET)
    assert not (tmp_path / "new").exists()
    constant = [Course(1.0, epochs=3), Course(1.0, epochs=4)]
    assert grid_search(of_course, constant, records=tmp_path, **QUIET).runs == 1


def test_a_configuration_given_twice_has_two_rows_of_one_run(tmp_path):
    log = tmp_path / "log"
    same = grid(rate=[1.0], epochs=[2], log=[str(log)]) * 2
    result = grid_search(synthetic, same, records=tmp_path / "records", **QUIET)
    assert (len(result.rows), result.runs, calls(log)) == (2, 1, 1)
    result = grid_search(of_course, [Course(1.0)] * 2, records=tmp_path / "records", **QUIET)
    assert (len(result.rows), result.runs) == (2, 1)


def test_the_order_of_settings_makes_no_other_run(tmp_path):
    configurations = [{"rate": 1, "size": 2, "epochs": 2}, {"size": 2, "rate": 1, "epochs": 4}]
    assert grid_search(synthetic, configurations, records=tmp_path, **QUIET).runs == 1


@pytest.mark.parametrize(
    "result", [Row({"epochs": 1}, []), SearchResult([])], ids=["row", "result"]
)
def test_a_result_is_not_changed(result):
    for name in vars(result):
        with pytest.raises(FrozenInstanceError):
            setattr(result, name, None)


def as_they_are(configuration, seed):
    """The score tells the kind of the rate."""
    score = {int: 0.1, float: 0.2, bool: 0.3}[type(configuration["rate"])]
    epochs = configuration["epochs"]
    return {"history": {"validation_score": [score] * epochs, "seconds": [1.0] * epochs}}, {}


def test_an_integer_is_not_read_off_the_run_of_a_float(tmp_path):
    """As in the records: what compares equal need not mean the same to a run."""
    configurations = [{"rate": rate, "epochs": e} for rate in (1, 1.0, True) for e in (1, 2)]
    result = grid_search(as_they_are, configurations, records=tmp_path, **QUIET)
    assert result.runs == 3
    assert [row.score for row in result.rows] == [0.3, 0.3, 0.2, 0.2, 0.1, 0.1]
    rungs = [{"epochs": [1]}, {"epochs": [2]}]
    candidates = [{"rate": rate} for rate in (1, 1.0, True)]
    last = successive_halving(as_they_are, candidates, rungs, records=tmp_path, **QUIET)[-1]
    assert [type(row["rate"]) for row in last.rows] == [bool]


def test_dicts_and_dataclasses_in_one_table(tmp_path):
    configurations = [{"rate": 1.0, "epochs": 3}, Course(1.0), Course(2.0), Course(1.0, epochs=3)]
    result = grid_search(of_course, configurations, records=tmp_path, **QUIET)
    assert result.runs == 3
    for row in result.rows:
        history = of_course(row.configuration, 0)[0]["history"]
        assert row.score == history["validation_score"][-1]
    assert {str(row.configuration) for row in result.rows} == set(map(str, configurations))


def stopped(configuration, seed):
    """A training with a patience that ended after three epochs."""
    history = History(
        validation_loss=[2.0, 1.0, 3.0],
        validation_score=[0.1, 0.6, 0.7],
        seconds=[1.0, 2.0, 3.0],
        best_epoch=2,
    )
    return {"history": history.as_dict()}, {}


def test_a_training_that_was_stopped_has_not_diverged(tmp_path):
    configurations = [{"epochs": epochs} for epochs in (1, 9)]
    short, long = sorted(
        grid_search(stopped, configurations, records=tmp_path, **QUIET).rows,
        key=lambda row: row.epochs,
    )
    assert (short.score, short.seconds, short.diverged) == (0.1, 1.0, 0)
    assert (long.score, long.seconds, long.diverged) == (0.6, 3.0, 0)


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
        assert lines(result.rows) == lines(alone.rows)
        assert result.runs == alone.runs
        best = sorted(result.rows, key=lambda row: -row["score"])
        left = [{"rate": row["rate"], "hidden_size": 4} for row in best][: max(1, size * 3 // 10)]
    assert len(results[-1].rows) == 2
    assert len(list(tmp_path.glob("*.json"))) == 2 * (13 + 3 + 1)


def test_successive_halving_of_things(tmp_path):
    """Candidates are changed, not merged: what they had where a rung sets it does not count."""
    candidates = [Course(float(rate), epochs=7) for rate in range(4)]
    rungs = [{"epochs": [1]}, {"epochs": [2, 3]}]
    first, last = successive_halving(of_course, candidates, rungs, records=tmp_path, **QUIET)
    assert [row.configuration for row in sorted(first.rows, key=lambda row: row["rate"])] == [
        replace(c, epochs=1) for c in candidates
    ]
    best = {row["rate"] for row in first.rows[:2]}
    assert {(row["rate"], row["epochs"]) for row in last.rows} == {
        (rate, epochs) for rate in best for epochs in (2, 3)
    }
    assert all(isinstance(row.configuration, Course) for row in last.rows)


def test_successive_halving_takes_what_a_search_takes(tmp_path):
    """Tuples and numbers of NumPy, in the candidates and in the rungs."""
    candidates = [{"sizes": (n, n), "rate": np.float32(0.1)} for n in range(4)]
    rungs = [{"epochs": np.arange(1, 3), "shape": [(1, 2)]}, {"epochs": [np.int64(3)]}]
    last = successive_halving(synthetic, candidates, rungs, records=tmp_path, **QUIET)[-1]
    assert len(last.rows) == 2
    assert all(type(row["sizes"]) is list for row in last.rows)


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
        *(
            ({"rungs": rungs}, "rungs must hold one dict of axes or more")
            for rungs in ([], [{}], [{"epochs": [1]}, {}], [{1: [1]}], [[1]])
        ),
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
    assert result.rows[-1] == table[100.0, 4]


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
        assert "diverged" not in records[1].outcome
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


def row_of(score, seconds):
    """A row of one run of one epoch; without a time it did not come to its end."""
    history = {"validation_score": [score], "seconds": [seconds]}
    if seconds is None:
        history = {}
    return Row({"epochs": 1}, [Record({"epochs": 1}, 0, {"history": history}, {}, 1.0)])


@given(
    st.lists(
        st.builds(
            row_of, st.sampled_from([0.0, 0.5, 0.7, 0.9]), st.sampled_from([1.0, 2.0, 3.0, None])
        )
    )
)
def test_frontier(rows):
    """Fastest first, each slower row better; every other row has one at least as good and fast."""
    frontier = SearchResult(rows).frontier()
    for fast, slow in itertools.pairwise(frontier):
        assert fast.seconds < slow.seconds
        assert fast.score < slow.score
    for row in rows:
        if not row.diverged:
            assert any(
                kept.score >= row.score and kept.seconds <= row.seconds for kept in frontier
            )
    assert all(any(kept is row for row in rows) and not kept.diverged for kept in frontier)


@pytest.mark.parametrize("values", [[np.ones(2)], np.ones((2, 2)), np.array(3), [np.array(1)]])
def test_an_axis_of_arrays_is_refused(values):
    with pytest.raises(ValueError, match="rate must hold one or more different values"):
        grid(rate=values)


def without_history(configuration, seed):
    return {"score": 1.0}, {}


def test_what_tells_no_history_is_not_ranked(tmp_path):
    with pytest.raises(ValueError, match=r"function must return a history, but has returned {'sc"):
        grid_search(without_history, [{"epochs": 1}], records=tmp_path, **QUIET)


def without_validation(configuration, seed):
    return {"history": {"train_loss": [1.0], "seconds": [1.0]}}, {}


def without_seconds_of_an_epoch(configuration, seed):
    return {"history": {"validation_score": [1.0]}}, {}


@pytest.mark.parametrize(
    ("function", "missing"),
    [(without_validation, "validation_score"), (without_seconds_of_an_epoch, "seconds")],
)
def test_what_tells_no_score_or_no_time_is_not_ranked(tmp_path, function, missing):
    with pytest.raises(ValueError, match=f"history of function must have .*{missing}"):
        grid_search(function, [{"epochs": 1}], records=tmp_path, **QUIET)
