"""How fast a machine is: the same small work here, in the build and in the reader's browser."""

from itertools import pairwise
from time import perf_counter

import numpy as np

SIZES = (784, 64, 10)
BATCH = 64
STEPS = 12


def _steps(rng):
    """Take some steps of a small network, as most of what is slow on the pages does."""
    x = rng.random((BATCH, SIZES[0]), dtype=np.float32)
    weights = [rng.random(shape, dtype=np.float32) for shape in pairwise(SIZES)]
    for _ in range(STEPS):
        hidden = np.maximum(x @ weights[0], 0)
        out = hidden @ weights[1]
        out -= out.max(axis=1, keepdims=True)
        error = np.exp(out) / np.exp(out).sum(axis=1, keepdims=True)
        back = (error @ weights[1].T) * (hidden > 0)
        weights[1] -= 1e-6 * (hidden.T @ error)
        weights[0] -= 1e-6 * (x.T @ back)


def measured(times=5):
    """Return the seconds that it takes, the best of a few times."""
    rng = np.random.default_rng(0)
    taken = []
    for _ in range(times):
        start = perf_counter()
        _steps(rng)
        taken.append(perf_counter() - start)
    return min(taken)
