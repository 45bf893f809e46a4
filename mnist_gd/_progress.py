"""How many trainings are done, told to the process that waits for them.

The build of the book runs its pages in processes of their own and names a folder in the
environment. Each search leaves one file there: its name begins with the number of trainings
that it has to do, and it grows by one byte for each that is done. So nothing is ever read
half-written, and where the variable is not set nothing is written.
"""

import os
import sys
import tempfile
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

from tqdm import tqdm

FOLDER = "MNIST_GD_PROGRESS"
LINE_EVERY = 30  # seconds


def counted(items, total):
    """Hand on the items of a search of `total` trainings; count each when the next is asked for.

    A folder that cannot be written to stops no training.
    """
    file = None
    if os.environ.get(FOLDER):
        with suppress(OSError):
            handle, file = tempfile.mkstemp(prefix=f"{total}-", dir=os.environ[FOLDER])
            os.close(handle)
    for item in items:
        yield item
        if file is not None:
            with suppress(OSError), open(file, "ab") as notes:
                notes.write(b".")


def tally(folder):
    """Return how many trainings are done in all, and of how many that are known of."""
    files = list(Path(folder).iterdir())
    done = sum(file.stat().st_size for file in files)
    return done, sum(int(file.name.split("-")[0]) for file in files)


@contextmanager
def counting():
    """Make a folder in which this process and those it starts count; nothing is left of it."""
    with tempfile.TemporaryDirectory(prefix="mnist_gd-", ignore_cleanup_errors=True) as folder:
        os.environ[FOLDER] = folder
        try:
            yield folder
        finally:
            del os.environ[FOLDER]


def words(folder, since, *, all_known):
    """Put into words how many trainings are done, and how long the rest may take.

    Parameters
    ----------
    folder : path
        Of :func:`counting`.
    since : float
        When the trainings began, as of `time.monotonic`.
    all_known : bool
        Whether what is to come soon has been told: only then the time left is worth telling. It
        is that of the known trainings.

    Returns
    -------
    str
        Empty as long as no training is known.
    """
    done, known = tally(folder)
    if not known:
        return ""
    text = f"{done} of {known} known trainings"
    if not all_known or not 0 < done < known:
        return text
    left = (monotonic() - since) * (known - done) / done
    return f"{text}, about {tqdm.format_interval(left)} left for these"


@contextmanager
def lines(about):
    """Print a line every half minute while the block runs, unless a terminal shows a bar.

    Parameters
    ----------
    about : callable
        Returns what is being done.
    """
    start, ended = monotonic(), threading.Event()

    def speak(folder):
        while not ended.wait(LINE_EVERY):
            trainings = words(folder, start, all_known=True) or "no training yet"
            gone = tqdm.format_interval(monotonic() - start)
            print(f"{gone} {about()}: {trainings}", flush=True)

    with counting() as folder:
        speaker = threading.Thread(target=speak, args=[folder], daemon=True)
        if not sys.stderr.isatty():  # there the bar of a search says as much
            speaker.start()
        try:
            yield
        finally:
            ended.set()
