"""How fast a machine is at the products of matrices, in the build and in the browser."""

from time import perf_counter

import numpy as np


def measured(times=3):
    """Return the seconds of some products as a network of the book has them, at best."""
    x = np.ones((64, 784), np.float32)
    weights = np.ones((784, 64), np.float32)
    taken = []
    for _ in range(times):
        start = perf_counter()
        for _ in range(12):
            x @ weights
        taken.append(perf_counter() - start)
    return min(taken)


def slower(build):
    """Return how many times longer than in the build a long cell takes here, about.

    Parameters
    ----------
    build : float
        What `measured` returned on the machine of the build.

    Returns
    -------
    float
        That of the products: what takes long is mostly made of them, and what is not ends sooner
        than was said.
    """
    return max(1.0, measured() / build)
