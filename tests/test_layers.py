"""The linear layer: forward, backward, update, first weights, and what it refuses."""

import numpy as np
import pytest
import torch

from mnist_gd.activations import (
    identity,
    leaky_relu,
    prelu,
    relu,
    sigmoid,
    softmax,
    with_options,
)
from mnist_gd.gradient_check import check_gradient
from mnist_gd.layers import (
    FEW_ROWS,
    LinearLayer,
    check_chain,
    initial_weights,
)

ACTIVATIONS = {
    None: lambda z: z,
    identity: lambda z: z,
    relu: torch.relu,
    leaky_relu: torch.nn.functional.leaky_relu,
    with_options(leaky_relu, negative_slope=0.3): lambda z: torch.nn.functional.leaky_relu(z, 0.3),
    sigmoid: torch.sigmoid,
    softmax: lambda z: torch.softmax(z, dim=1),
}
every_activation = pytest.mark.parametrize(
    ("activation", "in_torch"),
    ACTIVATIONS.items(),
    ids=["none", "identity", "relu", "leaky_relu", "steep leaky_relu", "sigmoid", "softmax"],
)


@pytest.fixture
def x(rng):
    return rng.normal(size=(6, 4))


def make(activation, rng, dtype=np.float64):
    """A layer from 4 to 3 with a bias that is not 0."""
    layer = LinearLayer(4, 3, activation, rng=rng, dtype=dtype)
    layer.bias[:] = rng.normal(size=(1, 3))
    return layer


# --------------------------------------------------------------------------- forward, backward


@every_activation
def test_gradients_for_weights_bias_and_input(activation, in_torch, x, rng):
    """A test of shapes alone would pass on a layer whose gradient is wrong."""
    layer = make(activation, rng)
    g = rng.normal(size=(6, 3))
    layer.forward(x)
    grad_x = layer.backward(g)

    def output(weights=layer.weights, bias=layer.bias, x=x):
        return np.sum(g * layer.activation(x @ weights + bias))

    check_gradient(lambda w: output(weights=w), layer.weights_grad, layer.weights)
    check_gradient(lambda b: output(bias=b), layer.bias_grad, layer.bias)
    check_gradient(lambda x: output(x=x), grad_x, x)


