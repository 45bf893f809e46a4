"""Runs of functions, each kept as a record.

A run is a function of a configuration and a seed. Runs go to ``joblib.Parallel``, one BLAS
thread each, so the same runs move to a cluster under ``joblib.parallel_config``. A finished run
is one file, written in one step and named by everything that its result depends on: what was
killed goes on where it stopped, and a record of other code is never taken for this one.
"""

import hashlib
import inspect
import json
import warnings
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from mnist_gd._checks import check_integer
from mnist_gd._code import code_of, made_by
from mnist_gd._configurations import checked_configuration, plain, settings_of
from mnist_gd._files import write_atomically
from mnist_gd._network_files import from_arrays
from mnist_gd._progress import counted
from mnist_gd._running import Bar, processor_time
from mnist_gd._workers import here, is_near
from mnist_gd.gradient_descent import DivergenceError
from mnist_gd.history import History
from mnist_gd.networks import Network

with warnings.catch_warnings():  # in a browser, which has no other process, locks are soft ones
    warnings.filterwarnings("ignore", "only soft file lock is available")
    from filelock import FileLock, Timeout

LOCKS = 128  # runs that a process takes for itself at a time: each is an open file of maybe 256
TIMES = "times.json"  # in a folder of records: what runs took on another day

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
        return History(**self.outcome["history"])

    @property
    def diverged(self):
        """Whether the training left the finite numbers before its end."""
        return "diverged" in self.outcome

    def ended_before(self, epochs):
        """Whether the training broke off before so many epochs; one that was stopped did not."""
        ran, planned = len(self.history.seconds), settings_of(self.configuration)["epochs"]
        stopped = self.history.best_epoch is not None and not self.diverged and ran < planned
        return ran < epochs and not stopped

    def network(self):
        """Return the network of a run that kept it; a LookupError says that it did not."""
        if "about" not in self.arrays:
            raise LookupError(f"this run kept no network, but {[*self.arrays]}")
        _, layers, loss = from_arrays(self.arrays)
        return Network(layers, loss=loss)

    def score(self, epochs=None):
        """Return the validation score after so many epochs, by default all: 0 if it diverged.

        With a `patience` it is that of the network which a training of so many returns.
        """
        scores = self.history.validation_score
        if epochs is None:
            epochs = settings_of(self.configuration)["epochs"]
        epochs = check_integer("epochs", epochs)
        if self.history.best_epoch is not None and not self.ended_before(epochs):
            epochs = int(np.argmin(self.history.validation_loss[:epochs])) + 1
        return scores[epochs - 1] if len(scores) >= epochs else 0.0

    def settled_score(self):
        """Return the validation score by which runs of different learning rates are compared.

        Where the rate falls to zero (the configuration then says that it `settles`), it is the
        score after the last epoch. At a constant rate that hangs on the last few batches: there
        it is the mean over the second half of the epochs. One with a `patience` has chosen its
        epoch. A run that diverged scores 0.
        """
        if self.history.best_epoch is not None:
            return self.score()
        scores = self.history.validation_score
        settles = getattr(self.configuration, "settles", False)
        late = scores[-1:] if settles else scores[len(scores) // 2 :]
        return 0.0 if self.diverged else float(np.mean(late))


def code_version():
    """Return a hash of the whole package, as it was imported, and of NumPy's version.

    The data are among it: :mod:`mnist_gd.data` holds the sums that it loads them by.
    """
    return _digest(json.dumps(made_by(), sort_keys=True))


def _check_function(function):
    if not inspect.isfunction(function) or "<" in function.__qualname__:
        raise TypeError(
            "function must be a function that is importable by name, no lambda, inner one or "
            f"method, but is {function!r}"
        )


def _key(function, configuration, seed):
    """Name of a record: a hash of everything that its result depends on."""
    name = f"{function.__module__}.{function.__qualname__}"
    about = [name, settings_of(configuration), seed, made_by()["numpy"], code_of(function)]
    return _digest(json.dumps(about, sort_keys=True))[:32]


def _run_name(function, configuration, seed):
    """Name of a run that is the same whatever its code: the time that it took is kept by that."""
    name = f"{function.__module__}.{function.__qualname__}"
    return _digest(json.dumps([name, settings_of(configuration), seed], sort_keys=True))[:16]


def _with_time(record, time):
    """The record with the `seconds` of another day, and of its `history` if it is as long."""
    outcome, history = record.outcome, record.outcome.get("history", {})
    if time is None or len(time["history"]) != len(history.get("seconds", [])):
        return record
    if time["history"]:
        outcome = outcome | {"history": history | {"seconds": time["history"]}}
    return replace(record, outcome=outcome, seconds=time["seconds"])


def _times(folder):
    try:
        return json.loads((folder / TIMES).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def _digest(data):
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def _array_digest(array):
    return _digest(f"{array.dtype.str} {array.shape} {_digest(array.tobytes())}")


def _save(folder, key, record):
    """Keep a record; its .json comes last and says, by sums over all of it, that it is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {name: np.asarray(array) for name, array in record.arrays.items()}
    sums = {name: _array_digest(array) for name, array in sorted(arrays.items())}
    settings = settings_of(record.configuration)
    about = {"key": key, **vars(record), "configuration": settings, "arrays": sums}
    text = json.dumps(about | {"sha256": _digest(json.dumps(about))}, indent=1)
    if arrays:
        write_atomically(folder / f"{key}.npz", lambda file: np.savez_compressed(file, **arrays))
    write_atomically(folder / f"{key}.json", lambda file: file.write(text.encode()))


def _load(folder, key, configuration, seed):
    """Return the record of a run, or None if there is no whole one, or it is another run's."""
    try:
        about = json.loads((folder / f"{key}.json").read_text(encoding="utf-8"))
        if about.pop("sha256") != _digest(json.dumps(about)):
            return None
        if [about.pop(name) for name in ("key", "configuration", "seed")] != [
            key,
            settings_of(configuration),
            seed,
        ]:
            return None
        sums, arrays = about.pop("arrays"), {}
        if sums:
            with open(folder / f"{key}.npz", "rb") as file, np.load(file) as saved:
                arrays = {name: saved[name] for name in sums}
        if any(_array_digest(array) != sums[name] for name, array in arrays.items()):
            return None
        return Record(configuration, seed, arrays=arrays, **about)
    except Exception:  # however a file is damaged, its run is done again
        return None


def _run(function, configuration, seed):
    """One run in a worker: one BLAS thread; divergence is an outcome like any other."""
    start = processor_time()
    with threadpool_limits(1, user_api="blas"):
        try:
            outcome, arrays = function(configuration, seed)
        except DivergenceError as error:
            history = getattr(error, "history", History())
            outcome, arrays = {"diverged": str(error), "history": history.as_dict()}, {}
    seconds = processor_time() - start
    return Record(configuration, seed, plain("outcome", outcome), arrays, seconds)


def run_all(
    function, configurations, *, seeds=(0,), records, n_jobs=-1, progress=True, run_missing=True
):
    """Run a function for every configuration and seed, and keep each result.

    Parameters
    ----------
    function : callable
        Takes a configuration and a seed; returns a dict of plain values and a dict of arrays.
        It must be importable by name, for the workers' sake.
    configurations : list of dict or dataclass
        Plain values only: they become part of the record's name, in which 1 is not 1.0. What has
        more `work`, if they have such an attribute, is begun before the others.
    seeds : sequence of int
    records : path
        Folder of the records. What is found there is not run again. Where it holds a `times.json`,
        runs are returned with the times that stand there, so that what is shown of times, or
        chosen by them, is the same in each build.
    n_jobs : int
        Workers, as in joblib; -1 takes every processor.
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
        If there is no configuration or no seed, a configuration does not hold plain values, or
        the function is a lambda or an inner one.
    """
    _check_function(function)
    folder = Path(records)
    if not isinstance(seeds, Iterable):
        raise TypeError(f"seeds must hold integers, such as range(5), but is {seeds!r}")
    seeds = [check_integer("seed", seed, minimum=0) for seed in seeds]
    configurations = [checked_configuration(c) for c in configurations]
    jobs = [(c, seed) for c in configurations for seed in seeds]
    if not jobs:
        raise ValueError("configurations and seeds must not be empty")
    keys = [_key(function, *job) for job in jobs]
    wanted = dict(zip(keys, jobs, strict=True))
    found = {key: _load(folder, key, *job) for key, job in wanted.items()}
    lacking = list(found.values()).count(None)
    if lacking and not run_missing:
        raise LookupError(f"{lacking} of {len(found)} runs have no record in {folder}")
    _run_missing(function, wanted, found, folder, n_jobs, progress)
    if times := _times(folder):
        found = {
            key: _with_time(record, times.get(_run_name(function, *wanted[key])))
            for key, record in found.items()
        }
    return [found[key] for key in keys]


def _run_missing(function, wanted, found, folder, n_jobs, progress):
    """Run what is not found, but leave to other processes what they are at, and wait for them."""
    locks = Path(f"{folder}.locks")
    longest_first = sorted(wanted, key=lambda key: -getattr(wanted[key][0], "work", 0))
    while missing := [key for key in longest_first if found[key] is None]:
        for needed in (folder, locks):
            needed.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            ours = []
            for key in missing[:LOCKS]:
                with suppress(Timeout):
                    held.enter_context(FileLock(locks / key, blocking=False))
                    ours.append(key)
            if not ours:
                held.enter_context(FileLock(locks / missing[0]))
            found |= {key: _load(folder, key, *wanted[key]) for key in ours or missing[:1]}
            ours = [key for key in ours if found[key] is None]
            parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")
            run = joblib.delayed(_keyed_run)
            jobs = (run(key, function, *wanted[key], folder.absolute(), here()) for key in ours)
            bar = Bar(parallel(jobs), total=len(ours), disable=None if progress else True)
            for key, record, is_kept in counted(bar, len(ours)):
                if not is_kept:
                    _save(folder, key, record)
                found[key] = record


def _keyed_run(key, function, configuration, seed, folder, search):
    """One run; a worker on the machine of the search keeps it at once, whatever comes then."""
    if _key(function, configuration, seed) != key:
        raise RuntimeError(
            f"this worker has imported other code of {function.__module__}, or another NumPy, "
            "than the search that it works for: start the search again"
        )
    is_kept = is_near(search)
    record = _run(function, configuration, seed)
    if is_kept:
        _save(folder, key, record)
    return key, record, is_kept
