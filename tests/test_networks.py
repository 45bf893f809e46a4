"""Networks: gradients end to end, answers, files, and what they refuse."""

import copy
import functools
import inspect
import json
import os
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mnist_gd import losses, metrics
from mnist_gd._examples import as_labels, as_rows, as_targets
from mnist_gd.activations import leaky_relu, relu, sigmoid, softmax, with_options
from mnist_gd.additions import Adam, Momentum, cosine_decay, dropout_mask
from mnist_gd.gradient_check import check_gradient
from mnist_gd.layers import LinearLayer
from mnist_gd.metrics import answers
from mnist_gd.networks import (
    CHUNK,
    MultiLayerNetwork,
    Network,
    SingleLayerNetwork,
    minibatches,
)
from tests.small_networks import (
    BINARY_LOSSES,
    CLASS_LOSSES,
    assert_same,
    both_networks,
    every_network,
    examples,
    gradients_of,
    make,
    weights_of,
)

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
    assert network.predict(x).dtype == np.dtype(int)
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


@pytest.mark.parametrize(
    ("y", "outputs", "targets", "labels"),
    [
        ([1, 0], 1, [[1], [0]], [1, 0]),
        ([[0.5], [0.75]], 1, [[0.5], [0.75]], [0, 1]),
        ([1, 0], 2, [[0, 1], [1, 0]], [1, 0]),
        ([2], 3, [[0, 0, 1]], [2]),
        ([[0.25, 0.5, 0.25]], 3, [[0.25, 0.5, 0.25]], [1]),
    ],
)
def test_what_is_learned_and_judged_by(y, outputs, targets, labels, dtype):
    made = as_targets(y, outputs, dtype)
    assert (made.dtype, made.tolist()) == (dtype, targets)
    judged = as_labels(y, outputs)
    assert (judged.dtype, judged.tolist()) == (np.dtype(int), labels)


@pytest.mark.parametrize(
    ("y", "outputs", "message"),
    [
        ([2], 1, "y must be from 0 to 1"),
        ([3], 3, "y must be from 0 to 2"),
        ([[0.5, 0.25, 0.5]], 3, "rows of y must"),
        ([[0.5, 0.25]], 2, "rows of y must"),
        ([[1.5]], 1, "y must"),
        ([[0.5, 0.5]], 3, r"y must have the shape \(n,\)"),
    ],
)
@pytest.mark.parametrize("take", [lambda y, n: as_targets(y, n, np.float64), as_labels])
def test_what_is_no_target_is_no_label_either(y, outputs, message, take):
    with pytest.raises(ValueError, match=message):
        take(y, outputs)


@pytest.mark.parametrize("shape", [(4,), (0, 4), (3, 3), (3, 5), (3, 4, 1), ()])
def test_rows_are_as_many_features_as_a_network_takes(shape):
    assert as_rows(np.ones((3, 4)), 4).shape == (3, 4)
    with pytest.raises(ValueError, match=r"x must have the shape \(n, 4\) with n >= 1, but has "):
        as_rows(np.ones(shape), 4)


@both_networks
def test_dtype_is_kept_through_training(kind, loss, dtype, rng):
    network = make(kind, loss, dtype=dtype)
    x, y = examples(kind, rng, 20)
    x = x.astype(dtype)
    network.train(x, y, epochs=2, batch_size=6, learning_rate=np.float64(0.1), rng=rng)
    assert {array.dtype for array in weights_of(network)} == {np.dtype(dtype)}
    network.forward(x)
    network.backward(y)
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