@every_activation
def test_forward_and_backward_agree_with_pytorch(activation, in_torch, x, rng):
    layer = make(activation, rng)
    g = rng.normal(size=(6, 3))
    w, b, x_torch = (torch.tensor(a, requires_grad=True) for a in (layer.weights, layer.bias, x))
    out = in_torch(x_torch @ w + b)
    out.backward(torch.tensor(g))
    np.testing.assert_allclose(layer.forward(x), out.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(layer.backward(g), x_torch.grad.numpy(), rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(layer.weights_grad, w.grad.numpy(), rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(layer.bias_grad, b.grad.numpy(), rtol=1e-10, atol=1e-15)


@every_activation
def test_shapes_and_dtypes(activation, in_torch, dtype, x, rng):
    layer = make(activation, rng, dtype)
    x = x.astype(dtype)
    out = layer.forward(x)
    grad_x = layer.backward(np.ones_like(out))
    layer.update(0.1)
    assert (out.shape, grad_x.shape) == ((6, 3), (6, 4))
    assert (layer.weights.shape, layer.bias.shape) == ((4, 3), (1, 3))
    assert (layer.weights_grad.shape, layer.bias_grad.shape) == ((4, 3), (1, 3))
    arrays = (out, grad_x, layer.weights, layer.bias, layer.weights_grad, layer.bias_grad)
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


def test_inputs_are_left_alone(x, rng):
    layer, g = make(relu, rng), rng.normal(size=(6, 3))
    x_before, g_before = x.copy(), g.copy()
    layer.forward(x)
    layer.backward(g)
    layer.update(0.1)
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(g, g_before)


def test_backward_replaces_the_gradients_and_uses_the_last_forward(x, rng):
    layer, g = make(relu, rng), rng.normal(size=(6, 3))
    layer.forward(x)
    layer.backward(g)
    first = layer.weights_grad.copy(), layer.bias_grad.copy()
    layer.forward(x + 1)
    layer.backward(g)
    assert not np.allclose(layer.weights_grad, first[0])
    layer.forward(x)
    layer.backward(g)
    np.testing.assert_array_equal(layer.weights_grad, first[0])
    np.testing.assert_array_equal(layer.bias_grad, first[1])


def test_a_prediction_in_between_does_not_disturb_backward(x, rng):
    """Only `forward` may write what `backward` reads."""
    layer, g = make(relu, rng), rng.normal(size=(6, 3))
    layer.forward(x)
    layer.backward(g)
    expected = layer.weights_grad.copy()
    np.testing.assert_array_equal(layer(x), layer.forward(x))
    layer(rng.normal(size=(2, 4)))
    layer.backward(g)
    np.testing.assert_array_equal(layer.weights_grad, expected)


def test_the_input_gradient_can_be_spared(x, rng):
    layer, g = make(relu, rng), rng.normal(size=(6, 3))
    layer.forward(x)
    layer.backward(g)
    expected = layer.weights_grad.copy()
    assert layer.backward(g, input_gradient=False) is None
    np.testing.assert_array_equal(layer.weights_grad, expected)


# --------------------------------------------------------------------------- update


def test_the_arithmetic_of_an_update(dtype, rng):
    layer = LinearLayer(2, 2, rng=rng, dtype=dtype)
    layer.weights = np.array([[1, 2], [3, 4]], dtype)
    layer.bias = np.array([[1, 2]], dtype)
    layer.weights_grad, layer.bias_grad = layer.weights.copy(), layer.bias.copy()
    layer.update(0.1)
    np.testing.assert_allclose(layer.weights, [[0.9, 1.8], [2.7, 3.6]], rtol=1e-6)
    np.testing.assert_allclose(layer.bias, [[0.9, 1.8]], rtol=1e-6)
    assert layer.weights.dtype == layer.bias.dtype == dtype


def test_a_small_step_lowers_the_loss_by_the_squared_gradient(x, rng):
    layer, g = make(sigmoid, rng), rng.normal(size=(6, 3))
    before = np.sum(g * layer.forward(x))
    layer.backward(g)
    squared = np.sum(layer.weights_grad**2) + np.sum(layer.bias_grad**2)
    layer.update(np.float64(1e-6))
    assert before - np.sum(g * layer(x)) == pytest.approx(1e-6 * squared, rel=1e-4)


# --------------------------------------------------------------------------- first weights


@pytest.mark.parametrize(
    ("activation", "variance"),
    [
        (relu, 2 / 400),
        (leaky_relu, 2 / 400),
        (with_options(leaky_relu, negative_slope=0.2), 2 / 400),
        (sigmoid, 2 / 1000),
        (softmax, 2 / 1000),
        (None, 2 / 1000),
    ],
)
def test_first_weights_are_scaled_to_the_activation(activation, variance, rng):
    weights = LinearLayer(400, 600, activation, rng=rng, dtype=np.float64).weights
    assert weights.std() == pytest.approx(np.sqrt(variance), rel=0.01)
    assert abs(weights.mean()) < 4 * np.sqrt(variance / weights.size)


def test_the_signal_neither_fades_nor_explodes(rng):
    """Weights of spread 0.01 would shrink it a hundredfold within two or three layers."""
    signal = rng.normal(size=(200, 300))
    for _ in range(8):
        signal = LinearLayer(300, 300, relu, rng=rng, dtype=np.float64)(signal)
    assert 0.5 < np.sqrt(np.mean(signal**2)) < 2


def test_first_weights_come_from_the_generator_alone():
    a, b = (LinearLayer(5, 4, relu, rng=np.random.default_rng(3)) for _ in range(2))
    other = LinearLayer(5, 4, relu, rng=np.random.default_rng(4))
    np.testing.assert_array_equal(a.weights, b.weights)
    assert (a.weights != other.weights).any()
    assert len(np.unique(a.weights)) == 20
    np.testing.assert_array_equal(a.bias, np.zeros((1, 4)))
    expected = initial_weights(5, 4, relu, rng=np.random.default_rng(3))
    np.testing.assert_array_equal(a.weights, expected.astype(np.float32))


# --------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("shape", [(4,), (6, 3), (6, 5), (0, 4), (1, 6, 4), ()])
def test_forward_refuses_other_shapes(shape, rng):
    layer = make(relu, rng)
    for function in (layer, layer.forward, layer.pre_activation):
        with pytest.raises(ValueError, match=r"x must have the shape \(n, 4\) with n >= 1"):
            function(np.ones(shape))


@pytest.mark.parametrize("shape", [(6,), (6, 1), (1, 3), (5, 3), (3, 6)])
def test_backward_refuses_other_shapes(shape, x, rng):
    layer = make(relu, rng)
    layer.forward(x)
    with pytest.raises(ValueError, match="grad_output and z must have the same shape"):
        layer.backward(np.ones(shape))


def test_the_order_of_the_passes_is_kept(x, rng):
    layer = make(relu, rng)
    with pytest.raises(RuntimeError, match="update needs a backward pass before it"):
        layer.update(0.1)
    with pytest.raises(RuntimeError, match="backward needs a forward pass before it"):
        layer.backward(np.ones((6, 3)))
    layer(x)
    with pytest.raises(RuntimeError, match="backward needs a forward pass before it"):
        layer.backward(np.ones((6, 3)))


@pytest.mark.parametrize("step", ["update", "descend"])
def test_a_step_is_the_end_of_a_pass(step, x, rng):
    """Else the next gradient would be of old outputs and new weights: of no point at all."""
    layer, grad_output = make(relu, rng), np.ones((6, 3))
    layer.forward(x)
    layer.backward(grad_output)
    if step == "update":
        layer.update(0.1)
    else:
        layer.descend(grad_output, 0.1)
    with pytest.raises(RuntimeError, match="backward needs a forward pass before it"):
        layer.backward(grad_output)
    with pytest.raises(RuntimeError, match="backward needs a forward pass before it"):
        layer.descend(grad_output, 0.1)


@pytest.mark.parametrize("name", ["weights_grad", "bias_grad"])
def test_a_gradient_of_the_readers_is_an_array(name, x, rng):
    layer = make(relu, rng)
    layer.forward(x)
    layer.backward(np.ones((6, 3)))
    setattr(layer, name, getattr(layer, name).tolist())
    before = layer.weights.copy()
    with pytest.raises(TypeError, match=f"{name} must be an array, but is "):
        layer.update(0.1)
    np.testing.assert_array_equal(layer.weights, before)


@pytest.mark.parametrize("which", ["input_size", "output_size"])
@pytest.mark.parametrize(
    ("size", "error", "words"),
    [
        (0, ValueError, "at least 1, but is 0"),
        (-3, ValueError, "at least 1, but is -3"),
        (2.0, TypeError, "an integer, but is 2.0"),
        ("2", TypeError, "an integer, but is '2'"),
        (True, TypeError, "an integer, but is True"),
        (None, TypeError, "an integer, but is None"),
    ],
)
def test_bad_sizes_are_refused(which, size, error, words, rng):
    sizes = {"input_size": 4, "output_size": 3, which: size}
    with pytest.raises(error, match=f"{which} must be {words}"):
        LinearLayer(**sizes, rng=rng)


@pytest.mark.parametrize("bad", [None, 0, np.random, np.random.RandomState(0)])
def test_randomness_must_be_a_generator(bad):
    with pytest.raises(TypeError, match=r"rng must be a numpy\.random\.Generator"):
        LinearLayer(4, 3, rng=bad)


def test_bad_activations_and_dtypes_are_refused(rng):
    for activation in ("relu", np.tanh, 3):
        with pytest.raises(TypeError, match=r"activation must be a function of mnist_gd\.activ"):
            LinearLayer(4, 3, activation, rng=rng)
    for dtype in (np.float16, int, complex):
        with pytest.raises(ValueError, match="dtype must be float32 or float64"):
            LinearLayer(4, 3, rng=rng, dtype=dtype)


@pytest.mark.parametrize("activation", [prelu, with_options(prelu, slope=0.25)])
def test_an_activation_with_parameters_of_its_own_is_refused(activation, rng):
    """The layer would have no gradient to learn the slope with."""
    with pytest.raises(TypeError, match="activation must have nothing to be learned"):
        LinearLayer(4, 3, activation, rng=rng)


@pytest.mark.parametrize(
    ("rate", "error", "words"),
    [
        (0, ValueError, "above 0, but is 0"),
        (-0.1, ValueError, "above 0, but is -0.1"),
        (np.nan, ValueError, "above 0, but is nan"),
        (np.inf, ValueError, "finite, but is inf"),
        ("0.1", TypeError, "a real number, but is '0.1'"),
        (True, TypeError, "a real number, but is True"),
        (np.ones(2), TypeError, "a real number"),
    ],
)
def test_bad_learning_rates_are_refused_and_change_nothing(rate, error, words, x, rng):
    layer = make(relu, rng)
    layer.forward(x)
    layer.backward(np.ones((6, 3)))
    before = layer.weights.copy()
    with pytest.raises(error, match=f"learning_rate must be {words}"):
        layer.update(rate)
    np.testing.assert_array_equal(layer.weights, before)


def test_a_refused_forward_pass_leaves_the_last_one(rng):
    layer = LinearLayer(3, 2, relu, rng=rng)
    x = rng.normal(size=(4, 3)).astype(np.float32)
    layer.forward(x)
    layer.backward(np.ones((4, 2), np.float32))
    before = layer.weights_grad, layer.bias_grad
    for bad in (np.ones((5, 2), np.float32), np.ones(3, np.float32), [["a", "b", "c"]]):
        with pytest.raises((ValueError, TypeError), match="x must"):
            layer.forward(bad)
        layer.backward(np.ones((4, 2), np.float32))
        assert np.array_equal(layer.weights_grad, before[0])
        assert np.array_equal(layer.bias_grad, before[1])


def test_gradients_of_another_shape_move_nothing(rng):
    layer = LinearLayer(3, 2, rng=rng)
    layer.weights_grad, layer.bias_grad = np.ones((1, 1)), np.ones((1, 2))
    before = layer.weights.copy()
    with pytest.raises(ValueError, match="weights_grad and weights must have the same shape"):
        layer.update(0.1)
    layer.weights_grad, layer.bias_grad = np.ones((3, 2)), np.ones((1, 1))
    with pytest.raises(ValueError, match="bias_grad and bias must have the same shape"):
        layer.update(0.1)
    assert np.array_equal(layer.weights, before)


def test_a_layer_of_given_arrays_computes_with_copies_of_them(dtype, rng):
    weights, bias = rng.normal(size=(3, 2)).astype(dtype), rng.normal(size=(1, 2)).astype(dtype)
    layer = LinearLayer.from_arrays(weights, bias, sigmoid)
    x = rng.normal(size=(5, 3)).astype(dtype)
    assert np.array_equal(layer.forward(x), sigmoid(x @ weights + bias))
    assert (layer.input_size, layer.output_size) == (3, 2)
    layer.backward(np.ones((5, 2), dtype))
    kept = weights.copy(), bias.copy()
    layer.update(0.1)
    assert np.array_equal(weights, kept[0])
    assert np.array_equal(bias, kept[1])


@pytest.mark.parametrize(
    ("weights", "bias", "message"),
    [
        (np.ones(3), np.ones((1, 1)), "weights must have the shape"),
        (np.ones((3, 2)), np.ones(2), r"bias must have the shape \(1, 2\)"),
        (np.ones((3, 2)), np.ones((1, 2), np.float32), "bias must have .* dtype float64"),
        (np.ones((3, 2), np.float16), np.ones((1, 2), np.float16), "weights must be float32 or"),
        (np.full((3, 2), np.nan), np.ones((1, 2)), "weights must be finite"),
        (np.ones((3, 2)), np.full((1, 2), np.inf), "bias must be finite"),
    ],
)
def test_arrays_that_make_no_layer_are_refused(weights, bias, message):
    with pytest.raises(ValueError, match=message):
        LinearLayer.from_arrays(weights, bias)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int16])
def test_sizes_of_few_bits_draw_the_same_weights(kind):
    drawn = [
        initial_weights(size(100), size(100), None, rng=np.random.default_rng(0))
        for size in (kind, int)
    ]
    assert np.array_equal(*drawn)


@pytest.mark.parametrize("slope", [np.nan, np.inf, True, "steep"])
def test_options_out_of_their_range_are_refused_before_a_layer_is_made(slope, rng):
    activation = with_options(leaky_relu, negative_slope=slope)
    for make in (
        lambda: LinearLayer(2, 3, activation, rng=rng),
        lambda: LinearLayer.from_arrays(np.ones((2, 3)), np.ones((1, 3)), activation),
    ):
        with pytest.raises((TypeError, ValueError), match="negative_slope must be "):
            make()


class DoubleLayer(LinearLayer):
    """A reader's own, with another map before the activation."""

    def pre_activation(self, x):
        return 2 * super().pre_activation(x)


def test_a_layer_with_a_map_of_its_own_computes_with_it_in_training_too(x, rng):
    layer = DoubleLayer(x.shape[1], 3, rng=rng, dtype=np.float64)
    np.testing.assert_array_equal(layer.forward(x), layer(x))
    np.testing.assert_array_equal(layer(x), 2 * (x @ layer.weights + layer.bias))


@pytest.mark.parametrize("n", [1, FEW_ROWS, FEW_ROWS + 1])
@pytest.mark.parametrize("input_gradient", [True, False])
def test_a_descent_is_a_backward_pass_and_an_update(n, input_gradient, rng):
    x, grad_output, rate = rng.normal(size=(n, 4)), rng.normal(size=(n, 3)), 0.3
    one, other = (make(sigmoid, np.random.default_rng(1)) for _ in range(2))
    for layer in (one, other):
        layer.forward(x)
    before, z = one.weights.copy(), one.pre_activation(x)
    found = one.descend(grad_output, rate, input_gradient=input_gradient)
    expected = other.backward(grad_output, input_gradient=input_gradient)
    other.update(rate)
    np.testing.assert_allclose(one.weights, other.weights, rtol=0, atol=1e-13)
    np.testing.assert_allclose(one.bias, other.bias, rtol=0, atol=1e-13)
    assert (found is None) == (expected is None) == (not input_gradient)
    if input_gradient:
        np.testing.assert_array_equal(found, expected)
        formula = sigmoid.backward(grad_output, z) @ before.T
        np.testing.assert_allclose(found, formula, rtol=0, atol=1e-13)
        assert found.flags.c_contiguous
    assert one.weights_grad is one.bias_grad is None  # none was kept, and none is stale


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((np.ones((6, 1)), 0.1), ValueError, "grad_output and z must have the same shape"),
        ((np.ones((6, 3)), 0), ValueError, "learning_rate must be above 0"),
        ((np.ones((6, 3)), "fast"), TypeError, "learning_rate must be a real number"),
        ((np.full((6, 3), "x"), 0.1), TypeError, "grad_output must hold real numbers"),
    ],
)
def test_a_refused_descent_changes_nothing(arguments, error, words, x, rng):
    layer = make(relu, rng)
    with pytest.raises(RuntimeError, match="backward needs a forward pass before it"):
        layer.descend(np.ones((6, 3)), 0.1)
    layer.forward(x)
    before = layer.weights.copy(), layer.bias.copy()
    with pytest.raises(error, match=words):
        layer.descend(*arguments)
    np.testing.assert_array_equal(before[0], layer.weights)
    np.testing.assert_array_equal(before[1], layer.bias)


