"""Studies: what is chosen is chosen on validation data; the test set is met in one place."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from mnist_gd import experiments, studies
from mnist_gd.data import MNIST, Split
from mnist_gd.experiments import SETTINGS, build, final_run, validation_run
from mnist_gd.history import History
from mnist_gd.records import Record, code_version
from mnist_gd.search import SearchResult, grid
from mnist_gd.studies import (
    STUDIES,
    choose,
    final_results,
    full_search,
    notebook_grid,
    quick_search,
    study,
    sweep,
)

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "book").glob("*.md"))


class Sealed:
    """A test set that nobody may look at."""

    def __getattr__(self, name):
        raise AssertionError(f"the {name} of the test set were read")


@pytest.fixture
def fake(monkeypatch):
    """Runs without training: the score of a run is given by a rule, and calls are noted."""

    class Fake:
        def __init__(self):
            self.calls, self.recorded = [], set()

        @staticmethod
        def score(configuration, seed):
            return 0.5

        def run_all(self, function, configurations, *, seeds=(0,), **options):
            jobs = [(c, seed) for c in configurations for seed in seeds]
            if not options.get("run_missing", True):
                if any(c["epochs"] not in self.recorded for c, _ in jobs):
                    raise LookupError("no record")
            self.calls += [(function, c, seed) for c, seed in jobs]
            result = []
            for c, seed in jobs:
                epochs = c["epochs"]
                scores = [self.score(c, seed)] * epochs
                history = {"validation_score": scores, "seconds": list(range(1, epochs + 1))}
                result.append(
                    Record(c, seed, {"history": history}, {"test_logits": np.zeros((3, 1))}, 1.0)
                )
            return result

    fake = Fake()
    monkeypatch.setattr(studies, "run_all", fake.run_all)
    monkeypatch.setattr("mnist_gd.search.run_all", fake.run_all)
    return fake


# The choice of the headline networks


@pytest.fixture
def searched(monkeypatch, tmp_path):
    """What `choose` makes of a sweep whose scores are given by a rule; notes what was asked."""
    asked = {}

    def choose_by(task, scores):
        def fake_search(function, configurations, **options):
            asked.update(options, function=function, configurations=configurations)
            rows = [
                c | {"score": float(np.mean(scores(c))), "scores": list(scores(c))}
                for c in configurations
            ]
            return SearchResult(sorted(rows, key=lambda row: -row["score"]), runs=len(rows))

        monkeypatch.setattr(studies, "grid_search", fake_search)
        return choose(task, records=tmp_path, n_jobs=1), asked

    return choose_by


@pytest.mark.parametrize("task", studies.SWEEPS)
def test_choice_is_the_best_of_the_sweep(searched, tmp_path, task):
    largest = max(studies.SWEEPS[task]["learning_rate"])

    def scores(c):
        better = 0.1 * (c["learning_rate"] == largest) + 0.1 * (c["hidden_size"] > 64)
        return np.array([0.50, 0.51, 0.52]) + better

    chosen, asked = searched(task, scores)
    assert asked["function"] is validation_run
    assert (asked["records"], asked["n_jobs"]) == (tmp_path, 1)
    assert asked["seeds"] == studies.SWEEP_SEEDS
    assert asked["configurations"] == grid(task=[task], **studies.SWEEPS[task])
    assert chosen in asked["configurations"]
    assert chosen["learning_rate"] == largest
    assert chosen["hidden_size"] == max(studies.SWEEPS[task]["hidden_size"])
    assert chosen["decay"] == "cosine"  # a headline must not hang on the last few batches
    build(chosen, np.random.default_rng(0))


@pytest.mark.parametrize("lead", [-0.01, 0.0, 0.01])
def test_of_equals_the_smallest_is_chosen(searched, lead):
    """Whichever of two comes first by chance; a run that diverged does not blur the rest."""

    def scores(c):
        if c["learning_rate"] == 0.1:
            return [0.9, 0.0, 0.9]
        return np.array([0.80, 0.82, 0.84]) + lead * (c["learning_rate"] == 10.0) + 0.1

    assert searched("four", scores)[0]["learning_rate"] == 1.0


@pytest.mark.parametrize("function", [sweep, choose])
def test_no_such_sweep(function, tmp_path):
    with pytest.raises(ValueError, match=r"task must be .* but is 'four_balanced'"):
        function("four_balanced", records=tmp_path)


# The test set


@pytest.fixture
def tiny_mnist(monkeypatch):
    test = Split(np.zeros((3, 784), np.uint8), np.array([4, 0, 4]))
    monkeypatch.setattr(studies, "load_mnist", lambda dtype: MNIST(None, test))


@pytest.mark.parametrize(
    ("experiment", "labels", "names"),
    [
        ("four", [1, 0, 1], ["all images", "50:50 mix"]),
        ("ten", [4, 0, 4], ["plain gradient descent"]),
    ],
)
def test_final_results(fake, tiny_mnist, tmp_path, experiment, labels, names):
    """The chosen configuration, five seeds of each network, and the labels of the question."""
    results = final_results(experiment, records=tmp_path)
    assert results.configuration == choose(experiment, records=tmp_path)
    assert results.labels.tolist() == labels
    assert results.digits.tolist() == [4, 0, 4]
    assert list(results.runs) == names
    for (name, change), runs in zip(
        studies.FINALS[experiment].items(), results.runs.values(), strict=True
    ):
        assert name in results.runs
        assert [run.seed for run in runs] == [0, 1, 2, 3, 4]
        assert all(run.configuration == results.configuration | change for run in runs)
    finals = [call for call in fake.calls if call[0] is final_run]
    assert len(finals) == 5 * len(names)


def test_the_best_addition_is_chosen_on_validation_data(fake, tiny_mnist, tmp_path):
    with pytest.raises(LookupError):
        final_results("additions", records=tmp_path)
    assert not fake.calls
    fake.recorded.add(STUDIES["additions"]["full"]["epochs"])
    fake.score = lambda c, seed: 0.7 if c.get("dropout") else 0.6
    results = final_results("additions", records=tmp_path)
    assert results.configuration["dropout"] == 0.2
    assert results.configuration["hidden_size"] == STUDIES["additions"]["full"]["hidden_size"]


def test_no_such_experiment(tmp_path):
    with pytest.raises(ValueError, match=r"experiment must be one of .* but is 'five'"):
        final_results("five", records=tmp_path)


def code_of(path):
    """The code of a module, or of the executed cells of a page."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    cells = re.findall(
        r"^(`{3,})\{code-cell\}[^\n]*\n(.*?)^\1\s*$", text, flags=re.MULTILINE | re.DOTALL
    )
    return "\n".join(cell for _, cell in cells)


