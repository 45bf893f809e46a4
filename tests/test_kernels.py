"""Arguments are checked at the door, once; behind it stands the mathematics alone."""

import functools
import inspect
import pickle
import sys
from contextlib import contextmanager

import numpy as np
import pytest

from mnist_gd import activations, layers, losses
from mnist_gd._checks import (
    check_integer,
)
from mnist_gd._kernels import checked, has_kernel, is_original, kernel_of, original
from mnist_gd.activations import with_options
from mnist_gd.additions import Adam, Momentum
from mnist_gd.layers import LinearLayer
from mnist_gd.networks import MultiLayerNetwork, SingleLayerNetwork
from tests.small_networks import CASES, assert_same, examples, make, weights_of

DOORS = [
    function
    for module in (activations, losses)
    for function in (getattr(module, name) for name in module.__all__)
    if hasattr(function, "kernel")
]
every_door = pytest.mark.parametrize("function", DOORS, ids=lambda function: function.__name__)


def test_every_function_with_arguments_to_check_has_a_kernel():
    """All of the mathematics: a function of an array that has none would be called unchecked."""
    first = {"z", "y_pred", "grad_output"}
    for module in (activations, losses):
        for name in module.__all__:
            function = getattr(module, name)
            if name == "shift_logits":  # a step of those that have checked
                continue
            if first & set(inspect.signature(function).parameters):
                assert function in DOORS, name
                assert inspect.unwrap(function) is function.kernel is kernel_of(function)
    with_derivatives = [f for f in DOORS if hasattr(f, "gradient") or hasattr(f, "backward")]
    assert len(with_derivatives) == len(DOORS) / 2 == 14


def valid(function, dtype, rng):
    """Arguments that the function takes: rows of three, with distributions over them."""
    z = rng.normal(size=(5, 3)).astype(dtype)
    one_hot = np.eye(3, dtype=dtype)[[0, 1, 2, 1, 0]]
    probabilities = activations.softmax(z)
    about = {
        "z": z,
        "grad_output": rng.normal(size=(5, 3)).astype(dtype),
        "slope": np.array([0.1, 0.2, 0.3], dtype),
        "y_true": one_hot,
        "y_pred": z if "logits" in function.__name__ else probabilities,
    }
    names = inspect.signature(function).parameters
    return {name: about[name] for name in names if name in about}


def flat(result):
    """A result as one array: prelu_backward has two."""
    return (
        np.hstack([part.ravel() for part in result])
        if isinstance(result, tuple)
        else (np.asarray(result))
    )


OPTIONS = {"negative_slope": 0.2, "alpha": 0.75, "gamma": 1.5}


@every_door
def test_the_kernel_gives_bit_for_bit_what_the_function_gives(function, dtype, rng):
    given = valid(function, dtype, rng)
    options = {n: v for n, v in OPTIONS.items() if n in inspect.signature(function).parameters}
    for some in ({}, options):
        before = {name: value.copy() for name, value in given.items()}
        results = [flat(f(**given, **some)) for f in (function, function.kernel)]
        if some:
            fixed = with_options(function, **some)
            results += [flat(f(**given)) for f in (fixed, fixed.kernel)]
        assert np.isfinite(results[0]).all()
        assert len({(array.dtype, array.shape, array.tobytes()) for array in results}) == 1
        assert all(np.array_equal(given[name], before[name]) for name in given)


@every_door
def test_the_door_is_not_open(function, dtype, rng):
    """Each array is looked at: text in its place is refused by the function itself."""
    given = valid(function, dtype, rng)
    for name in given:
        with pytest.raises(TypeError, match=f"{name} must hold real numbers, but its dtype is <U"):
            function(**given | {name: np.full((5, 3), "one")})


