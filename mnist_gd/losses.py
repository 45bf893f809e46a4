r"""Loss functions and their gradients (chapter *Losses*).

Each loss is called ``loss(y_pred, y_true)`` and returns its mean over the batch as a float; its
attribute `gradient` returns the exact derivative of that float with respect to `y_pred`, and
`on_logits` says whether `y_pred` holds logits or probabilities:

>>> import numpy as np
>>> binary_cross_entropy_with_logits(np.array([0.0]), np.array([1.0]))
0.6931471805599453
>>> binary_cross_entropy_with_logits.gradient(np.array([0.0]), np.array([1.0]))
array([-0.5])

`mean_squared_error` and the binary losses average over every element; the others sum over the
classes and average over the rows. The losses on logits are the ones to train with: they never
take the logarithm of a rounded probability.
"""

from math import isfinite

import numpy as np

from mnist_gd._arguments import (
    check_class_logits,
    check_class_probabilities,
    check_focal_logits,
    check_focal_probabilities,
    check_logits,
    check_pair,
    check_probabilities,
)
from mnist_gd._kernels import checked
from mnist_gd.activations import shift_logits, sigmoid, softmax

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_gradient",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_gradient",
    "cross_entropy",
    "cross_entropy_gradient",
    "cross_entropy_with_logits",
    "cross_entropy_with_logits_gradient",
    "focal_loss",
    "focal_loss_gradient",
    "focal_loss_with_logits",
    "focal_loss_with_logits_gradient",
    "kl_divergence",
    "kl_divergence_gradient",
    "mean_squared_error",
    "mean_squared_error_gradient",
]


def _log_where(weight, p):
    """Natural logarithm of p where the weight is not 0, else 0: the limit of 0 log 0.

    A weight on p = 0 costs infinity, which is what the formula says.
    """
    with np.errstate(divide="ignore"):
        return np.log(p, out=np.zeros_like(p), where=weight != 0)


def _divide_where(weight, p):
    """weight / p where the weight is not 0, else 0."""
    with np.errstate(divide="ignore", over="ignore"):
        return np.divide(weight, p, out=np.zeros_like(p), where=weight != 0)


def _mean(values):
    """Mean as a float; summed in float64, which holds what float32 does not."""
    with np.errstate(over="ignore"):
        mean = float(values.sum(dtype=np.float64)) / values.size
        mean = mean if isfinite(mean) else float(np.sum(values / values.size))
        return mean + 0.0  # of nothing but -0.0 the mean is 0.0


@checked(check_pair)
def mean_squared_error(y_pred, y_true):
    """Mean of the squared differences over every element, equation `eq-mse`.

    Parameters
    ----------
    y_pred, y_true : ndarray of float, the same shape

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes differ, or anything is empty or not finite.
    """
    with np.errstate(over="ignore"):  # in float64, which holds the squares of all float32
        squares = np.subtract(y_pred, y_true, dtype=np.result_type(y_pred, np.float64)) ** 2
    return _mean(squares)


@checked(check_pair)
def mean_squared_error_gradient(y_pred, y_true):
    """Gradient of :func:`mean_squared_error` for `y_pred`, equation `eq-mse-gradient`."""
    with np.errstate(over="ignore"):
        return 2 * ((y_pred - y_true) / y_pred.size)


@checked(check_probabilities)
def binary_cross_entropy(y_pred, y_true):
    """Negative log-likelihood of yes-or-no labels, equation `eq-bce`.

    Parameters
    ----------
    y_pred : ndarray of float, any shape
        Probabilities of "yes".
    y_true : ndarray, the same shape
        Labels 0 and 1, or probabilities.

    Returns
    -------
    float
        The mean over every element: infinite where a certain prediction is wrong.

    Raises
    ------
    ValueError
        If the shapes differ, or an entry is not in [0, 1].
    """
    p, y = y_pred, y_true
    return _mean(-y * _log_where(y, p) - (1 - y) * _log_where(1 - y, 1 - p))


