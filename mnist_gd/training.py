"""Training by mini-batch gradient descent (chapter *Networks*).

:meth:`mnist_gd.networks.Network.train` checks what it is given, once, and hands it to
:func:`train`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import signature

import numpy as np

from mnist_gd._checks import (
    as_array,
    as_float,
    as_real,
    attribute,
    check_callable,
    check_integer,
    check_real,
    check_rng,
    check_same_shape,
    is_a,
    shown,
)
from mnist_gd._examples import as_rows
from mnist_gd._kernels import checked, is_original, kernel_of
from mnist_gd._passes import at, check_parameters, passes
from mnist_gd._running import Bar, processor_time
from mnist_gd.data import scale_pixels
from mnist_gd.gradient_descent import DivergenceError
from mnist_gd.history import History
from mnist_gd.metrics import answers

__all__ = ["Settings", "minibatches", "train"]


def _check_progress(settings, progress):
    return settings, check_real("progress", progress, minimum=0, below=1)


def _can_update(optimizer):
    """Whether it is an object that takes a step; a class is none yet, and a dict takes no step."""
    try:
        signature(optimizer.update).bind([], [], 0.1)
    except Exception:  # it has none, of another form, or written in C; or raises of its own
        return False
    return not is_a(optimizer, type)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to train; checked when it is made.

    Attributes
    ----------
    epochs, batch_size : int
        At least 1.
    learning_rate : float or callable
        A callable takes the share of the training that is over, in [0, 1), and returns the
        rate of the next step, as :func:`mnist_gd.additions.cosine_decay` makes it.
    rng : numpy.random.Generator
        Shuffles the rows anew for each epoch, and is handed to dropout and `augment`.
    optimizer : Momentum or Adam, optional
        From :mod:`mnist_gd.additions`, a new one for each training; by default plain steps,
        equation `eq-linear-descent`, which keep no gradients.
    dropout : float
        Share of the hidden units that are silenced in each step, in [0, 1).
    augment : callable, optional
        Changes the images of each batch: ``augment(x, rng=rng)``.
    weight_decay : float
        At least 0, and below 1 / learning_rate. Before each step, whoever takes it, the weights,
        not the biases, are multiplied by 1 - learning_rate * weight_decay, `eq-weight-decay`.
    patience : int, optional
        Ends the training after so many epochs in a row without a lower validation loss. Whether
        it ends early or not, the network gets the parameters back that had the lowest.
    """

    epochs: int
    batch_size: int
    learning_rate: float | Callable
    rng: np.random.Generator
    optimizer: object = None
    dropout: float = 0.0
    augment: Callable | None = None
    weight_decay: float = 0.0
    patience: int | None = None

    def __post_init__(self):
        rate, most = self.learning_rate, None
        if not callable(rate):
            rate = check_real("learning_rate", rate, above=0)
            most = 1 / rate
        checked = {
            "epochs": check_integer("epochs", self.epochs),
            "batch_size": check_integer("batch_size", self.batch_size),
            "learning_rate": rate,
            "rng": check_rng(self.rng),
            "dropout": check_real("dropout", self.dropout, minimum=0, below=1),
            "weight_decay": check_real("weight_decay", self.weight_decay, minimum=0, below=most),
        }
        if self.patience is not None:
            checked["patience"] = check_integer("patience", self.patience)
        if self.optimizer is not None and not _can_update(self.optimizer):
            raise TypeError(
                "optimizer must have an update(parameters, gradients, learning_rate), as Adam(), "
                f"but is {shown(self.optimizer)}"
            )
        if self.augment is not None:
            check_callable("augment", self.augment)
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @checked(_check_progress)
    def rate(self, progress):
        """Return the learning rate once a share of the training is over.

        Parameters
        ----------
        progress : float
            In [0, 1).

        Returns
        -------
        float
        """
        rate = self.learning_rate
        return check_real("learning_rate", rate(progress), above=0) if callable(rate) else rate


def minibatches(x, y, batch_size, *, rng):
    """Yield the rows of `x` and `y` in random order, each once, `batch_size` at a time.

    The last batch holds what is left; a batch size beyond n gives one batch of all rows.

    Parameters
    ----------
    x, y : ndarray
        The same number of rows. Images of uint8 are scaled to float32 as they are drawn.
    batch_size : int
    rng : numpy.random.Generator

    Yields
    ------
    x_batch, y_batch : ndarray

    Raises
    ------
    ValueError, TypeError
        If there are no rows, their numbers differ, or `batch_size` is not a positive integer.
    """
    x, y = as_real("x", x), as_array("y", y)
    batch_size = check_integer("batch_size", batch_size)
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y) or len(x) == 0:
        raise ValueError(
            f"x and y must have the same number of rows, at least 1, but have the shapes "
            f"{x.shape} and {y.shape}"
        )
    order = check_rng(rng).permutation(len(x))
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        yield scale_pixels(x.take(rows, axis=0)), y.take(rows, axis=0)


