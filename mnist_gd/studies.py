"""What is compared with what: the searches and studies of the book.

Every training in them is a record of a run of :mod:`mnist_gd.experiments`. The long studies run
shortened when the book is built; ``make studies`` runs them in full, and a later build shows
those records instead.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from mnist_gd.data import load_mnist, one_vs_rest
from mnist_gd.experiments import DIGIT, final_run, validation_run
from mnist_gd.records import code_version, run_all
from mnist_gd.search import grid, grid_search, successive_halving

__all__ = [
    "FinalResults",
    "Study",
    "choose",
    "final_results",
    "full_search",
    "settled_score",
    "main",
    "notebook_grid",
    "quick_search",
    "study",
    "sweep",
]

SEEDS = range(5)
SWEEP_SEEDS = range(3)

# What the two headline networks are chosen from, by their score on validation data after the last
# epoch. Their rate falls to zero: at a constant one that score hangs on the last few batches, and
# with it on the last bits, which differ from machine to machine. For the same reason the rates of
# "four" lie a factor of ten apart.
SWEEPS = {
    "four": {
        "loss": ["binary_cross_entropy_with_logits"],
        "hidden_size": [512],
        "batch_size": [64],
        "learning_rate": [0.1, 1.0, 10.0],
        "decay": ["cosine"],
        "epochs": [10],
    },
    "ten": {
        "loss": ["cross_entropy_with_logits"],
        "hidden_size": [256, 64],
        "batch_size": [64],
        "learning_rate": [0.1, 0.3, 1.0],
        "decay": ["cosine"],
        "epochs": [15],
    },
}

# The networks that meet the test set: what they change in the chosen configuration.
FINALS = {
    "four": {"all images": {}, "50:50 mix": {"task": "four_balanced"}},
    "ten": {"plain gradient descent": {}},
    "additions": {"best addition": {}},
}

# The searches that the notebook planned, with its own learning rates.
NOTEBOOK = {
    "four_balanced": {
        "epochs": [10, 20, 30],
        "batch_size": [64, 256, 1024],
        "rate": [1e-3, 1e-4, 1e-5],
        "hidden_size": [256, 512],
    },
    "ten": {
        "epochs": [10, 15, 20],
        "batch_size": [16, 64, 256, 512],
        "rate": [0.1, 0.01, 1e-4],
        "hidden_size": [256, 512],
    },
}

# Rates on the mean gradient that work for the ten digits.
WORKING_RATES = [0.1, 0.3, 1.0]

# Rungs of the search that fits into a build: a fifth of the images once, two fifths of them
# twice, and for the last all of them for as many epochs as the notebook planned.
RUNGS = [
    {"images": [10_000], "epochs": [1]},
    {"images": [20_000], "epochs": [2]},
    {"epochs": NOTEBOOK["ten"]["epochs"]},
]
KEEP = 1 / 8


def _focal(alpha, gamma, learning_rates):
    options = {"alpha": alpha, "gamma": gamma}
    return {
        "loss": "focal_loss_with_logits",
        "loss_options": options,
        "learning_rate": learning_rates,
    }


# What a study varies, with the learning rates that each variant may choose from. Losses are
# compared at a falling rate: a constant one leaves each score to the luck of its last batches.
STUDIES = {
    "four_losses": {
        "base": {"task": "four", "batch_size": 64, "decay": "cosine"},
        "variants": {
            "binary cross-entropy": {
                "loss": "binary_cross_entropy_with_logits",
                "learning_rate": [0.3, 1.0, 3.0],
            },
            "squared error": {"loss": "mean_squared_error", "learning_rate": [1.0, 3.0, 10.0]},
            # Without its γ the focal loss is cross-entropy with a weight for each class.
            "class weights 9 : 1": _focal(0.9, 0.0, [1.0, 3.0, 10.0]),
            **{
                f"focal, α = {alpha:g}, γ = {gamma:g}": _focal(alpha, gamma, [1.0, 3.0, 10.0])
                for alpha, gamma in [(0.25, 2.0), (0.5, 2.0), (0.75, 2.0), (0.9, 2.0), (0.5, 1.0)]
            },
            "focal, α = 0.5, γ = 5": _focal(0.5, 5.0, [3.0, 10.0, 30.0]),
        },
        "build": {"hidden_size": 128, "epochs": 3},
        "full": {"hidden_size": 512, "epochs": 10},
    },
    "ten_losses": {
        "base": {"task": "ten", "batch_size": 64, "decay": "cosine"},
        "variants": {
            "cross-entropy": {
                "loss": "cross_entropy_with_logits",
                "learning_rate": [0.1, 0.3, 1.0],
            },
            "squared error": {"loss": "mean_squared_error", "learning_rate": [3.0, 10.0, 30.0]},
        },
        "build": {"hidden_size": 128, "epochs": 5},
        "full": {"hidden_size": 256, "epochs": 15},
    },
    "additions": {
        "base": {"task": "ten", "loss": "cross_entropy_with_logits", "batch_size": 64},
        "variants": {
            "plain gradient descent": {"learning_rate": [0.1, 0.3]},
            "momentum": {"optimizer": "momentum", "learning_rate": [0.01, 0.03]},
            "Adam": {"optimizer": "adam", "learning_rate": [0.0003, 0.001]},
            "falling rate": {"decay": "cosine", "learning_rate": [0.1, 0.3]},
            "dropout": {"dropout": 0.2, "learning_rate": [0.1, 0.3]},
            "shifts": {"shifts": 2, "learning_rate": [0.1, 0.3]},
            "Adam, falling rate, shifts": {
                "optimizer": "adam",
                "decay": "cosine",
                "shifts": 2,
                "learning_rate": [0.0003, 0.001],
            },
        },
        "build": {"hidden_size": 128, "images": 20_000, "epochs": 6},
        "full": {"hidden_size": 256, "epochs": 30},
    },
}


def sweep(task, *, records, n_jobs=-1):
    """Run the sweep of a task on training and validation data.

    Parameters
    ----------
    task : {"four", "ten"}
    records : path
        Folder of the records, as in :func:`mnist_gd.records.run_all`.
    n_jobs : int

    Returns
    -------
    mnist_gd.search.SearchResult

    Raises
    ------
    ValueError
        If there is no sweep for the task.
    """
    configurations = grid(task=[task], **_named("task", task, SWEEPS))
    return grid_search(
        validation_run, configurations, seeds=SWEEP_SEEDS, records=records, n_jobs=n_jobs
    )


def _named(argument, name, choices):
    if name not in choices:
        raise ValueError(f"{argument} must be one of {tuple(choices)}, but is {name!r}")
    return choices[name]


def choose(task, *, records, n_jobs=-1):
    """Return the configuration of a task that its sweep leads to, on the validation data.

    It is the smallest, in size and learning rate, of those that the best does not beat by one
    standard error: which of several equals comes first hangs on the last bits of a machine.

    Parameters and errors are those of :func:`sweep`.

    Returns
    -------
    dict
    """
    rows = sweep(task, records=records, n_jobs=n_jobs).rows
    # Of a difference of two means; the median is not moved by a setting that diverges.
    spread = np.median([np.std(row["scores"], ddof=1) for row in rows])
    error = spread * np.sqrt(2 / len(SWEEP_SEEDS))
    equals = [row for row in rows if rows[0]["score"] - row["score"] <= error]
    chosen = min(equals, key=lambda row: (row["hidden_size"], row["learning_rate"]))
    return {name: chosen[name] for name in ("task", *SWEEPS[task])}


@dataclass(frozen=True)
class FinalResults:
    """What the final networks of an experiment answer to the test set.

    Attributes
    ----------
    images : ndarray of uint8, shape (10000, 784)
    digits : ndarray of int64, shape (10000,)
    labels : ndarray of int64, shape (10000,)
        What is asked: the digits, or whether each is a 4.
    configuration : dict
        The chosen one.
    runs : dict of lists of Record
        For each network of the experiment one run a seed; `test_logits` in their arrays.
    """

    images: np.ndarray
    digits: np.ndarray
    labels: np.ndarray
    configuration: dict
    runs: dict


def final_results(experiment, *, records, n_jobs=-1):
    """Train the final networks of an experiment and let them answer the test set.

    Its answers and its labels are handed out here and nowhere else. What is trained is settled
    before, on validation data: nothing can be asked for but the name of the experiment.

    Parameters
    ----------
    experiment : {"four", "ten", "additions"}
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
    networks = _named("experiment", experiment, FINALS)
    if experiment == "additions":
        configuration = _best_addition(records)
    else:
        configuration = choose(experiment, records=records, n_jobs=n_jobs)
    configurations = [configuration | change for change in networks.values()]
    runs = run_all(final_run, configurations, seeds=SEEDS, records=records, n_jobs=n_jobs)
    runs = _by_name(networks, runs)
    test = load_mnist(dtype="uint8").test
    labels = one_vs_rest(test.labels, DIGIT) if experiment == "four" else test.labels
    return FinalResults(test.images, test.labels, labels, configuration, runs)


