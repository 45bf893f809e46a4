"""Central differences, and the comparison of a gradient with them.

Chapter *Checking a gradient*, equations `eq-central-difference` and `eq-relative-error`.
"""

import numpy as np

from mnist_gd._checks import (
    as_array,
    as_float,
    as_number,
    check_callable,
    check_finite,
    check_real,
    check_same_shape,
    is_a,
)

__all__ = ["check_gradient", "cosine", "numerical_gradient"]


def _point(x):
    x = as_array("x", x)
    if x.dtype != np.float64:
        raise TypeError(f"x must be float64 for a gradient check, but its dtype is {x.dtype}")
    if x.size == 0:
        raise ValueError(f"x must not be empty, but has the shape {x.shape}")
    check_finite("x", x)
    return x


def _check_step(here, h):
    below, above = here - h, here + h
    if not (-np.inf < below < here < above and max(above, 2 * h) < np.inf):
        raise ValueError(
            f"step must lead from each entry of x to other numbers, but {h} does not from {here}"
        )


def numerical_gradient(f, x, step=6e-6):
    """Gradient of `f` at `x` by central differences, equation `eq-central-difference`.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of `x`, returns a number.
    x : ndarray of float64, any shape
        It is not changed.
    step : float
        Length of the step in each direction, relative to the entry where that exceeds 1. About
        the cube root of the machine epsilon balances truncation and rounding.

    Returns
    -------
    ndarray of float64, the shape of `x`

    Raises
    ------
    TypeError
        If `x` is not float64, or `f` returns no number.
    ValueError
        If `x` is empty or not finite, or `step` not positive, or so small or large beside an
        entry that it leads to no other number.
    """
    f, step = check_callable("f", f), check_real("step", step, above=0)
    point = _point(x).copy()
    gradient = np.empty_like(point)
    for index in np.ndindex(point.shape):
        here = point[index]
        h = step * max(1.0, abs(here))
        _check_step(here, h)
        point[index] = here + h
        above = as_number("f(x)", f(point.copy()))  # which may work in place
        point[index] = here - h
        below = as_number("f(x)", f(point.copy()))
        point[index] = here
        gradient[index] = (above - below) / (2 * h)
    return gradient


def check_gradient(f, gradient, x, tolerance=1e-6):
    """Compare a gradient with central differences; raise if they part.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of `x`, returns a number.
    gradient : callable or ndarray
        The gradient of `f`: a function of `x`, or its value at `x`.
    x : ndarray of float64
    tolerance : float
        The largest allowed difference, relative to the largest entry of either gradient
        (equation `eq-relative-error`); infinity allows any, and only measures.

    Returns
    -------
    float
        The relative error that was found.

    Raises
    ------
    AssertionError
        If the error exceeds the tolerance: the message names the worst entry.
    ValueError
        If the gradient has another shape than `x`.
    """
    x = _point(x)
    if not (is_a(tolerance, float | np.floating) and tolerance == np.inf):
        tolerance = check_real("tolerance", tolerance, minimum=0)
    gradient = gradient(x.copy()) if callable(gradient) else gradient
    analytic = as_float("gradient", gradient)
    if analytic.shape != x.shape:
        raise ValueError(f"gradient has the shape {analytic.shape}, but x has {x.shape}")
    numerical = numerical_gradient(f, x)
    with np.errstate(invalid="ignore"):  # NaN and infinity end as an error of NaN: no match
        difference = np.abs(analytic - numerical)
        scale = np.maximum(np.abs(analytic).max(), np.abs(numerical).max())
        error = 0.0 if scale == 0 else float(difference.max() / scale)
    if not error <= tolerance:
        worst = tuple(int(i) for i in np.unravel_index(np.argmax(difference), x.shape))
        raise AssertionError(
            f"the gradient is wrong: at {worst} it is {analytic[worst]:.6g}, by central "
            f"differences {numerical[worst]:.6g}; relative error {error:.2g} > {tolerance:g}"
        )
    return error


def cosine(a, b):
    """Cosine of the angle between two gradients: 1 if they point the same way.

    Parameters
    ----------
    a, b : ndarray of the same shape

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If the shapes differ, or one of the two is zero throughout or not finite.
    """
    a, b = as_float("a", a), as_float("b", b)
    check_same_shape("a", a, "b", b)
    a, b = _of_largest_one("a", a), _of_largest_one("b", b)
    return float(np.sum(a * b) / (np.linalg.norm(a) * np.linalg.norm(b)))


def _of_largest_one(name, gradient):
    """A gradient divided by its largest entry, so that no square is too large or too small."""
    check_finite(name, gradient)
    if gradient.dtype == np.float16:  # which holds no sum of many squares
        gradient = gradient.astype(np.float64)
    largest = np.abs(gradient).max(initial=0)
    if largest == 0:
        raise ValueError(f"{name} must not be zero throughout: it has no direction")
    return gradient / largest
