"""A linear layer with an optional activation (chapter *The linear layer*)."""

import numpy as np

from mnist_gd._checks import (
    as_array,
    as_float,
    attribute,
    check_array,
    check_callable,
    check_dtype,
    check_finite,
    check_flag,
    check_integer,
    check_matrix,
    check_rate,
    check_rng,
    check_room,
    check_same_shape,
    check_writeable,
    is_a,
    shown,
)
from mnist_gd._kernels import checked, has_kernel, kernel_of
from mnist_gd._steps import unchanged_by_errors, whole_step
from mnist_gd.activations import identity

__all__ = ["LinearLayer", "check_chain", "initial_weights"]

FEW_ROWS = 32  # with more, the copy costs what the product saves


def initial_weights(input_size, output_size, activation, *, rng):
    """Draw weights whose outputs neither fade nor explode from layer to layer.

    Before a rectifier their variance is 2 / input_size (He et al., equation `eq-he`), else
    2 / (input_size + output_size) (Glorot and Bengio, equation `eq-glorot`).

    Parameters
    ----------
    input_size, output_size : int
    activation : callable
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float64, shape (input_size, output_size)
    """
    input_size = check_integer("input_size", input_size)
    output_size = check_integer("output_size", output_size)
    check_room("input_size times output_size", (input_size, output_size))
    activation = check_callable("activation", identity if activation is None else activation)
    rectifier = attribute(activation, "rectifier")
    variance = 2 / input_size if rectifier else 2 / (input_size + output_size)
    return check_rng(rng).normal(scale=np.sqrt(variance), size=(input_size, output_size))


def _check_activation(activation, dtype):
    """Return the activation, by default the identity; it has a derivative and no parameters."""
    if activation is None:
        return identity
    if not callable(activation) or not callable(attribute(activation, "backward")):
        raise TypeError(
            f"activation must be a function of mnist_gd.activations, but is {shown(activation)}"
        )
    if attribute(activation, "trainable"):
        raise TypeError(f"activation must have nothing to be learned, but is {shown(activation)}")
    if has_kernel(activation):  # the kernel alone will be called: are its options in their range?
        activation(np.zeros((1, 1), dtype))
    return activation


def _activated(activation, z):
    """The output, in memory of its own: its caller may change it before the pass back."""
    if has_kernel(activation):
        output = activation.kernel(z)
        return z.copy() if output is z else output
    output = as_float("activation(z)", activation(z))
    check_same_shape("activation(z)", output, "z", z)
    return output.copy()


def _times_transpose(a, b):
    """a @ b.T; of few rows BLAS makes the transpose in half the time."""
    return np.ascontiguousarray((b @ a.T).T) if len(a) <= FEW_ROWS else a @ b.T


def _check_input(layer, x):
    return layer, check_matrix("x", x, np.shape(layer.weights)[0])


def _check_forward(layer, x):
    """A copy of the input, too: the caller may fill it anew before the pass back."""
    layer, x = _check_input(layer, x)
    return layer, x.copy()


def _check_backward(layer, grad_output, input_gradient):
    if layer._x is None:
        raise RuntimeError("backward needs a forward pass before it")
    grad_output = as_float("grad_output", grad_output)
    check_same_shape("grad_output", grad_output, "z", layer._z)
    return layer, grad_output, check_flag("input_gradient", input_gradient)


def _check_descent(layer, grad_output, learning_rate, input_gradient):
    grad_output, flag = _check_backward(layer, grad_output, input_gradient)[1:]
    for name in ("weights", "bias"):
        check_writeable(name, getattr(layer, name))
    return layer, grad_output, check_rate(learning_rate, layer.weights.dtype), flag


def _check_update(layer, learning_rate):
    layer.check_gradients()
    return layer, check_rate(learning_rate, layer.weights.dtype)


def _whole(layer, *_):
    return whole_step([layer], lambda: [layer.weights, layer.bias])


