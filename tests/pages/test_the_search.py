"""The sentences that the page computes say what the numbers say, whichever way a run falls."""

import json
from pathlib import Path

import pytest

from benchmarks import full_search
from mnist_gd.experiments import searches
from mnist_gd.experiments.runs import Configuration
from mnist_gd.records import Record
from mnist_gd.search import Row, SearchResult
from tests.page_functions import functions_of


@pytest.fixture(scope="module")
def page():
    functions = functions_of("the_search")
    functions["searches"] = searches  # their globals
    return functions


def row(*scores, epochs=2, seconds=1.0, lost=0, **change):
    """A row of a table: one seed for each score, the first `lost` of them diverged."""
    configuration = Configuration(
        **{
            "question": "ten",
            "loss": "cross_entropy_with_logits",
            "hidden_size": 64,
            "batch_size": 16,
            "learning_rate": 0.3,
            "epochs": epochs,
        }
        | change
    )
    records = []
    for seed, score in enumerate(scores):
        length = 0 if seed < lost else epochs
        history = {
            "train_loss": [0.1] * length,
            "validation_score": [score] * length,
            "seconds": [seconds * (1 + epoch) / epochs for epoch in range(length)],
        }
        outcome = {"history": history} | ({"diverged": "..."} if seed < lost else {})
        records.append(Record(configuration, seed, outcome, {}, seconds))
    return Row(configuration, records)


def test_learning_by_heart_is_told_where_it_shows(page):
    sentence = page["overfit_sentence"]
    courses = {"batch 8": (0.001, [0.1, 0.05, 0.08]), "batch 64": (0.01, [0.1, 0.05, 0.03])}
    assert sentence(courses) == (
        "Among the settings that learn, the two losses end farthest apart with batch 8: "
        "0.001 on the training images, 0.080 on "
        "those held out; the held-out loss was lowest after epoch 2 and ends higher"
    )
    assert sentence({"batch 64": (0.01, [0.1, 0.03]), "rate 10": (0.4, [])}).endswith(
        "with batch 64: 0.010 on the training images, 0.030 on those held out; the held-out loss "
        "is lowest at the end"
    )
    assert sentence({}) == "No run got to its end"


def test_a_run_that_diverged_has_no_ends(page):
    assert page["ends"](row(0.5, lost=1).records) is None
    assert page["end_words"](None, "loss") == "diverged"
    assert page["held_out_course"](row(0.5, lost=1).records) == []
    assert page["seconds_words"](row(0.5, lost=1).records) == "–"
    assert page["seconds_words"](row(0.5, 0.5, seconds=1.0).records) == "500"


def test_what_is_lost_in_a_grid_is_counted_by_rate(page):
    rows = [row(0.95, learning_rate=0.3), row(0.5, learning_rate=1.0), row(0.0, learning_rate=1.0)]
    assert page["poor_sentence"](rows, [0.3, 1.0]) == (
        "Of our 3, 2 score below 0.9: 2 at the rate 1"
    )
    assert page["poor_sentence"](rows[:1], [0.3, 1.0]) == "Of our 1, none scores below 0.9"


def test_the_setting_that_moves_the_best_score_most(page):
    first_axis, rate = page["first_axis"], page["on_the_mean"]
    by_rate = [row(0.5, learning_rate=0.1), row(0.9), row(0.85, hidden_size=16)]
    assert first_axis(by_rate, rate) == "learning rate"
    by_size = [row(0.89, learning_rate=0.1, hidden_size=16), row(0.9), row(0.5, hidden_size=16)]
    by_size[0] = row(0.6, learning_rate=0.3, hidden_size=16)
    assert first_axis(by_size, rate) == "hidden size"
    both = page["first_axes_sentence"]
    assert both("epochs", "epochs").startswith("In both grids")
    assert "along the epochs in the notebook's grid, and along the batch size in ours" in both(
        "epochs", "batch size"
    )


def test_a_winner_is_told_with_spread_and_time(page):
    sentence = page["answer_sentence"](row(0.98, 0.97, 0.99, seconds=0.123))
    assert sentence == (
        "a rate of 0.3, batches of 16, 64 hidden units and 2 epochs give F₁ = 0.9800 ± 0.0100 on "
        "validation data over 3 fresh seeds, in 0.12 s on one core"
    )
    falling = page["setting"](row(0.9, decay="cosine", learning_rate=1.0))
    assert falling.startswith("a rate that falls from 1 to zero, batches of 16")
    assert [page["duration"](s) for s in (0.031, 2.36, 26.4)] == ["0.031", "2.4", "26"]


@pytest.mark.parametrize(
    ("again", "said"),
    [
        ([0.8, 0.9], "2 of the 2 finalists score lower than with the seed that found them, and "),
        ([0.95, 0.99], "1 of the 2"),
        ([0.96, 0.99], "0 of the 2"),
    ],
)
def test_luck_of_the_first_seed(page, again, said):
    sentence = page["luck_sentence"]([0.96, 0.98], again)
    assert said in sentence
    mean = sum(again) / 2 - 0.97
    assert sentence.endswith(f"{abs(mean):.4f} {'lower' if mean < 0 else 'higher'}")


