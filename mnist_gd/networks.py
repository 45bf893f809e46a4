"""Networks of linear layers, and their training in mini-batches (chapter *Networks*)."""

from itertools import pairwise

import numpy as np

from mnist_gd import metrics
from mnist_gd._checks import (
    attribute,
    check_as_many,
    check_callable,
    check_finite,
    check_flag,
    check_hidden_layers,
    check_integer,
    check_real,
    check_rng,
    check_same_shape,
    is_a,
    shown,
)
from mnist_gd._examples import as_labels, as_rows, as_targets, check_rows
from mnist_gd._kernels import checked, has_kernel, itself, kernel_of, original
from mnist_gd._network_files import read_network, write_network
from mnist_gd._passes import check_last_pass, check_update, left_in, whole
from mnist_gd._steps import unchanged_by_errors
from mnist_gd.activations import relu, sigmoid, softmax
from mnist_gd.additions import dropout_mask
from mnist_gd.data import scale_pixels
from mnist_gd.history import History
from mnist_gd.layers import LinearLayer, check_chain
from mnist_gd.training import Settings, minibatches, train

__all__ = ["History", "MultiLayerNetwork", "Network", "SingleLayerNetwork", "minibatches"]

CHUNK = 1024  # rows that are evaluated at once: bounds the memory of a large set


