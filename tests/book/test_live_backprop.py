"""The live figure of back-propagation: its numbers against the package, its words, its hands."""

import numpy as np
import pytest

from mnist_gd.activations import relu
from mnist_gd.layers import LinearLayer
from mnist_gd.losses import binary_cross_entropy_with_logits
from mnist_gd.networks import Network
from tests.book.conftest import let_draw

NAME = "live-backprop"
INPUTS = ("x1", "x2", "y")
PARAMETERS = ("w11", "w21", "b1", "w12", "w22", "b2", "v1", "v2", "c")
BY_HAND = dict(zip(INPUTS + PARAMETERS, (2, 1, 1, 1, -1, 1, -1, 3, 0, 1, -2, 0), strict=True))
DERIVATIVES = {
    "dz": -0.5,
    "dv1": -1,
    "dv2": -0.5,
    "dc": -0.5,
    "da1": -0.5,
    "da2": 1,
    "dz1": -0.5,
    "dz2": 1,
    "dw11": -1,
    "dw21": -0.5,
    "db1": -0.5,
    "dw12": 2,
    "dw22": 1,
    "db2": 1,
}


def evaluate(live_scripts, states):
    return live_scripts.evaluate("(states) => states.map((s) => backprop.evaluate(s))", states)


def in_the_package(s):
    """The same network of the package, after both ways: its numbers by their names."""
    first = [[s["w11"], s["w12"]], [s["w21"], s["w22"]]], [[s["b1"], s["b2"]]]
    second = [[s["v1"]], [s["v2"]]], [[s["c"]]]
    layers = [
        LinearLayer.from_arrays(*map(np.array, first), relu),
        LinearLayer.from_arrays(*map(np.array, second)),
    ]
    network = Network(layers, loss=binary_cross_entropy_with_logits)
    x, y = np.array([[s["x1"], s["x2"]]]), np.array([[float(s["y"])]])
    logits = network.forward(x)
    network.backward(np.array([int(s["y"])]))
    names = ("w11", "w12", "w21", "w22", "b1", "b2", "v1", "v2", "c")
    gradients = [g.ravel() for layer in layers for g in (layer.weights_grad, layer.bias_grad)]
    return {
        "z": logits.item(),
        "p": network.predict_proba(x).item(),
        "loss": binary_cross_entropy_with_logits(logits, y),
        "dz": binary_cross_entropy_with_logits.gradient(logits, y).item(),
        **{f"d{name}": g for name, g in zip(names, np.concatenate(gradients), strict=True)},
    }


def test_numbers_are_those_of_the_package(live_scripts):
    rng = np.random.default_rng(0)
    states = [
        {name: float(value) for name, value in zip(BY_HAND, row, strict=True)}
        for row in rng.normal(scale=rng.choice([0.3, 2, 20], size=(400, 1)), size=(400, 12))
    ]
    for number, state in enumerate(states):
        state["y"] = number % 2
    states[0] |= {"x1": 0.0, "x2": 0.0, "b1": 0.0, "b2": 0.0}  # both on the kink
    found = evaluate(live_scripts, states)
    off = [sum(here[z] <= 0 for z in ("z1", "z2")) for here in found]
    assert min(map(off.count, (0, 1, 2))) > 50  # of each kind
    for state, here in zip(states, found, strict=True):
        for name, value in in_the_package(state).items():
            assert here[name] == pytest.approx(value, rel=1e-12, abs=1e-300), (name, state)


def test_it_begins_with_the_numbers_of_the_chapter(live_scripts):
    assert live_scripts.evaluate("backprop.FIRST") == BY_HAND
    assert live_scripts.evaluate("backprop.PARAMETERS") == list(PARAMETERS)
    (found,) = evaluate(live_scripts, [BY_HAND])
    assert {name: found[name] for name in DERIVATIVES} == DERIVATIVES
    assert (found["z1"], found["z2"], found["z"], found["p"]) == (2, 1, 0, 0.5)
    assert found["loss"] == np.log(2)


def test_a_step_goes_against_every_derivative(live_scripts):
    moved = live_scripts.evaluate("(s) => backprop.descend(s, 0.1)", BY_HAND)
    for name in PARAMETERS:
        assert moved[name] == pytest.approx(BY_HAND[name] - 0.1 * DERIVATIVES[f"d{name}"])
    assert {name: moved[name] for name in INPUTS} == {name: BY_HAND[name] for name in INPUTS}
    (found,) = evaluate(live_scripts, [moved])
    assert found["z"] == pytest.approx(9 / 5)


def test_each_number_is_given_once_after_those_it_needs(live_scripts):
    steps = live_scripts.evaluate("backprop.STEPS.map(({ way, gives }) => [way, gives])")
    given = [name for _, gives in steps for name in gives]
    assert sorted(given) == sorted({"z1", "z2", "a1", "a2", "z", "p", "loss", *DERIVATIVES})
    ways = [way for way, _ in steps]
    assert ways == ["forward"] * 7 + ["back"] * 8
    needs = {"a1": "z1", "z": "a2", "p": "z", "dz": "p", "da2": "dz", "dz2": "da2", "dw12": "dz2"}
    assert all(given.index(before) < given.index(after) for after, before in needs.items())


