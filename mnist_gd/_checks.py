"""Checks of arguments: a failure names the argument, what was given and what is allowed."""

import os
from functools import wraps
from inspect import Parameter, signature
from math import isfinite
from numbers import Integral, Real
from operator import ge, gt, le, lt
from pathlib import Path
from types import MethodType

import numpy as np


def checked(check):
    """Make a function check its arguments, once, before the mathematics that it holds.

    `check` takes the arguments and returns them as they are to be used. The mathematics alone
    is the function's `kernel`: for whoever has checked already, as a training has. Each names the
    other, so that what copies the attributes of a function, as `functools.wraps` does, is not
    taken for it.
    """

    def decorate(kernel):
        parameters = signature(kernel)
        named = parameters.parameters.values()
        defaults = [p.default for p in named if p.kind is not Parameter.KEYWORD_ONLY]
        required = sum(default is Parameter.empty for default in defaults)

        @wraps(kernel)
        def function(*args, **kwargs):
            if not kwargs and required <= len(args) <= len(defaults):  # nothing to be sorted
                return kernel(*check(*args, *defaults[len(args) :]))
            try:
                given = parameters.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(f"{kernel.__name__}() {error}") from None
            given.apply_defaults()
            return kernel(*check(*given.args), **given.kwargs)

        function.kernel, kernel.door = kernel, function
        kernel.__qualname__ += ".kernel"  # where pickle finds it
        return function

    return decorate


def kernel_of(function):
    """Return what a function does once its arguments are checked; one of others, all of it.

    The kernel of a method is bound to the same object.
    """
    if not has_kernel(function):
        return function
    owner = getattr(function, "__self__", None)
    return function.kernel if owner is None else MethodType(function.kernel, owner)


def has_kernel(function):
    """Return whether a function or method checks its arguments before a kernel of its own."""
    door = getattr(getattr(function, "kernel", None), "door", None)
    return door is not None and door is getattr(function, "__func__", function)


def itself(function):
    """Return a function as it is, in place of its :func:`kernel_of`."""
    return function


def original(method):
    """Mark a method, so that :func:`is_original` tells what is put in its place from it."""
    method.original = method
    return method


def is_original(method):
    """Return whether a bound method is a marked one; what copies its attributes is not."""
    function = getattr(method, "__func__", method)
    return getattr(function, "original", None) is function


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
        array = array.astype(int)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold integers, but its dtype is {array.dtype}")
    lowest, highest = int(array.min()), int(array.max())
    if lowest < 0 or (num_classes is not None and highest >= num_classes):
        allowed = "0 or more" if num_classes is None else f"from 0 to {num_classes - 1}"
        raise ValueError(f"{name} must be {allowed}, but range from {lowest} to {highest}")
    return array


def check_integer(name, value, minimum=1, maximum=None):
    """Return `value` as an int of at least `minimum` and at most `maximum`."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, but is {value!r}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, but is {value}")
    if maximum is not None and value > maximum:
        raise ValueError(f"{name} must be at most {maximum}, but is {value}")
    return int(value)


def check_real(name, value, *, above=None, minimum=None, below=None, maximum=None):
    """Return `value` as a finite float within the bounds; `above` and `below` are exclusive."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a real number, but is {value!r}")
    number = float(value)
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


def check_path(name, value):
    """Return `value` as a :class:`pathlib.Path`."""
    if not isinstance(value, str | os.PathLike) or "\0" in str(value):
        raise TypeError(f"{name} must be a path, but is {value!r}")
    return Path(value)


def check_one_of(name, value, allowed):
    """Raise unless `value` is one of the allowed ones."""
    if value not in tuple(allowed):  # which need not be hashable
        raise ValueError(f"{name} must be one of {tuple(allowed)}, but is {value!r}")


def check_rng(rng):
    """Return `rng` if it is a Generator: randomness is always explicit."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            "rng must be a numpy.random.Generator such as numpy.random.default_rng(0), "
            f"but is {rng!r}"
        )
    return rng


# Of losses


def check_pair(y_pred, y_true):
    """Both arguments as finite, non-empty arrays of one shape and of y_pred's dtype."""
    y_pred, y_true = as_float("y_pred", y_pred), as_float("y_true", y_true)
    check_same_shape("y_pred", y_pred, "y_true", y_true)
    if y_pred.size == 0:
        raise ValueError(f"y_pred must not be empty, but has the shape {y_pred.shape}")
    check_finite("y_pred", y_pred)
    check_finite("y_true", y_true)
    return y_pred, y_true.astype(y_pred.dtype, copy=False)


