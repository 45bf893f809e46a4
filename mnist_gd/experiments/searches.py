"""The searches of the book: tables over the trainings of :mod:`mnist_gd.experiments.runs`.

What is tried stands in :mod:`mnist_gd.experiments.plans`.
"""

from dataclasses import replace

import numpy as np

from mnist_gd._checks import attribute, check_integer, check_one_of, is_a, shown
from mnist_gd.experiments import plans
from mnist_gd.experiments._tables import reading
from mnist_gd.experiments.runs import Configuration, validation_run
from mnist_gd.records import run_all
from mnist_gd.search import SearchResult, grid, grid_search, successive_halving

__all__ = [
    "RECORDS",
    "candidate_of",
    "candidates",
    "choose",
    "fastest",
    "finalists",
    "full_search",
    "halving_search",
    "notebook_grid",
    "notebook_search",
    "own_grid",
    "sweep",
    "task_four",
    "validate",
]

RECORDS = "_build/records"  # in the folder in which a page runs


def validate(configurations, *, seeds=(0,), records=RECORDS, **options):
    """Run trainings that are judged on validation data.

    Parameters
    ----------
    configurations : list of Configuration
    seeds : sequence of int
    records : path
        Folder of the records.
    **options
        The others of :func:`mnist_gd.records.run_all`.

    Returns
    -------
    list of Record
        For each configuration in turn, one for each seed.
    """
    return run_all(validation_run, configurations, seeds=seeds, records=records, **options)


def _swept(question):
    with reading(f"SWEEPS[{shown(question)}]"):
        return [Configuration(**c) for c in grid(**plans.SWEEPS[question])]


def sweep(question, *, records=RECORDS, n_jobs=-1):
    """Run the sweep of a question on training and validation data.

    Parameters
    ----------
    question : {"four", "ten"}
    records : path
    n_jobs : int

    Returns
    -------
    mnist_gd.search.SearchResult

    Raises
    ------
    ValueError
        If there is no sweep for the question.
    """
    check_one_of("question", question, plans.SWEEPS)
    options = {"records": records, "n_jobs": n_jobs}
    return grid_search(validation_run, _swept(question), seeds=plans.SWEEP_SEEDS, **options)


def choose(question, *, records=RECORDS, n_jobs=-1):
    """Return the configuration that the sweep of a question leads to, on the validation data.

    It is the smallest, in size and learning rate, of those that the best does not beat by one
    standard error: which of several equals comes first hangs on the last bits of a machine.

    Parameters and errors are those of :func:`sweep`; it takes two seeds or more.

    Returns
    -------
    Configuration
    """
    if len(plans.SWEEP_SEEDS) < 2:
        raise ValueError(
            f"SWEEP_SEEDS must hold two seeds or more, to choose by, but is {plans.SWEEP_SEEDS}"
        )
    rows = sweep(question, records=records, n_jobs=n_jobs).rows
    equals = [row.configuration for row in _equals(rows, standard_errors=1)]
    return min(equals, key=lambda c: (c.hidden_size or 0, c.learning_rate))


def _equals(rows, standard_errors):
    """The rows that the first beats by no more than some standard errors of a difference."""
    # The median is not moved by a setting that diverges.
    deviation = np.median([np.std(row.scores, ddof=1) for row in rows])
    error = deviation * np.sqrt(2 / len(rows[0].scores))
    return [row for row in rows if rows[0].score - row.score <= standard_errors * error]


def notebook_grid(question):
    """Return the configurations of the notebook's search, its rates in the units of this book.

    Its gradient was a sum over the batch, ours is a mean: its rate r is ours divided by the
    batch size.

    Parameters
    ----------
    question : {"four", "ten"}
        For the first the notebook took a balanced mix, to learn from and to be judged on.

    Returns
    -------
    list of Configuration

    Raises
    ------
    ValueError
        If the notebook planned no search for the question.
    """
    check_one_of("question", question, plans.NOTEBOOK)
    mix = {"mix": "balanced", "judged_on": "balanced"}
    settings = {
        "four": {"loss": "binary_cross_entropy_with_logits", **mix},
        "ten": {"loss": "cross_entropy_with_logits"},
    }[question]
    with reading(f"NOTEBOOK[{shown(question)}]"):
        return [
            Configuration(
                question=question, learning_rate=c.pop("rate") * c["batch_size"], **settings | c
            )
            for c in grid(**plans.NOTEBOOK[question])
        ]


def notebook_search(question, *, records=RECORDS, run_missing=True, n_jobs=-1):
    """Run the notebook's combinations, all of them to the end.

    Parameters
    ----------
    question : {"four", "ten"}
    records : path
    run_missing, n_jobs
        As in :func:`mnist_gd.records.run_all`.

    Returns
    -------
    mnist_gd.search.SearchResult
    """
    options = {"records": records, "run_missing": run_missing, "n_jobs": n_jobs}
    return grid_search(validation_run, notebook_grid(question), **options)


