"""Files that are whole or not there."""

import os
import shutil
from contextlib import suppress
from pathlib import Path


def write_atomically(path, write):
    """Write a file in one step: whatever happens, readers see all of it or the one before.

    What was there keeps its mode, and a link what it leads to.

    Parameters
    ----------
    path : path
    write : callable
        Writes the content to the binary file that it is called with.
    """
    path = Path(os.path.realpath(path))
    new = path.with_name(f".writing-{os.urandom(8).hex()}")
    try:
        file = open(new, "xb")  # not by tempfile, which lets nobody else read it
    except OSError as error:
        error.filename = str(path)  # that is the one that its caller knows
        raise
    try:
        with file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(path, new)
        os.replace(new, path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
