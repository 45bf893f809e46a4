"""Runs of functions, each kept as a record.

A run is a function of a configuration and a seed. Runs go to ``joblib.Parallel``, one BLAS
thread each, so the same runs move to a cluster under ``joblib.parallel_config``. A finished run
is one file, written in one step and named by everything that its result depends on: what was
killed goes on where it stopped, and a record of other code is never taken for this one.
"""

import json
import warnings
from contextlib import ExitStack, suppress
from copy import deepcopy
from dataclasses import dataclass, is_dataclass, replace
from pathlib import Path

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from mnist_gd._checks import check_flag, check_integer, check_path, check_sequence, is_a, shown
from mnist_gd._code import code_of, is_here, look_again, made_by
from mnist_gd._configurations import checked_configuration, plain, settings_of, work_of
from mnist_gd._network_files import from_arrays
from mnist_gd._progress import counted
from mnist_gd._record_files import (
    checked_outcome,
    digest,
    make_places,
    read_record,
    read_times,
    run_name,
    with_time,
    write_record,
)
from mnist_gd._running import Bar, processor_time
from mnist_gd._workers import (
    check_function,
    check_workers,
    errors_that_can_be_sent,
    here,
    is_near,
    running,
    runs_above,
    what_workers_lack,
)
from mnist_gd.gradient_descent import DivergenceError
from mnist_gd.history import History
from mnist_gd.networks import Network

with warnings.catch_warnings():  # in a browser, which has no other process, locks are soft ones
    warnings.filterwarnings("ignore", "only soft file lock is available")
    from filelock import FileLock, Timeout

LOCKS = 128  # runs that a process takes for itself at a time: each is an open file of maybe 256

__all__ = ["Record", "code_version", "run_all"]


