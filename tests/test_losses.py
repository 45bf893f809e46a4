"""Losses: values, gradients, extremes, and what they refuse."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special
from sklearn.metrics import brier_score_loss, log_loss
from torch.nn import functional

from mnist_gd import _archives, losses
from mnist_gd.activations import sigmoid, softmax, with_options
from mnist_gd.gradient_check import check_gradient
from mnist_gd.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    cross_entropy_with_logits,
    focal_loss,
    focal_loss_with_logits,
    kl_divergence,
    mean_squared_error,
)


def torch_focal(z, y, alpha=0.25, gamma=2.0):
    """torchvision's own focal loss, importable with or without its compiled operators."""
    _archives.torchvision_mnist()
    from torchvision.ops import sigmoid_focal_loss

    return sigmoid_focal_loss(z, y, alpha=alpha, gamma=gamma, reduction="mean")


# name: (ours, the same in PyTorch, what it is called on, whether the targets must be 0 and 1)
LOSSES = {
    "mse": (mean_squared_error, functional.mse_loss, "anything", False),
    "bce": (binary_cross_entropy, functional.binary_cross_entropy, "probabilities", False),
    "bce on logits": (
        binary_cross_entropy_with_logits,
        functional.binary_cross_entropy_with_logits,
        "anything",
        False,
    ),
    "cross-entropy": (
        cross_entropy,
        lambda p, y: -(y * p.log()).sum(dim=1).mean(),
        "distributions",
        False,
    ),
    "cross-entropy on logits": (
        cross_entropy_with_logits,
        functional.cross_entropy,
        "anything",
        False,
    ),
    "kl": (
        kl_divergence,
        lambda p, y: functional.kl_div(p.log(), y, reduction="batchmean"),
        "distributions",
        False,
    ),
}
for alpha, gamma in [(0.25, 2.0), (0.9, 2.0), (0.5, 0.5), (0.7, 0.0), (-1, 2.0), (0.1, 1.0)]:
    options = {"alpha": alpha, "gamma": gamma}
    LOSSES[f"focal, {alpha}, {gamma}"] = (
        with_options(focal_loss, **options),
        lambda p, y, options=options: torch_focal(torch.logit(p), y, **options),
        "probabilities",
        True,
    )
    LOSSES[f"focal on logits, {alpha}, {gamma}"] = (
        with_options(focal_loss_with_logits, **options),
        lambda z, y, options=options: torch_focal(z, y, **options),
        "anything",
        True,
    )
every_loss = pytest.mark.parametrize(
    ("loss", "in_torch", "domain", "hard"), LOSSES.values(), ids=LOSSES
)
every_function = pytest.mark.parametrize(
    "loss",
    [
        mean_squared_error,
        binary_cross_entropy,
        binary_cross_entropy_with_logits,
        focal_loss,
        focal_loss_with_logits,
        cross_entropy,
        cross_entropy_with_logits,
        kl_divergence,
    ],
    ids=lambda loss: loss.__name__,
)
ON_PROBABILITIES = [binary_cross_entropy, focal_loss, cross_entropy, kl_divergence]
OF_CLASSES = [cross_entropy, cross_entropy_with_logits, kl_divergence]
BINARY = [
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    focal_loss,
    focal_loss_with_logits,
]


def example(domain, hard, rng, shape=(6, 4)):
    """Predictions of the domain and targets that fit the loss."""
    z = rng.normal(size=shape)
    y_pred = {"anything": z, "probabilities": sigmoid(z), "distributions": softmax(z)}[domain]
    targets = rng.integers(0, 2, shape).astype(float) if hard else softmax(rng.normal(size=shape))
    return y_pred, targets


# --------------------------------------------------------------------------- gradients


@every_loss
def test_gradient_is_the_slope_that_central_differences_find(loss, in_torch, domain, hard, rng):
    """The mean over the batch is in the gradient too, and nothing of the layer below is."""
    y_pred, y_true = example(domain, hard, rng)
    check_gradient(lambda p: loss(p, y_true), lambda p: loss.gradient(p, y_true), y_pred)