def test_a_loss_around_another_is_trained_with(rng):
    """It bears the kernel of the other by `wraps`, and is not taken for it."""
    plain = losses.cross_entropy_with_logits

    @functools.wraps(plain)
    def doubled(y_pred, y_true):
        return 2 * plain(y_pred, y_true)

    @functools.wraps(plain.gradient)
    def doubled_gradient(y_pred, y_true):
        return 2 * plain.gradient(y_pred, y_true)

    doubled.gradient = doubled_gradient
    x, y = examples("multi", rng)
    of_one, of_two = (
        make("multi", loss).train(
            x,
            y,
            epochs=1,
            batch_size=8,
            learning_rate=0.1,
            rng=np.random.default_rng(0),
            validation=(x, y),
        )
        for loss in (plain, doubled)
    )
    assert of_two.train_loss == [2 * of_one.train_loss[0]]
    assert of_two.validation_loss[0] < 1.99 * of_one.validation_loss[0]  # larger steps


@pytest.mark.parametrize(
    ("gradient", "on_logits", "targets", "message"),
    [
        (losses.focal_loss.gradient, False, [[0.5]] * 8, "y_true must hold only 0 and 1"),
        (losses.binary_cross_entropy.gradient, True, [0, 1] * 4, r"y_pred must lie in \[0, 1\]"),
    ],
)
def test_a_gradient_of_the_package_looks_at_what_a_loss_of_the_reader_hands_it(
    gradient, on_logits, targets, message, rng
):
    def own(y_pred, y_true):
        return float(np.mean(np.abs(y_pred - y_true)))

    own.gradient, own.on_logits = gradient, on_logits
    x, network = rng.normal(size=(8, 4)), make("single", own)
    with pytest.raises(ValueError, match=message):
        network.train(x, targets, epochs=1, batch_size=4, learning_rate=0.1, rng=rng)


@every_network
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_logits_that_are_not_finite_give_no_gradients(kind, loss, value, rng):
    x, y = examples(kind, rng)
    network = make(kind, loss)
    with np.errstate(invalid="ignore"):
        network.forward(np.full_like(x, value))
        with pytest.raises(ValueError, match="y_pred must be finite"):
            network.backward(y)
    assert network.gradients == [None] * len(network.parameters)


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
    with pytest.raises(ValueError, match="the bias of layer 1 must be finite"):
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
    with pytest.raises(ValueError, match="about"):
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
        (
            {"optimizer": "adam"},
            TypeError,
            r"optimizer must have an update\(.*\), as Adam\(\), but is 'adam'",
        ),
        (
            {"optimizer": Adam},
            TypeError,
            r"optimizer must have an update\(.*\), as Adam\(\), but is <class",
        ),
        (
            {"optimizer": {}},
            TypeError,
            r"optimizer must have an update\(.*\), as Adam\(\), but is {}",
        ),
        (
            {"optimizer": {1}},
            TypeError,
            r"optimizer must have an update\(.*\), as Adam\(\), but is {1}",
        ),
        ({"augment": 2}, TypeError, "augment must be callable, but is 2"),
        (
            {"augment": lambda x, rng: None},
            TypeError,
            "augment's images must hold real numbers, but its dtype is object",
        ),
        ({"weight_decay": -1e-3}, ValueError, "weight_decay must be at least 0, but is -0.001"),
        ({"weight_decay": np.nan}, ValueError, "weight_decay must be at least 0, but is nan"),
        ({"weight_decay": "L2"}, TypeError, "weight_decay must be a real number, but is 'L2'"),
        ({"weight_decay": 10}, ValueError, r"weight_decay must be below 10\.0, but is 10\.0"),
        (
            {"weight_decay": 9, "learning_rate": lambda progress: 0.2},
            ValueError,
            r"weight_decay must be below 5\.0, but is 9\.0",
        ),
        ({"patience": 0}, ValueError, "patience must be at least 1, but is 0"),
        ({"patience": 2.0}, TypeError, "patience must be an integer, but is 2.0"),
        ({"patience": True}, TypeError, "patience must be an integer, but is True"),
        ({"patience": 2}, ValueError, "patience must be None without validation, but is 2"),
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
    with pytest.raises(ValueError, match="the logits and y must have the same shape"):
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


def wrapped(function):
    @functools.wraps(function)
    def other(*arguments):
        return 2 * function(*arguments)

    return other


class OtherLayer(LinearLayer):
    pass


