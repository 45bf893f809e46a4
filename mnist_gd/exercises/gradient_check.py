"""The exercises on central differences and on the complex step."""

import numpy as np

from mnist_gd.exercises._tasks import MINUS, Task
from mnist_gd.gradient_check import numerical_gradient

__all__ = ["MAKERS"]


def _shifts(x, step):
    """One shift for each entry, in the shape of x."""
    return step * np.eye(x.size).reshape(-1, *x.shape)


def _central_difference_task(rng):
    def cubic(x):
        return float(np.sum(x**3) + np.prod(1 + x / 4))

    def quotient(ahead, behind, width):  # each counted in steps
        def wrong(f, x, step):
            slopes = [
                (f(x + ahead * s) - f(x - behind * s)) / (width * step) for s in _shifts(x, step)
            ]
            return np.reshape(slopes, x.shape)

        return wrong

    return Task(
        arguments=("f", "x", "step"),
        returns=("the gradient",),
        truth=numerical_gradient,
        # Entries below 1, where the package's relative step is the step itself.
        inputs=[
            (cubic, rng.uniform(-0.9, 0.9, s), step) for s, step in (((4,), 0.1), ((3, 2), 0.05))
        ],
        mistakes={
            "this is the forward difference; the central one looks both ways": quotient(1, 0, 1),
            "this is the backward difference; the central one looks both ways": quotient(0, 1, 1),
            "the points lie half a step away on each side; a whole one is asked": quotient(
                0.5, 0.5, 1
            ),
            "all entries are moved at once; the derivative moves one at a time": (
                lambda f, x, h: np.full_like(x, (f(x + h) - f(x - h)) / (2 * h))
            ),
            "all entries are moved at once, which gives a single number": (
                lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h)
            ),
            "the division by the distance 2 * step is missing": (
                lambda f, x, h: h * quotient(1, 1, 1)(f, x, h)
            ),
        },
        factors={
            **MINUS,
            "divided by step; the two points are 2 * step apart": lambda *arguments: 2,
            "divided by 4 * step; the two points are 2 * step apart": lambda *arguments: 0.5,
        },
        source="the equation gives",
    )


def _complex_step_task(rng):
    def smooth(x):  # works on complex numbers too
        return np.sum(np.exp(x) * np.sin(x)) + np.prod(1 + x / 4)

    def quotient(part, by=lambda step: step, unit=1j):
        def wrong(f, x, step):
            slopes = [part(f(x + unit * s)) / by(step) for s in _shifts(x, step)]
            return np.reshape(slopes, x.shape)

        return wrong

    def truth(f, x, step):
        return quotient(np.imag)(f, x, 1e-30)

    def at_once(f, x, step):
        return np.imag(f(x + 1j * step)) / step

    return Task(
        arguments=("f", "x", "step"),
        returns=("the gradient",),
        truth=truth,
        inputs=[
            (smooth, rng.uniform(-0.9, 0.9, s), step)
            for s, step in (((4,), 1e-20), ((3, 2), 1e-12))
        ],
        mistakes={
            "this takes the real part; the derivative is in the imaginary one": quotient(np.real),
            "the division by the step is missing": quotient(np.imag, lambda step: 1),
            "the step is real: such differences cancel to nothing at this size": (
                lambda f, x, h: np.reshape(
                    [(f(x + s) - f(x - s)) / (2 * h) for s in _shifts(x, h)], x.shape
                )
            ),
            "the step is real, and a real number has no imaginary part": quotient(np.imag, unit=1),
            "all entries are moved at once; the derivative moves one at a time": (
                lambda f, x, h: np.full_like(x, at_once(f, x, h))
            ),
            "all entries are moved at once, which gives a single number": at_once,
        },
        factors={
            **MINUS,
            "divided by 2 * step; there is one point, at the distance step": lambda *_: 0.5,
        },
        source="the derivative is",
    )


MAKERS = {
    "central-difference": _central_difference_task,
    "complex-step": _complex_step_task,
}