@pytest.mark.parametrize("name", ["weights", "bias"])
def test_parameters_replaced_after_the_backward_pass_do_not_meet_its_gradients(name, x, rng):
    """Whoever puts others in their places is told which shapes part; nothing has moved."""
    layer = make(relu, rng)
    layer.forward(x)
    layer.backward(rng.normal(size=(6, 3)))
    setattr(layer, name, np.ones((2, 5)))
    kept = layer.weights.copy(), layer.bias.copy()
    with pytest.raises(ValueError, match=f"{name}_grad and {name} must have the same shape"):
        layer.update(0.1)
    np.testing.assert_array_equal(layer.weights, kept[0])
    np.testing.assert_array_equal(layer.bias, kept[1])


# --------------------------------------------------------------------------- several layers


def chain(rng, *sizes, dtypes=(np.float32, np.float32, np.float32)):
    pairs = zip(sizes, sizes[1:], dtypes, strict=False)
    return [LinearLayer(before, after, rng=rng, dtype=dtype) for before, after, dtype in pairs]


def test_layers_that_fit_each_other_are_a_chain(rng):
    for sizes in ((4, 3), (4, 3, 5), (4, 3, 5, 1), (2, 2, 2)):
        check_chain(chain(rng, *sizes))


def test_layers_that_do_not_fit_are_no_chain(rng):
    for layers in ([], [np.eye(3)], [*chain(rng, 4, 3), None]):
        with pytest.raises(ValueError, match="layers must be one LinearLayer or more"):
            check_chain(layers)
    four_to_three, three_to_five, five_to_two = chain(rng, 4, 3, 5, 2)
    for layers in (
        [four_to_three, five_to_two],
        [five_to_two, four_to_three],
        [four_to_three, three_to_five, *chain(rng, 4, 3)],
    ):
        with pytest.raises(ValueError, match="layers must fit each other"):
            check_chain(layers)
    with pytest.raises(ValueError, match="all be float32 or all float64"):
        check_chain(chain(rng, 4, 3, 5, dtypes=(np.float32, np.float64)))


