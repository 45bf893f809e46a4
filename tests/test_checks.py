"""Arguments are checked at the door, once; behind it stands the mathematics alone."""

import functools
import inspect
import pickle
import re
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mnist_gd import activations, layers, losses
from mnist_gd._checks import (
    as_array,
    as_float,
    check_as_many,
    check_callable,
    check_distributions,
    check_dtype,
    check_finite,
    check_flag,
    check_hidden_layers,
    check_integer,
    check_labels,
    check_matrix,
    check_one_of,
    check_path,
    check_real,
    check_rng,
    check_room,
    check_same_shape,
    check_sequence,
    check_shares,
    check_text,
    check_unit_interval,
    check_writeable,
    checked,
    has_kernel,
    is_original,
    kernel_of,
    original,
)
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


@pytest.mark.parametrize("value", [["one"], {}, 2, "three", None])
def test_one_of_takes_anything_to_be_refused(value):
    for allowed in (("one", "two"), {"one": 1, "two": 2}):
        with pytest.raises(ValueError, match=r"x must be one of \('one', 'two'\), but is"):
            check_one_of("x", value, allowed)


def test_an_integer_is_what_it_gives_as_one():
    class Odd(int):
        def __int__(self):
            return -5

    with pytest.raises(ValueError, match="number must be at least 1, but is -5"):
        check_integer("number", Odd(3))


def test_integers_have_bounds():
    assert [check_integer("x", value, 0, 2) for value in (0, 1, 2)] == [0, 1, 2]
    with pytest.raises(ValueError, match="x must be at most 2, but is 3"):
        check_integer("x", 3, 0, 2)


@pytest.mark.parametrize("value", [True, np.timedelta64(2, "s")])
def test_what_only_its_type_calls_an_integer_is_no_number(value):
    for check, wanted in ((check_integer, "an integer"), (check_real, "a real number")):
        with pytest.raises(TypeError, match=f"x must be {wanted}, but is "):
            check("x", value)


MASKED = np.ma.masked_array([1.0, 2.0, 3.0], [True, False, True])
READ_ONLY = np.broadcast_to(1.0, 3)

