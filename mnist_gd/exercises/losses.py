"""The exercises on losses."""

import numpy as np

from mnist_gd import losses
from mnist_gd.activations import sigmoid, softmax
from mnist_gd.exercises.tasks import AXIS, MATRICES, MINUS, OVERFLOW, SHAPES, Task, normal
from mnist_gd.gradient_check import numerical_gradient

__all__ = ["MAKERS"]

MEAN = "the factor 1/n is missing: the loss is a mean, so its gradient is one too"
ROWS = "it is divided by the number of rows, but the loss is the mean over every element"
ELEMENTS = "it is divided by the number of elements, but the loss is the mean over the rows"
AGAIN = (
    "it is multiplied by the derivative of the output activation, which the gradient with respect "
    "to the logits already contains"
)
PROBABILITIES = "this is the gradient with respect to the probabilities; asked is that for logits"
LOGITS = "this is the gradient with respect to the logits; asked is that for the probabilities"
ROUNDED = "the logarithm is taken of a probability that was rounded to 0; start from the logit"
EXTREME_LOGITS = np.array([[-1000.0, 1000.0, 1000.0]]), np.array([[1.0, 1.0, 0.0]])


def _labels(rng, shape):
    labels = rng.integers(0, 2, size=shape).astype(float)
    labels.flat[:2] = 0, 1  # both occur
    return labels


def _distributions(rng, shape):
    return softmax(normal(rng, shape)[0] / 2)


def _loss_gradient(loss):
    """Gradient of a loss with respect to its first argument, by central differences."""
    return lambda y_pred, y_true, *options: numerical_gradient(
        lambda v: loss(v, y_true, *options), y_pred
    )


def _loss_task(loss, inputs, mistakes, *, rows=False, options=(), names=(), extremes=None):
    """`rows`: the loss averages over the rows, not over every element."""
    factors = {**MINUS, MEAN: lambda p, *_: len(p) if rows else p.size}
    if rows:
        factors[ELEMENTS] = lambda p, *_: len(p) / p.size
    else:
        factors[ROWS] = lambda p, *_: p.size / len(p)
    return Task(
        arguments=("y_pred", "y_true", *names),
        returns=("the gradient",),
        truth=_loss_gradient(loss),
        inputs=[(*pair, *options) for pair in inputs],
        mistakes=mistakes,
        factors=factors,
        extremes=[(why, (*pair, *options)) for why, pair in (extremes or {}).items()],
    )


def _mse_task(rng):
    return _loss_task(
        losses.mean_squared_error,
        [normal(rng, s, s) for s in SHAPES],
        {
            "the factor 2 of the square's derivative is missing": lambda p, y: (p - y) / p.size,
            "this is the square, not its derivative": lambda p, y: (p - y) ** 2 / p.size,
            "averaged over the batch; each entry of y_pred has its own derivative": (
                lambda p, y: np.mean(2 * (p - y))
            ),
        },
    )


def _bce_task(rng):
    return _loss_task(
        losses.binary_cross_entropy,
        [(rng.uniform(0.05, 0.95, s), _labels(rng, s)) for s in SHAPES],
        {
            LOGITS: lambda p, y: (p - y) / p.size,
            "the term of the negatives, (1 - y)/(1 - p), is missing": (
                lambda p, y: -y / p / p.size
            ),
            "the inner derivative of 1 - p, which is -1, is missing": (
                lambda p, y: -(y / p + (1 - y) / (1 - p)) / p.size
            ),
        },
    )


def _bce_logits_task(rng):
    def right(z, y):
        return (sigmoid(z) - y) / z.size

    return _loss_task(
        losses.binary_cross_entropy_with_logits,
        [(*normal(rng, s), _labels(rng, s)) for s in SHAPES],
        {
            "y_pred holds logits; the probability is sigmoid(y_pred)": lambda z, y: (
                (z - y) / z.size
            ),
            AGAIN: lambda z, y: right(z, y) * sigmoid(z) * sigmoid(-z),
            PROBABILITIES: lambda z, y: right(z, y) / (sigmoid(z) * sigmoid(-z)),
            "the sigmoid is applied twice": lambda z, y: right(sigmoid(z), y),
        },
        extremes={OVERFLOW: EXTREME_LOGITS},
    )