class LinearLayer:
    """The map from x to activation(x @ weights + bias), equation `eq-linear`.

    Parameters
    ----------
    input_size, output_size : int
        Number of features of each input row and of each output row.
    activation : callable, optional
        A function of :mod:`mnist_gd.activations` with a `backward`; by default the identity.
    rng : numpy.random.Generator
        Draws the initial weights, see :func:`initial_weights`; the bias starts at 0.
    dtype : {float32, float64}
        float32 for training, float64 for checking gradients.

    Attributes
    ----------
    weights : ndarray, shape (input_size, output_size)
    bias : ndarray, shape (1, output_size)
    weights_grad, bias_grad : ndarray or None
        Gradients of the same shapes, filled by :meth:`backward`.

    Raises
    ------
    ValueError, TypeError
        If a size is no integer from 1 on, `rng` no Generator, `dtype` another, or if `activation`
        has no derivative or is ``prelu``, whose slope the layer would not learn.
    """

    def __init__(self, input_size, output_size, activation=None, *, rng, dtype=np.float32):
        activation = _check_activation(activation, check_dtype(dtype))
        weights = initial_weights(input_size, output_size, activation, rng=rng)
        self._set(weights.astype(dtype), np.zeros((1, weights.shape[1]), dtype), activation)

    def _set(self, weights, bias, activation):
        self.weights, self.bias, self.activation = weights, bias, activation
        self.input_size, self.output_size = weights.shape
        self.weights_grad = self.bias_grad = None
        self._x = self._z = None

    @classmethod
    def from_arrays(cls, weights, bias, activation=None):
        """Make a layer of weights that are there already, such as those of a file.

        Parameters
        ----------
        weights : ndarray of float32 or float64, shape (input_size, output_size)
        bias : ndarray of the same dtype, shape (1, output_size)
        activation : callable, optional
            As for the class.

        Returns
        -------
        LinearLayer
            It has copies of both.

        Raises
        ------
        ValueError, TypeError
            If shapes or dtypes do not fit, an entry is not finite, or the activation is none.
        """
        weights = as_array("weights", weights)
        if weights.dtype not in (np.float32, np.float64):
            raise ValueError(f"weights must be float32 or float64, but are {weights.dtype}")
        weights = check_matrix("weights", weights)
        bias, shape = as_array("bias", bias), (1, weights.shape[1])
        if bias.shape != shape or bias.dtype != weights.dtype:
            raise ValueError(
                f"bias must have the shape {shape} and the dtype {weights.dtype}, but has "
                f"{bias.shape} and {bias.dtype}"
            )
        check_finite("weights", weights)
        check_finite("bias", bias)
        layer = cls.__new__(cls)
        layer._set(weights.copy(), bias.copy(), _check_activation(activation, weights.dtype))
        return layer

    @checked(_check_input)
    def pre_activation(self, x):
        """Return x @ weights + bias, shape (n, output_size), equation `eq-linear`."""
        z = x @ self.weights
        z += self.bias
        return z

    def __call__(self, x):
        """Return the output, remember nothing; who overrides :meth:`forward` overrides both."""
        return _activated(self.activation, self.pre_activation(x))

    @checked(_check_forward)
    def forward(self, x):
        """Return the output for `x` and remember what :meth:`backward` needs.

        Parameters
        ----------
        x : ndarray of float, shape (n, input_size)

        Returns
        -------
        ndarray, shape (n, output_size)

        Raises
        ------
        ValueError
            If `x` has another shape.
        """
        z = kernel_of(self.pre_activation)(x)
        output = _activated(self.activation, z)
        self._x, self._z = x, z  # only now: a call that fails leaves the last pass as it was
        return output

    @checked(_check_backward, within=lambda layer, *_: unchanged_by_errors([layer]))
    def backward(self, grad_output, input_gradient=True):
        """Turn the gradient for the output into gradients for weights, bias and input.

        Fills `weights_grad`, equation `eq-linear-weights-gradient`, and `bias_grad`, equation
        `eq-linear-bias-gradient`, for the rows of the last :meth:`forward`.

        Parameters
        ----------
        grad_output : ndarray, shape (n, output_size)
        input_gradient : bool
            False spares the product that the first layer of a network has no use for.

        Returns
        -------
        ndarray, shape (n, input_size), or None
            The gradient for the input, equation `eq-linear-input-gradient`.

        Raises
        ------
        RuntimeError, ValueError
            If nothing was passed forward, or `grad_output` has another shape than the output.
        """
        grad_z = kernel_of(self.activation.backward)(grad_output, self._z)
        self.weights_grad = self._x.T @ grad_z
        self.bias_grad = grad_z.sum(axis=0, keepdims=True)
        return _times_transpose(grad_z, self.weights) if input_gradient else None

    def check_gradients(self):
        """Raise unless there are gradients that fit; an update of one's own may need none."""
        if not has_kernel(self.update):
            return
        if self.weights_grad is None or self.bias_grad is None:
            raise RuntimeError("update needs a backward pass before it")
        for name, grad in (("weights", "weights_grad"), ("bias", "bias_grad")):
            gradient = as_float(grad, check_array(grad, getattr(self, grad)))
            check_same_shape(grad, gradient, name, getattr(self, name))
            check_writeable(name, getattr(self, name))

    @checked(_check_update, within=_whole)
    def update(self, learning_rate):
        """Take one step against the gradient, equation `eq-linear-update`.

        Parameters
        ----------
        learning_rate : float
            Above 0.

        Raises
        ------
        RuntimeError
            If there is no gradient yet.
        DivergenceError
            If the step leaves the finite numbers; nothing has moved then.
        """
        self.weights -= learning_rate * self.weights_grad
        self.bias -= learning_rate * self.bias_grad
        self._x = self._z = None  # the next gradient is that of other weights

    @checked(_check_descent, within=_whole)
    def descend(self, grad_output, learning_rate, input_gradient=True):
        """Take the step of :meth:`backward` and :meth:`update` at once, `eq-linear-descent`.

        The rate multiplies the rows that come back in place of the gradient for the weights,
        which is larger. No gradient is kept. Parameters, returns and errors are those of the two.
        """
        grad_z = kernel_of(self.activation.backward)(grad_output, self._z)
        grad_input = _times_transpose(grad_z, self.weights) if input_gradient else None
        step = learning_rate * grad_z
        self.weights -= self._x.T @ step
        self.bias -= step.sum(axis=0, keepdims=True)
        self._x = self._z = self.weights_grad = self.bias_grad = None
        return grad_input


def check_chain(layers):
    """Raise unless each layer takes what the one before it gives.

    Parameters
    ----------
    layers : list of LinearLayer

    Raises
    ------
    ValueError
        If there is none, one is there twice, sizes do not fit, or float32 and float64 are mixed.
    """
    several = is_a(layers, list | tuple) and len({*map(id, layers)}) == len(layers) > 0
    if not several or not all(is_a(layer, LinearLayer) for layer in layers):
        raise ValueError(
            f"layers must be one LinearLayer or more, none twice, but are {shown(layers)}"
        )
    for before, after in zip(layers, layers[1:], strict=False):
        if before.output_size != after.input_size:
            raise ValueError(
                f"layers must fit each other, but one gives {before.output_size} features and "
                f"the next takes {after.input_size}"
            )
    if len({layer.weights.dtype for layer in layers}) > 1:
        raise ValueError("layers must all be float32 or all float64, but are mixed")
