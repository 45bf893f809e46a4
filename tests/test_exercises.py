"""The judge accepts what is right, and refuses each wrong answer with its own diagnosis."""

import os
import pickle
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from mnist_gd import activations, exercises, losses
from mnist_gd.exercises import TASKS, Report, WrongAnswer, check
from mnist_gd.exercises._tasks import make_tasks
from mnist_gd.exercises.judge import MAKERS
from mnist_gd.gradient_check import numerical_gradient
from mnist_gd.metrics import f1_score, roc_area

ROOT = Path(__file__).parents[1]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def momentum_step(x, velocity, gradient, learning_rate, momentum):
    velocity = momentum * velocity - learning_rate * gradient
    return x + velocity, velocity


def linear_backward(grad_output, x, weights):
    return x.T @ grad_output, grad_output.sum(axis=0, keepdims=True), grad_output @ weights.T


def two_layer_gradient(x, y, W1, b1, W2, b2):
    a = np.maximum(0, x @ W1 + b1)
    delta = (sigmoid(a @ W2 + b2) - y) / len(x)
    first = delta @ W2.T * (a > 0)
    return x.T @ first, first.sum(0, keepdims=True), a.T @ delta, delta.sum(0, keepdims=True)


def central_difference(f, x, step):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        shift = np.zeros(x.shape)
        shift[index] = step
        gradient[index] = (f(x + shift) - f(x - shift)) / (2 * step)
    return gradient


def swish_gradient(grad_output, z):
    s = activations.sigmoid(z)
    return grad_output * (s + z * s * activations.sigmoid(-z))


def complex_step(f, x, step):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        point = x.astype(complex)
        point[index] += 1j * step
        gradient[index] = f(point).imag / step
    return gradient


def hessian_vector(gradient, x, v, step):
    return (gradient(x + step * v) - gradient(x - step * v)) / (2 * step)


def newton_step(x, gradient, hessian):
    return x - np.linalg.solve(hessian, gradient)


def one_hot(labels, num_classes):
    return np.eye(num_classes)[labels]


def backtrack(f, x, gradient, learning_rate):
    while f(x - learning_rate * gradient) > f(x) - learning_rate / 2 * np.sum(gradient**2):
        learning_rate /= 2
    return learning_rate


def noise(gradients, batch_size):
    n = len(gradients)
    return np.sum(np.var(gradients, axis=0)) * (n - batch_size) / (n - 1) / batch_size


def nesterov_step(x, velocity, gradient, learning_rate, momentum):
    velocity = momentum * velocity - learning_rate * gradient(x + momentum * velocity)
    return x + velocity, velocity


RIGHT = {
    "gradient-step": lambda x, gradient, learning_rate: x - learning_rate * gradient,
    "backtracking": backtrack,
    "momentum-step": momentum_step,
    "central-difference": central_difference,
    "complex-step": complex_step,
    "relu-gradient": activations.relu.backward,
    "leaky-relu-gradient": activations.leaky_relu.backward,
    "prelu-slope-gradient": lambda g, z, slope: activations.prelu.backward(g, z, slope)[1],
    "sigmoid-gradient": activations.sigmoid.backward,
    "swish-gradient": swish_gradient,
    "softmax-gradient": activations.softmax.backward,
    "mse-gradient": losses.mean_squared_error.gradient,
    "bce-gradient": losses.binary_cross_entropy.gradient,
    "bce-logits-gradient": losses.binary_cross_entropy_with_logits.gradient,
    "weighted-bce-logits-gradient": lambda z, y, w: (
        np.where(y == 1, w * (activations.sigmoid(z) - 1), activations.sigmoid(z)) / z.size
    ),
    "focal-logits-gradient": losses.focal_loss_with_logits.gradient,
    "cross-entropy-logits-gradient": losses.cross_entropy_with_logits.gradient,
    "kl-gradient": losses.kl_divergence.gradient,
    "one-hot": one_hot,
    "linear-layer-backward": linear_backward,
    "two-layer-gradient": two_layer_gradient,
    "f1-score": f1_score,
    "roc-area": roc_area,
    "hessian-vector-product": hessian_vector,
    "batch-noise": noise,
    "nesterov-step": nesterov_step,
    "newton-step": newton_step,
}


