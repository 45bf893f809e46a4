"""Workers end with the search that they work for, however that was ended."""

import os
import platform
import threading
import time
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from functools import cache
from multiprocessing import parent_process
from pickle import PicklingError

INTERVAL = 0.2  # seconds; a search that was killed cannot tell its workers


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
        if isinstance(error, BrokenExecutor) and "serialize" not in str(error):  # killed, say
            raise
        raise TypeError(
            "function must use what workers find or can be sent, which a cached function of a "
            f"script is not: put that into a module of its own, or ask for n_jobs=1 ({error})"
        ) from error
