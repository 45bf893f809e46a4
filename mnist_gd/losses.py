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

import numpy as np

from mnist_gd._validation import as_float, check_finite, check_real, check_same_shape
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


def _pair(y_pred, y_true):
    """Both arguments as finite, non-empty arrays of one shape and of y_pred's dtype."""
    y_pred, y_true = as_float("y_pred", y_pred), as_float("y_true", y_true)
    check_same_shape("y_pred", y_pred, "y_true", y_true)
    if y_pred.size == 0:
        raise ValueError(f"y_pred must not be empty, but has the shape {y_pred.shape}")
    check_finite("y_pred", y_pred)
    check_finite("y_true", y_true)
    return y_pred, y_true.astype(y_pred.dtype, copy=False)


def _check_unit_interval(name, array):
    if array.min() < 0 or array.max() > 1:
        raise ValueError(
            f"{name} must lie in [0, 1], but ranges from {array.min()} to {array.max()}"
        )


def _binary_pair(y_pred, y_true, *, logits):
    """Predictions with targets in [0, 1]."""
    y_pred, y_true = _pair(y_pred, y_true)
    _check_unit_interval("y_true", y_true)
    if not logits:
        _check_unit_interval("y_pred", y_pred)
    return y_pred, y_true


def _class_pair(y_pred, y_true, *, logits):
    """Predictions (n, classes) with a distribution over the classes in each row of targets."""
    y_pred, y_true = _binary_pair(y_pred, y_true, logits=logits)
    if y_pred.ndim != 2:
        raise ValueError(f"y_pred must have the shape (n, classes), but has {y_pred.shape}")
    sums = y_true.sum(axis=1)
    if np.abs(sums - 1).max() > 1e-4:
        worst = int(np.abs(sums - 1).argmax())
        raise ValueError(f"rows of y_true must sum to 1, but row {worst} sums to {sums[worst]}")
    return y_pred, y_true


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
        mean = np.mean(values, dtype=np.float64)
        return float(mean if np.isfinite(mean) else np.sum(values / values.size))


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
    y_pred, y_true = _pair(y_pred, y_true)
    with np.errstate(over="ignore"):
        squares = (y_pred - y_true) ** 2
    return _mean(squares)


def mean_squared_error_gradient(y_pred, y_true):
    """Gradient of :func:`mean_squared_error` for `y_pred`, equation `eq-mse-gradient`."""
    y_pred, y_true = _pair(y_pred, y_true)
    with np.errstate(over="ignore"):
        return 2 * (y_pred - y_true) / y_pred.size


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
    p, y = _binary_pair(y_pred, y_true, logits=False)
    return float(-np.mean(y * _log_where(y, p) + (1 - y) * _log_where(1 - y, 1 - p)))


def binary_cross_entropy_gradient(y_pred, y_true):
    """Gradient of :func:`binary_cross_entropy` for `y_pred`, equation `eq-bce-gradient`."""
    p, y = _binary_pair(y_pred, y_true, logits=False)
    return (_divide_where(1 - y, 1 - p) - _divide_where(y, p)) / p.size


def binary_cross_entropy_with_logits(y_pred, y_true):
    """Binary cross-entropy of ``sigmoid(y_pred)``, equation `eq-bce-logits`.

    Parameters
    ----------
    y_pred : ndarray of float, any shape
        Logits, however large.
    y_true : ndarray, the same shape
        Labels 0 and 1, or probabilities.

    Returns
    -------
    float
        The mean over every element.

    Raises
    ------
    ValueError
        If the shapes differ, a logit is not finite or a target is not in [0, 1].
    """
    z, y = _binary_pair(y_pred, y_true, logits=True)
    return _mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))


def binary_cross_entropy_with_logits_gradient(y_pred, y_true):
    """Gradient for the logits, (sigmoid(z) - y) / n, equation `eq-bce-logits-gradient`."""
    z, y = _binary_pair(y_pred, y_true, logits=True)
    return (sigmoid(z) - y) / z.size


def _focal_terms(y_pred, y_true, alpha, gamma, *, logits):
    """Predictions, the mask of positives, the weight alpha_t of each element, and gamma.

    alpha_t is 1 where alpha is -1. Plain floats keep the dtype of the predictions.
    """
    y_pred, y = _binary_pair(y_pred, y_true, logits=logits)
    if not np.isin(y, (0, 1)).all():
        raise ValueError("y_true must hold only 0 and 1 in the focal loss")
    gamma = check_real("gamma", gamma, minimum=0)
    positive = y == 1
    if alpha == -1:
        return y_pred, positive, np.ones_like(y_pred), gamma
    alpha = check_real("alpha", alpha, minimum=0, maximum=1)
    return y_pred, positive, np.where(positive, alpha, 1 - alpha).astype(y_pred.dtype), gamma


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
    p, positive, alpha_t, gamma = _focal_terms(y_pred, y_true, alpha, gamma, logits=False)
    p_t = np.where(positive, p, 1 - p)
    return float(-np.mean(alpha_t * (1 - p_t) ** gamma * _log_where(alpha_t, p_t)))


