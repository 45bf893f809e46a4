"""What is added to plain gradient descent (chapter *Beyond plain gradient descent*)."""

from functools import partial
from itertools import chain

import numpy as np

from mnist_gd._checks import (
    as_array,
    check_dtype,
    check_fits,
    check_integer,
    check_rate,
    check_real,
    check_rng,
    check_room,
    check_writeable,
    is_a,
    shown,
)
from mnist_gd._kernels import checked
from mnist_gd._steps import whole_step

__all__ = [
    "Adam",
    "Momentum",
    "cosine_decay",
    "dropout_mask",
    "shift_images",
    "shrink_weights",
]

LARGEST_SHIFT = 27  # pixels: one more, and nothing is left of the image


def _check_arrays(name, values):
    """Return arrays as plain ones: the product of two matrices of NumPy's is another."""
    arrays = is_a(values, list | tuple) and all(is_a(v, np.ndarray) for v in values)
    if not arrays or not values:
        raise TypeError(f"{name} must be a list of arrays, but is {shown(values)}")
    if not all(value.dtype.kind == "f" for value in values):
        dtypes = [value.dtype.name for value in values]
        raise TypeError(f"{name} must hold floating-point numbers, but are {dtypes}")
    return [value if type(value) is np.ndarray else as_array(name, value) for value in values]


def _check_moved(name, values):
    return [check_writeable(f"each of {name}", value) for value in _check_arrays(name, values)]


def _remembered(optimizer):
    """The lists of arrays that it keeps from step to step; there are none before the first."""
    lists = (getattr(optimizer, name) for name in optimizer.REMEMBERED)
    return [arrays for arrays in lists if arrays is not None]


def _check_step(optimizer, parameters, gradients, learning_rate):
    optimizer._check_settings()  # they may have been set since
    parameters = _check_moved("parameters", parameters)
    gradients = _check_arrays("gradients", gradients)
    shapes = [parameter.shape for parameter in parameters]
    kinds = [(parameter.shape, parameter.dtype.name) for parameter in parameters]
    if [gradient.shape for gradient in gradients] != shapes:
        raise ValueError(
            f"gradients must have the shapes of the parameters, {shapes}, but have "
            f"{[gradient.shape for gradient in gradients]}"
        )
    for kept in _remembered(optimizer):
        first = [(array.shape, array.dtype.name) for array in kept]
        if first != kinds:
            raise ValueError(
                f"parameters must be those of the first step, {first}, but are {kinds}"
            )
    for parameter in parameters:
        learning_rate = check_rate(learning_rate, parameter.dtype)
    return optimizer, parameters, gradients, learning_rate


def _check_adam(optimizer, parameters, gradients, learning_rate):
    step = _check_step(optimizer, parameters, gradients, learning_rate)
    for dtype in {parameter.dtype for parameter in step[1]}:
        if dtype.type(check_fits("epsilon", optimizer.epsilon, dtype)) == 0:
            raise ValueError(f"epsilon must be above 0 in {dtype}, but is {optimizer.epsilon}")
    return step


def _whole(optimizer, parameters, *_):
    return whole_step([optimizer], lambda: [*parameters, *chain(*_remembered(optimizer))])


class Momentum:
    """Steps along a velocity that remembers past gradients, equation `eq-momentum`.

    Parameters
    ----------
    momentum : float
        Share of the velocity that is kept, in [0, 1).

    Raises
    ------
    ValueError, TypeError
        If `momentum` is out of its range.
    """

    REMEMBERED = ("_velocities",)

    def __init__(self, momentum=0.9):
        self.momentum, self._velocities = momentum, None
        self._check_settings()

    def _check_settings(self):
        self.momentum = check_real("momentum", self.momentum, minimum=0, below=1)

    @checked(_check_step, within=_whole)
    def update(self, parameters, gradients, learning_rate):
        """Take one step, in place.

        Parameters
        ----------
        parameters, gradients : list of ndarray
            Of the same shapes, and the same list in every call.
        learning_rate : float
            Above 0.

        Raises
        ------
        ValueError, TypeError
            If an argument is not of this kind.
        DivergenceError
            If the step leaves the finite numbers. Whatever is raised, nothing has moved.
        """
        if self._velocities is None:
            self._velocities = [np.zeros_like(parameter) for parameter in parameters]
        for parameter, gradient, velocity in zip(
            parameters, gradients, self._velocities, strict=True
        ):
            velocity *= self.momentum
            velocity -= learning_rate * gradient
            parameter += velocity