@every_loss
def test_value_and_gradient_agree_with_pytorch(loss, in_torch, domain, hard, rng):
    """The reductions are PyTorch's: over every element, or over the rows."""
    y_pred, y_true = example(domain, hard, rng)
    tensor = torch.tensor(y_pred, requires_grad=True)
    value = in_torch(tensor, torch.tensor(y_true))
    value.backward()
    assert loss(y_pred, y_true) == pytest.approx(value.item(), rel=1e-12)
    np.testing.assert_allclose(loss.gradient(y_pred, y_true), tensor.grad.numpy(), rtol=1e-10)


@every_loss
def test_dtype_is_kept_and_inputs_left_alone(loss, in_torch, domain, hard, dtype, rng):
    y_pred, y_true = (array.astype(dtype) for array in example(domain, hard, rng))
    before = y_pred.copy(), y_true.copy()
    gradient = loss.gradient(y_pred, y_true)
    assert gradient.dtype == dtype
    assert gradient.shape == y_pred.shape
    assert type(loss(y_pred, y_true)) is float
    np.testing.assert_array_equal(y_pred, before[0])
    np.testing.assert_array_equal(y_true, before[1])


@every_loss
def test_float32_agrees_with_float64(loss, in_torch, domain, hard, rng):
    y_pred, y_true = example(domain, hard, rng)
    single = y_pred.astype(np.float32), y_true.astype(np.float32)
    assert loss(*single) == pytest.approx(loss(y_pred, y_true), rel=1e-5)
    np.testing.assert_allclose(
        loss.gradient(*single), loss.gradient(y_pred, y_true), rtol=2e-5, atol=1e-7
    )


@every_loss
def test_labels_of_another_dtype_do_not_change_the_gradients_dtype(
    loss, in_torch, domain, hard, dtype, rng
):
    y_pred = example(domain, hard, rng)[0].astype(dtype)
    one_hot = np.eye(4, dtype=np.int64)[rng.integers(0, 4, 6)]
    for labels in (one_hot, one_hot.astype(bool), one_hot.astype(np.float64)):
        assert loss.gradient(y_pred, labels).dtype == dtype
        assert loss(y_pred, labels) == loss(y_pred, one_hot.astype(dtype))


@every_loss
def test_a_batch_twice_has_the_same_mean_and_half_the_gradient(loss, in_torch, domain, hard, rng):
    y_pred, y_true = example(domain, hard, rng)
    twice = np.concatenate([y_pred, y_pred]), np.concatenate([y_true, y_true])
    assert loss(*twice) == pytest.approx(loss(y_pred, y_true), rel=1e-14)
    np.testing.assert_allclose(loss.gradient(*twice)[:6], loss.gradient(y_pred, y_true) / 2)


@every_function
def test_numpy_options_do_not_change_the_dtype(loss, rng):
    if loss in (focal_loss, focal_loss_with_logits):
        loss = with_options(loss, alpha=np.float64(0.3), gamma=np.float64(2))
    y_true = np.eye(4, dtype=np.float32)
    y_pred = softmax(rng.normal(size=(4, 4)).astype(np.float32))
    assert loss.gradient(y_pred, y_true).dtype == np.float32


# --------------------------------------------------------------------------- by hand


def test_cross_entropy_of_a_tenth():
    one_hot, p = np.array([[0, 1.0, 0]]), np.array([[0.3, 0.1, 0.6]])
    assert cross_entropy(p, one_hot) == pytest.approx(-math.log(0.1))
    assert cross_entropy(p, one_hot) == pytest.approx(2.302585, abs=1e-6)


def test_mean_squared_error_averages_over_examples():
    assert mean_squared_error(np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 0.0])) == 13 / 3
    assert mean_squared_error(np.array([[1.0], [3.0]]), np.array([[0.0], [0.0]])) == 5


