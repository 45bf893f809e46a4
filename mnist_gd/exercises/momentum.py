"""The exercises on steps with momentum: the heavy ball's and Nesterov's."""

import numpy as np

from mnist_gd.exercises._tasks import SHAPES, Task, normal

__all__ = ["MAKERS"]


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


def _nesterov_step_task(rng):
    def bowl_gradient(x):
        return x + np.tanh(3 * x)

    def step(look=lambda x, v, keep: x + keep * v, pull=lambda v, g, keep: keep * v - g):
        def both(x, v, gradient, rate, keep):
            new = pull(v, rate * gradient(look(x, v, keep)), keep)
            return x + new, new

        return both

    right = step()

    def moved(way):
        def both(x, v, gradient, rate, keep):
            new = right(x, v, gradient, rate, keep)[1]
            return way(x, v, new, keep), new

        return both

    return Task(
        arguments=("x", "velocity", "gradient", "learning_rate", "momentum"),
        returns=("the new x", "the new velocity"),
        truth=right,
        inputs=[
            (*normal(rng, s, s), bowl_gradient, rate, keep)
            for s, rate, keep in zip(SHAPES, (0.3, 0.1, 1.7), (0.9, 0.5, 0.8), strict=True)
        ],
        mistakes={
            "this is the heavy ball, with the gradient at x; Nesterov's is taken ahead of it": (
                step(look=lambda x, v, keep: x)
            ),
            "the gradient is taken a whole velocity ahead; only the kept share counts": step(
                look=lambda x, v, keep: x + v
            ),
            "the gradient is taken behind the point; look ahead, along the velocity": step(
                look=lambda x, v, keep: x - keep * v
            ),
            "the gradient is added to the velocity; it pulls the other way": step(
                pull=lambda v, g, keep: keep * v + g
            ),
            "the old velocity is missing": step(pull=lambda v, g, keep: -g),
            "the momentum does not multiply the velocity": step(pull=lambda v, g, keep: v - g),
            "the momentum multiplies the gradient too": step(
                pull=lambda v, g, keep: keep * (v - g)
            ),
            "the learning rate is missing": (
                lambda x, v, gradient, rate, keep: right(x, v, gradient, 1, keep)
            ),
            "the point moves by the old velocity; it should by the new one": moved(
                lambda x, v, new, keep: x + v
            ),
            "the point moves from the place ahead; it moves from where it stood": moved(
                lambda x, v, new, keep: x + keep * v + new
            ),
            "the velocity is subtracted from the point; it is added": moved(
                lambda x, v, new, keep: x - new
            ),
            "velocity and point are swapped": lambda *arguments: right(*arguments)[::-1],
        },
        source="the equation of the step gives",
    )


MAKERS = {
    "momentum-step": _momentum_step_task,
    "nesterov-step": _nesterov_step_task,
}
