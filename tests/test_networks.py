"""Networks: gradients end to end, training, divergence, files, and what they refuse."""

import hashlib
import inspect
import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnist_gd import losses, metrics
from mnist_gd.activations import leaky_relu, relu, sigmoid, softmax, with_options
from mnist_gd.additions import Adam, Momentum, cosine_decay, dropout_mask
from mnist_gd.gradient_check import check_gradient
from mnist_gd.gradient_descent import DivergenceError
from mnist_gd.layers import LinearLayer
from mnist_gd.networks import (
    CHUNK,
    MultiLayerNetwork,
    Network,
    SingleLayerNetwork,
    answers,
    minibatches,
)

BINARY_LOSSES = [
    losses.mean_squared_error,
    losses.binary_cross_entropy,
    losses.binary_cross_entropy_with_logits,
    losses.focal_loss,
    losses.focal_loss_with_logits,
    with_options(losses.focal_loss_with_logits, alpha=0.9, gamma=1.5),
]
CLASS_LOSSES = [
    losses.mean_squared_error,
    losses.cross_entropy,
    losses.cross_entropy_with_logits,
    losses.kl_divergence,
]


def make(kind, loss, seed=7, dtype=np.float64):
    """A small network of a kind, with biases that are not 0."""
    rng = np.random.default_rng(seed)
    if kind == "single":
        network = SingleLayerNetwork(4, 6, loss=loss, rng=rng, dtype=dtype)
    elif kind == "single, three classes":
        network = SingleLayerNetwork(4, 6, 3, loss=loss, rng=rng, dtype=dtype)
    elif kind == "linear":
        network = MultiLayerNetwork(4, 6, 3, hidden_layers=0, loss=loss, rng=rng, dtype=dtype)
    elif kind == "multi, yes or no":
        network = MultiLayerNetwork(4, 6, 1, hidden_layers=2, loss=loss, rng=rng, dtype=dtype)
    else:
        network = MultiLayerNetwork(4, 6, 3, loss=loss, rng=rng, dtype=dtype)
    for layer in network.layers:
        layer.bias[:] = rng.normal(scale=0.5, size=layer.bias.shape)
    return network


CASES = [
    pytest.param(kind, loss, id=f"{kind}, {loss.__name__}, {getattr(loss, 'keywords', '')}")
    for kinds, some in [
        (("single", "multi, yes or no"), BINARY_LOSSES),
        (("single, three classes", "multi", "linear"), CLASS_LOSSES),
    ]
    for kind in kinds
    for loss in some
]
every_network = pytest.mark.parametrize(("kind", "loss"), CASES)
both_networks = pytest.mark.parametrize(
    ("kind", "loss"),
    [
        ("single", losses.binary_cross_entropy_with_logits),
        ("multi", losses.cross_entropy_with_logits),
    ],
    ids=["single", "multi"],
)


def examples(kind, rng, n=8):
    """Random rows with labels that fit the kind."""
    classes = 2 if kind in ("single", "multi, yes or no") else 3
    return rng.normal(size=(n, 4)), np.arange(n) % classes


def weights_of(network):
    return [array.copy() for layer in network.layers for array in (layer.weights, layer.bias)]


def gradients_of(network):
    return [
        array.copy() for layer in network.layers for array in (layer.weights_grad, layer.bias_grad)
    ]


def assert_same(first, second):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


# --------------------------------------------------------------------------- gradients


@every_network
def test_every_gradient_of_every_layer(kind, loss, rng):
    """End to end, from the weights of the first layer to the mean loss of the batch."""
    network = make(kind, loss)
    x, y = examples(kind, rng)
    targets = y[:, None] if network.output_size == 1 else np.eye(3)[y]

    def value():
        predicted = network.logits(x) if loss.on_logits else network.predict_proba(x)
        return loss(predicted, targets)

    network.forward(x)
    network.backward(y)
    for layer in network.layers:
        for name in ("weights", "bias"):
            gradient = getattr(layer, f"{name}_grad")
            kept = getattr(layer, name)

            def value_at(array, layer=layer, name=name):
                setattr(layer, name, array)
                return value()

            check_gradient(value_at, gradient, kept)
            setattr(layer, name, kept)


def in_torch(network):
    """The same network in torch.nn, with the same weights, and its loss."""
    modules = []
    for layer in network.layers:
        linear = torch.nn.Linear(layer.input_size, layer.output_size)
        linear.weight = torch.nn.Parameter(torch.tensor(layer.weights.T.copy()))
        linear.bias = torch.nn.Parameter(torch.tensor(layer.bias[0].copy()))
        modules += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1])


TORCH_LOSSES = {
    "binary_cross_entropy_with_logits": torch.nn.BCEWithLogitsLoss(),
    "cross_entropy_with_logits": torch.nn.CrossEntropyLoss(),
}


