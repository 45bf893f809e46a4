"""What the losses and the activations check at their doors."""

from numbers import Real

import numpy as np

from mnist_gd._checks import (
    as_float,
    check_distributions,
    check_finite,
    check_fits,
    check_real,
    check_same_shape,
    check_unit_interval,
    is_a,
)


def _check_number_of(name, number, dtype):
    """Raise if what is counted is no number of that dtype, by which it could be divided."""
    if number > float(np.finfo(dtype).max):
        raise ValueError(f"{name} must have fewer entries in {dtype}, but has {number}")


# Of losses


def check_pair(y_pred, y_true):
    """Both arguments as finite, non-empty arrays of one shape and of y_pred's dtype."""
    y_pred, y_true = as_float("y_pred", y_pred), as_float("y_true", y_true)
    check_same_shape("y_pred", y_pred, "y_true", y_true)
    if y_pred.size == 0:
        raise ValueError(f"y_pred must not be empty, but has the shape {y_pred.shape}")
    _check_number_of("y_pred", y_pred.size, y_pred.dtype)
    with np.errstate(over="ignore"):
        y_true = y_true.astype(y_pred.dtype, copy=False)
    check_finite("y_pred", y_pred)
    check_finite("y_true", y_true)
    return y_pred, y_true


def check_logits(y_pred, y_true):
    """Logits, with targets in [0, 1]."""
    y_pred, y_true = check_pair(y_pred, y_true)
    check_unit_interval("y_true", y_true)
    return y_pred, y_true


def check_probabilities(y_pred, y_true):
    """Probabilities, with targets in [0, 1]."""
    y_pred, y_true = check_logits(y_pred, y_true)
    check_unit_interval("y_pred", y_pred)
    return y_pred + 0, y_true  # by -0.0 it would be divided to the other infinity


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
    if not (is_a(alpha, Real) and alpha == -1):
        alpha = check_real("alpha", alpha, minimum=0, maximum=1)
    gamma = check_real("gamma", gamma, minimum=0)
    gamma = check_fits("gamma", gamma, y_pred.dtype)
    return y_pred, y_true, alpha, gamma if y_pred.dtype.type(gamma) else 0.0  # as what it will be


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
    z, slope = as_float("z", z), check_real("negative_slope", negative_slope)
    return z, check_fits("negative_slope", slope, z.dtype)


def check_leaky_backward(grad_output, z, negative_slope):
    """Both arguments of a backward pass, with a slope."""
    grad_output, z = check_backward(grad_output, z)
    return grad_output, *check_leaky(z, negative_slope)


def _slope(slope, z):
    """The slope as an array of z's dtype: one number, or one for each feature."""
    slope = as_float("slope", slope).astype(z.dtype, copy=False)
    check_finite("slope", slope)
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
    """Both arguments of a backward pass, with the slopes, whose gradients are sums."""
    grad_output, z = check_backward(grad_output, z)
    slope, dtype = _slope(slope, z), np.result_type(grad_output, z)
    with np.errstate(over="ignore", invalid="ignore"):
        each = np.abs(np.minimum(z, 0) * grad_output.astype(np.longdouble))
        sums = each.sum() if slope.size == 1 else each.reshape(-1, z.shape[-1]).sum(axis=0)
    if (sums > np.finfo(dtype).max).any():
        raise ValueError(
            f"grad_output and z must have products whose sum is finite in {dtype}, "
            f"but their sizes sum to {sums.max()}"
        )
    return grad_output, z, slope


def check_classes(z):
    """An array whose last axis runs over one class or more."""
    z = as_float("z", z)
    if z.ndim == 0 or z.shape[-1] == 0:
        raise ValueError(f"z must have the shape (..., classes), but has {z.shape}")
    _check_number_of("each row of z", z.shape[-1], z.dtype)
    return (z,)


def check_softmax_backward(grad_output, z):
    """Both arguments of its backward pass, which takes sums and differences of the gradients."""
    grad_output, z = check_backward(grad_output, z)
    check_classes(z)
    most = np.finfo(np.result_type(grad_output, z)).max / 4
    largest = np.abs(grad_output).max(initial=0)
    if largest > most:
        raise ValueError(f"grad_output must be within -{most} and {most}, but reaches {largest}")
    return grad_output, z