def test_every_exercise_has_a_solution_here():
    assert set(RIGHT) == set(TASKS)


@pytest.mark.parametrize("name", TASKS)
def test_right_answer_passes(name):
    report = check(name, RIGHT[name])
    assert isinstance(report, Report)
    assert str(report) == f"{name}: right on all {report.inputs} inputs."
    assert report.inputs == len(TASKS[name].inputs) + len(TASKS[name].extremes) >= 2


# One row: the exercise, an answer as somebody would write it, words of the diagnosis.
WRONG = [
    ("gradient-step", lambda x, g, rate: x + rate * g, "goes up"),
    ("gradient-step", lambda x, g, rate: x - g, "learning rate is missing"),
    ("gradient-step", lambda x, g, rate: -rate * g, "the step alone"),
    (
        "backtracking",
        lambda f, x, g, rate: next(r for r in rate / 2.0 ** np.arange(60) if f(x - r * g) <= f(x)),
        "any step that goes down",
    ),
    (
        "backtracking",
        lambda f, x, g, rate: (
            rate if f(x - rate * g) <= f(x) - rate / 2 * np.sum(g**2) else rate / 2
        ),
        "halves once only",
    ),
    ("backtracking", lambda f, x, g, rate: x - backtrack(f, x, g, rate) * g, "the shape"),
    (
        "momentum-step",
        lambda x, v, g, rate, m: (x + v, m * v - rate * g),
        "moves by the old velocity",
    ),
    (
        "momentum-step",
        lambda x, v, g, rate, m: (x + m * v + rate * g, m * v + rate * g),
        "pulls the other way",
    ),
    ("central-difference", lambda f, x, h: numerical_gradient(f, x, h / 2), "half a step away"),
    (
        "central-difference",
        lambda f, x, h: np.array(
            [(f(x + h * e.reshape(x.shape)) - f(x)) / h for e in np.eye(x.size)]
        ).reshape(x.shape),
        "forward difference",
    ),
    ("central-difference", lambda f, x, h: 2 * central_difference(f, x, h), "divided by step"),
    ("complex-step", central_difference, "the step is real: such differences cancel"),
    ("complex-step", lambda f, x, h: h * complex_step(f, x, h), "division by the step is missing"),
    ("complex-step", lambda f, x, h: complex_step(f, x, h) / 2, "divided by 2"),
    ("complex-step", lambda f, x, h: f(x + 1j * h).imag / h, "shape"),
    ("hessian-vector-product", lambda g, x, v, h: (g(x + h * v) - g(x)) / h, "forward"),
    ("hessian-vector-product", lambda g, x, v, h: g(x + h * v) - g(x - h * v), "missing"),
    ("hessian-vector-product", lambda g, x, v, h: 2 * hessian_vector(g, x, v, h), "by step"),
    ("hessian-vector-product", lambda g, x, v, h: hessian_vector(g, x, v**0, h), "without v"),
    (
        "hessian-vector-product",
        lambda g, x, v, h: np.vdot(v, hessian_vector(g, x, v, h)),
        "curvature along v",
    ),
    ("one-hot", lambda labels, n: one_hot(labels, labels.max() + 1), "num_classes"),
    ("one-hot", lambda labels, n: one_hot(labels, n).T, "other way round"),
    ("one-hot", lambda labels, n: one_hot(labels - 1, n), "counted from 1"),
    ("one-hot", lambda labels, n: np.where(one_hot(labels, n) == 1, 1, -1), "get -1"),
    ("relu-gradient", lambda g, z: g * (g > 0), "belongs at z"),
    ("relu-gradient", lambda g, z: np.where(z > 0, 1.0, 0.0), "grad_output is missing"),
    ("relu-gradient", lambda g, z: g * (np.maximum(z, 0) >= 0), "always true"),
    ("relu-gradient", lambda g, z: -g * (z > 0), "sign is reversed"),
    ("relu-gradient", lambda g, z: g, "the derivative is missing"),
    ("relu-gradient", lambda g, z: g * activations.relu(z), "the function stands where"),
    ("relu-gradient", lambda g, z: z, "z is handed back"),
    ("leaky-relu-gradient", lambda g, z, a: g, "the derivative is missing"),
    ("leaky-relu-gradient", lambda g, z, a: g * np.where(z > 0, z, a * z), "the function stands"),
    ("prelu-slope-gradient", lambda g, z, a: 0 * a, "same for every input, 0"),
    ("sigmoid-gradient", lambda g, z: g, "the derivative is missing"),
    ("sigmoid-gradient", lambda g, z: 2 * activations.sigmoid.backward(g, z), "twice as large"),
    ("sigmoid-gradient", lambda g, z: activations.sigmoid.backward(g, z) / 2, "half as large"),
    ("sigmoid-gradient", lambda g, z: g * sigmoid(z), "the function stands where"),
    ("softmax-gradient", lambda g, z: g, "the derivative is missing"),
    ("swish-gradient", lambda g, z: g, "the derivative is missing"),
    ("swish-gradient", lambda g, z: g * z * sigmoid(z), "the function stands where"),
    ("swish-gradient", lambda g, z: g * sigmoid(z), "first term of the product rule"),
    (
        "swish-gradient",
        lambda g, z: g * (sigmoid(z) + z * np.exp(z) / (1 + np.exp(z)) ** 2),
        "exponential overflows",
    ),
    ("leaky-relu-gradient", lambda g, z, a: g * (z > 0), "slope below zero is missing"),
    ("leaky-relu-gradient", lambda g, z, a: g * np.where(z < 0, 1, a), "swapped"),
    ("prelu-slope-gradient", lambda g, z, a: (g * z * (z < 0)).sum(), "its own slope"),
    ("prelu-slope-gradient", lambda g, z, a: (g * z * (z < 0)).mean(0), "gradient is their sum"),
    ("prelu-slope-gradient", lambda g, z, a: (g * (z < 0)).sum(0), "z is missing"),
    ("sigmoid-gradient", lambda g, z: g * z * (1 - z), "takes z for the sigmoid's output"),
    ("sigmoid-gradient", lambda g, z: sigmoid(z) * (1 - sigmoid(z)), "grad_output is missing"),
    ("sigmoid-gradient", lambda g, z: g * sigmoid(g) * (1 - sigmoid(g)), "belongs at z"),
    (
        "sigmoid-gradient",
        lambda g, z: g * np.exp(z) / (1 + np.exp(z)) ** 2,
        "exponential overflows",
    ),
    ("softmax-gradient", lambda g, z: g * softmax(z) * (1 - softmax(z)), "diagonal"),
    (
        "softmax-gradient",
        lambda g, z: softmax(z) * (g - np.sum(g * softmax(z))),
        "whole batch",
    ),
    (
        "softmax-gradient",
        lambda g, z: softmax(z, 0) * (g - (g * softmax(z, 0)).sum(axis=0)),
        "wrong axis",
    ),
    (
        "softmax-gradient",
        lambda g, z: (
            (s := np.exp(z) / np.exp(z).sum(-1, keepdims=True))
            * (g - (g * s).sum(-1, keepdims=True))
        ),
        "exponential overflows",
    ),
    ("mse-gradient", lambda p, y: 2 * (p - y), "1/n is missing"),
    ("mse-gradient", lambda p, y: (p - y) / p.size, "factor 2 .* is missing"),
    ("mse-gradient", lambda p, y: (p - y) / p.size, "as if the loss were halved"),
    ("mse-gradient", lambda p, y: np.mean(2 * (p - y) / p.size), "averaged over the batch"),
    ("mse-gradient", lambda p, y: np.sum(2 * (p - y) / p.size), "sum over the whole batch"),
    ("mse-gradient", lambda p, y: 2 * (p - y) / len(p), "every element"),
    ("mse-gradient", lambda p, y: 2 * (y - p) / p.size, "sign is reversed"),
    ("mse-gradient", lambda p, y: 2 * (y - p), "sign is reversed"),
    ("mse-gradient", lambda p, y: 2 * (y - p), "1/n is missing"),
    ("bce-gradient", lambda p, y: (p - y) / p.size, "with respect to the logits"),
    ("bce-gradient", lambda p, y: (p - y) / (p * (1 - p)), "1/n is missing"),
    ("bce-gradient", lambda p, y: -(y / p + (1 - y) / (1 - p)) / p.size, "inner derivative"),
    ("bce-logits-gradient", lambda z, y: sigmoid(z) - y, "1/n is missing"),
    (
        "bce-logits-gradient",
        lambda z, y: (sigmoid(z) - y) * sigmoid(z) * (1 - sigmoid(z)) / z.size,
        "already contains",
    ),
    (
        "bce-logits-gradient",
        lambda z, y: (sigmoid(z) - y) / (sigmoid(z) * (1 - sigmoid(z))) / z.size,
        "derivative of the output activation, .* is forgotten",
    ),
    ("bce-logits-gradient", lambda z, y: np.zeros(z.shape), "same for every input, 0 throughout"),
    (
        "cross-entropy-logits-gradient",
        lambda z, y: -y / softmax(z) / len(z),
        "derivative of the output activation, .* is forgotten",
    ),
    ("cross-entropy-logits-gradient", lambda z, y: 0 * z, "same for every input, 0 throughout"),
    ("weighted-bce-logits-gradient", lambda z, y, w: (sigmoid(z) - y) / z.size, "weight is miss"),
    (
        "weighted-bce-logits-gradient",
        lambda z, y, w: w * (sigmoid(z) - y) / z.size,
        "the negatives are weighted too",
    ),
    (
        "weighted-bce-logits-gradient",
        lambda z, y, w: (sigmoid(z) - y) * np.where(y == 1, w, 1) / np.where(y == 1, w, 1).sum(),
        "sum of the weights",
    ),
    (
        "weighted-bce-logits-gradient",
        lambda z, y, w: (sigmoid(z) - w * y) / z.size,
        "taken for the target",
    ),
    (
        "weighted-bce-logits-gradient",
        lambda z, y, w: (np.exp(z) / (1 + np.exp(z)) - y) * np.where(y == 1, w, 1) / z.size,
        "exponential overflows",
    ),
    (
        "focal-logits-gradient",
        lambda z, y, alpha, gamma: numerical_gradient(
            lambda v: np.mean(
                np.where(y == 1, alpha, 1 - alpha)
                * (1 - sigmoid(np.where(y == 1, v, -v)))
                * gamma
                * -np.log(sigmoid(np.where(y == 1, v, -v)))
            ),
            z,
        ),
        "multiplied by gamma",
    ),
    (
        "focal-logits-gradient",
        lambda z, y, alpha, gamma: losses.focal_loss_with_logits.gradient(z, y, -1, gamma),
        "alpha_t is missing",
    ),
    (
        "focal-logits-gradient",
        lambda z, y, alpha, gamma: losses.focal_loss.gradient(sigmoid(z), y, alpha, gamma),
        "with respect to the probabilities",
    ),
    ("cross-entropy-logits-gradient", lambda z, y: softmax(z) - y, "1/n is missing"),
    (
        "cross-entropy-logits-gradient",
        lambda z, y: (softmax(z) - y) / z.size,
        "mean over the rows",
    ),
    (
        "cross-entropy-logits-gradient",
        lambda z, y: (softmax(z) - y) * softmax(z) * (1 - softmax(z)) / len(z),
        "already contains",
    ),
    ("cross-entropy-logits-gradient", lambda z, y: (softmax(z, 0) - y) / len(z), "wrong axis"),
    ("kl-gradient", lambda p, y: y / p / len(p), "sign is reversed"),
    ("kl-gradient", lambda p, y: -y / p, "1/n is missing"),
    ("kl-gradient", lambda p, y: (1 + np.log(p) - np.log(y)) / len(p), "the other way round"),
    (
        "linear-layer-backward",
        lambda g, x, w: (x.T @ g / len(x), g.mean(0, keepdims=True), g @ w.T),
        "averaged over the batch",
    ),
    (
        "linear-layer-backward",
        lambda g, x, w: (x.T @ g, g.sum(axis=0), g @ w.T),
        "keepdims=True",
    ),
    ("linear-layer-backward", lambda g, x, w: (g @ w.T, x.T @ g, g.sum(0)), "shape"),
    (
        "linear-layer-backward",
        lambda g, x, w: [2 * part for part in linear_backward(g, x, w)],
        "the 2 of a squared error is in grad_output already",
    ),
    (
        "linear-layer-backward",
        lambda g, x, w: (np.zeros(w.shape), np.zeros((1, w.shape[1])), np.zeros(x.shape)),
        "same for every input, 0 throughout",
    ),
    (
        "linear-layer-backward",
        lambda g, x, w: (np.ones(w.shape), np.ones((1, w.shape[1])), np.ones(x.shape)),
        "same for every input, 1 throughout",
    ),
    (
        "linear-layer-backward",
        lambda g, x, w: (np.ones((len(w), len(g))) @ g, *linear_backward(g, x, w)[1:]),
        "the input is missing",
    ),
    (
        "two-layer-gradient",
        lambda x, y, W1, b1, W2, b2: (
            x.T
            @ (
                d := (e := (sigmoid((a := np.maximum(0, x @ W1 + b1)) @ W2 + b2) - y) / len(x))
                @ W2.T
            ),
            d.sum(0, keepdims=True),
            a.T @ e,
            e.sum(0, keepdims=True),
        ),
        "derivative of ReLU is missing",
    ),
    (
        "two-layer-gradient",
        lambda x, y, *parameters: [len(x) * g for g in two_layer_gradient(x, y, *parameters)],
        "1/n is missing",
    ),
    (
        "two-layer-gradient",
        lambda *arguments: [g.squeeze() for g in two_layer_gradient(*arguments)],
        "shape",
    ),
    ("f1-score", lambda y, p: np.mean(y == p), "accuracy"),
    (
        "f1-score",
        lambda y, p: 2 * np.sum(y & p) / (np.sum(y) + np.sum(p)),
        "0/0",
    ),
    ("f1-score", lambda y, p: 2 * np.sum(y & p) // (np.sum(y) + np.sum(p)), "integer division"),
    ("f1-score", lambda y, p: 100 * f1_score(y, p), "percent"),
    ("f1-score", lambda y, p: 0, "same for every input"),
    ("f1-score", lambda y, p: 1.0, "same for every input"),
    ("f1-score", lambda y, p: np.sum(y & p) / (np.sum(y) + np.sum(p)), "factor 2"),
    ("f1-score", lambda y, p: np.sum(y & p) / np.sum(y | p), "count twice"),
    ("f1-score", lambda y, p: np.sum(y & p) / np.sum(p), "this is the precision"),
    ("f1-score", lambda y, p: np.sum(y & p) / np.sum(y), "this is the recall"),
    ("roc-area", lambda y, s: 0.5, "same for every input"),
    ("roc-area", lambda y, s: np.mean(s[y == 1][:, None] > s[y == 0]), "half a pair"),
    ("roc-area", lambda y, s: np.mean(s[y == 1][:, None] >= s[y == 0]), "as a whole pair"),
    ("roc-area", lambda y, s: roc_area(y, -s), "the 0 is ahead"),
    ("roc-area", lambda y, s: roc_area(y, s) * np.sum(y) * np.sum(1 - y), "number of pairs"),
    ("batch-noise", lambda g, size: np.sum(np.var(g, axis=0)) / size, "one more factor"),
    ("batch-noise", lambda g, size: noise(g, size) / g.shape[1], "squared length is their sum"),
    (
        "batch-noise",
        lambda g, size: np.sum(np.var(g, axis=0, ddof=1)) / size * (len(g) - size) / (len(g) - 1),
        "all the examples",
    ),
    (
        "nesterov-step",
        lambda x, v, f, rate, m: momentum_step(x, v, f(x), rate, m),
        "the heavy ball",
    ),
    (
        "nesterov-step",
        lambda x, v, f, rate, m: momentum_step(x, v, f(x + v), rate, m),
        "whole velocity",
    ),
    ("newton-step", lambda x, g, h: newton_step(x, g, h) - x, "step alone"),
    ("newton-step", lambda x, g, h: x + np.linalg.inv(h) @ g, "is subtracted"),
    ("newton-step", lambda x, g, h: x - g @ h, "not by its inverse"),
    ("newton-step", lambda x, g, h: x - g / h.diagonal(), "only the diagonal"),
    ("newton-step", lambda x, g, h: x - np.linalg.solve(2 * h, g), "half as long"),
]


@pytest.mark.parametrize(("name", "answer", "words"), WRONG)
def test_wrong_answer_is_refused_with_its_diagnosis(name, answer, words):
    with pytest.raises(WrongAnswer, match=words) as refusal:
        check(name, answer)
    assert str(refusal.value).startswith(name)


CATALOGUE = [(n, m) for n, task in TASKS.items() for m in [*task.mistakes, *task.factors]]


@pytest.mark.parametrize(("name", "mistake"), CATALOGUE)
def test_no_two_mistakes_are_confused(name, mistake):
    task = TASKS[name]

    def off_by_a_factor(*arguments):
        truth = task.truth(*arguments)
        factor = task.factors[mistake](*arguments)
        return tuple(factor * t for t in truth) if isinstance(truth, tuple) else factor * truth

    with pytest.raises(WrongAnswer) as refusal:
        check(name, task.mistakes.get(mistake, off_by_a_factor))
    assert refusal.value.mistake == mistake


def parts_of(result):
    return result if isinstance(result, tuple) else (result,)


def as_returned(task, parts):
    parts = tuple(parts)
    return parts if len(task.returns) > 1 else parts[0]


#: How a constant answer is named; an exercise may say it in its own words, or know whence it is.
NAMED_CONSTANT = r"for every input|has no imaginary part"


@pytest.mark.parametrize("value", [0, 1, -2.5])
@pytest.mark.parametrize("name", TASKS)
def test_an_answer_that_hangs_on_nothing_is_called_so(name, value):
    task = TASKS[name]

    def constant(*arguments):
        truth = parts_of(task.truth(*arguments))
        return as_returned(task, (np.full(np.shape(part), float(value)) for part in truth))

    with pytest.raises(WrongAnswer) as refusal:
        check(name, constant)
    assert re.search(NAMED_CONSTANT, refusal.value.mistake)


@pytest.mark.parametrize("factor", [2, 0.5])
@pytest.mark.parametrize("name", TASKS)
def test_a_factor_of_two_is_never_left_without_a_name(name, factor):
    task = TASKS[name]

    def scaled(*arguments):
        truth = parts_of(task.truth(*arguments))
        return as_returned(task, (factor * np.asarray(part) for part in truth))

    with pytest.raises(WrongAnswer) as refusal:
        check(name, scaled)
    assert refusal.value.mistake


def test_a_factor_of_two_is_named_beside_a_known_mistake():
    with pytest.raises(WrongAnswer, match="belongs at z; and twice as large"):
        check("relu-gradient", lambda g, z: 2 * g * (g > 0))


def test_swapped_arguments_are_no_mistake_of_f1():
    """They swap false alarms and misses, of which F1 knows only the sum; the page says so."""
    assert check("f1-score", lambda y_true, y_pred: f1_score(y_pred, y_true))


def test_two_mistakes_at_once_are_both_named():
    with pytest.raises(WrongAnswer, match=r"belongs at z; and the sign") as refusal:
        check("relu-gradient", lambda g, z: -g * (g > 0))
    assert "input 1" in str(refusal.value)


def test_unknown_mistake_is_refused_without_a_guess():
    with pytest.raises(WrongAnswer, match=r"\[\d, \d\] is .* but central differences") as refusal:
        check("sigmoid-gradient", lambda g, z: g * np.cos(z))
    assert refusal.value.mistake is None
    assert "Likely" not in str(refusal.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_one_entry_that_is_not_finite_is_found(bad):
    def answer(grad_output, z):
        result = grad_output * (z > 0)
        result.flat[-1] = bad
        return result

    with pytest.raises(WrongAnswer, match=str(bad)):
        check("relu-gradient", answer)


def test_an_error_of_a_hundred_thousandth_is_found():
    with pytest.raises(WrongAnswer):
        check("relu-gradient", lambda g, z: 1.00001 * g * (z > 0))


def test_answer_that_raises_is_told_the_shapes():
    with pytest.raises(WrongAnswer, match=r"raises ValueError: matmul.*weights \(3, 2\)"):
        check("linear-layer-backward", lambda g, x, w: (x.T @ g, g.sum(0), g @ w))


def test_answer_with_other_arguments_is_told_the_arguments():
    with pytest.raises(WrongAnswer, match=r"called with \(grad_output, z\), it raises TypeError"):
        check("relu-gradient", lambda z: z > 0)


class Unreadable:
    def __array__(self, dtype=None, copy=None):
        raise KeyError("none")


def test_answers_may_stand_in_one_array_again_and_again():
    places = {}

    def step(x, g, rate):
        place = places.setdefault(x.shape, np.empty(x.shape))
        return np.subtract(x, rate * g, out=place)

    assert check("gradient-step", step)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x, g, rate: None, "no return statement"),
        (lambda x, g, rate: "down", "no real numbers but 'down'"),
        (lambda x, g, rate: x - rate * g + 0j, "no real numbers but array"),
        (lambda x, g, rate: (x - rate * g).astype(str), "no real numbers but array"),
        (lambda x, g, rate: np.ma.masked_less(x - rate * g, 0), "no real numbers but masked"),
        (lambda x, g, rate: Unreadable(), "no real numbers but <"),
        (lambda x, g, rate: (x, g), r"must return \(the new x\), but returns 2"),
        (lambda x, g, rate: np.subtract(x, rate * g, out=x), "changes x in place"),
        (lambda x, g, rate: (x - rate * g).sum(), r"must have the shape \(4, 3\), but has \(\)"),
    ],
)
def test_what_is_no_answer_is_refused(answer, words):
    with pytest.raises(WrongAnswer, match=words):
        check("gradient-step", answer)


