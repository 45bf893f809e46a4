"""Training: the loop over the mini-batches, its history, its seeds, its divergence."""

import functools
import hashlib
import io
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_gd import losses
from mnist_gd.activations import relu
from mnist_gd.additions import Adam, Momentum
from mnist_gd.gradient_check import numerical_gradient
from mnist_gd.gradient_descent import DivergenceError
from mnist_gd.layers import LinearLayer
from mnist_gd.metrics import f1_score
from mnist_gd.networks import MultiLayerNetwork, Network, SingleLayerNetwork, minibatches
from mnist_gd.training import Settings
from tests.small_networks import (
    BINARY_LOSSES,
    CLASS_LOSSES,
    assert_same,
    both_networks,
    examples,
    make,
    weights_of,
)

# --------------------------------------------------------------------------- mini-batches


@given(n=st.integers(1, 60), batch_size=st.integers(1, 70), seed=st.integers(0, 9))
def test_every_row_is_drawn_once_with_its_label(n, batch_size, seed):
    """The last, smaller batch is used; a batch larger than the set is the whole set."""
    x, y = np.arange(n)[:, None] * np.ones((1, 2)), np.arange(n) * 10
    batches = list(minibatches(x, y, batch_size, rng=np.random.default_rng(seed)))
    assert len(batches) == -(-n // batch_size)
    assert all(len(some) == min(batch_size, n) for some, _ in batches[:-1])
    drawn = np.concatenate([labels for _, labels in batches])
    np.testing.assert_array_equal(np.sort(drawn), y)
    np.testing.assert_array_equal(np.concatenate([some for some, _ in batches])[:, 0] * 10, drawn)


def test_the_order_is_random_new_each_time_and_repeatable():
    x = np.arange(50)[:, None] * 1.0
    rng = np.random.default_rng(0)
    first, second = ([y for _, b in minibatches(x, x[:, 0], 8, rng=rng) for y in b] for _ in "ab")
    again = [y for _, b in minibatches(x, x[:, 0], 8, rng=np.random.default_rng(0)) for y in b]
    assert first == again
    assert first != second
    assert first != sorted(first)
    np.testing.assert_array_equal(x[:, 0], np.arange(50))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, but is 0"),
        ({"batch_size": -2}, ValueError, "batch_size must be at least 1"),
        ({"batch_size": 2.0}, TypeError, "batch_size must be an integer"),
        ({"batch_size": True}, TypeError, "batch_size must be an integer"),
        ({"batch_size": "all"}, TypeError, "batch_size must be an integer"),
        ({"y": np.arange(5)}, ValueError, "x and y must have the same number of rows"),
        ({"x": np.empty((0, 2)), "y": np.empty(0)}, ValueError, "at least 1"),
        ({"x": np.float64(1)}, ValueError, "x and y must have the same number of rows"),
        ({"rng": 0}, TypeError, r"rng must be a numpy\.random\.Generator"),
    ],
)
def test_minibatches_refuse_bad_arguments(change, error, words, rng):
    arguments = {"x": np.ones((4, 2)), "y": np.arange(4), "batch_size": 2, "rng": rng, **change}
    with pytest.raises(error, match=words):
        list(minibatches(**arguments))


# --------------------------------------------------------------------------- training


@both_networks
def test_training_is_the_loop_over_the_minibatches(kind, loss, rng):
    """Forward, backward, update for each batch; the loss is weighted by the rows of a batch.

    To the last bits: a training multiplies the rate into other numbers than `update` does.
    """
    x, y = examples(kind, rng, 23)
    trained, by_hand = make(kind, loss), make(kind, loss)
    history = trained.train(
        x, y, epochs=3, batch_size=5, learning_rate=0.2, rng=np.random.default_rng(1)
    )
    rng = np.random.default_rng(1)
    for epoch in range(3):
        total = 0.0
        for x_batch, y_batch in minibatches(x, y, 5, rng=rng):
            total += loss(by_hand.forward(x_batch), by_hand.targets(y_batch)) * len(x_batch)
            by_hand.backward(y_batch)
            by_hand.update(0.2)
        assert history.train_loss[epoch] == pytest.approx(total / 23, rel=1e-14)
        assert history.train_score[epoch] == pytest.approx(by_hand.evaluate(x, y))
    for ours, theirs in zip(weights_of(trained), weights_of(by_hand), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-14)
    with pytest.raises(RuntimeError, match="update needs a backward pass before it"):
        trained.update(0.1)


@both_networks
def test_the_history_holds_what_was_asked_for(kind, loss, rng):
    x, y = examples(kind, rng, 30)
    network = make(kind, loss)
    settings = {"epochs": 3, "batch_size": 8, "learning_rate": 0.1, "rng": rng}
    history = network.train(x[:20], y[:20], validation=(x[20:], y[20:]), **settings)
    assert len(history) == len(history.train_score) == len(history.validation_score) == 3
    predicted = network.logits(x[20:])
    assert history.validation_loss[-1] == pytest.approx(loss(predicted, network.targets(y[20:])))
    assert history.validation_score[-1] == network.evaluate(x[20:], y[20:])
    assert history.train_score[-1] == network.evaluate(x[:20], y[:20])
    assert history.seconds == sorted(history.seconds)
    assert all(seconds > 0 for seconds in history.seconds)
    assert history.metric == ("f1_score" if kind == "single" else "accuracy")
    assert history.metric in history.summary()
    bare = network.train(x, y, track_training=False, **settings)
    assert (len(bare), bare.train_score, bare.validation_loss, bare.validation_score) == (
        *(3, [], [], []),
    )


@both_networks
def test_the_seconds_are_those_of_the_processor(kind, loss, rng):
    x, y = examples(kind, rng, 30)

    def slow(batch, rng):
        time.sleep(0.02)
        return batch

    start = time.perf_counter()
    history = make(kind, loss).train(
        x, y, epochs=2, batch_size=3, learning_rate=0.1, rng=rng, augment=slow
    )
    assert time.perf_counter() - start >= 20 * 0.02
    assert history.seconds[-1] < 10 * 0.02