def check_unit_interval(name, array):
    """Raise unless every entry of `array` lies in [0, 1]."""
    if array.min() < 0 or array.max() > 1:
        raise ValueError(
            f"{name} must lie in [0, 1], but ranges from {array.min()} to {array.max()}"
        )


def check_logits(y_pred, y_true):
    """Logits, with targets in [0, 1]."""
    y_pred, y_true = check_pair(y_pred, y_true)
    check_unit_interval("y_true", y_true)
    return y_pred, y_true


def check_probabilities(y_pred, y_true):
    """Probabilities, with targets in [0, 1]."""
    y_pred, y_true = check_logits(y_pred, y_true)
    check_unit_interval("y_pred", y_pred)
    return y_pred, y_true


def check_distributions(name, array):
    """Raise unless each row of `array` sums to 1."""
    sums = array.sum(axis=1)
    if np.abs(sums - 1).max() > 1e-4:
        worst = int(np.abs(sums - 1).argmax())
        raise ValueError(f"rows of {name} must sum to 1, but row {worst} sums to {sums[worst]}")


def _check_classes(y_pred, y_true):
    """Return both (n, classes); the targets of each row must be a distribution."""
    if y_pred.ndim != 2:
        raise ValueError(f"y_pred must have the shape (n, classes), but has {y_pred.shape}")
    check_distributions("y_true", y_true)
    return y_pred, y_true


def check_class_logits(y_pred, y_true):
    """Logits, with a distribution over the classes in each row of targets."""
    return _check_classes(*check_logits(y_pred, y_true))


def check_class_probabilities(y_pred, y_true):
    """Probabilities, with a distribution over the classes in each row of targets."""
    return _check_classes(*check_probabilities(y_pred, y_true))


def _check_focal(y_pred, y_true, alpha, gamma):
    if not np.isin(y_true, (0, 1)).all():
        raise ValueError("y_true must hold only 0 and 1 in the focal loss")
    if alpha != -1:
        alpha = check_real("alpha", alpha, minimum=0, maximum=1)
    return y_pred, y_true, alpha, check_real("gamma", gamma, minimum=0)


def check_focal_logits(y_pred, y_true, alpha, gamma):
    """Logits, with labels, and the two options of the focal loss."""
    return _check_focal(*check_logits(y_pred, y_true), alpha, gamma)


def check_focal_probabilities(y_pred, y_true, alpha, gamma):
    """Probabilities, with labels, and the two options of the focal loss."""
    return _check_focal(*check_probabilities(y_pred, y_true), alpha, gamma)


# Of activations


def check_pre_activation(z):
    """The argument of an activation."""
    return (as_float("z", z),)


def check_backward(grad_output, z):
    """Both arguments of a backward pass as arrays of one shape."""
    grad_output, z = as_float("grad_output", grad_output), as_float("z", z)
    check_same_shape("grad_output", grad_output, "z", z)
    return grad_output, z


def check_leaky(z, negative_slope):
    """The argument of an activation, with a slope."""
    return as_float("z", z), check_real("negative_slope", negative_slope)


def check_leaky_backward(grad_output, z, negative_slope):
    """Both arguments of a backward pass, with a slope."""
    return *check_backward(grad_output, z), check_real("negative_slope", negative_slope)


def _slope(slope, z):
    """The slope as an array of z's dtype: one number, or one for each feature."""
    slope = as_float("slope", slope).astype(z.dtype, copy=False)
    features = z.shape[-1] if z.ndim else 1
    if slope.shape not in ((), (1,), (features,), (1, features)) or slope.ndim > z.ndim:
        raise ValueError(
            f"slope must be one number or have {features} entries, but has shape {slope.shape}"
        )
    return slope


def check_prelu(z, slope):
    """The argument of an activation, with its slopes."""
    z = as_float("z", z)
    return z, _slope(slope, z)


def check_prelu_backward(grad_output, z, slope):
    """Both arguments of a backward pass, with the slopes."""
    grad_output, z = check_backward(grad_output, z)
    return grad_output, z, _slope(slope, z)


def check_classes(z):
    """An array whose last axis runs over one class or more."""
    z = as_float("z", z)
    if z.ndim == 0 or z.shape[-1] == 0:
        raise ValueError(f"z must have the shape (..., classes), but has {z.shape}")
    return (z,)
