"""Momentum and Adam as in PyTorch; dropout and shifts against their definitions."""

import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_gd.additions import (
    Adam,
    Momentum,
    cosine_decay,
    dropout_mask,
    shift_images,
    shrink_weights,
)
from mnist_gd.gradient_descent import minimize

# The optimizers


def walk(optimizer, start, gradient, rates):
    """Points of a descent on one parameter."""
    point = np.array(start)
    points = []
    for rate in rates:
        optimizer.update([point], [gradient(point)], rate)
        points.append(point.copy())
    return np.array(points)


def torch_walk(make, start, gradient, rates):
    point = torch.tensor(start, requires_grad=True)
    optimizer = make([point])
    points = []
    for rate in rates:
        optimizer.param_groups[0]["lr"] = rate
        point.grad = torch.tensor(gradient(point.detach().numpy()))
        optimizer.step()
        points.append(point.detach().numpy().copy())
    return np.array(points)


def gradient(point):
    return np.array([3.0, 0.5, -1.0]) * point + np.cos(5 * point)


START, RATES = np.array([1.0, -2.0, 0.3]), [0.05, 0.05, 0.02, 0.01] * 10


@pytest.mark.parametrize(
    ("beta1", "beta2", "epsilon"), [(0.9, 0.999, 1e-8), (0.0, 0.5, 1e-3), (0.5, 0.0, 0.1)]
)
def test_adam_is_that_of_torch(beta1, beta2, epsilon):
    ours = walk(Adam(beta1, beta2, epsilon), START, gradient, RATES)
    theirs = torch_walk(
        lambda p: torch.optim.Adam(p, betas=(beta1, beta2), eps=epsilon), START, gradient, RATES
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-13)


def test_adam_begins_with_steps_of_the_learning_rate():
    """Whatever the size of the gradient: the biases are corrected from the first step on."""
    for size in (1e-4, 1.0, 1e6):
        point = np.array([0.0, 0.0])
        Adam().update([point], [np.array([size, -size])], 0.01)
        np.testing.assert_allclose(point, [-0.01, 0.01], rtol=1e-3)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_momentum_is_that_of_torch_and_of_minimize(momentum):
    rates = [0.05] * 40
    ours = walk(Momentum(momentum), START, gradient, rates)
    theirs = torch_walk(
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=momentum), START, gradient, rates
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)
    course = minimize(lambda p: 0.0, gradient, START, 0.05, 40, momentum=momentum)
    np.testing.assert_allclose(ours, course.points[1:], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("make", [Momentum, Adam])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_each_parameter_has_a_state_of_its_own(make, dtype):
    """Two parameters together go where each goes alone; nothing changes its dtype."""
    starts = [np.array([1.0, 2.0], dtype), np.array([[-3.0]], dtype)]
    together, optimizer = [start.copy() for start in starts], make()
    alone, optimizers = [start.copy() for start in starts], [make(), make()]
    for _ in range(5):
        optimizer.update(together, [2 * p for p in together], 0.1)
        for parameter, own in zip(alone, optimizers, strict=True):
            own.update([parameter], [2 * parameter], 0.1)
    for one, other in zip(together, alone, strict=True):
        assert one.dtype == dtype
        assert np.array_equal(one, other)


@pytest.mark.parametrize("make", [Momentum, Adam])
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"gradients": [np.ones((1, 3)), np.ones((1, 1))]}, ValueError, "gradients must have the"),
        ({"gradients": [np.ones((1, 3))]}, ValueError, "gradients must have the shapes"),
        ({"gradients": [[1.0] * 3, np.ones(1)]}, TypeError, "gradients must be a list of arrays"),
        ({"parameters": [1.0, 2.0]}, TypeError, "parameters must be a list of arrays"),
        ({"parameters": np.ones(3)}, TypeError, "parameters must be a list of arrays"),
        ({"parameters": [], "gradients": []}, TypeError, "parameters must be a list of arrays"),
        (
            {"gradients": [np.ones((1, 3)), np.ones(1, complex)]},
            TypeError,
            "gradients must hold floating-point numbers",
        ),
        (
            {"parameters": [np.ones((1, 3)), np.ones(1, int)]},
            TypeError,
            "parameters must hold floating-point numbers",
        ),
        (
            {"parameters": [np.ones((1, 3)), np.broadcast_to(np.ones(1), 1)]},
            ValueError,
            "each of parameters must be writeable",
        ),
        ({"learning_rate": np.nan}, ValueError, "learning_rate must be above 0, but is nan"),
        ({"learning_rate": -1}, ValueError, "learning_rate must be above 0, but is -1"),
        ({"learning_rate": "fast"}, TypeError, "learning_rate must be a real number"),
        (
            {"parameters": [np.ones(3)], "gradients": [np.ones(3)]},
            ValueError,
            "parameters must be those of the first step",
        ),
    ],
)
def test_a_refused_step_moves_nothing(make, change, error, message):
    """Nor does it count: the next one is the one that would have come."""
    optimizer, other = make(), make()
    parameters = [np.ones((1, 3)), np.ones(1)]
    step = {
        "parameters": parameters,
        "gradients": [np.ones((1, 3)), np.ones(1)],
        "learning_rate": 0.1,
    }
    optimizer.update(**step)
    before = [parameter.copy() for parameter in parameters]
    with pytest.raises(error, match=message):
        optimizer.update(**step | change)
    for parameter, old in zip(parameters, before, strict=True):
        assert np.array_equal(parameter, old)
    optimizer.update(**step)
    fresh = [np.ones((1, 3)), np.ones(1)]
    for _ in range(2):
        other.update(fresh, step["gradients"], 0.1)
    for parameter, wanted in zip(parameters, fresh, strict=True):
        assert np.array_equal(parameter, wanted)


