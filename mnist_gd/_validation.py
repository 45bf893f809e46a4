"""Checks of arguments: a failure names the argument, what was given and what is allowed."""

from numbers import Integral, Real

import numpy as np


def as_float(name, value):
    """Return `value` as a floating-point array; integers and booleans become float64.

    float32 and float64 arrays are passed on as they are: nothing changes a dtype silently.
    """
    array = np.asarray(value)
    if array.dtype.kind in "biu":
        array = array.astype(np.float64)
    if array.dtype.kind != "f":
        raise TypeError(f"{name} must hold real numbers, but its dtype is {array.dtype}")
    return array


def check_matrix(name, value, columns=None):
    """Return `value` as a non-empty floating-point array (n, features)."""
    array = as_float(name, value)
    if array.ndim != 2 or array.size == 0 or columns not in (None, array.shape[1]):
        wanted = "features" if columns is None else columns
        raise ValueError(
            f"{name} must have the shape (n, {wanted}) with n >= 1, but has {array.shape}"
        )
    return array


def check_finite(name, array):
    """Raise unless every entry of `array` is finite."""
    if not np.isfinite(array).all():
        bad = int(array.size - np.isfinite(array).sum())
        raise ValueError(f"{name} must be finite, but holds {bad} NaN or infinite entries")


def check_same_shape(first_name, first, second_name, second):
    """Raise unless both arrays have the same shape: (n, 1) never meets (n,) by broadcasting."""
    if first.shape != second.shape:
        raise ValueError(
            f"{first_name} and {second_name} must have the same shape, "
            f"but have {first.shape} and {second.shape}"
        )


def check_labels(name, value, num_classes=None):
    """Return `value` as a non-empty one-dimensional array of integers from 0 on."""
    array = np.asarray(value)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must have the shape (n,) with n >= 1, but has {array.shape}")
    if array.dtype.kind == "b":
        array = array.astype(np.int64)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold integers, but its dtype is {array.dtype}")
    lowest, highest = int(array.min()), int(array.max())
    if lowest < 0 or (num_classes is not None and highest >= num_classes):
        allowed = "0 or more" if num_classes is None else f"from 0 to {num_classes - 1}"
        raise ValueError(f"{name} must be {allowed}, but range from {lowest} to {highest}")
    return array


def check_integer(name, value, minimum=1):
    """Return `value` as an int of at least `minimum`."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, but is {value!r}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, but is {value}")
    return int(value)


def check_real(name, value, *, above=None, minimum=None, below=None, maximum=None):
    """Return `value` as a finite float within the bounds; `above` and `below` are exclusive."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a real number, but is {value!r}")
    number = float(value)
    bounds = [
        ("above", above, lambda: number > above),
        ("at least", minimum, lambda: number >= minimum),
        ("below", below, lambda: number < below),
        ("at most", maximum, lambda: number <= maximum),
    ]
    for words, bound, holds in bounds:
        if bound is not None and not holds():
            raise ValueError(f"{name} must be {words} {bound}, but is {number}")
    if not np.isfinite(number):
        raise ValueError(f"{name} must be finite, but is {number}")
    return number


def check_rng(rng):
    """Return `rng` if it is a Generator: randomness is always explicit."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            "rng must be a numpy.random.Generator such as numpy.random.default_rng(0), "
            f"but is {rng!r}"
        )
    return rng
