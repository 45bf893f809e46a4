"""Steps are taken whole or not at all, whatever is raised and however NumPy treats overflow."""

import copy

import numpy as np
import pytest

from mnist_gd import losses
from mnist_gd._steps import unchanged_by_errors, whole_step
from mnist_gd.additions import Adam, Momentum, shrink_weights
from mnist_gd.gradient_descent import DivergenceError
from mnist_gd.layers import LinearLayer
from mnist_gd.networks import MultiLayerNetwork, Network

MOST = np.finfo(np.float32).max


class Thing:
    def __init__(self):
        self.array, self.kept = np.arange(3.0), [1]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, None])
def test_what_fails_leaves_objects_and_arrays_as_they_were(error):
    thing, array = Thing(), np.arange(4.0)
    before = vars(thing).copy()

    def changes():
        with unchanged_by_errors([thing], [array]):
            array[1] = 9
            thing.array, thing.new = array, 1
            del thing.kept
            if error:
                raise error

    if error is None:
        changes()
        assert (thing.array is array, thing.new, array[1]) == (True, 1, 9)
        return
    with pytest.raises(error):
        changes()
    assert vars(thing) == before
    np.testing.assert_array_equal(array, np.arange(4))


@pytest.mark.parametrize("factor", [MOST, np.inf])
def test_a_step_beyond_the_finite_numbers_is_named_and_undone(factor):
    array = np.array([1.0, -2.0, 0.0], np.float32)

    def step():
        with whole_step([], lambda: [array]):
            array[0] = 5
            array[:] *= np.float32(factor)

    with pytest.raises(DivergenceError, match="the step leaves the finite numbers"):
        step()
    np.testing.assert_array_equal(array, [1, -2, 0])


@pytest.mark.parametrize("state", ["ignore", "raise"])
def test_what_underflows_becomes_nothing(state):
    array = np.full(2, 1e-30, np.float32)
    with np.errstate(all=state), whole_step([], lambda: [array]):
        array *= np.float32(1e-30)
    np.testing.assert_array_equal(array, [0, 0])


def a_network(seed=0):
    rng = np.random.default_rng(seed)
    network = MultiLayerNetwork(
        3, 4, 2, hidden_layers=1, loss=losses.cross_entropy_with_logits, rng=rng
    )
    network.forward(rng.normal(size=(5, 3)).astype(np.float32))
    network.backward(np.array([0, 1, 1, 0, 1]))
    return network


def huge(network):
    """The gradient of the last array leaves the finite numbers with any rate above 1."""
    network.layers[-1].bias_grad = np.full_like(network.layers[-1].bias_grad, MOST)


def state_of(*objects):
    return [
        copy.deepcopy({k: v for k, v in vars(each).items() if k != "activation"})
        for each in objects
    ]


def same(before, after):
    np.testing.assert_equal(after, before)


STEPS = {
    "network": lambda network, rate: network.update(rate),
    "layer": lambda network, rate: network.layers[-1].update(rate),
    "momentum": lambda network, rate: MOMENTUM.update(network.parameters, network.gradients, rate),
    "adam": lambda network, rate: ADAM.update(network.parameters, network.gradients, rate),
}
MOMENTUM, ADAM = Momentum(), Adam()
every_step = pytest.mark.parametrize("step", STEPS)


@every_step
@pytest.mark.parametrize("state", ["ignore", "warn", "raise"])
def test_a_step_that_overflows_moves_nothing(step, state):
    network = a_network()
    for each in (MOMENTUM, ADAM):
        each.__init__()
    STEPS[step](network, 0.1)  # so that there is something to remember
    huge(network)
    before = state_of(*network.layers, MOMENTUM, ADAM)
    with np.errstate(all=state), pytest.raises(DivergenceError, match="leaves the finite numbers"):
        STEPS[step](network, 2.0)
    same(before, state_of(*network.layers, MOMENTUM, ADAM))


@every_step
def test_a_step_that_underflows_is_taken_however_numpy_treats_it(step):
    networks = [a_network(), a_network()]
    for network, state in zip(networks, ("ignore", "raise"), strict=True):
        for each in (MOMENTUM, ADAM):
            each.__init__()
        for gradient in network.gradients:
            gradient *= np.float32(1e-30)
        with np.errstate(all=state):
            STEPS[step](network, 1e-20)
    same(networks[0].parameters, networks[1].parameters)


