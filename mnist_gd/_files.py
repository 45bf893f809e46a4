"""Files that are whole or not there."""

import os
import tempfile
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
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)  # mkstemp lets nobody else read
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
