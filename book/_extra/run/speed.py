"""How fast a machine is: the same small work in the build and in the reader's browser.

What a cell does lies somewhere between the two kinds of work: Python's own, and the products of
matrices, which suffer far more in a browser.
"""

from time import perf_counter

import numpy as np


def _python():
    total = 0.0
    numbers = np.arange(10.0)
    for number in range(20_000):
        total += number % 7
        if not number % 20:
            total += float((numbers * 2 + 1).sum())
    return total


def _products():
    x = np.ones((64, 784), np.float32)
    weights = np.ones((784, 64), np.float32)
    for _ in range(12):
        x @ weights


def measured(times=3):
    """Return the seconds of each kind of work, the best of a few times."""
    best = {}
    for kind in (_python, _products):
        taken = []
        for _ in range(times):
            start = perf_counter()
            kind()
            taken.append(perf_counter() - start)
        best[kind.__name__.strip("_")] = min(taken)
    return best


def slower(build):
    """Return how many times longer a cell takes here, about, and how many times a training.

    Parameters
    ----------
    build : dict
        What `measured` returned on the machine of the build.
    """
    here = measured()
    python, products = (max(1.0, here[kind] / build[kind]) for kind in ("python", "products"))
    return (python * products) ** 0.5, products
