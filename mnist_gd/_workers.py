"""Workers: how many, what they cannot be sent, and that they end with their search."""

import os
import platform
import re
import threading
import time
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from functools import cache
from multiprocessing import parent_process
from pickle import PicklingError

from mnist_gd._checks import check_integer

INTERVAL = 0.2  # seconds; a search that was killed cannot tell its workers


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