def test_binary_losses_by_hand():
    p, y = np.array([0.8, 0.4]), np.array([1.0, 0.0])
    by_hand = -(math.log(0.8) + math.log(0.6)) / 2
    assert binary_cross_entropy(p, y) == pytest.approx(by_hand)
    focal = -(0.25 * 0.2**2 * math.log(0.8) + 0.75 * 0.4**2 * math.log(0.6)) / 2
    assert focal_loss(p, y) == pytest.approx(focal)


def test_binary_loss_is_not_that_of_the_mean_prediction():
    """Sure and right is near 0, although on average both labels are predicted half the time."""
    p, y = np.array([[0.999], [0.001]]), np.array([[1.0], [0.0]])
    assert binary_cross_entropy(p, y) < 0.0011
    assert binary_cross_entropy(np.full((2, 1), 0.5), y) == pytest.approx(math.log(2))


def test_a_confident_mistake_is_pushed_the_hardest():
    """A "yes" that is given the logit -3 has a gradient near -1, not near 0 and never above 0."""
    gradient = binary_cross_entropy_with_logits.gradient(np.array([-3.0, 3.0]), np.ones(2)) * 2
    np.testing.assert_allclose(gradient, [-special.expit(3), -special.expit(-3)])


def test_focusing_is_an_exponent_and_not_a_factor():
    p, y = np.array([0.9]), np.array([1.0])
    ratio = focal_loss(p, y, alpha=-1) / binary_cross_entropy(p, y)
    assert ratio == pytest.approx(0.1**2)


def test_focal_loss_without_focus_is_binary_cross_entropy(rng):
    p, y = example("probabilities", True, rng)
    assert focal_loss(p, y, alpha=-1, gamma=0) == pytest.approx(binary_cross_entropy(p, y))
    assert focal_loss(p, y, alpha=0.5, gamma=0) == pytest.approx(binary_cross_entropy(p, y) / 2)


def test_focal_loss_is_one_number_for_a_batch(rng):
    p, y = example("probabilities", True, rng, shape=(7, 1))
    each = [focal_loss(p[i : i + 1], y[i : i + 1]) for i in range(7)]
    assert focal_loss(p, y) == pytest.approx(np.mean(each))


@pytest.mark.parametrize(
    ("loss", "optimum"),
    [
        (mean_squared_error, 0.3),
        (binary_cross_entropy, 0.3),
        (with_options(focal_loss, alpha=0.5), 0.42),
        (with_options(focal_loss, alpha=0.9), 0.62),
    ],
)
def test_which_constant_prediction_is_best_at_a_prevalence_of_three_tenths(loss, optimum):
    """Squared error and cross-entropy are proper scores; focal loss is none."""
    y = np.array([1.0] * 3 + [0.0] * 7)
    candidates = np.linspace(0.01, 0.99, 99)
    best = candidates[np.argmin([loss(np.full(10, p), y) for p in candidates])]
    assert best == pytest.approx(optimum, abs=1e-9)


# --------------------------------------------------------------------------- other libraries


def test_agreement_with_scipy_and_scikit_learn(rng):
    labels = rng.integers(0, 4, 50)
    p, y = softmax(rng.normal(size=(50, 4))), np.eye(4)[labels]
    q = softmax(rng.normal(size=(50, 4)))
    assert cross_entropy(p, y) == pytest.approx(log_loss(labels, p))
    assert cross_entropy(p, q) == pytest.approx(-special.xlogy(q, p).sum(axis=1).mean())
    assert kl_divergence(p, q) == pytest.approx(special.rel_entr(q, p).sum(axis=1).mean())
    yes, probability = labels == 0, p[:, 0]
    assert binary_cross_entropy(probability, yes) == pytest.approx(log_loss(yes, probability))
    assert mean_squared_error(probability, yes) == pytest.approx(
        brier_score_loss(yes, probability)
    )