def test_a_function_that_says_nothing_of_itself_is_no_rectifier_and_has_no_parameters(rng):
    def double(z):
        return 2 * z

    double.backward = lambda grad_output, z: 2 * grad_output
    layer = LinearLayer(3, 3, double, rng=np.random.default_rng(0), dtype=np.float64)
    plain = LinearLayer(3, 3, identity, rng=np.random.default_rng(0), dtype=np.float64)
    np.testing.assert_array_equal(layer.weights, plain.weights)


def test_a_bias_of_another_shape_or_dtype_is_refused():
    weights = np.ones((4, 3), np.float32)
    for bias in (
        np.ones((2, 3), np.float32),
        np.ones((1, 2), np.float32),
        np.ones(3, np.float32),
        np.ones((1, 3), np.float16),
        np.ones((1, 3), np.float64),
    ):
        with pytest.raises(ValueError, match=r"bias must have the shape \(1, 3\)"):
            LinearLayer.from_arrays(weights, bias)


@pytest.mark.parametrize("lost", ["weights_grad", "bias_grad"])
def test_a_step_needs_both_gradients(lost, x, rng):
    layer = make(None, rng)
    layer.backward(np.ones_like(layer.forward(x)))
    setattr(layer, lost, None)
    with pytest.raises(RuntimeError, match="update needs a backward pass before it"):
        layer.update(0.1)


