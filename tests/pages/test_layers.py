"""The two tests of a layer that the page sets against each other, and its experiments."""

import numpy as np
import pytest

from mnist_gd.activations import relu, sigmoid
from mnist_gd.gradient_check import check_gradient
from mnist_gd.layers import LinearLayer
from mnist_gd.report import typeset
from tests.page_functions import functions_of


@pytest.fixture
def page():
    defined = functions_of("layers")
    names = {"LinearLayer": LinearLayer, "check_gradient": check_gradient, "relu": relu}
    defined.update(names, np=np, sigmoid=sigmoid, typeset=typeset)
    return defined


class Off(LinearLayer):
    """One of the three gradients is off by a thousandth."""

    which = "weights"

    def backward(self, grad_output):
        grad_x = super().backward(grad_output)
        self.weights_grad = self.weights_grad * (1.001 if self.which == "weights" else 1)
        self.bias_grad = self.bias_grad * (1.001 if self.which == "bias" else 1)
        return grad_x * (1.001 if self.which == "input" else 1)


class LostAnAxis(LinearLayer):
    def backward(self, grad_output):
        grad_x = super().backward(grad_output)
        self.bias_grad = self.bias_grad[0]
        return grad_x


@pytest.mark.parametrize("which", ["weights", "bias", "input"])
def test_each_of_the_three_gradients_is_checked(page, which, monkeypatch):
    monkeypatch.setattr(Off, "which", which)
    with pytest.raises(AssertionError, match="the gradient is wrong"):
        page["worst_error"](*page["random_case"](Off, sigmoid, 0))
    error = page["worst_error"](*page["random_case"](Off, sigmoid, 0), tolerance=1)
    assert error == pytest.approx(1e-3, rel=0.01)


def test_a_row_says_what_both_tests_found(page):
    passed, refused = (page["both_tests"]("a layer", kind)[1:3] for kind in (LinearLayer, Off))
    assert passed == ["passed", "passed"]
    assert refused == ["passed", "refused"]
    assert not page["shapes_pass"](*page["random_case"](LostAnAxis, relu, 0))