@pytest.mark.parametrize(
    ("activation", "loss", "layer_class"),
    [
        (wrapped(relu), losses.cross_entropy_with_logits, LinearLayer),
        (relu, wrapped(losses.cross_entropy_with_logits), LinearLayer),
        (relu, with_options(losses.focal_loss, alpha=7.0), LinearLayer),
        (relu, losses.cross_entropy_with_logits, OtherLayer),
    ],
    ids=["activation", "loss", "options", "layer"],
)
def test_what_could_not_be_read_back_is_not_saved(activation, loss, layer_class, tmp_path, rng):
    network = Network([layer_class(3, 3, activation, rng=rng)], loss=loss)
    with pytest.raises(ValueError, match=r"to be saved|in a file|could not be read again"):
        network.save(tmp_path / "network.npz")
    assert not list(tmp_path.iterdir())


def test_options_on_options_come_back(tmp_path, rng):
    loss = with_options(with_options(losses.focal_loss_with_logits, alpha=0.9), gamma=0.5)
    Network([LinearLayer(3, 1, rng=rng)], loss=loss).save(tmp_path / "network.npz")
    other = Network.load(tmp_path / "network.npz").loss
    z, y = rng.normal(size=(5, 1)), np.ones((5, 1))
    assert other(z, y) == loss(z, y) == losses.focal_loss_with_logits(z, y, 0.9, 0.5)
    assert np.array_equal(other.gradient(z, y), loss.gradient(z, y))


def fragile(z):
    if fragile.broken:
        raise OverflowError("broken")
    return z


fragile.backward = lambda grad_output, z: fragile(grad_output)
fragile.broken = False


@pytest.mark.parametrize("place", [0, 1])
def test_a_layer_that_raises_leaves_the_others_as_they_were(place, rng):
    chain = [relu, relu]
    chain[place] = fragile
    network = Network(
        [LinearLayer(3, 3, activation, rng=rng) for activation in chain],
        loss=losses.cross_entropy_with_logits,
    )
    x, y = rng.normal(size=(4, 3)).astype(np.float32), np.arange(4) % 3
    network.forward(x)
    network.backward(y)
    before = [gradient.copy() for gradient in network.gradients]
    fragile.broken = True
    with pytest.raises(OverflowError):
        network.forward(x + 1)
    with pytest.raises(OverflowError):
        network.backward((y + 1) % 3)
    fragile.broken = False
    assert_same(before, network.gradients)
    network.backward(y)
    assert_same(before, network.gradients)


@pytest.mark.parametrize("wrong", [None, np.ones((1, 1)), np.ones((1, 3), complex), "x"], ids=str)
def test_a_refused_update_moves_no_layer(wrong, rng):
    network = Network(
        [LinearLayer(3, 3, relu, rng=rng), LinearLayer(3, 3, rng=rng)],
        loss=losses.cross_entropy_with_logits,
    )
    network.forward(rng.normal(size=(4, 3)).astype(np.float32))
    network.backward(np.arange(4) % 3)
    before = weights_of(network)
    network.layers[1].bias_grad = wrong
    with pytest.raises((ValueError, TypeError, RuntimeError), match=r"bias_grad|backward pass"):
        network.update(0.1)
    assert_same(before, weights_of(network))


@pytest.mark.parametrize("dropout", [-0.5, 1.0, 1.5])
def test_a_share_of_units_to_be_silenced_lies_in_its_range(dropout, rng):
    network = make("multi", losses.cross_entropy_with_logits)
    with pytest.raises(ValueError, match="dropout must be"):
        network.forward(np.ones((2, 4)), dropout=dropout, rng=rng)


@pytest.mark.parametrize("rows", [(3, 4), (4, 3)])
def test_rows_without_a_label_and_labels_without_a_row_are_not_learned(rows, rng):
    network = make("multi", losses.cross_entropy_with_logits)
    x, y = np.ones((rows[0], 4)), np.zeros(rows[1], int)
    with pytest.raises(ValueError, match="x and y must have as many rows"):
        network.train(x, y, epochs=1, batch_size=2, learning_rate=0.1, rng=rng)


