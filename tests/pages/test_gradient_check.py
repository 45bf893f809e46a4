"""The one direction of the chapter on checking a gradient: what it sees, when it is unlucky."""

import numpy as np
import pytest

from tests.page_functions import functions_of


@pytest.fixture
def page():
    defined = functions_of("gradient_check")
    defined.update(np=np)
    return defined


@pytest.fixture
def case(page, rng):
    x = rng.normal(size=7)
    return x, page["tangled_gradient"](x), rng.choice([-1.0, 1.0], size=7)


def test_the_right_gradient_leaves_next_to_nothing(page, case):
    x, a, u = case
    assert page["directional_error"](page["tangled"], a, x, u) < 1e-9


@pytest.mark.parametrize("entry", range(7))
def test_an_error_in_any_one_entry_is_seen_whatever_the_signs(page, case, entry):
    x, a, u = case
    off = a.copy()
    off[entry] *= 1.001
    expected = abs(off - a)[entry] / np.linalg.norm(off)
    found = page["directional_error"](page["tangled"], off, x, u)
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-10)


def test_two_equal_errors_cancel_in_half_of_the_directions(page, case):
    x, a, _ = case
    off = a + 0.01 * np.eye(7)[2] + 0.01 * np.eye(7)[5]
    signs = np.ones(7)
    assert page["directional_error"](page["tangled"], off, x, signs) > 1e-4
    signs[5] = -1
    assert page["directional_error"](page["tangled"], off, x, signs) < 1e-9