@both_networks
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5)], ids=["float64", "float32"]
)
def test_training_steps_agree_with_pytorch(kind, loss, dtype, tolerance, rng):
    """Same weights, same batches: the same weights after each of ten steps."""
    network = make(kind, loss, dtype=dtype)
    theirs, their_loss = in_torch(network), TORCH_LOSSES[loss.__name__]
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.5)
    for _ in range(10):
        x, y = examples(kind, rng)
        x = x.astype(dtype)
        logits = network.forward(x)
        network.backward(y)
        network.update(0.5)
        optimizer.zero_grad()
        out = theirs(torch.tensor(x))
        labels = torch.tensor(y[:, None], dtype=out.dtype) if kind == "single" else torch.tensor(y)
        value = their_loss(out, labels)
        value.backward()
        optimizer.step()
        np.testing.assert_allclose(logits, out.detach().numpy(), rtol=tolerance, atol=tolerance)
        targets = network.targets(y)
        assert loss(logits, targets) == pytest.approx(value.item(), rel=10 * tolerance)
        for layer, linear in zip(network.layers, list(theirs)[::2], strict=True):
            for ours, their in [
                (layer.weights, linear.weight.detach().numpy().T),
                (layer.bias[0], linear.bias.detach().numpy()),
                (layer.weights_grad, linear.weight.grad.numpy().T),
                (layer.bias_grad[0], linear.bias.grad.numpy()),
            ]:
                assert ours.dtype == dtype
                np.testing.assert_allclose(ours, their, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("kind", "loss"),
    [
        ("single", losses.binary_cross_entropy_with_logits),
        ("multi", losses.cross_entropy_with_logits),
    ],
)
def test_every_gradient_under_dropout(kind, loss, rng):
    """With the same units silenced in every pass, the loss is a function like any other."""
    network = make(kind, loss)
    x, y = examples(kind, rng)
    targets = network.targets(y)

    def forward():
        return network.forward(x, dropout=0.4, rng=np.random.default_rng(3))

    assert not np.allclose(forward(), network.logits(x))  # some are silent
    network.backward(y)
    for parameter, gradient in zip(network.parameters, network.gradients, strict=True):
        kept = parameter.copy()

        def value_at(array, parameter=parameter):
            parameter[:] = array
            return loss(forward(), targets)

        check_gradient(value_at, gradient, kept)
        parameter[:] = kept


def test_dropout_silences_hidden_units_and_only_in_training(rng):
    """The masks are those of dropout_mask, one for each hidden layer, none for the logits."""
    network = make("multi", losses.cross_entropy_with_logits)
    x, _ = examples("multi", rng)
    seeded = np.random.default_rng(5)
    signal = x
    for layer in network.layers[:-1]:
        signal = layer(signal)
        signal = signal * dropout_mask(signal.shape, 0.5, rng=seeded, dtype=np.float64)
    expected = network.layers[-1](signal)
    logits = network.forward(x, dropout=0.5, rng=np.random.default_rng(5))
    np.testing.assert_array_equal(logits, expected)
    np.testing.assert_array_equal(network.logits(x), network.forward(x))


@both_networks
@pytest.mark.parametrize(
    ("ours", "theirs", "rate"),
    [
        # Where the rate changes, PyTorch's momentum is another: it scales the whole velocity.
        (
            lambda: Momentum(0.9),
            lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
            lambda progress: 0.05,
        ),
        (Adam, lambda p: torch.optim.Adam(p, lr=0.05), cosine_decay(0.05)),
    ],
    ids=["momentum", "adam"],
)
def test_training_with_an_optimizer_agrees_with_pytorch(kind, loss, ours, theirs, rate, rng):
    network = make(kind, loss)
    module, their_loss = in_torch(network), TORCH_LOSSES[loss.__name__]
    optimizer = theirs(module.parameters())
    x, y = examples(kind, rng, 23)
    network.train(
        x,
        y,
        epochs=2,
        batch_size=5,
        learning_rate=rate,
        rng=np.random.default_rng(1),
        optimizer=ours(),
    )
    seeded, step = np.random.default_rng(1), 0
    for _ in range(2):
        for x_batch, y_batch in minibatches(x, y, 5, rng=seeded):
            optimizer.param_groups[0]["lr"] = rate(step / 10)
            optimizer.zero_grad()
            out = module(torch.tensor(x_batch))
            labels = torch.tensor(y_batch)
            value = their_loss(out, labels[:, None].to(out.dtype) if kind == "single" else labels)
            value.backward()
            optimizer.step()
            step += 1
    for layer, linear in zip(network.layers, list(module)[::2], strict=True):
        np.testing.assert_allclose(layer.weights, linear.weight.detach().numpy().T, rtol=1e-7)
        np.testing.assert_allclose(layer.bias[0], linear.bias.detach().numpy(), rtol=1e-7)


