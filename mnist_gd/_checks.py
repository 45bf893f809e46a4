"""Checks of arguments: a failure names the argument, what was given and what is allowed."""

import os
from collections.abc import Sequence
from itertools import pairwise
from math import isfinite, prod
from numbers import Integral, Real
from operator import ge, gt, le, lt
from pathlib import Path

import numpy as np
from numpy.lib.array_utils import byte_bounds

MOST_NUMBERS = 2**27
MOST_AXES = 32  # of an array that every function of NumPy's takes
NUMBERS = {float, int, bool}  # which hide nothing, and of which lists may hold many
LONGEST_SHOWN = 400  # characters
NO_NUMBERS = (bool, np.timedelta64)  # though they are integers to Python and to NumPy


def is_a(value, kinds):
    """`isinstance`, by the type alone: an object of the reader's may raise when asked for more."""
    return issubclass(type(value), kinds)


def attribute(value, name, default=None):
    """Return an attribute of a reader's object; `default` if it has none, or raises instead."""
    try:
        return getattr(value, name)
    except Exception:
        return default


def shown(value):
    """Return how a message shows a value, whatever it is: a long one by its two ends."""
    try:
        text = repr(value)
    except Exception:  # an object of the reader's; an integer of more digits than Python writes
        text = object.__repr__(value)
    half = LONGEST_SHOWN // 2
    return text if len(text) <= LONGEST_SHOWN else f"{text[:half]} … {text[-half:]}"


def as_array(name, value):
    """Return `value` as a plain array; one that hides entries behind a mask is refused."""
    try:
        array = np.asanyarray(value)  # with the mask that an object's own way may give
    except Exception:  # rows of several lengths; what an object of others raises
        raise TypeError(f"{name} must be an array, but is {shown(value)}") from None
    check_unmasked(name, array if is_a(array, np.ma.MaskedArray) else value)
    if array.ndim > MOST_AXES:
        raise ValueError(f"{name} must have at most {MOST_AXES} axes, but has {array.ndim}")
    return np.asarray(array)


def check_unmasked(name, value):
    """Raise if `value`, or what a sequence holds at any depth, hides entries behind a mask."""
    if hidden := _hidden(value):
        raise TypeError(f"{name} must not be masked, but hides {hidden} entries")


def _hidden(value, depth=MOST_AXES):
    """How many entries are behind a mask; no array has more axes than are looked through."""
    if is_a(value, np.ndarray | np.generic):
        return int(np.ma.count_masked(value)) if is_a(value, np.ma.MaskedArray) else 0
    if hasattr(type(value), "__array__"):
        return _hidden(np.asanyarray(value))
    if not depth or is_a(value, str) or not is_a(value, Sequence):
        return 0
    return sum(_hidden(part, depth - 1) for part in value if type(part) not in NUMBERS)


