"""The exercises on activation functions."""

from dataclasses import replace

import numpy as np

from mnist_gd.activations import leaky_relu, prelu, relu, sigmoid, softmax
from mnist_gd.exercises._tasks import AXIS, MATRICES, MINUS, OVERFLOW, SHAPES, Task, normal
from mnist_gd.gradient_check import numerical_gradient

__all__ = ["MAKERS"]

CHAIN = "grad_output is missing: by the chain rule it multiplies the derivative"
WHERE = "the derivative is taken at grad_output; it belongs at z"
ITSELF = "the function stands where its derivative belongs"
FORGOTTEN = "the derivative is missing: grad_output is passed on as it came"


def _activation_task(rng, function, mistakes, *, options=None, shapes=SHAPES, extreme=False):
    """What is right is the gradient of <grad_output, function(z)> with respect to z."""

    def truth(grad_output, z, *options):
        return numerical_gradient(lambda v: np.sum(grad_output * function(v, *options)), z)

    options = options or {}
    values = tuple(options.values())
    grad, z = np.array([[1.0, 2.0, -1.0]]), np.array([[-1000.0, 0.5, 1000.0]])
    return Task(
        arguments=("grad_output", "z", *options),
        returns=("the gradient",),
        truth=truth,
        inputs=[(*normal(rng, shape, shape), *values) for shape in shapes],
        mistakes=mistakes,
        factors=MINUS,
        extremes=[(OVERFLOW, (grad, z, *values))] if extreme else [],
    )


def _where_it_goes_wrong(function, slope):
    """What may be mistaken in the backward pass of a function of single entries."""
    return {
        WHERE: lambda g, z: g * slope(g),
        CHAIN: lambda g, z: slope(z),
        ITSELF: lambda g, z: g * function(z),
        FORGOTTEN: lambda g, z: g,
    }


def _relu_task(rng):
    return _activation_task(
        rng,
        relu,
        {
            WHERE: lambda g, z: g * (g > 0),
            CHAIN: lambda g, z: z > 0,
            f"{FORGOTTEN} (also by relu(z) >= 0, which is always true)": lambda g, z: g,
            ITSELF: lambda g, z: g * np.maximum(z, 0),
            "the gradient passes where z < 0; it should where z > 0": lambda g, z: g * (z < 0),
        },
    )


def _leaky_relu_task(rng):
    return _activation_task(
        rng,
        leaky_relu,
        {
            WHERE: lambda g, z, a: np.where(g > 0, g, a * g),
            CHAIN: lambda g, z, a: np.where(z > 0, 1, a),
            ITSELF: lambda g, z, a: g * np.where(z > 0, z, a * z),
            FORGOTTEN: lambda g, z, a: g,
            "the slope below zero is missing; 0 is that of ReLU": lambda g, z, a: g * (z > 0),
            "the two sides are swapped": lambda g, z, a: np.where(z > 0, a * g, g),
        },
        options={"negative_slope": 0.1},
    )


def _prelu_task(rng):
    def truth(g, z, slope):
        return numerical_gradient(lambda a: np.sum(g * prelu(z, a)), slope)

    def each(g, z, slope=None):
        return np.where(z > 0, 0, z * g)

    task = _activation_task(
        rng,
        prelu,
        {
            "summed over everything; each feature has its own slope": (
                lambda g, z, a: each(g, z).sum()
            ),
            "summed over the features; the slope is shared by the rows (axis=0)": (
                lambda g, z, a: each(g, z).sum(axis=1)
            ),
            "not summed over the rows that share the slope": each,
            "averaged over the rows; the gradient is their sum": (
                lambda g, z, a: each(g, z).mean(axis=0)
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
        options={"slope": None},
    )
    shapes = ((4, 3), (7, 2))
    inputs = [(*normal(rng, s, s), rng.uniform(0.1, 0.5, s[1])) for s in shapes]
    return replace(task, truth=truth, inputs=inputs)


def _sigmoid_task(rng):
    def slope(z):
        return sigmoid(z) * (1 - sigmoid(z))

    return _activation_task(
        rng,
        sigmoid,
        _where_it_goes_wrong(sigmoid, slope)
        | {
            "z (1 - z) takes z for the sigmoid's output": lambda g, z: g * z * (1 - z),
            "the sigmoid is applied twice": lambda g, z: g * slope(sigmoid(z)),
            "it is s (1 - s), not s (1 + s)": lambda g, z: g * sigmoid(z) * (1 + sigmoid(z)),
        },
        extreme=True,
    )


def _swish_task(rng):
    def swish(z):
        return z * sigmoid(z)

    def slope(z):
        return sigmoid(z) + z * sigmoid(z) * sigmoid(-z)

    return _activation_task(
        rng,
        swish,
        _where_it_goes_wrong(swish, slope)
        | {
            "only the first term of the product rule, sigmoid(z); z sigmoid'(z) is missing": (
                lambda g, z: g * sigmoid(z)
            ),
            "only the second term of the product rule; sigmoid(z) is missing": (
                lambda g, z: g * (slope(z) - sigmoid(z))
            ),
            "in the second term of the product rule z is missing": (
                lambda g, z: g * (sigmoid(z) + sigmoid(z) * sigmoid(-z))
            ),
            "the derivative of a product is no product of derivatives": (
                lambda g, z: g * sigmoid(z) * sigmoid(-z)
            ),
        },
        extreme=True,
    )


def _softmax_task(rng):
    def product(g, s, axis=-1):
        return s * (g - (g * s).sum(axis=axis, keepdims=True))

    return _activation_task(
        rng,
        softmax,
        {
            "only the diagonal of the Jacobian, s (1 - s); each output depends on every z": (
                lambda g, z: g * softmax(z) * (1 - softmax(z))
            ),
            "only the diagonal of the Jacobian, and softmax applied twice": (
                lambda g, z: g * softmax(softmax(z)) * (1 - softmax(softmax(z)))
            ),
            "softmax is applied twice": lambda g, z: product(g, softmax(softmax(z))),
            WHERE: lambda g, z: product(g, softmax(g)),
            FORGOTTEN: lambda g, z: g,
            "z is taken for the probabilities; they are softmax(z)": lambda g, z: product(g, z),
            "the inner product <g, s> runs over the whole batch; each row has its own": (
                lambda g, z: product(g, softmax(z), None)
            ),
            "the inner product <g, s> runs over the rows; it belongs within each": (
                lambda g, z: product(g, softmax(z), 0)
            ),
            AXIS: lambda g, z: product(g, softmax(z.T).T, 0),
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


MAKERS = {
    "relu-gradient": _relu_task,
    "leaky-relu-gradient": _leaky_relu_task,
    "prelu-slope-gradient": _prelu_task,
    "sigmoid-gradient": _sigmoid_task,
    "swish-gradient": _swish_task,
    "softmax-gradient": _softmax_task,
}