@checked(check_probabilities)
def binary_cross_entropy_gradient(y_pred, y_true):
    """Gradient of :func:`binary_cross_entropy` for `y_pred`, equation `eq-bce-gradient`."""
    p, y = y_pred, y_true
    return (_divide_where(1 - y, 1 - p) - _divide_where(y, p)) / p.size


@checked(check_logits)
def binary_cross_entropy_with_logits(y_pred, y_true):
    """Binary cross-entropy of ``sigmoid(y_pred)``, equation `eq-bce-logits`.

    `y_pred` holds logits, however large; the rest and the errors are those of
    :func:`binary_cross_entropy`.
    """
    z, y = y_pred, y_true
    return _mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))


@checked(check_logits)
def binary_cross_entropy_with_logits_gradient(y_pred, y_true):
    """Gradient for the logits, (sigmoid(z) - y) / n, equation `eq-bce-logits-gradient`."""
    z, y = y_pred, y_true
    return (sigmoid.kernel(z) - y) / z.size


def _focal_weights(y_pred, y_true, alpha):
    """The weight alpha_t of each element, of the dtype of the predictions: 1 if alpha is -1."""
    if alpha == -1:
        return np.ones_like(y_pred)
    return np.where(y_true == 1, alpha, 1 - alpha).astype(y_pred.dtype)


@checked(check_focal_probabilities)
def focal_loss(y_pred, y_true, alpha=0.25, gamma=2.0):
    """Cross-entropy weighted down where the prediction is already good, equation `eq-focal`.

    The convention is that of ``torchvision.ops.sigmoid_focal_loss`` with mean reduction.

    Parameters
    ----------
    y_pred : ndarray of float, any shape
        Probabilities of "yes".
    y_true : ndarray, the same shape
        Labels, 0 or 1.
    alpha : float
        Weight of the positives, in [0, 1], 1 - alpha that of the negatives; -1 weighs neither.
    gamma : float
        Focusing exponent, at least 0; 0 leaves (weighted) binary cross-entropy.

    Returns
    -------
    float
        The mean over every element: infinite where a certain prediction is wrong.

    Raises
    ------
    ValueError
        If the shapes differ or an argument is out of its range.
    """
    p, positive = y_pred, y_true == 1
    alpha_t = _focal_weights(y_pred, y_true, alpha)
    p_t = np.where(positive, p, 1 - p)
    return _mean(-alpha_t * (1 - p_t) ** gamma * _log_where(alpha_t, p_t))


@checked(check_focal_probabilities)
def focal_loss_gradient(y_pred, y_true, alpha=0.25, gamma=2.0):
    """Gradient of :func:`focal_loss` for `y_pred`, equation `eq-focal-gradient`."""
    p, positive = y_pred, y_true == 1
    alpha_t = _focal_weights(y_pred, y_true, alpha)
    p_t = np.where(positive, p, 1 - p)
    q = np.maximum(1 - p_t, np.finfo(p.dtype).tiny)  # log(p_t) is 0 there: keeps 0 * inf out
    focus = gamma * q ** (gamma - 1) * _log_where(alpha_t, p_t) if gamma else 0
    slope = alpha_t * focus - _divide_where(alpha_t * (1 - p_t) ** gamma, p_t)
    return np.where(positive, slope, -slope) / p.size


@checked(check_focal_logits)
def focal_loss_with_logits(y_pred, y_true, alpha=0.25, gamma=2.0):
    """Focal loss of ``sigmoid(y_pred)``, equation `eq-focal-logits`.

    `y_pred` holds logits, however large; the rest and the errors are those of
    :func:`focal_loss`.
    """
    z, positive = y_pred, y_true == 1
    alpha_t = _focal_weights(y_pred, y_true, alpha)
    u = np.where(positive, z, -z)
    cross_entropies = np.maximum(-u, 0) + np.log1p(np.exp(-np.abs(u)))
    return _mean(alpha_t * sigmoid.kernel(-u) ** gamma * cross_entropies)


