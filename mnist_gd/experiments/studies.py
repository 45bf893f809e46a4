"""What is compared with what: the studies of the book, and what meets the test set.

Every training in them is a record of a run of :mod:`mnist_gd.experiments.runs`; what is tried
stands in :mod:`mnist_gd.experiments.plans`. The long studies run shortened when the book is built;
``make studies`` runs them in full, and a later build shows those records instead.
"""

import json
import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import monotonic

import numpy as np

from mnist_gd._checks import check_as_many, check_callable, check_one_of, check_path, shown
from mnist_gd._progress import lines
from mnist_gd.data import QUESTIONS, load_mnist, one_vs_rest
from mnist_gd.experiments import plans
from mnist_gd.experiments._tables import reading
from mnist_gd.experiments.runs import Configuration, final_run
from mnist_gd.experiments.searches import RECORDS, choose, fastest, validate
from mnist_gd.metrics import answers
from mnist_gd.records import run_all
from mnist_gd.search import grid

__all__ = ["FinalResults", "Study", "final_results", "main", "study"]


@dataclass(frozen=True, eq=False)
class FinalResults:
    """What the final networks of an experiment answer to the test set.

    Attributes
    ----------
    images : ndarray of uint8, shape (10000, 784)
    digits : ndarray of int, shape (10000,)
    labels : ndarray of int, shape (10000,)
        What is asked: the digits, or whether each is a 4.
    configuration : Configuration
        That of the first network: the chosen one, trained for as long as it takes.
    runs : dict of lists of Record
        For each network of the experiment one run a seed, the network that was asked for first.
    """

    images: np.ndarray
    digits: np.ndarray
    labels: np.ndarray
    configuration: Configuration
    runs: dict

    def _runs(self, name):
        if name is None:
            return next(iter(self.runs.values()))
        check_one_of("name", name, self.runs)
        return self.runs[name]

    def logits(self, name=None):
        """Return the logits of a network, by default the first: one set a seed.

        Parameters
        ----------
        name : str, optional

        Returns
        -------
        ndarray of float32, shape (seeds, 10000, outputs)
        """
        return np.array([run.arrays["test_logits"] for run in self._runs(name)])

    def answers(self, name=None):
        """Return the :func:`mnist_gd.metrics.answers` of a network, one set a seed.

        Parameters
        ----------
        name : str, optional
            By default the first network.

        Returns
        -------
        ndarray of int, shape (seeds, 10000)
        """
        return np.array([answers(logits) for logits in self.logits(name)])

    def scores(self, metric, name=None):
        """Return the scores of a network on the test set, by seed.

        Parameters
        ----------
        metric : callable
            A function of :mod:`mnist_gd.metrics`.
        name : str, optional
            By default the first network.

        Returns
        -------
        ndarray of float64, shape (seeds,)
        """
        check_callable("metric", metric)
        return np.array([metric(self.labels, several) for several in self.answers(name)])


def final_results(experiment, *, records=RECORDS, n_jobs=-1):
    """Train the final networks of an experiment and let them answer the test set.

    Their answers are handed out here and nowhere else. What is trained is settled
    before, on validation data: nothing can be asked for but the name of the experiment.

    Parameters
    ----------
    experiment : {"four", "ten", "search", "additions"}
        The last only once :func:`study` has been run in full.
    records : path
    n_jobs : int

    Returns
    -------
    FinalResults

    Raises
    ------
    LookupError
        If the additions have not been studied in full.
    ValueError
        If there is no such experiment.
    """
    check_one_of("experiment", experiment, plans.TEST_NETWORKS)
    if experiment == "additions":
        configuration = _best_addition(records)
    elif experiment == "search":
        configuration = fastest("natural", records=records, n_jobs=n_jobs).configuration
    else:
        configuration = choose(experiment, records=records, n_jobs=n_jobs)
    networks = plans.TEST_NETWORKS[experiment]
    with reading(f"TEST_NETWORKS[{shown(experiment)}]"):
        configurations = [replace(configuration, **change) for change in networks.values()]
    runs = run_all(final_run, configurations, seeds=plans.SEEDS, records=records, n_jobs=n_jobs)
    test = load_mnist(dtype="uint8").test
    digit = QUESTIONS[configuration.question]
    labels = test.labels if digit is None else one_vs_rest(test.labels, digit)
    return FinalResults(
        test.images, test.labels, labels, configurations[0], _by_name(networks, runs)
    )


