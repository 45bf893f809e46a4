"""Files that are whole or not there."""

import os
from pathlib import Path


def write_atomically(path, write):
    """Write a file in one step: whatever happens, readers see all of it or the one before.

    Parameters
    ----------
    path : path
    write : callable
        Writes the content to the binary file that it is called with.
    """
    path = Path(path)
    new = path.with_name(f".writing-{os.urandom(8).hex()}")
    file = open(new, "xb")  # not by tempfile, which lets nobody else read it
    try:
        with file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
