"""A training run of the book, as a function of a configuration and a seed."""

from dataclasses import dataclass, fields
from functools import partial
from itertools import pairwise

import numpy as np

from mnist_gd import losses
from mnist_gd._checks import (
    check_hidden_layers,
    check_integer,
    check_one_of,
    check_real,
    is_a,
    shown,
)
from mnist_gd._network_files import to_arrays
from mnist_gd.activations import with_options
from mnist_gd.additions import LARGEST_SHIFT, Adam, Momentum, cosine_decay, shift_images
from mnist_gd.data import MIXES, QUESTIONS, examples, load_mnist
from mnist_gd.networks import MultiLayerNetwork, SingleLayerNetwork

__all__ = ["Configuration", "build", "curve_run", "final_run", "validation_run"]

LOSSES = [name for name in losses.__all__ if hasattr(getattr(losses, name), "gradient")]
DECAYS = {"cosine": cosine_decay}
OPTIMIZERS = {"momentum": Momentum, "adam": Adam}


@dataclass(frozen=True, kw_only=True, repr=False)
class Configuration:
    """What a training is made of; checked when it is made, before anything runs.

    Attributes
    ----------
    question : {"four", "ten"}
        Is it a 4? Or which of the ten digits is it?
    loss : str
        Name of a loss in :mod:`mnist_gd.losses`.
    alpha, gamma : float, optional
        The options of a focal loss.
    hidden_layers : int, optional
        By default 1 for "four" and 3 for "ten".
    hidden_size : int, optional
        Units in each hidden layer; of no use without any.
    batch_size, epochs, learning_rate, dropout, weight_decay, patience
        As in :class:`mnist_gd.training.Settings`.
    decay : {None, "cosine"}
        "cosine" for a learning rate that falls to zero.
    optimizer : {None, "momentum", "adam"}
    shifts : int
        Largest shift of the images, in pixels.
    images : int, optional
        To how many images the training set is cut.
    mix : {"natural", "balanced"}
        Whether it learns from all images or from as many 4s as others.
    judged_on : {"natural", "balanced"}
        The same of the images that a validation run is judged on.

    Raises
    ------
    ValueError, TypeError
        If a setting is out of its range.
    """

    question: str
    loss: str
    batch_size: int
    epochs: int
    learning_rate: float
    hidden_size: int | None = None
    hidden_layers: int | None = None
    alpha: float | None = None
    gamma: float | None = None
    decay: str | None = None
    optimizer: str | None = None
    dropout: float = 0.0
    weight_decay: float = 0.0
    patience: int | None = None
    shifts: int = 0
    images: int | None = None
    mix: str = "natural"
    judged_on: str = "natural"

    def __post_init__(self):
        check_one_of("question", self.question, QUESTIONS)
        check_one_of("loss", self.loss, LOSSES)
        check_one_of("decay", self.decay, (None, *DECAYS))
        check_one_of("optimizer", self.optimizer, (None, *OPTIMIZERS))
        check_one_of("mix", self.mix, MIXES)
        check_one_of("judged_on", self.judged_on, MIXES)
        layers = self.hidden_layers
        if layers is None:
            layers = {"four": 1, "ten": 3}[self.question]
        checked = {
            "batch_size": check_integer("batch_size", self.batch_size),
            "epochs": check_integer("epochs", self.epochs),
            "learning_rate": check_real("learning_rate", self.learning_rate, above=0),
            "hidden_layers": check_hidden_layers(layers),
            "dropout": check_real("dropout", self.dropout, minimum=0, below=1),
            "shifts": check_integer("shifts", self.shifts, minimum=0, maximum=LARGEST_SHIFT),
        }
        if layers or self.hidden_size is not None:
            checked["hidden_size"] = check_integer("hidden_size", self.hidden_size)
        most = 1 / checked["learning_rate"]
        checked["weight_decay"] = check_real(
            "weight_decay", self.weight_decay, minimum=0, below=most
        )
        if self.patience is not None:
            checked["patience"] = check_integer("patience", self.patience)
        if self.images is not None:
            checked["images"] = check_integer("images", self.images)
        for name, value in self._loss_options().items():
            if not self.loss.startswith("focal"):
                raise ValueError(f"{name} must be None for {self.loss}, but is {value}")
            checked[name] = check_real(name, value)
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        self._try_loss()

    def _try_loss(self):
        labels = np.array([[0.0], [1.0]]) if self.question == "four" else np.eye(10)
        try:
            self._loss()(np.full_like(labels, 0.5), labels)
        except ValueError as error:
            raise ValueError(
                f"loss must take its options and the labels of {shown(self.question)}, but "
                f"{self.loss} says: {error}"
            ) from None

    def _loss_options(self):
        options = {"alpha": self.alpha, "gamma": self.gamma}
        return {name: value for name, value in options.items() if value is not None}

    def _loss(self):
        loss, options = getattr(losses, self.loss), self._loss_options()
        return with_options(loss, **options) if options else loss

    def __repr__(self):
        told = [
            f"{field.name}={shown(getattr(self, field.name))}"
            for field in fields(self)
            if getattr(self, field.name) != field.default
        ]
        return f"Configuration({', '.join(told)})"

    @property
    def settles(self):
        """Whether the learning rate falls to zero, so that the end of a run counts, not its luck.

        The course of such a run depends on the number of epochs.
        """
        return self.decay is not None

    @property
    def work(self):
        """About how many multiplications the training takes: of several the largest begins."""
        images = self.images or (10_000 if self.mix == "balanced" else 50_000)
        sizes = [784, *[self.hidden_size] * self.hidden_layers, 10]
        return self.epochs * images * sum(a * b for a, b in pairwise(sizes))