@pytest.mark.parametrize(
    ("on_logits", "on_probabilities", "link"),
    [
        (binary_cross_entropy_with_logits, binary_cross_entropy, sigmoid),
        (focal_loss_with_logits, focal_loss, sigmoid),
        (cross_entropy_with_logits, cross_entropy, softmax),
    ],
)
def test_both_forms_agree_and_so_do_their_gradients(on_logits, on_probabilities, link, rng):
    """The gradient on probabilities is chained through the link once, that on logits never."""
    z, y = rng.normal(scale=3, size=(8, 5)), np.eye(5)[rng.integers(0, 5, 8)]
    p = link(z)
    assert on_logits(z, y) == pytest.approx(on_probabilities(p, y), rel=1e-12)
    chained = link.backward(on_probabilities.gradient(p, y), z)
    np.testing.assert_allclose(on_logits.gradient(z, y), chained, rtol=1e-9, atol=1e-15)


distributions = arrays(np.float64, (3, 4), elements=st.floats(-20, 20)).map(softmax)


@given(distributions, distributions)
def test_kl_is_never_negative_and_cross_entropy_less_the_entropy(p, y):
    assert kl_divergence(p, y) >= -1e-12
    entropy = special.entr(y).sum(axis=1).mean()
    assert cross_entropy(p, y) - kl_divergence(p, y) == pytest.approx(entropy, abs=1e-9)


@given(distributions)
def test_kl_of_equals_is_zero_and_cross_entropy_is_least_there(y):
    assert kl_divergence(y, y) == 0
    assert cross_entropy(y, y) == pytest.approx(special.entr(y).sum(axis=1).mean(), abs=1e-12)


def test_kl_with_one_hot_targets_is_cross_entropy_and_is_not_symmetric(rng):
    p, y = softmax(rng.normal(size=(5, 4))), np.eye(4)[rng.integers(0, 4, 5)]
    assert kl_divergence(p, y) == cross_entropy(p, y)
    a, b = np.array([[0.5, 0.5]]), np.array([[0.9, 0.1]])
    assert kl_divergence(a, b) != pytest.approx(kl_divergence(b, a), rel=0.1)


@given(arrays(np.float64, (3, 2), elements=st.floats(-300, 300)), st.integers(0, 7))
def test_two_classes_are_one_yes_or_no(z, bits):
    yes = np.array([bits & 1, bits >> 1 & 1, bits >> 2 & 1])
    two = cross_entropy_with_logits(z, np.stack([1 - yes, yes], axis=1))
    one = binary_cross_entropy_with_logits(z[:, 1] - z[:, 0], yes)
    assert two == pytest.approx(one, rel=1e-12, abs=1e-15)


# --------------------------------------------------------------------------- extremes

EXTREMES = [0.0, 37.0, -37.0, 1e3, -1e3, 1e20, -1e20]


def softplus(z):
    """log(1 + exp(z)), exact to rounding for every z."""
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


@pytest.mark.parametrize("label", [0.0, 1.0])
@pytest.mark.parametrize("logit", EXTREMES)
def test_binary_losses_at_extreme_logits(logit, label, dtype):
    """Nothing is clipped: a tiny constant would do nothing in float32 and bias the rest."""
    z, y = np.array([logit], dtype), np.array([label], dtype)
    eps = float(np.finfo(dtype).eps)
    margin = logit if label else -logit
    wrong = float(special.expit(-margin))  # probability given to the wrong answer
    sign = -1 if label else 1
    loss = softplus(-margin)
    assert binary_cross_entropy_with_logits(z, y) == pytest.approx(loss, rel=4 * eps)
    gradient = binary_cross_entropy_with_logits.gradient(z, y)
    np.testing.assert_allclose(gradient, [sign * wrong], rtol=4 * eps, atol=eps)
    weight = 0.25 if label else 0.75
    assert focal_loss_with_logits(z, y) == pytest.approx(weight * wrong**2 * loss, rel=16 * eps)
    right = float(special.expit(margin))
    slope = sign * weight * wrong**2 * (wrong + (2 * right * loss if right else 0))
    gradient = focal_loss_with_logits.gradient(z, y)
    np.testing.assert_allclose(gradient, [slope], rtol=16 * eps, atol=np.finfo(dtype).tiny)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 5.0])