def reads_the_test_set(code):
    """Names under which code asks for the test set: an attribute, an argument, an array."""
    return sorted(set(re.findall(r"\.test\b|[\"']test[\"']|test_logits|t10k|final_run", code)))


# Where the test set may be read, and why.
READS = {
    "experiments.py": "a final run answers it after its last epoch",
    "studies.py": "final_results, for the labels",
    "_archives.py": "unpacks it",
    "data.py": "loads it",
    "data.md": "describes it; the best guess without learning answers it once",
}


@pytest.mark.parametrize(
    "path", [*sorted((ROOT / "mnist_gd").glob("*.py")), *PAGES], ids=lambda path: path.name
)
def test_the_test_set_is_read_in_one_place(path):
    """Nobody else names it; a page gets answers and labels from final_results alone."""
    found = reads_the_test_set(code_of(path))
    if path.name in READS:
        assert found
    else:
        assert set(found) <= {"test_logits"}, f"{path.name} reads the test set: {found}"
        if found:
            assert "final_results(" in code_of(path)


def test_no_page_asks_for_an_experiment_twice():
    """Every experiment is asked for somewhere, and a page works its results out in one place."""
    asked = {}
    for path in PAGES:
        for name in re.findall(r"final_results\(\s*\"(\w+)\"", code_of(path)):
            asked.setdefault(name, []).append(path.stem)
    assert set(asked) == set(studies.FINALS)
    for name, pages in asked.items():
        assert len(pages) == len(set(pages)), f"{name} is asked for twice on one page: {pages}"