def test_augment_changes_what_is_learned_from_and_nothing_else(rng):
    """It sees every row of every epoch, with the generator of the training."""
    x, y = examples("multi", rng, 12)
    seen = []

    def augment(images, *, rng):
        assert isinstance(rng, np.random.Generator)
        seen.append(images.copy())
        return images * 0

    network = make("multi", losses.cross_entropy_with_logits)
    network.train(
        x,
        y,
        epochs=2,
        batch_size=5,
        learning_rate=0.1,
        rng=np.random.default_rng(0),
        augment=augment,
        validation=(x, y),
    )
    assert sorted(map(len, seen)) == [2, 2, 5, 5, 5, 5]
    for epoch in (seen[:3], seen[3:]):
        rows = np.concatenate(epoch)
        assert np.array_equal(np.sort(rows, axis=0), np.sort(x, axis=0))
    # From images that are all black nothing is learned about pixels.
    untrained = make("multi", losses.cross_entropy_with_logits)
    assert np.array_equal(network.layers[0].weights, untrained.layers[0].weights)
    assert not np.array_equal(network.layers[-1].bias, untrained.layers[-1].bias)


def test_a_confident_mistake_is_corrected(rng):
    """Steps on "yes" examples that are answered "no" push the output up, not down."""
    network = make("single", losses.binary_cross_entropy_with_logits)
    network.layers[-1].bias[:] = -3
    x = rng.normal(size=(16, 4))
    before = network.predict_proba(x)
    for _ in range(50):
        network.forward(x)
        network.backward(np.ones(16, int))
        network.update(0.1)
    assert (network.predict_proba(x) > before).all()


# --------------------------------------------------------------------------- predictions


@pytest.mark.parametrize("kind", ["single", "multi"])
def test_predictions_follow_from_the_logits(kind, rng):
    network = make(kind, losses.mean_squared_error)
    x, y = examples(kind, rng, 40)
    logits = network.forward(x)
    p = network.predict_proba(x)
    np.testing.assert_allclose(network.logits(x), logits, rtol=1e-12)
    if kind == "single":
        np.testing.assert_allclose(p, sigmoid(logits), rtol=1e-12)
        answers = (p[:, 0] > 0.5).astype(int)
        np.testing.assert_array_equal(network.predict(x, threshold=0.2), p[:, 0] > 0.2)
        assert (network.predict(x, threshold=0.2) != answers).any()
        expected = metrics.f1_score(y, answers)
    else:
        np.testing.assert_allclose(p, softmax(logits), rtol=1e-12)
        answers = logits.argmax(axis=1)
        expected = metrics.accuracy(y, answers)
    np.testing.assert_array_equal(network.predict(x), answers)
    assert network.predict(x).dtype == np.int64
    assert network.evaluate(x, y) == expected
    matrix = network.evaluate(x, y, metrics.confusion_matrix)
    np.testing.assert_array_equal(matrix, metrics.confusion_matrix(y, answers))


@both_networks
def test_large_sets_are_evaluated_in_pieces_without_losing_a_row(kind, loss, rng):
    network = make(kind, loss)
    x, y = examples(kind, rng, CHUNK + 3)
    np.testing.assert_allclose(network.logits(x), network.forward(x), rtol=1e-12)
    assert network.predict(x).shape == y.shape


@both_networks
def test_looking_in_between_changes_nothing(kind, loss, rng):
    """Predicting and evaluating must not overwrite what backward needs."""
    network = make(kind, loss)
    x, y = examples(kind, rng)
    network.forward(x)
    network.backward(y)
    expected = gradients_of(network)
    network.forward(x)
    other = rng.normal(size=(3, 4))
    network.predict(other)
    network.predict_proba(other)
    network.logits(other)
    network.evaluate(other, np.array([0, 1, 0]))
    network.backward(y)
    assert_same(gradients_of(network), expected)


@both_networks
def test_targets_of_every_form_are_the_same_target(kind, loss, rng):
    network = make(kind, loss)
    x, y = examples(kind, rng)
    forms = [y, y.astype(np.uint8)]
    forms += [y[:, None], y[:, None] * 1.0] if kind == "single" else [np.eye(3)[y]]
    if kind == "single":
        forms.append(y.astype(bool))
    gradients = []
    for form in forms:
        network.forward(x)
        network.backward(form)
        gradients.append(gradients_of(network))
        assert network.evaluate(x, form) == network.evaluate(x, y)
    for other in gradients[1:]:
        assert_same(other, gradients[0])