@pytest.mark.parametrize(
    ("make", "argument", "value"),
    [
        (Momentum, "momentum", 1.0),
        (Momentum, "momentum", -0.1),
        (Adam, "beta1", 1.0),
        (Adam, "beta2", -0.5),
        (Adam, "epsilon", 0.0),
    ],
)
def test_optimizers_refuse(make, argument, value):
    """Also what is set later, of which nothing has moved."""
    with pytest.raises(ValueError, match=f"{argument} must be .* but is {value}"):
        make(**{argument: value})
    optimizer, parameter = make(), np.ones(2)
    for _ in range(2):
        before, sound = parameter.copy(), getattr(optimizer, argument)
        setattr(optimizer, argument, value)
        with pytest.raises(ValueError, match=f"{argument} must be .* but is {value}"):
            optimizer.update([parameter], [np.ones(2)], 0.1)
        assert np.array_equal(parameter, before)
        setattr(optimizer, argument, sound)
        optimizer.update([parameter], [np.ones(2)], 0.1)
    fresh, other = np.ones(2), make()
    for _ in range(2):
        other.update([fresh], [np.ones(2)], 0.1)
    assert np.array_equal(parameter, fresh)


# Weight decay


@pytest.mark.parametrize(
    ("make", "torch_make"),
    [
        (lambda: Momentum(0.0), lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.3)),
        (Adam, lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.3)),
    ],
    ids=["plain", "Adam"],
)
def test_weights_that_shrink_before_the_step_are_those_of_torch(make, torch_make):
    """Of plain steps the penalty's gradient, of Adam what Loshchilov and Hutter call AdamW."""
    point, optimizer, ours = START.copy(), make(), []
    for rate in RATES:
        slope = gradient(point)
        shrink_weights([point], rate, 0.3)
        optimizer.update([point], [slope], rate)
        ours.append(point.copy())
    theirs = torch_walk(torch_make, START, gradient, RATES)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_array_shrinks_in_place_and_keeps_its_dtype(dtype):
    weights = [np.array([[1.0, -2.0]], dtype), np.array([4.0], dtype)]
    shrink_weights(weights, np.float64(0.5), 1)
    assert [array.tolist() for array in weights] == [[[0.5, -1.0]], [2.0]]
    assert {array.dtype for array in weights} == {np.dtype(dtype)}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"weights": np.ones(3)}, TypeError, "weights must be a list of arrays"),
        ({"weights": []}, TypeError, "weights must be a list of arrays"),
        ({"weights": [np.ones(3, int)]}, TypeError, "weights must hold floating-point numbers"),
        ({"weights": [np.broadcast_to(1.0, 3)]}, ValueError, "each of weights must be writeable"),
        ({"learning_rate": 0}, ValueError, "learning_rate must be above 0"),
        ({"weight_decay": -1}, ValueError, "weight_decay must be at least 0"),
        ({"weight_decay": 2}, ValueError, r"weight_decay must be below 2\.0, but is 2\.0"),
        ({"weight_decay": None}, TypeError, "weight_decay must be a real number"),
    ],
)
def test_shrink_weights_refuses(change, error, message):
    weights = [np.ones(3)]
    given = {"weights": weights, "learning_rate": 0.5, "weight_decay": 0.1}
    if isinstance(change.get("weights"), list) and change["weights"]:
        change = {"weights": [*weights, *change["weights"]]}
    with pytest.raises(error, match=message):
        shrink_weights(**given | change)
    assert weights[0].tolist() == [1, 1, 1]