def _focal_logits_task(rng):
    def terms(z, y, alpha):
        sign = np.where(y == 1, 1, -1)
        p_t = sigmoid(sign * z)
        return sign, p_t, np.where(y == 1, alpha, 1 - alpha), -np.log(p_t)

    def right(z, y, alpha, gamma):
        sign, p, a, nll = terms(z, y, alpha)
        return -sign * a * (1 - p) ** gamma * (1 - p + gamma * p * nll) / z.size

    def multiplied(z, y, alpha, gamma):
        sign, p, a, nll = terms(z, y, alpha)
        return -sign * a * gamma * (1 - p) * (1 - p + p * nll) / z.size

    def frozen(z, y, alpha, gamma):
        sign, p, a, _ = terms(z, y, alpha)
        return -sign * a * (1 - p) ** gamma * (1 - p) / z.size

    def same_alpha(z, y, alpha, gamma):
        a = terms(z, y, alpha)[2]
        return right(z, y, alpha, gamma) / a * alpha

    def no_alpha(z, y, alpha, gamma):
        return right(z, y, alpha, gamma) / terms(z, y, alpha)[2]

    def slope(z):
        return sigmoid(z) * sigmoid(-z)

    def one_signed(z, y, alpha, gamma):
        return right(z, y, alpha, gamma) * terms(z, y, alpha)[0]

    return _loss_task(
        losses.focal_loss_with_logits,
        [(*normal(rng, s), _labels(rng, s)) for s in SHAPES],
        {
            "1 - p_t is multiplied by gamma; it is raised to the power gamma": multiplied,
            "the weight (1 - p_t)**gamma is taken as constant; it depends on z too": frozen,
            "alpha weighs the negatives too; their weight is 1 - alpha": same_alpha,
            "alpha_t is missing": no_alpha,
            AGAIN: lambda z, y, *o: right(z, y, *o) * slope(z),
            PROBABILITIES: lambda z, y, *o: right(z, y, *o) / slope(z),
            "for negatives p_t falls as z grows, so their sign is the other one": one_signed,
        },
        options=(0.25, 3.0),
        names=("alpha", "gamma"),
        extremes={ROUNDED: EXTREME_LOGITS},
    )


def _cross_entropy_logits_task(rng):
    def right(z, y):
        return (softmax(z) - y) / len(z)

    extreme = (np.array([[1000.0, 0.0, -1000.0]]), np.array([[0.0, 1.0, 0.0]]))
    return _loss_task(
        losses.cross_entropy_with_logits,
        [(*normal(rng, s), _distributions(rng, s)) for s in MATRICES],
        {
            "y_pred holds logits; the probabilities are softmax(y_pred)": lambda z, y: (
                (z - y) / len(z)
            ),
            AGAIN: lambda z, y: right(z, y) * softmax(z) * (1 - softmax(z)),
            PROBABILITIES: lambda z, y: -y / softmax(z) / len(z),
            "softmax is applied twice": lambda z, y: right(softmax(z), y),
            AXIS: lambda z, y: (softmax(z.T).T - y) / len(z),
        },
        rows=True,
        extremes={OVERFLOW: extreme},
    )


def _kl_task(rng):
    return _loss_task(
        losses.kl_divergence,
        [(_distributions(rng, s), _distributions(rng, s)) for s in MATRICES],
        {
            LOGITS: lambda p, y: (p - y) / len(p),
            "the divergence is taken the other way round, of y_pred from y_true": (
                lambda p, y: (np.log(p / y) + 1) / len(p)
            ),
            "the weight y_true is missing": lambda p, y: -1 / p / len(p),
            "y_pred and y_true are swapped": lambda p, y: -p / y / len(p),
            "this is the divergence's own terms, not their derivative": (
                lambda p, y: y * np.log(y / p) / len(p)
            ),
        },
        rows=True,
    )


MAKERS = {
    "mse-gradient": _mse_task,
    "bce-gradient": _bce_task,
    "bce-logits-gradient": _bce_logits_task,
    "focal-logits-gradient": _focal_logits_task,
    "cross-entropy-logits-gradient": _cross_entropy_logits_task,
    "kl-gradient": _kl_task,
}