@both_networks
def test_dtype_is_kept_through_training(kind, loss, dtype, rng):
    network = make(kind, loss, dtype=dtype)
    x, y = examples(kind, rng, 20)
    x = x.astype(dtype)
    network.train(x, y, epochs=2, batch_size=6, learning_rate=np.float64(0.1), rng=rng)
    assert {array.dtype for array in weights_of(network)} == {np.dtype(dtype)}
    assert {array.dtype for array in gradients_of(network)} == {np.dtype(dtype)}
    assert network.logits(x).dtype == network.predict_proba(x).dtype == dtype


@both_networks
def test_pixels_are_scaled_the_same_everywhere(kind, loss, rng):
    pixels = rng.integers(0, 256, (20, 4), dtype=np.uint8)
    scaled = pixels.astype(np.float32) * np.float32(1 / 255)
    y = np.arange(20) % 2
    trained = []
    for x in (pixels, scaled):
        network = make(kind, loss, dtype=np.float32)
        network.train(
            x, y, epochs=2, batch_size=6, learning_rate=0.1, rng=np.random.default_rng(0)
        )
        trained.append([*weights_of(network), network.logits(x), network.forward(x)])
    assert_same(*trained)


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
    """Forward, backward, update for each batch; the loss is weighted by the rows of a batch."""
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
    assert_same(weights_of(trained), weights_of(by_hand))


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
    other = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
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


# --------------------------------------------------------------------------- answers


def test_there_is_one_answer_however_it_is_asked_for(rng):
    """A logit just above 0 is a yes, though its probability rounds to one half."""
    layer = LinearLayer.from_arrays(np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32))
    network = Network([layer], loss=losses.binary_cross_entropy_with_logits)
    x = np.array([[1e-9], [-1e-9], [0], [3]], np.float32)
    assert network.predict_proba(x)[0, 0] == 0.5
    wanted = [1, 0, 0, 1]
    assert network.predict(x).tolist() == answers(x).tolist() == wanted
    assert network.evaluate(x, np.array(wanted), metrics.accuracy) == 1
    history = network.train(
        x, np.array(wanted), epochs=1, batch_size=4, learning_rate=1e-30, rng=rng
    )
    assert history.train_score == [1.0]


@given(st.floats(0.01, 0.99), st.integers(0, 2**32))
def test_the_threshold_is_one_of_probabilities(threshold, seed):
    logits = np.random.default_rng(seed).normal(scale=4, size=(50, 1))
    probabilities = sigmoid(logits)[:, 0]
    clear = np.abs(probabilities - threshold) > 1e-12
    found = answers(logits, threshold)
    assert (found == (probabilities > threshold))[clear].all()
    assert answers(np.hstack([-logits, logits])).tolist() == (logits[:, 0] > 0).tolist()


# --------------------------------------------------------------------------- the reader's loss


def test_a_loss_of_the_reader_gets_what_it_asks_for(rng):
    """Logits, if it says so, however large; else probabilities."""
    seen = []
    for wants_logits in (True, False):

        def own(y_pred, y_true):
            seen.append(y_pred)
            return float(np.mean((y_pred - y_true) ** 2))

        own.gradient = lambda y_pred, y_true: 2 * (y_pred - y_true) / y_pred.size
        own.on_logits = wants_logits
        network = make("single", own)
        network.layers[-1].bias += 20
        x, y = examples("single", rng, 8)
        network.train(x, y, epochs=1, batch_size=8, learning_rate=1e-9, rng=rng)
    assert seen[0].min() > 10
    assert seen[-1].max() <= 1
    with_more = with_options(own)
    assert with_more.on_logits is False


def test_a_loss_must_say_what_it_takes():
    def own(y_pred, y_true):
        return 0.0

    own.gradient = lambda y_pred, y_true: np.zeros_like(y_pred)
    with pytest.raises(TypeError, match=r"loss must be .* attributes gradient and on_logits"):
        make("single", own)


@pytest.mark.parametrize("loss", [*BINARY_LOSSES, *CLASS_LOSSES], ids=lambda loss: loss.__name__)
def test_every_loss_says_what_it_takes(loss):
    assert loss.on_logits is loss.__name__.endswith("_with_logits")


# --------------------------------------------------------------------------- files


@every_network
def test_a_saved_network_comes_back_exactly(kind, loss, dtype, tmp_path, rng):
    network = make(kind, loss, dtype=dtype)
    path = tmp_path / "network.npz"
    network.save(path)
    for cls in (type(network), Network):
        other = cls.load(path)
        assert isinstance(other, cls)
        assert_same(weights_of(other), weights_of(network))
        assert {array.dtype for array in weights_of(other)} == {np.dtype(dtype)}
        assert inspect.unwrap(other.loss) is inspect.unwrap(loss)
        assert getattr(other.loss, "keywords", None) == getattr(loss, "keywords", None)
        x, y = examples(kind, rng)
        x = x.astype(dtype)
        assert_same([other.logits(x)], [network.logits(x)])
        other.train(x, y, epochs=1, batch_size=4, learning_rate=0.1, rng=rng)
        assert (other.layers[0].weights != network.layers[0].weights).any()


