"""The exercises on losses."""

import numpy as np

from mnist_gd import losses
from mnist_gd.activations import sigmoid, softmax
from mnist_gd.exercises._tasks import AXIS, MATRICES, MINUS, OVERFLOW, SHAPES, Task, normal
from mnist_gd.gradient_check import numerical_gradient

__all__ = ["MAKERS"]

MEAN = "the factor 1/n is missing: the loss is a mean, so its gradient is one too"
ROWS = "it is divided by the number of rows, but the loss is the mean over every element"
ELEMENTS = "it is divided by the number of elements, but the loss is the mean over the rows"
AGAIN = (
    "it is multiplied by the derivative of the output activation, which the gradient with respect "
    "to the logits already contains"
)
PROBABILITIES = (
    "this is the gradient with respect to the probabilities: the derivative of the output "
    "activation, which leads on to the logits, is forgotten"
)
LOGITS = "this is the gradient with respect to the logits; asked is that for the probabilities"
ROUNDED = "the logarithm is taken of a probability that was rounded to 0; start from the logit"
SUMMED = "it is the sum over the whole batch; each entry of y_pred has its own derivative"
AVERAGED = "averaged over the batch; each entry of y_pred has its own derivative"
EXTREME_LOGITS = np.array([[-1000.0, 1000.0, 1000.0]]), np.array([[1.0, 1.0, 0.0]])


def _labels(rng, shape):
    labels = rng.integers(0, 2, size=shape).astype(float)
    labels.flat[:2] = 0, 1  # both occur
    return labels


def _distributions(rng, shape):
    return softmax(normal(rng, shape)[0] / 2)


def _loss_task(loss, inputs, mistakes, *, rows=False, options=None, extremes=None):
    """`rows`: the loss averages over the rows, else over every element; mistakes leave it out."""
    count, other, why_other = (len, np.size, ELEMENTS) if rows else (np.size, len, ROWS)

    def truth(y_pred, y_true, *options):
        return numerical_gradient(lambda v: loss(v, y_true, *options), y_pred)

    def averaged(wrong):
        return lambda p, *others: wrong(p, *others) / count(p)

    one_for_all = {
        AVERAGED: lambda p, *others: np.mean(truth(p, *others)),
        SUMMED: lambda p, *others: np.sum(truth(p, *others)),
    }

    options = options or {}
    values = tuple(options.values())
    return Task(
        arguments=("y_pred", "y_true", *options),
        returns=("the gradient",),
        truth=truth,
        inputs=[(*pair, *values) for pair in inputs],
        # Behind a softmax the sum over a row is 0 and tells nothing.
        mistakes={why: averaged(wrong) for why, wrong in mistakes.items()}
        | ({} if rows else one_for_all),
        factors={
            **MINUS,
            MEAN: lambda p, *_: count(p),
            why_other: lambda p, *_: count(p) / other(p),
        },
        extremes=[(why, (*pair, *values)) for why, pair in (extremes or {}).items()],
    )


def _mse_task(rng):
    return _loss_task(
        losses.mean_squared_error,
        [normal(rng, s, s) for s in SHAPES],
        {
            "the factor 2 of the square's derivative is missing, as if the loss were halved": (
                lambda p, y: p - y
            ),
            "this is the square, not its derivative": lambda p, y: (p - y) ** 2,
        },
    )


def _bce_task(rng):
    return _loss_task(
        losses.binary_cross_entropy,
        [(rng.uniform(0.05, 0.95, s), _labels(rng, s)) for s in SHAPES],
        {
            LOGITS: lambda p, y: p - y,
            "the term of the negatives, (1 - y)/(1 - p), is missing": lambda p, y: -y / p,
            "the inner derivative of 1 - p, which is -1, is missing": (
                lambda p, y: -(y / p + (1 - y) / (1 - p))
            ),
        },
    )


def _bce_logits_task(rng):
    return _loss_task(
        losses.binary_cross_entropy_with_logits,
        [(*normal(rng, s), _labels(rng, s)) for s in SHAPES],
        {
            "y_pred holds logits; the probability is sigmoid(y_pred)": lambda z, y: z - y,
            AGAIN: lambda z, y: (sigmoid(z) - y) * sigmoid(z) * sigmoid(-z),
            PROBABILITIES: lambda z, y: (sigmoid(z) - y) / (sigmoid(z) * sigmoid(-z)),
            "the sigmoid is applied twice": lambda z, y: sigmoid(sigmoid(z)) - y,
        },
        extremes={OVERFLOW: EXTREME_LOGITS},
    )


