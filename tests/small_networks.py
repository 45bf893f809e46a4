"""Small networks, rows for them and losses, for the tests of networks and of training."""

import numpy as np
import pytest

from mnist_gd import losses
from mnist_gd.activations import with_options
from mnist_gd.networks import MultiLayerNetwork, SingleLayerNetwork

BINARY_LOSSES = [
    losses.mean_squared_error,
    losses.binary_cross_entropy,
    losses.binary_cross_entropy_with_logits,
    losses.focal_loss,
    losses.focal_loss_with_logits,
    with_options(losses.focal_loss_with_logits, alpha=0.9, gamma=1.5),
]
CLASS_LOSSES = [
    losses.mean_squared_error,
    losses.cross_entropy,
    losses.cross_entropy_with_logits,
    losses.kl_divergence,
]


def make(kind, loss, seed=7, dtype=np.float64):
    """A small network of a kind, with biases that are not 0."""
    rng = np.random.default_rng(seed)
    if kind == "single":
        network = SingleLayerNetwork(4, 6, loss=loss, rng=rng, dtype=dtype)
    elif kind == "single, three classes":
        network = SingleLayerNetwork(4, 6, 3, loss=loss, rng=rng, dtype=dtype)
    elif kind == "linear":
        network = MultiLayerNetwork(4, 6, 3, hidden_layers=0, loss=loss, rng=rng, dtype=dtype)
    elif kind == "multi, yes or no":
        network = MultiLayerNetwork(4, 6, 1, hidden_layers=2, loss=loss, rng=rng, dtype=dtype)
    else:
        network = MultiLayerNetwork(4, 6, 3, loss=loss, rng=rng, dtype=dtype)
    for layer in network.layers:
        layer.bias[:] = rng.normal(scale=0.5, size=layer.bias.shape)
    return network


CASES = [
    pytest.param(kind, loss, id=f"{kind}, {loss.__name__}, {getattr(loss, 'keywords', '')}")
    for kinds, some in [
        (("single", "multi, yes or no"), BINARY_LOSSES),
        (("single, three classes", "multi", "linear"), CLASS_LOSSES),
    ]
    for kind in kinds
    for loss in some
]
every_network = pytest.mark.parametrize(("kind", "loss"), CASES)
both_networks = pytest.mark.parametrize(
    ("kind", "loss"),
    [
        ("single", losses.binary_cross_entropy_with_logits),
        ("multi", losses.cross_entropy_with_logits),
    ],
    ids=["single", "multi"],
)


def examples(kind, rng, n=8):
    """Random rows with labels that fit the kind."""
    classes = 2 if kind in ("single", "multi, yes or no") else 3
    return rng.normal(size=(n, 4)), np.arange(n) % classes


def weights_of(network):
    return [array.copy() for layer in network.layers for array in (layer.weights, layer.bias)]


def gradients_of(network):
    return [
        array.copy() for layer in network.layers for array in (layer.weights_grad, layer.bias_grad)
    ]


def assert_same(first, second):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