STEEP = with_options(leaky_relu, negative_slope=0.2)


@pytest.mark.parametrize(
    "chain", [(sigmoid, None), (STEEP, softmax), (None, relu), (relu, relu, sigmoid, STEEP)]
)
def test_every_activation_comes_back(chain, tmp_path, rng):
    layers = [LinearLayer(3, 3, activation, rng=rng) for activation in chain]
    network = Network(layers, loss=losses.cross_entropy_with_logits)
    network.save(tmp_path / "network.npz")
    other = Network.load(tmp_path / "network.npz")
    x = rng.normal(size=(20, 3)).astype(np.float32)
    assert_same([other.logits(x)], [network.logits(x)])
    for one, two in zip(other.layers, network.layers, strict=True):
        assert inspect.unwrap(one.activation) is inspect.unwrap(two.activation)


def own_activation(z):
    return np.tanh(z)


own_activation.backward = lambda grad_output, z: grad_output / np.cosh(z) ** 2


@pytest.mark.parametrize(
    "activation",
    [own_activation, with_options(leaky_relu, negative_slope=np.ones(3))],
    ids=["own", "options"],
)
def test_an_activation_that_no_file_could_name_is_refused(activation, tmp_path, rng):
    layer = LinearLayer(3, 3, rng=rng)
    layer.activation = activation
    path = tmp_path / "network.npz"
    with pytest.raises(ValueError, match=r"activation must be of|options of the activation must"):
        Network([layer], loss=losses.cross_entropy_with_logits).save(path)
    assert not path.exists()


def test_weights_that_are_not_finite_are_not_saved(saved, tmp_path):
    network = MultiLayerNetwork.load(saved)
    network.layers[1].bias[0, 2] = np.nan
    before = saved.read_bytes()
    with pytest.raises(ValueError, match="parameters must be finite"):
        network.save(saved)
    assert saved.read_bytes() == before


@pytest.mark.parametrize("step", ["savez", "fsync", "replace"])
def test_a_save_that_fails_leaves_the_file_before(saved, monkeypatch, step):
    """On a full disk the good network of yesterday is still there, and nothing beside it."""
    before = saved.read_bytes()

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np if step == "savez" else os, step, full)
    with pytest.raises(OSError, match="No space left"):
        make("multi", losses.cross_entropy_with_logits, seed=8).save(saved)
    monkeypatch.undo()
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "network.npz"
    make("multi", losses.cross_entropy_with_logits).save(path)
    return path


def test_another_class_of_network_is_refused(saved):
    with pytest.raises(ValueError, match="holds a MultiLayerNetwork, not a SingleLayerNetwork"):
        SingleLayerNetwork.load(saved)


def rewrite(path, **changes):
    """Write the file anew with some arrays changed, or left out where the change is None."""
    with np.load(path) as file:
        arrays = {**dict(file), **changes}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


@pytest.mark.parametrize(
    "changes",
    [
        {"about": None},
        {"about": "no JSON"},
        {"about": "[]"},
        {"weights_1": None},
        {"bias_0": None},
        {"weights_0": np.ones((4, 5))},
        {"bias_2": np.zeros((6,))},
        {"bias_2": np.zeros((1, 6), np.float32)},
        {"weights_0": np.full((4, 6), None)},
        {"weights_0": np.full((4, 6), np.nan)},
        {"bias_1": np.full((1, 6), np.inf)},
        {"weights_0": np.ones((4, 6), np.int64)},
        {"weights_0": np.ones((4, 6), np.float32), "bias_0": np.ones((1, 6), np.float32)},
    ],
    ids=str,
)
def test_a_file_that_lacks_something_is_refused(saved, changes):
    rewrite(saved, **changes)
    with pytest.raises(ValueError, match="path must be a file made by save, but"):
        MultiLayerNetwork.load(saved)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("loss", {"name": "softmax", "options": {}}),
        ("loss", {"name": "cross_entropy_with_logits_gradient", "options": {}}),
        ("loss", {"name": "focal_loss", "options": {"alpha": 7.0}}),
        ("loss", {"name": "focal_loss", "options": {"alpha": "much"}}),
        ("loss", {"name": "focal_loss", "options": {"beta": 0.5}}),
        ("loss", {"name": "np", "options": {}}),
        ("loss", "cross_entropy_with_logits"),
        ("loss", None),
        ("activations", []),
        ("activations", [{"name": "relu", "options": {}}]),
        ("activations", [{"name": "relu_backward", "options": {}}] * 3),
        ("activations", [{"name": "prelu", "options": {"slope": 0.1}}] * 3),
        ("activations", [{"name": "leaky_relu", "options": {"negative_slope": "x"}}] * 3),
        ("activations", [{"name": "relu", "options": {}}] * 5),
        ("activations", 3),
    ],
    ids=str,
)
def test_a_file_cannot_name_what_is_no_loss_and_no_activation(saved, key, value):
    with np.load(saved) as file:
        about = json.loads(str(file["about"]))
    rewrite(saved, about=json.dumps(about | {key: value}))
    with pytest.raises(ValueError, match="path must be a file made by save, but") as caught:
        MultiLayerNetwork.load(saved)
    assert str(saved) in str(caught.value)


