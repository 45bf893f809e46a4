"""A linear layer with an optional activation (chapter *The linear layer*)."""

import numpy as np

from mnist_gd._validation import check_integer, check_matrix, check_real, check_rng
from mnist_gd.activations import identity, leaky_relu, prelu, relu

__all__ = ["LinearLayer", "initial_weights"]


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
    rectifier = getattr(activation, "func", activation) in (relu, leaky_relu)
    variance = 2 / input_size if rectifier else 2 / (input_size + output_size)
    return rng.normal(scale=np.sqrt(variance), size=(input_size, output_size))


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
    TypeError
        If a size is no integer, `rng` no Generator, `activation` has no derivative or is
        ``prelu``, whose slope the layer would not learn.
    ValueError
        If a size is below 1 or `dtype` neither float32 nor float64.
    """

    def __init__(self, input_size, output_size, activation=None, *, rng, dtype=np.float32):
        self.input_size = check_integer("input_size", input_size)
        self.output_size = check_integer("output_size", output_size)
        self.activation = identity if activation is None else activation
        if not callable(self.activation) or not hasattr(self.activation, "backward"):
            raise TypeError(
                f"activation must be a function of mnist_gd.activations, but is {activation!r}"
            )
        if getattr(self.activation, "func", self.activation) is prelu:
            raise TypeError(
                "activation must have no parameters of its own, but is prelu: a linear layer "
                "would not learn its slope"
            )
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise ValueError(f"dtype must be float32 or float64, but is {dtype!r}")
        weights = initial_weights(
            self.input_size, self.output_size, self.activation, rng=check_rng(rng)
        )
        self.weights = weights.astype(dtype)
        self.bias = np.zeros((1, output_size), dtype)
        self.weights_grad = self.bias_grad = None
        self._x = self._z = None

    def pre_activation(self, x):
        """Return x @ weights + bias, shape (n, output_size), equation `eq-linear`."""
        z = check_matrix("x", x, self.weights.shape[0]) @ self.weights
        z += self.bias
        return z

    def __call__(self, x):
        """Return the output for `x` without remembering anything for :meth:`backward`."""
        return self.activation(self.pre_activation(x))

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
        self._x = np.asarray(x)
        self._z = self.pre_activation(x)
        return self.activation(self._z)

    def backward(self, grad_output, *, input_gradient=True):
        """Turn the gradient for the output into gradients for weights, bias and input.

        Fills `weights_grad` (equation `eq-linear-weights-gradient`) and `bias_grad`
        (`eq-linear-bias-gradient`) for the rows of the last :meth:`forward`.

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
        RuntimeError
            If nothing was passed forward.
        ValueError
            If `grad_output` has another shape than the output.
        """
        if self._x is None:
            raise RuntimeError("backward needs a forward pass before it")
        grad_z = self.activation.backward(grad_output, self._z)
        self.weights_grad = self._x.T @ grad_z
        self.bias_grad = grad_z.sum(axis=0, keepdims=True)
        return grad_z @ self.weights.T if input_gradient else None

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
        """
        if self.weights_grad is None:
            raise RuntimeError("update needs a backward pass before it")
        learning_rate = check_real("learning_rate", learning_rate, above=0)
        self.weights -= learning_rate * self.weights_grad
        self.bias -= learning_rate * self.bias_grad
