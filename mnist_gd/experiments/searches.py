"""The searches of the book: tables over the trainings of :mod:`mnist_gd.experiments.runs`.

What is tried stands in :mod:`mnist_gd.experiments.plans`.
"""

from dataclasses import replace

import numpy as np

from mnist_gd._checks import check_one_of
from mnist_gd.experiments import plans
from mnist_gd.experiments._tables import reading
from mnist_gd.experiments.runs import Configuration, validation_run
from mnist_gd.records import run_all
from mnist_gd.search import grid, grid_search, successive_halving

__all__ = [
    "RECORDS",
    "choose",
    "halving_search",
    "notebook_grid",
    "notebook_search",
    "sweep",
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
    with reading(f"SWEEPS[{question!r}]"):
        configurations = [Configuration(**c) for c in grid(**plans.SWEEPS[question])]
    options = {"seeds": plans.SWEEP_SEEDS, "records": records, "n_jobs": n_jobs}
    return grid_search(validation_run, configurations, **options)


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
    # Of a difference of two means; the median is not moved by a setting that diverges.
    deviation = np.median([np.std(row.scores, ddof=1) for row in rows])
    error = deviation * np.sqrt(2 / len(plans.SWEEP_SEEDS))
    equals = [row.configuration for row in rows if rows[0].score - row.score <= error]
    return min(equals, key=lambda c: (c.hidden_size or 0, c.learning_rate))


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
        54, or 72.

    Raises
    ------
    ValueError
        If the notebook planned no search for the question.
    """
    check_one_of("question", question, plans.NOTEBOOK)
    settings = {
        "four": {
            "loss": "binary_cross_entropy_with_logits",
            "mix": "balanced",
            "judged_on": "balanced",
        },
        "ten": {"loss": "cross_entropy_with_logits"},
    }[question]
    with reading(f"NOTEBOOK[{question!r}]"):
        return [
            Configuration(
                question=question,
                learning_rate=c.pop("rate") * c["batch_size"],
                **settings | c,
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


def halving_search(*, records=RECORDS, n_jobs=-1):
    """Search the notebook's 72 combinations and 72 with rates that work by halving.

    Parameters
    ----------
    records : path
    n_jobs : int

    Returns
    -------
    list of mnist_gd.search.SearchResult
        One a rung.
    """
    theirs = notebook_grid("ten")
    ours = [replace(c, learning_rate=rate) for c in theirs for rate in plans.WORKING_RATES]
    # The epochs are what the rungs set.
    candidates = list(dict.fromkeys(replace(c, epochs=1) for c in theirs + ours))
    with reading("RUNGS"):  # the last of them too, before the first is run
        for rung in plans.RUNGS:
            for settings in grid(**rung):
                replace(candidates[0], **settings)
    return successive_halving(
        validation_run, candidates, plans.RUNGS, keep=plans.KEEP, records=records, n_jobs=n_jobs
    )
