"""The exercises on steps."""

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
    "momentum-step": _momentum_step_task,
}