@pytest.mark.parametrize("name", ["weights", "bias"])
def test_a_layer_that_cannot_move_whole_does_not_move_in_part(name, rng):
    layer = LinearLayer(3, 2, rng=rng, dtype=np.float64)
    layer.forward(rng.normal(size=(4, 3)))
    layer.backward(np.ones((4, 2)))
    getattr(layer, name).flags.writeable = False
    before = layer.weights.copy(), layer.bias.copy()
    for step in (lambda: layer.update(0.1), lambda: layer.descend(np.ones((4, 2)), 0.1)):
        with pytest.raises(ValueError, match=f"{name} must be writeable, but is read-only"):
            step()
    np.testing.assert_array_equal(layer.weights, before[0])
    np.testing.assert_array_equal(layer.bias, before[1])


@pytest.mark.parametrize("name", ["weights", "bias"])
def test_what_a_mask_hides_makes_no_layer(name):
    arrays = {"weights": np.ones((3, 2)), "bias": np.ones((1, 2))}
    arrays[name] = np.ma.masked_equal(arrays[name], 1)
    with pytest.raises(TypeError, match=f"{name} must not be masked"):
        LinearLayer.from_arrays(**arrays)


@pytest.mark.parametrize("activation", [identity, relu])
def test_what_the_caller_does_with_its_arrays_changes_no_pass_back(activation, rng):
    layers = [LinearLayer(4, 3, activation, rng=np.random.default_rng(0)) for _ in range(2)]
    x, grad = rng.normal(size=(5, 4)).astype(np.float32), np.ones((5, 3), np.float32)
    given = x.copy()
    output = layers[0].forward(given)
    given[:], output[:] = 0, 0
    layers[1].forward(x)
    for layer in layers:
        layer.backward(grad)
    np.testing.assert_array_equal(layers[0].weights_grad, layers[1].weights_grad)