@both_networks
def test_tracking_does_not_change_what_is_learned(kind, loss, rng):
    x, y = examples(kind, rng, 30)
    learned = []
    for extra in ({"track_training": False}, {"validation": (x, y), "progress": True}):
        network = make(kind, loss)
        network.train(
            x,
            y,
            epochs=2,
            batch_size=8,
            learning_rate=0.1,
            rng=np.random.default_rng(0),
            **extra,
        )
        learned.append(weights_of(network))
    assert_same(*learned)


@both_networks
def test_a_batch_larger_than_the_set_is_the_whole_set(kind, loss, rng):
    x, y = examples(kind, rng, 10)
    network, by_hand = make(kind, loss), make(kind, loss)
    history = network.train(x, y, epochs=1, batch_size=1000, learning_rate=0.1, rng=rng)
    assert np.isfinite(history.train_loss[0])
    by_hand.forward(x)
    by_hand.backward(y)
    by_hand.update(0.1)
    for ours, theirs in zip(weights_of(network), weights_of(by_hand), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-15)


def test_progress_is_silent_where_there_is_no_terminal(capfd, rng):
    network = make("single", losses.binary_cross_entropy_with_logits)
    x, y = examples("single", rng)
    network.train(x, y, epochs=1, batch_size=4, learning_rate=0.1, rng=rng, progress=True)
    assert capfd.readouterr() == ("", "")


def test_a_terminal_is_left_alone_if_no_progress_is_asked_for(monkeypatch, rng):
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stderr", terminal)
    network = make("single", losses.binary_cross_entropy_with_logits)
    x, y = examples("single", rng)
    network.train(x, y, epochs=1, batch_size=4, learning_rate=0.1, rng=rng)
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("loss", BINARY_LOSSES, ids=lambda loss: loss.__name__)
def test_exclusive_or_is_learned(loss):
    """No linear classifier can: the hidden layer has to do something."""
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    x, y = np.tile(corners, (8, 1)) * 2 - 1, np.tile([0, 1, 1, 0], 8)
    network = SingleLayerNetwork(2, 16, loss=loss, rng=np.random.default_rng(0))
    rate = 5.0 if "focal" in loss.__name__ else 1.0
    history = network.train(
        x, y, epochs=100, batch_size=8, learning_rate=rate, rng=np.random.default_rng(0)
    )
    assert network.evaluate(x, y) == 1
    assert history.train_loss[-1] < 0.3 * history.train_loss[0]


@pytest.mark.parametrize("loss", CLASS_LOSSES, ids=lambda loss: loss.__name__)
def test_rings_are_learned(loss, rng):
    """Three rings, one inside the other, on examples that were not trained on."""
    angle, y = rng.uniform(0, 2 * np.pi, 600), np.arange(600) % 3
    x = ((y + 0.2) * np.stack([np.cos(angle), np.sin(angle)])).T + rng.normal(
        scale=0.1, size=(600, 2)
    )
    network = MultiLayerNetwork(2, 32, 3, loss=loss, rng=rng)
    network.train(
        x[:300].astype(np.float32), y[:300], epochs=60, batch_size=16, learning_rate=0.1, rng=rng
    )
    assert network.evaluate(x[300:].astype(np.float32), y[300:]) > 0.95


def test_a_rare_yes_is_found(rng):
    """One "yes" in ten: the answer must not collapse to "never", and F1 must not be 0."""
    y = (np.arange(1000) % 10 == 0).astype(int)
    x = (rng.normal(size=(1000, 5)) + 2.5 * y[:, None]).astype(np.float32)
    network = SingleLayerNetwork(5, 16, loss=losses.binary_cross_entropy_with_logits, rng=rng)
    network.train(x[:500], y[:500], epochs=20, batch_size=32, learning_rate=0.5, rng=rng)
    assert network.evaluate(x[500:], y[500:]) > 0.9


# --------------------------------------------------------------------------- weight decay


@both_networks
def test_a_step_with_decay_is_one_down_the_penalised_loss(kind, loss, rng):
    """By central differences: the penalty is half the decay times the squares of the weights."""
    x, y = examples(kind, rng)
    network, target = make(kind, loss), make(kind, loss)
    network.train(x, y, epochs=1, batch_size=8, learning_rate=0.2, rng=rng, weight_decay=0.3)

    def penalised(values, parameter):
        parameter[:] = values
        squares = sum(np.sum(layer.weights**2) for layer in target.layers)
        logits = target.logits(x)
        if not loss.on_logits:
            logits = target.output_activation(logits)
        return loss(logits, target.targets(y)) + 0.3 / 2 * squares

    for parameter, moved in zip(target.parameters, network.parameters, strict=True):
        start = parameter.copy()
        slope = numerical_gradient(functools.partial(penalised, parameter=parameter), start)
        parameter[:] = start
        np.testing.assert_allclose(moved, start - 0.2 * slope, rtol=0, atol=1e-8)


@both_networks
@pytest.mark.parametrize("make_optimizer", [None, Momentum, Adam])
def test_the_weights_shrink_before_each_step_whoever_takes_it(kind, loss, make_optimizer, rng):
    """Biases do not, and no optimizer sees it in its gradients."""
    x, y = examples(kind, rng, 12)
    trained, by_hand = make(kind, loss), make(kind, loss)
    trained.train(
        x,
        y,
        epochs=2,
        batch_size=5,
        learning_rate=lambda progress: 0.1 * (1 - progress),
        rng=np.random.default_rng(1),
        optimizer=make_optimizer() if make_optimizer else None,
        weight_decay=0.4,
    )
    optimizer, shuffle, step = (make_optimizer or Momentum)(), np.random.default_rng(1), 0
    if make_optimizer is None:
        optimizer.momentum = 0.0
    for _ in range(2):
        for x_batch, y_batch in minibatches(x, y, 5, rng=shuffle):
            rate, step = 0.1 * (1 - step / 6), step + 1
            by_hand.forward(x_batch)
            by_hand.backward(y_batch)
            for layer in by_hand.layers:
                layer.weights *= 1 - rate * 0.4
            optimizer.update(by_hand.parameters, by_hand.gradients, rate)
    for ours, theirs in zip(weights_of(trained), weights_of(by_hand), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-14)