def test_a_list_serves_for_several_results():
    assert check("linear-layer-backward", lambda *arguments: list(linear_backward(*arguments)))


def test_unknown_exercise_lists_the_known():
    with pytest.raises(ValueError, match=r"'bce-gradient'.*but is 'relu'"):
        check("relu", lambda z: z)


def test_function_must_be_callable():
    with pytest.raises(TypeError, match="function must be callable, but is 3"):
        check("relu-gradient", 3)


def test_a_wrong_answer_is_an_assertion_error():
    assert issubclass(WrongAnswer, AssertionError)


def drawn(task):
    """The inputs of an exercise as text; of a function only its name."""
    return [[getattr(a, "__name__", None) or repr(a) for a in inputs] for inputs in task.inputs]


@pytest.mark.parametrize("name", TASKS)
def test_the_inputs_of_an_exercise_do_not_hang_on_the_others(name):
    """Made alone, or after all the others in the reverse order, it is tried on the same."""
    alone = make_tasks({name: MAKERS[name]})[name]
    reverse = make_tasks(dict(reversed(MAKERS.items())))[name]
    assert drawn(alone) == drawn(reverse) == drawn(TASKS[name])


def test_the_inputs_are_the_same_in_every_process():
    program = (
        "import hashlib\nfrom mnist_gd.exercises import TASKS\n"
        "text = repr([task.inputs[0][1] for task in TASKS.values()])\n"
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    found = set()
    for seed in "12":
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", program]
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, check=True, encoding="utf-8"
        )
        found.add(done.stdout)
    assert len(found) == 1