@pytest.mark.parametrize("alpha", [-1, 0, 0.25, 1])
def test_focal_loss_is_finite_at_every_logit_for_every_option(alpha, gamma, dtype):
    z = np.array(EXTREMES, dtype)
    for y in (np.zeros_like(z), np.ones_like(z)):
        assert math.isfinite(focal_loss_with_logits(z, y, alpha, gamma))
        assert np.isfinite(focal_loss_with_logits.gradient(z, y, alpha, gamma)).all()


@pytest.mark.parametrize("logit", EXTREMES)
@pytest.mark.parametrize("label", [0, 1])
def test_cross_entropy_at_extreme_logits(logit, label, dtype):
    z, y = np.array([[logit, 0.0]], dtype), np.eye(2, dtype=dtype)[[label]]
    eps = float(np.finfo(dtype).eps)
    margin = -logit if label else logit
    loss = softplus(-margin)
    assert cross_entropy_with_logits(z, y) == pytest.approx(loss, rel=4 * eps, abs=2 * eps)
    wrong = float(special.expit(-margin))
    expected = np.where(y == 1, -wrong, wrong)
    np.testing.assert_allclose(
        cross_entropy_with_logits.gradient(z, y), expected, rtol=4 * eps, atol=2 * eps
    )


def test_cross_entropy_when_all_logits_are_huge_and_equal(dtype):
    for logit in EXTREMES:
        z, y = np.full((2, 4), logit, dtype), np.eye(4, dtype=dtype)[:2]
        assert cross_entropy_with_logits(z, y) == pytest.approx(math.log(4), rel=1e-6)
        np.testing.assert_allclose(
            cross_entropy_with_logits.gradient(z, y), (0.25 - y) / 2, rtol=1e-6
        )


def test_certain_and_right_costs_nothing(dtype):
    y = np.array([[0, 1], [1, 0]], dtype)
    for loss in (mean_squared_error, *ON_PROBABILITIES):
        assert loss(y, y) == 0
    np.testing.assert_array_equal(binary_cross_entropy.gradient(y, y), np.where(y, -0.25, 0.25))
    np.testing.assert_array_equal(cross_entropy.gradient(y, y), np.where(y, -0.5, 0))
    np.testing.assert_array_equal(kl_divergence.gradient(y, y), np.where(y, -0.5, 0))
    np.testing.assert_array_equal(focal_loss.gradient(y, y), 0)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_the_focal_gradient_of_a_certain_and_right_answer_is_its_limit(gamma, dtype):
    """With gamma below 1 a power of 0 is infinite, and log 1 is 0: their product is 0."""
    y = np.array([0, 1], dtype)
    expected = np.array([0.5, -0.5]) if gamma == 0 else np.zeros(2)
    np.testing.assert_array_equal(focal_loss.gradient(y, y, alpha=-1, gamma=gamma), expected)


def test_certain_and_wrong_costs_infinity_without_a_warning(dtype):
    y, p = np.array([[0, 1.0]], dtype), np.array([[1.0, 0]], dtype)
    for loss in ON_PROBABILITIES:
        assert loss(p, y) == math.inf
        assert loss.gradient(p, y)[0, 1] == -math.inf
    assert binary_cross_entropy.gradient(p, y)[0, 0] == math.inf
    assert focal_loss.gradient(p, y)[0, 0] == math.inf
    assert cross_entropy.gradient(p, y)[0, 0] == 0