@dataclass(frozen=True)
class Study:
    """What came of a study.

    Attributes
    ----------
    runs : dict of lists of Record
        For each variant, with the best of its learning rates, one run a seed.
    settings : dict
        Size and length of the trainings.
    full : bool
        Whether it was run in full.
    """

    runs: dict
    settings: dict
    full: bool

    def scores(self):
        """Return for each variant the validation scores after the last epoch, by seed.

        Returns
        -------
        dict of ndarray
            A run that diverged scores 0.
        """
        return {
            name: np.array([_scores(run)[-1] for run in runs]) for name, runs in self.runs.items()
        }


def _scores(run):
    """Validation scores of a run; if it ended early, 0 after every epoch."""
    epochs = run.configuration["epochs"]
    scores = run.outcome["history"]["validation_score"]
    return scores if len(scores) == epochs else [0.0] * epochs


def settled_score(run):
    """Return the validation score by which runs of different learning rates are compared.

    Where the rate falls to zero, it is the score after the last epoch. At a constant rate that
    hangs on the last few batches: there it is the mean over the second half of the epochs.

    Parameters
    ----------
    run : mnist_gd.records.Record
        Of :func:`mnist_gd.experiments.validation_run`.

    Returns
    -------
    float
        0 for a run that diverged.
    """
    scores = _scores(run)
    late = scores[-1:] if "decay" in run.configuration else scores[len(scores) // 2 :]
    return float(np.mean(late))


def _by_name(names, runs):
    """Runs of several configurations, one a seed, by the names of the configurations."""
    return {name: runs[i * len(SEEDS) : (i + 1) * len(SEEDS)] for i, name in enumerate(names)}


def study(name, *, records, scale=None, run_missing=True, n_jobs=-1):
    """Compare the variants of a study, each with the best of its learning rates.

    The rate is the one whose first seed has the best :func:`settled_score`; the other seeds are
    trained with that rate alone.

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
    about = _named("name", name, STUDIES)
    if scale is None:
        try:
            return study(name, records=records, scale="full", run_missing=False)
        except LookupError:
            scale = "build"
    settings = _named("scale", scale, {key: about[key] for key in ("build", "full")})
    options = {"records": records, "n_jobs": n_jobs, "run_missing": run_missing}
    rates = {
        variant: _by_rate(about["base"] | settings | change)
        for variant, change in about["variants"].items()
    }
    tried = run_all(validation_run, [c for several in rates.values() for c in several], **options)
    best = {}
    for variant, several in rates.items():
        ours = [run for run in tried if run.configuration in several]
        best[variant] = max(ours, key=settled_score)
    runs = run_all(
        validation_run, [run.configuration for run in best.values()], seeds=SEEDS, **options
    )
    return Study(_by_name(best, runs), settings, scale == "full")


def _by_rate(configuration):
    """One configuration for each of the learning rates."""
    return [configuration | {"learning_rate": rate} for rate in configuration["learning_rate"]]


def _best_addition(records):
    additions = study("additions", records=records, scale="full", run_missing=False)
    means = {name: scores.mean() for name, scores in additions.scores().items()}
    return additions.runs[max(means, key=means.get)][0].configuration


def notebook_grid(task):
    """Return the configurations of the notebook's search, its rates in the units of this book.

    Its gradient was a sum over the batch, ours is a mean: its rate r is ours divided by the
    batch size.

    Parameters
    ----------
    task : {"four_balanced", "ten"}

    Returns
    -------
    list of dict
        54, or 72.

    Raises
    ------
    ValueError
        If the notebook planned no search for the task.
    """
    loss = "cross_entropy_with_logits" if task == "ten" else "binary_cross_entropy_with_logits"
    return [
        {
            "task": task,
            "loss": loss,
            "hidden_size": c["hidden_size"],
            "batch_size": c["batch_size"],
            "learning_rate": c["rate"] * c["batch_size"],
            "epochs": c["epochs"],
        }
        for c in grid(**_named("task", task, NOTEBOOK))
    ]


def full_search(*, records, run_missing=True, n_jobs=-1):
    """Run the notebook's 72 combinations for the ten digits, all of them to the end.

    Parameters
    ----------
    records : path
    run_missing, n_jobs
        As in :func:`mnist_gd.records.run_all`.

    Returns
    -------
    mnist_gd.search.SearchResult
    """
    options = {"records": records, "run_missing": run_missing, "n_jobs": n_jobs}
    return grid_search(validation_run, notebook_grid("ten"), **options)


def quick_search(*, records, n_jobs=-1):
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
    ours = [c | {"learning_rate": rate} for c in theirs for rate in WORKING_RATES]
    candidates = []
    for configuration in theirs + ours:
        without = {name: v for name, v in configuration.items() if name != "epochs"}
        if without not in candidates:
            candidates.append(without)
    return successive_halving(
        validation_run, candidates, RUNGS, keep=KEEP, records=records, n_jobs=n_jobs
    )


def main(arguments=None):
    """Run every study in full: ``python -m mnist_gd.studies RECORDS``.

    Parameters
    ----------
    arguments : list of str, optional
        The folder of the records alone; by default from the command line.
    """
    (records,) = sys.argv[1:] if arguments is None else arguments
    jobs = {
        "the 72 combinations": lambda: full_search(records=records),
        **{name: lambda name=name: study(name, records=records, scale="full") for name in STUDIES},
        "the best addition on the test set": lambda: final_results("additions", records=records),
    }
    seconds = {}
    for name, job in jobs.items():
        print(f"{name} ...", flush=True)
        start = perf_counter()
        job()
        seconds[name] = round(perf_counter() - start)
        print(f"{name}: {seconds[name]} s", flush=True)
    # The book's cache of executed pages looks at this file: they are run again.
    about = {"code_version": code_version(), "seconds": seconds}
    Path(records, "studies.json").write_text(json.dumps(about), encoding="utf-8")


if __name__ == "__main__":
    main()