@pytest.mark.parametrize(
    ("lacking", "instead"),
    [
        ("__call__", None),
        ("gradient", None),
        ("on_logits", None),
        ("gradient", "of"),
        ("on_logits", np.zeros(2)),
    ],
)
def test_a_loss_that_lacks_something_is_refused(lacking, instead, rng):
    def loss(self, y_pred, y_true):
        return 0.0

    members = {"__call__": loss, "gradient": loss, "on_logits": True, lacking: instead}
    if instead is None:
        del members[lacking]
    layers = [LinearLayer(4, 3, rng=rng)]
    with pytest.raises(TypeError, match=r"loss must be a function of mnist_gd\.losses"):
        Network(layers, loss=type("Loss", (), members)())


def test_a_network_has_a_list_of_its_own(rng):
    layers = [LinearLayer(4, 3, rng=rng), LinearLayer(3, 2, rng=rng)]
    network = Network(layers, loss=losses.mean_squared_error)
    layers.pop()
    assert len(network.layers) == 2


def test_answers_of_numbers_too_large_to_add_are_refused():
    network = make("multi", losses.cross_entropy_with_logits)
    x = np.full((2, 4), np.finfo(np.float64).max) * [1, -1, 1, -1]
    calls = (network.logits, network.predict, network.predict_proba)
    with np.errstate(all="ignore"):
        for call in (*calls, lambda x: network.evaluate(x, np.array([0, 1]))):
            with pytest.raises(ValueError, match="the logits of x must be finite"):
                call(x)


def test_as_many_labels_as_rows_are_judged(rng):
    network = make("multi", losses.cross_entropy_with_logits)
    x, y = examples("multi", rng)
    with pytest.raises(ValueError, match="x and y must have as many rows, but have 8, 7"):
        network.evaluate(x, y[:7])
    with pytest.raises(TypeError, match="metric must be callable, but is 5"):
        network.evaluate(x, y, metric=5)
    with pytest.raises(ValueError, match="validation must hold 2 entries, but holds 3"):
        network.train(
            x, y, validation=(x, y, y), epochs=1, batch_size=2, learning_rate=0.1, rng=rng
        )


@pytest.mark.parametrize("call", ["predict", "forward", "evaluate", "train"])
def test_rows_behind_a_mask_are_refused(call, rng):
    network = make("multi", losses.cross_entropy_with_logits)
    x, y = examples("multi", rng)
    masked = np.ma.masked_less(x, 0)
    arguments = {
        "evaluate": (masked, y),
        "train": (masked, y),
        "predict": (masked,),
        "forward": ([*masked],),
    }[call]
    settings = {"epochs": 1, "batch_size": 2, "learning_rate": 0.1, "rng": rng}
    with pytest.raises(TypeError, match="x must not be masked, but hides"):
        getattr(network, call)(*arguments, **settings if call == "train" else {})


@pytest.mark.parametrize("hidden_layers", [1001, 2**31, 10**30])
def test_more_layers_than_any_machine_holds_are_refused(hidden_layers, rng):
    loss = losses.cross_entropy_with_logits
    with pytest.raises(ValueError, match="hidden_layers must be at most 1000, but is"):
        MultiLayerNetwork(4, 1, 3, hidden_layers=hidden_layers, loss=loss, rng=rng)


def test_dropout_takes_rows_of_any_precision(rng):
    network = make("multi", losses.cross_entropy_with_logits)
    x, _ = examples("multi", rng)
    logits = [
        network.forward(rows, dropout=0.5, rng=np.random.default_rng(0))
        for rows in (x, x.astype(np.longdouble))
    ]
    np.testing.assert_allclose(*logits, rtol=1e-12)