def as_real(name, value):
    """Return `value` as an array of real numbers: floating-point numbers, integers, booleans."""
    array = as_array(name, value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, but its dtype is {array.dtype}")
    return array


def as_float(name, value):
    """Return `value` as a floating-point array; integers and booleans become float64.

    float32 and float64 arrays are passed on as they are: nothing changes a dtype silently.
    """
    array = as_real(name, value)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


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


def check_array(name, value):
    """Return `value` if it is an array."""
    if not is_a(value, np.ndarray):
        raise TypeError(f"{name} must be an array, but is {shown(value)}")
    return value


def check_writeable(name, array):
    """Return `array` if it can be changed."""
    if not check_array(name, array).flags.writeable:
        raise ValueError(f"{name} must be writeable, but is read-only")
    return array


def check_labels(name, value, num_classes=None):
    """Return `value` as a non-empty one-dimensional array of integers from 0 on."""
    array = as_array(name, value)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must have the shape (n,) with n >= 1, but has {array.shape}")
    if array.dtype.kind == "b":
        array = array.astype(int)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold integers, but its dtype is {array.dtype}")
    lowest, highest = int(array.min()), int(array.max())
    if lowest < 0 or (num_classes is not None and highest >= num_classes):
        allowed = "0 or more" if num_classes is None else f"from 0 to {num_classes - 1}"
        raise ValueError(f"{name} must be {allowed}, but range from {lowest} to {highest}")
    return array


def as_number(name, value):
    """Return `value` if it is a real number, of whatever kind; an array of one is one."""
    if is_a(value, float):
        return value
    number = as_float(name, value)
    check_same_shape(name, number, "a number", np.empty(()))
    return number[()]


def check_integer(name, value, minimum=1, maximum=None):
    """Return `value` as an int of at least `minimum` and at most `maximum`."""
    if is_a(value, NO_NUMBERS) or not is_a(value, Integral):
        raise TypeError(f"{name} must be an integer, but is {shown(value)}")
    value = _of_its_own("an integer", name, value, int)
    _of_its_own("an integer", name, value, float)  # one of more digits no message could write
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, but is {value}")
    if maximum is not None and value > maximum:
        raise ValueError(f"{name} must be at most {maximum}, but is {value}")
    return value


def _of_its_own(what, name, value, kind):
    """Return what `value` says it is; it says so once, and may fail to."""
    try:
        return kind(value)
    except OverflowError:
        raise ValueError(f"{name} must be finite, but is an integer beyond 1e308") from None
    except Exception:  # whatever an object of the reader's raises
        raise TypeError(f"{name} must be {what}, but is {shown(value)}") from None


def check_hidden_layers(value):
    """Return `value` as a number of hidden layers: more than a thousand fill any machine."""
    return check_integer("hidden_layers", value, minimum=0, maximum=1000)


def check_real(name, value, *, above=None, minimum=None, below=None, maximum=None):
    """Return `value` as a finite float within the bounds; `above` and `below` are exclusive."""
    if is_a(value, NO_NUMBERS) or not is_a(value, Real):
        raise TypeError(f"{name} must be a real number, but is {shown(value)}")
    number = _of_its_own("a real number", name, value, float)
    bounds = (
        ("above", above, gt),
        ("at least", minimum, ge),
        ("below", below, lt),
        ("at most", maximum, le),
    )
    for words, bound, holds in bounds:
        if bound is not None and not holds(number, bound):
            raise ValueError(f"{name} must be {words} {bound}, but is {number}")
    if not isfinite(number):
        raise ValueError(f"{name} must be finite, but is {number}")
    return number


def check_fits(name, value, dtype):
    """Return `value`; as a number of the dtype that it meets it must be finite, too."""
    if abs(value) > float(np.finfo(dtype).max):
        raise ValueError(f"{name} must be finite in {dtype}, but is {value}")
    return value


def check_rate(value, dtype):
    """Return a learning rate above 0, which is finite as a number of that dtype, too."""
    return check_fits("learning_rate", check_real("learning_rate", value, above=0), dtype)


def check_text(name, value):
    """Return `value` if it is a string."""
    if not is_a(value, str):
        raise TypeError(f"{name} must be a string, but is {shown(value)}")
    return value


def check_sequence(name, value):
    """Return what `value` holds as a list; a string, a dict or an array of no axis holds none."""
    several = value.ndim if is_a(value, np.ndarray) else hasattr(type(value), "__iter__")
    if is_a(value, str | bytes | dict) or not several:
        raise TypeError(f"{name} must be a sequence, but is {shown(value)}")
    if is_a(value, np.ndarray):
        value = as_array(name, value)
    return _of_its_own("a sequence", name, value, list)


def check_as_many(name, value, number):
    """Return what `value` holds as a list, if it is so many; a string holds its letters."""
    held = list(value) if is_a(value, str) else check_sequence(name, value)
    if len(held) != number:
        raise ValueError(f"{name} must hold {number} entries, but holds {len(held)}")
    return held


def check_path(name, value):
    """Return `value` as a :class:`pathlib.Path`."""
    path = _of_its_own("a path", name, value, Path)
    try:
        if b"\0" in os.fsencode(path):
            raise ValueError
    except ValueError:  # a lone surrogate, which no system can name
        raise ValueError(f"{name} must be a path, but is {shown(value)}") from None
    return path


def check_flag(name, value):
    """Return `value` as a bool."""
    if not is_a(value, bool | np.bool):
        raise TypeError(f"{name} must be True or False, but is {shown(value)}")
    return bool(value)


def check_callable(name, value):
    """Return `value` if it can be called."""
    if not callable(value):
        raise TypeError(f"{name} must be callable, but is {shown(value)}")
    return value


def check_dtype(value):
    """Return `value` as the dtype float32 or float64."""
    try:
        dtype = None if value is None else np.dtype(value)
    except Exception:  # NumPy has several for what is none
        dtype = None
    if dtype not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, but is {shown(value)}")
    return dtype


def lie_apart(arrays):
    """Whether no array begins before the one that lies before it in memory has ended."""
    places = sorted(byte_bounds(array) for array in arrays)
    return all(end <= start for (_, end), (start, _) in pairwise(places))


def check_room(name, shape):
    """Raise unless an array of such a shape fits into any machine: 1 GiB of float64."""
    if prod(shape) > MOST_NUMBERS:
        raise ValueError(
            f"{name} must ask for an array of at most {MOST_NUMBERS} numbers, but asks for one "
            f"of the shape {tuple(shape)}"
        )


def check_one_of(name, value, allowed):
    """Raise unless `value` is one of the allowed names, or None where that is allowed."""
    named = value is None or is_a(value, str)  # an array would be compared by entries
    if not named or value not in tuple(allowed):
        raise ValueError(f"{name} must be one of {tuple(allowed)}, but is {shown(value)}")


def check_rng(rng):
    """Return `rng` if it is a Generator: randomness is always explicit."""
    if not is_a(rng, np.random.Generator):
        allowed = "a numpy.random.Generator such as numpy.random.default_rng(0)"
        raise TypeError(f"rng must be {allowed}, but is {shown(rng)}")
    return rng


def check_unit_interval(name, array):
    """Raise unless every entry of `array` lies in [0, 1]."""
    if array.min() < 0 or array.max() > 1:
        raise ValueError(
            f"{name} must lie in [0, 1], but ranges from {array.min()} to {array.max()}"
        )


def check_shares(name, value):
    """Return `value` as a non-empty array of numbers in [0, 1]."""
    array = as_float(name, value)
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, but has the shape {array.shape}")
    check_finite(name, array)
    check_unit_interval(name, array)
    return array


def check_distributions(name, array):
    """Raise unless each row of `array` sums to 1."""
    sums = array.sum(axis=1)
    if np.abs(sums - 1).max() > 1e-4:
        worst = int(np.abs(sums - 1).argmax())
        raise ValueError(f"rows of {name} must sum to 1, but row {worst} sums to {sums[worst]}")
