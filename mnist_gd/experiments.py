"""The training runs of the book, as functions of a configuration and a seed.

A configuration is a dict of plain values:

- ``task``: "four" (is it a 4?), "four_balanced" (the same on a 50:50 subset) or "ten"
- ``loss``: name of a loss in :mod:`mnist_gd.losses`
- ``loss_options``: its keyword arguments (optional)
- ``hidden_layers``: how many (optional: 1 for the 4, 3 for the ten digits)
- ``hidden_size``: units in each
- ``batch_size``, ``epochs``, ``learning_rate``: as in :meth:`mnist_gd.networks.Network.train`
"""

from functools import lru_cache

import numpy as np

from mnist_gd import losses
from mnist_gd.activations import with_options
from mnist_gd.data import balanced_subset, load_mnist, one_vs_rest, train_validation_split
from mnist_gd.networks import MultiLayerNetwork, SingleLayerNetwork
from mnist_gd.search import grid, grid_search

__all__ = [
    "FINAL_EPOCHS",
    "SWEEPS",
    "build",
    "choose",
    "final_run",
    "sweep",
    "task_data",
    "validation_run",
]

DIGIT = 4
VALIDATION_SIZE = 10_000
TASKS = ("four", "four_balanced", "ten")
PARTS = ("training", "validation", "full", "test")

# What the two headline networks are chosen from, by their score on validation data; ...
SWEEPS = {
    "four": {
        "loss": ["binary_cross_entropy_with_logits"],
        "hidden_size": [512],
        "batch_size": [64],
        "learning_rate": [0.3, 1.0, 3.0],
        "epochs": [10],
    },
    "ten": {
        "loss": ["cross_entropy_with_logits"],
        "hidden_size": [64, 256],
        "batch_size": [64],
        "learning_rate": [0.1, 0.3, 1.0],
        "epochs": [5, 10, 15],
    },
}

# ... and for how long they are then trained.
FINAL_EPOCHS = {"four": 15, "ten": 15}


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
    """Return images and labels of a task.

    Parameters
    ----------
    task : {"four", "four_balanced", "ten"}
    part : {"training", "validation", "full", "test"}
        50,000 and 10,000 images of the training set, all 60,000 of it, or the test set;
        "four_balanced" keeps of each a random half of 4s and half of other digits.

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
    split = _mnist().test if part == "test" else _mnist().train
    images, labels = split.images, split.labels
    if part in ("training", "validation"):
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
    """
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


def _train(configuration, seed, part, **options):
    rng = np.random.default_rng(seed)
    network = build(configuration, rng)
    history = network.train(
        *task_data(configuration["task"], part),
        epochs=configuration["epochs"],
        batch_size=configuration["batch_size"],
        learning_rate=configuration["learning_rate"],
        rng=rng,
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
    task = "ten" if configuration["task"] == "ten" else "four"
    arrays = {"test_logits": network.logits(task_data(task, "test")[0])}
    for number, layer in enumerate(network.layers):
        arrays |= {f"weights_{number}": layer.weights, f"bias_{number}": layer.bias}
    return {"history": history.as_dict()}, arrays


def sweep(task, *, records, n_jobs=-1):
    """Run the sweep of a task on training and validation data.

    Parameters
    ----------
    task : {"four", "ten"}
    records : path
        Folder of the records, as in :func:`mnist_gd.search.run_all`.
    n_jobs : int

    Returns
    -------
    mnist_gd.search.SearchResult

    Raises
    ------
    ValueError
        If there is no sweep for the task.
    """
    if task not in SWEEPS:
        raise ValueError(f"task must be one of {tuple(SWEEPS)}, but is {task!r}")
    configurations = grid(task=[task], **SWEEPS[task])
    return grid_search(validation_run, configurations, records=records, n_jobs=n_jobs)


def choose(task, *, records, n_jobs=-1):
    """Return the configuration of a task that is best on the validation data.

    It is to be trained for the task's `FINAL_EPOCHS`, however long the sweep was.

    Parameters and errors are those of :func:`sweep`.

    Returns
    -------
    dict
    """
    best = sweep(task, records=records, n_jobs=n_jobs).best
    chosen = {name: best[name] for name in ("task", *SWEEPS[task])}
    return chosen | {"epochs": FINAL_EPOCHS[task]}
