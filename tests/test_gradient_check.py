"""The gradient check itself: exact where it should be, and deaf to none of the usual mistakes."""

import re

import numpy as np
import pytest

from mnist_gd.activations import relu, sigmoid, softmax
from mnist_gd.gradient_check import check_gradient, cosine, numerical_gradient
from mnist_gd.layers import LinearLayer
from mnist_gd.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    cross_entropy_with_logits,
    focal_loss,
    mean_squared_error,
)


def refuses(f, gradient, x):
    """Whether the check refuses a wrong gradient, naming an entry and both values."""
    with pytest.raises(
        AssertionError, match=r"the gradient is wrong: at \(.*\) it is .*, by cent"
    ):
        check_gradient(f, gradient, x)
    return True


# --------------------------------------------------------------------------- central differences


@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 3), (2, 1, 3)])
def test_numerical_gradient_of_known_functions(shape, rng):
    x = rng.normal(size=shape)
    np.testing.assert_allclose(numerical_gradient(lambda x: np.sum(x**2), x), 2 * x, atol=1e-9)
    np.testing.assert_allclose(
        numerical_gradient(lambda x: np.sum(np.sin(x)), x), np.cos(x), atol=1e-9
    )


def test_central_differences_are_exact_for_a_parabola_and_of_second_order(rng):
    x = np.array([0.7])
    assert numerical_gradient(lambda x: x[0] ** 2, x, step=0.5)[0] == pytest.approx(1.4)
    errors = [
        abs(numerical_gradient(lambda x: x[0] ** 3, x, step=h) - 3 * 0.49) for h in (0.2, 0.1)
    ]
    assert errors[0] / errors[1] == pytest.approx(4)


def test_the_step_grows_with_the_entry():
    """A fixed step would be lost beside an entry of a million."""
    x = np.array([1e6])
    np.testing.assert_allclose(numerical_gradient(lambda x: np.sum(x**2), x), 2 * x, rtol=1e-8)


def test_the_point_is_not_changed(rng):
    x = rng.normal(size=(3, 2))
    before = x.copy()

    def gradient(x):
        x *= 2  # what a careless function does to its argument
        return x

    check_gradient(lambda x: np.sum(x**2), gradient, x)
    np.testing.assert_array_equal(x, before)


def test_the_error_is_returned_and_compared_with_the_tolerance(rng):
    x = rng.normal(size=5)
    assert check_gradient(lambda x: np.sum(x**2), lambda x: 2 * x, x) < 1e-8
    assert check_gradient(lambda x: np.sum(x**2), 2 * x, x) < 1e-8
    error = check_gradient(lambda x: np.sum(x**2), 2.02 * x, x, tolerance=0.1)
    assert error == pytest.approx(0.02 / 2.02, rel=1e-3)
    assert refuses(lambda x: np.sum(x**2), 2.02 * x, x)


def test_a_gradient_of_zero_is_accepted_where_it_is_right_and_only_there():
    x = np.ones(3)
    assert check_gradient(lambda x: 1.0, np.zeros(3), x) == 0
    assert refuses(lambda x: np.sum(x), np.zeros(3), x)


def test_the_message_names_the_worst_entry():
    x = np.zeros((2, 2))
    gradient = np.array([[1.0, 1.0], [1.5, 1.0]])
    with pytest.raises(AssertionError, match=r"at \(1, 0\) it is 1\.5, by central diff.* 1; rel"):
        check_gradient(np.sum, gradient, x)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_is_refused(bad):
    """NaN compares with nothing: a check that is not careful lets it pass."""
    with pytest.raises(
        AssertionError, match=r"the gradient is wrong: at \(1,\) it is (nan|-?inf)"
    ):
        check_gradient(np.sum, np.array([1.0, bad]), np.zeros(2))
    with pytest.raises(AssertionError, match="the gradient is wrong"):
        check_gradient(lambda x: bad, np.zeros(2), np.zeros(2))