def _check_configuration(configuration):
    if not is_a(configuration, Configuration):
        raise TypeError(f"configuration must be a Configuration, but is {shown(configuration)}")


def build(configuration, rng):
    """Make the untrained network of a configuration.

    Parameters
    ----------
    configuration : Configuration
    rng : numpy.random.Generator

    Returns
    -------
    SingleLayerNetwork or MultiLayerNetwork

    Raises
    ------
    TypeError
        If an argument is something else.
    """
    _check_configuration(configuration)
    loss = configuration._loss()
    outputs = 1 if configuration.question == "four" else 10
    layers, hidden = configuration.hidden_layers, configuration.hidden_size
    if layers == 1:
        return SingleLayerNetwork(784, hidden, outputs, loss=loss, rng=rng)
    return MultiLayerNetwork(784, hidden or 1, outputs, hidden_layers=layers, loss=loss, rng=rng)


def _train(configuration, seed, part, *, track_training=False, **options):
    rng = np.random.default_rng(check_integer("seed", seed, minimum=0))
    network = build(configuration, rng)
    images, labels = examples(configuration.question, part, configuration.mix)
    kept = configuration.images
    if kept is not None and kept > len(images):
        raise ValueError(f"images must be at most {len(images)}, but is {kept}")
    rate, shifts = configuration.learning_rate, configuration.shifts
    decay, optimizer = configuration.decay, configuration.optimizer
    history = network.train(
        images[:kept],
        labels[:kept],
        epochs=configuration.epochs,
        batch_size=configuration.batch_size,
        learning_rate=DECAYS[decay](rate) if decay else rate,
        rng=rng,
        optimizer=OPTIMIZERS[optimizer]() if optimizer else None,
        dropout=configuration.dropout,
        weight_decay=configuration.weight_decay,
        patience=configuration.patience,
        augment=partial(shift_images, largest=shifts) if shifts else None,
        track_training=track_training,
        **options,
    )
    return network, history


def _validation(configuration):
    _check_configuration(configuration)
    return examples(configuration.question, "validation", configuration.judged_on)


def _train_judged(configuration, seed, **options):
    return _train(
        configuration, seed, "training", validation=_validation(configuration), **options
    )


def validation_run(configuration, seed):
    """Train on the 50,000 and judge on the 10,000 after each epoch, to choose by.

    Parameters
    ----------
    configuration : Configuration
    seed : int

    Returns
    -------
    outcome : dict
        With the `history`.
    arrays : dict
        The `validation_logits` in the end, float32.
    """
    network, history = _train_judged(configuration, seed)
    logits = network.logits(_validation(configuration)[0])
    return {"history": history.as_dict()}, {"validation_logits": logits}


def curve_run(configuration, seed):
    """Train as :func:`validation_run` does, and judge on the training images too.

    Parameters
    ----------
    configuration, seed
        As there.

    Returns
    -------
    outcome, arrays : dict
        As there, but without arrays.
    """
    _, history = _train_judged(configuration, seed, track_training=True)
    return {"history": history.as_dict()}, {}


def final_run(configuration, seed):
    """Train on all 60,000 and answer the test set once, in the end.

    With a `patience` it is trained on the 50,000: the others tell it when to stop.

    Parameters
    ----------
    configuration : Configuration
    seed : int

    Returns
    -------
    outcome : dict
        With the `history`.
    arrays : dict
        `test_logits`, and those of the network.
    """
    _check_configuration(configuration)
    if configuration.patience is None:
        network, history = _train(configuration, seed, "full")
    else:
        network, history = _train_judged(configuration, seed)
    logits = network.logits(load_mnist(dtype="uint8").test.images)
    return {"history": history.as_dict()}, {"test_logits": logits} | to_arrays(network)