def test_a_winner_at_the_edge_of_what_was_tried(page):
    sizes, rates, epochs = (16, 64, 256), (0.1, 0.3, 1.0), (1, 2, 4)
    rows = [row(0.9, hidden_size=h, epochs=e) for h in sizes for e in epochs]
    rows += [row(0.9, batch_size=b, learning_rate=r) for b in (8, 16, 32) for r in rates]
    edge = page["at_the_edge"]
    assert edge(row(0.9), rows) == "each of its settings lies within what was tried"
    assert edge(row(0.9, hidden_size=16), rows) == "beyond its hidden size nothing was tried"
    assert edge(row(0.9, hidden_size=256, epochs=4), rows) == (
        "beyond its hidden size and epochs nothing was tried"
    )


@pytest.mark.parametrize(
    ("score", "said"),
    [(0.99, "0.0100 higher"), (0.97, "0.0100 lower"), (0.98, "the same")],
)
def test_the_answer_beside_what_takes_longer(page, score, said):
    sentence = page["longer_sentence"](
        "The best", row(score, seconds=1.0), row(0.98, seconds=3.0, hidden_size=256)
    )
    assert sentence.endswith(said)
    assert "256 hidden units" in sentence
    assert "0.9800 with one seed in 3 s" in sentence
    several = page["longer_sentence"]("The best", row(score), row(0.98, 0.98))
    assert "over 2 seeds" in several
    assert "3 times the time" in sentence


def test_combinations_without_a_time_are_told(page):
    shown = page["shown_words"]
    assert shown([row(0.9), row(0.8)], "all images") == "2 combinations (all images)"
    assert shown([row(0.9), row(0.8, lost=1)], "all images") == (
        "1 combinations (all images) without 1 that diverged"
    )


# Halving, compared with the truth


def table(*rows):
    return SearchResult(sorted(rows, key=lambda row: -row.score))


def halved(first):
    """Two rungs: what the first one makes of some rates, and the best of it to the end."""
    images = {"images": 100, "epochs": 1, "seconds": 0.5}
    rung = table(*(row(score, learning_rate=rate, **images) for rate, score in first.items()))
    rate = rung.best["learning_rate"]
    return [rung, table(row(0.95, learning_rate=rate, seconds=10.0))]


def kept(*runs):
    """What the record of all runs holds: of each its rate, score and seconds."""
    settings = {"batch_size": 16, "hidden_size": 64, "decay": None, "epochs": 2}
    return {
        "date": "2026-11-26T08:00:00+00:00",
        "machine": {"processor": "a processor"},
        "blas": {"architecture": "Haswell"},
        "runs": [
            settings | {"learning_rate": rate, "score": score, "seconds": seconds}
            for rate, score, seconds in runs
        ],
    }


def test_halving_that_kept_the_best(page):
    rungs = halved({0.1: 0.5, 0.3: 0.6})
    sentence = page["verdict"](kept((0.1, 0.9, 20.0), (0.3, 0.95, 30.0)), rungs)
    assert sentence.startswith("Halving kept the best of the 2 runs, 95.00% in the end")
    assert "All runs to the end took 50 s of processor time on 2026-11-26" in sentence
    assert "(a processor, Haswell kernels), halving 11 s now" in sentence
    tie = kept((0.1, 0.95, 1.0), (0.3, 0.95, 1.0))
    assert page["verdict"](tie, rungs).startswith("Halving kept the best of the 2 runs")


def test_halving_that_lost_the_best(page):
    rungs = halved({0.1: 0.5, 0.3: 0.6, 1.0: 0.4})
    full = kept((0.1, 0.97, 1.0), (0.3, 0.95, 1.0), (1.0, 0.96, 1.0))
    sentence = page["verdict"](full, rungs)
    assert sentence.startswith("Halving lost the best of the 3 runs: a rate of 0.1, batches of 16")
    assert "reach 97.00%, but were number 2 of 3 on rung 1" in sentence
    assert "Its winner is number 3, 2.00 points below" in sentence


def test_a_record_of_other_settings_is_not_compared(page):
    rungs = halved({0.1: 0.5, 0.3: 0.6})
    assert "of other settings" in page["verdict"](kept((0.1, 0.9, 1.0)), rungs)


def test_the_record_in_the_tree_is_of_the_runs_that_halving_chooses_among():
    newest = max(Path(full_search.FOLDER).glob("*.json"))
    runs = json.loads(newest.read_text(encoding="utf-8"))["runs"]
    found = {tuple(run[name] for name in full_search.SETTINGS) for run in runs}
    asked = searches.candidates()
    assert found == {tuple(getattr(c, name) for name in full_search.SETTINGS) for c in asked}
    assert len(runs) == len(asked)


def test_the_record_is_made_of_the_search_and_says_where(monkeypatch, tmp_path):
    asked = []

    def searched(*, records):
        asked.append(records)
        return table(row(0.9), row(0.8, epochs=1))

    monkeypatch.setattr(searches, "full_search", searched)
    monkeypatch.setattr(full_search, "FOLDER", tmp_path / "of_a_day")
    monkeypatch.setattr("sys.argv", ["full_search", "somewhere"])
    full_search.main()
    (written,) = (tmp_path / "of_a_day").iterdir()
    found = json.loads(written.read_text(encoding="utf-8"))
    assert asked == [Path("somewhere")]
    assert written.stem == found["date"][:10]
    assert found["machine"]["processor"]
    assert [run["score"] for run in found["runs"]] == [0.9]


def test_of_each_run_the_best_number_of_epochs_is_kept():
    rows = table(row(0.9, learning_rate=0.1), row(0.8, epochs=1, learning_rate=0.1), row(0.7))
    rates = [
        (run["learning_rate"], run["epochs"], run["score"])
        for run in full_search.outcomes(rows.rows)
    ]
    assert rates == [(0.1, 2, 0.9), (0.3, 2, 0.7)]