# --------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("x", [np.ones(2, np.float32), np.ones(2, int), np.array(["a"])])
def test_only_float64_has_the_digits_for_it(x):
    with pytest.raises(TypeError, match="x must be float64 for a gradient check, but its dtype"):
        numerical_gradient(np.sum, x)
    with pytest.raises(TypeError, match="x must be float64 for a gradient check, but its dtype"):
        check_gradient(np.sum, np.ones(2), x)


def test_bad_points_steps_and_shapes_are_refused():
    with pytest.raises(ValueError, match=r"x must not be empty, but has the shape \(0, 2\)"):
        numerical_gradient(np.sum, np.empty((0, 2)))
    with pytest.raises(ValueError, match="x must be finite"):
        numerical_gradient(np.sum, np.array([np.nan]))
    for step in (0, -1e-6):
        with pytest.raises(ValueError, match="step must be above 0"):
            numerical_gradient(np.sum, np.ones(2), step)
    with pytest.raises(ValueError, match=r"gradient has the shape \(2,\), but x has \(2, 1\)"):
        check_gradient(np.sum, np.ones(2), np.ones((2, 1)))


# --------------------------------------------------------------------------- usual mistakes
# Each function below is wrong in a way that has been seen in real code, and that tests of
# shapes alone let pass.


@pytest.fixture
def layer(rng):
    return LinearLayer(4, 3, relu, rng=rng, dtype=np.float64)


@pytest.fixture
def x(rng):
    return rng.normal(size=(5, 4))


def loss_of_weights(layer, x, target):
    def loss(weights):
        return mean_squared_error(relu(x @ weights + layer.bias), target)

    return loss


@pytest.mark.parametrize(
    "derivative_at",
    [
        pytest.param(lambda g, z: z, id="pre-activation (right)"),
        pytest.param(lambda g, z: g, id="incoming gradient"),
        pytest.param(lambda g, z: -z, id="wrong side"),
        pytest.param(lambda g, z: np.ones_like(z), id="no derivative"),
        pytest.param(lambda g, z: (relu(z) >= 0) * 1.0, id="at or above 0 after the ReLU"),
    ],
)
def test_derivative_of_the_activation_at_the_wrong_argument(layer, x, derivative_at, rng, request):
    """A backward pass must look at the pre-activation."""
    target = rng.normal(size=(5, 3))
    z = x @ layer.weights + layer.bias
    g = mean_squared_error.gradient(relu(z), target)
    gradient = x.T @ (g * (derivative_at(g, z) > 0))
    loss = loss_of_weights(layer, x, target)
    if "right" in request.node.callspec.id:
        assert check_gradient(loss, gradient, layer.weights) < 1e-6
    else:
        assert refuses(loss, gradient, layer.weights)


def test_a_layer_with_a_broken_activation_does_not_pass(x, rng):
    """The same mistake inside a layer: its shapes are right, and its gradient is not."""

    def broken(z):
        return relu(z)

    broken.backward = lambda grad_output, z: relu.backward(grad_output, grad_output)
    layer = LinearLayer(4, 3, broken, rng=rng, dtype=np.float64)
    target = rng.normal(size=(5, 3))
    layer.backward(mean_squared_error.gradient(layer.forward(x), target))
    assert layer.weights_grad.shape == layer.weights.shape
    assert refuses(loss_of_weights(layer, x, target), layer.weights_grad, layer.weights)


def test_missing_mean_over_the_batch(rng):
    z, y = rng.normal(size=(6, 1)), np.ones((6, 1))
    loss = binary_cross_entropy_with_logits
    assert refuses(lambda z: loss(z, y), lambda z: sigmoid(z) - y, z)
    z, y = rng.normal(size=(6, 3)), np.eye(3)[[0, 1, 2, 0, 1, 2]]
    assert refuses(lambda z: cross_entropy_with_logits(z, y), lambda z: softmax(z) - y, z)


def test_mean_over_elements_in_place_of_rows(rng):
    z, y = rng.normal(size=(6, 3)), np.eye(3)[[0, 1, 2, 0, 1, 2]]
    loss = cross_entropy_with_logits
    assert refuses(lambda z: loss(z, y), lambda z: (softmax(z) - y) / z.size, z)


