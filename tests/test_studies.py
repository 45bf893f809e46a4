"""Studies: what is chosen is chosen on validation data; the test set is met in one place."""

import json
import re
import sys
from contextlib import contextmanager
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest

from mnist_gd import data, metrics
from mnist_gd.data import MNIST, Split
from mnist_gd.experiments import plans, runs, studies
from mnist_gd.experiments.plans import STUDIES
from mnist_gd.experiments.runs import Configuration, build, final_run, validation_run
from mnist_gd.experiments.searches import (
    choose,
    fastest,
    full_search,
    halving_search,
    notebook_search,
)
from mnist_gd.experiments.studies import FinalResults, Study, final_results, study
from mnist_gd.history import History
from mnist_gd.records import Record

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "book").glob("*.md"))


class Sealed:
    """A test set that nobody may look at."""

    def __getattr__(self, name):
        raise AssertionError(f"the {name} of the test set were read")


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
    chosen, first = (
        choose(experiment, records=tmp_path),
        next(iter(plans.TEST_NETWORKS[experiment].values())),
    )
    assert results.configuration == replace(chosen, **first)
    assert set(first) <= {"epochs"}  # all else is what was chosen
    assert results.labels.tolist() == labels
    assert results.digits.tolist() == [4, 0, 4]
    assert list(results.runs) == names
    for (name, change), several in zip(
        plans.TEST_NETWORKS[experiment].items(), results.runs.values(), strict=True
    ):
        assert name in results.runs
        assert [run.seed for run in several] == [0, 1, 2, 3, 4]
        changed = replace(chosen, **change)
        assert all(run.configuration == changed for run in several)
    natural = replace(results.configuration, mix="natural")
    assert results.configuration == natural  # a mix is what another network learns from
    finals = [call for call in fake.calls if call[0] is final_run]
    assert len(finals) == 5 * len(names)


def test_the_best_addition_is_chosen_on_validation_data(fake, tiny_mnist, tmp_path):
    with pytest.raises(LookupError):
        final_results("additions", records=tmp_path)
    assert not fake.calls
    fake.recorded.add(STUDIES["additions"]["full"]["epochs"])
    fake.score = lambda c, seed: 0.7 if c.dropout else 0.6
    results = final_results("additions", records=tmp_path)
    assert results.configuration.dropout == 0.2
    assert results.configuration.hidden_size == STUDIES["additions"]["full"]["hidden_size"]


def test_the_answer_of_the_search_is_what_meets_the_test_set(fake, tiny_mnist, tmp_path):
    fake.score = lambda c, seed: 0.9 if (c.hidden_size, c.batch_size) == (16, 128) else 0.5
    results = final_results("search", records=tmp_path)
    assert results.configuration == fastest("natural", records=tmp_path).configuration
    assert (results.configuration.hidden_size, results.configuration.batch_size) == (16, 128)
    assert results.configuration.mix == "natural"
    assert results.labels.tolist() == [1, 0, 1]
    finals = [call for call in fake.calls if call[0] is final_run]
    assert [(c, seed) for _, c, seed in finals] == [
        (results.configuration, seed) for seed in plans.SEEDS
    ]


def test_no_such_experiment(tmp_path):
    with pytest.raises(ValueError, match=r"experiment must be one of .* but is 'five'"):
        final_results("five", records=tmp_path)


def test_answers_and_scores_of_the_final_networks():
    """One set a seed, of the network that is named, by default of the first."""
    logits = {
        "a": [[[-1.0], [2.0], [3.0]], [[1.0], [-2.0], [3.0]]],
        "b": [[[1.0], [-1.0], [1.0]], [[1.0], [1.0], [1.0]]],
    }
    named = {
        name: [Record({}, 0, {}, {"test_logits": np.float32(z)}, 1.0) for z in several]
        for name, several in logits.items()
    }
    labels = np.array([1, 0, 1])
    results = FinalResults(np.zeros((3, 784), np.uint8), np.array([4, 0, 4]), labels, None, named)
    for name, zs in logits.items():
        assert results.logits(name).dtype == np.float32
        assert results.logits(name).tolist() == zs
        assert results.answers(name).tolist() == (np.array(zs)[..., 0] > 0).astype(int).tolist()
    assert results.logits().tolist() == logits["a"]
    assert results.answers().tolist() == results.answers("a").tolist()
    np.testing.assert_allclose(results.scores(metrics.accuracy), [1 / 3, 1])
    np.testing.assert_allclose(results.scores(metrics.accuracy, "b"), [1, 2 / 3])
    np.testing.assert_allclose(results.scores(metrics.recall), [0.5, 1])
    with pytest.raises(ValueError, match="name must be one of"):
        results.scores(metrics.accuracy, "c")


def test_answers_of_ten_digits():
    z = np.eye(10, dtype=np.float32)[[3, 7]]
    named = {"a": [Record({}, 0, {}, {"test_logits": z}, 1.0)]}
    assert FinalResults(None, None, np.array([3, 1]), None, named).answers().tolist() == [[3, 7]]


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
    "runs.py": "a final run answers it after its last epoch",
    "studies.py": "final_results, for the labels",
    "_archives.py": "unpacks it",
    "data.py": "loads it",
    "data.md": "describes it; the best guess without learning answers it once",
}