def test_without_decay_no_weight_is_touched(monkeypatch, rng):
    """Nor is another way taken to the step: what was trained before is trained again."""

    def touched(*_):
        raise AssertionError("the weights were made smaller")

    monkeypatch.setattr("mnist_gd._passes.shrink_weights", touched)
    x, y = examples("multi", rng)
    networks = [make("multi", losses.cross_entropy_with_logits) for _ in range(2)]
    for network, decay in zip(networks, ({}, {"weight_decay": 0}), strict=True):
        settings = {"epochs": 2, "batch_size": 4, "learning_rate": 0.1}
        network.train(x, y, rng=np.random.default_rng(0), **settings, **decay)
        assert network.layers[0].weights_grad is None  # as a step at once leaves it
    assert_same(*map(weights_of, networks))
    networks[0].train(x, y, rng=rng, optimizer=Adam(), **settings)
    with pytest.raises(AssertionError, match="made smaller"):
        networks[0].train(x, y, rng=rng, weight_decay=0.1, **settings)


def test_weights_that_layers_share_shrink_once(rng):
    shared, by_hand = (make("multi", losses.cross_entropy_with_logits) for _ in range(2))
    for network in (shared, by_hand):
        network.layers[2].weights = network.layers[1].weights
    x, y = examples("multi", rng)
    shared.train(x, y, epochs=1, batch_size=8, learning_rate=0.1, rng=rng, weight_decay=0.5)
    by_hand.forward(x)
    by_hand.backward(y)
    for layer in (by_hand.layers[0], by_hand.layers[1], by_hand.layers[3]):
        layer.weights *= 1 - 0.1 * 0.5
    by_hand.update(0.1)
    for ours, theirs in zip(weights_of(shared), weights_of(by_hand), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-13)


# --------------------------------------------------------------------------- early stopping


def trained_along(course, patience, epochs=None):
    """Train with validation losses that are given; returns the network and its history."""
    rng = np.random.default_rng(3)
    (x, y), judged = examples("multi", rng, 8), examples("multi", rng, 9)
    told = iter(course)

    def scripted(y_pred, y_true):
        true = losses.cross_entropy_with_logits(y_pred, y_true)
        return next(told) if len(y_true) == 9 else true

    scripted.gradient = losses.cross_entropy_with_logits.gradient
    scripted.on_logits = True
    network = make("multi", scripted)
    history = network.train(
        x,
        y,
        validation=judged,
        epochs=epochs or len(course),
        batch_size=4,
        learning_rate=0.1,
        rng=np.random.default_rng(0),
        patience=patience,
    )
    return network, history


@pytest.mark.parametrize(
    ("course", "patience", "epochs", "best"),
    [
        ([5, 4, 3, 3, 4, 2], 1, 4, 3),  # as low is not lower
        ([5, 4, 3, 3, 4, 2], 2, 5, 3),
        ([5, 4, 3, 3, 4, 2], 3, 6, 6),
        ([5, 6, 4, 5, 5, 5], 2, 5, 3),  # the count begins anew
        ([1, 2, 3], 9, 3, 1),  # too few epochs for the patience, but the best comes back
        ([3, 2, 1], 1, 3, 3),
    ],
)
def test_when_patience_ends_and_what_is_kept(course, patience, epochs, best):
    network, history = trained_along(course, patience)
    assert (len(history), history.best_epoch) == (epochs, best)
    assert history.validation_loss == course[:epochs]
    until_then, _ = trained_along(course, None, epochs=best)
    assert_same(weights_of(network), weights_of(until_then))


@settings(max_examples=25, deadline=None)
@given(
    course=st.lists(st.integers(0, 5).map(float), min_size=1, max_size=8),
    patience=st.integers(1, 4),
)
def test_a_training_stops_at_the_first_epoch_after_which_nothing_was_better(course, patience):
    network, history = trained_along(course, patience)
    seen = len(history)
    assert history.best_epoch == int(np.argmin(course[:seen])) + 1
    waited = [e - int(np.argmin(course[:e])) - 1 for e in range(1, len(course) + 1)]
    stops = [e for e, epochs in enumerate(waited, start=1) if epochs >= patience]
    assert seen == min([*stops, len(course)])
    until_then, _ = trained_along(course, None, epochs=history.best_epoch)
    assert_same(weights_of(network), weights_of(until_then))


def test_a_validation_loss_that_is_no_number_is_no_best_one():
    """The training ends as a diverged one, and the best parameters so far come back."""
    with pytest.raises(DivergenceError, match="the validation loss is no longer finite") as caught:
        trained_along([3.0, 2.0, np.nan, 1.0], 3)
    assert (len(caught.value.history), caught.value.history.best_epoch) == (2, 2)


def test_after_a_divergence_the_best_parameters_come_back():
    rng = np.random.default_rng(3)
    (x, y), judged = examples("multi", rng, 8), examples("multi", rng, 9)
    network = make("multi", losses.cross_entropy_with_logits)
    rate = lambda progress: 0.1 if progress < 0.5 else 1e200  # noqa: E731
    with pytest.raises(DivergenceError) as caught:
        network.train(
            x,
            y,
            validation=judged,
            epochs=4,
            batch_size=8,
            learning_rate=rate,
            rng=np.random.default_rng(0),
            patience=4,
        )
    history = caught.value.history
    kept = network.loss(network.logits(judged[0]), network.targets(judged[1]))
    assert kept == min(history.validation_loss)


