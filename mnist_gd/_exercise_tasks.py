"""The exercises: what is right, on which input it is tried, and the usual mistakes."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from mnist_gd import losses
from mnist_gd.activations import leaky_relu, prelu, relu, sigmoid, softmax
from mnist_gd.gradient_check import numerical_gradient

__all__ = ["SIGN", "TASKS", "Task"]

# Diagnoses that several exercises share:
SIGN = "the sign is reversed: a minus is missing, or there is one too many"
MEAN = "the factor 1/n is missing: the loss is a mean, so its gradient is one too"
ROWS = "it is divided by the number of rows, but the loss is the mean over every element"
ELEMENTS = "it is divided by the number of elements, but the loss is the mean over the rows"
CHAIN = "grad_output is missing: by the chain rule it multiplies the derivative"
WHERE = "the derivative is taken at grad_output; it belongs at z"
ITSELF = "the function stands where its derivative belongs"
AGAIN = (
    "it is multiplied by the derivative of the output activation, which the gradient with respect "
    "to the logits already contains"
)
PROBABILITIES = "this is the gradient with respect to the probabilities; asked is that for logits"
LOGITS = "this is the gradient with respect to the logits; asked is that for the probabilities"
AXIS = "a sum or softmax runs over the wrong axis: each row is one example, so axis=-1"
ROUNDED = "the logarithm is taken of a probability that was rounded to 0; start from the logit"
OVERFLOW = "an exponential overflows; take it of numbers that are not positive only"

SHAPES = ((4, 3), (2, 5), (6,))
MATRICES = ((4, 3), (2, 5), (1, 4))
EXTREME_LOGITS = np.array([[-1000.0, 1000.0, 1000.0]]), np.array([[1.0, 1.0, 0.0]])
MINUS = {SIGN: lambda *arguments: -1}


@dataclass(frozen=True)
class Task:
    """One exercise.

    Attributes
    ----------
    arguments, returns : tuple of str
        The names of what the answer takes and returns, in order.
    truth : callable
        The right answer, from the arguments.
    inputs : list of tuple
        Arguments to try.
    mistakes : dict from str to callable
        What may be wrong, and the function that is wrong in this way.
    factors : dict from str to callable
        What may be wrong, and the factor by which the answer is off then.
    extremes : list of (str, tuple)
        Where a careless form breaks, and such arguments.
    source : str
        Who says what is right.
    """

    arguments: tuple
    returns: tuple
    truth: Callable
    inputs: list
    mistakes: dict = field(default_factory=dict)
    factors: dict = field(default_factory=dict)
    extremes: list = field(default_factory=list)
    source: str = "central differences give"


def _normal(rng, *shape):
    return rng.normal(scale=1.5, size=shape)


def _labels(rng, *shape):
    labels = rng.integers(0, 2, size=shape).astype(float)
    labels.flat[:2] = 0, 1  # both occur
    return labels


def _distributions(rng, *shape):
    return softmax(_normal(rng, *shape) / 2)


def _vector_jacobian(function):
    """Gradient of <grad_output, function(z)> with respect to z, by central differences."""
    return lambda grad_output, z, *options: numerical_gradient(
        lambda v: np.sum(grad_output * function(v, *options)), z
    )


def _loss_gradient(loss):
    """Gradient of a loss with respect to its first argument, by central differences."""
    return lambda y_pred, y_true, *options: numerical_gradient(
        lambda v: loss(v, y_true, *options), y_pred
    )


def _activation_task(rng, truth, mistakes, *, options=(), names=(), shapes=SHAPES, extreme=False):
    inputs = [(_normal(rng, *shape), _normal(rng, *shape), *options) for shape in shapes]
    grad, z = np.array([[1.0, 2.0, -1.0]]), np.array([[-1000.0, 0.5, 1000.0]])
    return Task(
        arguments=("grad_output", "z", *names),
        returns=("the gradient",),
        truth=truth,
        inputs=inputs,
        mistakes=mistakes,
        factors=MINUS,
        extremes=[(OVERFLOW, (grad, z, *options))] if extreme else [],
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


def _relu_task(rng):
    return _activation_task(
        rng,
        _vector_jacobian(relu),
        {
            WHERE: lambda g, z: g * (g > 0),
            CHAIN: lambda g, z: z > 0,
            "relu(z) >= 0 is always true; the derivative asks whether z > 0": lambda g, z: g,
            ITSELF: lambda g, z: g * np.maximum(z, 0),
            "the gradient passes where z < 0; it should where z > 0": lambda g, z: g * (z < 0),
        },
    )


def _leaky_relu_task(rng):
    return _activation_task(
        rng,
        _vector_jacobian(leaky_relu),
        {
            WHERE: lambda g, z, a: np.where(g > 0, g, a * g),
            CHAIN: lambda g, z, a: np.where(z > 0, 1, a),
            ITSELF: lambda g, z, a: g * np.where(z > 0, z, a * z),
            "the slope below zero is missing; 0 is that of ReLU": lambda g, z, a: g * (z > 0),
            "the two sides are swapped": lambda g, z, a: np.where(z > 0, a * g, g),
        },
        options=(0.1,),
        names=("negative_slope",),
    )


def _prelu_task(rng):
    def truth(g, z, slope):
        return numerical_gradient(lambda a: np.sum(g * prelu(z, a)), slope)

    def each(g, z):
        return np.where(z > 0, 0, z * g)

    task = _activation_task(
        rng,
        truth,
        {
            "summed over everything; each feature has its own slope": lambda g, z, a: each(
                g, z
            ).sum(),
            "summed over the features; the slope is shared by the rows (axis=0)": (
                lambda g, z, a: each(g, z).sum(axis=1)
            ),
            "not summed over the rows that share the slope": lambda g, z, a: each(g, z),
            "averaged over the rows; the gradient is their sum": lambda g, z, a: each(g, z).mean(
                axis=0
            ),
            CHAIN: lambda g, z, a: each(1, z).sum(axis=0),
            WHERE: lambda g, z, a: np.where(g > 0, 0, z * g).sum(axis=0),
            "z is missing: the derivative of slope * z for the slope is z": (
                lambda g, z, a: np.where(z > 0, 0, g).sum(axis=0)
            ),
            "this is the sum over z > 0; the slope matters where z <= 0": (
                lambda g, z, a: np.where(z > 0, z * g, 0).sum(axis=0)
            ),
            "multiplied by the slope; slope * z, derived for the slope, leaves z": (
                lambda g, z, a: a * each(g, z).sum(axis=0)
            ),
        },
        names=("slope",),
    )
    inputs = [
        (_normal(rng, *s), _normal(rng, *s), rng.uniform(0.1, 0.5, s[1])) for s in ((4, 3), (7, 2))
    ]
    return Task(**{**vars(task), "inputs": inputs})


def _sigmoid_task(rng):
    def slope(z):
        return sigmoid(z) * (1 - sigmoid(z))

    return _activation_task(
        rng,
        _vector_jacobian(sigmoid),
        {
            WHERE: lambda g, z: g * slope(g),
            CHAIN: lambda g, z: slope(z),
            ITSELF: lambda g, z: g * sigmoid(z),
            "z (1 - z) takes z for the sigmoid's output": lambda g, z: g * z * (1 - z),
            "the sigmoid is applied twice": lambda g, z: g * slope(sigmoid(z)),
            "it is s (1 - s), not s (1 + s)": lambda g, z: g * sigmoid(z) * (1 + sigmoid(z)),
        },
        extreme=True,
    )


def _softmax_task(rng):
    def product(g, s, axis=-1):
        return s * (g - (g * s).sum(axis=axis, keepdims=True))

    def across(z):
        return softmax(z.T).T

    return _activation_task(
        rng,
        _vector_jacobian(softmax),
        {
            "only the diagonal of the Jacobian, s (1 - s); each output depends on every z": (
                lambda g, z: g * softmax(z) * (1 - softmax(z))
            ),
            "only the diagonal of the Jacobian, and softmax applied twice": (
                lambda g, z: g * softmax(softmax(z)) * (1 - softmax(softmax(z)))
            ),
            "softmax is applied twice": lambda g, z: product(g, softmax(softmax(z))),
            WHERE: lambda g, z: product(g, softmax(g)),
            "z is taken for the probabilities; they are softmax(z)": lambda g, z: product(g, z),
            "the inner product <g, s> runs over the whole batch; each row has its own": (
                lambda g, z: product(g, softmax(z), None)
            ),
            "the inner product <g, s> runs over the rows; it belongs within each": (
                lambda g, z: product(g, softmax(z), 0)
            ),
            AXIS: lambda g, z: product(g, across(z), 0),
            "in the inner product s is missing": (
                lambda g, z: softmax(z) * (g - g.sum(axis=-1, keepdims=True))
            ),
            "the second term, -s <g, s>, is missing": lambda g, z: softmax(z) * g,
            "the factor s before the bracket is missing": (
                lambda g, z: g - (g * softmax(z)).sum(axis=-1, keepdims=True)
            ),
        },
        shapes=MATRICES,
        extreme=True,
    )


def _mse_task(rng):
    return _loss_task(
        losses.mean_squared_error,
        [(_normal(rng, *s), _normal(rng, *s)) for s in SHAPES],
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
        [(rng.uniform(0.05, 0.95, s), _labels(rng, *s)) for s in SHAPES],
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
        [(_normal(rng, *s), _labels(rng, *s)) for s in SHAPES],
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
        [(_normal(rng, *s), _labels(rng, *s)) for s in SHAPES],
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
        [(_normal(rng, *s), _distributions(rng, *s)) for s in MATRICES],
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
        [(_distributions(rng, *s), _distributions(rng, *s)) for s in MATRICES],
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


def _linear_task(rng):
    def truth(g, x, w):
        bias = np.zeros((1, w.shape[1]))
        return (
            numerical_gradient(lambda v: np.sum(g * (x @ v + bias)), w),
            numerical_gradient(lambda v: np.sum(g * (x @ w + v)), bias),
            numerical_gradient(lambda v: np.sum(g * (v @ w + bias)), x),
        )

    def right(g, x, w):
        return x.T @ g, g.sum(axis=0, keepdims=True), g @ w.T

    return Task(
        arguments=("grad_output", "x", "weights"),
        returns=("weights_grad", "bias_grad", "input_grad"),
        truth=truth,
        inputs=[
            (_normal(rng, n, b), _normal(rng, n, a), _normal(rng, a, b))
            for n, a, b in ((5, 3, 2), (4, 2, 6))
        ],
        mistakes={
            "averaged over the batch; the loss has divided by n already": lambda g, x, w: (
                x.T @ g / len(x),
                g.mean(axis=0, keepdims=True),
                g @ w.T,
            ),
            "the bias gradient is the mean over the rows; it is their sum": lambda g, x, w: (
                x.T @ g,
                g.mean(axis=0, keepdims=True),
                g @ w.T,
            ),
            "the bias gradient lost an axis: keepdims=True keeps its shape (1, output_size)": (
                lambda g, x, w: (x.T @ g, g.sum(axis=0), g @ w.T)
            ),
            "the bias gradient is summed over the outputs; sum it over the rows (axis=0)": (
                lambda g, x, w: (x.T @ g, g.sum(axis=1, keepdims=True), g @ w.T)
            ),
            "the bias gradient is not summed over the rows": lambda g, x, w: (
                x.T @ g,
                g,
                g @ w.T,
            ),
            "the weights' gradient is transposed": lambda g, x, w: (
                g.T @ x,
                g.sum(axis=0, keepdims=True),
                g @ w.T,
            ),
            "the three are returned in another order": lambda g, x, w: right(g, x, w)[::-1],
            "the three are returned in another order, the input's first": lambda g, x, w: (
                right(g, x, w)[2],
                *right(g, x, w)[:2],
            ),
        },
        factors=MINUS,
    )


def _gradient_step_task(rng):
    return Task(
        arguments=("x", "gradient", "learning_rate"),
        returns=("the new x",),
        truth=lambda x, g, rate: x - rate * g,
        inputs=[
            (_normal(rng, *s), _normal(rng, *s), rate)
            for s, rate in zip(SHAPES, (0.3, 0.1, 2), strict=True)
        ],
        mistakes={
            "the step goes up, along the gradient": lambda x, g, rate: x + rate * g,
            "the learning rate is missing": lambda x, g, rate: x - g,
            "this is the step alone; asked is the point after it": lambda x, g, rate: -rate * g,
            "only the gradient's sign is used, not its size": (
                lambda x, g, rate: x - rate * np.sign(g)
            ),
            "the gradient is normalised to length 1; its length belongs to the step": (
                lambda x, g, rate: x - rate * g / np.linalg.norm(g)
            ),
            "divided by the learning rate": lambda x, g, rate: x - g / rate,
        },
        factors=MINUS,
        source="the equation of the step gives",
    )


def _momentum_step_task(rng):
    def task(velocity, move=lambda x, v, old: x + v):
        def step(x, v, g, rate, keep):
            new = velocity(v, g, rate, keep)
            return move(x, new, v), new

        return step

    right = task(lambda v, g, rate, keep: keep * v - rate * g)
    return Task(
        arguments=("x", "velocity", "gradient", "learning_rate", "momentum"),
        returns=("the new x", "the new velocity"),
        truth=right,
        inputs=[
            (_normal(rng, *s), _normal(rng, *s), _normal(rng, *s), rate, keep)
            for s, rate, keep in zip(SHAPES, (0.3, 0.1, 1.7), (0.9, 0.5, 0.8), strict=True)
        ],
        mistakes={
            "the point moves by the old velocity; it should by the new one": task(
                lambda v, g, rate, keep: keep * v - rate * g, lambda x, v, old: x + old
            ),
            "the gradient is added to the velocity; it pulls the other way": task(
                lambda v, g, rate, keep: keep * v + rate * g
            ),
            "the momentum multiplies the gradient too; it should keep a share of the velocity": (
                task(lambda v, g, rate, keep: keep * (v - rate * g))
            ),
            "the gradient is weighted by 1 - momentum, as in a moving average": task(
                lambda v, g, rate, keep: keep * v - (1 - keep) * rate * g
            ),
            "this velocity is without the learning rate, which multiplies the step instead": (
                lambda x, v, g, rate, keep: (x - rate * (keep * v + g), keep * v + g)
            ),
            "the momentum is missing": task(lambda v, g, rate, keep: v - rate * g),
            "the old velocity is missing": task(lambda v, g, rate, keep: -rate * g),
            "the learning rate is missing": task(lambda v, g, rate, keep: keep * v - g),
            "the velocity is subtracted from the point; it is added": task(
                lambda v, g, rate, keep: keep * v - rate * g, lambda x, v, old: x - v
            ),
            "the point does not move": task(
                lambda v, g, rate, keep: keep * v - rate * g, lambda x, v, old: x
            ),
            "velocity and point are swapped": lambda *arguments: right(*arguments)[::-1],
        },
        source="the equation of the step gives",
    )


def _f1_task(rng):
    def counts(y, p):
        return (np.sum((y == a) & (p == b)) for a, b in ((1, 1), (0, 1), (1, 0), (0, 0)))

    def share(part, whole):
        return part / whole if whole else 0.0

    def right(y, p):
        tp, fp, fn, _ = counts(y, p)
        return share(2 * tp, 2 * tp + fp + fn)

    def by(formula):
        return lambda y, p: formula(*counts(y, p))

    zero = "0/0: where there is no true positive to be counted, F1 is 0 by definition"
    # 10 true positives, 4 false, 7 missed, 12 right refusals; then 3, 5, 1, 6.
    inputs = [
        (np.repeat([1, 0, 1, 0], sizes), np.repeat([1, 1, 0, 0], sizes))
        for sizes in ((10, 4, 7, 12), (3, 5, 1, 6))
    ]
    return Task(
        arguments=("y_true", "y_pred"),
        returns=("F1",),
        truth=right,
        inputs=inputs,
        mistakes={
            "this is the accuracy": by(lambda tp, fp, fn, tn: (tp + tn) / (tp + fp + fn + tn)),
            "this is the precision": by(lambda tp, fp, fn, tn: tp / (tp + fp)),
            "this is the recall": by(lambda tp, fp, fn, tn: tp / (tp + fn)),
            "this is the arithmetic mean of precision and recall; F1 is the harmonic one": by(
                lambda tp, fp, fn, tn: (tp / (tp + fp) + tp / (tp + fn)) / 2
            ),
            "this is the geometric mean of precision and recall; F1 is the harmonic one": by(
                lambda tp, fp, fn, tn: tp / np.sqrt((tp + fp) * (tp + fn))
            ),
            "an integer division, //, rounds the share down": by(
                lambda tp, fp, fn, tn: 2 * tp // (2 * tp + fp + fn)
            ),
            "the true positives count once in the denominator; they count twice": by(
                lambda tp, fp, fn, tn: 2 * tp / (tp + fp + fn)
            ),
            "in numerator and denominator the true positives count twice": by(
                lambda tp, fp, fn, tn: tp / (tp + fp + fn)
            ),
            "class 0 is measured; F1 measures class 1": by(
                lambda tp, fp, fn, tn: 2 * tn / (2 * tn + fp + fn)
            ),
        },
        factors={
            "the factor 2 of the harmonic mean is missing": lambda *arguments: 0.5,
            "in percent; F1 is a share": lambda *arguments: 100,
        },
        extremes=[
            (zero, (np.array([1, 0, 1, 0]), np.array([0, 0, 0, 0]))),
            (zero, (np.array([1, 0, 1, 0]), np.array([0, 1, 0, 0]))),
            (zero, (np.array([0, 0, 0]), np.array([0, 0, 0]))),
        ],
        source="counting gives",
    )


def _central_difference_task(rng):
    def cubic(x):
        return float(np.sum(x**3) + np.prod(1 + x / 4))

    def differences(f, x, step, ahead, behind, width):
        gradient = np.empty_like(x)
        for index in np.ndindex(x.shape):
            unit = np.zeros_like(x)
            unit[index] = step
            gradient[index] = (f(x + ahead * unit) - f(x - behind * unit)) / width
        return gradient

    return Task(
        arguments=("f", "x", "step"),
        returns=("the gradient",),
        truth=lambda f, x, step: numerical_gradient(f, x, step),
        # Entries below 1, where the package's relative step is the step itself.
        inputs=[
            (cubic, rng.uniform(-0.9, 0.9, s), step) for s, step in (((4,), 0.1), ((3, 2), 0.05))
        ],
        mistakes={
            "this is the forward difference; the central one looks both ways": (
                lambda f, x, h: differences(f, x, h, 1, 0, h)
            ),
            "this is the backward difference; the central one looks both ways": (
                lambda f, x, h: differences(f, x, h, 0, 1, h)
            ),
            "the points lie half a step away on each side; a whole one is asked": (
                lambda f, x, h: differences(f, x, h, 0.5, 0.5, h)
            ),
            "all entries are moved at once; the derivative moves one at a time": (
                lambda f, x, h: np.full_like(x, (f(x + h) - f(x - h)) / (2 * h))
            ),
            "all entries are moved at once, which gives a single number": (
                lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h)
            ),
            "the division by the distance 2 * step is missing": (
                lambda f, x, h: differences(f, x, h, 1, 1, 1)
            ),
        },
        factors={
            **MINUS,
            "divided by step; the two points are 2 * step apart": lambda *arguments: 2,
            "divided by 4 * step; the two points are 2 * step apart": lambda *arguments: 0.5,
        },
        source="the equation gives",
    )


MAKERS = {
    "gradient-step": _gradient_step_task,
    "momentum-step": _momentum_step_task,
    "central-difference": _central_difference_task,
    "relu-gradient": _relu_task,
    "leaky-relu-gradient": _leaky_relu_task,
    "prelu-slope-gradient": _prelu_task,
    "sigmoid-gradient": _sigmoid_task,
    "softmax-gradient": _softmax_task,
    "mse-gradient": _mse_task,
    "bce-gradient": _bce_task,
    "bce-logits-gradient": _bce_logits_task,
    "focal-logits-gradient": _focal_logits_task,
    "cross-entropy-logits-gradient": _cross_entropy_logits_task,
    "kl-gradient": _kl_task,
    "linear-layer-backward": _linear_task,
    "f1-score": _f1_task,
}


def _tasks(makers):
    """Each draws its inputs by itself: a new exercise leaves those of the others as they are."""
    return {
        name: make(np.random.default_rng(list(name.encode()))) for name, make in makers.items()
    }


#: The exercises by their names.
TASKS = _tasks(MAKERS)