def test_every_chapter_with_exercises_is_gathered():
    made = {}
    for path in Path(exercises.__file__).parent.glob("*.py"):
        module = import_module(f"mnist_gd.exercises.{path.stem}")
        if path.stem not in ("__init__", "judge"):
            made |= getattr(module, "MAKERS", {})
    assert made == MAKERS


PAGES = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "book").glob("*.md")}
FENCED = (
    r"^(?P<fence>`{3,}|:{3,}){exercise}"
    r"(?P<text>[^\n]*\n:label: (?P<label>ex-\S+)\n.*?)^(?P=fence)$"
)
ASKED = {
    page: {m["label"]: m["text"] for m in re.finditer(FENCED, text, re.MULTILINE | re.DOTALL)}
    for page, text in PAGES.items()
}
SOLVED = re.compile(
    r"^(`{3,}){solution-start} (?P<run>ex-\S+)\n.*?^\1\n(?P<cells>.*?)^\1{solution-end}\n^\1$"
    r"|^(`{3,}){solution} (?P<read>ex-\S+)\n(?P<words>.*?)^\4$",
    re.MULTILINE | re.DOTALL,
)
#: The pages of theory, whose exercises are of every kind.
THEORY = {path.stem for path in Path(exercises.__file__).parent.glob("*.py")} & set(PAGES)
KINDS = {
    "prove": r"prove|show that|derive",
    "predict": r"predict|guess|before you compute|without computing|before anything is computed",
    "code": r"exercises\.check\b|\bcheck\(",
}