def test_parameters_that_cannot_be_put_back_are_refused_before_anything_moves():
    class Frozen(LinearLayer):
        def update(self, learning_rate):
            """Stay."""

    rng = np.random.default_rng(3)
    (x, y), judged = examples("multi", rng, 8), examples("multi", rng, 9)
    network = make("multi", losses.cross_entropy_with_logits)
    first = network.layers[0]
    frozen = Frozen(first.input_size, first.output_size, first.activation, rng=rng)
    frozen.weights.flags.writeable = False
    network.layers[0] = frozen
    before = [parameter.copy() for parameter in network.parameters]
    options = {"epochs": 1, "batch_size": 4, "learning_rate": 0.1, "validation": judged}
    for option in ({"patience": 1}, {"weight_decay": 0.1}):
        with pytest.raises(ValueError, match="weights of a layer must be a writeable array"):
            network.train(x, y, rng=np.random.default_rng(0), **options, **option)
    assert_same(before, network.parameters)
    network.train(x, y, rng=np.random.default_rng(0), **options)  # without them it may stay


def test_without_patience_the_last_weights_stay():
    network, history = trained_along([1.0, 2.0, 3.0], None)
    assert (len(history), history.best_epoch) == (3, None)
    first, _ = trained_along([1.0], None)
    assert not np.allclose(network.layers[0].weights, first.layers[0].weights)


# --------------------------------------------------------------------------- reproducibility

RUN = """
import hashlib
import numpy as np
from mnist_gd import losses
from mnist_gd.networks import MultiLayerNetwork, SingleLayerNetwork

def run():
    digest = hashlib.sha256()
    rng = np.random.default_rng(11)
    x, y = rng.normal(size=(200, 30)).astype(np.float32), rng.integers(0, 2, 200)
    for network in (
        SingleLayerNetwork(30, 40, loss=losses.binary_cross_entropy_with_logits, rng=rng),
        MultiLayerNetwork(30, 40, loss=losses.cross_entropy_with_logits, rng=rng),
    ):
        network.train(x, y, epochs=3, batch_size=32, learning_rate=0.1, rng=rng)
        for layer in network.layers:
            digest.update(layer.weights.tobytes() + layer.bias.tobytes())
    return digest.hexdigest()
"""


def test_the_same_seed_gives_the_same_bits_in_this_process_and_in_another():
    space = {}
    exec(RUN, space)
    first, second = space["run"](), space["run"]()
    command = [sys.executable, "-c", RUN + "print(run())"]
    other = subprocess.run(
        command, capture_output=True, encoding="utf-8", check=True
    ).stdout.strip()
    assert first == second == other
    assert len(first) == len(hashlib.sha256().hexdigest())


@both_networks
def test_another_seed_gives_other_weights(kind, loss, rng):
    x, y = examples(kind, rng, 20)
    learned = []
    for seed in (0, 1):
        network = make(kind, loss)
        network.train(
            x, y, epochs=1, batch_size=4, learning_rate=0.1, rng=np.random.default_rng(seed)
        )
        learned.append(network.layers[0].weights)
    assert (learned[0] != learned[1]).any()


def test_the_global_random_state_is_neither_read_nor_written(rng):
    x, y = examples("multi", rng, 20)
    learned = []
    for seed in (0, 1):
        np.random.seed(seed)  # noqa: NPY002
        before = np.random.get_state()  # noqa: NPY002
        network = MultiLayerNetwork(
            4, 6, 3, loss=losses.cross_entropy_with_logits, rng=np.random.default_rng(0)
        )
        network.train(
            x, y, epochs=1, batch_size=4, learning_rate=0.1, rng=np.random.default_rng(0)
        )
        learned.append(weights_of(network))
        after = np.random.get_state()  # noqa: NPY002
        assert before[0] == after[0]
        np.testing.assert_array_equal(before[1], after[1])
        assert before[2:] == after[2:]
    assert_same(*learned)


@both_networks
def test_the_data_are_left_alone(kind, loss, rng):
    x, y = examples(kind, rng, 20)
    before = x.copy(), y.copy()
    make(kind, loss).train(x, y, epochs=2, batch_size=4, learning_rate=0.1, rng=rng)
    assert_same((x, y), before)


# --------------------------------------------------------------------------- divergence


@both_networks
def test_divergence_names_epoch_batch_and_rate_and_keeps_the_history(kind, loss, rng):
    x, y = examples(kind, rng, 40)
    network = make(kind, loss, dtype=np.float32)
    words = r"no longer finite (in|after) epoch \d+, batch \d+, with learning_rate=1e\+20"
    with pytest.raises(DivergenceError, match=words) as caught:
        network.train(x.astype(np.float32), y, epochs=9, batch_size=4, learning_rate=1e20, rng=rng)
    assert len(caught.value.history) < 9
    assert np.isfinite(caught.value.history.train_loss).all()


def test_divergence_after_some_epochs_keeps_those(rng):
    x, y = examples("multi", rng, 40)
    network = make("multi", losses.cross_entropy_with_logits)
    calls = []

    def breaks_in_the_third_epoch(y_pred, y_true):
        calls.append(1)
        return np.nan if len(calls) == 2 * 10 + 4 else 1.0

    breaks_in_the_third_epoch.gradient = losses.mean_squared_error.gradient
    breaks_in_the_third_epoch.on_logits = False
    network.loss = breaks_in_the_third_epoch
    with pytest.raises(DivergenceError, match=r"loss .* in epoch 3, batch 4, with") as caught:
        network.train(
            x, y, epochs=5, batch_size=4, learning_rate=1e-3, rng=rng, track_training=False
        )
    assert len(caught.value.history) == len(caught.value.history.seconds) == 2


@pytest.mark.parametrize("options", [{"track_training": False}, {}, {"validation": True}])
def test_weights_that_end_an_epoch_too_large_are_divergence_too(options, rng):
    """The last step of an epoch may leave finite weights whose outputs are not finite."""
    x, y = examples("multi", rng, 8)
    x = x.astype(np.float32)
    network = make("multi", losses.cross_entropy_with_logits, dtype=np.float32)
    if "validation" in options:
        options = {"validation": (x, y), "track_training": False}
    with pytest.raises(DivergenceError, match=r"epoch \d, batch 1, with learning_rate=1e\+20"):
        network.train(x, y, epochs=2, batch_size=8, learning_rate=1e20, rng=rng, **options)


