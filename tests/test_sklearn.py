"""The classifier keeps scikit-learn's contract, and is the network that the package trains."""

import os
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the extra 'sklearn' is not installed")

from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from mnist_gd.data import scale_pixels
from mnist_gd.gradient_descent import DivergenceError
from mnist_gd.losses import binary_cross_entropy_with_logits, cross_entropy_with_logits
from mnist_gd.networks import MultiLayerNetwork
from mnist_gd.sklearn import MLPGradientDescentClassifier


@parametrize_with_checks(
    [
        MLPGradientDescentClassifier(),
        MLPGradientDescentClassifier(hidden_size=32, hidden_layers=2, weight_decay=1e-3),
        MLPGradientDescentClassifier(hidden_layers=0),
    ]
)
def test_it_is_an_estimator(estimator, check):
    """All that scikit-learn asks of one; no failure is expected.

    What it asks of pandas' tables it leaves out itself where pandas is not installed.
    """
    check(estimator)


def test_it_takes_the_arrays_of_other_libraries():
    """One check of scikit-learn's needs a setting of SciPy's that is made before it is loaded."""
    program = """
from sklearn.utils.estimator_checks import estimator_checks_generator
from mnist_gd.sklearn import MLPGradientDescentClassifier
for estimator, check in estimator_checks_generator(MLPGradientDescentClassifier()):
    if check.func.__name__ == "check_array_api_input":
        print(check(estimator))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"SCIPY_ARRAY_API": "1"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout == "None\n", "it has not run"


def rows(classes, n=90, dtype=np.float64):
    """Rows in a cloud for each class."""
    rng = np.random.default_rng(3)
    labels = np.arange(n) % classes
    return (rng.normal(size=(n, 5)) + 3 * np.eye(5)[labels]).astype(dtype), labels


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_the_network_of_the_package(classes, dtype):
    """The same seed trains the same weights, and the answers are those of the network."""
    x, y = rows(classes, dtype=dtype)
    words = np.array(["one", "two", "three", "four"])[:classes]
    model = MLPGradientDescentClassifier(
        hidden_size=7, hidden_layers=2, epochs=3, batch_size=8, random_state=11
    ).fit(x, words[y])

    rng, binary = np.random.default_rng(11), classes == 2
    order = np.argsort(words)
    network = MultiLayerNetwork(
        5,
        7,
        1 if binary else classes,
        hidden_layers=2,
        loss=binary_cross_entropy_with_logits if binary else cross_entropy_with_logits,
        rng=rng,
        dtype=dtype,
    )
    history = network.train(
        x, np.argsort(order)[y], epochs=3, batch_size=8, learning_rate=0.1, rng=rng
    )
    for ours, theirs in zip(model.network_.parameters, network.parameters, strict=True):
        assert ours.dtype == dtype
        np.testing.assert_array_equal(ours, theirs)
    assert model.history_.train_loss == history.train_loss
    assert model.classes_.tolist() == sorted(words)
    assert model.predict(x).tolist() == words[order][network.predict(x)].tolist()
    assert model.decision_function(x).shape == ((90,) if binary else (90, classes))
    probabilities = model.predict_proba(x)
    assert probabilities.shape == (90, classes)
    np.testing.assert_array_equal(
        probabilities[:, 1:] if binary else probabilities, network.predict_proba(x)
    )
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("make", [np.random.RandomState, lambda seed: seed])
def test_the_same_random_state_gives_the_same_network(make):
    x, y = rows(3)
    first, second, other = (
        MLPGradientDescentClassifier(epochs=1, random_state=make(seed)).fit(x, y)
        for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(first.predict_proba(x), second.predict_proba(x))
    assert np.abs(first.predict_proba(x) - other.predict_proba(x)).max() > 1e-3


def test_a_random_state_is_drawn_from_for_128_bits():
    """As many as NumPy's own seeds have."""
    x, y = rows(3)
    drawn = np.random.RandomState(5).randint(2**32, size=4, dtype=np.uint32)
    rng = np.random.default_rng(drawn)
    ours = MLPGradientDescentClassifier(
        hidden_size=4, epochs=1, random_state=np.random.RandomState(5)
    ).fit(x, y)
    network = MultiLayerNetwork(
        5, 4, 3, hidden_layers=1, loss=cross_entropy_with_logits, rng=rng, dtype=np.float64
    )
    network.train(x, y, epochs=1, batch_size=32, learning_rate=0.1, rng=rng)
    for one, other in zip(ours.network_.parameters, network.parameters, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_training_takes_no_scores():
    """They would cost a pass over all examples an epoch."""
    history = MLPGradientDescentClassifier(epochs=2, random_state=0).fit(*rows(3)).history_
    assert (len(history.train_loss), history.train_score) == (2, [])


def test_without_a_random_state_it_draws_from_numpys_own():
    """As scikit-learn's own do: so a program that seeds NumPy is repeatable."""
    x, y = rows(3)
    seen = []
    for _ in range(2):
        np.random.seed(2)  # noqa: NPY002 - which is what None refers to
        seen.append(MLPGradientDescentClassifier(epochs=1).fit(x, y).predict_proba(x))
    np.testing.assert_array_equal(*seen)


def test_a_pipeline_is_searched():
    """Over settings of the network and over what comes before it; the best one is refitted."""
    digits = load_digits()
    x, y = digits.data[:600], digits.target[:600]
    pipeline = make_pipeline(
        MinMaxScaler(), MLPGradientDescentClassifier(hidden_size=32, epochs=10, random_state=0)
    )
    axes = {
        "mlpgradientdescentclassifier__learning_rate": [0.001, 0.2],
        "minmaxscaler": ["passthrough", MinMaxScaler()],
    }
    search = GridSearchCV(pipeline, axes, cv=3, error_score="raise").fit(x, y)
    assert search.best_params_["mlpgradientdescentclassifier__learning_rate"] == 0.2
    assert search.best_params_["minmaxscaler"] != "passthrough"
    assert search.best_score_ > 0.75
    assert search.score(digits.data[600:], digits.target[600:]) > 0.75
    again = cross_val_score(clone(search.best_estimator_), x, y, cv=3)
    assert again.mean() == pytest.approx(search.best_score_)


def test_pixels_are_scaled_before_it(mnist):
    """It takes bytes as numbers, as any estimator does; a pipeline scales them as the book."""
    x, y = mnist.train.images[:1000], mnist.train.labels[:1000]
    settings = {"hidden_size": 32, "epochs": 3, "random_state": 0}
    model = make_pipeline(
        FunctionTransformer(scale_pixels), MLPGradientDescentClassifier(**settings)
    ).fit(x, y)
    alone = MLPGradientDescentClassifier(**settings).fit(scale_pixels(x), y)
    assert alone.network_.layers[0].weights.dtype == np.float32
    np.testing.assert_array_equal(model.predict_proba(x), alone.predict_proba(scale_pixels(x)))
    assert model.score(mnist.test.images[:1000], mnist.test.labels[:1000]) > 0.7


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"hidden_size": 0}, ValueError, "hidden_size must be at least 1, but is 0"),
        ({"hidden_layers": 1.5}, TypeError, r"hidden_layers must be an integer, but is 1\.5"),
        ({"learning_rate": -1}, ValueError, "learning_rate must be above 0"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1, but is 0"),
        ({"batch_size": "all"}, TypeError, "batch_size must be an integer"),
        ({"weight_decay": -1}, ValueError, "weight_decay must be at least 0"),
        ({"random_state": "seed"}, ValueError, "seed"),
    ],
)
def test_settings_are_checked_when_it_is_fitted(settings, error, message):
    model = MLPGradientDescentClassifier(**settings)
    with pytest.raises(error, match=message):
        model.fit(*rows(3))
    with pytest.raises(NotFittedError):
        model.predict(rows(3)[0])