@pytest.mark.parametrize("loss", [focal_loss, focal_loss_with_logits])
def test_a_gamma_that_is_nothing_in_the_dtype_is_nothing(loss):
    y_pred, y = np.array([0, 0.5, 1], np.float32), np.array([1, 0, 0], np.float32)
    for function in (loss, loss.gradient):
        found, expected = (function(y_pred, y, gamma=gamma) for gamma in (1e-300, 0))
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_an_answer_of_weight_zero_costs_nothing_even_if_certain_and_wrong(gamma, dtype):
    """alpha = 1 leaves the negatives out: 0 times infinity is 0 here, and not NaN."""
    p, y = np.array([1.0, 0.5], dtype), np.array([0.0, 1.0], dtype)
    expected = 0.5**gamma * math.log(2) / 2
    assert focal_loss(p, y, alpha=1, gamma=gamma) == pytest.approx(expected)
    gradient = focal_loss.gradient(p, y, alpha=1, gamma=gamma)
    assert gradient[0] == 0
    assert gradient[1] < 0


def test_a_class_that_never_occurs_may_have_probability_zero(dtype):
    p, y = np.array([[0.5, 0.5, 0]], dtype), np.array([[0.25, 0.75, 0]], dtype)
    assert cross_entropy(p, y) == pytest.approx(math.log(2))
    assert kl_divergence(p, y) == pytest.approx(float(special.rel_entr(y, p).sum()), rel=1e-6)
    np.testing.assert_allclose(cross_entropy.gradient(p, y), [[-0.5, -1.5, 0]])


def test_binary_cross_entropy_is_unbounded_where_squared_error_is_not():
    p, y = np.array([1e-6]), np.array([1.0])
    assert binary_cross_entropy(p, y) == pytest.approx(13.8155, abs=1e-4)
    assert mean_squared_error(p, y) < 1


# --------------------------------------------------------------------------- bad input


@every_function
@pytest.mark.parametrize("shapes", [((3, 1), (3,)), ((3,), (3, 1)), ((3, 2), (2, 3)), ((4,), ())])
def test_shapes_never_broadcast(loss, shapes):
    """A column of predictions against a flat row of labels is an error, not a square."""
    y_pred, y_true = np.full(shapes[0], 0.5), np.ones(shapes[1])
    for function in (loss, loss.gradient):
        with pytest.raises(ValueError, match="y_pred and y_true must have the same shape"):
            function(y_pred, y_true)


@every_function
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(loss, bad):
    good = np.array([[0.0, 1.0]])
    broken = np.array([[bad, 1.0]])
    for function in (loss, loss.gradient):
        with pytest.raises(ValueError, match="y_pred must be finite, but holds 1 NaN or inf"):
            function(broken, good)
        with pytest.raises(ValueError, match="y_true must be finite, but holds 1 NaN or inf"):
            function(good, broken)


@every_function
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_what_is_empty_is_refused(loss, shape):
    for function in (loss, loss.gradient):
        with pytest.raises(ValueError, match="y_pred must not be empty"):
            function(np.empty(shape), np.empty(shape))


@every_function
def test_what_is_no_real_number_is_refused(loss):
    with pytest.raises(TypeError, match="y_pred must hold real numbers"):
        loss(np.array([["a", "b"]]), np.array([[0, 1]]))
    with pytest.raises(TypeError, match="y_true must hold real numbers"):
        loss(np.array([[0.5, 0.5]]), np.array([[1j, 0]]))


@pytest.mark.parametrize("loss", ON_PROBABILITIES, ids=lambda loss: loss.__name__)
@pytest.mark.parametrize("bad", [-0.1, 1.1])
def test_probabilities_outside_the_unit_interval_are_refused(loss, bad):
    for function in (loss, loss.gradient):
        with pytest.raises(ValueError, match=r"y_pred must lie in \[0, 1\], but ranges from"):
            function(np.array([[bad, 0.5]]), np.array([[0.0, 1.0]]))