@every_step
def test_a_rate_that_the_dtype_does_not_hold_is_refused(step):
    network = a_network()
    for each in (MOMENTUM, ADAM):
        each.__init__()
    before = state_of(*network.layers, MOMENTUM, ADAM)
    with pytest.raises(ValueError, match="learning_rate must be finite in float32, but is 1e"):
        STEPS[step](network, 1e39)
    same(before, state_of(*network.layers, MOMENTUM, ADAM))


def test_the_step_within_a_pass_takes_such_rates_no_more_than_that_after_it():
    layer = a_network().layers[-1]
    before = state_of(layer)
    with pytest.raises(ValueError, match="learning_rate must be finite in float32, but is 1e"):
        layer.descend(np.ones((5, 2), np.float32), 1e39)
    same(before, state_of(layer))


@pytest.mark.parametrize("bad", [np.inf, np.nan, MOST])
@pytest.mark.parametrize("make", [Adam, Momentum])
def test_what_is_not_finite_and_whose_square_is_not_stays_out_of_what_is_remembered(make, bad):
    optimizer, parameter = make(), np.ones(2, np.float32)
    before = vars(optimizer).copy()
    with pytest.raises(DivergenceError, match=r"^the step leaves the finite numbers$"):
        optimizer.update([parameter], [np.full(2, bad, np.float32)], 2.0)
    np.testing.assert_array_equal(parameter, [1, 1])
    assert vars(optimizer) == before


def test_shrinking_is_no_error_however_numpy_treats_it():
    weights = [np.full(2, 1e-38, np.float32), np.ones(2, np.float32)]
    with np.errstate(all="raise"):
        shrink_weights(weights, 0.5, 1.9999999)
    assert all((0 <= array).all() and (array < 1e-7).all() for array in weights)


def test_an_optimizer_leaves_a_training_with_the_place_where_it_left_the_finite_numbers():
    layer = LinearLayer.from_arrays(np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32))
    network = MultiLayerNetwork(
        1, 1, 1, hidden_layers=0, loss=losses.mean_squared_error, rng=np.random.default_rng(0)
    )
    network.layers[0].weights[:] = layer.weights
    x, y = np.full((4, 1), 1e25, np.float32), np.ones((4, 1))
    options = {"epochs": 2, "batch_size": 2, "learning_rate": 0.5, "rng": np.random.default_rng(0)}
    with pytest.raises(DivergenceError, match="in epoch 1, batch 1, with ") as e:
        network.train(x, y, optimizer=Adam(), **options)
    assert e.value.history.train_loss == []


def test_a_training_is_the_same_however_numpy_treats_underflow():
    x, y = np.random.default_rng(1).normal(size=(20, 3)) * 100, np.arange(20) % 2
    courses = []
    for state in ("ignore", "raise"):
        network = a_network()
        with np.errstate(all=state):
            courses.append(
                network.train(
                    x, y, epochs=3, batch_size=5, learning_rate=0.1, rng=np.random.default_rng(0)
                ).train_loss
            )
    assert courses[0] == courses[1]


class Rebinding(LinearLayer):
    """It has other arrays after each step, and counts them."""

    steps = 0

    def update(self, learning_rate):
        self.weights = self.weights - learning_rate * self.weights_grad
        self.steps += 1


def test_a_step_of_layers_of_the_readers_is_undone_whole():
    rng = np.random.default_rng(0)
    layers = [Rebinding(3, 4, rng=rng), LinearLayer(4, 2, rng=rng)]
    network = Network(layers, loss=losses.cross_entropy_with_logits)
    network.forward(rng.normal(size=(5, 3)))
    network.backward(np.array([0, 1, 1, 0, 1]))
    network.update(0.1)
    huge(network)
    before = state_of(*layers)
    with pytest.raises(DivergenceError):
        network.update(100.0)
    same(before, state_of(*layers))
    assert layers[0].steps == 1


def soft(z):
    return np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0)


soft.backward = lambda grad_output, z: grad_output / (1 + np.exp(-z))  # exp may be infinite


@pytest.mark.parametrize("state", ["ignore", "raise"])
def test_what_overflows_on_the_way_to_finite_numbers_is_no_divergence(state):
    layer = LinearLayer(3, 2, soft, rng=np.random.default_rng(0))
    layer.forward(np.random.default_rng(1).normal(size=(4, 3)) * 1000)
    with np.errstate(all=state):
        layer.descend(np.ones((4, 2)), 1e-3)
    assert all(np.isfinite(array).all() for array in (layer.weights, layer.bias))