def test_a_bias_that_is_not_finite_is_divergence_too(rng):
    """Black images have no gradient for the first weights: only biases move."""
    network = make("linear", losses.mean_squared_error, dtype=np.float32)
    x, y = np.zeros((8, 4), np.float32), np.arange(8) % 3
    network.update = lambda rate: network.layers[0].bias.fill(np.inf)
    with pytest.raises(DivergenceError, match="parameters are no longer finite after epoch 1, b"):
        network.train(
            x, y, epochs=1, batch_size=8, learning_rate=0.1, rng=rng, track_training=False
        )


class OwnNetwork(SingleLayerNetwork):
    """A reader's own: rows are turned round on their way in, steps are halved."""

    def forward(self, x, **options):
        return super().forward(x[:, ::-1], **options)

    def update(self, learning_rate):
        super().update(learning_rate / 2)


def test_a_network_of_the_reader_is_trained_as_it_says(rng):
    x, y = examples("single, three classes", rng)
    options = {"epochs": 2, "batch_size": 3, "track_training": False}
    loss = losses.cross_entropy_with_logits
    own, plain = (
        cls(4, 6, 3, loss=loss, rng=np.random.default_rng(1), dtype=np.float64)
        for cls in (OwnNetwork, SingleLayerNetwork)
    )
    own.train(x, y, learning_rate=0.5, rng=np.random.default_rng(2), **options)
    plain.train(x[:, ::-1], y, learning_rate=0.25, rng=np.random.default_rng(2), **options)
    assert_same(weights_of(own), weights_of(plain))


class OwnLayer(LinearLayer):
    """A reader's own: one method of it, `which`, does something else."""

    which = None

    def pre_activation(self, x):
        return super().pre_activation(x) * (2 if self.which == "pre_activation" else 1)

    def forward(self, x):
        return super().forward(x) * (2 if self.which == "forward" else 1)

    def backward(self, grad_output, **options):
        return super().backward(grad_output * (2 if self.which == "backward" else 1), **options)

    def update(self, learning_rate):
        super().update(learning_rate * (2 if self.which == "update" else 1))


def double(z):
    return 2 * z


double.backward = lambda grad_output, z: 2 * grad_output


def own_network(what):
    """A network of which something is the reader's own, as a class or as an attribute."""
    rng, loss = np.random.default_rng(1), losses.cross_entropy_with_logits
    make_layer = OwnLayer if what.startswith("class") else LinearLayer
    hidden = double if what == "activation" else relu
    if what == "loss":

        def loss(y_pred, y_true):
            return 2 * losses.cross_entropy_with_logits(y_pred, y_true)

        loss.gradient = lambda p, y: 2 * losses.cross_entropy_with_logits.gradient(p, y)
        loss.on_logits = True
    layers = [
        make_layer(*size, activation, rng=rng, dtype=np.float64)
        for size, activation in [((4, 6), hidden), ((6, 3), None)]
    ]
    kind, _, name = what.partition(" ")
    for layer in layers:
        if kind == "class":
            layer.which = name
        if kind == "instance":
            theirs = getattr(layer, name)
            setattr(layer, name, lambda a, *b, theirs=theirs, **c: theirs(2 * a, *b, **c))
    return Network(layers, loss=loss)


METHODS = ("pre_activation", "forward", "backward", "update")


@pytest.mark.parametrize(
    "what",
    [
        "activation",
        "loss",
        *(f"{how} {name}" for how in ("class", "instance") for name in METHODS),
    ],
)
def test_whatever_is_of_the_reader_is_trained_as_it_says(what, rng):
    """As a loop over the public methods; and it matters, so nothing of it was left out."""
    x, y = examples("single, three classes", rng, 7)
    trained, by_hand, plain = own_network(what), own_network(what), own_network("")
    for network in (trained, plain):
        network.train(
            x, y, epochs=2, batch_size=3, learning_rate=0.1, rng=np.random.default_rng(2)
        )
    shuffle = np.random.default_rng(2)
    for _ in range(2):
        for x_batch, y_batch in minibatches(x, y, 3, rng=shuffle):
            by_hand.forward(x_batch)
            by_hand.backward(y_batch)
            by_hand.update(0.1)
    assert_same(weights_of(trained), weights_of(by_hand))
    assert not np.allclose(trained.layers[0].weights, plain.layers[0].weights)


def narrow(grad_output, z):
    return grad_output[:, :1]


@pytest.mark.parametrize("what", ["activation", "layer"])
def test_gradients_of_another_shape_are_refused_in_a_training_too(what, rng):
    """They would broadcast; what comes from a reader is looked at in each step."""
    network = own_network("activation" if what == "activation" else "class")
    if what == "activation":
        network.layers[0].activation = functools.update_wrapper(lambda z: 2 * z, double)
        network.layers[0].activation.backward = narrow
    else:
        network.layers[1].backward = lambda grad, **_: grad[:, :1]
    x, y = examples("single, three classes", rng, 6)
    with pytest.raises((ValueError, RuntimeError), match=r"same shape|backward pass"):
        network.train(x, y, epochs=1, batch_size=3, learning_rate=0.1, rng=rng)


@pytest.mark.parametrize("name", ["forward", "backward", "update"])
def test_a_method_put_in_the_place_of_a_networks_own_is_called(name, monkeypatch, rng):
    """Also one that copies the attributes of the other, in the class itself."""
    calls, theirs = [], getattr(Network, name)

    @functools.wraps(theirs)
    def mine(self, *arguments, **options):
        calls.append(name)
        return theirs(self, *arguments, **options)

    monkeypatch.setattr(Network, name, mine)
    x, y = examples("multi", rng, 12)
    network = make("multi", losses.cross_entropy_with_logits)
    network.train(x, y, epochs=1, batch_size=4, learning_rate=0.1, rng=rng, track_training=False)
    assert calls == [name] * 3


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("bias", lambda bias: np.zeros((1, 1))),
        ("bias", lambda bias: bias[0]),
        ("weights", lambda weights: weights.astype(int)),
        ("weights", lambda weights: weights.astype(complex)),
        ("weights", lambda weights: np.broadcast_to(weights, weights.shape)),
        ("bias", lambda bias: np.broadcast_to(bias, bias.shape)),
    ],
    ids=[
        "one bias for all",
        "1-d bias",
        "integers",
        "complex numbers",
        "read-only weights",
        "read-only bias",
    ],
)
def test_parameters_that_no_step_can_move_are_refused_before_any_has_moved(name, change, rng):
    x, y = examples("multi", rng, 12)
    network = make("multi", losses.cross_entropy_with_logits)
    layer = network.layers[1]
    setattr(layer, name, change(getattr(layer, name)))
    before = weights_of(network)
    with pytest.raises(ValueError, match=f"{name} of a layer must be a writeable array"):
        network.train(x, y, epochs=1, batch_size=4, learning_rate=0.1, rng=rng)
    assert_same(weights_of(network), before)