# What is called, on what, the kind of error and its whole message.
REFUSED = [
    (as_array, [[1], [2, 3]], TypeError, "x must be an array, but is [[1], [2, 3]]"),
    (as_array, MASKED, TypeError, "x must not be masked, but hides 2 entries"),
    (as_array, [MASKED, MASKED], TypeError, "x must not be masked, but hides 4 entries"),
    (as_float, [1j], TypeError, "x must hold real numbers, but its dtype is complex128"),
    (as_float, [None], TypeError, "x must hold real numbers, but its dtype is object"),
    (as_float, ["1"], TypeError, "x must hold real numbers, but its dtype is <U1"),
    (
        as_float,
        np.array([1], "m8[s]"),
        TypeError,
        "x must hold real numbers, but its dtype is timedelta64[s]",
    ),
    *(
        (
            check_matrix,
            np.ones(shape),
            ValueError,
            f"x must have the shape (n, features) with n >= 1, but has {shape}",
        )
        for shape in [(3,), (2, 2, 2), (0, 3), (3, 0)]
    ),
    (
        functools.partial(check_matrix, columns=3),
        np.ones((2, 4)),
        ValueError,
        "x must have the shape (n, 3) with n >= 1, but has (2, 4)",
    ),
    (
        check_finite,
        np.array([np.nan, 1, np.inf, -np.inf, 2]),
        ValueError,
        "x must be finite, but holds 3 NaN or infinite entries",
    ),
    (check_writeable, READ_ONLY, ValueError, "x must be writeable, but is read-only"),
    (
        check_labels,
        [[1], [0]],
        ValueError,
        "x must have the shape (n,) with n >= 1, but has (2, 1)",
    ),
    (check_labels, [], ValueError, "x must have the shape (n,) with n >= 1, but has (0,)"),
    (check_labels, ["1"], TypeError, "x must hold integers, but its dtype is <U1"),
    (check_labels, [1.0], TypeError, "x must hold integers, but its dtype is float64"),
    (check_labels, [2, -1], ValueError, "x must be 0 or more, but range from -1 to 2"),
    (
        functools.partial(check_labels, num_classes=3),
        [0, 3],
        ValueError,
        "x must be from 0 to 2, but range from 0 to 3",
    ),
    (
        functools.partial(check_labels, num_classes=3),
        [-1, 2],
        ValueError,
        "x must be from 0 to 2, but range from -1 to 2",
    ),
    (check_integer, 1.0, TypeError, "x must be an integer, but is 1.0"),
    (check_integer, "1", TypeError, "x must be an integer, but is '1'"),
    (check_integer, 0, ValueError, "x must be at least 1, but is 0"),
    (check_real, "1", TypeError, "x must be a real number, but is '1'"),
    (check_real, 1j, TypeError, "x must be a real number, but is 1j"),
    (check_real, np.inf, ValueError, "x must be finite, but is inf"),
    (check_real, 10**400, ValueError, "x must be finite, but is an integer beyond 1e308"),
    (functools.partial(check_real, above=0), 0, ValueError, "x must be above 0, but is 0.0"),
    (functools.partial(check_real, below=1), 1, ValueError, "x must be below 1, but is 1.0"),
    (
        functools.partial(check_real, minimum=0),
        -0.5,
        ValueError,
        "x must be at least 0, but is -0.5",
    ),
    (functools.partial(check_real, maximum=1), 2, ValueError, "x must be at most 1, but is 2.0"),
    (
        functools.partial(check_real, maximum=1),
        np.nan,
        ValueError,
        "x must be at most 1, but is nan",
    ),
    (check_text, b"one", TypeError, "x must be a string, but is b'one'"),
    *(
        (check_sequence, value, TypeError, f"x must be a sequence, but is {value!r}")
        for value in ("ab", b"ab", {1: 2}, 5)
    ),
    (
        check_sequence,
        np.array(1),
        TypeError,
        "x must be a sequence, but is an array of no axis, array(1)",
    ),
    (check_sequence, MASKED, TypeError, "x must not be masked, but hides 2 entries"),
    (
        functools.partial(check_as_many, number=2),
        "abc",
        ValueError,
        "x must hold 2 entries, but holds 3",
    ),
    (
        functools.partial(check_as_many, number=2),
        [1],
        ValueError,
        "x must hold 2 entries, but holds 1",
    ),
    (check_path, 5, TypeError, "x must be a path, but is 5"),
    (check_path, b"a", TypeError, "x must be a path, but is b'a'"),
    (check_path, "a\0b", TypeError, "x must be a path, but is 'a\\x00b'"),
    (check_flag, 1, TypeError, "x must be True or False, but is 1"),
    (check_callable, 5, TypeError, "x must be callable, but is 5"),
    (
        check_room,
        (2**27 + 1,),
        ValueError,
        "x must ask for an array of at most 134217728 numbers, but asks for one of the shape "
        "(134217729,)",
    ),
    (
        check_room,
        [2**14, 2**14],
        ValueError,
        "x must ask for an array of at most 134217728 numbers, but asks for one of the shape "
        "(16384, 16384)",
    ),
    (
        check_unit_interval,
        np.array([-0.5, 1]),
        ValueError,
        "x must lie in [0, 1], but ranges from -0.5 to 1.0",
    ),
    (
        check_unit_interval,
        np.array([0, 1.5]),
        ValueError,
        "x must lie in [0, 1], but ranges from 0.0 to 1.5",
    ),
    (check_shares, [[]], ValueError, "x must not be empty, but has the shape (1, 0)"),
    (check_shares, [2], ValueError, "x must lie in [0, 1], but ranges from 2.0 to 2.0"),
    (
        check_shares,
        np.nan,
        ValueError,
        "x must be finite, but holds 1 NaN or infinite entries",
    ),
    (
        check_distributions,
        np.array([[0.5, 0.5], [0.5, 0.75], [0.25, 0]]),
        ValueError,
        "rows of x must sum to 1, but row 2 sums to 0.25",
    ),
    (
        check_distributions,
        np.array([[0.5, 0.5], [1, 0.5], [1, 2]]),
        ValueError,
        "rows of x must sum to 1, but row 2 sums to 3.0",
    ),
]


