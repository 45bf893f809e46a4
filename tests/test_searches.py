"""The searches of the book: what is tried, and what is chosen on validation data."""

from dataclasses import replace

import numpy as np
import pytest

from mnist_gd.experiments import plans, searches
from mnist_gd.experiments.runs import Configuration, build, validation_run
from mnist_gd.experiments.searches import (
    choose,
    halving_search,
    notebook_grid,
    notebook_search,
    sweep,
    validate,
)
from mnist_gd.search import Row, SearchResult, grid
from tests.fake_runs import Fake, small

# The choice of the headline networks


@pytest.fixture
def searched(monkeypatch, tmp_path):
    """What `choose` makes of a sweep whose scores are given by a rule; notes what was asked."""
    asked = {}

    def choose_by(question, scores):
        def fake_search(function, configurations, **options):
            asked.update(options, function=function, configurations=configurations)
            rows = []
            for c in configurations:
                runs = Fake()
                runs.score = lambda c, seed: scores(c)[seed]
                rows.append(Row(c, [runs.record(c, seed) for seed in options["seeds"]]))
            return SearchResult(sorted(rows, key=lambda row: -row.score))

        monkeypatch.setattr(searches, "grid_search", fake_search)
        return choose(question, records=tmp_path, n_jobs=1), asked

    return choose_by


@pytest.mark.parametrize("question", plans.SWEEPS)
def test_choice_is_the_best_of_the_sweep(searched, tmp_path, question):
    largest = max(plans.SWEEPS[question]["learning_rate"])

    def scores(c):
        better = 0.1 * (c.learning_rate == largest) + 0.1 * (c.hidden_size > 64)
        return np.array([0.50, 0.51, 0.52]) + better

    chosen, asked = searched(question, scores)
    assert asked["function"] is validation_run
    assert (asked["records"], asked["n_jobs"]) == (tmp_path, 1)
    assert asked["seeds"] == plans.SWEEP_SEEDS
    expected = [Configuration(**c) for c in grid(**plans.SWEEPS[question])]
    assert asked["configurations"] == expected
    assert chosen in asked["configurations"]
    assert chosen.learning_rate == largest
    assert chosen.hidden_size == max(plans.SWEEPS[question]["hidden_size"])
    assert chosen.decay == "cosine"  # a headline must not hang on the last few batches
    build(chosen, np.random.default_rng(0))


@pytest.mark.parametrize("lead", [-0.01, 0.0, 0.01])
def test_of_equals_the_smallest_is_chosen(searched, lead):
    """Whichever of two comes first by chance; a run that diverged does not blur the rest."""

    def scores(c):
        if c.learning_rate == 0.1:
            return [0.9, 0.0, 0.9]
        return np.array([0.80, 0.82, 0.84]) + lead * (c.learning_rate == 10.0) + 0.1

    assert searched("four", scores)[0].learning_rate == 1.0


@pytest.mark.parametrize("function", [sweep, choose])
def test_no_such_sweep(function, tmp_path):
    with pytest.raises(ValueError, match=r"question must be one of .* but is 'five'"):
        function("five", records=tmp_path)


# Trainings that are judged on validation data


def test_validate_runs_and_records(monkeypatch):
    seen = {}
    monkeypatch.setattr(
        searches, "run_all", lambda *given, **options: seen.update(options) or given
    )
    configuration = notebook_grid("ten")[0]
    assert validate([configuration], n_jobs=1) == (validation_run, [configuration])
    assert seen == {"seeds": (0,), "records": searches.RECORDS, "n_jobs": 1}


# The notebook's searches


@pytest.mark.parametrize(("question", "size", "runs"), [("four", 54, 18), ("ten", 72, 24)])
def test_the_notebook_s_grid(question, size, runs):
    """A rate on the sum over the batch is that many times the rate on the mean."""
    configurations = notebook_grid(question)
    assert len(configurations) == size
    assert len({replace(c, epochs=1) for c in configurations}) == runs
    rates = sorted({round(c.learning_rate / c.batch_size, 12) for c in configurations})
    assert rates == ([1e-5, 1e-4, 1e-3] if question == "four" else [1e-4, 0.01, 0.1])
    mix = "balanced" if question == "four" else "natural"
    assert {(c.question, c.mix, c.judged_on) for c in configurations} == {(question, mix, mix)}
    for configuration in configurations[:: size // 6]:
        build(small(configuration), np.random.default_rng(0))


def test_the_notebook_planned_no_other():
    with pytest.raises(ValueError, match=r"question must be one of .* but is 'five'"):
        notebook_grid("five")


def test_notebook_search_has_every_combination(fake, tmp_path):
    result = notebook_search("ten", records=tmp_path)
    assert (len(result.rows), result.runs) == (72, 24)


def test_halving_search_comes_from_both_grids_down_to_one(fake, tmp_path):
    rungs = halving_search(records=tmp_path)
    assert [rung.runs for rung in rungs] == [48, 6, 1]
    assert [row.epochs for row in rungs[-1].rows] == [10, 15, 20]
    assert [{row["images"] for row in rung.rows} for rung in rungs] == [{10_000}, {20_000}, {None}]
    rates = {row["learning_rate"] for row in rungs[0].rows}
    assert set(plans.WORKING_RATES) < rates
    assert {c.learning_rate for c in notebook_grid("ten")} < rates
