"""Steps that are taken whole or not at all."""

from contextlib import contextmanager

import numpy as np

from mnist_gd.gradient_descent import DivergenceError


@contextmanager
def unchanged_by_errors(objects, arrays=()):
    """Give objects their attributes back, and arrays what they held, if the block raises.

    Parameters
    ----------
    objects : list
    arrays : list of ndarray
        Those that the block works on in place; they are copied first.

    Yields
    ------
    None
    """
    attributes = [vars(each).copy() for each in objects]
    contents = [array.copy() for array in arrays]
    try:
        yield
    except BaseException:
        for each, before in zip(objects, attributes, strict=True):
            vars(each).clear()
            vars(each).update(before)
        for array, before in zip(arrays, contents, strict=True):
            array[...] = before
        raise


@contextmanager
def whole_step(objects, arrays):
    """Have a step raise a DivergenceError, and change nothing, if it leaves the finite numbers.

    What is infinite or NaN is looked for in the numbers themselves: a browser's processor tells
    NumPy of no overflow.

    Parameters
    ----------
    objects : list
    arrays : callable
        Returns those that the step works on in place. It is called again after the step, which
        may have made some.

    Yields
    ------
    None
    """
    with unchanged_by_errors(objects, arrays()), np.errstate(all="ignore"):
        yield
        if not all(np.isfinite(array).all() for array in arrays()):
            raise DivergenceError("the step leaves the finite numbers")
