"""The exercise on the linear layer."""

import numpy as np

from mnist_gd.exercises._tasks import MINUS, Task, normal
from mnist_gd.gradient_check import numerical_gradient

__all__ = ["MAKERS"]


def _linear_task(rng):
    def truth(g, x, w):
        bias = np.zeros((1, w.shape[1]))
        return (
            numerical_gradient(lambda v: np.sum(g * (x @ v + bias)), w),
            numerical_gradient(lambda v: np.sum(g * (x @ w + v)), bias),
            numerical_gradient(lambda v: np.sum(g * (v @ w + bias)), x),
        )

    def right(g, x, w, bias_grad=lambda g: g.sum(axis=0, keepdims=True)):
        return x.T @ g, bias_grad(g), g @ w.T

    def bias(bias_grad):
        return lambda g, x, w: right(g, x, w, bias_grad)

    return Task(
        arguments=("grad_output", "x", "weights"),
        returns=("weights_grad", "bias_grad", "input_grad"),
        truth=truth,
        inputs=[normal(rng, (n, b), (n, a), (a, b)) for n, a, b in ((5, 3, 2), (4, 2, 6))],
        mistakes={
            "averaged over the batch; the loss has divided by n already": lambda g, x, w: (
                right(g / len(x), x, w)[:2] + (g @ w.T,)
            ),
            "the bias gradient is the mean over the rows; it is their sum": bias(
                lambda g: g.mean(axis=0, keepdims=True)
            ),
            "the bias gradient lost an axis: keepdims=True keeps its shape (1, output_size)": bias(
                lambda g: g.sum(axis=0)
            ),
            "the bias gradient is summed over the outputs; sum it over the rows (axis=0)": bias(
                lambda g: g.sum(axis=1, keepdims=True)
            ),
            "the bias gradient is not summed over the rows": bias(lambda g: g),
            "the weights' gradient is transposed": lambda g, x, w: (g.T @ x, *right(g, x, w)[1:]),
            "the weights are missing in the input's gradient": lambda g, x, w: (
                *right(g, x, w)[:2],
                g @ np.ones_like(w).T,
            ),
            "the input is missing in the weights' gradient": lambda g, x, w: (
                np.ones_like(x).T @ g,
                *right(g, x, w)[1:],
            ),
            "the three are returned in another order": lambda g, x, w: right(g, x, w)[::-1],
            "the three are returned in another order, the input's first": lambda g, x, w: (
                right(g, x, w)[2:] + right(g, x, w)[:2]
            ),
        },
        factors={
            **MINUS,
            "twice too large: the 2 of a squared error is in grad_output already": lambda *_: 2,
            "half of it: there is no square here whose 2 could cancel": lambda *_: 0.5,
        },
    )


MAKERS = {"linear-layer-backward": _linear_task}
