"""The networks as a classifier of scikit-learn, for its pipelines and searches."""

from numbers import Integral

import numpy as np

from mnist_gd._checks import check_integer, check_unmasked, shown
from mnist_gd._steps import unchanged_by_errors
from mnist_gd.losses import binary_cross_entropy_with_logits, cross_entropy_with_logits
from mnist_gd.metrics import answers
from mnist_gd.networks import MultiLayerNetwork

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ModuleNotFoundError as error:
    raise ImportError(
        "scikit-learn is not installed; it comes with the extra: pip install 'mnist_gd[sklearn]'"
    ) from error

__all__ = ["MLPGradientDescentClassifier"]


def _generator(random_state):
    """The package's kind of randomness; an integer seeds it as it would without scikit-learn."""
    if isinstance(random_state, Integral):
        return np.random.default_rng(check_integer("random_state", random_state, minimum=0))
    try:
        drawn = check_random_state(random_state).randint(2**32, size=4, dtype=np.uint32)
    except ValueError:
        raise ValueError(
            f"random_state must be an integer, a RandomState or None, but is {shown(random_state)}"
        ) from None
    return np.random.default_rng(drawn)


class MLPGradientDescentClassifier(ClassifierMixin, BaseEstimator):
    """A network of ReLU layers, trained by mini-batch gradient descent.

    Two classes share one output and binary cross-entropy, more have one output each and
    cross-entropy. The network computes in float32 if the examples are float32, else in float64.

    Parameters
    ----------
    hidden_size : int
        Units in each hidden layer.
    hidden_layers : int
        How many; 0 leaves a linear classifier.
    learning_rate : float or callable
    epochs, batch_size : int
    weight_decay : float
        These four as in :class:`mnist_gd.training.Settings`.
    random_state : int, RandomState or None
        Draws the initial weights and the order of the examples. An integer does what
        ``numpy.random.default_rng`` of it does for the networks themselves.

    Attributes
    ----------
    classes_ : ndarray, shape (classes,)
        The labels of the classes, sorted.
    network_ : mnist_gd.networks.MultiLayerNetwork
        What was trained.
    history_ : mnist_gd.history.History
        Its training, without scores.
    n_features_in_ : int
        How many features it takes.
    feature_names_in_ : ndarray of str, shape (features,)
        Their names, where the examples had names.

    Examples
    --------
    >>> from mnist_gd.sklearn import MLPGradientDescentClassifier
    >>> clock = [[0.0, 1.0], [1.0, 0.0], [0.0, -1.0], [-1.0, 0.0]]
    >>> words = ["noon", "three", "six", "nine"]
    >>> model = MLPGradientDescentClassifier(epochs=100, random_state=0).fit(clock, words)
    >>> model.predict([[0.1, 2.0]]).tolist()
    ['noon']
    """

    def __init__(
        self,
        hidden_size=128,
        hidden_layers=1,
        learning_rate=0.1,
        epochs=20,
        batch_size=32,
        weight_decay=0.0,
        random_state=None,
    ):
        self.hidden_size = hidden_size
        self.hidden_layers = hidden_layers
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.weight_decay = weight_decay
        self.random_state = random_state

    def fit(self, X, y):
        """Train a new network.

        Parameters
        ----------
        X : array_like of numbers, shape (n, features)
            Unlike :meth:`mnist_gd.networks.Network.train` it takes pixels of uint8 as they are:
            a :func:`mnist_gd.data.scale_pixels` before it brings them to [0, 1].
        y : array_like, shape (n,)
            Labels of at least two classes, numbers or words.

        Returns
        -------
        MLPGradientDescentClassifier
            Itself.

        Raises
        ------
        ValueError, TypeError
            If the examples are none, or a parameter is out of its range.
        DivergenceError
            As in :meth:`mnist_gd.networks.Network.train`.
        """
        with unchanged_by_errors([self]):  # what was fitted before stays, and whole
            return self._fit(X, y)

    def _fit(self, X, y):
        check_unmasked("X", X)
        check_unmasked("y", y)
        X, y = validate_data(self, X, y, dtype=(np.float64, np.float32))
        check_classification_targets(y)
        classes, numbers = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(f"y must hold at least two classes, but has 1 class: {classes[0]}")
        rng, binary = _generator(self.random_state), len(classes) == 2
        network = MultiLayerNetwork(
            X.shape[1],
            self.hidden_size,
            1 if binary else len(classes),
            hidden_layers=self.hidden_layers,
            loss=binary_cross_entropy_with_logits if binary else cross_entropy_with_logits,
            rng=rng,
            dtype=X.dtype,
        )
        self.history_ = network.train(
            X,
            numbers,
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            rng=rng,
            track_training=False,
        )
        self.classes_, self.network_ = classes, network
        return self

    def _logits(self, X):
        """The logits of the examples, brought to the dtype of the network."""
        check_is_fitted(self, "network_")
        check_unmasked("X", X)
        dtype = self.network_.layers[0].weights.dtype
        return self.network_.logits(validate_data(self, X, dtype=dtype, reset=False))

    def decision_function(self, X):
        """Return the logits of `X`, shape (n,) with two classes, else (n, classes)."""
        logits = self._logits(X)
        return logits[:, 0] if self.network_.binary else logits

    def predict_proba(self, X):
        """Return the probability of each class for each row of `X`, shape (n, classes)."""
        logits = self._logits(X)
        probabilities = self.network_.output_activation(logits)
        if self.network_.binary:
            return np.hstack([1 - probabilities, probabilities])
        return probabilities

    def predict(self, X):
        """Return the likeliest class for each row of `X`, shape (n,)."""
        numbers = answers(self._logits(X))
        return self.classes_[numbers]