def focal_loss_gradient(y_pred, y_true, alpha=0.25, gamma=2.0):
    """Gradient of :func:`focal_loss` for `y_pred`, equation `eq-focal-gradient`."""
    p, positive, alpha_t, gamma = _focal_terms(y_pred, y_true, alpha, gamma, logits=False)
    p_t = np.where(positive, p, 1 - p)
    q = np.maximum(1 - p_t, np.finfo(p.dtype).tiny)  # log(p_t) is 0 there: keeps 0 * inf out
    focus = gamma * q ** (gamma - 1) * _log_where(alpha_t, p_t) if gamma else 0
    slope = alpha_t * focus - _divide_where(alpha_t * (1 - p_t) ** gamma, p_t)
    return np.where(positive, slope, -slope) / p.size


def focal_loss_with_logits(y_pred, y_true, alpha=0.25, gamma=2.0):
    """Focal loss of ``sigmoid(y_pred)``, equation `eq-focal-logits`.

    Parameters
    ----------
    y_pred : ndarray of float, any shape
        Logits, however large.
    y_true, alpha, gamma
        As in :func:`focal_loss`.

    Returns
    -------
    float
        The mean over every element.

    Raises
    ------
    ValueError
        If the shapes differ or an argument is out of its range.
    """
    z, positive, alpha_t, gamma = _focal_terms(y_pred, y_true, alpha, gamma, logits=True)
    u = np.where(positive, z, -z)
    cross_entropies = np.maximum(-u, 0) + np.log1p(np.exp(-np.abs(u)))
    return _mean(alpha_t * sigmoid(-u) ** gamma * cross_entropies)


def focal_loss_with_logits_gradient(y_pred, y_true, alpha=0.25, gamma=2.0):
    """Gradient of :func:`focal_loss_with_logits`, equation `eq-focal-logits-gradient`."""
    z, positive, alpha_t, gamma = _focal_terms(y_pred, y_true, alpha, gamma, logits=True)
    u = np.where(positive, z, -z)
    p_t, q_t = sigmoid(u), sigmoid(-u)
    cross_entropies = np.maximum(-u, 0) + np.log1p(np.exp(-np.abs(u)))
    slope = -alpha_t * q_t**gamma * (q_t + gamma * p_t * cross_entropies)
    return np.where(positive, slope, -slope) / z.size


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
    p, y = _class_pair(y_pred, y_true, logits=False)
    return float(-(y * _log_where(y, p)).sum(axis=1).mean())


def cross_entropy_gradient(y_pred, y_true):
    """Gradient of :func:`cross_entropy` for `y_pred`, equation `eq-cross-entropy-gradient`."""
    p, y = _class_pair(y_pred, y_true, logits=False)
    return -_divide_where(y, p) / len(p)


def cross_entropy_with_logits(y_pred, y_true):
    """Cross-entropy of ``softmax(y_pred)``, equation `eq-cross-entropy-logits`.

    Parameters
    ----------
    y_pred : ndarray of float, shape (n, classes)
        Logits, however large.
    y_true : ndarray, the same shape
        One-hot rows, or any distributions: each row sums to 1.

    Returns
    -------
    float
        Summed over the classes, averaged over the rows.

    Raises
    ------
    ValueError
        If the shapes differ, a logit is not finite or a row of `y_true` is no distribution.
    """
    z, y = _class_pair(y_pred, y_true, logits=True)
    shifted = shift_logits(z)
    log_sum = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return _mean((y * (log_sum - shifted)).sum(axis=1))


def cross_entropy_with_logits_gradient(y_pred, y_true):
    """Gradient for the logits, (softmax(z) - y) / n, `eq-cross-entropy-logits-gradient`."""
    z, y = _class_pair(y_pred, y_true, logits=True)
    return (softmax(z) - y) / len(z)


def kl_divergence(y_pred, y_true):
    """Kullback-Leibler divergence of the truth from the prediction, equation `eq-kl`.

    It is the cross-entropy less the entropy of `y_true`, which is 0 for one-hot rows.

    Parameters
    ----------
    y_pred : ndarray of float, shape (n, classes)
        Probabilities.
    y_true : ndarray, the same shape
        One-hot rows, or any distributions: each row sums to 1.

    Returns
    -------
    float
        Summed over the classes, averaged over the rows.

    Raises
    ------
    ValueError
        If the shapes differ, an entry is not in [0, 1] or a row of `y_true` is no distribution.
    """
    p, y = _class_pair(y_pred, y_true, logits=False)
    return float((y * (_log_where(y, y) - _log_where(y, p))).sum(axis=1).mean())


def kl_divergence_gradient(y_pred, y_true):
    """Gradient of :func:`kl_divergence` for `y_pred`, equation `eq-kl-gradient`."""
    return cross_entropy_gradient(y_pred, y_true)


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
