"""Descent on functions whose course is known exactly."""

import numpy as np
import pytest
import torch

from mnist_gd.gradient_descent import DivergenceError, minimize

CURVATURES = np.array([1.0, 4.0, 10.0])
START = np.array([1.0, -2.0, 3.0])


def bowl(x):
    return 0.5 * np.sum(CURVATURES * x**2)


def slope(x):
    return CURVATURES * x


def test_each_step_on_a_quadratic_is_a_multiplication():
    course = minimize(bowl, slope, START, 0.15, 20)
    powers = np.arange(21)[:, None]
    np.testing.assert_allclose(course.points, START * (1 - 0.15 * CURVATURES) ** powers)
    np.testing.assert_allclose(course.values, [bowl(point) for point in course.points])
    assert (course.points.shape, course.values.shape) == ((21, 3), (21,))


def test_the_largest_curvature_decides_which_rates_converge():
    limit = 2 / CURVATURES.max()
    assert minimize(bowl, slope, START, 0.99 * limit, 2000).values[-1] < 1e-12
    assert minimize(bowl, slope, START, 1.01 * limit, 2000).values[-1] > 1e6


def test_the_descent_lemma_holds_at_every_step():
    rate = 1 / CURVATURES.max()
    course = minimize(bowl, slope, START, rate, 30)
    squared = np.array([np.sum(slope(point) ** 2) for point in course.points[:-1]])
    assert (course.values[1:] <= course.values[:-1] - rate / 2 * squared + 1e-12).all()


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_agrees_with_pytorch(nesterov):
    """PyTorch's Nesterov keeps the point that is looked ahead to."""
    course = minimize(bowl, slope, START, 0.05, 25, momentum=0.8, nesterov=nesterov)
    x = torch.tensor(START, requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=0.05, momentum=0.8, nesterov=nesterov)
    points = [START]
    for _ in range(25):
        optimizer.zero_grad()
        (0.5 * (torch.tensor(CURVATURES) * x**2).sum()).backward()
        optimizer.step()
        points.append(x.detach().numpy().copy())
    ours = course.points.copy()
    if nesterov:
        ours[1:] += 0.8 * np.diff(course.points, axis=0)
    np.testing.assert_allclose(ours, points, rtol=1e-10, atol=1e-13)


def test_without_momentum_nesterov_changes_nothing():
    plain = minimize(bowl, slope, START, 0.05, 5)
    ahead = minimize(bowl, slope, START, 0.05, 5, nesterov=True)
    np.testing.assert_array_equal(plain.points, ahead.points)


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_is_faster_where_curvatures_differ(nesterov):
    curvatures = np.array([1.0, 100.0])

    def last(momentum):
        return minimize(
            lambda x: 0.5 * np.sum(curvatures * x**2),
            lambda x: curvatures * x,
            np.ones(2),
            0.01,
            150,
            momentum=momentum,
            nesterov=nesterov,
        ).values[-1]

    assert last(0.8) < 1e-3 * last(0.0)


def test_the_start_is_not_changed_and_its_shape_and_dtype_are_kept(dtype):
    start = np.ones((2, 3), dtype)
    course = minimize(lambda x: np.sum(x**2), lambda x: 2 * x, start, 0.25, 3, momentum=0.5)
    assert course.points.shape == (4, 2, 3)
    assert course.points.dtype == dtype
    np.testing.assert_array_equal(start, 1)


def test_a_gradient_that_changes_its_argument_does_not_reach_the_callers_array():
    def careless(x):
        x *= 2
        return x

    start = np.ones(3)
    minimize(bowl, careless, start, 0.01, 2)
    np.testing.assert_array_equal(start, 1)


def test_no_steps_leave_the_start():
    course = minimize(bowl, slope, START, 0.1, 0)
    np.testing.assert_array_equal(course.points, [START])


def test_divergence_names_the_step_and_the_rate_and_warns_of_nothing():
    with pytest.raises(DivergenceError, match=r"step \d+ left the finite.*learning_rate=1000"):
        minimize(bowl, slope, START, 1000, 1000)
    with pytest.raises(DivergenceError, match="step 1 left the finite numbers"):
        minimize(bowl, lambda x: x * np.nan, START, 0.1, 10)


def test_values_that_are_not_finite_stop_the_descent():
    values = iter([1.0, 1.0, np.nan])
    with pytest.raises(DivergenceError, match="step 2"):
        minimize(lambda x: next(values), slope, START, 0.1, 10)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"start": np.array([np.nan, 1, 1])}, ValueError, "start must be finite"),
        ({"start": np.array(["a"])}, TypeError, "start must hold real numbers"),
        ({"learning_rate": 0}, ValueError, "learning_rate must be above 0"),
        ({"learning_rate": -1}, ValueError, "learning_rate must be above 0"),
        ({"learning_rate": np.inf}, ValueError, "learning_rate must be finite"),
        ({"learning_rate": "0.1"}, TypeError, "learning_rate must be a real number"),
        ({"steps": -1}, ValueError, "steps must be at least 0"),
        ({"steps": 2.5}, TypeError, "steps must be an integer"),
        ({"steps": True}, TypeError, "steps must be an integer"),
        ({"momentum": 1.0}, ValueError, "momentum must be below 1"),
        ({"momentum": -0.1}, ValueError, "momentum must be at least 0"),
        ({"gradient": lambda x: x[:, None]}, ValueError, "must have the same shape"),
        ({"gradient": lambda x: 1.0}, ValueError, "must have the same shape"),
        ({"gradient": lambda x: x.astype(np.float32)}, TypeError, "must be float64 as start is"),
        ({"start": np.float32(START)}, TypeError, "must be float32 as start is"),
    ],
)
def test_bad_arguments_are_refused(change, error, words):
    arguments = {
        "f": bowl,
        "gradient": slope,
        "start": START,
        "learning_rate": 0.1,
        "steps": 5,
        **change,
    }
    with pytest.raises(error, match=words):
        minimize(**arguments)


def test_what_was_walked_is_fixed():
    with pytest.raises(AttributeError):
        minimize(bowl, slope, START, 0.1, 1).values = None


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("steps", [0, 3])
def test_a_value_that_is_not_finite_at_the_start_is_no_descent(value, steps):
    with pytest.raises(DivergenceError, match=r"f\(start\) must be finite, but is -?(nan|inf)"):
        minimize(lambda x: value, slope, START, 0.1, steps)


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        (["1.5"], TypeError, r"f\(start\) must hold real numbers"),
        ([1.0, "1.5"], TypeError, r"f\(start\) must hold real numbers"),
        ([None], TypeError, r"f\(start\) must hold real numbers"),
        ([START], ValueError, r"f\(start\) and a number must have the same shape"),
    ],
)
def test_a_function_that_returns_no_number_is_refused(values, error, words):
    values = iter(values)
    with pytest.raises(error, match=words):
        minimize(lambda x: next(values), slope, START, 0.1, 1)


def test_a_descent_is_equal_to_itself_alone():
    start = np.array([1.0, 2.0])
    one, other = (minimize(lambda x: float(x @ x), lambda x: 2 * x, start, 0.1, 2) for _ in "ab")
    assert (one == one, one == other) == (True, False)