class FlatBias(LinearLayer):
    """A reader's own, whose bias has one axis."""

    def check_gradients(self):
        assert self.bias_grad.shape == (1, len(self.bias))

    def update(self, learning_rate):
        self.weights -= learning_rate * self.weights_grad
        self.bias -= learning_rate * self.bias_grad[0]


def test_a_layer_with_an_update_of_its_own_has_what_parameters_it_likes(rng):
    x, y = examples("single, three classes", rng, 12)
    layer = FlatBias(4, 3, rng=rng, dtype=np.float64)
    layer.bias = np.zeros(3)
    network = Network([layer], loss=losses.cross_entropy_with_logits)
    network.train(x, y, epochs=1, batch_size=4, learning_rate=0.1, rng=rng)
    assert layer.bias.shape == (3,)
    assert layer.bias.any()


def test_layers_that_share_their_weights_step_by_both_gradients(rng):
    """Each gradient is that of the weights before the step."""
    shared, by_hand = (make("multi", losses.cross_entropy_with_logits) for _ in range(2))
    for network in (shared, by_hand):
        network.layers[2].weights = network.layers[1].weights
    x, y = examples("multi", rng, 12)
    shared.train(x, y, epochs=1, batch_size=12, learning_rate=0.1, rng=rng, track_training=False)
    by_hand.forward(x)
    by_hand.backward(y)
    by_hand.update(0.1)
    for ours, theirs in zip(weights_of(shared), weights_of(by_hand), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-13)


def loss_that_returns(value):
    def loss(y_pred, y_true):
        return value

    loss.gradient, loss.on_logits = lambda y_pred, y_true: y_pred - y_true, True
    return loss


@pytest.mark.parametrize("value", [np.ones(3), np.ones((1, 1)), [1.0, 2.0]], ids=str)
def test_a_loss_returns_one_number(value, rng):
    x, y = examples("multi", rng, 12)
    network = make("multi", loss_that_returns(value))
    before = weights_of(network)
    with pytest.raises(TypeError, match="loss must return one number, but has returned"):
        network.train(x, y, epochs=1, batch_size=4, learning_rate=0.1, rng=rng)
    assert_same(weights_of(network), before)


@pytest.mark.parametrize("number", [0.5, np.float32(0.5), np.array(0.5)], ids=repr)
def test_one_number_is_one_however_it_is_held(number, rng):
    x, y = examples("multi", rng, 12)
    network = make("multi", loss_that_returns(number))
    history = network.train(x, y, epochs=1, batch_size=5, learning_rate=1e-3, rng=rng)
    assert history.train_loss == [0.5]


def test_augment_returns_real_numbers(rng):
    x, y = examples("multi", rng, 12)
    network = make("multi", losses.cross_entropy_with_logits)
    before = weights_of(network)
    options = {"epochs": 1, "batch_size": 4, "learning_rate": 0.1, "rng": rng}
    with pytest.raises(TypeError, match=r"augment's images must hold real .* is complex128"):
        network.train(x, y, augment=lambda x, rng: 1j * x, **options)
    assert_same(weights_of(network), before)


@both_networks
@pytest.mark.parametrize("rows", [1, 3])
def test_augment_may_not_lose_rows(kind, loss, rows, rng):
    """Also not all but one, which would broadcast."""
    x, y = examples(kind, rng, n=8)
    network = make(kind, loss)
    before = weights_of(network)
    with pytest.raises(ValueError, match="y_pred and y_true must have the same shape"):
        network.train(
            x,
            y,
            epochs=1,
            batch_size=4,
            learning_rate=0.1,
            rng=rng,
            augment=lambda x, rng: x[:rows],
        )
    assert_same(weights_of(network), before)


def test_labels_are_brought_to_their_form_once_for_all_epochs(monkeypatch, rng):
    network = make("multi", losses.cross_entropy_with_logits)
    asked = []

    def labels(y, original=network.labels):
        asked.append(len(y))
        return original(y)

    monkeypatch.setattr(network, "labels", labels)
    (x, y), validation = examples("multi", rng, 12), examples("multi", rng, 9)
    settings = {"batch_size": 4, "learning_rate": 0.01, "rng": rng}
    network.train(x, y, epochs=3, validation=validation, **settings)
    assert asked == [12, 9]


# --------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 0),
        ("learning_rate", -0.5),
        ("dropout", -0.5),
        ("dropout", 1.0),
        ("dropout", 1.5),
        ("weight_decay", -0.5),
        ("weight_decay", 2.0),  # at the rate of 0.5 it would leave nothing
    ],
)
def test_shares_out_of_their_range_are_refused(name, value, rng):
    with pytest.raises(ValueError, match=f"{name} must be"):
        Settings(**{"epochs": 1, "batch_size": 1, "learning_rate": 0.5, "rng": rng, name: value})


def test_a_rate_is_asked_for_while_the_training_lasts(rng):
    for rate, at_the_start, later in ((0.5, 0.5, 0.5), (lambda share: 1 - share, 1, 0.25)):
        settings = Settings(epochs=1, batch_size=1, learning_rate=rate, rng=rng)
        assert (settings.rate(0), settings.rate(0.75)) == (at_the_start, later)
        for progress, words in ((-0.25, "at least 0"), (1, "below 1"), (1.5, "below 1")):
            with pytest.raises(ValueError, match=f"^progress must be {words}, but is"):
                settings.rate(progress)


