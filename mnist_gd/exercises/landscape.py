"""The exercise on second derivatives of a network."""

import numpy as np

from mnist_gd.exercises._tasks import MINUS, Task, normal

__all__ = ["MAKERS"]


def _hessian_vector_task(rng):
    def gradient(x):  # of sum(x**4) / 4 + sum(x)**3 / 6
        return x**3 + np.sum(x) ** 2 / 2

    def quotient(ahead, behind, width):  # each counted in steps
        def product(gradient, x, v, step):
            change = gradient(x + ahead * step * v) - gradient(x - behind * step * v)
            return change / (width * step)

        return product

    right = quotient(1, 1, 2)
    return Task(
        arguments=("gradient", "x", "v", "step"),
        returns=("the product",),
        truth=right,
        inputs=[(gradient, *normal(rng, s, s), step) for s, step in (((4,), 0.1), ((3, 2), 0.05))],
        mistakes={
            "this is the forward difference; the central one looks both ways": quotient(1, 0, 1),
            "this is the backward difference; the central one looks both ways": quotient(0, 1, 1),
            "the points lie half a step away on each side; a whole one is asked": quotient(
                0.5, 0.5, 1
            ),
            "the points differ by step alone, without v: that is the product with ones": (
                lambda g, x, v, h: right(g, x, np.ones_like(v), h)
            ),
            "v is normalised to length 1; the product belongs to v as it is": (
                lambda g, x, v, h: right(g, x, v / np.linalg.norm(v), h)
            ),
            "this is <v, H v>, the curvature along v; asked is the vector H v": (
                lambda g, x, v, h: np.sum(v * right(g, x, v, h))
            ),
            "this is v times the change, entry by entry; asked is the vector H v": (
                lambda g, x, v, h: v * right(g, x, v, h)
            ),
            "the division by the distance 2 * step is missing": (
                lambda g, x, v, h: 2 * h * right(g, x, v, h)
            ),
        },
        factors={
            **MINUS,
            "divided by step; the two points are 2 * step apart": lambda *arguments: 2,
        },
        source="the equation gives",
    )


MAKERS = {"hessian-vector-product": _hessian_vector_task}
