"""Which formulas of the pages are read, and which function of the package each is compared with.

A formula of vectors, a true sum or a theorem is not read: `BY_HAND` says so, and a cell below it
holds its transcription.
"""

from functools import partial
from itertools import product
from statistics import NormalDist

import numpy as np

from mnist_gd import activations, losses, metrics
from mnist_gd.activations import sigmoid

#: The pages whose labelled formulas are read, or listed here with the reason why not.
PAGES = ("activations", "activations_more", "losses", "metrics")
BY_HAND = {
    "eq-linear-collapse": "matrices",
    "eq-activation-vjp": "sum",
    "eq-dead-unit": "sum",
    "eq-same-sign": "sign of a vector",
    "eq-vanishing-bound": "norms",
    "eq-softmax": "sum",
    "eq-softmax-shift": "sum",
    "eq-softmax-jacobian": "matrix",
    "eq-softmax-vjp": "sum",
    "eq-prelu-slope-gradient": "sum",
    "eq-likelihood": "product over the examples",
    "eq-expected-loss": "definition, of any loss",
    "eq-cross-entropy": "sum over the classes",
    "eq-cross-entropy-logits-gradient": "softmax",
    "eq-cross-entropy-logits": "sum over the classes",
    "eq-kl": "sum over the classes",
    "eq-kl-entropy": "sum over the classes",
    "eq-gibbs": "sum over the classes",
    "eq-confusion-matrix": "sum over the examples",
    "eq-errors-of-a-choice": "sum over a set",
    "eq-f1-of-a-choice": "sum over a set",
}


def _one(function, *letters, **options):
    """A function of arrays, at the numbers that letters stand for; options are letters too."""

    def at(point):
        given = (np.array([[float(point[letter])]]) for letter in letters)
        named = {name: point[letter] for name, letter in options.items()}
        return float(np.squeeze(function(*given, **named)))

    return at


def _slope(function, **options):
    """The derivative of an activation by z."""
    return _one(partial(function.backward, np.ones((1, 1))), "z", **options)


def _of_two(function):
    """What a loss of classes gives for the first of two."""
    return lambda x: np.ravel(
        function(np.array([[x["p"], 1 - x["p"]]]), np.array([[x["y"], 1 - x["y"]]]))
    )[0]


def _score(metric):
    """A metric by the four counts."""
    kinds = {"TP": (1, 1), "FP": (0, 1), "FN": (1, 0), "TN": (0, 0)}
    return lambda x: metric(*np.repeat([*kinds.values()], [x[kind] for kind in kinds], axis=0).T)


def _error_of_the_mean(values):
    return np.std(values) / np.sqrt(len(values))


def _grid(**letters):
    """All combinations of some values of each letter."""
    return [dict(zip(letters, values, strict=True)) for values in product(*letters.values())]


_shares, _binary = (0.2, 0.5, 0.9), (0.0, 1.0)
_at_z = _grid(z=(-2.0, -0.3, 0.0, 0.7, 2.5))
_with_slope = [x | {"alpha": alpha, "g": -2.0} for x in _at_z for alpha in (0.01, 0.3)]
_labelled = [x | {"y": y, "p": _one(sigmoid, "z")(x)} for x in _at_z for y in _binary]
_focal = [
    x
    | {"gamma": gamma, "alpha": alpha}
    | {"p_t": x["p"] if x["y"] else 1 - x["p"], "alpha_t": alpha if x["y"] else 1 - alpha}
    for x in _labelled
    for gamma in (0.5, 2.0)
    for alpha in (0.25, 0.9)
]
_focal_options = {"alpha": "alpha", "gamma": "gamma"}
_guesses = _grid(haty=(0.5, 2.0), y=(-1.0, 3.0), s=(0.5, 2.0))
_counts = _grid(TP=(1, 3), FP=(0, 2), FN=(1, 4), TN=(2, 5))