def test_diagonal_of_the_softmax_jacobian_alone(rng):
    z, g = rng.normal(size=(2, 6, 3))
    diagonal = g * softmax(z) * (1 - softmax(z))
    assert refuses(lambda z: np.sum(g * softmax(z)), diagonal, z)


def test_softmax_derivative_multiplied_in_once_too_often(rng):
    z, y = rng.normal(size=(6, 3)), np.eye(3)[[0, 1, 2, 0, 1, 2]]
    s = softmax(z)
    twice = softmax.backward((s - y) / 6, z)
    assert refuses(lambda z: cross_entropy_with_logits(z, y), twice, z)


def test_gradient_for_logits_passed_off_as_one_for_probabilities(rng):
    p, y = softmax(rng.normal(size=(6, 3))), np.eye(3)[[0, 1, 2, 0, 1, 2]]
    assert refuses(lambda p: cross_entropy(p, y), (p - y) / 6, p)


def test_constant_added_to_the_denominator(rng):
    """A constant that keeps p (1 - p) from 0 changes the gradient where it matters most."""
    p, y = np.array([1e-7, 0.5]), np.array([1.0, 0.0])
    gradient = (p - y) / (p * (1 - p) + 1e-8) / 2
    with pytest.raises(AssertionError, match=r"the gradient is wrong: at \(0,\)"):
        check_gradient(lambda q: binary_cross_entropy(q * p, y), gradient * p, np.ones(2))
    right = binary_cross_entropy.gradient(p, y)
    check_gradient(lambda q: binary_cross_entropy(q * p, y), right * p, np.ones(2))


def test_focusing_exponent_used_as_a_factor(rng):
    p, y = sigmoid(rng.normal(size=8)), np.ones(8)

    def factor(p, gamma=2.0):
        return np.mean(-gamma * (1 - p) * np.log(p))

    assert refuses(factor, focal_loss.gradient(p, y, alpha=-1), p)


def test_flipped_sign_and_transposed_product(layer, x, rng):
    target = rng.normal(size=(5, 3))
    g = mean_squared_error.gradient(layer.forward(x), target)
    grad_x = layer.backward(g)

    def loss(x):
        return mean_squared_error(layer(x), target)

    check_gradient(loss, grad_x, x)
    assert refuses(loss, -grad_x, x)
    assert refuses(loss, grad_x[::-1], x)


def test_cosine_tells_how_far_two_gradients_point_the_same_way():
    a = np.array([[1.0, 0.0], [0.0, 0.0]])
    b = np.array([[1.0, 0.0], [0.0, np.sqrt(3.0)]])
    assert cosine(a, 5 * a) == 1
    assert cosine(a, -a) == -1
    assert cosine(a, b) == pytest.approx(np.cos(np.pi / 3))


# --------------------------------------------------------------------------- how far it may be off


def test_an_infinite_tolerance_only_measures(rng):
    x = rng.normal(size=3)
    for tolerance in (np.inf, np.float32("inf")):
        error = check_gradient(lambda x: np.sum(x**2), 4 * x, x, tolerance)
        assert error == pytest.approx(0.5)
    assert check_gradient(lambda x: 1.0, np.zeros(3), x, 0) == 0


def test_a_tolerance_is_the_largest_that_is_allowed():
    def f(x):
        return 2 * float(x[0])

    step = 2.0**-17  # all of it is exact
    assert numerical_gradient(f, np.zeros(1), step) == 2
    found = check_gradient(f, np.array([1.0]), np.zeros(1), np.inf)
    assert check_gradient(f, np.array([1.0]), np.zeros(1), found) == found
    with pytest.raises(AssertionError, match="the gradient is wrong"):
        check_gradient(f, np.array([1.0]), np.zeros(1), np.nextafter(found, 0))


@pytest.mark.parametrize(
    ("tolerance", "error"),
    [(-0.5, ValueError), (-np.inf, ValueError), (np.nan, ValueError), ("1", TypeError)],
)
def test_what_is_no_tolerance_is_refused(tolerance, error):
    with pytest.raises(error, match="tolerance must be"):
        check_gradient(np.sum, np.ones(2), np.ones(2), tolerance)