def test_no_pickle_is_opened(tmp_path):
    path = tmp_path / "network.npz"
    np.savez(path, about=np.array([{"network": "MultiLayerNetwork"}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        MultiLayerNetwork.load(path)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 cut off", b"\x93NUMPY"])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "network.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="path must be a file made by save, but"):
        MultiLayerNetwork.load(path)


def test_truncated_other_and_missing_files_are_refused(saved, tmp_path):
    saved.write_bytes(saved.read_bytes()[:-200])
    with pytest.raises(ValueError, match="path must be a file made by save, but"):
        MultiLayerNetwork.load(saved)
    np.save(tmp_path / "array.npy", np.ones(3))
    with pytest.raises(ValueError, match="path must be a file made by save, but"):
        MultiLayerNetwork.load(tmp_path / "array.npy")
    with pytest.raises(FileNotFoundError):
        MultiLayerNetwork.load(tmp_path / "nowhere.npz")


def test_a_loss_that_no_file_could_name_is_refused_before_anything_is_written(tmp_path):
    def own(y_pred, y_true):
        return 0.0

    own.gradient = lambda y_pred, y_true: np.zeros_like(y_pred)
    own.on_logits = True
    path = tmp_path / "network.npz"
    with pytest.raises(ValueError, match=r"loss must be of mnist_gd\.losses to be saved"):
        make("single", own).save(path)
    assert not path.exists()


# --------------------------------------------------------------------------- bad input


@both_networks
@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"epochs": 0}, ValueError, "epochs must be at least 1, but is 0"),
        ({"epochs": 1.5}, TypeError, "epochs must be an integer, but is 1.5"),
        ({"epochs": True}, TypeError, "epochs must be an integer, but is True"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, but is 0"),
        ({"batch_size": -1}, ValueError, "batch_size must be at least 1, but is -1"),
        ({"batch_size": "8"}, TypeError, "batch_size must be an integer, but is '8'"),
        ({"learning_rate": 0}, ValueError, "learning_rate must be above 0, but is 0"),
        ({"learning_rate": -0.1}, ValueError, "learning_rate must be above 0, but is -0.1"),
        ({"learning_rate": np.nan}, ValueError, "learning_rate must be above 0, but is nan"),
        ({"learning_rate": np.inf}, ValueError, "learning_rate must be finite, but is inf"),
        ({"learning_rate": "0.1"}, TypeError, "learning_rate must be a real number"),
        ({"rng": None}, TypeError, r"rng must be a numpy\.random\.Generator"),
        ({"rng": 42}, TypeError, r"rng must be a numpy\.random\.Generator"),
        ({"x": np.ones((6, 5))}, ValueError, r"x must have the shape \(n, 4\).* has \(6, 5\)"),
        ({"x": np.ones(4)}, ValueError, r"x must have the shape \(n, 4\)"),
        ({"x": np.ones((6, 2, 2))}, ValueError, r"x must have the shape \(n, 4\)"),
        ({"x": np.ones((0, 4))}, ValueError, r"x must have the shape \(n, 4\) with n >= 1"),
        ({"x": np.full((6, 4), np.nan)}, ValueError, "x must be finite, but holds 24 NaN or inf"),
        ({"x": np.full((6, 4), np.inf)}, ValueError, "x must be finite, but holds 24 NaN or inf"),
        ({"y": np.zeros(5, int)}, ValueError, "x and y must have as many rows, but have 6, 5"),
        ({"y": np.zeros(0, int)}, ValueError, r"y must have the shape \(n,\) with n >= 1"),
        ({"y": np.zeros((6, 2))}, ValueError, r"y must have the shape \(n,\)"),
        ({"y": np.zeros((6, 1, 1))}, ValueError, r"y must have the shape \(n,\)"),
        ({"y": np.zeros(6)}, TypeError, "y must hold integers, but its dtype is float64"),
        ({"y": np.array(["0"] * 6)}, TypeError, "y must hold integers"),
        ({"y": np.full(6, 3)}, ValueError, "y must be from 0 to [12], but range from 3 to 3"),
        ({"y": np.full(6, -1)}, ValueError, "y must be from 0 to [12], but range from -1 to -1"),
        ({"validation": (np.ones((3, 5)), np.zeros(3, int))}, ValueError, "x must have the shape"),
        ({"validation": (np.ones((3, 4)), np.zeros(2, int))}, ValueError, "as many rows"),
        ({"learning_rate": lambda progress: 0.0}, ValueError, "learning_rate must be above 0"),
        ({"dropout": 1.0}, ValueError, "dropout must be below 1, but is 1.0"),
        ({"dropout": -0.1}, ValueError, "dropout must be at least 0, but is -0.1"),
        ({"optimizer": "adam"}, TypeError, "optimizer must have an update, but is 'adam'"),
        ({"augment": 2}, TypeError, "augment must be callable, but is 2"),
    ],
)
def test_bad_training_arguments_are_refused_and_nothing_is_trained(
    kind, loss, change, error, words, rng
):
    network = make(kind, loss)
    before = weights_of(network)
    arguments = {
        "x": np.ones((6, 4)),
        "y": np.zeros(6, int),
        "epochs": 1,
        "batch_size": 2,
        "learning_rate": 0.1,
        "rng": rng,
        **change,
    }
    with pytest.raises(error, match=words):
        network.train(**arguments)
    assert_same(weights_of(network), before)