@pytest.mark.parametrize("loss", BINARY + OF_CLASSES, ids=lambda loss: loss.__name__)
@pytest.mark.parametrize("bad", [-1.0, 2.0])
def test_targets_outside_the_unit_interval_are_refused(loss, bad):
    for function in (loss, loss.gradient):
        with pytest.raises(ValueError, match=r"y_true must lie in \[0, 1\], but ranges from"):
            function(np.array([[0.5, 0.5]]), np.array([[bad, 0.0]]))


@pytest.mark.parametrize("loss", OF_CLASSES, ids=lambda loss: loss.__name__)
def test_classes_need_rows_that_sum_to_one(loss):
    p = np.full((3, 2), 0.5)
    for function in (loss, loss.gradient):
        with pytest.raises(ValueError, match=r"rows of y_true must sum to 1, but row 2 sums to 2"):
            function(p, np.array([[1, 0], [0, 1], [1, 1]]))
        for y in (np.array([1.0, 0.0]), np.array([[[1.0], [0.0]]])):
            with pytest.raises(ValueError, match=r"y_pred must have the shape \(n, classes\)"):
                function(np.full(y.shape, 0.5), y)


@pytest.mark.parametrize("loss", [focal_loss, focal_loss_with_logits])
@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"gamma": -1}, ValueError, "gamma must be at least 0"),
        ({"gamma": np.nan}, ValueError, "gamma must be at least 0"),
        ({"gamma": np.inf}, ValueError, "gamma must be finite"),
        ({"gamma": "2"}, TypeError, "gamma must be a real number"),
        ({"alpha": 1.5}, ValueError, "alpha must be at most 1"),
        ({"alpha": -0.5}, ValueError, "alpha must be at least 0"),
        ({"alpha": -2}, ValueError, "alpha must be at least 0"),
        ({"alpha": True}, TypeError, "alpha must be a real number"),
    ],
)
def test_focal_options_out_of_range_are_refused(loss, options, error, words):
    p, y = np.array([0.5]), np.array([1.0])
    for function in (loss, loss.gradient):
        with pytest.raises(error, match=words):
            function(p, y, **options)


@pytest.mark.parametrize("loss", [focal_loss, focal_loss_with_logits])
def test_focal_loss_refuses_soft_labels(loss):
    with pytest.raises(ValueError, match="y_true must hold only 0 and 1"):
        loss(np.array([0.5]), np.array([0.5]))
    with pytest.raises(TypeError, match=r"no option 'gama'; it has \['alpha', 'gamma'\]"):
        with_options(loss, gama=2)


def extreme_rows(dtype, classes):
    """Every combination of the largest and the smallest finite numbers, as rows of logits."""
    info = np.finfo(dtype)
    values = [info.max, -info.max, info.tiny, -info.tiny, 0, 1]
    return np.array(list(itertools.product(values, repeat=classes)), dtype)


@pytest.mark.parametrize(
    "loss",
    [loss for loss in map(vars(losses).get, losses.__all__) if getattr(loss, "on_logits", False)],
    ids=lambda loss: loss.__name__,
)
def test_no_finite_logit_is_worth_nan(loss, dtype):
    """Up to the largest number that there is; the loss is then as large, and the slope exact."""
    rows = extreme_rows(dtype, 3)
    for label in range(3):
        y = np.eye(3, dtype=dtype)[[label] * len(rows)]
        for one, target in zip(rows, y, strict=True):
            value = loss(one[None], target[None])
            assert value >= 0  # of float64 a sum may be infinite
            assert np.isfinite(value) or dtype == np.float64
        gradient = loss.gradient(rows, y)
        assert np.isfinite(gradient).all()
        assert gradient.dtype == dtype
    assert not np.isnan(loss(rows, y))
    wrong, right = np.array([[-rows.max()] * 3]), np.ones((1, 3), dtype) / 3
    if loss is losses.cross_entropy_with_logits:
        assert loss(np.array([[0, rows.max()]]), np.array([[1, 0]])) == rows.max()
        assert loss(wrong, right) == pytest.approx(np.log(3))


