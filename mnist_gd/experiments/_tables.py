"""Reading :mod:`mnist_gd.experiments.plans`: an error in a table says where it stands."""

from contextlib import contextmanager

from mnist_gd.experiments import plans


@contextmanager
def reading(table):
    """Add to an error the table of the plans that is read.

    Parameters
    ----------
    table : str
        As it is called there.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        error.add_note(f"while reading {table} in {plans.__file__}")
        raise