def test_a_door_hands_on_what_its_check_returns():
    @checked(lambda x, scale: (check_integer("x", x), 2 * scale))
    def product(x, scale=5):
        """Multiply."""
        return x, scale

    assert product(np.int64(3)) == (3, 10)
    assert type(product(np.int64(3))[0]) is int
    assert product(3, 7) == product(3, scale=7) == (3, 14)
    assert product(scale=1, x=2) == (2, 2)
    assert product.kernel(0.5) == (0.5, 5)
    assert (product.__name__, product.__doc__) == ("product", "Multiply.")
    for arguments in ((), (1, 2, 3)):
        with pytest.raises(TypeError, match=r"^product\(\) .*argument"):
            product(*arguments)
    with pytest.raises(TypeError, match=r"^product\(\) .*unexpected keyword argument 'y'"):
        product(1, y=2)


def test_a_door_asks_for_every_argument_without_a_default():
    @checked(lambda *given: given)
    def three(x, y, z=0):
        return x, y, z

    assert three(1, 2) == (1, 2, 0)
    with pytest.raises(TypeError, match=r"^three\(\) missing a required argument: 'y'$"):
        three(1)


@every_door
def test_doors_and_kernels_are_found_by_their_names(function):
    """So they go to other processes, with options too."""
    assert pickle.loads(pickle.dumps(function)) is function
    assert pickle.loads(pickle.dumps(function.kernel)) is function.kernel
    options = {n: v for n, v in OPTIONS.items() if n in inspect.signature(function).parameters}
    if options:
        fixed = pickle.loads(pickle.dumps(with_options(function, **options)))
        assert (fixed.func, fixed.keywords) == (function, options)
        assert kernel_of(fixed) is fixed.kernel
        assert (fixed.kernel.func, fixed.kernel.keywords) == (function.kernel, options)


@every_door
def test_a_function_around_another_is_not_taken_for_it(function):
    """Though `wraps` gives it all the attributes of the other, a kernel among them."""

    @functools.wraps(function)
    def around(*args):
        return -function(*args)

    assert around.kernel is function.kernel
    assert kernel_of(around) is around
    partial = functools.update_wrapper(functools.partial(function, np.ones((2, 2))), function)
    assert kernel_of(partial) is partial


def test_a_marked_method_is_told_from_what_copies_its_attributes():
    class Marked:
        @original
        def method(self):
            return 1

        @functools.wraps(method)
        def other(self):
            return 2

    assert is_original(Marked().method)
    assert is_original(Marked.method)
    assert not is_original(Marked().other)
    assert not is_original(len)


# Training


class Doors:
    """Counts, by name, how often doors of some modules are gone through."""

    def __init__(self, *modules):
        self.modules, self.counts = {module.__name__ for module in modules}, {}

    def __call__(self, frame, event, argument):
        kernel = frame.f_locals.get("kernel") if frame.f_code.co_name == "function" else None
        if event == "call" and getattr(kernel, "__module__", "") in self.modules:
            self.counts[kernel.__name__] = self.counts.get(kernel.__name__, 0) + 1

    def __enter__(self):
        sys.setprofile(self)
        return self.counts

    def __exit__(self, *error):
        sys.setprofile(None)


def test_doors_are_counted():
    z, y = np.zeros((2, 1)), np.ones((2, 1))
    with Doors(losses) as counts:
        losses.mean_squared_error(z, y)
        losses.binary_cross_entropy_with_logits.gradient(z, y)
        losses.binary_cross_entropy_with_logits.kernel(z, y)
    assert counts == {"mean_squared_error": 1, "binary_cross_entropy_with_logits_gradient": 1}


@pytest.mark.parametrize(("kind", "loss"), CASES)
def test_a_training_goes_through_the_door_of_its_loss_once_a_set(kind, loss, rng):
    """However many steps it takes."""
    x, y = examples(kind, rng, n=20)
    for epochs in (1, 3):
        network = make(kind, loss)
        options = {"epochs": epochs, "batch_size": 4, "learning_rate": 0.1, "rng": rng}
        with Doors(losses) as counts:
            network.train(x, y, **options)
        assert counts == {loss.__name__: 1}
        with Doors(losses) as counts:
            network.train(x, y, validation=(x, y), **options)
        assert counts == {loss.__name__: 2}