def test_the_exercises_of_all_pages_are_found():
    assert len(THEORY) >= 11
    for page, text in PAGES.items():
        assert len(ASKED[page]) == len(re.findall(r"^(?:`|:){3,}{exercise}", text, re.MULTILINE))


@pytest.mark.parametrize("page", sorted(THEORY))
def test_a_page_of_theory_asks_to_prove_to_predict_and_to_code(page):
    assert len(ASKED[page]) >= 4
    for kind, words in KINDS.items():
        asked = [re.search(words, text, re.IGNORECASE) for text in ASKED[page].values()]
        assert any(asked), f"nothing to {kind}"


@pytest.mark.parametrize("page", [page for page in ASKED if ASKED[page]])
def test_every_exercise_has_a_solution_and_its_code_is_run_with_the_page(page):
    solutions = list(SOLVED.finditer(PAGES[page]))
    assert [m["run"] or m["read"] for m in solutions] == list(ASKED[page])
    for solution in solutions:
        # Only a cell between start and end is run; one inside a {solution} would be shown alone.
        text = solution["cells"] or solution["words"]
        opened = re.findall(r"^(?:`{3,}|:{3,})([^`\s]\S*)", text, re.MULTILINE)
        assert set(opened) <= ({"{code-cell}"} if solution["run"] else set())
        assert not re.search("skip-execution|raises-exception|remove-cell", text)


@pytest.mark.parametrize("page", [page for page in ASKED if "exercises" in PAGES[page]])
def test_pages_hand_to_the_judge_what_it_knows(page):
    named = set(re.findall(r"\bcheck\(\s*[\"']([a-z0-9-]+)[\"']", PAGES[page]))
    assert named <= set(TASKS)


def test_every_exercise_of_the_judge_is_set_on_a_page():
    asked = "\n".join(text for page in ASKED.values() for text in page.values())
    assert {name for name in TASKS if not re.search(rf"(?<![\w-]){name}(?![\w-])", asked)} == set()


@pytest.mark.parametrize("mistake", [None, "the sign is wrong"])
def test_a_wrong_answer_comes_whole_from_another_process(mistake):
    error = WrongAnswer("z is 1, but 2 is right", mistake)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.mistake) == (str(error), mistake)
    assert str(error).startswith("z is 1, but 2 is right.")
