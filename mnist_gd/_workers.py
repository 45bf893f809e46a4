"""Workers end with the search that they work for, however that was ended."""

import os
import platform
import threading
import time
from functools import cache
from multiprocessing import parent_process

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