def own(function):
    function.backward = lambda grad_output, z: grad_output
    return function


@pytest.mark.parametrize(
    ("activation", "error", "words"),
    [
        (lambda z: z[:, :1], ValueError, r"activation\(z\) and z must have the same shape"),
        (lambda z: None, TypeError, r"activation\(z\) must hold real numbers"),
        (lambda z: 1j * z, TypeError, r"activation\(z\) must hold real numbers"),
    ],
)
def test_what_an_activation_of_the_readers_returns_is_checked(activation, error, words, rng):
    layer, x = LinearLayer(4, 3, own(activation), rng=rng), rng.normal(size=(5, 4))
    for call in (layer, layer.forward):
        with pytest.raises(error, match=words):
            call(x)
    assert layer._z is None


def test_an_activation_of_the_readers_may_return_a_list_or_a_part_of_its_argument(rng):
    x = rng.normal(size=(5, 4))
    activations = own(lambda z: z.tolist()), own(lambda z: z[:]), identity
    layers = [LinearLayer(4, 3, f, rng=np.random.default_rng(0)) for f in activations]
    outputs = [layer.forward(x) for layer in layers]
    for layer, output in zip(layers, outputs, strict=True):
        np.testing.assert_array_equal(output, outputs[2])
        kept = layer._z.copy()
        output[:] = 0
        np.testing.assert_array_equal(layer._z, kept)