@every_network
def test_bad_targets_are_refused_whatever_the_loss(kind, loss, rng):
    network = make(kind, loss)
    x = np.ones((3, 4))
    settings = {"epochs": 1, "batch_size": 2, "learning_rate": 0.1, "rng": rng}
    good = np.array([[0.0], [1], [1]]) if network.output_size == 1 else np.eye(3)
    for bad, words in [
        (np.where(good == 1, 2.0, good), r"y must lie in \[0, 1\], but ranges from 0.0 to 2.0"),
        (np.where(good == 1, np.nan, good), "y must be finite"),
    ]:
        with pytest.raises(ValueError, match=words):
            network.train(x, bad, **settings)
    with pytest.raises(TypeError, match="y must hold real numbers"):
        network.train(x, good.astype(str), **settings)
    if network.output_size > 1:
        with pytest.raises(ValueError, match="rows of y must sum to 1"):
            network.train(x, good * 0.9, **settings)


@both_networks
def test_bad_rows_are_refused_wherever_they_are_given(kind, loss):
    network = make(kind, loss)
    for function in (network.forward, network.logits, network.predict_proba, network.predict):
        for shape in [(3, 5), (4,), (0, 4)]:
            with pytest.raises(ValueError, match=r"x must have the shape \(n, 4\) with n >= 1"):
                function(np.ones(shape))
    for bad in (np.nan, np.inf):
        x = np.array([[1, 1, 1, bad]])
        for function in (network.logits, network.predict_proba, network.predict):
            with pytest.raises(ValueError, match="x must be finite, but holds 1 NaN or infinite"):
                function(x)
        with pytest.raises(ValueError, match="x must be finite, but holds 1 NaN or infinite"):
            network.evaluate(x, np.array([0]))


@both_networks
def test_the_order_of_the_passes_is_kept(kind, loss, rng):
    network = make(kind, loss)
    x, y = examples(kind, rng)
    with pytest.raises(RuntimeError, match="backward needs a forward pass before it"):
        network.backward(y)
    network.predict(x)
    with pytest.raises(RuntimeError, match="backward needs a forward pass before it"):
        network.backward(y)
    network.forward(x)
    with pytest.raises(RuntimeError, match="update needs a backward pass before it"):
        network.update(0.1)
    with pytest.raises(ValueError, match="y_pred and y_true must have the same shape"):
        network.backward(y[:3])


@pytest.mark.parametrize("threshold", [0, 1, -0.1, 1.5, np.nan])
def test_thresholds_lie_between_zero_and_one(threshold):
    network = make("single", losses.mean_squared_error)
    with pytest.raises(ValueError, match=r"threshold must be (above 0|below 1)"):
        network.predict(np.ones((1, 4)), threshold)


@pytest.mark.parametrize("cls", [SingleLayerNetwork, MultiLayerNetwork])
@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"input_size": 0}, ValueError, "input_size must be at least 1"),
        ({"hidden_size": 0}, ValueError, "hidden_size must be at least 1"),
        ({"hidden_size": -5}, ValueError, "hidden_size must be at least 1"),
        ({"hidden_size": 2.5}, TypeError, "hidden_size must be an integer"),
        ({"hidden_size": True}, TypeError, "hidden_size must be an integer"),
        ({"output_size": 0}, ValueError, "output_size must be at least 1"),
        ({"output_size": "3"}, TypeError, "output_size must be an integer"),
        ({"loss": "mse"}, TypeError, "loss must be a function of mnist_gd.losses"),
        ({"loss": np.mean}, TypeError, "loss must be a function of mnist_gd.losses"),
        ({"rng": 3}, TypeError, r"rng must be a numpy\.random\.Generator"),
        ({"dtype": np.float16}, ValueError, "dtype must be float32 or float64"),
    ],
)
def test_bad_networks_are_refused(cls, change, error, words, rng):
    arguments = {
        "input_size": 4,
        "hidden_size": 5,
        "output_size": 3,
        "loss": losses.mean_squared_error,
        "rng": rng,
        **change,
    }
    with pytest.raises(error, match=words):
        cls(**arguments)


