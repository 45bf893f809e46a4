"""The exercise on the length of a step."""

import numpy as np

from mnist_gd.exercises._tasks import Task, normal

__all__ = ["MAKERS"]


def _backtracking_task(rng):
    def bowl(x):
        return float(np.sum(np.linspace(1, 9, x.size) * np.ravel(x) ** 2) / 2)

    def slope(x):
        return np.reshape(np.linspace(1, 9, x.size), x.shape) * x

    def halving(enough, most=60):
        def search(f, x, g, rate):
            for _ in range(most):
                if enough(f, x, g, rate):
                    break
                rate = rate / 2
            return rate

        return search

    def paid(f, x, g, rate, share=0.5):
        return f(x - rate * g) <= f(x) - share * rate * np.sum(g**2)

    right = halving(paid)
    points = [normal(rng, shape)[0] for shape in ((2,), (5,), (3, 2))]
    return Task(
        arguments=("f", "x", "gradient", "learning_rate"),
        returns=("the learning rate",),
        truth=right,
        inputs=[(bowl, x, slope(x), rate) for x, rate in zip(points, (0.9, 3, 5), strict=True)]
        # a step that pays at once, and one that pays at the last of the rates but one
        + [(bowl, points[1], slope(points[1]), 0.01), (bowl, points[2], slope(points[2]), 40.0)],
        mistakes={
            "any step that goes down is taken; it must gain half of what the slope promised": (
                halving(lambda f, x, g, rate: f(x - rate * g) < f(x))
            ),
            "the half is missing: only a straight slope keeps the whole of its promise": halving(
                lambda f, x, g, rate: paid(f, x, g, rate, 1)
            ),
            "the promise is without the learning rate": halving(
                lambda f, x, g, rate: f(x - rate * g) <= f(x) - np.sum(g**2) / 2
            ),
            "the gradient's length is not squared": halving(
                lambda f, x, g, rate: f(x - rate * g) <= f(x) - rate * np.linalg.norm(g) / 2
            ),
            "the step goes up, along the gradient": halving(
                lambda f, x, g, rate: paid(f, x, -g, rate)
            ),
            "it halves once only; after that the condition must be looked at again": halving(
                paid, most=1
            ),
            "it halves while the step pays, and stops when it does not": halving(
                lambda *arguments: not paid(*arguments)
            ),
            "it halves once too often": lambda *arguments: right(*arguments) / 2,
        },
        source="the condition gives",
    )


MAKERS = {"backtracking": _backtracking_task}