def said(live_scripts, state, gives):
    return live_scripts.evaluate(
        """([state, name]) => backprop.STEPS.find(({ gives }) => gives.includes(name))
          .says(backprop.evaluate(state))""",
        [BY_HAND | state, gives],
    )


@pytest.mark.parametrize(
    ("gives", "state", "sentence"),
    [
        ("z1", {}, "z₁ = x₁ w₁₁ + x₂ w₂₁ + b₁ = 2 × 1 + 1 × (−1) + 1 = 2."),
        ("a2", {}, "a₂ = max(0, 1) = 1: the unit is on."),
        ("a2", {"x2": 0}, "a₂ = max(0, −2) = 0: the unit is off."),
        ("loss", {}, "The truth is “yes”: L = −log p = 0.693."),
        ("loss", {"y": 0, "c": 1.8}, "The truth is “no”: L = −log(1 − p) = 1.953."),
        ("dz", {}, "∂z = p − y = 0.5 − 1 = −0.5."),
        ("da2", {}, "∂a₂ = v₂ ∂z = (−2) × (−0.5) = 1."),
        ("dz2", {}, "The unit was on: ∂z₂ = ∂a₂ = 1."),
        ("dz2", {"x2": 0}, "The unit was off: ∂z₂ = 0, whatever arrives."),
        (
            "dw12",
            {},
            "∂w₁₂ = x₁ ∂z₂ = 2 × 1 = 2, ∂w₂₂ = x₂ ∂z₂ = 1 × 1 = 1, ∂b₂ = ∂z₂ = 1.",
        ),
    ],
)
def test_a_step_says_its_formula_with_the_numbers(live_scripts, gives, state, sentence):
    assert said(live_scripts, state, gives) == sentence


def test_numbers_are_short_and_lose_no_sign(live_scripts):
    numbers = [0, -0.0, -0.5, 1.23456, 2e-5]
    for value, text in zip(numbers, ["0", "0", "−0.5", "1.235", "2e−5"], strict=True):
        assert live_scripts.evaluate("(value) => backprop.written(value)", value) == text


# -------------------------------------------------------------------- a reader's hands


@pytest.fixture
def figure(open_live):
    page = open_live("networks")
    page.locator(f"#{NAME}").wait_for()
    return page.locator(f"#{NAME}")


def part(figure, name):
    return figure.locator(f"[data-part={name}]")


def graph(figure):
    """What stands in the boxes."""
    let_draw(figure.page)
    return part(figure, "graph").locator("text:not(.over)").all_text_contents()


def test_all_steps_by_keyboard(figure):
    page = figure.page
    assert "z₁" in graph(figure)  # not known yet
    part(figure, "next").focus()
    for _ in range(15):
        page.keyboard.press("Enter")
    shown = graph(figure)
    assert {"z₁ = 2", "∂z₁ = −0.5", "∂a₂ = 1", "z = 0", "p = 0.5", "L = 0.69"} <= set(shown)
    cells = part(figure, "parameters").locator("td").all_inner_texts()
    numbers = [text.split()[-1].replace("−", "-") for text in cells]
    assert list(map(float, numbers)) == [DERIVATIVES[f"d{name}"] for name in PARAMETERS]
    announced = part(figure, "announced").inner_text()
    assert announced.startswith("15 of 15, back: The weights of unit 2.")
    assert announced.endswith("The gradient is complete.")
    # the end keeps the focus, and goes no further
    assert part(figure, "next").get_attribute("aria-disabled") == "true"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.part") == "next"
    assert "15 of 15" in part(figure, "verdict").inner_text()
    part(figure, "back").click()
    graph(figure)
    assert "14 of 15" in part(figure, "verdict").inner_text()
    part(figure, "reset").click()
    assert "z₁" in graph(figure)
    assert part(figure, "back").get_attribute("aria-disabled") == "true"


def test_what_is_worked_out_is_lit(figure):
    part(figure, "next").click()
    graph(figure)
    assert part(figure, "graph").locator(".wire.now.forth").count() == 2
    assert part(figure, "graph").locator(".cell.now").count() == 1
    assert figure.locator("td.used").count() == 2
    for _ in range(14):
        part(figure, "next").click()
    graph(figure)
    assert part(figure, "graph").locator(".wire.now.back").count() == 2
    assert figure.locator("td.now").count() == 3


def test_inputs_weights_and_answer_can_be_changed(figure):
    page = figure.page
    for _ in range(7):
        part(figure, "next").click()
    part(figure, "x2").focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    assert {"z₂ = −2", "a₂ = 0", "z = 3"} <= set(graph(figure))
    part(figure, "choice").select_option("c")
    part(figure, "weight").focus()
    page.keyboard.press("End")
    assert {"z = 7"} <= set(graph(figure))
    assert "c = 4" in part(figure, "weight-text").inner_text()
    figure.locator("input[value='0']").check()
    graph(figure)
    assert "The truth is “no”" in part(figure, "details").inner_text()
    part(figure, "reset").click()
    assert "x₂ = 1" in graph(figure)


def test_a_step_downhill_lowers_the_loss(figure):
    part(figure, "descend").click()
    assert {"z = 1.8", "L = 0.15"} <= set(graph(figure))
    assert part(figure, "announced").inner_text().startswith("The loss was 0.693. 7 of 15")