def test_plain_steps_keep_no_gradients(rng):
    """Not even those that a pass by hand has left."""
    network = make("multi", losses.cross_entropy_with_logits)
    x, y = examples("multi", rng)
    network.forward(x)
    network.backward(y)
    network.train(x, y, epochs=1, batch_size=4, learning_rate=0.1, rng=rng)
    assert network.gradients == [None] * 8


@both_networks
def test_what_the_caller_does_with_its_arrays_changes_no_pass_back_of_the_network(kind, loss, rng):
    x, y = examples(kind, rng)
    networks = [make(kind, loss) for _ in range(2)]
    given = x.copy()
    logits = networks[0].forward(given)
    given[:], logits[:] = 0, 0
    networks[1].forward(x)
    for network in networks:
        network.backward(y)
    assert_same(*map(gradients_of, networks))


def test_a_loss_that_works_in_place_leaves_the_labels_of_the_caller(rng):
    def loss(y_pred, y_true):
        y_true -= y_pred
        return float((y_true**2).mean())

    loss.gradient = lambda y_pred, y_true: 2 * (y_pred - y_true) / y_pred.size
    loss.on_logits = True
    network, y = make("multi", loss, dtype=np.float64), np.full((8, 3), 1 / 3)
    x, kept = rng.normal(size=(8, 4)), y.copy()
    options = {"epochs": 2, "batch_size": 4, "learning_rate": 0.1, "rng": rng}
    network.train(x, y, validation=(x, y), **options)
    network.forward(x)
    network.backward(y)
    np.testing.assert_array_equal(y, kept)


def test_a_loss_that_works_in_place_trains_as_one_that_does_not(rng):
    def plain(y_pred, y_true):
        return float(((y_true - y_pred) ** 2).mean())

    def of_labels(y_pred, y_true):
        y_true -= y_pred
        return float((y_true**2).mean())

    def of_logits(y_pred, y_true):
        y_pred -= y_true
        return float((y_pred**2).mean())

    (x, y), found = examples("multi", rng), []
    for loss in (plain, of_labels, of_logits):
        loss.gradient = lambda y_pred, y_true: 2 * (y_pred - y_true) / y_pred.size
        loss.on_logits = True
        network = make("multi", loss, dtype=np.float64)
        options = {"epochs": 2, "batch_size": 4, "learning_rate": 0.1, "validation": (x, y)}
        history = network.train(x, y, rng=np.random.default_rng(0), **options).as_dict()
        found.append((weights_of(network), {**history, "seconds": None}))
    for weights, history in found[1:]:
        assert_same(weights, found[0][0])
        assert history == found[0][1]


def two_networks(rng):
    """Two networks that have a layer in common, and the rows of each."""
    first = make("multi", losses.cross_entropy_with_logits)
    layers = [LinearLayer(6, 6, relu, rng=rng, dtype=np.float64), *first.layers[1:]]
    return first, Network(layers, loss=first.loss)


OTHER_ROWS = "since the last one a layer has taken a step, or passed on other rows"


@pytest.mark.parametrize("by", ["another network", "a layer by itself", "a training"])
def test_a_layer_belongs_to_whom_it_passed_rows_on_for_last(by, rng):
    first, second = two_networks(rng)
    x, y = examples("multi", rng)
    rows = rng.normal(size=(8, 6))
    first.forward(x)
    first.backward(y)
    before = gradients_of(first)
    options = {"epochs": 1, "batch_size": 8, "learning_rate": 1e-9, "rng": rng}
    elsewhere = {
        "another network": lambda: second.forward(rows),
        "a layer by itself": lambda: first.layers[1].forward(rows),
        "a training": lambda: second.train(rows, y, optimizer=Momentum(), **options),
    }
    elsewhere[by]()
    shared = gradients_of(first)
    with pytest.raises(RuntimeError, match=OTHER_ROWS):
        first.backward(y)
    assert_same(gradients_of(first), shared)
    first.forward(x)
    first.backward(y)
    np.testing.assert_allclose(first.gradients[-1], before[-1], rtol=1e-6)