def test_a_pass_back_that_fails_leaves_both_gradients(rng):
    layer = LinearLayer(3, 2, rng=rng)
    layer.forward(np.ones((4, 3), np.float32))
    layer.backward(np.ones((4, 2), np.float32))
    kept = layer.weights_grad, layer.bias_grad
    layer.weights = np.ones((3, 5), np.float32)  # by which no gradient for the input is made
    with pytest.raises(ValueError, match="matmul"):
        layer.backward(np.full((4, 2), 2, np.float32))
    assert layer.weights_grad is kept[0]
    assert layer.bias_grad is kept[1]


def test_a_layer_is_in_a_chain_once(rng):
    layer = LinearLayer(3, 3, rng=rng)
    with pytest.raises(ValueError, match="layers must be one LinearLayer or more, none twice"):
        check_chain([layer, layer])
    check_chain((layer, LinearLayer(3, 3, rng=rng)))


def test_an_option_is_a_number_of_the_layers_dtype(rng):
    steep = with_options(leaky_relu, negative_slope=1e300)
    assert LinearLayer(2, 2, steep, rng=rng, dtype=np.float64).activation is steep
    arrays = np.ones((2, 2), np.float32), np.ones((1, 2), np.float32)
    for make in (
        lambda: LinearLayer(2, 2, steep, rng=rng),
        lambda: LinearLayer.from_arrays(*arrays, steep),
    ):
        with pytest.raises(ValueError, match="negative_slope must be finite in float32"):
            make()


def test_weights_that_were_made_a_list_are_weights_or_refused_by_name(rng):
    layer, x = LinearLayer(3, 2, rng=rng), rng.normal(size=(4, 3))
    output = layer(x)
    layer.weights, layer.bias = layer.weights.tolist(), layer.bias.tolist()
    np.testing.assert_allclose(layer(x), output, rtol=1e-6)
    layer.forward(x)
    with pytest.raises(TypeError, match="weights must be an array, but is "):
        layer.descend(np.ones((4, 2)), 0.1)
    with pytest.raises(ValueError, match=r"x must have the shape \(n, 3\)"):
        layer(x[:, :2])