def test_choosing_never_touches_the_test_set(fake, monkeypatch, tmp_path):
    monkeypatch.setattr(experiments, "load_mnist", lambda dtype: MNIST(None, Sealed()))
    monkeypatch.setattr(studies, "load_mnist", lambda dtype: MNIST(None, Sealed()))
    for task in studies.SWEEPS:
        choose(task, records=tmp_path)
    for name in STUDIES:
        study(name, records=tmp_path)
    quick_search(records=tmp_path)
    full_search(records=tmp_path)
    assert {function for function, _, _ in fake.calls} == {validation_run}


# Studies


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("scale", ["build", "full"])
def test_studies_hold_configurations_that_can_be_run(fake, tmp_path, name, scale):
    result = study(name, records=tmp_path, scale=scale)
    assert set(result.runs) == set(STUDIES[name]["variants"])
    assert result.full == (scale == "full")
    for _, configuration, _ in fake.calls:
        assert configuration.keys() <= SETTINGS
        build(configuration | {"hidden_size": 2}, np.random.default_rng(0))


def test_the_first_seed_chooses_the_rate_and_all_seeds_are_trained_with_it(fake, tmp_path):
    favourite = {"cross-entropy": 0.3, "squared error": 3.0}

    def score(configuration, seed):
        name = "squared error" if "mean" in configuration["loss"] else "cross-entropy"
        best = configuration["learning_rate"] == favourite[name]
        return (0.9 if best else 0.2) if seed == 0 else (0.1 * seed if best else 1.0)

    fake.score = score
    result = study("ten_losses", records=tmp_path)
    for name, rate in favourite.items():
        assert {run.configuration["learning_rate"] for run in result.runs[name]} == {rate}
        np.testing.assert_allclose(result.scores()[name], [0.9, 0.1, 0.2, 0.3, 0.4])
    assert {seed for _, c, seed in fake.calls if c["learning_rate"] == 0.1} == {0}


def test_records_of_the_full_study_come_first(fake, tmp_path):
    """A build shows them where all of them are there, and else does what it can."""
    short = study("ten_losses", records=tmp_path)
    assert (short.full, short.settings) == (False, STUDIES["ten_losses"]["build"])
    fake.recorded.add(STUDIES["ten_losses"]["full"]["epochs"])
    whole = study("ten_losses", records=tmp_path)
    assert (whole.full, whole.settings) == (True, STUDIES["ten_losses"]["full"])


def test_a_run_that_diverged_scores_nothing():
    settings = {"epochs": 3}
    outcomes = [
        {"history": {"validation_score": [0.1, 0.2, 0.3]}},
        {"diverged": "...", "history": {"validation_score": [0.1, 0.9]}},
        {"diverged": "...", "history": History().as_dict()},
    ]
    runs = [Record(settings, seed, outcome, {}, 1.0) for seed, outcome in enumerate(outcomes)]
    assert studies.Study({"a": runs}, settings, False).scores()["a"].tolist() == [0.3, 0, 0]
    assert [studies.settled_score(run) for run in runs] == [0.25, 0, 0]