def test_a_step_of_our_own_parts_goes_through_no_door(rng):
    """Nor do the three additions: twice the epochs, not one call more."""
    x, y = examples("multi", rng, n=20)
    for options in ({}, {"optimizer": Momentum()}, {"optimizer": Adam()}, {"dropout": 0.2}):
        counts = []
        for epochs in (1, 2):
            network = make("multi", losses.cross_entropy_with_logits)
            settings = {"epochs": epochs, "batch_size": 4, "learning_rate": 0.1, "rng": rng}
            with Doors(activations, layers) as doors:
                network.train(x, y, track_training=False, **settings | options)
            counts.append(sum(doors.values()))
        assert counts == [0, 0]
    with Doors(activations, layers) as doors:
        network.layers[0].forward(x)
    assert doors == {"forward": 1}


def test_the_kernel_of_a_method_is_bound_to_its_object(rng):
    layer = LinearLayer(3, 2, rng=rng)
    x = rng.normal(size=(4, 3)).astype(np.float32)
    assert has_kernel(layer.forward)
    assert not has_kernel(layer.check_gradients)
    np.testing.assert_array_equal(kernel_of(layer.forward)(x), layer.forward(x))
    with pytest.raises(ValueError, match="x must have the shape"):
        layer.forward(x[0])
    layer.forward = functools.wraps(layer.forward)(lambda x: x)
    assert not has_kernel(layer.forward)
    assert kernel_of(layer.forward) is layer.forward


SOFT = {
    losses.focal_loss: ([[0.5], [1.0]], "y_true must hold only 0 and 1 in the focal loss"),
    losses.focal_loss_with_logits: ([[0.5], [1.0]], "y_true must hold only 0 and 1"),
    losses.binary_cross_entropy_with_logits: ([[0.5], [1.5]], r"y must lie in \[0, 1\]"),
    losses.cross_entropy_with_logits: ([[0.5], [1.0]], "rows of y_true must sum to 1"),
}


@pytest.mark.parametrize("loss", SOFT, ids=lambda loss: loss.__name__)
def test_targets_that_a_loss_refuses_are_refused_before_anything_is_trained(loss, rng):
    """Also those to judge by, and those of one step by hand."""
    targets, message = SOFT[loss]
    targets = np.array(targets)
    network = SingleLayerNetwork(4, 6, loss=loss, rng=rng, dtype=np.float64)
    x, before = rng.normal(size=(2, 4)), weights_of(network)
    options = {"epochs": 1, "batch_size": 1, "learning_rate": 0.1, "rng": rng}
    state = rng.bit_generator.state
    with pytest.raises(ValueError, match=message):
        network.train(x, targets, **options)
    if loss is not losses.cross_entropy_with_logits:  # of one class, which is always right
        with pytest.raises(ValueError, match=message):
            network.train(x, np.array([0, 1]), validation=(x, targets), **options)
    network.forward(x)
    with pytest.raises(ValueError, match=message):
        network.backward(targets)
    assert rng.bit_generator.state == state  # nothing was drawn
    assert_same(weights_of(network), before)


def test_options_that_a_loss_refuses_are_refused_before_anything_is_trained(rng):
    loss = with_options(losses.focal_loss_with_logits, alpha=1.5)
    network = MultiLayerNetwork(4, 6, 1, loss=loss, rng=rng)
    before = weights_of(network)
    with pytest.raises(ValueError, match=r"alpha must be at most 1, but is 1\.5"):
        network.train(
            rng.normal(size=(4, 4)),
            np.array([0, 1, 0, 1]),
            epochs=1,
            batch_size=1,
            learning_rate=0.1,
            rng=rng,
        )
    assert_same(weights_of(network), before)


def test_the_mathematics_is_done_within_a_context_of_its_checked_arguments():
    entered = []

    @contextmanager
    def within(x, scale):
        entered.append((x, scale))
        yield
        entered.append("left")

    @checked(lambda x, scale: (check_integer("x", x), 2 * scale), within=within)
    def product(x, scale=5):
        entered.append("done")
        return x * scale

    assert product(3) == 30
    assert entered == [(3, 10), "done", "left"]
    assert product.kernel(3) == 15
    assert entered == [(3, 10), "done", "left", "done"]
