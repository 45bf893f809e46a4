"""The exercise on the step."""

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


MAKERS = {"gradient-step": _gradient_step_task}
