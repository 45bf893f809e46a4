"""Workers: how many, what they cannot be sent, and that they end with their search."""

import inspect
import os
import platform
import re
import threading
import time
import traceback
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from multiprocessing import parent_process
from pickle import PicklingError

from mnist_gd._checks import check_integer, shown

INTERVAL = 0.2  # seconds; a search that was killed cannot tell its workers
RUNS = "MNIST_GD_RUNS"  # a process that searches, and the runs that what is started there is in
_runs = ContextVar("runs", default=())


def check_function(function):
    """Refuse what no worker finds by its name, or what does not take what a run is given."""
    if not inspect.isfunction(function) or "<" in function.__qualname__:
        raise TypeError(
            "function must be a function that is importable by name, no lambda, inner one or "
            f"method, but is {shown(function)}"
        )
    try:
        inspect.signature(function, follow_wrapped=False).bind({}, 0)
    except Exception as error:  # of a signature that says anything
        raise TypeError(
            f"function must take a configuration and a seed, but is {shown(function)}: {error}"
        ) from None


def check_workers(n_jobs, most):
    """Return how many workers are asked for; more than there are runs at a time stay idle."""
    if n_jobs is None:  # joblib's own way to leave it to `joblib.parallel_config`
        return None
    n_jobs = check_integer("n_jobs", n_jobs, minimum=-(2**31))
    if n_jobs == 0:
        raise ValueError("n_jobs must be a number of workers, or -1 for every processor, but is 0")
    return min(n_jobs, most)


def here():
    """Return what names this process among those of all machines."""
    return platform.node(), os.getpid()


def is_near(search):
    """Whether this process is the search itself or a worker that it has started on its machine.

    Parameters
    ----------
    search : tuple
        What :func:`here` returned in the process of the search.
    """
    if here() == search:
        return True
    parent = parent_process()
    near = parent is not None and (platform.node(), parent.pid) == search
    if near:
        _end_with(parent.pid)
    return near


@cache  # one thread in a process
def _end_with(parent):
    def wait():
        while os.getppid() == parent:  # an orphan has another parent; on Windows it has not
            time.sleep(INTERVAL)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def runs_above(wanted):
    """Return the keys of the runs that a search is in, the outermost first.

    Parameters
    ----------
    wanted : dict
        A configuration by the key of each run that the search lacks: it may ask for none above.
    """
    process, *inherited = os.environ.get(RUNS, "").split() or [""]
    if process == str(os.getpid()):  # whose other threads are in none
        inherited = ()
    above = _runs.get() or (*inherited,)
    for key in wanted.keys() & {*above}:
        raise ValueError(
            "configurations of a search inside a run must not be that of the run itself, but one "
            f"is {shown(wanted[key])}"
        )
    return above


@contextmanager
def running(key, above, search):
    """Know that a run is under way inside those above, in what it starts, too, by inheritance."""
    token, before = _runs.set((*above, key)), os.environ.get(RUNS)
    process = before.split()[0] if above and before else search[1]
    os.environ[RUNS] = " ".join((str(process), *above, key))
    try:
        yield
    finally:
        _runs.reset(token)
        os.environ.pop(RUNS, None)
        if above and before:
            os.environ[RUNS] = before


@contextmanager
def errors_that_can_be_sent(search):
    """Have what a run raises reach its search, as text if it cannot be sent there."""
    try:
        yield
    except BaseException as error:
        if here() != search:
            from joblib.externals.loky.backend.reduction import dumps, loads  # as it is sent

            try:
                if type(loads(dumps(error))) is not type(error):
                    raise TypeError
            except Exception:
                unsent = RuntimeError(f"function has raised {shown(error)}")
                unsent.add_note(traceback.format_exc())
                raise unsent from None
        raise


@contextmanager
def what_workers_lack():
    """Have it said that they lack what the function uses, if that cannot be sent to them."""
    try:
        yield
    except (BrokenExecutor, PicklingError) as error:
        if not re.match("A task has failed to un-serialize|Could not pickle the task", str(error)):
            raise  # of a worker that was killed, or of the function's own
        raise TypeError(
            "function must use what workers find or can be sent, which a cached function of a "
            f"script is not: put that into a module of its own, or ask for n_jobs=1 ({error})"
        ) from error
