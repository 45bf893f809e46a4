"""Searches over many training runs (chapter *The search*).

The runs are those of :mod:`mnist_gd.records`: a search that was killed goes on where it stopped.
"""

import itertools
import json
from dataclasses import dataclass

import numpy as np

from mnist_gd._checks import check_integer, check_real
from mnist_gd.records import plain, run_all

__all__ = ["SearchResult", "grid", "grid_search", "successive_halving"]


def grid(**axes):
    """Combine every value of each axis with every value of the others.

    Parameters
    ----------
    **axes : sequence
        The values of each setting.

    Returns
    -------
    list of dict
        In the order of nested loops, the last axis innermost.

    Raises
    ------
    ValueError
        If there is no axis, or one has no value or holds one twice.

    Examples
    --------
    >>> grid(learning_rate=[0.1, 1.0], hidden_size=[256])
    [{'learning_rate': 0.1, 'hidden_size': 256}, {'learning_rate': 1.0, 'hidden_size': 256}]
    """
    if not axes:
        raise ValueError("axes must name at least one setting")
    for name, values in axes.items():
        several = hasattr(values, "__iter__") and not isinstance(values, str)
        axes[name] = list(values) if several else []
        if not axes[name] or any(v in axes[name][:i] for i, v in enumerate(axes[name])):
            raise ValueError(f"{name} must hold one or more different values, but is {values!r}")
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


@dataclass(frozen=True)
class SearchResult:
    """The table of a search, best mean score first.

    Attributes
    ----------
    rows : list of dict
        Each configuration with `score` (mean over the seeds), `scores` (in the order of the
        seeds), `seconds` (mean processor time to that epoch) and `diverged`.
    runs : int
        How many training runs the table was read from.
    """

    rows: list
    runs: int

    @property
    def best(self):
        """The first row."""
        return self.rows[0]

    def frontier(self):
        """Return the rows that no other row beats in both score and time, fastest first."""
        kept, best = [], -np.inf
        rows = [row for row in self.rows if not row["diverged"]]  # those may have no time
        for row in sorted(rows, key=lambda row: (row["seconds"], -row["score"])):
            if row["score"] > best:
                kept.append(row)
                best = row["score"]
        return kept


def grid_search(function, configurations, **options):
    """Train every configuration and rank them by their validation score.

    The number of epochs is no axis to train over: configurations that differ in `epochs` alone
    are read off one run, after the epoch in question.

    Parameters
    ----------
    function : callable
        As in :func:`mnist_gd.records.run_all`; its outcome holds a `history` with lists
        `validation_score` and `seconds`, one entry an epoch.
    configurations : list of dict
        As :func:`grid` makes them; each with `epochs`.
    **options
        `seeds`, `records` and the others of :func:`mnist_gd.records.run_all`.

    Returns
    -------
    SearchResult

    Raises
    ------
    ValueError, TypeError
        If a configuration does not say how many epochs, a learning rate that decays towards the
        last epoch is to be read off before it, or as in :func:`mnist_gd.records.run_all`.
    """
    longest = {}
    configurations = [plain("configurations", c) for c in configurations]
    for configuration in configurations:
        if "epochs" not in configuration:
            raise ValueError(f"configurations must each have epochs, but one is {configuration}")
        configuration["epochs"] = check_integer("epochs", configuration["epochs"])
        name = _without_epochs(configuration)
        if (
            "decay" in configuration
            and longest.get(name, configuration["epochs"]) != configuration["epochs"]
        ):
            raise ValueError(
                "epochs must be one number for each configuration with a decay, whose course "
                f"depends on it, but differ for {configuration}"
            )
        longest[name] = max(longest.get(name, 0), configuration["epochs"])
    runs = [json.loads(name) | {"epochs": epochs} for name, epochs in longest.items()]
    records = run_all(function, runs, **options)
    by_run = {}
    for record in records:
        by_run.setdefault(_without_epochs(record.configuration), []).append(record)
    rows = [_row(c, by_run[_without_epochs(c)]) for c in configurations]
    return SearchResult(sorted(rows, key=lambda row: -row["score"]), runs=len(records))


def successive_halving(function, configurations, rungs, *, keep=0.5, **options):
    """Train every configuration a little, the best of them more, and so on.

    Successive halving (Jamieson and Talwalkar) with a share of our own. It is a policy over
    :func:`grid_search`, and its runs are records like any other's.

    Parameters
    ----------
    function : callable
        As in :func:`grid_search`.
    configurations : list of dict
        What is to be chosen from, without what the rungs set.
    rungs : list of dict
        The axes, as in :func:`grid`, that each rung adds to what is left of the configurations:
        ``[{"epochs": [1]}, {"epochs": [10, 20]}]``.
    keep : float
        Share that goes on to the next rung, at least one, in (0, 1).
    **options
        As in :func:`grid_search`.

    Returns
    -------
    list of SearchResult
        One a rung; the best of the last is the winner.

    Raises
    ------
    ValueError, TypeError
        If there is no rung, `keep` is out of its range, or as in :func:`grid_search`.
    """
    keep = check_real("keep", keep, above=0, below=1)
    if not rungs:
        raise ValueError("rungs must hold at least one dict of axes")
    left = [plain("configurations", c) for c in configurations]
    results = []
    for number, rung in enumerate(rungs):
        if number:
            scores = [_best_score(results[-1], c, rungs[number - 1]) for c in left]
            left = [left[i] for i in np.argsort(-np.array(scores), kind="stable")]
            left = left[: max(1, int(keep * len(left)))]
        rows = [c | extra for c in left for extra in grid(**rung)]
        results.append(grid_search(function, rows, **options))
    return results


def _best_score(result, configuration, rung):
    """Best score among the rows of a configuration, whatever its rung had set."""
    return max(
        row["score"]
        for row in result.rows
        if all(row[name] == value for name, value in configuration.items() if name not in rung)
    )


def _without_epochs(configuration):
    rest = {name: value for name, value in configuration.items() if name != "epochs"}
    return json.dumps(rest, sort_keys=True)


def _row(configuration, records):
    """One line of the table: a run that ended before the epoch in question scores 0."""
    epochs = configuration["epochs"]
    histories = [record.outcome["history"] for record in records]
    whole = [len(h["seconds"]) >= epochs for h in histories]
    reached = list(zip(histories, whole, strict=True))
    scores = [h["validation_score"][epochs - 1] if there else 0.0 for h, there in reached]
    seconds = [h["seconds"][epochs - 1] for h, there in reached if there] or [float("nan")]
    return configuration | {
        "score": float(np.mean(scores)),
        "scores": scores,
        "seconds": float(np.mean(seconds)),
        "diverged": whole.count(False),
    }