@pytest.mark.parametrize(("check", "value", "error", "message"), REFUSED)
def test_a_refusal_names_the_argument_what_was_given_and_what_is_allowed(
    check, value, error, message
):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        check("x", value)


@pytest.mark.parametrize(
    ("check", "value", "wanted"),
    [
        (check_matrix, [[1, 2]], np.array([[1.0, 2.0]])),
        (check_matrix, np.ones((1, 1), np.float32), np.ones((1, 1), np.float32)),
        (as_float, True, np.array(1.0)),
        (as_float, [np.ma.masked_array([1.0, 2.0])], np.array([[1.0, 2.0]])),
        (check_labels, [False, True], np.array([0, 1])),
        (check_labels, np.array([0, 200], np.uint8), np.array([0, 200], np.uint8)),
        (functools.partial(check_labels, num_classes=3), [0, 2], np.array([0, 2])),
        (check_integer, np.int8(1), 1),
        (check_real, Fraction(1, 4), 0.25),
        (functools.partial(check_real, minimum=0, maximum=0), -0.0, -0.0),
        (functools.partial(check_real, above=-1, below=1), 0, 0.0),
        (check_text, "one", "one"),
        (check_sequence, (n for n in (1, 2)), [1, 2]),
        (check_sequence, np.array([[1, 2]]).T, [1, 2]),
        (functools.partial(check_as_many, number=2), "ab", ["a", "b"]),
        (check_path, "a", Path("a")),
        (check_path, Path("a"), Path("a")),
        (check_flag, np.True_, True),
        (check_callable, len, len),
        (check_room, (2**13, 2**14), None),
        (check_unit_interval, np.array([0.0, 1.0]), None),
        (check_shares, 1, np.array(1.0)),
        (check_distributions, np.array([[0.5, 0.50005], [1, 0]]), None),
        (functools.partial(check_one_of, allowed=("a", None)), None, None),
        (functools.partial(check_one_of, allowed=("a", None)), "a", None),
    ],
)
def test_what_is_allowed_is_handed_on_as_what_it_stands_for(check, value, wanted):
    found = check("x", value)
    assert type(found) is type(wanted)
    np.testing.assert_array_equal(np.ravel(found), np.ravel(wanted))
    if isinstance(wanted, np.ndarray):
        assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)


def test_two_arrays_of_different_shapes_are_both_named():
    column, flat = np.ones((2, 1)), np.ones(2)
    check_same_shape("x", column, "y", 0 * column)
    with pytest.raises(ValueError, match=r"^x and y must .*, but have \(2, 1\) and \(2,\)$"):
        check_same_shape("x", column, "y", flat)
    with pytest.raises(ValueError, match=r"^x and y must .*, but have \(2,\) and \(2, 1\)$"):
        check_same_shape("x", flat, "y", column)


def test_hidden_layers_are_none_to_a_thousand():
    assert [check_hidden_layers(number) for number in (0, 1000)] == [0, 1000]
    for number, words in ((-1, "at least 0, but is -1"), (1001, "at most 1000, but is 1001")):
        with pytest.raises(ValueError, match=f"^hidden_layers must be {words}$"):
            check_hidden_layers(number)


@pytest.mark.parametrize("value", [None, np.float16, int, "no dtype", 5, [1]])
def test_dtypes_are_two(value):
    assert [check_dtype("float32"), check_dtype(float)] == [np.float32, np.float64]
    message = re.escape(f"dtype must be float32 or float64, but is {value!r}")
    with pytest.raises(ValueError, match=f"^{message}$"):
        check_dtype(value)


def test_randomness_is_a_generator(rng):
    assert check_rng(rng) is rng
    with pytest.raises(TypeError, match=r"^rng must be a .*default_rng\(0\), but is 3$"):
        check_rng(3)


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