class Network:
    """Linear layers in a chain; the last gives logits (equation `eq-network-forward`).

    Parameters
    ----------
    layers : list of LinearLayer
        Of one dtype; each takes as many features as the one before it gives.
    loss : callable
        A loss of :mod:`mnist_gd.losses`, or one of your own with the attributes `gradient` and
        `on_logits`. If the latter is True it gets the logits, else the probabilities: the
        sigmoid of a single output, the softmax of several.

    Raises
    ------
    ValueError, TypeError
        If the layers do not fit, or `loss` does not say its gradient or whether it takes logits.
    """

    def __init__(self, layers, *, loss):
        says = is_a(attribute(loss, "on_logits"), bool | np.bool)
        if not callable(loss) or not callable(attribute(loss, "gradient")) or not says:
            raise TypeError(
                "loss must be a function of mnist_gd.losses, or have the attributes gradient and "
                f"on_logits as those do, but is {shown(loss)}"
            )
        check_chain(layers)
        self.layers, self.loss = list(layers), loss
        self.input_size, self.output_size = layers[0].input_size, layers[-1].output_size
        self.binary = self.output_size == 1
        self.output_activation = sigmoid if self.binary else softmax
        self.metric = metrics.f1_score if self.binary else metrics.accuracy
        self._logits = self._masks = self._passed = None

    def targets(self, y):
        """Bring labels to the form of the logits, shape (n, output_size).

        Parameters
        ----------
        y : ndarray
            With one output: 0 and 1, shape (n,) or (n, 1). With several: class numbers (n,), or
            one distribution a row (n, output_size). Of anything else a ValueError or TypeError
            says what is wrong.
        """
        return as_targets(y, self.output_size, self.layers[-1].weights.dtype)

    @property
    def parameters(self):
        """The weights and bias of each layer in turn, as a list of arrays."""
        return [array for layer in self.layers for array in (layer.weights, layer.bias)]

    @property
    def gradients(self):
        """Their gradients in the same order, as :meth:`backward` left them."""
        return [array for layer in self.layers for array in (layer.weights_grad, layer.bias_grad)]

    @original
    def forward(self, x, *, dropout=0.0, rng=None):
        """Return the logits of `x` and remember what :meth:`backward` needs.

        Parameters
        ----------
        x : ndarray of float (or uint8 images), shape (n, input_size)
        dropout : float
            Share of the hidden units that are silenced, equation `eq-dropout`: in training.
        rng : numpy.random.Generator, optional
            Draws them.
        """
        signal = scale_pixels(as_rows(x, self.input_size))
        dropout = check_real("dropout", dropout, minimum=0, below=1)
        if dropout:
            check_rng(rng)
        with unchanged_by_errors(self.layers):
            return self._forward(signal, dropout, rng).copy()

    def _forward(self, signal, dropout, rng, via=itself):
        """Pass on what was checked; `via` kernel_of the layers do not check it again."""
        masks = []
        for layer in self.layers:
            signal = via(layer.forward)(signal)
            masks.append(None)
            if dropout and layer is not self.layers[-1]:
                masks[-1] = dropout_mask(signal.shape, dropout, rng=rng, dtype=layer.weights.dtype)
                signal = signal * masks[-1]
        self._logits, self._masks, self._passed = signal, masks, left_in(self.layers)
        return signal

    def _loss(self, logits, targets):
        y_pred = logits if self.loss.on_logits else kernel_of(self.output_activation)(logits)
        return kernel_of(self.loss)(y_pred.copy(), targets.copy())  # it may work in place

    def _loss_gradient(self, logits, targets):
        """Gradient for the logits, equation `eq-output-gradient`."""
        gradient = kernel_of(self.loss.gradient) if has_kernel(self.loss) else self.loss.gradient
        if self.loss.on_logits:
            return gradient(logits.copy(), targets)  # one of the reader's may work in place
        probabilities = kernel_of(self.output_activation)(logits)
        return self.output_activation.backward(gradient(probabilities, targets), logits)

    @original
    def backward(self, y):
        """Fill the gradients of every layer for the last forward pass, `eq-backpropagation`.

        Parameters
        ----------
        y : ndarray
            As in :meth:`targets`, one row for each that was passed forward.

        Raises
        ------
        RuntimeError
            If no pass forward is the last that the layers have done.
        """
        if self._logits is None:
            raise RuntimeError("backward needs a forward pass before it")
        targets = self.targets(y)
        check_same_shape("the logits", self._logits, "y", targets)
        self._check_loss(self._logits, targets)
        with unchanged_by_errors(self.layers):
            self._backward(targets)

    def _backward(self, targets, learning_rate=None, via=itself):
        """Pass the gradient back; with a learning rate each layer takes its step at once."""
        check_last_pass(self)
        grad = self._loss_gradient(self._logits, targets)
        for layer, mask in zip(reversed(self.layers), reversed(self._masks), strict=True):
            if mask is not None:
                grad = grad * mask
            asked = {"input_gradient": layer is not self.layers[0]}
            if learning_rate is None:
                grad = via(layer.backward)(grad, **asked)
            else:
                grad = via(layer.descend)(grad, learning_rate, **asked)

    @original
    @checked(check_update, within=whole)
    def update(self, learning_rate):
        """Take one step of gradient descent in every layer, equation `eq-linear-update`."""
        for layer in self.layers:
            kernel_of(layer.update)(learning_rate)

    @original
    def logits(self, x):
        """Return the logits of `x`, by which it is judged; who overrides `forward` needs both."""
        x = as_rows(x, self.input_size)
        check_finite("x", x)
        logits = self._infer(x)
        check_finite("the logits of x", logits)
        return logits

    def _infer(self, x):
        parts = []
        for start in range(0, len(x), CHUNK):
            signal = scale_pixels(x[start : start + CHUNK])
            for layer in self.layers:
                signal = layer(signal)
            parts.append(signal)
        return np.concatenate(parts)

    def predict_proba(self, x):
        """Return probabilities, shape (n, output_size): of "yes", or of each class."""
        return self.output_activation(self.logits(x))

    def predict(self, x, threshold=0.5):
        """Return the :func:`mnist_gd.metrics.answers` for `x`, integers of shape (n,)."""
        return metrics.answers(self.logits(x), threshold)

    def evaluate(self, x, y, metric=None):
        """Return the score of the answers for `x`, by default F1 with one output, else accuracy.

        `y` is as in :meth:`targets`, `metric` a function of :mod:`mnist_gd.metrics`.
        """
        metric = self.metric if metric is None else check_callable("metric", metric)
        labels, predicted = self.labels(y), self.predict(x)
        check_rows(predicted, labels)
        return metric(labels, predicted)

    def labels(self, y):
        """Return what :meth:`targets` takes as labels, integers of shape (n,)."""
        return as_labels(y, self.output_size)

    def train(self, x, y, *, validation=None, track_training=True, progress=False, **settings):
        """Train by mini-batch gradient descent, equation `eq-minibatch-gradient`.

        Parameters
        ----------
        x : ndarray of float (or uint8 images), shape (n, input_size)
        y : ndarray
            As in :meth:`targets`.
        validation : (x, y), optional
            Evaluated after each epoch; `patience` needs it.
        track_training, progress : bool
            Whether the training set is scored after each epoch, too; whether to show a bar.
        **settings
            Those of :class:`mnist_gd.training.Settings`: `epochs`, `batch_size`,
            `learning_rate`, `rng`; `optimizer`, `dropout`, `augment`, `weight_decay`, `patience`.

        Returns
        -------
        History

        Raises
        ------
        DivergenceError
            If outputs, loss or parameters are no longer finite: says where; has the `history`.
        ValueError, TypeError
            If an argument is out of range (nothing is trained then), or what a callable returns.
        """
        settings = Settings(**settings)
        examples = self._examples(x, y)
        if validation is not None:
            validation = self._examples(*check_as_many("validation", validation, 2))
        flags = check_flag("track_training", track_training), check_flag("progress", progress)
        return train(self, examples, settings, validation, *flags)

    def _examples(self, x, y):
        x, targets = as_rows(x, self.input_size), self.targets(y)
        check_finite("x", x)
        check_rows(x, targets)
        self._check_loss(np.zeros_like(targets), targets)
        return x, targets

    def _check_loss(self, logits, targets):
        """Ask a loss whose kernel will be called whether it takes such arguments."""
        if has_kernel(self.loss):
            self.loss(logits if self.loss.on_logits else self.output_activation(logits), targets)

    def save(self, path):
        """Write the loss, the weights and the activation of each layer to an ``.npz`` file.

        The file is replaced in one step: if that fails, what was there stays. A ValueError says
        what no file could hold: a loss, an activation, an attribute, a way to answer of its own.
        """
        write_network(path, self)

    @classmethod
    def load(cls, path):
        """Return the network of this class that :meth:`save` wrote; a ValueError says why not."""
        name, layers, loss = read_network(path)
        if cls.__name__ not in (name, "Network"):
            raise ValueError(f"{path} holds a {name}, not a {cls.__name__}")
        network = cls.__new__(cls)
        Network.__init__(network, layers, loss=loss)
        return network


