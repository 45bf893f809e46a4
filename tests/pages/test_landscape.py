"""What the page on the descent of a network computes, on functions whose answers are known."""

import copy

import numpy as np
import pytest

from mnist_gd.activations import sigmoid
from mnist_gd.losses import cross_entropy_with_logits
from mnist_gd.networks import SingleLayerNetwork
from tests.page_functions import functions_of


@pytest.fixture
def page():
    """The page's functions, with what they take from cells that are not run here."""
    functions = functions_of("landscape")
    functions |= {"np": np, "copy": copy, "sigmoid": sigmoid, "SingleLayerNetwork": None}
    functions |= {"cross_entropy_with_logits": cross_entropy_with_logits}
    return functions


@pytest.fixture
def bowl(rng):
    """A symmetric matrix with the eigenvalues -2, 1, 5, and the gradient of its quadratic."""
    Q = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    H = Q @ np.diag([-2.0, 1.0, 5.0]) @ Q.T
    return H, lambda x: H @ x


def test_the_product_with_the_hessian_is_exact_on_a_quadratic(page, bowl, rng):
    H, gradient = bowl
    x, v = rng.normal(size=(2, 3))
    assert np.allclose(page["hessian_vector"](gradient, x, v), H @ v, rtol=1e-8)


def test_the_power_iteration_finds_the_largest_curvature_and_its_direction(page, bowl, rng):
    H, gradient = bowl
    value, v = page["power_iteration"](gradient, np.zeros(3), rng.normal(size=3), 60)
    assert np.isclose(value, 5)
    assert np.allclose(H @ v, 5 * v)


def test_the_gradient_of_the_network_under_full_batches(page, rng):
    page |= {"images": rng.random((12, 196)), "targets": np.eye(10)[rng.integers(10, size=12)]}
    w, v = rng.normal(scale=0.3, size=(2, 3296))
    _, gradient = page["sigmoid_network"](w)
    ahead, behind = (page["sigmoid_network"](w + h * v)[0] for h in (1e-5, -1e-5))
    assert np.isclose((ahead - behind) / 2e-5, gradient @ v, rtol=1e-7)


@pytest.fixture
def units(page, rng):
    inputs = rng.normal(size=(40, 2))
    page["inputs"] = inputs
    page["answers"] = page["twin_outputs"](np.array([[3.0, 0.0], [0.0, 3.0]]), inputs).sum(axis=1)
    return page


def test_twins_get_the_same_gradient_to_the_last_bit_and_others_do_not(units, rng):
    for _ in range(20):
        rows = rng.integers(40, size=16)
        one, other = units["twin_gradient"](np.tile(rng.normal(size=2), (2, 1)), rows)
        assert np.array_equal(one, other)
    one, other = units["twin_gradient"](rng.normal(size=(2, 2)))
    assert not np.allclose(one, other)


def test_the_teacher_is_the_minimum_and_a_mask_makes_twins_part(units):
    teacher = np.array([[3.0, 0.0], [0.0, 3.0]])
    assert units["twin_loss"](teacher) == 0
    assert not units["twin_gradient"](teacher).any()
    one, other = units["twin_gradient"](np.full((2, 2), 0.5), mask=np.array([1.0, 0.0]))
    assert one.any()
    assert not other.any()


def test_a_barrier_is_counted_from_the_higher_end(page):
    assert page["barrier"]([1.0, 3.0, 2.0]) == 1
    assert page["barrier"]([1.0, 0.5, 2.0]) == 0


def test_what_the_middle_of_a_line_says(page):
    assert page["in_the_middle"]([0.3, 0.1, 0.2]) == "does lie lower than both ends"
    for values in ([0.3, 0.25, 0.2], [0.2, 0.4, 0.2]):
        assert page["in_the_middle"](values) == "does not lie lower than both ends"


def test_weights_are_put_where_they_were_taken_from_and_a_line_meets_its_ends(page):
    a, b = (
        SingleLayerNetwork(
            5, 3, 4, loss=cross_entropy_with_logits, rng=np.random.default_rng(seed)
        )
        for seed in (0, 1)
    )
    copied = page["with_weights"](copy.deepcopy(a), page["weight_vector"](b.parameters))
    for array, other in zip(copied.parameters, b.parameters, strict=True):
        assert np.array_equal(array, other)
    probe, targets = np.eye(5, dtype=np.float32), np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 0]]
    page["alphas"] = np.array([0.0, 0.5, 1.0])
    page["probe"] = probe, targets
    first, middle, last = page["loss_on_line"](a, b)
    assert np.allclose([first, last], [page["loss_for"](n, probe, targets) for n in (a, b)])
    assert len({first, middle, last}) == 3


def test_the_rate_decides_how_wide_a_minimum_must_be(page):
    """Where descent arrives, the curvature across is below 2/rate, and it is that of H."""
    w = np.array([2.5, 0.2])
    for _ in range(200):
        w = w - 0.4 * page["two_weights_gradient"](w)
    assert page["two_weights"](w) < 1e-20
    assert np.allclose(np.linalg.eigvalsh(page["two_weights_hessian"](*w)), [0, w @ w])
    assert w @ w < 2 / 0.4