class Adam:
    """Steps of a length of their own for each parameter, equation `eq-adam` (Kingma and Ba).

    Parameters
    ----------
    beta1, beta2 : float
        Share that is kept of the mean gradient and of the mean squared gradient, in [0, 1).
    epsilon : float
        Keeps the step finite where the gradient is always zero, above 0.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range.
    """

    REMEMBERED = ("_means", "_squares")

    def __init__(self, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self._steps, self._means, self._squares = 0, None, None
        self._check_settings()

    def _check_settings(self):
        self.beta1 = check_real("beta1", self.beta1, minimum=0, below=1)
        self.beta2 = check_real("beta2", self.beta2, minimum=0, below=1)
        self.epsilon = check_real("epsilon", self.epsilon, above=0)

    @checked(_check_adam, within=_whole)
    def update(self, parameters, gradients, learning_rate):
        """Take one step, in place; the arguments are those of :meth:`Momentum.update`."""
        if self._means is None:
            self._means = [np.zeros_like(parameter) for parameter in parameters]
            self._squares = [np.zeros_like(parameter) for parameter in parameters]
        self._steps += 1
        # Both means began at zero: divided by what their weights sum to, they do not show it.
        mean_share = 1 - self.beta1**self._steps
        square_share = 1 - self.beta2**self._steps
        for parameter, gradient, mean, square in zip(
            parameters, gradients, self._means, self._squares, strict=True
        ):
            mean += (1 - self.beta1) * (gradient - mean)
            square += (1 - self.beta2) * (gradient * gradient - square)
            scale = np.sqrt(square / square_share) + self.epsilon
            parameter -= learning_rate / mean_share * mean / scale


def cosine_decay(learning_rate):
    """Return a learning rate that falls to zero along half a cosine, equation `eq-cosine-decay`.

    Parameters
    ----------
    learning_rate : float
        At the start, above 0.

    Returns
    -------
    callable
        Takes the share of the training that is over, `progress` in [0, 1]; for
        :meth:`mnist_gd.networks.Network.train`.

    Raises
    ------
    ValueError, TypeError
        If `learning_rate` is out of its range; the callable, if `progress` is.
    """
    return partial(_cosine, check_real("learning_rate", learning_rate, above=0))


def _cosine(start, progress):
    progress = check_real("progress", progress, minimum=0, maximum=1)
    return start * (1 + np.cos(np.pi * progress)) / 2


def shrink_weights(weights, learning_rate, weight_decay):
    """Make weights smaller, in place: the first factor of a step in equation `eq-weight-decay`.

    The step along the gradient, which was taken before they shrank, follows.

    Parameters
    ----------
    weights : list of ndarray
    learning_rate : float
        Above 0.
    weight_decay : float
        At least 0, and below 1 / learning_rate: no weight changes its sign.

    Raises
    ------
    ValueError, TypeError
        If an argument is not of this kind; nothing has shrunk then.
    """
    weights = _check_moved("weights", weights)
    learning_rate = check_real("learning_rate", learning_rate, above=0)
    weight_decay = check_real("weight_decay", weight_decay, minimum=0, below=1 / learning_rate)
    with np.errstate(all="ignore"):  # some may become 0
        for array in weights:
            array *= 1 - learning_rate * weight_decay


def dropout_mask(shape, rate, *, rng, dtype=np.float32):
    """Draw the factors of dropout, equation `eq-dropout` (Srivastava et al.).

    Parameters
    ----------
    shape : tuple of int
    rate : float
        Probability of a 0, in [0, 1); every other factor is 1 / (1 - rate), so that the
        mean is 1 and nothing has to be scaled when the network is used.
    rng : numpy.random.Generator
    dtype : {float32, float64}

    Returns
    -------
    ndarray, shape `shape`

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or `rng` no Generator.
    """
    if not is_a(shape, list | tuple):
        raise TypeError(f"shape must be a tuple of integers, but is {shown(shape)}")
    shape = [check_integer("shape", size, minimum=0) for size in shape]
    check_room("shape", shape)
    rate, dtype = check_real("rate", rate, minimum=0, below=1), check_dtype(dtype)
    kept = check_rng(rng).random(shape, dtype=np.float32) >= np.float32(rate)
    return kept.astype(dtype) * dtype.type(1 / (1 - rate))


def shift_images(images, largest, *, rng):
    """Move each image by whole pixels, as `eq-shift` says; what moves in is background.

    Parameters
    ----------
    images : ndarray, shape (n, 784)
        Of any dtype; it is not changed.
    largest : int
        Each image moves by -largest to largest pixels across and, independently, down, every
        move as likely as the others. From 0 to 27, which leaves a row and a column.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n, 784), of the dtype of `images`

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range.
    """
    images = as_array("images", images)
    if images.ndim != 2 or images.shape[1] != 784:
        raise ValueError(f"images must have the shape (n, 784), but has {images.shape}")
    largest = check_integer("largest", largest, minimum=0, maximum=LARGEST_SHIFT)
    n, span = len(images), 28 + 2 * largest
    framed = np.zeros((n, span, span), images.dtype)
    framed[:, largest : largest + 28, largest : largest + 28] = images.reshape(n, 28, 28)
    down, across = check_rng(rng).integers(0, 2 * largest + 1, size=(2, n))
    moved = np.empty((n, 28, 28), images.dtype)
    for after, before, i, j in zip(moved, framed, down.tolist(), across.tolist(), strict=True):
        after[:] = before[i : i + 28, j : j + 28]
    return moved.reshape(n, 784)