# The falling rate


def test_cosine_decay_is_that_of_torch():
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50)
    rate = cosine_decay(0.3)
    for step in range(50):
        assert rate(step / 50) == pytest.approx(scheduler.get_last_lr()[0], rel=1e-12)
        optimizer.step()
        scheduler.step()
    assert rate(1) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("value", [0, -1.0, float("inf")])
def test_cosine_decay_refuses(value):
    with pytest.raises(ValueError, match="learning_rate must be"):
        cosine_decay(value)


@pytest.mark.parametrize("progress", [-0.1, 1.1, 1.5])
def test_a_training_is_neither_before_its_beginning_nor_after_its_end(progress):
    with pytest.raises(ValueError, match="progress must be at "):
        cosine_decay(0.3)(progress)


# Dropout


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dropout_keeps_the_mean(rate, dtype):
    mask = dropout_mask((400, 500), rate, rng=np.random.default_rng(0), dtype=dtype)
    assert mask.dtype == dtype
    kept = dtype(1 / (1 - rate))
    assert set(np.unique(mask)) == ({dtype(0), kept} if rate else {kept})
    error = np.sqrt(rate / (1 - rate) / mask.size)
    assert abs(mask.mean(dtype=np.float64) - 1) <= 5 * error + 1e-6
    # Each unit of each row by itself: neighbours agree as often as strangers do.
    silent = mask == 0
    assert abs((silent[:, 1:] & silent[:, :-1]).mean() - rate**2) < 0.01
    assert abs((silent[1:] & silent[:-1]).mean() - rate**2) < 0.01


class Drawn(np.random.Generator):
    """A generator whose next numbers are known."""

    def random(self, size, dtype):
        return np.array([[0, 0.25, 0.5, 0.75]], dtype)


@pytest.mark.parametrize(
    ("rate", "factors"), [(0, [1, 1, 1, 1]), (0.25, [0, 4 / 3, 4 / 3, 4 / 3]), (0.5, [0, 0, 2, 2])]
)
def test_of_what_is_drawn_from_0_on_and_below_1_the_rate_itself_is_kept(rate, factors):
    mask = dropout_mask((1, 4), rate, rng=Drawn(np.random.PCG64()))
    np.testing.assert_array_equal(mask, np.array([factors], np.float32))


@pytest.mark.parametrize("rate", [1.0, -0.1, float("nan")])
def test_dropout_refuses(rate):
    with pytest.raises(ValueError, match="rate must be"):
        dropout_mask((2, 2), rate, rng=np.random.default_rng(0))
    with pytest.raises(TypeError, match="rng must be"):
        dropout_mask((2, 2), 0.5, rng=None)


# Shifts


def moved(image, down, across):
    """By definition, pixel by pixel."""
    result = np.zeros((28, 28), image.dtype)
    for i in range(28):
        for j in range(28):
            if 0 <= i - down < 28 and 0 <= j - across < 28:
                result[i, j] = image.reshape(28, 28)[i - down, j - across]
    return result.ravel()


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(0, 3), st.sampled_from([np.uint8, np.float32]))
def test_shifts_are_moves_of_the_whole_image(seed, largest, dtype):
    rng = np.random.default_rng(seed)
    images = rng.integers(1, 255, size=(4, 784)).astype(dtype)
    before = images.copy()
    shifted = shift_images(images, largest, rng=rng)
    assert np.array_equal(images, before)
    assert shifted.dtype == dtype
    moves = [(d, a) for d in range(-largest, largest + 1) for a in range(-largest, largest + 1)]
    for image, result in zip(images, shifted, strict=True):
        assert sum(np.array_equal(moved(image, *move), result) for move in moves) == 1