@checked(check_focal_logits)
def focal_loss_with_logits_gradient(y_pred, y_true, alpha=0.25, gamma=2.0):
    """Gradient of :func:`focal_loss_with_logits`, equation `eq-focal-logits-gradient`."""
    z, positive = y_pred, y_true == 1
    alpha_t = _focal_weights(y_pred, y_true, alpha)
    u = np.where(positive, z, -z)
    p_t, q_t = sigmoid.kernel(u), sigmoid.kernel(-u)
    cross_entropies = np.maximum(-u, 0) + np.log1p(np.exp(-np.abs(u)))
    slope = -alpha_t * q_t**gamma * (q_t + gamma * p_t * cross_entropies)
    return np.where(positive, slope, -slope) / z.size


@checked(check_class_probabilities)
def cross_entropy(y_pred, y_true):
    """Cross-entropy of predicted and true distributions, equation `eq-cross-entropy`.

    Parameters
    ----------
    y_pred : ndarray of float, shape (n, classes)
        Probabilities.
    y_true : ndarray, the same shape
        One-hot rows, or any distributions: each row sums to 1.

    Returns
    -------
    float
        Summed over the classes, averaged over the rows: infinite where a class that occurs
        was given the probability 0.

    Raises
    ------
    ValueError
        If the shapes differ, an entry is not in [0, 1] or a row of `y_true` is no distribution.
    """
    p, y = y_pred, y_true
    return _mean(-(y * _log_where(y, p)).sum(axis=1))


@checked(check_class_probabilities)
def cross_entropy_gradient(y_pred, y_true):
    """Gradient of :func:`cross_entropy` for `y_pred`, equation `eq-cross-entropy-gradient`."""
    p, y = y_pred, y_true
    return -_divide_where(y, p) / len(p)


@checked(check_class_logits)
def cross_entropy_with_logits(y_pred, y_true):
    """Cross-entropy of ``softmax(y_pred)``, equation `eq-cross-entropy-logits`.

    `y_pred` holds logits, however large; the rest and the errors are those of
    :func:`cross_entropy`.
    """
    z, y = y_pred, y_true
    shifted = shift_logits(z)
    log_sum = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return _mean((y * (log_sum - shifted)).sum(axis=1))


@checked(check_class_logits)
def cross_entropy_with_logits_gradient(y_pred, y_true):
    """Gradient for the logits, (softmax(z) - y) / n, `eq-cross-entropy-logits-gradient`."""
    z, y = y_pred, y_true
    return (softmax.kernel(z) - y) / len(z)


@checked(check_class_probabilities)
def kl_divergence(y_pred, y_true):
    """Kullback-Leibler divergence of the truth from the prediction, equation `eq-kl`.

    It is the cross-entropy less the entropy of `y_true`, which is 0 for one-hot rows.
    Parameters, returns and errors are those of :func:`cross_entropy`.
    """
    p, y = y_pred, y_true
    return _mean((y * (_log_where(y, y) - _log_where(y, p))).sum(axis=1))


@checked(check_class_probabilities)
def kl_divergence_gradient(y_pred, y_true):
    """Gradient of :func:`kl_divergence` for `y_pred`, equation `eq-kl-gradient`."""
    return cross_entropy_gradient.kernel(y_pred, y_true)


# What a loss is called with, and its derivative.
for _loss, _gradient, _on_logits in [
    (mean_squared_error, mean_squared_error_gradient, False),
    (binary_cross_entropy, binary_cross_entropy_gradient, False),
    (binary_cross_entropy_with_logits, binary_cross_entropy_with_logits_gradient, True),
    (focal_loss, focal_loss_gradient, False),
    (focal_loss_with_logits, focal_loss_with_logits_gradient, True),
    (cross_entropy, cross_entropy_gradient, False),
    (cross_entropy_with_logits, cross_entropy_with_logits_gradient, True),
    (kl_divergence, kl_divergence_gradient, False),
]:
    _loss.gradient, _loss.on_logits = _gradient, _on_logits
