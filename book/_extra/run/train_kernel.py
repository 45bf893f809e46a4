"""What the page *Train your own* asks of Python: a network learns and can be watched.

The script of the page (train.js) calls `begin`, `advance`, `judge`, `save` and `load` by keyword.
What the package refuses comes back in its own words, as ``{"refused": words}``.
"""

import tempfile
from contextlib import suppress
from functools import wraps
from pathlib import Path
from time import perf_counter

import numpy as np

from mnist_gd._checks import check_integer
from mnist_gd.activations import identity, relu
from mnist_gd.data import examples, load_mnist
from mnist_gd.gradient_descent import DivergenceError
from mnist_gd.losses import cross_entropy_with_logits
from mnist_gd.metrics import accuracy
from mnist_gd.networks import MultiLayerNetwork, Network, SingleLayerNetwork, minibatches
from mnist_gd.training import Settings

EVERY = 0.2  # seconds from one event to the next
JUDGED = 1_000  # validation images that are answered on the way
MISTAKES = 12  # are shown

network = _events = None


def steps(network, images, labels, settings):
    """Train, as the package does; say after each step in which epoch it was, and its loss."""
    for epoch in range(1, settings.epochs + 1):
        batches = minibatches(images, labels, settings.batch_size, rng=settings.rng)
        for x, y in batches:
            loss = network.loss(network.forward(x), network.targets(y))
            network.backward(y)
            network.update(settings.learning_rate)
            yield epoch, loss


def watch(network, images, labels, settings, every=EVERY):
    """Train; tell where it stands every so many seconds, and now and then how well it answers.

    It answers often at the start, where most is learned, and always at the end of an epoch.
    """
    x, y = (part[:JUDGED] for part in examples("ten", "validation"))
    batches = -(-len(images) // settings.batch_size)
    losses, judged, spoke = [], 0, perf_counter()

    def event(done, judge):
        return {
            "done": done,
            "total": batches * settings.epochs,
            "batches": batches,
            "loss": float(np.mean(losses)) if losses else None,
            "accuracy": float(network.evaluate(x, y, accuracy)) if judge else None,
            "weights": _weights(network),
        }

    yield event(0, True)
    for done, (_, loss) in enumerate(steps(network, images, labels, settings), start=1):
        losses.append(loss)
        seen = done * settings.batch_size
        due = done % batches == 0 or seen - judged >= min(2_500, max(200, seen / 3))
        if due or perf_counter() - spoke > every:
            yield event(done, due)
            losses, spoke = [], perf_counter()
            judged = seen if due else judged


def _weights(network):
    """Weights and bias of each layer in turn, as one array for the script of the page."""
    return np.concatenate([parameter.ravel() for parameter in network.parameters])


def _sizes(network):
    return [network.input_size, *(layer.output_size for layer in network.layers)]


def _in_words(function):
    """Return what the package refuses as words, not as a traceback."""

    @wraps(function)
    def answered(*, emit=None, **given):
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # divergence is looked for
                return function(**given)
        except (ArithmeticError, TypeError, ValueError) as error:
            return {"refused": str(error)}

    return answered


def _trained():
    if network is None:
        raise ValueError("Python was started anew, without the network: train or load one")
    return network


@_in_words
def begin(images, hidden, learning_rate, batch_size, epochs, seed):
    """Make a new network and its training; `advance` goes on with it."""
    global network, _events
    rng = np.random.default_rng(check_integer("seed", seed, minimum=0))
    settings = Settings(epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, rng=rng)
    made = SingleLayerNetwork(784, hidden, 10, loss=cross_entropy_with_logits, rng=rng)
    x, y = (part[:images] for part in examples("ten", "training"))
    network, _events = made, watch(made, x, y, settings)
    return {"sizes": _sizes(network)}


@_in_words
def advance():
    """Train on until there is something to tell, and tell it; nothing at the end."""
    _trained()
    try:
        return next(_events, None)
    except ValueError as error:  # the settings are sound: it is the numbers that are not
        raise DivergenceError(f"The training diverged, {error}. Try a smaller rate.") from error


@_in_words
def judge(part):
    """Answer all "validation" or "test" images, and show some mistakes on the former.

    First come those of which the network is surest.
    """
    if part == "test":
        test = load_mnist(dtype="uint8").test
        return {"accuracy": float(_trained().evaluate(test.images, test.labels, accuracy))}
    x, y = examples("ten", "validation")
    probabilities = _trained().predict_proba(x)
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != y)
    some = wrong[np.argsort(-probabilities[wrong].max(axis=1))[:MISTAKES]]
    return {
        "accuracy": 1 - len(wrong) / len(y),
        "wrong": len(wrong),
        "images": x[some].ravel(),
        "labels": y[some].tolist(),
    }


@_in_words
def save():
    """Return the network as the bytes of the package's file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.npz"
        _trained().save(path)
        return path.read_bytes()


@_in_words
def load(name, content):
    """Take the network of a file, given its name and bytes, in place of the one that is here."""
    global network, _events
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(name).name or "file")
        path.write_bytes(bytes(content.to_py() if hasattr(content, "to_py") else content))
        try:
            loaded = Network.load(path)
        except ValueError as error:  # says what is wrong with it
            raise ValueError(str(error).replace(f"{folder}/", "")) from error
        for kind in (SingleLayerNetwork, MultiLayerNetwork):
            with suppress(ValueError):
                loaded = kind.load(path)
    sizes, activations = _sizes(loaded), [layer.activation for layer in loaded.layers]
    if (sizes[0], sizes[-1]) != (784, 10):
        raise ValueError(
            f"{name} must go from 784 pixels to 10 digits to be used here, but goes from "
            f"{sizes[0]} to {sizes[-1]}"
        )
    if activations != [relu] * (len(activations) - 1) + [identity]:
        raise ValueError(f"{name} must have ReLU in its hidden layers to be used here")
    network, _events = loaded, None
    return {"sizes": _sizes(network), "weights": _weights(network)}