def test_every_shift_is_as_likely():
    image = np.zeros((1, 784))
    image[0, 14 * 28 + 14] = 1
    shifted = shift_images(np.repeat(image, 9000, axis=0), 1, rng=np.random.default_rng(0))
    counts = shifted.sum(axis=0).reshape(28, 28)[13:16, 13:16]
    assert counts.sum() == 9000
    assert abs(counts - 1000).max() < 5 * np.sqrt(1000)


@pytest.mark.parametrize(
    ("shape", "largest", "error", "message"),
    [
        ((2, 28, 28), 1, ValueError, r"images must have the shape \(n, 784\), but has"),
        ((2, 783), 1, ValueError, r"images must have the shape"),
        ((2, 784), -1, ValueError, "largest must be at least 0, but is -1"),
        ((2, 784), 28, ValueError, "largest must be at most 27, but is 28"),
        ((2, 784), 1.0, TypeError, "largest must be an integer"),
    ],
)
def test_shift_images_refuses(shape, largest, error, message):
    with pytest.raises(error, match=message):
        shift_images(np.zeros(shape), largest, rng=np.random.default_rng(0))


@pytest.mark.parametrize("shape", [(784,), (1, 28, 784), (2, 783), (2, 785), (2, 784, 1)])
def test_what_is_no_row_of_pixels_is_refused(shape, rng):
    with pytest.raises(ValueError, match=r"images must have the shape \(n, 784\)"):
        shift_images(np.zeros(shape), 2, rng=rng)


def test_a_mask_may_be_empty_but_not_of_a_negative_size(rng):
    assert dropout_mask((0, 3), 0.5, rng=rng).shape == (0, 3)
    with pytest.raises(ValueError, match="shape must be at least 0"):
        dropout_mask((-1, 3), 0.5, rng=rng)


@pytest.mark.parametrize("name", ["beta1", "beta2"])
@pytest.mark.parametrize("value", [-0.5, 1.0, 1.5])
def test_means_of_adam_forget_neither_nothing_nor_more_than_all(name, value):
    with pytest.raises(ValueError, match=f"{name} must be"):
        Adam(**{name: value})


@pytest.mark.parametrize("optimizer", [Momentum, Adam])
def test_matrices_of_numpy_move_as_arrays_do(optimizer, rng):
    """The product of two of them is another."""
    start, gradient = rng.normal(size=(2, 3, 3))
    moved = start.copy(), np.matrix(start)
    for parameter, slope in zip(moved, (gradient, np.matrix(gradient)), strict=True):
        steps = optimizer()
        for _ in range(2):
            steps.update([parameter], [slope], 0.1)
    np.testing.assert_array_equal(*moved)
    assert not np.array_equal(moved[0], start)


@pytest.mark.parametrize(("epsilon", "dtype"), [(1e-50, np.float32), (1e-8, np.float16)])
def test_an_epsilon_that_is_zero_among_the_parameters_is_refused(epsilon, dtype):
    parameter = np.ones(2, dtype)
    with pytest.raises(ValueError, match="epsilon must be above 0 in float"):
        Adam(epsilon=epsilon).update([parameter], [np.zeros(2, dtype)], 0.1)
    assert (parameter == 1).all()


def test_a_falling_rate_goes_to_other_processes():
    rate = cosine_decay(0.1)
    assert pickle.loads(pickle.dumps(rate))(0.25) == rate(0.25)


@pytest.mark.parametrize("make", [Adam, Momentum])
def test_an_optimizer_stays_with_the_dtype_of_its_first_step(make):
    optimizer, gradient = make(), np.ones(2)
    optimizer.update([np.ones(2)], [gradient], 0.1)
    with pytest.raises(ValueError, match=r"parameters must be those of the first step, .*float64"):
        optimizer.update([np.ones(2, np.float32)], [gradient], 0.1)


def test_an_epsilon_beyond_the_parameters_is_named():
    with np.errstate(all="raise"), pytest.raises(ValueError, match="epsilon must be finite in fl"):
        Adam(epsilon=1e300).update([np.ones(2, np.float32)], [np.ones(2, np.float32)], 0.1)


def test_an_epsilon_is_looked_at_among_the_parameters_not_their_gradients():
    parameter, gradient = np.ones(2, np.float16), np.ones(2, np.float32)
    with pytest.raises(ValueError, match="epsilon must be above 0 in float16, but is 1e-08"):
        Adam().update([parameter], [gradient], 0.1)
    Adam().update([np.ones(2, np.float32)], [np.ones(2, np.float16)], 0.1)