def test_settings_are_named_kept_as_checked_and_fixed(rng):
    settings = Settings(epochs=np.int64(2), batch_size=np.int8(3), learning_rate=1, rng=rng)
    assert (type(settings.epochs), type(settings.batch_size)) == (int, int)
    assert type(settings.learning_rate) is float
    with pytest.raises(AttributeError):
        settings.epochs = 3
    with pytest.raises(TypeError):
        Settings(2, 3, 0.5, rng)


@pytest.mark.parametrize("rows", [(3, 4), (4, 3)])
def test_rows_without_a_label_and_labels_without_a_row_are_refused(rows, rng):
    x, y = np.ones((rows[0], 2)), np.arange(rows[1])
    with pytest.raises(ValueError, match="x and y must have the same number of rows"):
        next(minibatches(x, y, 2, rng=rng))
    with pytest.raises(ValueError, match="x and y must have the same number of rows"):
        next(minibatches(np.ones(1), np.array(1), 2, rng=rng))


def take_step(parameters, gradients, learning_rate):
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter -= learning_rate * gradient


class Static:
    update = staticmethod(take_step)


class OfTheObject:
    def __init__(self):
        self.update = take_step


class Around:
    def __getattr__(self, name):
        return getattr(Static, name)


@pytest.mark.parametrize("make_optimizer", [Static, OfTheObject, Around])
def test_whatever_has_an_update_is_an_optimizer(make_optimizer, rng):
    x, y = examples("multi", rng)
    networks = [make("multi", losses.cross_entropy_with_logits) for _ in range(2)]
    for network, options in zip(networks, ({}, {"optimizer": make_optimizer()}), strict=True):
        settings = {"epochs": 2, "batch_size": 4, "learning_rate": 0.1}
        network.train(x, y, rng=np.random.default_rng(0), **settings, **options)
    for plain, other in zip(*map(weights_of, networks), strict=True):
        np.testing.assert_allclose(plain, other, rtol=1e-12)


@pytest.mark.parametrize("returned", [None, "a", 1j, np.ones(1), np.ones(2)])
def test_a_loss_that_is_no_number_is_named(returned, rng):
    x, y = examples("multi", rng, 12)
    network = make("multi", loss_that_returns(returned))
    with pytest.raises(TypeError, match="loss must return one number, but has returned "):
        network.train(x, y, epochs=1, batch_size=5, learning_rate=1e-3, rng=rng)


def test_the_losses_of_a_history_are_numbers_of_python(rng):
    x, y = examples("multi", rng, 12)
    network = make("multi", loss_that_returns(np.array(0.5)))
    options = {"epochs": 2, "batch_size": 5, "learning_rate": 1e-3, "rng": rng}
    history = network.train(x, y, validation=(x, y), **options)
    assert history.validation_loss == [0.5, 0.5]
    assert {type(loss) for loss in history.validation_loss + history.train_loss} == {float}


@pytest.mark.parametrize("where", ["augment", "metric"])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_training_with_patience_that_is_ended_by_an_error_gives_the_best_back(error, where, rng):
    x, y = examples("multi", rng, 12)
    calls = []

    def fail(at):
        calls.append(1)
        if len(calls) == at:
            raise error

    def augment(images, rng):
        fail(8)
        return images

    def metric(labels, answers):
        if where == "metric":
            fail(6)  # twice an epoch: for the validation of the third
        return 0.5

    network, same = (make("multi", losses.cross_entropy_with_logits) for _ in range(2))
    options = {"batch_size": 4, "learning_rate": 0.1, "patience": 3, "validation": (x, y)}
    network.metric = metric
    augment = augment if where == "augment" else None
    with pytest.raises(error):
        network.train(x, y, epochs=5, rng=np.random.default_rng(0), augment=augment, **options)
    same.train(x, y, epochs=2, rng=np.random.default_rng(0), **options)  # three batches each
    assert_same(weights_of(network), weights_of(same))


@pytest.mark.parametrize("optimizer", [{}, {1}, Static, Momentum, print])
def test_what_takes_no_step_is_no_optimizer(optimizer, rng):
    with pytest.raises(
        TypeError, match=r"optimizer must have an update\(.*\), as Adam\(\), but is"
    ):
        Settings(epochs=1, batch_size=1, learning_rate=0.1, rng=rng, optimizer=optimizer)


@pytest.mark.parametrize("returned", [0, -0.5, -1])
def test_a_rate_that_a_callable_returns_is_above_nothing(returned, rng):
    settings = Settings(epochs=1, batch_size=1, learning_rate=lambda progress: returned, rng=rng)
    with pytest.raises(ValueError, match="learning_rate must be above 0, but is "):
        settings.rate(0.5)


@pytest.mark.parametrize("make_optimizer", [lambda: None, Momentum, Adam])
def test_a_pass_back_of_the_readers_is_made_in_a_training(make_optimizer, rng):
    """As of one that clips its gradients, to nothing here."""

    class Clipped(SingleLayerNetwork):
        def backward(self, y):
            super().backward(y)
            for gradient in self.gradients:
                gradient[:] = 0

    network = Clipped(4, 6, 3, loss=losses.cross_entropy_with_logits, rng=rng)
    before = weights_of(network)
    x, y = examples("single, three classes", rng)
    options = {"epochs": 1, "batch_size": 4, "learning_rate": 0.1, "optimizer": make_optimizer()}
    network.train(x, y, rng=rng, **options)
    assert_same(weights_of(network), before)


def test_a_network_with_answers_of_its_own_is_judged_by_them(rng):
    """The history and the patience, too."""

    class Own(OwnNetwork):
        def logits(self, x):
            return super().logits(x[:, ::-1])

    own, plain = (
        cls(4, 6, 3, loss=losses.cross_entropy_with_logits, rng=np.random.default_rng(1))
        for cls in (Own, SingleLayerNetwork)
    )
    x, y = examples("single, three classes", rng)
    options = {"epochs": 3, "batch_size": 4, "patience": 2}
    histories = [
        network.train(
            rows,
            y,
            validation=(rows, y),
            learning_rate=rate,
            rng=np.random.default_rng(0),
            **options,
        )
        for network, rows, rate in ((own, x, 0.2), (plain, x[:, ::-1], 0.1))
    ]
    assert histories[0].validation_loss == histories[1].validation_loss
    assert histories[0].train_score == histories[1].train_score
    own.logits = lambda x: np.zeros(len(x))
    with pytest.raises(ValueError, match=r"logits\(x\) and y must have the same shape"):
        own.train(x, y, learning_rate=0.1, rng=rng, **options, validation=(x, y))


