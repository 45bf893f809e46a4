"""Activations: values, derivatives, extremes, and what they refuse."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special

from mnist_gd.activations import (
    identity,
    leaky_relu,
    prelu,
    relu,
    sigmoid,
    softmax,
    with_options,
)
from mnist_gd.gradient_check import check_gradient, numerical_gradient

SLOPES = np.array([0.25, -0.1, 0.0, 1.5, 0.3])

# name: (ours, the same in PyTorch)
ACTIVATIONS = {
    "identity": (identity, lambda z: z * 1),
    "relu": (relu, torch.relu),
    "leaky_relu": (leaky_relu, torch.nn.functional.leaky_relu),
    "steep leaky_relu": (
        with_options(leaky_relu, negative_slope=0.2),
        lambda z: torch.nn.functional.leaky_relu(z, 0.2),
    ),
    "sigmoid": (sigmoid, torch.sigmoid),
    "softmax": (softmax, lambda z: torch.softmax(z, dim=-1)),
}
every_activation = pytest.mark.parametrize(
    ("function", "in_torch"), ACTIVATIONS.values(), ids=ACTIVATIONS
)
LOGITS = [0.0, 37.0, -37.0, 1e3, -1e3, 1e20, -1e20]


def away_from_kink(z):
    return np.where(np.abs(z) < 0.01, 0.5, z)


@pytest.fixture
def z(rng):
    return away_from_kink(rng.normal(scale=2, size=(4, 5)))


@every_activation
def test_backward_is_the_slope_that_central_differences_find(function, in_torch, z, rng):
    g = rng.normal(size=z.shape)
    check_gradient(lambda z: np.sum(g * function(z)), lambda z: function.backward(g, z), z)


@every_activation
@pytest.mark.parametrize("shape", [(7,), (4, 5), (2, 3, 4)])
def test_values_and_backward_agree_with_pytorch(function, in_torch, shape, rng):
    z, g = rng.normal(scale=3, size=(2, *shape))
    z_torch = torch.tensor(z, requires_grad=True)
    out = in_torch(z_torch)
    out.backward(torch.tensor(g))
    np.testing.assert_allclose(function(z), out.detach().numpy(), rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(
        function.backward(g, z), z_torch.grad.numpy(), rtol=1e-12, atol=1e-16
    )


@every_activation
def test_dtype_and_shape_are_kept_and_inputs_left_alone(function, in_torch, dtype, rng):
    z, g = rng.normal(size=(2, 3, 4)).astype(dtype)
    z_before, g_before = z.copy(), g.copy()
    for result in (function(z), function.backward(g, z)):
        assert result.dtype == dtype
        assert result.shape == z.shape
    np.testing.assert_array_equal(z, z_before)
    np.testing.assert_array_equal(g, g_before)


@every_activation
def test_integers_are_taken_as_float64(function, in_torch):
    np.testing.assert_array_equal(function([[1, -2]]), function(np.array([[1.0, -2.0]])))
    assert function([[1, -2]]).dtype == np.float64


@every_activation
def test_nan_stays_nan(function, in_torch):
    assert np.isnan(function(np.array([[np.nan, 1.0]]))[0, 0])


@every_activation
def test_rows_are_independent(function, in_torch, z):
    np.testing.assert_allclose(function(z)[2], function(z[2:3])[0], rtol=1e-15)


def test_relu_and_its_derivative_at_the_kink():
    z = np.array([-2.0, -0.0, 0.0, 3.0])
    np.testing.assert_array_equal(relu(z), [0, 0, 0, 3])
    np.testing.assert_array_equal(relu.backward(np.ones(4), z), [0, 0, 0, 1])


def test_the_derivative_of_relu_is_taken_of_z_and_not_of_the_incoming_gradient():
    """A unit that is on passes a negative gradient on; one that is off passes nothing on."""
    z, g = np.array([3.0, -3.0]), np.array([-1.0, 1.0])
    np.testing.assert_array_equal(relu.backward(g, z), [-1, 0])


def test_leaky_relu_by_hand():
    z, g = np.array([-2.0, 0.0, 3.0]), np.array([10.0, 10.0, 10.0])
    np.testing.assert_allclose(leaky_relu(z), [-0.02, 0, 3])
    np.testing.assert_allclose(leaky_relu.backward(g, z), [0.1, 0.1, 10])
    np.testing.assert_array_equal(leaky_relu(z, negative_slope=0), relu(z))


def test_prelu_at_the_kink_has_the_slope_below_it():
    grad_z, grad_slope = prelu.backward(np.array([10.0]), np.array([0.0]), 0.25)
    assert (grad_z, grad_slope) == (2.5, 0)


# --------------------------------------------------------------------------- PReLU


@pytest.mark.parametrize("slope", [np.array(0.25), np.array([0.25]), SLOPES, SLOPES[None, :]])
def test_both_gradients_of_prelu(slope, z, rng):
    g = rng.normal(size=z.shape)
    check_gradient(lambda z: np.sum(g * prelu(z, slope)), prelu.backward(g, z, slope)[0], z)
    check_gradient(
        lambda slope: np.sum(g * prelu(z, slope)), prelu.backward(g, z, slope)[1], slope
    )


@pytest.mark.parametrize("slope", [np.array([0.25]), SLOPES])
def test_prelu_agrees_with_pytorch(slope, z, rng):
    g = rng.normal(size=z.shape)
    z_torch = torch.tensor(z, requires_grad=True)
    slope_torch = torch.tensor(slope, requires_grad=True)
    out = torch.nn.functional.prelu(z_torch, slope_torch)
    out.backward(torch.tensor(g))
    np.testing.assert_allclose(prelu(z, slope), out.detach().numpy())
    grad_z, grad_slope = prelu.backward(g, z, slope)
    np.testing.assert_allclose(grad_z, z_torch.grad.numpy())
    np.testing.assert_allclose(grad_slope, slope_torch.grad.numpy())


def test_prelu_sums_the_slope_gradient_over_every_axis_but_the_last(rng):
    z, g = rng.normal(size=(2, 2, 3, 5))
    expected = np.where(z > 0, 0, z * g).sum(axis=(0, 1))
    np.testing.assert_allclose(prelu.backward(g, z, SLOPES)[1], expected)


def test_prelu_keeps_the_dtype(dtype, rng):
    z, g = rng.normal(size=(2, 4, 5)).astype(dtype)
    assert prelu(z, SLOPES).dtype == dtype
    assert prelu(z, 0.25).dtype == dtype
    assert [gradient.dtype for gradient in prelu.backward(g, z, SLOPES)] == [dtype, dtype]


@pytest.mark.parametrize("shape", [(4,), (6,), (5, 1), (4, 1), (4, 5), (1, 1, 5), (0,)])
def test_prelu_refuses_a_slope_that_would_broadcast_by_accident(shape, z):
    with pytest.raises(ValueError, match=r"slope must be one number or have 5 entries"):
        prelu(z, np.full(shape, 0.25))
    with pytest.raises(ValueError, match=r"slope must be one number or have 5 entries"):
        prelu.backward(z, z, np.full(shape, 0.25))


@pytest.mark.parametrize("shape", [(1,), (3,)])
def test_prelu_of_one_number_has_one_slope(shape):
    assert prelu(-2.0, 0.25) == -0.5
    with pytest.raises(ValueError, match="or have 1 entries, but has shape"):
        prelu(-2.0, np.full(shape, 0.25))


# --------------------------------------------------------------------------- sigmoid


@pytest.mark.parametrize("logit", LOGITS)
def test_sigmoid_at_extreme_logits(logit, dtype):
    z = np.array([logit], dtype)
    np.testing.assert_allclose(sigmoid(z), special.expit(z), rtol=4 * np.finfo(dtype).eps)
    tail = np.exp(-abs(logit))
    slope = sigmoid.backward(np.ones_like(z), z)
    np.testing.assert_allclose(slope, tail / (1 + tail) ** 2, rtol=8 * np.finfo(dtype).eps)


def test_sigmoid_slope_does_not_vanish_by_rounding():
    """p (1 - p) of the rounded p is 0 in float32 from z = 17 on; the true slope is not."""
    z = np.array([20.0], np.float32)
    p = sigmoid(z)
    assert p * (1 - p) == 0
    np.testing.assert_allclose(sigmoid.backward(np.ones_like(z), z), np.exp(-20.0), rtol=1e-6)


@given(arrays(np.float64, 5, elements=st.floats(-800, 800)))
def test_sigmoid_of_minus_z_is_the_complement(z):
    np.testing.assert_allclose(sigmoid(-z), 1 - sigmoid(z), atol=2e-16)


# --------------------------------------------------------------------------- softmax

rows = arrays(np.float64, (3, 4), elements=st.floats(-1e4, 1e4))


@given(rows)
def test_softmax_is_a_distribution(z):
    s = softmax(z)
    assert (s >= 0).all()
    np.testing.assert_allclose(s.sum(axis=1), 1, rtol=1e-14)


@given(rows, st.floats(-1e4, 1e4))
def test_softmax_does_not_see_a_shift(z, shift):
    np.testing.assert_allclose(softmax(z + shift), softmax(z), atol=1e-10)


@given(arrays(np.float64, (3, 2), elements=st.floats(-500, 500)))
def test_softmax_of_two_classes_is_the_sigmoid_of_the_difference(z):
    np.testing.assert_allclose(softmax(z)[:, 0], sigmoid(z[:, 0] - z[:, 1]), rtol=1e-12)


def test_softmax_agrees_with_scipy_on_each_axis_length(rng):
    for shape in [(6,), (3, 1), (3, 10), (2, 3, 4)]:
        z = rng.normal(scale=20, size=shape)
        np.testing.assert_allclose(softmax(z), special.softmax(z, axis=-1), rtol=1e-13)


def test_softmax_backward_uses_the_whole_jacobian(rng):
    """Each output depends on every input, not only on its own."""
    z = rng.normal(size=4)
    s = softmax(z)
    jacobian = np.array([softmax.backward(row, z) for row in np.eye(4)])
    np.testing.assert_allclose(jacobian, np.diag(s) - np.outer(s, s), atol=1e-15)
    columns = [numerical_gradient(lambda z, i=i: softmax(z)[i], z) for i in range(4)]
    np.testing.assert_allclose(jacobian, columns, atol=1e-9)


@pytest.mark.parametrize("logit", LOGITS)
def test_softmax_at_extreme_logits(logit, dtype):
    """The difference of two logits is what counts, however large they are."""
    z = np.array([[logit, 0.0]], dtype)
    expected = special.expit(np.array([logit, -logit], dtype))
    np.testing.assert_allclose(softmax(z)[0], expected, rtol=4 * np.finfo(dtype).eps)
    both = np.full((1, 4), logit, dtype)
    np.testing.assert_array_equal(softmax(both), np.full((1, 4), 0.25, dtype))
    assert np.isfinite(softmax.backward(np.ones_like(z), z)).all()


ROW = arrays(np.float32, 3, elements=st.floats(width=32, allow_nan=False, allow_infinity=False))
MOST = float(np.finfo(np.float32).max)
prelu_half = with_options(prelu, slope=0.5)


@given(g=ROW, z=ROW)
def test_gradients_of_any_size_are_those_of_float64_or_refused(g, z):
    """Where float32 could not hold a sum of them; what it holds is let through."""
    reach = np.abs(g, dtype=float).max(), max(-float(z.min()), 0)
    total = np.abs(np.minimum(z, 0) * g.astype(float)).sum()
    small = {softmax: reach[0] <= MOST / 4, prelu_half: total <= MOST}
    for function, passes in small.items():
        if not passes:
            with pytest.raises(ValueError, match="grad_output"):
                function.backward(g, z)
            continue
        found, exact = (function.backward(g.astype(d), z.astype(d)) for d in (np.float32, float))
        for one, other in zip(np.hstack(found), np.hstack(exact), strict=True):
            assert abs(one - other) <= 1e-5 * reach[0] * max(reach[1], 1)


@pytest.mark.parametrize(
    ("function", "g", "z", "passes"),
    [
        (softmax, [1 / 4, -1 / 4], [0, 0], True),
        (softmax, [1 / 3, -1 / 3], [0, 0], False),
        (prelu_half, [1], [-1], True),
        (prelu_half, [1], [-1.01], False),
        (prelu_half, [1, 1], [-0.5, -0.5], True),
        (prelu_half, [1e-39, 1e-39], [-MOST, -MOST], True),
        (prelu_half, [1, 1], [2, 2], True),
        (prelu_half, [0.9, 1e-38], [5, -5], True),
        (with_options(prelu, slope=[0.5, 0.5]), [1, 1], [-1, -1], True),
        (with_options(prelu, slope=[0.5, 0.5]), [1, 1], [-1, -1.01], False),
    ],
)
def test_gradients_at_the_limit_are_let_through_and_no_larger_ones(function, g, z, passes):
    """In units of the largest number."""
    g, z = (np.array(g) * MOST).astype(np.float32), np.array(z, np.float32)
    if passes:
        assert all(np.isfinite(one).all() for one in function.backward(g, z))
    else:
        with pytest.raises(ValueError, match="grad_output"):
            function.backward(g, z)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (softmax, "grad_output must be within -.* and .*, but reaches"),
        (prelu_half, "grad_output and z must have products whose sum"),
    ],
)
def test_gradients_whose_sums_are_beyond_the_dtype_are_refused(function, words, dtype):
    g = np.array([1, -1, 1], dtype) * np.finfo(dtype).max
    with pytest.raises(ValueError, match=words):
        function.backward(g, np.full(3, -2, dtype))


def test_a_single_slope_has_a_gradient_over_all_columns():
    """Each column adds up to a number, all of them to none."""
    z, grad = np.full((1, 2), -1.0), np.full((1, 2), 0.6 * np.finfo(np.float64).max)
    assert np.isfinite(prelu.backward(grad, z, np.array([0.5, 0.5]))[1]).all()
    with pytest.raises(ValueError, match="grad_output and z must have products whose sum is fin"):
        prelu.backward(grad, z, np.array([0.5]))


# --------------------------------------------------------------------------- bad input


@every_activation
def test_backward_refuses_other_shapes(function, in_torch):
    """A column against a row of the same length is not stretched to a square."""
    with pytest.raises(ValueError, match=r"grad_output and z must have the same shape.*\(3,\)"):
        function.backward(np.ones((3, 1)), np.ones(3))


@every_activation
@pytest.mark.parametrize("z", [["a"], [1j], [None]])
def test_what_is_no_real_number_is_refused(function, in_torch, z):
    with pytest.raises(TypeError, match="z must hold real numbers, but its dtype is"):
        function(np.array(z))


@pytest.mark.parametrize("z", [np.float64(1.0), np.empty((3, 0))])
def test_softmax_needs_classes(z):
    with pytest.raises(ValueError, match=r"z must have the shape \(\.\.\., classes\)"):
        softmax(z)
    with pytest.raises(ValueError, match=r"z must have the shape \(\.\.\., classes\)"):
        softmax.backward(z, z)


@pytest.mark.parametrize(
    ("slope", "error", "words"),
    [
        ("0.1", TypeError, "a real number, but is '0.1'"),
        (True, TypeError, "a real number, but is True"),
        (np.nan, ValueError, "finite, but is nan"),
        (np.inf, ValueError, "finite, but is inf"),
    ],
)
def test_leaky_relu_refuses_bad_slopes(slope, error, words):
    with pytest.raises(error, match=f"negative_slope must be {words}"):
        leaky_relu(np.ones(2), slope)
    with pytest.raises(error, match=f"negative_slope must be {words}"):
        leaky_relu.backward(np.ones(2), np.ones(2), slope)


def test_layers_can_ask_which_are_rectifiers_and_which_learn_a_slope():
    functions = (identity, relu, leaky_relu, prelu, sigmoid, softmax)
    assert [f for f in functions if f.rectifier] == [relu, leaky_relu, prelu]
    assert [f for f in functions if f.trainable] == [prelu]


@pytest.mark.parametrize(
    "number", [np.float64(0.1), np.longdouble(0.1), np.array(0.1), np.float32(0.1), 0.1]
)
def test_options_are_numbers_that_change_no_dtype(number):
    z = np.array([[-1.0, 2.0]], np.float32)
    steep = with_options(leaky_relu, negative_slope=number)
    for function, arguments in ((steep, 1), (steep.kernel, 1), (steep.backward, 2)):
        assert function(*[z] * arguments).dtype == np.float32
    assert steep.keywords == steep.backward.keywords == {"negative_slope": float(number)}
    whole = with_options(leaky_relu, negative_slope=np.int8(2)).keywords["negative_slope"]
    assert type(whole) is int
    several = with_options(leaky_relu, negative_slope=np.array([0.1]))
    with pytest.raises(TypeError, match="negative_slope must be a real number"):
        several(z)


def test_with_options_fixes_the_derivative_too():
    steep = with_options(leaky_relu, negative_slope=0.5)
    assert steep(np.array([-2.0])) == -1
    assert steep.backward(np.array([3.0]), np.array([-2.0])) == 1.5
    assert steep.__name__ == "leaky_relu"
    assert leaky_relu.backward(np.array([3.0]), np.array([-2.0])) == pytest.approx(0.03)
    assert with_options(steep, negative_slope=0.25)(np.array([-2.0])) == -0.5


@pytest.mark.parametrize("name", ["slope", "z", "negativeslope"])
def test_with_options_refuses_unknown_options(name):
    with pytest.raises(TypeError, match=f"leaky_relu has no option '{name}'"):
        with_options(leaky_relu, **{name: 0.5})
    with pytest.raises(TypeError, match=r"relu has no option 'slope'; it has none"):
        with_options(relu, slope=1)


@pytest.mark.parametrize("function", [relu, sigmoid, softmax, identity, leaky_relu])
def test_no_finite_input_is_worth_nan(function, dtype):
    info = np.finfo(dtype)
    values = [info.max, -info.max, info.tiny, -info.tiny, 0, 1]
    rows = np.array(list(itertools.product(values, repeat=3)), dtype)
    assert np.isfinite(function(rows)).all()
    assert np.isfinite(function.backward(np.ones_like(rows), rows)).all()


def test_what_its_dtype_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="each row of z must have fewer entries in float16"):
        softmax(np.zeros((1, 70_000), np.float16))
    for call in (leaky_relu, lambda z, slope: leaky_relu.backward(z, z, slope)):
        with pytest.raises(ValueError, match="negative_slope must be finite in float32"):
            call(np.float32([0.0]), 1e300)
    largest = float(np.finfo(np.float32).max)
    assert leaky_relu(np.float32([-1.0]), largest) == -largest


class Callable:
    def __call__(self, z):
        return z


@pytest.mark.parametrize("function", [max, dict, print, Callable(), None, "relu"])
@pytest.mark.parametrize("options", [{}, {"negative_slope": 0.5}])
def test_with_options_takes_functions_alone(function, options):
    with pytest.raises(TypeError, match=r"^function must be one of activations or losses, but is"):
        with_options(function, **options)