def test_one_class_and_a_rate_too_large_are_refused():
    x, y = rows(3)
    with pytest.raises(ValueError, match="y must hold at least two classes, but has 1 class"):
        MLPGradientDescentClassifier().fit(x, np.zeros_like(y))
    with pytest.raises(DivergenceError, match="no longer finite in epoch"):
        MLPGradientDescentClassifier(learning_rate=1e300, random_state=0).fit(x, y)


def test_without_scikit_learn_it_says_which_extra_brings_it():
    program = """
import sys
sys.modules["sklearn"] = None  # as if it were not there
import mnist_gd.networks
try:
    import mnist_gd.sklearn
except ImportError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True
    )
    assert "scikit-learn is not installed" in done.stdout
    assert "pip install 'mnist_gd[sklearn]'" in done.stdout


def test_what_a_mask_hides_is_refused():
    """scikit-learn itself forgets the mask."""
    X, y = np.arange(8.0).reshape(4, 2), np.array([0, 1, 0, 1])
    model = MLPGradientDescentClassifier(epochs=1, random_state=0)
    with pytest.raises(TypeError, match="X must not be masked, but hides 2 entries"):
        model.fit(np.ma.masked_less(X, 2), y)
    with pytest.raises(TypeError, match="y must not be masked, but hides 2 entries"):
        model.fit(X, np.ma.masked_less(y, 1))
    model.fit(X, y)
    for ask in (model.predict, model.predict_proba, model.decision_function):
        with pytest.raises(TypeError, match="X must not be masked, but hides 2 entries"):
            ask(np.ma.masked_less(X, 2))


@pytest.mark.parametrize("random_state", [-1, True, "a", 0.5])
def test_what_seeds_nothing_is_refused(random_state):
    model = MLPGradientDescentClassifier(epochs=1, random_state=random_state)
    with pytest.raises((ValueError, TypeError), match="random_state must be"):
        model.fit([[0.0], [1.0]], [0, 1])


@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize("settings", [{"learning_rate": 1e300}, {"epochs": 0}])
def test_a_fit_that_fails_leaves_what_was_fitted_before(settings, fitted):
    x, y = rows(3)
    model = MLPGradientDescentClassifier(epochs=2, random_state=0)
    if fitted:
        model.fit(x, y)
    model.set_params(**settings)
    before = dict(vars(model))
    with pytest.raises((DivergenceError, ValueError)):
        model.fit(np.hstack([x, x]), y)
    assert vars(model) == before
    assert ("n_features_in_" in before) == fitted