@pytest.mark.parametrize(("at", "length"), [(0.0, 1), (0.5, 1), (-3.0, 3), (8.0, 8)])
def test_the_step_is_relative_to_an_entry_above_1(at, length):
    asked = []
    numerical_gradient(lambda x: asked.append(float(x[0])) or 0.0, np.array([at]), 2.0**-10)
    assert asked == [at + length * 2.0**-10, at - length * 2.0**-10]


@pytest.mark.parametrize("shape", [(2,), (4,), (3, 1), (1, 3), ()])
def test_a_gradient_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"gradient has the shape .*, but x has \(3,\)"):
        check_gradient(np.sum, np.ones(shape), np.ones(3))


def test_a_function_may_work_in_place(rng):
    def careless(x):
        x -= x.max()
        x *= 2
        return np.sum(x)

    x = np.array([3.0, 1.0, 2.0])
    np.testing.assert_allclose(numerical_gradient(careless, x), [-4, 2, 2], atol=1e-9)
    check_gradient(careless, np.array([-4.0, 2.0, 2.0]), x)


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (None, TypeError, "f(x) must hold real numbers"),
        ("1.5", TypeError, "f(x) must hold real numbers"),
        (1j, TypeError, "f(x) must hold real numbers"),
        (np.ones(1), ValueError, "f(x) and a number must have the same shape"),
        (np.ones((2, 2)), ValueError, "f(x) and a number must have the same shape"),
    ],
)
def test_a_function_that_returns_no_number_is_refused(value, error, words):
    with pytest.raises(error, match=re.escape(words)):
        numerical_gradient(lambda x: value, np.ones(2))


@pytest.mark.parametrize("number", [float, np.float32, np.array, lambda v: np.uint8(v)])
def test_a_function_returns_a_number_of_any_kind(number):
    found = numerical_gradient(lambda x: number(round(4 * x[0])), np.array([3.0]), 0.25)
    assert found.tolist() == [4]
    assert found.dtype == np.float64


@pytest.mark.parametrize(
    ("at", "step"),
    [
        *[(1.0, 1e-17), (1e20, 1e-17), (1e308, 1.0), (2.0, 1e308), (-1e308, 1.0)],
        *[(1.0, 1e-16), (-1.0, 1e-16)],  # on one side there is another number
        (0.0, 1.7e308),  # both are finite, their distance is not
    ],
)
def test_a_step_that_leads_to_no_other_number_is_refused(at, step):
    with (
        np.errstate(over="ignore"),
        pytest.raises(ValueError, match="step must lead from each entry of x"),
    ):
        numerical_gradient(np.sum, np.array([0.0, at]), step)


def test_the_cosine_of_many_halves_is_no_sum_in_half_precision():
    a = np.ones(70_000, np.float16)
    b = np.where(np.arange(70_000) % 2, a, 0)
    assert cosine(a, a) == pytest.approx(1)
    assert cosine(a, b) == pytest.approx(np.sqrt(0.5))
    assert cosine(a, b.astype(np.float32)) == pytest.approx(np.sqrt(0.5))


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e308])
def test_the_cosine_does_not_hang_on_the_length(scale):
    a, b = np.array([1.0, 0.0]), np.array([1.0, 1.0])
    assert cosine(scale * a, b) == pytest.approx(np.sqrt(0.5))
    assert cosine(scale * a, -scale * b) == pytest.approx(-np.sqrt(0.5))


@pytest.mark.parametrize("zero", [np.zeros(3), np.zeros((2, 0)), np.zeros(1, np.float16)])
def test_what_has_no_direction_is_refused(zero):
    for pair in ((zero, np.ones_like(zero)), (np.ones_like(zero), zero)):
        with pytest.raises(ValueError, match="must not be zero throughout: it has no direction"):
            cosine(*pair)


def test_a_step_as_large_as_it_can_be_is_taken():
    half = np.finfo(float).max / 2
    assert numerical_gradient(lambda x: float(x[0]), np.zeros(1), half) == [1]


def test_the_cosine_of_numbers_beyond_float64_is_not_taken_there():
    a = np.array([1, 1], np.longdouble) * np.finfo(np.longdouble).max / 2
    assert cosine(a, a) == pytest.approx(1)