@pytest.mark.parametrize("loss", [losses.mean_squared_error], ids=["mean_squared_error"])
def test_squares_too_large_for_a_float_are_infinite_and_nothing_is_nan(loss, dtype):
    """A float holds those of the largest numbers of float32, but not of float64."""
    rows = extreme_rows(dtype, 2)
    with np.errstate(over="ignore"):
        wanted = np.mean((rows.astype(np.float64) - rows[::-1]) ** 2)
    assert np.isinf(wanted) == (dtype == np.float64)
    assert loss(rows, rows[::-1].copy()) == wanted
    assert not np.isnan(loss.gradient(rows, rows[::-1].copy())).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["", "_gradient"])
@pytest.mark.parametrize(
    "loss", ["binary_cross_entropy", "cross_entropy", "kl_divergence", "focal_loss"]
)
def test_minus_zero_is_zero(loss, name, dtype):
    """Divided by it, a number is the other infinity."""
    function = getattr(losses, loss + name)
    zero = np.array([[0, 1], [0, 1]], dtype)
    minus = np.where(zero == 0, -zero, zero)
    assert np.signbit(minus).any()
    labels = np.array([[1, 0], [0, 1]], dtype)
    wanted = function(zero, labels)
    assert np.array_equal(function(minus, labels), wanted)
    assert np.array_equal(function(zero, np.where(labels == 0, -labels, labels)), wanted)


@pytest.mark.parametrize("name", [n for n in losses.__all__ if not n.endswith("gradient")])
def test_of_a_perfect_prediction_no_loss_is_less_than_nothing(name):
    y = np.eye(2)
    loss = getattr(losses, name)
    value = loss(np.where(y == 1, 1e4, -1e4) if loss.on_logits else y, y)
    assert value == 0
    assert not np.signbit(value)


def test_a_mean_is_finite_though_the_sum_is_not():
    largest = np.finfo(np.float64).max
    assert binary_cross_entropy_with_logits(np.full(4, largest), np.zeros(4)) == largest


# Numbers that fit the check and not the dtype that they meet


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: losses.mean_squared_error(*np.zeros((2, 70_000), np.float16)),
            "y_pred must have fewer entries in float16, but has 70000",
        ),
        (
            lambda: losses.mean_squared_error(np.float32([1.0]), np.array([1e300])),
            "y_true must be finite",
        ),
        (
            lambda: losses.focal_loss_with_logits.gradient(
                *np.ones((2, 3), np.float32), gamma=1e39
            ),
            "gamma must be finite in float32, but is 1e",
        ),
    ],
)
def test_what_its_dtype_cannot_hold_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_as_many_as_its_dtype_can_count_are_taken():
    zeros = np.zeros(65_504, np.float16)
    assert losses.mean_squared_error(zeros, zeros) == 0


def test_the_gradient_of_squares_is_finite_where_it_can_be():
    far = np.float32([3e38, 0.0])
    gradient = losses.mean_squared_error.gradient(far, np.zeros_like(far))
    np.testing.assert_array_equal(gradient, far)


@pytest.mark.parametrize("apart", [1e19, 1e25, 3e38])
def test_squares_beyond_float32_are_told_as_they_are(apart):
    """The mean is a float of Python's, which holds them."""
    y_pred, y_true = np.array([[apart], [0]], np.float32), np.zeros((2, 1), np.float32)
    mean = losses.mean_squared_error(y_pred, y_true)
    assert mean == pytest.approx(float(y_pred[0, 0]) ** 2 / 2, rel=1e-12)
    assert losses.mean_squared_error(-y_pred, y_pred) == pytest.approx(4 * mean, rel=1e-12)