@pytest.mark.parametrize(
    ("number", "error"), [(-1, ValueError), (1.0, TypeError), (True, TypeError)]
)
def test_bad_numbers_of_hidden_layers_are_refused(number, error, rng):
    with pytest.raises(error, match="hidden_layers must be"):
        MultiLayerNetwork(4, 5, hidden_layers=number, loss=losses.mean_squared_error, rng=rng)


def test_the_layers_are_as_many_and_as_wide_as_asked(rng):
    def shapes(network):
        return [layer.weights.shape for layer in network.layers]

    loss = losses.mean_squared_error
    assert shapes(SingleLayerNetwork(7, 5, loss=loss, rng=rng)) == [(7, 5), (5, 1)]
    multi = MultiLayerNetwork(7, 5, loss=loss, rng=rng)
    assert shapes(multi) == [(7, 5), (5, 5), (5, 5), (5, 10)]
    assert [layer.activation.__name__ for layer in multi.layers] == ["relu"] * 3 + ["identity"]
    linear = MultiLayerNetwork(7, 5, 3, hidden_layers=0, loss=loss, rng=rng)
    assert shapes(linear) == [(7, 3)]


@both_networks
@pytest.mark.parametrize("count", [np.uint8(200), np.int8(100), np.uint16(300)], ids=repr)
def test_small_integers_count_as_far_as_large_ones(kind, loss, count, rng):
    """What was checked is what is used: an unsigned 8-bit number would overflow in between."""
    x, y = examples(kind, rng, 30)
    learned = []
    for number in (count, int(count)):
        network = make(kind, loss)
        settings = {"learning_rate": 1e-3, "rng": np.random.default_rng(0)}
        history = network.train(x, y, epochs=number, batch_size=number, **settings)
        assert len(history) == number
        learned.append(weights_of(network))
    assert_same(*learned)


NONSENSE = {
    "single": [np.full((30, 1), 7), np.full((30, 1), np.nan), np.full((30, 1), -0.1)],
    "multi": [np.full((30, 3), 5), np.full((30, 3), np.nan), np.zeros((30, 3)), np.full(30, 7)],
}


@pytest.mark.parametrize(
    ("kind", "y"), [(kind, y) for kind, several in NONSENSE.items() for y in several]
)
@pytest.mark.parametrize("ask", ["targets", "evaluate", "backward", "train"])
def test_what_is_no_label_is_refused_by_all_alike(kind, y, ask, rng):
    x, _ = examples(kind, rng, 30)
    loss = dict(single=losses.binary_cross_entropy_with_logits).get(
        kind, losses.cross_entropy_with_logits
    )
    network = make(kind, loss)
    network.forward(x)
    calls = {
        "targets": lambda: network.targets(y),
        "evaluate": lambda: network.evaluate(x, y),
        "backward": lambda: network.backward(y),
        "train": lambda: network.train(x, y, epochs=1, batch_size=5, learning_rate=0.1, rng=rng),
    }
    with pytest.raises(ValueError, match=r"y must|rows of y must"):
        calls[ask]()


@pytest.mark.parametrize(
    "bad", [{"x": np.ones((5, 3))}, {"dropout": 1.5}, {"dropout": 0.5, "rng": None}], ids=str
)
def test_a_refused_forward_pass_changes_nothing(bad, rng):
    network = make("multi", losses.cross_entropy_with_logits)
    x, y = examples("multi", rng, 8)
    network.forward(x)
    network.backward(y)
    before = [gradient.copy() for gradient in network.gradients]
    with pytest.raises((ValueError, TypeError)):
        network.forward(**{"x": x[:5]} | bad)
    network.backward(y)
    assert_same(before, network.gradients)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([], "layers must be one LinearLayer or more"),
        ([relu], "layers must be one LinearLayer or more"),
        ([(3, 4, np.float32), (5, 2, np.float32)], "layers must fit each other"),
        ([(3, 4, np.float32), (4, 2, np.float64)], "layers must all be float32 or all float64"),
    ],
)
def test_layers_that_make_no_network_are_refused(layers, message, rng):
    made = [
        LinearLayer(*layer[:2], rng=rng, dtype=layer[2]) if isinstance(layer, tuple) else layer
        for layer in layers
    ]
    with pytest.raises(ValueError, match=message):
        Network(made, loss=losses.cross_entropy_with_logits)
