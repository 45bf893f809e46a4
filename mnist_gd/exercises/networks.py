"""The exercise on networks: the gradient of one with a hidden layer."""

from functools import partial

import numpy as np

from mnist_gd.activations import sigmoid
from mnist_gd.exercises._tasks import MINUS, Task, normal
from mnist_gd.gradient_check import numerical_gradient
from mnist_gd.losses import binary_cross_entropy_with_logits

__all__ = ["MAKERS"]

PARAMETERS = ("W1", "b1", "W2", "b2")


def _loss(x, y, *parameters):
    w1, b1, w2, b2 = parameters
    return binary_cross_entropy_with_logits(np.maximum(0, x @ w1 + b1) @ w2 + b2, y)


def _truth(x, y, *parameters):
    def with_one(place, value):
        return _loss(x, y, *parameters[:place], value, *parameters[place + 1 :])

    return tuple(
        numerical_gradient(partial(with_one, place), value)
        for place, value in enumerate(parameters)
    )


def _gradient(
    x,
    y,
    w1,
    b1,
    w2,
    b2,
    *,
    output=lambda p, y: p - y,
    slope=lambda z, grad: z > 0,
    back=lambda delta, w2: delta @ w2.T,
    hidden=lambda a, z: a,
):
    """The gradient, with one of its parts exchanged for a wrong one."""
    z = x @ w1 + b1
    a = np.maximum(0, z)
    delta = output(sigmoid(a @ w2 + b2), y) / len(x)
    grad = back(delta, w2)
    first = grad * slope(z, grad)
    return (
        x.T @ first,
        first.sum(axis=0, keepdims=True),
        hidden(a, z).T @ delta,
        delta.sum(axis=0, keepdims=True),
    )


def _two_layer_task(rng):
    inputs = []
    for n, p, h in ((5, 3, 4), (4, 2, 6)):
        x, w1, b1, w2, b2 = normal(rng, (n, p), (p, h), (1, h), (h, 1), (1, 1))
        b1[0, -1] = -100  # dead
        inputs.append((x, (np.arange(n)[:, None] % 2).astype(float), w1, b1, w2, b2))

    def wrong(**parts):
        return lambda *arguments: _gradient(*arguments, **parts)

    def flattened(*arguments):
        return tuple(
            part.ravel() if place % 2 else part for place, part in enumerate(_gradient(*arguments))
        )

    return Task(
        arguments=("x", "y", *PARAMETERS),
        returns=tuple(f"the gradient of {name}" for name in PARAMETERS),
        truth=_truth,
        inputs=inputs,
        mistakes={
            "the derivative of ReLU is missing: what a unit that was off passes back is 0": wrong(
                slope=lambda z, grad: 1
            ),
            "the derivative of ReLU is taken at the gradient; it belongs at z": wrong(
                slope=lambda z, grad: grad > 0
            ),
            "the way back to the hidden units does not pass through W2": wrong(
                back=lambda delta, w2: delta @ np.ones_like(w2).T
            ),
            "the gradient of W2 takes what enters the hidden units, x W1 + b1; it takes what "
            "leaves them": wrong(hidden=lambda a, z: z),
            "p - y is multiplied by the derivative of the sigmoid, which it contains": wrong(
                output=lambda p, y: (p - y) * p * (1 - p)
            ),
            "a bias gradient lost an axis: keepdims=True keeps its shape (1, outputs)": flattened,
        },
        factors={
            **MINUS,
            "the factor 1/n is missing: the loss is a mean over the rows": lambda x, *_: len(x),
        },
    )


MAKERS = {"two-layer-gradient": _two_layer_task}
