r"""Activation functions and their vector-Jacobian products (chapter *Activations*).

Each function maps pre-activations `z` to outputs of the same shape and dtype. Its attribute
`backward` takes the gradient of some loss with respect to that output, and `z`, and returns the
gradient with respect to `z`:

>>> import numpy as np
>>> z = np.array([[-1.0, 2.0]])
>>> relu(z)
array([[0., 2.]])
>>> relu.backward(np.array([[10.0, 10.0]]), z)
array([[ 0., 10.]])
"""

from functools import partial, update_wrapper
from inspect import signature
from types import FunctionType

import numpy as np

from mnist_gd._arguments import (
    check_backward,
    check_classes,
    check_leaky,
    check_leaky_backward,
    check_pre_activation,
    check_prelu,
    check_prelu_backward,
    check_softmax_backward,
)
from mnist_gd._checks import attribute, is_a, shown
from mnist_gd._kernels import checked, has_kernel

__all__ = [
    "identity",
    "leaky_relu",
    "leaky_relu_backward",
    "prelu",
    "prelu_backward",
    "relu",
    "relu_backward",
    "shift_logits",
    "identity_backward",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "with_options",
]


def with_options(function, **options):
    """Fix keyword arguments of an activation or a loss, its derivative included.

    Parameters
    ----------
    function : callable
        A function of :mod:`mnist_gd.activations` or :mod:`mnist_gd.losses`.
    **options
        Keyword arguments that the function and its derivative share.

    Returns
    -------
    functools.partial
        Called like `function`, with `backward` or `gradient` fixed in the same way.

    Raises
    ------
    TypeError
        If the function has no argument of such a name.

    Examples
    --------
    >>> import numpy as np
    >>> steep = with_options(leaky_relu, negative_slope=0.2)
    >>> steep(np.array([-1.0]))
    array([-0.2])
    """
    options = {name: _plain(value) for name, value in options.items()}
    if is_a(function, partial):  # of one that has options already
        function, options = function.func, function.keywords | options
    if not is_a(function, FunctionType):
        raise TypeError(f"function must be one of activations or losses, but is {shown(function)}")
    allowed = set(signature(function).parameters) - {"grad_output", "z", "y_pred", "y_true"}
    for name in options:
        if name not in allowed:
            raise TypeError(
                f"{function.__name__} has no option {shown(name)}; "
                f"it has {sorted(allowed) or 'none'}"
            )
    fixed = update_wrapper(partial(function, **options), function)
    if has_kernel(function):
        fixed.kernel = partial(function.kernel, **options)
        fixed.kernel.door = fixed
    for derivative in ("backward", "gradient"):
        if attribute(function, derivative) is not None:
            setattr(fixed, derivative, with_options(getattr(function, derivative), **options))
    return fixed


def _plain(value):
    """A number of NumPy's as Python's own, which leaves the dtype of what it meets."""
    if is_a(value, np.generic | np.ndarray) and value.ndim == 0 and value.dtype.kind in "iuf":
        return float(value) if value.dtype.kind == "f" else int(value)
    return value


@checked(check_pre_activation)
def identity(z):
    """Return the pre-activation itself, equation `eq-identity`.

    Parameters
    ----------
    z : ndarray of float, any shape

    Returns
    -------
    ndarray of the shape and dtype of `z`
    """
    return z


@checked(check_backward)
def identity_backward(grad_output, z):
    """Pass the gradient on unchanged, equation `eq-identity`."""
    return grad_output


@checked(check_pre_activation)
def relu(z):
    """Rectified linear unit, max(0, z), equation `eq-relu`.

    Parameters
    ----------
    z : ndarray of float, any shape

    Returns
    -------
    ndarray of the shape and dtype of `z`
    """
    return np.maximum(z, 0)