def _chain(sizes, **options):
    """Layers from each size to the next: ReLU after all but the last."""
    *hidden, last = pairwise(sizes)
    layers = [LinearLayer(*size, relu, **options) for size in hidden]
    return [*layers, LinearLayer(*last, **options)]


class SingleLayerNetwork(Network):
    """One hidden layer with ReLU, and an output layer that gives logits.

    The parameters are those of :class:`MultiLayerNetwork`.
    """

    def __init__(self, input_size, hidden_size, output_size=1, *, loss, rng, dtype=np.float32):
        sizes = [input_size, check_integer("hidden_size", hidden_size), output_size]
        super().__init__(_chain(sizes, rng=rng, dtype=dtype), loss=loss)


class MultiLayerNetwork(Network):
    """Several hidden layers of one size with ReLU, and an output layer that gives logits.

    Parameters
    ----------
    input_size, hidden_size, output_size : int
    hidden_layers : int
        How many, at most 1000; 0 leaves a linear classifier.
    loss : callable
        See :class:`Network`.
    rng : numpy.random.Generator
        Draws the initial weights.
    dtype : {float32, float64}
    """

    def __init__(
        self,
        input_size,
        hidden_size,
        output_size=10,
        *,
        hidden_layers=3,
        loss,
        rng,
        dtype=np.float32,
    ):
        hidden = [check_integer("hidden_size", hidden_size)] * check_hidden_layers(hidden_layers)
        sizes = [input_size, *hidden, output_size]
        super().__init__(_chain(sizes, rng=rng, dtype=dtype), loss=loss)