@pytest.mark.parametrize(
    "path", [*sorted((ROOT / "mnist_gd").rglob("*.py")), *PAGES], ids=lambda path: path.name
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
    assert set(asked) == set(plans.TEST_NETWORKS)
    for name, pages in asked.items():
        assert len(pages) == len(set(pages)), f"{name} is asked for twice on one page: {pages}"


def test_choosing_never_touches_the_test_set(fake, monkeypatch, tmp_path):
    for module in (data, runs, studies):
        monkeypatch.setattr(module, "load_mnist", lambda dtype: MNIST(None, Sealed()))
    for question in plans.SWEEPS:
        choose(question, records=tmp_path)
    for name in STUDIES:
        study(name, records=tmp_path)
    halving_search(records=tmp_path)
    for question in plans.NOTEBOOK:
        notebook_search(question, records=tmp_path)
    full_search(records=tmp_path)
    for mix in plans.OWN:
        fastest(mix, records=tmp_path)
    assert {function for function, _, _ in fake.calls} == {validation_run}


# Studies


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("scale", ["build", "full"])
def test_studies_hold_configurations_that_can_be_run(fake, tmp_path, name, scale):
    result = study(name, records=tmp_path, scale=scale)
    assert set(result.runs) == set(STUDIES[name]["variants"])
    assert result.full == (scale == "full")
    plan = STUDIES[name]
    tried = {c for _, c, seed in fake.calls if seed == 0}
    assert len(tried) == sum(len(some["learning_rate"]) for some in plan["variants"].values())
    for configuration in tried:
        assert isinstance(configuration, Configuration)
        build(replace(configuration, hidden_size=2), np.random.default_rng(0))
    for variant, change in plan["variants"].items():
        for run in [*result.runs[variant], *result.tried[variant]]:
            about = vars(run.configuration)
            for setting, value in (plan["base"] | plan[scale] | change).items():
                several = value if setting == "learning_rate" else [value]
                assert about[setting] in several


def test_what_was_tried_is_told(fake, tmp_path):
    """One run, of the first seed, with each of the rates of a variant, in their order."""
    result = study("ten_losses", records=tmp_path)
    assert list(result.tried) == list(result.runs)
    for variant, change in STUDIES["ten_losses"]["variants"].items():
        rates = [run.configuration.learning_rate for run in result.tried[variant]]
        assert rates == change["learning_rate"]
        assert [run.seed for run in result.tried[variant]] == [0] * len(rates)
        assert [run.seed for run in result.runs[variant]] == list(plans.SEEDS)


def test_the_first_seed_chooses_the_rate_and_all_seeds_are_trained_with_it(fake, tmp_path):
    favourite = {"cross-entropy": 0.3, "squared error": 3.0}

    def score(configuration, seed):
        name = "squared error" if "mean" in configuration.loss else "cross-entropy"
        best = configuration.learning_rate == favourite[name]
        return (0.9 if best else 0.2) if seed == 0 else (0.1 * seed if best else 1.0)

    fake.score = score
    result = study("ten_losses", records=tmp_path)
    for name, rate in favourite.items():
        assert {run.configuration.learning_rate for run in result.runs[name]} == {rate}
        np.testing.assert_allclose(result.scores()[name], [0.9, 0.1, 0.2, 0.3, 0.4])
    assert {seed for _, c, seed in fake.calls if c.learning_rate == 0.1} == {0}


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
    some = [Record(settings, seed, outcome, {}, 1.0) for seed, outcome in enumerate(outcomes)]
    assert Study({"a": some}, {"a": some}, settings, False).scores()["a"].tolist() == [0.3, 0, 0]
    assert [run.settled_score() for run in some] == [0.25, 0, 0]


@pytest.mark.parametrize(
    ("name", "variant", "chosen"),
    [("additions", "plain gradient descent", 1), ("additions", "falling rate", 0)],
)
def test_the_rule_of_choice_fits_the_rate(fake, monkeypatch, tmp_path, name, variant, chosen):
    """At a constant rate one good epoch at the end does not make it; at a falling one it does."""
    epochs = STUDIES[name]["build"]["epochs"]
    late = epochs - epochs // 2
    courses = [[0.1] * (epochs - 1) + [0.9], [0.2] * (epochs // 2) + [0.8] * late, [0.3] * epochs]
    rates = STUDIES[name]["variants"][variant]["learning_rate"]
    run_all = fake.run_all

    def with_courses(function, configurations, **options):
        runs = run_all(function, configurations, **options)
        for run in runs:
            if run.configuration.learning_rate in rates:
                course = courses[rates.index(run.configuration.learning_rate)]
                run.outcome["history"]["validation_score"] = course
        return runs

    monkeypatch.setattr("mnist_gd.experiments.searches.run_all", with_courses)
    chosen_runs = study(name, records=tmp_path, scale="build").runs[variant]
    assert {run.configuration.learning_rate for run in chosen_runs} == {rates[chosen]}


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


SHORT = {
    "base": {"question": "ten", "batch_size": 64},
    "variants": {"a": {"loss": "cross_entropy_with_logits", "learning_rate": [0.1]}},
    "build": {"hidden_size": 2, "epochs": 1},
}


@pytest.mark.parametrize(
    ("table", "edit", "message"),
    [
        ("a", {"loss": "cross_entropy"}, None),
        ("a", {"loss": "crossentropy"}, "loss must be one of"),
        ("a", {"learning_rate": [0.1, 0]}, "learning_rate must be above 0"),
        ("a", {"learning_rate": 0.1}, "learning_rate must hold one or more .* is 0.1"),
        ("a", {"learning_rate": []}, r"learning_rate must hold one or more .* is \[\]"),
        ("a", {"learning_rate": None}, "learning_rate must hold one or more .* is None"),
        ("a", {"learning_rates": [0.1]}, "unexpected .*'learning_rates'"),
        (None, {"base": {"question": "ten"}}, "missing .*'batch_size'"),
        (None, {"build": None}, "TypeError"),
    ],
)
def test_a_wrong_edit_says_where_it_stands(fake, monkeypatch, tmp_path, table, edit, message):
    plan = SHORT | (edit if table is None else {})
    if table:
        plan["variants"] = {table: SHORT["variants"][table] | edit}
    monkeypatch.setattr(plans, "STUDIES", {"mine": plan})
    if message is None:
        study("mine", records=tmp_path, scale="build")
        return
    with pytest.raises((TypeError, ValueError)) as caught:
        study("mine", records=tmp_path, scale="build")
    assert re.search(message, repr(caught.value))
    assert caught.value.__notes__ == [
        f"while reading STUDIES['mine'], variant 'a', in {plans.__file__}"
    ]
    assert not fake.calls


def test_make_runs_the_studies():
    (name,) = re.findall(r"-m (mnist_gd\S*)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert name == studies.__name__
    assert 'if __name__ == "__main__":\n    main()\n' in Path(studies.__file__).read_text(
        encoding="utf-8"
    )


def test_main_runs_everything_in_full(fake, tiny_mnist, tmp_path, capsys):
    fake.recorded.update(range(100))
    studies.main([tmp_path])
    printed = capsys.readouterr().out
    for name in (*STUDIES, "the best addition on the test set"):
        assert re.search(rf"^{name}: \d+ s$", printed, re.MULTILINE)
    seconds = json.loads((tmp_path / "studies.json").read_text(encoding="utf-8"))
    assert set(STUDIES) < set(seconds)
    lengths = {c.epochs for _, c, _ in fake.calls}
    assert lengths == {about["full"]["epochs"] for about in STUDIES.values()}


def test_main_says_at_once_where_it_is_and_how_long_each_took(monkeypatch, tmp_path):
    """The folder stands on the command line; what is under way is told whenever it is asked."""
    said, clock = [], iter(range(0, 1000, 7))

    def note(text, *, flush):
        assert flush  # a log shows it before the study is over
        said.append(text)

    @contextmanager
    def lines(now):
        asked.append(now)
        yield

    def job(*given, records, **options):
        assert records == tmp_path
        said.append(f"under way: {asked[0]()}")

    asked = []
    monkeypatch.setattr(studies, "print", note, raising=False)
    monkeypatch.setattr(studies, "lines", lines)
    monkeypatch.setattr(studies, "monotonic", lambda: next(clock))
    monkeypatch.setattr(studies, "study", job)
    monkeypatch.setattr(studies, "final_results", job)
    monkeypatch.setattr(sys, "argv", ["studies.py", str(tmp_path)])
    studies.main()
    names = [*STUDIES, "the best addition on the test set"]
    expected = []
    for number, name in enumerate(names):
        now = f"{number + 1} of 4, {name}"
        expected += [f"{now} ...", f"under way: {now}", f"{name}: 7 s"]
    assert said == expected
    seconds = json.loads((tmp_path / "studies.json").read_text(encoding="utf-8"))
    assert seconds == dict.fromkeys(names, 7)


@pytest.mark.parametrize("arguments", [[], ["a", "b"]])
def test_main_takes_one_folder(arguments):
    with pytest.raises(ValueError, match="arguments must hold 1 entr"):
        studies.main(arguments)


@pytest.mark.parametrize(
    "result", [Study({}, {}, {}, False), FinalResults(None, None, None, None, {})], ids=type
)
def test_what_came_out_is_not_changed(result):
    for name in vars(result):
        with pytest.raises(FrozenInstanceError):
            setattr(result, name, None)


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
    assert {"fig-four-rates", "fig-search-frontier", "fig-search-curves"} <= set(drawn)


def test_results_are_equal_to_themselves_alone():
    one, other = (FinalResults(np.zeros(2), np.zeros(2), np.zeros(2), None, {}) for _ in "ab")
    assert (one == one, one == other) == (True, False)
