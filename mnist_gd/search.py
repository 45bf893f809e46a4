"""Searches over many training runs (chapter *The search*).

The runs are those of :mod:`mnist_gd.records`: a search that was killed goes on where it stopped.
"""

import itertools
import json
from dataclasses import dataclass

import numpy as np

from mnist_gd._checks import check_integer, check_real, check_sequence, is_a, shown
from mnist_gd._configurations import changed, checked_configuration, settings_of
from mnist_gd.records import run_all

__all__ = ["Row", "SearchResult", "grid", "grid_search", "successive_halving"]


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
        try:
            held = axes[name] = check_sequence(name, values)
            arrays = any(is_a(v, np.ndarray) for v in held)
            wrong = arrays or not held or any(v in held[:i] for i, v in enumerate(held))
        except (TypeError, ValueError):  # the latter of what cannot be compared
            wrong = True
        if wrong:
            raise ValueError(
                f"{name} must hold one or more different values, but is {shown(values)}"
            )
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


@dataclass(frozen=True)
class Row:
    """A line of a table: what was trained, and how it did.

    Attributes
    ----------
    configuration : dict or dataclass
    records : list of Record
        The runs that it is read from, one a seed; they may be longer.
    """

    configuration: object
    records: list

    @property
    def epochs(self):
        """After which epoch the runs are read."""
        return settings_of(self.configuration)["epochs"]

    @property
    def scores(self):
        """Validation scores after that epoch, by seed; 0 for a run that ended before."""
        return [record.score(self.epochs) for record in self.records]

    @property
    def score(self):
        """Their mean."""
        return float(np.mean(self.scores))

    @property
    def seconds(self):
        """Mean processor time to that epoch, of the runs that reached it; NaN if none did."""
        reached = [r for r in self.records if not r.ended_before(self.epochs)]
        reached = [r.history.seconds[: self.epochs][-1] for r in reached]
        return float(np.mean(reached)) if reached else np.nan

    @property
    def diverged(self):
        """How many runs ended before that epoch."""
        return sum(record.ended_before(self.epochs) for record in self.records)

    def __getitem__(self, column):
        """Return a setting, or `score`, `scores`, `seconds` or `diverged`, by its name."""
        settings = settings_of(self.configuration)
        if not is_a(column, str):
            raise KeyError(column)
        if column in settings:
            return settings[column]
        if column in ("score", "scores", "seconds", "diverged"):
            return getattr(self, column)
        raise KeyError(column)


@dataclass(frozen=True)
class SearchResult:
    """The table of a search, best mean score first.

    Attributes
    ----------
    rows : list of Row
    """

    rows: list

    @property
    def best(self):
        """The first row."""
        return self.rows[0]

    @property
    def runs(self):
        """How many training runs the table was read from."""
        return len({id(record) for row in self.rows for record in row.records})

    def frontier(self):
        """Return the rows that no other row beats in both score and time, fastest first."""
        kept, best = [], -np.inf
        rows = [row for row in self.rows if not row.diverged]  # those may have no time
        for row in sorted(rows, key=lambda row: (row.seconds, -row.score)):
            if row.score > best:
                kept.append(row)
                best = row.score
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
    configurations : list of dict or dataclass
        As :func:`grid` makes them; each with `epochs`. One whose attribute `settles` is true
        takes a course that depends on them.
    **options
        `seeds`, `records` and the others of :func:`mnist_gd.records.run_all`.

    Returns
    -------
    SearchResult

    Raises
    ------
    ValueError, TypeError
        If a configuration does not say how many epochs, one that settles is to be read off
        before its last epoch, a history lacks scores or seconds, or as in
        :func:`mnist_gd.records.run_all`.
    """
    configurations = [_with_epochs(c) for c in check_sequence("configurations", configurations)]
    longest = {}  # of those that differ in epochs alone
    for configuration in configurations:
        course, epochs = _course(configuration), _epochs(configuration)
        other = longest.setdefault(course, configuration)
        if getattr(configuration, "settles", False) and _epochs(other) != epochs:
            raise ValueError(
                "epochs must be one number for each configuration that settles, whose course "
                f"depends on it, but differ for {configuration}"
            )
        if _epochs(other) < epochs:
            longest[course] = configuration
    records = run_all(function, longest.values(), **options)
    if any("history" not in record.outcome for record in records):
        raise ValueError(f"function must return a history, but has returned {records[0].outcome}")
    for record in records:
        if len(record.history) and not record.history.seconds:
            raise ValueError("history of function must have seconds, but has none of its epochs")
    seeds = len(records) // len(longest)
    runs = {course: records[i * seeds : (i + 1) * seeds] for i, course in enumerate(longest)}
    rows = [Row(c, runs[_course(c)]) for c in configurations]
    return SearchResult(sorted(rows, key=lambda row: -row.score))


def _with_epochs(configuration):
    configuration = checked_configuration(configuration)
    if "epochs" not in settings_of(configuration):
        raise ValueError(f"configurations must each have epochs, but one is {configuration}")
    return changed(configuration, epochs=check_integer("epochs", _epochs(configuration)))


def _epochs(configuration):
    return settings_of(configuration)["epochs"]


def _course(configuration):
    """Name of what a run depends on but for its length; 1 is not 1.0, as in that of a record."""
    rest = {name: v for name, v in settings_of(configuration).items() if name != "epochs"}
    return type(configuration), json.dumps(rest, sort_keys=True)


def _is_axes(rung):
    return is_a(rung, dict) and rung and all(is_a(name, str) for name in rung)


def successive_halving(function, configurations, rungs, *, keep=0.5, **options):
    """Train every configuration a little, the best of them more, and so on.

    Successive halving (Jamieson and Talwalkar) with a share of our own. It is a policy over
    :func:`grid_search`, and its runs are records like any other's.

    Parameters
    ----------
    function : callable
        As in :func:`grid_search`.
    configurations : list of dict or dataclass
        What is to be chosen from; what the rungs set counts no more.
    rungs : list of dict
        The axes, as in :func:`grid`, that each rung sets for what is left of the
        configurations: ``[{"epochs": [1]}, {"epochs": [10, 20]}]``.
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
    rungs = check_sequence("rungs", rungs)
    if not rungs or not all(_is_axes(rung) for rung in rungs):
        raise ValueError(
            f"rungs must hold one dict of axes or more, none of them empty, but is {shown(rungs)}"
        )
    configurations = check_sequence("configurations", configurations)
    results, left = [], [checked_configuration(c) for c in configurations]
    for rung in rungs:
        tried = [[_with_epochs(changed(c, **some)) for some in grid(**rung)] for c in left]
        results.append(grid_search(function, list(itertools.chain(*tried)), **options))
        by_name = {(_course(row.configuration), row.epochs): row for row in results[-1].rows}
        scores = [max(by_name[_course(c), _epochs(c)].score for c in some) for some in tried]
        order = np.argsort(-np.array(scores), kind="stable")
        left = [left[i] for i in order[: max(1, int(keep * len(left)))]]
    return results