@dataclass(frozen=True)
class Study:
    """What came of a study.

    Attributes
    ----------
    runs : dict of lists of Record
        For each variant, with the best of its learning rates, one run a seed.
    tried : dict of lists of Record
        For each variant one run, of the first seed, with each of its learning rates.
    settings : dict
        Size and length of the trainings.
    full : bool
        Whether it was run in full.
    """

    runs: dict
    tried: dict
    settings: dict
    full: bool

    def scores(self):
        """Return for each variant the validation scores of the networks it ends with, by seed.

        Returns
        -------
        dict of ndarray
            A run that diverged scores 0.
        """
        return {name: np.array([run.score() for run in runs]) for name, runs in self.runs.items()}


def _by_name(names, runs):
    """Runs of several configurations, as many of each, by the names of the configurations."""
    each = len(runs) // len(names)
    return {name: runs[i * each : (i + 1) * each] for i, name in enumerate(names)}


def study(name, *, records=RECORDS, scale=None, run_missing=True, n_jobs=-1):
    """Compare the variants of a study, each with the best of its learning rates.

    The rate is the one whose first seed has the best
    :meth:`mnist_gd.records.Record.settled_score`; the other seeds are trained with that rate
    alone.

    Parameters
    ----------
    name : {"four_losses", "ten_losses", "additions"}
    records : path
    scale : {None, "build", "full"}
        By default in full if there are records of all of it, else as fits into a build.
    run_missing, n_jobs
        As in :func:`mnist_gd.records.run_all`.

    Returns
    -------
    Study

    Raises
    ------
    LookupError
        If a record is missing and `run_missing` is False.
    ValueError
        If there is no such study or scale.
    """
    check_one_of("name", name, plans.STUDIES)
    check_one_of("scale", scale, (None, "build", "full"))
    if scale is None:
        try:
            return study(name, records=records, scale="full", run_missing=False)
        except LookupError:
            scale = "build"
    plan, rates = plans.STUDIES[name], {}
    with reading(f"STUDIES[{shown(name)}]"):
        base, settings, variants = plan["base"], plan[scale], plan["variants"]
    for variant, change in variants.items():
        with reading(f"STUDIES[{shown(name)}], variant {shown(variant)},"):
            common = base | settings | change
            axis = grid(learning_rate=common.pop("learning_rate", None))
            rates[variant] = [Configuration(**common, **rate) for rate in axis]
    options = {"records": records, "n_jobs": n_jobs, "run_missing": run_missing}
    runs = iter(validate([c for several in rates.values() for c in several], **options))
    tried = {variant: [next(runs) for _ in several] for variant, several in rates.items()}
    best = [max(several, key=lambda r: r.settled_score()) for several in tried.values()]
    runs = validate([run.configuration for run in best], seeds=plans.SEEDS, **options)
    return Study(_by_name(tried, runs), tried, settings, scale == "full")


def _best_addition(records):
    additions = study("additions", records=records, scale="full", run_missing=False)
    means = {name: scores.mean() for name, scores in additions.scores().items()}
    return additions.runs[max(means, key=means.get)][0].configuration


def main(arguments=None):
    """Run every study in full: ``python -m mnist_gd.experiments.studies RECORDS``.

    Parameters
    ----------
    arguments : list of str, optional
        The folder of the records alone; by default from the command line.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    records = check_path("the one of arguments", *check_as_many("arguments", arguments, 1))
    jobs = {name: partial(study, name, scale="full") for name in plans.STUDIES}
    jobs["the best addition on the test set"] = partial(final_results, "additions")
    seconds, now = {}, []
    with lines(lambda: now[-1]):
        for number, (name, job) in enumerate(jobs.items(), start=1):
            now.append(f"{number} of {len(jobs)}, {name}")
            print(f"{now[-1]} ...", flush=True)
            start = monotonic()
            job(records=records)
            seconds[name] = round(monotonic() - start)
            print(f"{name}: {seconds[name]} s", flush=True)
    # The book's cache of executed pages looks at this file: they are run again.
    Path(records, "studies.json").write_text(json.dumps(seconds), encoding="utf-8")


if __name__ == "__main__":
    main()
