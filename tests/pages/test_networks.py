"""The networks that the page writes out are such: gradients, steps, length, the nine numbers."""

import ast
import builtins
import re
from itertools import pairwise

import numpy as np
import pytest

from mnist_gd.activations import sigmoid
from mnist_gd.data import one_hot
from mnist_gd.gradient_check import check_gradient
from mnist_gd.losses import cross_entropy_with_logits
from tests.page_functions import BOOK, CELL, functions_of

PARTS = {"initial", "forward", "backpropagate", "learn", "predict"}


def whole():
    """The cell that holds the network, as a tree."""
    cells = CELL.findall((BOOK / "networks.md").read_text(encoding="utf-8"))
    (found,) = (cell for cell in cells if "def learn(" in cell)
    return found, ast.parse(found)


@pytest.fixture
def page():
    defined = functions_of("networks")
    defined.update(np=np, pairwise=pairwise, sigmoid=sigmoid)
    return defined


@pytest.fixture
def example(rng):
    return rng.normal(size=(7, 6)), one_hot(rng.integers(4, size=7), 4, dtype=float)


def test_all_of_it_stands_in_one_cell_that_needs_numpy_alone():
    text, tree = whole()
    assert {node.name for node in tree.body} == PARTS
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    local = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    local |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    assert {node.id for node in names} - local - PARTS - set(dir(builtins)) == {"np", "pairwise"}
    assert len([line for line in text.splitlines() if line.strip()]) <= 40  # one screen


@pytest.mark.parametrize("hidden", [[], [5], [5, 5, 5]])
def test_its_gradient_is_that_of_central_differences(page, example, rng, hidden):
    X, Y = example
    parameters = page["initial"]([6, *hidden, 4], rng)
    for _, b in parameters:
        b += 0.1 * rng.normal(size=b.shape)
    gradients = page["backpropagate"](parameters, *page["forward"](parameters, X), Y)
    for place, pair in enumerate(gradients):
        for part, gradient in enumerate(pair):

            def loss_at(value, place=place, part=part):
                moved = [list(pair) for pair in parameters]
                moved[place][part] = value
                return cross_entropy_with_logits(page["forward"](moved, X)[1], Y)

            check_gradient(loss_at, gradient, parameters[place][part])


def test_it_goes_against_the_gradient_of_each_batch_and_learns(page, example, rng):
    X, Y = example
    parameters = page["initial"]([6, 20, 4], rng)
    W, b = (array.copy() for array in parameters[0])
    order = np.random.default_rng(1).permutation(len(X))[:5]
    by_hand = page["backpropagate"](parameters, *page["forward"](parameters, X[order]), Y[order])
    page["learn"](parameters, X[order], Y[order], 1, 5, 0.3, np.random.default_rng(2))
    np.testing.assert_allclose(parameters[0][0], W - 0.3 * by_hand[0][0])
    np.testing.assert_allclose(parameters[0][1], b - 0.3 * by_hand[0][1])
    page["learn"](parameters, X, Y, 500, 3, 0.1, np.random.default_rng(2))
    assert page["predict"](parameters, X).tolist() == Y.argmax(axis=1).tolist()


def test_every_row_is_used_once_in_an_epoch_the_last_few_too(page, example):
    X, Y = example
    seen = []
    page["forward"] = lambda parameters, rows: seen.append(rows) or (0, 0)
    page["backpropagate"] = lambda *arguments: []
    page["learn"]([], X, Y, 1, 3, 0.1, np.random.default_rng(0))
    assert [len(rows) for rows in seen] == [3, 3, 1]
    assert sorted(map(tuple, np.concatenate(seen))) == sorted(map(tuple, X))


def test_the_gradient_by_hand_is_that_of_central_differences_also_of_dead_units(page, rng):
    back, off = page["there_and_back"], []
    for number in range(60):
        parts = [rng.normal(size=shape) for shape in ((2, 2), 2, 2, ())]
        x, y = rng.normal(size=2), float(number % 2)
        off.append(int(np.sum(x @ parts[0] + parts[1] < 0)))
        gradient = back(*parts, x, y)[1]
        for k in range(4):

            def loss_at(part, k=k, parts=parts, x=x, y=y):
                return back(*parts[:k], part, *parts[k + 1 :], x, y)[0]

            check_gradient(loss_at, np.asarray(gradient[k]), parts[k])
    assert min(map(off.count, (0, 1, 2))) > 5


def test_the_live_figure_begins_with_the_nine_numbers_of_the_page(page):
    cells = CELL.findall((BOOK / "networks.md").read_text(encoding="utf-8"))
    (cell,) = (cell for cell in cells if "\nnine = " in cell)
    exec(re.search(r"^x, y = .*\nnine = .*\n", cell, re.MULTILINE)[0], page)
    (w11, w12), (w21, w22) = page["nine"][0]
    (b1, b2), (v1, v2), c = page["nine"][1:]
    script = (BOOK / "_extra/live/backprop_math.js").read_text(encoding="utf-8")
    first = dict(re.findall(r"(\w+): (-?\d+)", script.split("FIRST = {")[1].split("}")[0]))
    names = ("x1", "x2", "y", "w11", "w21", "b1", "w12", "w22", "b2", "v1", "v2", "c")
    numbers = (*page["x"], page["y"], w11, w21, b1, w12, w22, b2, v1, v2, c)
    assert {name: float(value) for name, value in first.items()} == dict(
        zip(names, numbers, strict=True)
    )
