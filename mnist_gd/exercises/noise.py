"""The exercise on the noise of a mini-batch."""

import numpy as np

from mnist_gd.exercises._tasks import Task

__all__ = ["MAKERS"]


def _batch_noise_task(rng):
    def spread(gradients):
        return np.mean(np.sum((gradients - gradients.mean(axis=0)) ** 2, axis=1))

    def truth(gradients, batch_size):
        n = len(gradients)
        return spread(gradients) / batch_size * (n - batch_size) / (n - 1)

    return Task(
        arguments=("gradients", "batch_size"),
        returns=("the noise",),
        truth=truth,
        inputs=[
            (1 + rng.normal(size=(n, d)), size)
            for n, d, size in ((8, 5, 3), (11, 3, 4), (6, 4, 1))
        ],
        mistakes={
            "this holds for draws with replacement; without, there is one more factor": (
                lambda g, size: spread(g) / size
            ),
            "the gradients' lengths are taken, not their distances from the mean": (
                lambda g, size: truth(g, size) * np.mean(np.sum(g**2, axis=1)) / spread(g)
            ),
            "this is the root of it; asked is the squared distance": (
                lambda g, size: np.sqrt(truth(g, size))
            ),
            "the spread is divided by n - 1; these are all the examples, so by n": (
                lambda g, size: truth(g, size) * len(g) / (len(g) - 1)
            ),
            "the last factor divides by n; it divides by n - 1": (
                lambda g, size: truth(g, size) * (len(g) - 1) / len(g)
            ),
        },
        factors={
            "the spread is a mean over the entries; a squared length is their sum": (
                lambda g, size: 1 / g.shape[1]
            ),
            "the division by the batch size is missing": lambda g, size: size,
            "divided by the batch size twice": lambda g, size: 1 / size,
        },
        source="the equation of the variance gives",
    )


MAKERS = {"batch-noise": _batch_noise_task}