@checked(check_backward)
def relu_backward(grad_output, z):
    """Pass the gradient on where z > 0, equation `eq-relu-derivative`.

    At the kink, z = 0, the derivative is taken as 0.

    Parameters
    ----------
    grad_output, z : ndarray of float, the same shape
        The gradient with respect to ``relu(z)``, and the pre-activation.

    Returns
    -------
    ndarray of the same shape
        The gradient with respect to `z`.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    return grad_output * (z > 0)


@checked(check_leaky)
def leaky_relu(z, negative_slope=0.01):
    """ReLU with a small slope below zero, equation `eq-leaky-relu`.

    Parameters
    ----------
    z : ndarray of float, any shape
    negative_slope : float
        The fixed slope for z < 0.

    Returns
    -------
    ndarray of the shape and dtype of `z`
    """
    return np.where(z > 0, z, negative_slope * z)


@checked(check_leaky_backward)
def leaky_relu_backward(grad_output, z, negative_slope=0.01):
    """Scale the gradient by 1 or by the slope, equation `eq-leaky-relu-derivative`."""
    return np.where(z > 0, grad_output, negative_slope * grad_output)


@checked(check_prelu)
def prelu(z, slope):
    """Leaky ReLU whose slope is a parameter to be learned, equation `eq-prelu`.

    Parameters
    ----------
    z : ndarray of float, shape (..., features)
    slope : float or ndarray
        One slope for all, or one for each feature: shape (features,) or (1, features).

    Returns
    -------
    ndarray of the shape and dtype of `z`

    Raises
    ------
    ValueError
        If `slope` fits neither.
    """
    return np.where(z > 0, z, slope * z)


@checked(check_prelu_backward)
def prelu_backward(grad_output, z, slope):
    """Gradients of PReLU, equations `eq-prelu-derivative` and `eq-prelu-slope-gradient`.

    Parameters
    ----------
    grad_output, z : ndarray of float, the same shape (..., features)
    slope : float or ndarray
        As in :func:`prelu`.

    Returns
    -------
    grad_z : ndarray of the shape of `z`
    grad_slope : ndarray of the shape of `slope`
        Summed over every entry that shares the slope.
    """
    grad_z = np.where(z > 0, grad_output, slope * grad_output)
    each = np.minimum(z, 0) * grad_output
    if slope.size == 1:
        return grad_z, each.sum().reshape(slope.shape)
    return grad_z, each.reshape(-1, z.shape[-1]).sum(axis=0).reshape(slope.shape)


@checked(check_pre_activation)
def sigmoid(z):
    """Logistic sigmoid, 1 / (1 + exp(-z)), equation `eq-sigmoid`.

    Only the exponential of -abs(z) is taken, so nothing overflows and small values keep their
    relative precision.

    Parameters
    ----------
    z : ndarray of float, any shape

    Returns
    -------
    ndarray of the shape and dtype of `z`, in [0, 1]
    """
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


@checked(check_backward)
def sigmoid_backward(grad_output, z):
    """Multiply the gradient by s(z) s(-z), equation `eq-sigmoid-derivative`."""
    return grad_output * sigmoid.kernel(z) * sigmoid.kernel(-z)


def shift_logits(z):
    """Subtract the largest entry of each row: from 0 down to the lowest finite number.

    Equation `eq-softmax-shift` allows it, and no exponential overflows after it.

    Parameters
    ----------
    z : ndarray of float, shape (..., classes)

    Returns
    -------
    ndarray of the shape and dtype of `z`
    """
    with np.errstate(over="ignore"):
        return np.maximum(z - z.max(axis=-1, keepdims=True), np.finfo(z.dtype).min)


@checked(check_classes)
def softmax(z):
    """Softmax over the last axis, equation `eq-softmax`.

    The largest entry of each row is subtracted first, which changes nothing (equation
    `eq-softmax-shift`) and keeps the exponentials from overflowing.

    Parameters
    ----------
    z : ndarray of float, shape (..., classes)

    Returns
    -------
    ndarray of the shape and dtype of `z`
        Each row is non-negative and sums to 1.

    Raises
    ------
    ValueError
        If there is no axis, or no class.
    """
    e = np.exp(shift_logits(z))
    return e / e.sum(axis=-1, keepdims=True)


@checked(check_softmax_backward)
def softmax_backward(grad_output, z):
    """Vector-Jacobian product s * (g - <g, s>), equation `eq-softmax-vjp`."""
    s = softmax.kernel(z)
    return s * (grad_output - (grad_output * s).sum(axis=-1, keepdims=True))


# What a layer asks of an activation: its derivative, whether it is a rectifier, before which
# weights are drawn wider, and whether it has parameters of its own, which a layer would not learn.
for _function, _backward, _rectifier, _trainable in [
    (identity, identity_backward, False, False),
    (relu, relu_backward, True, False),
    (leaky_relu, leaky_relu_backward, True, False),
    (prelu, prelu_backward, True, True),
    (sigmoid, sigmoid_backward, False, False),
    (softmax, softmax_backward, False, False),
]:
    _function.backward = _backward
    _function.rectifier, _function.trainable = _rectifier, _trainable