#: For each label the points at which it is read, each a value for every letter, and what its sides
#: must be there. A label of several formulas has as many.
READ = {
    # activations
    "eq-identity": (_at_z, _one(activations.identity, "z"), _slope(activations.identity)),
    "eq-relu": (_at_z, _one(activations.relu, "z")),
    "eq-relu-derivative": (_at_z, _slope(activations.relu)),
    "eq-leaky-relu": (_with_slope, _one(activations.leaky_relu, "z", negative_slope="alpha")),
    "eq-leaky-relu-derivative": (
        _with_slope,
        _slope(activations.leaky_relu, negative_slope="alpha"),
    ),
    "eq-sigmoid": (_at_z, _one(sigmoid, "z")),
    "eq-sigmoid-symmetry": (_at_z, lambda x: 1 - _one(sigmoid, "z")(x)),
    "eq-sigmoid-derivative": (_at_z, _slope(sigmoid)),
    "eq-tanh": (_at_z, _one(np.tanh, "z")),
    "eq-tanh-sigmoid": (_at_z, _one(np.tanh, "z")),
    "eq-tanh-derivative": (_at_z, lambda x: 1 / np.cosh(x["z"]) ** 2),
    "eq-softmax-two-classes": (
        _grid(z_1=(-2.0, 0.3), z_2=(-1.0, 2.5)),
        lambda x: activations.softmax(np.array([[x["z_1"], x["z_2"]]]))[0, 0],
    ),
    # activations_more
    "eq-prelu": (_with_slope, _one(activations.leaky_relu, "z", negative_slope="alpha")),
    "eq-prelu-derivative": (
        _with_slope,
        lambda x: x["g"] * _slope(activations.leaky_relu, negative_slope="alpha")(x),
    ),
    # losses
    "eq-gaussian-likelihood": (
        _guesses,
        lambda x: np.log(x["s"]) - np.log(NormalDist().pdf((x["y"] - x["haty"]) / x["s"])),
    ),
    "eq-mse": (_guesses, _one(losses.mean_squared_error, "haty", "y")),
    "eq-mse-gradient": (_guesses, _one(losses.mean_squared_error.gradient, "haty", "y")),
    "eq-bce": (_labelled, _one(losses.binary_cross_entropy, "p", "y")),
    "eq-bce-gradient": (_labelled, _one(losses.binary_cross_entropy.gradient, "p", "y")),
    "eq-bce-logits": (_labelled, _one(losses.binary_cross_entropy_with_logits, "z", "y")),
    "eq-bce-logits-gradient": (
        _labelled,
        _one(losses.binary_cross_entropy_with_logits.gradient, "z", "y"),
    ),
    "eq-saturation": (
        [x for x in _labelled if x["y"] == 1],
        _one(losses.binary_cross_entropy_with_logits.gradient, "z", "y"),
        lambda x: _one(losses.mean_squared_error.gradient, "p", "y")(x) * _slope(sigmoid)(x),
    ),
    "eq-cross-entropy-gradient": (_labelled, _of_two(losses.cross_entropy.gradient)),
    "eq-kl-gradient": (_labelled, _of_two(losses.kl_divergence.gradient)),
    "eq-focal-terms": (_focal, lambda x: x["p_t"], lambda x: x["alpha_t"]),
    "eq-focal": (_focal, _one(losses.focal_loss, "p", "y", **_focal_options)),
    "eq-focal-gradient": (_focal, _one(losses.focal_loss.gradient, "p", "y", **_focal_options)),
    "eq-focal-logits": (
        [x | {"u": x["z"] if x["y"] else -x["z"]} for x in _focal],
        _one(losses.focal_loss_with_logits, "z", "y", **_focal_options),
        lambda x: x["u"],
    ),
    "eq-focal-logits-gradient": (
        _focal,
        _one(losses.focal_loss_with_logits.gradient, "z", "y", **_focal_options),
    ),
    # metrics
    "eq-accuracy": (
        [x | {"n": sum(x.values())} for x in _counts],
        _score(metrics.accuracy),
    ),
    "eq-precision": (_counts, _score(metrics.precision)),
    "eq-recall": (_counts, _score(metrics.recall)),
    "eq-specificity": (_counts, _score(metrics.specificity)),
    "eq-f1": (
        [
            x | {m.__name__: _score(m)(x) for m in (metrics.precision, metrics.recall)}
            for x in _counts
        ],
        _score(metrics.f1_score),
    ),
    "eq-f1-one-class": (_grid(r=_shares), lambda x: metrics.f1_at(x["r"], 1.0, 1.0)),
    "eq-prevalence": (
        _grid(pi=_shares, t=_shares, f=_shares),
        lambda x: metrics.precision_at(x["pi"], x["t"], x["f"]),
        lambda x: metrics.f1_at(x["pi"], x["t"], x["f"]),
    ),
    "eq-f1-chance": (
        _grid(pi=_shares, q=_shares),
        lambda x: metrics.f1_at(x["pi"], x["q"], x["q"]),
    ),
    "eq-accuracy-error": (
        _grid(a=(0.25, 0.5), n=(8, 20)),
        lambda x: _error_of_the_mean(np.arange(x["n"]) < x["a"] * x["n"]),
    ),
    "eq-paired-error": (
        _grid(b=(1, 4), c=(2, 3), n=(8, 20)),
        lambda x: _error_of_the_mean(
            np.repeat([1, -1, 0], [x["b"], x["c"], x["n"] - x["b"] - x["c"]])
        ),
    ),
}
