"""The searches of the book: what is chosen is chosen on validation data, by a rule."""

from dataclasses import replace

import numpy as np
import pytest

from mnist_gd.experiments import plans, searches
from mnist_gd.experiments.runs import Configuration, build, validation_run
from mnist_gd.experiments.searches import (
    candidate_of,
    candidates,
    choose,
    fastest,
    finalists,
    full_search,
    halving_search,
    notebook_grid,
    notebook_search,
    own_grid,
    sweep,
    task_four,
    validate,
)
from mnist_gd.records import Record
from mnist_gd.search import Row, SearchResult, grid


def test_validate_hands_on_what_it_is_given(monkeypatch, tmp_path):
    asked = {}
    monkeypatch.setattr(
        searches, "run_all", lambda *given, **named: asked.update(named, given=given)
    )
    configurations = notebook_grid("ten")[:2]
    validate(configurations, seeds=[1, 2], records=tmp_path, n_jobs=1, run_missing=False)
    assert asked == {
        "given": (validation_run, configurations),
        "seeds": [1, 2],
        "records": tmp_path,
        "n_jobs": 1,
        "run_missing": False,
    }
    validate(configurations)
    assert (asked["seeds"], asked["records"]) == ((0,), searches.RECORDS)


# The plans

TABLES = {
    **{f"sweep {name}": [axes] for name, axes in plans.SWEEPS.items()},
    **{f"own {name}": [axes] for name, axes in plans.OWN.items()},
    **{
        f"study {name}": [plan["base"], plan["build"], plan["full"], *plan["variants"].values()]
        for name, plan in plans.STUDIES.items()
    },
}


def values_of(tables, setting):
    several = [table[setting] for table in tables if setting in table]
    return [value if isinstance(value, list) else [value] for value in several]


@pytest.mark.parametrize("tables", TABLES.values(), ids=TABLES)
def test_sizes_are_powers_of_two(tables):
    for name in ("hidden_size", "batch_size"):
        sizes = [size for some in values_of(tables, name) for size in some]
        assert sizes
        assert all(size > 1 and size & (size - 1) == 0 for size in sizes)


@pytest.mark.parametrize(
    "rates",
    [*(rates for some in TABLES.values() for rates in values_of(some, "learning_rate"))]
    + [plans.WORKING_RATES],
    ids=str,
)
def test_rates_lie_far_apart_by_even_steps(rates):
    """By one factor, or by about three: 1, 3, 10."""
    steps = np.divide(rates[1:], rates[:-1])
    assert all(step >= 3 - 1e-9 for step in steps)
    even = np.allclose(steps, steps[:1])
    assert even or all(f"{rate:.0e}"[0] in "13" and float(f"{rate:.0e}") == rate for rate in rates)


def test_rates_of_the_additions_lie_a_factor_of_five_apart():
    for change in plans.STUDIES["additions"]["variants"].values():
        rates = np.array(change["learning_rate"])
        np.testing.assert_allclose(rates[1:] / rates[:-1], 5)


def test_what_meets_the_test_set_trains_for_longer_than_it_takes_to_choose():
    for question, (length,) in ((name, axes["epochs"]) for name, axes in plans.SWEEPS.items()):
        networks = plans.TEST_NETWORKS[question].values()
        assert [change["epochs"] for change in networks] == [3 * length] * len(networks)


