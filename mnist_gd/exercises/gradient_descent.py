"""The exercises on steps and their length."""

import numpy as np

from mnist_gd.exercises._tasks import MINUS, SHAPES, Task, normal

__all__ = ["MAKERS"]


def _gradient_step_task(rng):
    return Task(
        arguments=("x", "gradient", "learning_rate"),
        returns=("the new x",),
        truth=lambda x, g, rate: x - rate * g,
        inputs=[(*normal(rng, s, s), rate) for s, rate in zip(SHAPES, (0.3, 0.1, 2), strict=True)],
        mistakes={
            "the step goes up, along the gradient": lambda x, g, rate: x + rate * g,
            "the learning rate is missing": lambda x, g, rate: x - g,
            "this is the step alone; asked is the point after it": lambda x, g, rate: -rate * g,
            "only the gradient's sign is used, not its size": (
                lambda x, g, rate: x - rate * np.sign(g)
            ),
            "the gradient is normalised to length 1; its length belongs to the step": (
                lambda x, g, rate: x - rate * g / np.linalg.norm(g)
            ),
            "divided by the learning rate": lambda x, g, rate: x - g / rate,
        },
        factors=MINUS,
        source="the equation of the step gives",
    )


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


def _momentum_step_task(rng):
    def descend(v, g, rate, keep):
        return keep * v - rate * g

    def step(velocity=descend, move=lambda x, new, old: x + new):
        def both(x, v, g, rate, keep):
            new = velocity(v, g, rate, keep)
            return move(x, new, v), new

        return both

    right = step()
    return Task(
        arguments=("x", "velocity", "gradient", "learning_rate", "momentum"),
        returns=("the new x", "the new velocity"),
        truth=right,
        inputs=[
            (*normal(rng, s, s, s), rate, keep)
            for s, rate, keep in zip(SHAPES, (0.3, 0.1, 1.7), (0.9, 0.5, 0.8), strict=True)
        ],
        mistakes={
            "the point moves by the old velocity; it should by the new one": step(
                move=lambda x, new, old: x + old
            ),
            "the gradient is added to the velocity; it pulls the other way": step(
                lambda v, g, rate, keep: keep * v + rate * g
            ),
            "the momentum multiplies the gradient too; it should keep a share of the velocity": (
                step(lambda v, g, rate, keep: keep * (v - rate * g))
            ),
            "the gradient is weighted by 1 - momentum, as in a moving average": step(
                lambda v, g, rate, keep: keep * v - (1 - keep) * rate * g
            ),
            "this velocity is without the learning rate, which multiplies the step instead": (
                lambda x, v, g, rate, keep: (x - rate * (keep * v + g), keep * v + g)
            ),
            "the momentum is missing": step(lambda v, g, rate, keep: v - rate * g),
            "the old velocity is missing": step(lambda v, g, rate, keep: -rate * g),
            "the learning rate is missing": step(lambda v, g, rate, keep: keep * v - g),
            "the velocity is subtracted from the point; it is added": step(
                move=lambda x, new, old: x - new
            ),
            "the point does not move": step(move=lambda x, new, old: x),
            "velocity and point are swapped": lambda *arguments: right(*arguments)[::-1],
        },
        source="the equation of the step gives",
    )


MAKERS = {
    "gradient-step": _gradient_step_task,
    "backtracking": _backtracking_task,
    "momentum-step": _momentum_step_task,
}