@pytest.mark.parametrize("optimizer", [None, Momentum()], ids=["none", "momentum"])
@pytest.mark.parametrize("weight_decay", [0, 0.1])
def test_a_training_ends_the_last_pass(optimizer, weight_decay, rng):
    network, (x, y) = make("multi", losses.cross_entropy_with_logits), examples("multi", rng)
    options = {"optimizer": optimizer, "weight_decay": weight_decay, "epochs": 1}
    network.train(x, y, batch_size=len(x), learning_rate=0.1, rng=rng, **options)
    with pytest.raises(RuntimeError, match="backward needs a forward pass before it"):
        network.backward(y)


def test_layers_that_pass_on_the_same_rows_for_two_are_the_layers_of_both(rng):
    """One trunk with two heads; and whoever looks at what a layer gives."""
    trunk, x, y = make("multi", losses.cross_entropy_with_logits), *examples("multi", rng)
    heads = [LinearLayer(6, 3, rng=rng, dtype=np.float64) for _ in range(2)]
    both, alone = (
        [Network([*layers, head], loss=trunk.loss) for head in heads]
        for layers in (trunk.layers[:-1], copy.deepcopy(trunk.layers[:-1]))
    )
    for network in both:
        network.forward(x)
    trunk.layers[0].forward(x)
    for network, other in zip(both, alone, strict=True):
        network.backward(y)
        other.forward(x)
        other.backward(y)
        assert_same(gradients_of(network), gradients_of(other))


def test_a_step_needs_a_pass_forward_after_it(rng):
    network, (x, y) = make("multi", losses.cross_entropy_with_logits), examples("multi", rng)
    network.forward(x)
    network.backward(y)
    network.update(0.1)
    before = gradients_of(network)
    with pytest.raises(RuntimeError, match=OTHER_ROWS):
        network.backward(y)
    assert_same(gradients_of(network), before)


def test_what_looks_at_a_layer_alone_leaves_the_pass_to_the_network(rng):
    first, second = two_networks(rng)
    x, y = examples("multi", rng)
    first.forward(x)
    second.predict(rng.normal(size=(5, 6)))
    first.layers[1](rng.normal(size=(5, 6)))
    copies = [copy.deepcopy(first), pickle.loads(pickle.dumps(first))]
    first.backward(y)
    for network in copies:
        network.backward(y)
        assert_same(gradients_of(network), gradients_of(first))


class Secretive:
    """A loss that has what a loss must have, and raises when it is asked for more."""

    on_logits = True

    def __call__(self, y_pred, y_true):
        return losses.mean_squared_error(y_pred, y_true)

    @staticmethod
    def gradient(y_pred, y_true):
        return losses.mean_squared_error_gradient(y_pred, y_true)

    def __getattr__(self, name):
        raise KeyError("of the reader's")


def plain(y_pred, y_true):
    return losses.mean_squared_error(y_pred, y_true)


plain.gradient, plain.on_logits = losses.mean_squared_error_gradient, True


def test_a_loss_that_tells_no_more_than_it_must_is_trained_with(tmp_path, rng):
    networks = [make("multi", loss) for loss in (Secretive(), plain)]
    x, y = examples("multi", rng)
    for network in networks:
        network.train(
            x, y, epochs=1, batch_size=4, learning_rate=0.1, rng=np.random.default_rng(0)
        )
    assert_same(*map(weights_of, networks))
    with pytest.raises(ValueError, match="loss"):
        networks[0].save(tmp_path / "network.npz")


def test_a_gradient_that_works_in_place_leaves_the_logits(rng):
    def loss(y_pred, y_true):
        return float(((y_pred - y_true) ** 2).mean())

    def gradient(y_pred, y_true):
        y_pred -= y_true
        return y_pred

    loss.gradient, loss.on_logits = gradient, True
    network, (x, y) = make("multi", loss), examples("multi", rng)
    network.forward(x)
    network.backward(y)
    first = gradients_of(network)
    network.backward(y)
    assert_same(gradients_of(network), first)