def train(network, examples, settings, validation=None, track_training=True, progress=False):
    """Train a network on examples that were checked.

    Parameters
    ----------
    network : Network
    examples : (ndarray, ndarray)
        Rows of shape (n, input_size) and targets of shape (n, output_size).
    settings : Settings
    validation : (ndarray, ndarray), optional
        Such another pair.
    track_training, progress : bool
        As in :meth:`mnist_gd.networks.Network.train`.

    Returns
    -------
    History

    Raises
    ------
    DivergenceError
        As in :meth:`mnist_gd.networks.Network.train`.
    ValueError
        If a parameter cannot be moved, or `patience` has no validation loss to wait for.
    """
    x, targets = examples
    if settings.patience is not None and validation is None:
        raise ValueError(f"patience must be None without validation, but is {settings.patience}")
    check_parameters(network.layers, settings)
    history = History(metric=_name_of(network.metric))
    labels = network.labels(targets) if track_training else None
    judged_by = network.labels(validation[1]) if validation else None
    best, start = [], processor_time()
    bar = Bar(total=settings.epochs, unit="epoch", disable=None if progress else True)
    try:
        with bar, np.errstate(all="ignore"):  # divergence is looked for
            for epoch in range(1, settings.epochs + 1):
                loss, when = _train_epoch(network, x, targets, epoch, settings)
                if track_training:
                    logits = _finite_logits(network, x, targets, when)
                if validation is not None:
                    judged = _finite_logits(network, *validation, when)
                    judged_loss = _number("loss", network._loss(judged, validation[1]))
                if settings.patience is not None:
                    _check_finite("validation loss", judged_loss, "after", when)
                history.train_loss.append(loss)
                if track_training:
                    history.train_score.append(_score(network, labels, logits))
                if validation is not None:
                    history.validation_loss.append(judged_loss)
                    history.validation_score.append(_score(network, judged_by, judged))
                history.seconds.append(processor_time() - start)
                bar.update()
                if settings.patience is None:
                    continue
                history.best_epoch = int(np.argmin(history.validation_loss)) + 1
                if history.best_epoch == epoch:
                    best = [parameter.copy() for parameter in network.parameters]
                elif epoch - history.best_epoch == settings.patience:
                    break
    except DivergenceError as error:
        error.history = history
        raise
    finally:  # an interrupt or an error of the reader's, too, leaves the best
        for parameter, kept in zip(network.parameters if best else (), best, strict=True):
            parameter[:] = kept
        network._passed = None  # the next gradient is that of other weights
    return history


def _name_of(metric):
    """How a history names a metric, such as one whose options are fixed."""
    plain = metric.func if is_a(metric, partial) else metric
    return attribute(plain, "__name__", type(plain).__name__)


def _train_epoch(network, x, targets, epoch, settings):
    """One pass over the data; returns the mean loss over its rows, and where it ended."""
    rng, augment, rate = settings.rng, settings.augment, kernel_of(settings.rate)
    forward, descend = passes(network, settings.optimizer, settings.weight_decay)
    total, batches = 0.0, -(-len(x) // settings.batch_size)
    shuffled = minibatches(x, targets, settings.batch_size, rng=rng)
    for batch, (x_batch, y_batch) in enumerate(shuffled):
        learning_rate = rate((epoch - 1 + batch / batches) / settings.epochs)
        when = epoch, batch + 1, learning_rate
        if augment is not None:
            x_batch = as_rows(augment(x_batch, rng=rng), network.input_size, "augment's images")
            x_batch = as_float("augment's images", scale_pixels(x_batch))
        logits = forward(x_batch, dropout=settings.dropout, rng=rng)
        check_same_shape("y_pred", logits, "y_true", y_batch)  # augment may have lost rows
        _check_finite("outputs", logits, "in", when)
        loss = _number("loss", network._loss(logits, y_batch))
        _check_finite("loss", loss, "in", when)
        total += loss * len(x_batch)
        descend(y_batch, when)
    for parameter in network.parameters:
        _check_finite("parameters", parameter, "after", when)
    return total / len(x), when


def _number(name, returned):
    """What a function of the reader's has returned, which must be one number."""
    if not is_a(returned, float | np.floating):
        array = np.asanyarray(returned)
        if array.ndim or array.dtype.kind not in "biuf":
            raise TypeError(f"{name} must return one number, but has returned {shown(returned)}")
        returned = float(array)
    return returned


def _score(network, labels, logits):
    return _number("metric", network.metric(labels, answers(logits)))


def _check_finite(name, value, where, when):
    if not np.isfinite(value).all():
        is_or_are = "is" if np.ndim(value) == 0 else "are"
        raise DivergenceError(f"the {name} {is_or_are} no longer finite {at(where, when)}")


def _finite_logits(network, x, targets, when):
    if is_original(network.logits):
        logits = network._infer(x)
    else:
        logits = as_float("logits(x)", network.logits(x))
        check_same_shape("logits(x)", logits, "y", targets)
    _check_finite("outputs", logits, "after", when)
    return logits