@dataclass(frozen=True, eq=False)
class Record:
    """A finished run.

    Attributes
    ----------
    configuration : dict or dataclass
    seed : int
    outcome : dict
        What the run returned, as plain numbers, strings and lists.
    arrays : dict of ndarray
        The arrays that it returned.
    seconds : float
        Processor time of the process while the run took place, or on another day, if the folder
        of the records holds such times (:func:`run_all`).
    """

    configuration: object
    seed: int
    outcome: dict
    arrays: dict
    seconds: float

    @property
    def history(self):
        """The :class:`mnist_gd.history.History` of a training, as far as it came."""
        if "history" not in self.outcome:
            raise LookupError(f"this run returned no history, but {[*self.outcome]}")
        return History(**self.outcome["history"])

    @property
    def diverged(self):
        """Whether the training left the finite numbers before its end."""
        return self.outcome.get("diverged") not in (None, False)

    def ended_before(self, epochs):
        """Whether the training broke off before so many epochs; one that was stopped did not."""
        epochs = check_integer("epochs", epochs)
        ran, planned = len(self.history), settings_of(self.configuration)["epochs"]
        stopped = self.history.best_epoch is not None and not self.diverged and ran < planned
        return ran < epochs and not stopped

    def network(self):
        """Return the network of a run that kept it; a LookupError says that it did not."""
        if "about" not in self.arrays:
            raise LookupError(f"this run kept no network, but {[*self.arrays]}")
        try:
            _, layers, loss = from_arrays(self.arrays)
        except Exception as error:  # whatever an array of that name makes it raise
            raise LookupError(
                f"this run kept no network, but {[*self.arrays]}: {type(error).__name__}, {error}"
            ) from None
        return Network(layers, loss=loss)

    def score(self, epochs=None):
        """Return the validation score after so many epochs, by default all: 0 if it diverged.

        With a `patience` it is that of the network which a training of so many returns. A
        LookupError or ValueError says that the run told no history, or had no validation.
        """
        scores = self._validation_score()
        if epochs is None:
            epochs = settings_of(self.configuration)["epochs"]
        epochs = check_integer("epochs", epochs)
        if self.history.best_epoch is not None and not self.ended_before(epochs):
            epochs = int(np.argmin(self.history.validation_loss[:epochs])) + 1
        return scores[epochs - 1] if len(scores) >= epochs else 0.0

    def _validation_score(self):
        history = self.history
        if not history.validation_score and (len(history) or not self.diverged):
            raise ValueError(
                "history of function must have a validation_score to be judged by, but the run "
                f"with {shown(self.configuration)} had no validation"
            )
        return history.validation_score

    def settled_score(self):
        """Return the validation score by which runs of different learning rates are compared.

        Where the rate falls to zero (the configuration then says that it `settles`), it is the
        score after the last epoch. At a constant rate that hangs on the last few batches: there
        it is the mean over the second half of the epochs. One with a `patience` has chosen its
        epoch. A run that diverged scores 0.
        """
        if self.history.best_epoch is not None:
            return self.score()
        scores = self._validation_score()
        settles = getattr(self.configuration, "settles", False)
        late = scores[-1:] if settles else scores[len(scores) // 2 :]
        return 0.0 if self.diverged else float(np.mean(late))


def code_version():
    """Return a hash of the whole package, as it was imported, and of NumPy's version.

    The data are among it: :mod:`mnist_gd.data` holds the sums that it loads them by.
    """
    return digest(json.dumps(made_by(), sort_keys=True))


def _key(function, configuration, seed):
    """Name of a record: a hash of everything that its result depends on."""
    name = f"{function.__module__}.{function.__qualname__}"
    code = _code_of(function, configuration)
    settings = [type.__repr__(type(configuration)), settings_of(configuration)]
    about = [name, settings, seed, made_by()["numpy"], sorted(code.items())]
    return digest(json.dumps(about))[:32]


def _code_of(function, configuration):
    """The code of a run: a class of configurations may have methods, which no setting tells."""
    kind = type(configuration)
    return code_of(function) | (code_of(kind) if is_dataclass(kind) else {})


def _load(folder, key, configuration, seed, *, tell=False):
    """Return the record of a run, or None if there is no whole one, or it is another run's.

    If there is one of that name, `tell` says by a warning why it is not taken.
    """
    path = folder / f"{key}.json"
    try:
        if path.exists():
            content = read_record(path, key, settings_of(configuration), seed)
            return Record(configuration, seed, **content)
    except Exception as error:  # however a file is damaged, its run is done again
        if tell:
            warnings.warn(
                f"{path} is no whole record of its run, which has to be done again: "
                f"{type(error).__name__}: {error}",
                stacklevel=3,
            )
    return None


def _run(function, configuration, seed):
    """One run in a worker: one BLAS thread; divergence is an outcome like any other."""
    start = processor_time()
    with threadpool_limits(1, user_api="blas"):
        try:
            outcome, arrays = checked_outcome(function(deepcopy(configuration), seed))
        except DivergenceError as error:
            history = getattr(error, "history", History())
            history = history.as_dict() if is_a(history, History) else history
            outcome, arrays = checked_outcome(({"diverged": str(error), "history": history}, {}))
    seconds = processor_time() - start
    return Record(configuration, seed, plain("outcome", outcome), arrays, seconds)


def run_all(
    function, configurations, *, seeds=(0,), records, n_jobs=-1, progress=True, run_missing=True
):
    """Run a function for every configuration and seed, and keep each result.

    Parameters
    ----------
    function : callable
        Takes a configuration and a seed; returns a dict of plain values and a dict of arrays. A
        `history` is one of :meth:`mnist_gd.history.History.as_dict`, or a part of it. The function
        must be importable by name, for the workers' sake.
    configurations : list of dict or dataclass
        Plain values only: they name the record, in which 1 is not 1.0 and their order counts. A
        dataclass is made again by its fields. What has a larger `work` is begun earlier.
    seeds : sequence of int
    records : path
        Folder of the records. What is found there is not run again. Where it holds a `times.json`,
        runs are returned with the times that stand there, so that what is shown of times, or
        chosen by them, is the same in each build.
    n_jobs : int
        Workers, as in joblib, but no more than 128; -1 takes every processor.
    progress : bool
        Whether to show a bar, if on a terminal.
    run_missing : bool
        False takes records only.

    Returns
    -------
    list of Record
        For each configuration in turn, one for each seed.

    Raises
    ------
    LookupError
        If a record is missing and `run_missing` is False.
    ValueError, TypeError
        If there is no configuration or no seed, a configuration does not hold plain values, the
        function is a lambda or an inner one, uses what is not the same in each process or a
        module that was edited since this one began, cannot be sent to workers, returns what no
        record can hold or asks for itself, or another argument is out of its range.

    Warns
    -----
    UserWarning
        If a record is damaged, or is that of another run under this one's name: it is not taken.
        Nothing is said of records that are not there, or of other code.
    """
    check_function(function)
    folder, n_jobs = check_path("records", records), check_workers(n_jobs, LOCKS)
    progress = check_flag("progress", progress)
    run_missing = check_flag("run_missing", run_missing)
    seeds = check_sequence("seeds", seeds)
    seeds = [check_integer("each of seeds", seed, minimum=0) for seed in seeds]
    configurations = check_sequence("configurations", configurations)
    configurations = [checked_configuration(c) for c in configurations]
    jobs = [(c, seed) for c in configurations for seed in seeds]
    if not jobs:
        raise ValueError("configurations and seeds must not be empty")
    look_again()
    keys = [_key(function, *job) for job in jobs]
    wanted = dict(zip(keys, jobs, strict=True))
    found = {}
    for key, job in wanted.items():  # from here, whose caller is told
        found[key] = _load(folder, key, *job, tell=True)
    lacking = list(found.values()).count(None)
    if lacking and not run_missing:
        raise LookupError(f"{lacking} of {len(found)} runs have no record in {folder}")
    _run_missing(function, wanted, found, folder, n_jobs, progress)
    if times := read_times(folder):
        found = {
            key: with_time(record, times.get(run_name(function, *wanted[key])))
            for key, record in found.items()
        }
    return [found[key] for key in keys]


def _run_missing(function, wanted, found, folder, n_jobs, progress):
    """Run what is not found; wait for what others are at, if this search is inside no run."""
    locks = Path(f"{folder}.locks")
    above = runs_above({key: wanted[key][0] for key, record in found.items() if record is None})
    longest_first = sorted(wanted, key=lambda key: -work_of(wanted[key][0]))
    while missing := [key for key in longest_first if found[key] is None]:
        make_places(folder, locks, missing)
        with ExitStack() as held:
            ours = []
            for key in missing[:LOCKS]:
                with suppress(Timeout):
                    held.enter_context(FileLock(locks / key, blocking=False))
                    ours.append(key)
            if not ours:
                ours = missing[:1]
                if not above:  # else whoever is at it may be waiting for the run that this is in
                    held.enter_context(FileLock(locks / ours[0]))
            found |= {key: _load(folder, key, *wanted[key]) for key in ours}
            ours = [key for key in ours if found[key] is None]
            held.enter_context(what_workers_lack())
            parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")
            run = joblib.delayed(_keyed_run)
            there = (made_by()["numpy"], folder.absolute(), here(), above)
            codes = {key: _code_of(function, wanted[key][0]) for key in ours}
            jobs = (run(key, function, *wanted[key], codes[key], *there) for key in ours)
            bar = Bar(parallel(jobs), total=len(ours), disable=None if progress else True)
            for key, record, is_kept in counted(bar, len(ours)):
                record = replace(record, configuration=wanted[key][0])
                if not is_kept:
                    write_record(folder, key, record)
                found[key] = record


def _keyed_run(key, function, configuration, seed, code, numpy, folder, search, above):
    """One run; a worker on the machine of the search keeps it at once, whatever comes then."""
    if not is_here(code) or made_by()["numpy"] != numpy:
        raise RuntimeError(
            f"this worker has imported other code of {function.__module__}, or another NumPy, "
            "than the search that it works for: start the search again"
        )
    is_kept = is_near(search)
    with errors_that_can_be_sent(search), running(key, above, search):
        record = _run(function, configuration, seed)
    if is_kept:
        write_record(folder, key, record)
    return key, replace(record, configuration=None), is_kept  # a class of a script stays there