def _weighted_bce_logits_task(rng):
    def loss(z, y, weight):
        return np.mean(weight * y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z))

    def right(z, y, weight):
        return weight * y * (sigmoid(z) - 1) + (1 - y) * sigmoid(z)

    return _loss_task(
        loss,
        [(*normal(rng, s), _labels(rng, s)) for s in SHAPES],
        {
            "the weight is missing": lambda z, y, weight: sigmoid(z) - y,
            "the negatives are weighted too; only positives are": (
                lambda z, y, weight: weight * (sigmoid(z) - y)
            ),
            "the negatives are weighted instead of the positives": (
                lambda z, y, weight: right(z, y, 1 / weight) * weight
            ),
            "it is divided by the sum of the weights; the mean is over the examples": (
                lambda z, y, weight: right(z, y, weight) / np.mean(np.where(y == 1, weight, 1))
            ),
            "the weighted label is taken for the target: w y - sigmoid(z)": (
                lambda z, y, weight: sigmoid(z) - weight * y
            ),
            AGAIN: lambda z, y, weight: right(z, y, weight) * sigmoid(z) * sigmoid(-z),
            PROBABILITIES: lambda z, y, weight: right(z, y, weight) / (sigmoid(z) * sigmoid(-z)),
        },
        options={"weight": 3.0},
        extremes={OVERFLOW: EXTREME_LOGITS},
    )


def _focal_logits_task(rng):
    def right(sign, p, a, gamma):
        return -sign * a * (1 - p) ** gamma * (1 - p - gamma * p * np.log(p))

    def by(formula):  # of the sign, p_t, alpha_t and gamma
        def wrong(z, y, alpha, gamma):
            sign = np.where(y == 1, 1, -1)
            return formula(sign, sigmoid(sign * z), np.where(y == 1, alpha, 1 - alpha), gamma)

        return wrong

    alpha = 0.25
    return _loss_task(
        losses.focal_loss_with_logits,
        [(*normal(rng, s), _labels(rng, s)) for s in SHAPES],
        {
            "1 - p_t is multiplied by gamma; it is raised to the power gamma": by(
                lambda sign, p, a, gamma: gamma * right(sign, p, a, 1)
            ),
            "the weight (1 - p_t)**gamma is taken as constant; it depends on z too": by(
                lambda sign, p, a, gamma: -sign * a * (1 - p) ** (gamma + 1)
            ),
            "alpha weighs the negatives too; their weight is 1 - alpha": by(
                lambda sign, p, a, gamma: right(sign, p, alpha, gamma)
            ),
            "alpha_t is missing": by(lambda sign, p, a, gamma: right(sign, p, 1, gamma)),
            AGAIN: by(lambda sign, p, a, gamma: right(sign, p, a, gamma) * p * (1 - p)),
            PROBABILITIES: by(lambda sign, p, a, gamma: right(sign, p, a, gamma) / p / (1 - p)),
            "for negatives p_t falls as z grows, so their sign is the other one": by(
                lambda sign, p, a, gamma: right(1, p, a, gamma)
            ),
        },
        options={"alpha": alpha, "gamma": 3.0},
        extremes={ROUNDED: EXTREME_LOGITS},
    )


def _cross_entropy_logits_task(rng):
    extreme = (np.array([[1000.0, 0.0, -1000.0]]), np.array([[0.0, 1.0, 0.0]]))
    return _loss_task(
        losses.cross_entropy_with_logits,
        [(*normal(rng, s), _distributions(rng, s)) for s in MATRICES],
        {
            "y_pred holds logits; the probabilities are softmax(y_pred)": lambda z, y: z - y,
            AGAIN: lambda z, y: (softmax(z) - y) * softmax(z) * (1 - softmax(z)),
            PROBABILITIES: lambda z, y: -y / softmax(z),
            "softmax is applied twice": lambda z, y: softmax(softmax(z)) - y,
            AXIS: lambda z, y: softmax(z.T).T - y,
        },
        rows=True,
        extremes={OVERFLOW: extreme},
    )


def _kl_task(rng):
    return _loss_task(
        losses.kl_divergence,
        [(_distributions(rng, s), _distributions(rng, s)) for s in MATRICES],
        {
            LOGITS: lambda p, y: p - y,
            "the divergence is taken the other way round, of y_pred from y_true": (
                lambda p, y: np.log(p / y) + 1
            ),
            "the weight y_true is missing": lambda p, y: -1 / p,
            "y_pred and y_true are swapped": lambda p, y: -p / y,
            "this is the divergence's own terms, not their derivative": (
                lambda p, y: y * np.log(y / p)
            ),
        },
        rows=True,
    )


MAKERS = {
    "mse-gradient": _mse_task,
    "bce-gradient": _bce_task,
    "bce-logits-gradient": _bce_logits_task,
    "weighted-bce-logits-gradient": _weighted_bce_logits_task,
    "focal-logits-gradient": _focal_logits_task,
    "cross-entropy-logits-gradient": _cross_entropy_logits_task,
    "kl-gradient": _kl_task,
}