def own_grid(mix):
    """Return the configurations of our own search for the 4.

    Parameters
    ----------
    mix : {"balanced", "natural"}
        What it learns from and is judged on.

    Returns
    -------
    list of Configuration
    """
    check_one_of("mix", mix, plans.OWN)
    with reading(f"OWN[{shown(mix)}]"):
        return [
            Configuration(question="four", mix=mix, judged_on=mix, **c)
            for c in grid(**plans.OWN[mix])
        ]


def _searched(configurations, **options):
    """Search where several lengths of a run that settles are tried: each is a run of its own."""
    lengths = {}
    for configuration in dict.fromkeys(configurations):
        length = configuration.epochs if configuration.settles else None
        lengths.setdefault(length, []).append(configuration)
    tables = [grid_search(validation_run, some, **options) for some in lengths.values()]
    rows = [row for table in tables for row in table.rows]
    return SearchResult(sorted(rows, key=lambda row: -row.score))


def task_four(mix, *, records=RECORDS, n_jobs=-1):
    """Run what is tried for the 4: our own grid, and the notebook's or the headline's sweep.

    Parameters
    ----------
    mix : {"balanced", "natural"}
    records : path
    n_jobs : int

    Returns
    -------
    mnist_gd.search.SearchResult
        Of one seed.
    """
    others = {"balanced": notebook_grid, "natural": _swept}
    return _searched(own_grid(mix) + others[mix]("four"), records=records, n_jobs=n_jobs)


def finalists(mix, *, records=RECORDS, n_jobs=-1):
    """Train the best of what no other beats in both score and time again, with fresh seeds.

    Parameters are those of :func:`task_four`.

    Returns
    -------
    mnist_gd.search.SearchResult
    """
    most = check_integer("FINALISTS", plans.FINALISTS)
    if len(set(plans.FRESH_SEEDS) - {0}) < max(2, len(plans.FRESH_SEEDS)):
        raise ValueError(
            "FRESH_SEEDS must hold two different seeds or more, none of them 0, but is "
            f"{plans.FRESH_SEEDS}"
        )
    frontier = task_four(mix, records=records, n_jobs=n_jobs).frontier()
    if not frontier:
        raise ValueError(
            f"OWN[{shown(mix)}] must hold a setting that does not diverge, but all did"
        )
    configurations = [row.configuration for row in frontier[-most:]]
    return _searched(configurations, seeds=plans.FRESH_SEEDS, records=records, n_jobs=n_jobs)


def fastest(mix, *, records=RECORDS, n_jobs=-1):
    """Return the best result in the least time: the answer of :func:`task_four`.

    It is the fastest of the :func:`finalists` that the best of them does not beat by more than two
    standard errors. Parameters are those of :func:`task_four`.

    Returns
    -------
    mnist_gd.search.Row
    """
    rows = finalists(mix, records=records, n_jobs=n_jobs).rows
    ended = [row for row in rows if not row.diverged]
    if not ended:
        raise ValueError("FINALISTS must hold one that no fresh seed diverges with, but none did")
    return min(_equals(ended, standard_errors=2), key=lambda row: row.seconds)


def candidates():
    """Return the 48 runs for the ten digits: the notebook's 24, and 24 at rates that work.

    Returns
    -------
    list of Configuration
    """
    theirs = notebook_grid("ten")
    ours = [replace(c, learning_rate=rate) for c in theirs for rate in plans.WORKING_RATES]
    return list(dict.fromkeys(replace(c, epochs=1) for c in theirs + ours))


def candidate_of(row):
    """Return the one of the :func:`candidates` that a row of their searches belongs to.

    Parameters
    ----------
    row : mnist_gd.search.Row

    Returns
    -------
    Configuration
    """
    configuration = attribute(row, "configuration")
    if not is_a(configuration, Configuration):
        raise TypeError(f"row must be one of Configurations, but is {shown(row)}")
    return replace(configuration, epochs=1, images=None)


def full_search(*, records=RECORDS, n_jobs=-1):
    """Train all :func:`candidates` to the end: the truth that halving spares.

    Parameters are those of :func:`notebook_search`.

    Returns
    -------
    mnist_gd.search.SearchResult
    """
    lengths = grid(epochs=plans.NOTEBOOK["ten"]["epochs"])
    configurations = [replace(c, **length) for c in candidates() for length in lengths]
    return grid_search(validation_run, configurations, records=records, n_jobs=n_jobs)


def halving_search(*, records=RECORDS, n_jobs=-1):
    """Search the :func:`candidates` for the ten digits by halving.

    Parameters are those of :func:`sweep`.

    Returns
    -------
    list of mnist_gd.search.SearchResult
        One a rung.
    """
    tried = candidates()
    with reading("RUNGS"):  # the last of them too, before the first is run
        for rung in plans.RUNGS:
            for settings in grid(**rung):
                replace(tried[0], **settings)
    options = {"keep": plans.KEEP, "records": records, "n_jobs": n_jobs}
    return successive_halving(validation_run, tried, plans.RUNGS, **options)
