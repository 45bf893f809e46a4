"""How many trainings are done, told to the process that waits for them.

The build of the book runs its pages in processes of their own and names a folder in the
environment. Each search leaves one file there: its name begins with the number of trainings
that it has to do, and it grows by one byte for each that is done. So nothing is ever read
half-written, and where the variable is not set nothing is written.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

FOLDER = "MNIST_GD_PROGRESS"


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