def test_halving_begins_with_a_fifth_of_the_images_and_goes_on_with_two():
    first, second, last = plans.RUNGS
    assert first == {"images": [50_000 // 5], "epochs": [1]}
    assert second == {"images": [50_000 * 2 // 5], "epochs": [2]}
    assert last == {"epochs": plans.NOTEBOOK["ten"]["epochs"]}


def test_no_epoch_of_the_additions_ends_with_a_small_batch():
    plan = plans.STUDIES["additions"]
    assert plan["build"]["images"] % plan["base"]["batch_size"] == 0


def test_an_addition_of_several_takes_each_as_it_is_tried_alone():
    tried = plans.STUDIES["additions"]["variants"]
    several = tried["Adam, falling rate, shifts"]
    alone = [tried[name] for name in ("Adam", "falling rate", "shifts")]
    settings = {name: value for change in alone for name, value in change.items()}
    assert several.keys() == settings.keys()
    assert several == settings | {"learning_rate": several["learning_rate"]}


def test_early_stopping_may_end_before_half_the_epochs_are_over():
    plan = plans.STUDIES["additions"]
    patience = plan["variants"]["early stopping"]["patience"]
    assert patience < plan["build"]["epochs"] / 2


def test_no_rung_cuts_a_configuration_in_two():
    kept = len(candidates()) * plans.KEEP
    assert kept == pytest.approx(round(kept))


def test_studies_in_full_are_larger_and_longer():
    for plan in plans.STUDIES.values():
        assert plan["full"]["hidden_size"] >= 4 * plan["build"]["hidden_size"]
        assert plan["full"]["epochs"] > 3 * plan["build"]["epochs"]


def test_focal_losses_weigh_the_classes_as_they_are_called():
    for name, change in plans.STUDIES["four_losses"]["variants"].items():
        alpha, gamma = change.get("alpha"), change.get("gamma")
        if change["loss"] != plans.FOCAL:
            assert alpha is gamma is None
        elif name.startswith("focal"):
            assert name == f"focal, α = {alpha}, γ = {gamma:g}"
        else:
            assert name == f"class weights {alpha * 10:g} : {10 - alpha * 10:g}"
            assert gamma == 0  # cross-entropy with weights


# The choice of the headline networks


@pytest.fixture
def searched(monkeypatch, tmp_path):
    """What `choose` makes of a sweep whose scores are given by a rule; notes what was asked."""
    asked = {}

    def choose_by(question, scores):
        def run(configuration, seed, score):
            history = {"validation_score": [score] * configuration.epochs}
            return Record(configuration, seed, {"history": history}, {}, 1.0)

        def fake_search(function, configurations, **options):
            asked.update(options, function=function, configurations=configurations)
            rows = [
                Row(c, [run(c, seed, score) for seed, score in enumerate(scores(c))])
                for c in configurations
            ]
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
    axes = plans.SWEEPS[question]
    assert asked["configurations"] == [Configuration(**settings) for settings in grid(**axes)]
    assert {c.question for c in asked["configurations"]} == {question}
    assert {(c.mix, c.judged_on) for c in asked["configurations"]} == {("natural", "natural")}
    assert chosen in asked["configurations"]
    assert chosen.learning_rate == largest
    assert chosen.hidden_size == max(axes["hidden_size"])
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


# One error of a difference is 0.0163 here: the scores of three seeds spread by 0.02.
@pytest.mark.parametrize(("lead", "rate"), [(0.015, 0.1), (0.018, 10.0)])
def test_the_best_is_chosen_where_it_leads_by_more_than_an_error(searched, lead, rate):
    def scores(c):
        return np.array([0.80, 0.82, 0.84]) + lead * (c.learning_rate == 10.0)

    assert searched("four", scores)[0].learning_rate == rate


@pytest.mark.parametrize("seeds", [2, 3])
def test_a_sweep_of_one_setting_chooses_it(searched, monkeypatch, seeds):
    axes = {name: values[:1] for name, values in plans.SWEEPS["four"].items()}
    monkeypatch.setitem(plans.SWEEPS, "four", axes)
    monkeypatch.setattr(plans, "SWEEP_SEEDS", range(seeds))
    chosen, asked = searched("four", lambda c: np.linspace(0.7, 0.8, seeds))
    assert [chosen] == asked["configurations"]


def test_networks_without_hidden_units_are_the_smallest(searched, monkeypatch):
    axes = plans.SWEEPS["four"] | {"hidden_layers": [0], "hidden_size": [1, None]}
    monkeypatch.setitem(plans.SWEEPS, "four", axes)
    assert searched("four", lambda c: [0.8, 0.9, 1.0])[0].hidden_size is None


def test_a_sweep_is_of_runs_of_several_seeds(fake, tmp_path):
    for question in plans.SWEEPS:
        result = sweep(question, records=tmp_path)
        assert len(result.rows) == len(grid(**plans.SWEEPS[question]))
        assert result.runs == len(result.rows) * len(plans.SWEEP_SEEDS)


@pytest.mark.parametrize("question", ["five", "four_balanced", "additions"])
@pytest.mark.parametrize("function", [sweep, choose, notebook_grid, notebook_search])
def test_no_such_question(function, question):
    with pytest.raises(ValueError, match=rf"question must be one of .* but is '{question}'"):
        function(question)


def test_a_wrong_edit_of_a_sweep_says_where_it_stands(monkeypatch, tmp_path):
    edited = plans.SWEEPS["four"] | {"learning_rate": [0.0]}
    monkeypatch.setitem(plans.SWEEPS, "four", edited)
    with pytest.raises(ValueError, match="learning_rate must be above 0") as caught:
        sweep("four", records=tmp_path)
    assert caught.value.__notes__ == [f"while reading SWEEPS['four'] in {plans.__file__}"]


@pytest.mark.parametrize("last", [{"epoch": [1]}, {"epochs": [0]}, {"epochs": 1}])
def test_a_wrong_edit_of_the_last_rung_is_found_before_the_first(
    fake, monkeypatch, tmp_path, last
):
    monkeypatch.setattr(plans, "RUNGS", [*plans.RUNGS[:-1], last])
    with pytest.raises((TypeError, ValueError)) as caught:
        halving_search(records=tmp_path)
    assert caught.value.__notes__ == [f"while reading RUNGS in {plans.__file__}"]
    assert not fake.calls


def test_a_choice_takes_two_seeds(monkeypatch, tmp_path):
    monkeypatch.setattr(plans, "SWEEP_SEEDS", range(1))
    with pytest.raises(ValueError, match=r"SWEEP_SEEDS must hold two .* is range\(0, 1\)"):
        choose("four", records=tmp_path)


# The notebook's searches


def test_an_axis_that_is_added_to_the_notebook_s_grid_is_tried(monkeypatch):
    monkeypatch.setitem(plans.NOTEBOOK, "ten", plans.NOTEBOOK["ten"] | {"dropout": [0.0, 0.2]})
    configurations = notebook_grid("ten")
    assert len(set(configurations)) == len(configurations) == 144
    monkeypatch.setitem(plans.NOTEBOOK, "ten", {"epochs": [1], "batch_size": [64]})
    with pytest.raises(KeyError, match="rate") as caught:
        notebook_grid("ten")
    assert caught.value.__notes__ == [f"while reading NOTEBOOK['ten'] in {plans.__file__}"]


@pytest.mark.parametrize(("question", "size", "runs"), [("four", 54, 18), ("ten", 72, 24)])
def test_the_notebook_s_grid(question, size, runs):
    """A rate on the sum over the batch is that many times the rate on the mean."""
    configurations = notebook_grid(question)
    assert len(set(configurations)) == len(configurations) == size
    assert len({replace(c, epochs=1) for c in configurations}) == runs
    four = question == "four"
    assert {c.epochs for c in configurations} == ({10, 20, 30} if four else {10, 15, 20})
    sizes = {c.batch_size for c in configurations}
    assert sizes == ({64, 256, 1024} if four else {16, 64, 256, 512})
    assert {c.hidden_size for c in configurations} == {256, 512}
    rates = sorted({round(c.learning_rate / c.batch_size, 12) for c in configurations})
    assert rates == ([1e-5, 1e-4, 1e-3] if question == "four" else [1e-4, 0.01, 0.1])
    assert {c.question for c in configurations} == {question}
    mix = "balanced" if question == "four" else "natural"
    assert {(c.mix, c.judged_on) for c in configurations} == {(mix, mix)}
    assert not any(c.settles for c in configurations)


def test_an_axis_more_is_searched_too(monkeypatch):
    monkeypatch.setitem(plans.NOTEBOOK["ten"], "dropout", [0.0, 0.2])
    monkeypatch.setitem(plans.NOTEBOOK["ten"], "loss", ["mean_squared_error"])
    configurations = notebook_grid("ten")
    assert len(set(configurations)) == len(configurations) == 144
    assert {c.dropout for c in configurations} == {0.0, 0.2}
    assert {c.loss for c in configurations} == {"mean_squared_error"}


def test_the_notebook_s_search_has_every_combination(fake, tmp_path):
    result = notebook_search("ten", records=tmp_path)
    assert (len(result.rows), result.runs) == (72, 24)
    assert {row.configuration for row in result.rows} == set(notebook_grid("ten"))
    result = notebook_search("four", records=tmp_path)
    assert (len(result.rows), result.runs) == (54, 18)


def test_the_notebook_s_search_can_be_of_records_alone(fake, tmp_path):
    with pytest.raises(LookupError):
        notebook_search("ten", records=tmp_path, run_missing=False)


def test_halving_comes_from_both_grids_down_to_one(fake, tmp_path):
    rungs = halving_search(records=tmp_path)
    assert [rung.runs for rung in rungs] == [48, 6, 1]
    assert [row["epochs"] for row in rungs[-1].rows] == [10, 15, 20]
    assert [{row["images"] for row in rung.rows} for rung in rungs] == [{10_000}, {20_000}, {None}]
    rates = {row["learning_rate"] for row in rungs[0].rows}
    assert set(plans.WORKING_RATES) < rates
    assert {c.learning_rate for c in notebook_grid("ten")} < rates


def test_the_truth_is_of_all_that_halving_chooses_among(fake, tmp_path):
    full = full_search(records=tmp_path)
    assert (len(full.rows), full.runs) == (144, 48)
    trained = {replace(row.configuration, epochs=1) for row in full.rows}
    first = halving_search(records=tmp_path)[0]
    assert trained == set(candidates())
    assert trained == {replace(row.configuration, images=None) for row in first.rows}


def test_every_row_of_the_searches_belongs_to_a_candidate(fake, tmp_path):
    tried = set(candidates())
    for table in (full_search(records=tmp_path), *halving_search(records=tmp_path)):
        for row in table.rows:
            candidate = candidate_of(row)
            assert candidate in tried
            settings = {"epochs": row["epochs"], "images": row["images"]}
            assert replace(candidate, **settings) == row.configuration
    with pytest.raises(TypeError, match="row must be one of Configurations, but is 5"):
        candidate_of(5)


# The best result in the least time


@pytest.mark.parametrize("mix", plans.OWN)
def test_the_search_for_the_4_pools_what_is_tried(fake, tmp_path, mix):
    table = task_four(mix, records=tmp_path)
    tried = {row.configuration for row in table.rows}
    assert tried > set(own_grid(mix))
    if mix == "balanced":
        assert tried == {*own_grid(mix), *notebook_grid("four")}
    else:
        axes = grid(**plans.SWEEPS["four"])
        assert tried == {*own_grid(mix), *(Configuration(**c) for c in axes)}
        assert len({c.hidden_size for c in tried}) > 2  # searched on the unbalanced images too
    assert {(c.question, c.mix, c.judged_on) for c in tried} == {("four", mix, mix)}
    assert {seed for _, _, seed in fake.calls} == {0}
    scores = [row.score for row in table.rows]
    assert scores == sorted(scores, reverse=True)
    for row in table.rows:  # one that settles is never read off a longer run
        (run,) = row.records
        assert run.configuration.epochs == row.epochs or not row.configuration.settles


def test_no_such_mix():
    with pytest.raises(ValueError, match=r"mix must be one of .* but is 'even'"):
        own_grid("even")


def test_a_wrong_edit_of_the_own_grid_says_where_it_stands(monkeypatch):
    monkeypatch.setitem(plans.OWN, "natural", plans.OWN["natural"] | {"batch_size": [0]})
    with pytest.raises(ValueError, match="batch_size") as caught:
        own_grid("natural")
    assert caught.value.__notes__ == [f"while reading OWN['natural'] in {plans.__file__}"]


def test_finalists_are_trained_with_seeds_that_did_not_find_them(fake, monkeypatch, tmp_path):
    """They are the last of the line: of those that no other beats in both."""
    monkeypatch.setattr(plans, "FINALISTS", 2)
    fake.score = lambda c, seed: 0.5 + 0.01 * c.epochs if seed == 0 else 0.4
    result = finalists("natural", records=tmp_path)
    line = task_four("natural", records=tmp_path).frontier()
    assert len(line) > 2
    line = line[-2:]
    assert {row.configuration for row in result.rows} == {row.configuration for row in line}
    assert 0 not in plans.FRESH_SEEDS
    assert len(plans.FRESH_SEEDS) >= 5
    assert len(plans.FRESH_SEEDS) == len(plans.SEEDS)  # as many as the headlines have
    for row in result.rows:
        assert [run.seed for run in row.records] == list(plans.FRESH_SEEDS)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("FINALISTS", 0, "FINALISTS must be at least 1, but is 0"),
        ("FRESH_SEEDS", [1], "FRESH_SEEDS must hold two different seeds or more"),
        ("FRESH_SEEDS", [0, 1], "none of them 0"),
        ("FRESH_SEEDS", [1, 1, 2], "two different seeds or more"),
    ],
)
def test_a_plan_of_no_fresh_seeds_is_refused(fake, monkeypatch, tmp_path, name, value, message):
    monkeypatch.setattr(plans, name, value)
    with pytest.raises(ValueError, match=message):
        finalists("natural", records=tmp_path)


def test_two_fresh_seeds_are_enough(fake, monkeypatch, tmp_path):
    monkeypatch.setattr(plans, "FRESH_SEEDS", [1, 2])
    for row in finalists("natural", records=tmp_path).rows:
        assert [run.seed for run in row.records] == [1, 2]


# Two errors of a difference are 0.0106 here: the scores of five seeds spread by 0.0084.
@pytest.mark.parametrize(
    ("lead", "epochs"), [(0.2, 4), (0.0112, 4), (0.0098, 2), (0.001, 2), (-0.2, 2)]
)
def test_the_answer_is_the_fastest_of_equals(fake, tmp_path, lead, epochs):
    """A longer training has to be better by more than the seeds explain."""

    def score(c, seed):
        if c not in own_grid("natural") or c.epochs == 1:
            return 0.1
        if seed == 0:
            return 0.5 + 0.01 * c.epochs
        return 0.5 + 0.01 * (seed % 3) + lead * (c.epochs == 4)

    fake.score = score
    row = fastest("natural", records=tmp_path)
    assert row.epochs == epochs
    assert [run.seed for run in row.records] == list(plans.FRESH_SEEDS)


def test_an_answer_never_diverged(fake, monkeypatch, tmp_path):
    """However good its other seeds are."""
    run_all = fake.run_all

    def with_losses(function, configurations, **options):
        runs = run_all(function, configurations, **options)
        for run in runs:
            if run.seed == 1 and run.configuration.epochs == 2:
                run.outcome["diverged"] = "no longer finite"
                for course in run.outcome["history"].values():
                    del course[1:]
        return runs

    monkeypatch.setattr("mnist_gd.search.run_all", with_losses)

    def score(c, seed):
        if seed == 0:
            return 0.5 + 0.01 * c.epochs
        return 1.0 if c.epochs == 2 else 0.1 * (c.epochs > 2) + 0.7

    fake.score = score
    assert fastest("natural", records=tmp_path).epochs > 2


def test_where_all_diverged_there_is_no_answer(fake, monkeypatch, tmp_path):
    run_all = fake.run_all
    lost = {0}

    def with_losses(function, configurations, **options):
        runs = run_all(function, configurations, **options)
        for run in (run for run in runs if run.seed in lost):
            run.outcome["diverged"] = "no longer finite"
            for course in run.outcome["history"].values():
                course.clear()
        return runs

    monkeypatch.setattr("mnist_gd.search.run_all", with_losses)
    with pytest.raises(ValueError, match="must hold a setting that does not diverge"):
        fastest("natural", records=tmp_path)
    lost.clear()
    lost.update(plans.FRESH_SEEDS)
    with pytest.raises(ValueError, match="FINALISTS must hold one that no fresh seed diverges"):
        fastest("natural", records=tmp_path)
