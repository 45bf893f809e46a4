"""The training runs of the book, as functions of a configuration and a seed.

A configuration is a dict of plain values:

- ``task``: "four" (is it a 4?), "four_balanced" (the same on a 50:50 subset) or "ten"
- ``loss``: name of a loss in :mod:`mnist_gd.losses`
- ``loss_options``: its keyword arguments (optional)
- ``hidden_layers``: how many (optional: 1 for the 4, 3 for the ten digits)
- ``hidden_size``: units in each
- ``batch_size``, ``epochs``, ``learning_rate``, ``dropout``: as in
  :meth:`mnist_gd.networks.Network.train`, the last optional
- ``decay``: "cosine", for a learning rate that falls (optional)
- ``optimizer``: "momentum" or "adam" (optional)
- ``shifts``: largest shift of the images, in pixels (optional)
- ``images``: to how many images the training set is cut (optional)
"""

from functools import lru_cache, partial

import numpy as np

from mnist_gd import losses
from mnist_gd.activations import with_options
from mnist_gd.additions import Adam, Momentum, cosine_decay, shift_images
from mnist_gd.data import balanced_subset, load_mnist, one_vs_rest, train_validation_split
from mnist_gd.networks import MultiLayerNetwork, SingleLayerNetwork

__all__ = ["build", "final_run", "task_data", "validation_run"]

DIGIT = 4
VALIDATION_SIZE = 10_000
TASKS = ("four", "four_balanced", "ten")
PARTS = ("training", "validation", "full")

# What a configuration may hold, see above.
SETTINGS = {
    "task",
    "loss",
    "loss_options",
    "hidden_layers",
    "hidden_size",
    "batch_size",
    "epochs",
    "learning_rate",
    "decay",
    "optimizer",
    "dropout",
    "shifts",
    "images",
}
DECAYS = {"cosine": cosine_decay}
OPTIMIZERS = {"momentum": Momentum, "adam": Adam}


@lru_cache(maxsize=1)
def _mnist():
    return load_mnist(dtype="uint8")


@lru_cache(maxsize=1)
def _split_rows():
    """The division of the training set, the same for every experiment."""
    return train_validation_split(
        _mnist().train.labels, VALIDATION_SIZE, rng=np.random.default_rng(0)
    )


@lru_cache(maxsize=4)
def task_data(task, part):
    """Return images and labels of a task, from the training set of MNIST.

    The test set is nowhere here: :func:`final_run` answers it, and
    :func:`mnist_gd.studies.final_results` tells how well.

    Parameters
    ----------
    task : {"four", "four_balanced", "ten"}
    part : {"training", "validation", "full"}
        50,000 and 10,000 images of the training set, or all 60,000 of it; "four_balanced" keeps
        of each a random half of 4s and half of other digits.

    Returns
    -------
    images : ndarray of uint8, shape (n, 784)
    labels : ndarray of int64, shape (n,)
        1 for a 4 and 0 for another digit, or the digit.

    Raises
    ------
    ValueError
        If task or part is another.
    """
    for name, value, allowed in (("task", task, TASKS), ("part", part, PARTS)):
        if value not in allowed:
            raise ValueError(f"{name} must be one of {allowed}, but is {value!r}")
    images, labels = _mnist().train.images, _mnist().train.labels
    if part != "full":
        rows = _split_rows()[part == "validation"]
        images, labels = images[rows], labels[rows]
    if task == "four_balanced":
        rows = balanced_subset(labels, DIGIT, rng=np.random.default_rng(0))
        images, labels = images[rows], labels[rows]
    return images, labels if task == "ten" else one_vs_rest(labels, DIGIT)


def build(configuration, rng):
    """Make the untrained network of a configuration.

    Parameters
    ----------
    configuration : dict
    rng : numpy.random.Generator

    Returns
    -------
    SingleLayerNetwork or MultiLayerNetwork

    Raises
    ------
    ValueError
        If a setting or the loss is unknown.
    """
    unknown = configuration.keys() - SETTINGS
    if unknown:
        raise ValueError(
            f"configuration must hold nothing but {sorted(SETTINGS)}, but has {sorted(unknown)}"
        )
    loss = getattr(losses, configuration["loss"], None)
    if not hasattr(loss, "gradient"):
        raise ValueError(
            f"loss must name a loss of mnist_gd.losses, but is {configuration['loss']!r}"
        )
    if configuration.get("loss_options"):
        loss = with_options(loss, **configuration["loss_options"])
    outputs = 10 if configuration["task"] == "ten" else 1
    layers = configuration.get("hidden_layers", 3 if outputs == 10 else 1)
    hidden = configuration["hidden_size"]
    if layers == 1:
        return SingleLayerNetwork(784, hidden, outputs, loss=loss, rng=rng)
    return MultiLayerNetwork(784, hidden, outputs, hidden_layers=layers, loss=loss, rng=rng)


def _choice(name, configuration, choices):
    """What a setting names; None where it is absent."""
    value = configuration.get(name)
    if value is not None and value not in choices:
        raise ValueError(f"{name} must be one of {sorted(choices)}, but is {value!r}")
    return choices.get(value)


def _train(configuration, seed, part, **options):
    rng = np.random.default_rng(seed)
    network = build(configuration, rng)
    rate = configuration["learning_rate"]
    decay = _choice("decay", configuration, DECAYS)
    optimizer = _choice("optimizer", configuration, OPTIMIZERS)
    shifts = configuration.get("shifts", 0)
    images, labels = task_data(configuration["task"], part)
    kept = configuration.get("images", len(images))
    if not 1 <= kept <= len(images):
        raise ValueError(f"images must be from 1 to {len(images)}, but is {kept}")
    history = network.train(
        images[:kept],
        labels[:kept],
        epochs=configuration["epochs"],
        batch_size=configuration["batch_size"],
        learning_rate=decay(rate) if decay else rate,
        rng=rng,
        optimizer=optimizer() if optimizer else None,
        dropout=configuration.get("dropout", 0.0),
        augment=partial(shift_images, largest=shifts) if shifts else None,
        **options,
    )
    return network, history


def validation_run(configuration, seed):
    """Train on the 50,000 and judge on the 10,000 after each epoch, to choose by.

    Parameters
    ----------
    configuration : dict
    seed : int

    Returns
    -------
    outcome : dict
        With the `history`.
    arrays : dict
        The last `validation_logits`, float32.
    """
    validation = task_data(configuration["task"], "validation")
    network, history = _train(
        configuration, seed, "training", validation=validation, track_training=False
    )
    logits = network.logits(validation[0])
    return {"history": history.as_dict()}, {"validation_logits": logits}


def final_run(configuration, seed):
    """Train on all 60,000 and answer the test set once, after the last epoch.

    Parameters
    ----------
    configuration : dict
    seed : int

    Returns
    -------
    outcome : dict
        With the `history` of the training loss.
    arrays : dict
        `test_logits`, and the weights and biases by layer.
    """
    network, history = _train(configuration, seed, "full", track_training=False)
    arrays = {"test_logits": network.logits(_mnist().test.images)}
    for number, layer in enumerate(network.layers):
        arrays |= {f"weights_{number}": layer.weights, f"bias_{number}": layer.bias}
    return {"history": history.as_dict()}, arrays