@pytest.mark.parametrize(
    ("name", "variant", "chosen"),
    [("additions", "plain gradient descent", 1), ("additions", "falling rate", 0)],
)
def test_the_rule_of_choice_fits_the_rate(fake, monkeypatch, tmp_path, name, variant, chosen):
    """At a constant rate one good epoch at the end does not make it; at a falling one it does."""
    epochs = STUDIES[name]["build"]["epochs"]
    courses = [[0.1] * (epochs - 1) + [0.9], [0.2] * (epochs // 2) + [0.8] * (epochs // 2)]
    rates = STUDIES[name]["variants"][variant]["learning_rate"]
    run_all = fake.run_all

    def with_courses(function, configurations, **options):
        runs = run_all(function, configurations, **options)
        for run in runs:
            if run.configuration["learning_rate"] in rates:
                course = courses[rates.index(run.configuration["learning_rate"])]
                run.outcome["history"]["validation_score"] = course
        return runs

    monkeypatch.setattr(studies, "run_all", with_courses)
    runs = study(name, records=tmp_path, scale="build").runs[variant]
    assert {run.configuration["learning_rate"] for run in runs} == {rates[chosen]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "activations"}, r"name must be one of .* but is 'activations'"),
        ({"name": "ten_losses", "scale": "large"}, r"scale must be one of .* but is 'large'"),
    ],
)
def test_study_refuses(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        study(**arguments, records=tmp_path)


# The notebook's searches


@pytest.mark.parametrize(("task", "size", "runs"), [("four_balanced", 54, 18), ("ten", 72, 24)])
def test_the_notebook_s_grid(task, size, runs):
    """A rate on the sum over the batch is that many times the rate on the mean."""
    configurations = notebook_grid(task)
    assert len(configurations) == size
    without = [{n: v for n, v in c.items() if n != "epochs"} for c in configurations]
    assert len({str(c) for c in without}) == runs
    rates = sorted({round(c["learning_rate"] / c["batch_size"], 12) for c in configurations})
    assert rates == ([1e-5, 1e-4, 1e-3] if task == "four_balanced" else [1e-4, 0.01, 0.1])
    for configuration in configurations[:: size // 6]:
        assert configuration.keys() <= SETTINGS


def test_full_search_has_every_combination(fake, tmp_path):
    result = full_search(records=tmp_path)
    assert (len(result.rows), result.runs) == (72, 24)


def test_quick_search_comes_from_both_grids_down_to_one(fake, tmp_path):
    rungs = quick_search(records=tmp_path)
    assert [rung.runs for rung in rungs] == [48, 6, 1]
    assert [row["epochs"] for row in rungs[-1].rows] == [10, 15, 20]
    rates = {row["learning_rate"] for row in rungs[0].rows}
    assert set(studies.WORKING_RATES) < rates
    assert {c["learning_rate"] for c in notebook_grid("ten")} < rates


def test_main_runs_everything_in_full(fake, tiny_mnist, tmp_path, capsys):
    fake.recorded.update(range(100))
    studies.main([tmp_path])
    printed = capsys.readouterr().out
    for name in ("the 72 combinations", *STUDIES, "the best addition on the test set"):
        assert re.search(rf"^{name}: \d+ s$", printed, re.MULTILINE)
    about = json.loads((tmp_path / "studies.json").read_text(encoding="utf-8"))
    assert about["code_version"] == code_version()
    assert {"the 72 combinations", *STUDIES} < set(about["seconds"])
    lengths = {c["epochs"] for _, c, _ in fake.calls}
    assert lengths == {20, *(about["full"]["epochs"] for about in STUDIES.values())}


# Figures of trainings


def figures(path):
    """Name, alternative text and code of each figure that a page draws."""
    cells = re.findall(
        r"^```\{code-cell\}[^\n]*\n---\n(.*?)^---\n(.*?)^```\s*$",
        path.read_text(encoding="utf-8"),
        flags=re.MULTILINE | re.DOTALL,
    )
    for about, code in cells:
        if "figure:" in about:
            yield re.search(r"name: (\S+)", about)[1], about.partition("alt:")[2], code


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_text_for_a_figure_of_trainings_is_computed(path):
    """What comes out differs from machine to machine, so its text pastes what the runs gave."""
    typed = [
        name
        for name, alternative, code in figures(path)
        if re.search(r"run_all\(|\.outcome\b|\.rows\b|final_results\(", code)
        and "{glue:text}" not in alternative
    ]
    assert not typed


def test_there_are_figures_of_trainings():
    drawn = [name for path in PAGES for name, _, _ in figures(path)]
    assert {"fig-four-rates", "fig-search-frontier", "fig-search-axes"} <= set(drawn)
