"""Gradient descent on a function of many variables (chapter *Gradient descent*)."""

from dataclasses import dataclass

import numpy as np

from mnist_gd._checks import (
    as_float,
    as_number,
    check_callable,
    check_finite,
    check_flag,
    check_integer,
    check_real,
    check_same_shape,
)

__all__ = ["Descent", "DivergenceError", "minimize"]


class DivergenceError(ArithmeticError):
    """Descent left the finite numbers: the learning rate is too large for the function."""


@dataclass(frozen=True, eq=False)
class Descent:
    """The course of a descent.

    Attributes
    ----------
    points : ndarray, shape (steps + 1, ...)
        The start and the point after each step, each of the shape of the start.
    values : ndarray, shape (steps + 1,)
        The function at those points.
    """

    points: np.ndarray
    values: np.ndarray


def minimize(f, gradient, start, learning_rate, steps, *, momentum=0.0, nesterov=False):
    """Walk down from `start` by repeated steps against the gradient.

    Without momentum each step is equation `eq-gradient-step`. With it, the velocity
    accumulates past gradients (equation `eq-momentum`, Polyak's heavy ball); Nesterov's form
    takes the gradient where the velocity is about to lead (equation `eq-nesterov`).

    Parameters
    ----------
    f : callable
        The function to be minimised: takes an array of the shape of `start`, returns a number.
    gradient : callable
        Its gradient: takes and returns such an array.
    start : ndarray of float, any shape
        It is not changed.
    learning_rate : float
        Length of the step as a multiple of the gradient, above 0.
    steps : int
        Number of steps, at least 0.
    momentum : float
        Share of the velocity that is kept, in [0, 1).
    nesterov : bool
        Whether to look ahead.

    Returns
    -------
    Descent

    Raises
    ------
    DivergenceError
        If a point or a value is not finite; the message names the step.
    ValueError, TypeError
        If an argument is out of its range.
    """
    f, gradient = check_callable("f", f), check_callable("gradient", gradient)
    nesterov = check_flag("nesterov", nesterov)
    point = as_float("start", start).copy()
    check_finite("start", point)
    learning_rate = check_real("learning_rate", learning_rate, above=0)
    steps = check_integer("steps", steps, minimum=0)
    momentum = check_real("momentum", momentum, minimum=0, below=1)
    velocity = np.zeros_like(point)
    points, values = [point], [float(as_number("f(start)", f(point.copy())))]
    if not np.isfinite(values[0]):
        raise DivergenceError(f"f(start) must be finite, but is {values[0]}")
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(1, steps + 1):
            ahead = point + momentum * velocity if nesterov else point
            slope = as_float("gradient(start)", gradient(ahead.copy()))  # which may work in place
            check_same_shape("gradient(start)", slope, "start", point)
            if slope.dtype != point.dtype:
                raise TypeError(
                    f"gradient(start) must be {point.dtype} as start is, but is {slope.dtype}"
                )
            velocity = momentum * velocity - learning_rate * slope
            point = point + velocity
            value = float(as_number("f(start)", f(point.copy())))
            if not (np.isfinite(point).all() and np.isfinite(value)):
                raise DivergenceError(
                    f"step {step} left the finite numbers with learning_rate={learning_rate:g}"
                )
            points.append(point)
            values.append(value)
    return Descent(np.array(points), np.array(values))