class Fails:
    """An optimizer of the reader's that takes two steps."""

    steps = 0

    def update(self, parameters, gradients, learning_rate):
        self.steps += 1
        if self.steps == 3:
            raise KeyError("of the reader's")


@pytest.mark.parametrize(
    ("optimizer", "error"),
    [(Fails(), KeyError), (Adam(epsilon=1e-300), ValueError), ("of another network", ValueError)],
)
def test_weights_have_not_shrunk_if_the_step_that_follows_raises(optimizer, error, rng):
    x, y = examples("multi", rng, 8)
    options = {"epochs": 1, "learning_rate": 0.1}
    if optimizer == "of another network":
        optimizer = Adam()
        other = make("linear", losses.cross_entropy_with_logits)
        other.train(x, y, batch_size=8, rng=rng, optimizer=optimizer, **options)
    network = make("multi", losses.cross_entropy_with_logits, dtype=np.float32)
    before = weights_of(network)
    with pytest.raises(error):
        network.train(
            x, y, batch_size=2, rng=rng, optimizer=optimizer, weight_decay=0.5, **options
        )
    steps = 2 if isinstance(optimizer, Fails) else 0
    for layer, weights in zip(network.layers, before[::2], strict=True):
        np.testing.assert_allclose(layer.weights, weights * (1 - 0.1 * 0.5) ** steps, rtol=1e-6)


def in_place(network, parameters, gradients, learning_rate):
    parameters[1] -= learning_rate * gradients[1]
    raise KeyError("of the reader's")


def by_new_arrays(network, parameters, gradients, learning_rate):
    network.layers[0].weights = parameters[0] - learning_rate * gradients[0]
    raise KeyError("of the reader's")


@pytest.mark.parametrize("weight_decay", [0, 0.5])
@pytest.mark.parametrize("way", [in_place, by_new_arrays])
@pytest.mark.parametrize("of", ["an optimizer", "the network"])
def test_a_step_of_the_readers_that_raises_half_way_is_not_taken(of, way, weight_decay, rng):
    x, y = examples("multi", rng, 8)
    network = make("multi", losses.cross_entropy_with_logits)
    options = {"epochs": 1, "batch_size": 2, "learning_rate": 0.1, "weight_decay": weight_decay}
    if of == "an optimizer":
        options["optimizer"] = SimpleNamespace(update=functools.partial(way, network))
    else:
        network.update = lambda rate: way(network, network.parameters, network.gradients, rate)
    before = weights_of(network)
    with pytest.raises(KeyError):
        network.train(x, y, rng=rng, **options)
    assert_same(weights_of(network), before)


@pytest.mark.parametrize("returned", [None, "a", 1j, np.ones(1), [0.5]], ids=str)
@pytest.mark.parametrize("tracked", ["training", "validation"])
def test_a_metric_that_is_no_number_is_named(tracked, returned, rng):
    x, y = examples("multi", rng, 12)
    network = make("multi", losses.cross_entropy_with_logits)
    network.metric = lambda labels, answers: returned
    options = {"validation": (x, y), "track_training": False} if tracked == "validation" else {}
    with pytest.raises(TypeError, match="metric must return one number, but has returned "):
        network.train(x, y, epochs=1, batch_size=5, learning_rate=1e-3, rng=rng, **options)
    network.metric = lambda labels, answers: np.array(0.5, np.float32)
    history = network.train(x, y, epochs=1, batch_size=5, learning_rate=1e-3, rng=rng, **options)
    assert [type(s) for s in history.train_score + history.validation_score] == [float]


def test_a_frozen_layer_needs_no_gradients(rng):
    class Frozen(LinearLayer):
        def backward(self, grad_output, input_gradient=True):
            return grad_output @ self.weights.T

        def update(self, learning_rate):
            pass

    options = {"rng": rng, "dtype": np.float64}
    layers = [Frozen(4, 5, **options), LinearLayer(5, 3, **options)]
    network = Network(layers, loss=losses.cross_entropy_with_logits)
    before = weights_of(network)
    x, y = examples("single, three classes", rng)
    network.train(x, y, epochs=1, batch_size=4, learning_rate=0.1, rng=rng)
    assert_same(weights_of(network)[:2], before[:2])
    assert np.abs(network.layers[1].weights - before[2]).min() > 0


def test_a_metric_with_options_is_named_by_what_it_is(rng):
    network, (x, y) = make("multi", losses.cross_entropy_with_logits), examples("multi", rng)
    network.metric = functools.partial(f1_score, average="macro")
    options = {"epochs": 1, "batch_size": 4, "learning_rate": 0.1, "rng": rng}
    history = network.train(x, y, **options)
    assert history.metric == "f1_score"
    assert history.train_score == [f1_score(y, network.predict(x), average="macro")]


def test_an_optimizer_of_the_readers_keeps_lists_of_its_own(rng):
    """As a log; beside what the steps remember."""

    class Log(Momentum):
        def __init__(self):
            super().__init__()
            self.norms = []

        def update(self, parameters, gradients, learning_rate):
            self.norms.append(float(np.linalg.norm(gradients[0])))
            super().update(parameters, gradients, learning_rate)

    x, y = examples("multi", rng)
    networks, log = [make("multi", losses.cross_entropy_with_logits) for _ in range(2)], Log()
    for network, optimizer in zip(networks, (log, Momentum()), strict=True):
        options = {"epochs": 2, "batch_size": 4, "learning_rate": 0.1, "optimizer": optimizer}
        network.train(x, y, rng=np.random.default_rng(0), **options)
    assert_same(*map(weights_of, networks))
    assert len(log.norms) == 4
