"""The live figure of the focal loss: its formulas against the package, and a reader's hands."""

import numpy as np
import pytest

from mnist_gd import losses
from tests.book.conftest import let_draw
from tests.book.test_live_figures import ABOVE_ZERO, drag, part, verdict

NAME = "live-focal"
OPTIONS = [(0.25, 2.0), (0.5, 0.0), (0.9, 0.5), (1.0, 5.0), (0.0, 1.0), (0.37, 1.0)]
LOSSES = {
    "onProbability": (losses.focal_loss, np.linspace(1e-9, 1 - 1e-9, 401)),
    "onLogit": (
        losses.focal_loss_with_logits,
        np.concatenate([[-1e3, -700.0, 0.0, 700.0, 1e3], np.linspace(-40, 40, 401)]),
    ),
}


@pytest.mark.parametrize(("alpha", "gamma"), OPTIONS)
@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("kind", LOSSES)
def test_costs_and_slopes_are_those_of_the_package(live_scripts, kind, label, alpha, gamma):
    function, answers = LOSSES[kind]
    here = live_scripts.evaluate(
        """([kind, at, ...rest]) => {
          const { loss, slope } = focalLoss[kind];
          return [at.map((x) => loss(x, ...rest)), at.map((x) => slope(x, ...rest))];
        }""",
        [kind, answers.tolist(), label, alpha, gamma],
    )
    labels = np.full(len(answers), label)
    there = (
        [function(v, labels[:1], alpha, gamma) for v in answers[:, None]],
        function.gradient(answers, labels, alpha, gamma) * len(answers),  # of one, not a mean
    )
    for ours, theirs in zip(here, there, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=ABOVE_ZERO)


@pytest.mark.parametrize(("alpha", "gamma"), [(a, g) for a, g in OPTIONS if 0 < a < 1])
def test_the_share_is_the_one_for_which_the_answer_is_best(live_scripts, alpha, gamma):
    z = np.linspace(-8, 8, 65)
    shares = live_scripts.evaluate(
        "([z, ...rest]) => z.map((at) => focalLoss.honestShare(at, ...rest))",
        [z.tolist(), alpha, gamma],
    )
    assert (np.diff(shares) > 0).all()
    fine = np.linspace(-12, 12, 4801)[:, None]
    yes, no = (
        np.array([losses.focal_loss_with_logits(v, np.array([label]), alpha, gamma) for v in fine])
        for label in (1, 0)
    )
    for at, share in zip(z, shares, strict=True):
        best = fine[np.argmin(share * yes + (1 - share) * no), 0]
        assert best == pytest.approx(at, abs=0.01)
    answers = live_scripts.evaluate(
        "([shares, ...rest]) => shares.map((share) => focalLoss.bestAnswer(share, ...rest))",
        [shares, alpha, gamma],
    )
    np.testing.assert_allclose(answers, 1 / (1 + np.exp(-z)), rtol=1e-9)


def test_a_weightless_label_leaves_one_answer(live_scripts):
    assert live_scripts.evaluate("focalLoss.bestAnswer(0.3, 0, 2)") == 0
    assert live_scripts.evaluate("focalLoss.bestAnswer(0.3, 1, 2)") == 1


def words(page, name):
    return part(page, NAME, name).inner_text()


def press(page, name, key, times=1):
    part(page, NAME, name).focus()
    for _ in range(times):
        page.keyboard.press(key)
    let_draw(page)


def test_focal_answers_to_sliders_drag_and_keyboard(open_live):
    page = open_live("losses")
    figure = page.locator(f"#{NAME}")
    figure.wait_for()
    assert "it is too low" in verdict(page, NAME)  # an answer above one half, drawn to it
    press(page, "gamma", "Home")
    assert "it is honest" in verdict(page, NAME)
    assert "it is honest" in words(page, "announced")
    assert "the best answer is 0.30" in words(page, "details")
    press(page, "gamma", "End")
    assert "it is too low" in verdict(page, NAME)
    press(page, "z", "Home")
    assert words(page, "z-text").startswith("z = −5.00")
    assert "it is too high" in verdict(page, NAME)
    # the point, by mouse: below one half on both axes, the same place on each
    drag(page, part(page, NAME, "loss"), (0.9, 0.5), (0.3, 0.5))
    before = words(page, "z-text")
    assert before.startswith("z = −2")
    slope = words(page, "slope-text")
    figure.locator("input[value=probability]").check()
    let_draw(page)
    assert words(page, "z-text") == before
    assert words(page, "slope-text") != slope  # now with respect to the probability
    drag(page, part(page, NAME, "slope"), (0.2, 0.5), (0.5, 0.5))
    assert words(page, "z-text").endswith("p = 0.500")
    assert "it is honest" in verdict(page, NAME)  # one half is
    for key, answer in (("Home", "no"), ("End", "yes")):
        press(page, "alpha", key)
        assert f"Only the label {answer} costs anything" in verdict(page, NAME)


def test_the_curve_that_is_drawn_is_what_the_loss_wants(open_live):
    page = open_live("losses")
    page.locator(f"#{NAME}").wait_for()
    drawn = page.evaluate(
        f"""() => {{
          const chart = document.querySelector("#{NAME} [data-part=best]");
          const [wide, tall] = [chart.clientWidth - 34 - 8, chart.clientHeight - 10 - 36];
          const points = chart.querySelector(".best").getAttribute("points").split(" ");
          return points.map((pair) => pair.split(",").map(Number)).map(([x, y]) =>
            [(x - 34) / wide, 1 - (y - 10) / tall]);
        }}"""
    )
    share, answer = np.transpose(drawn)
    inner = (answer > 0.01) & (answer < 0.99)
    z = np.log(answer[inner] / (1 - answer[inner]))
    yes, no = (
        losses.focal_loss_with_logits.gradient(z, np.full(len(z), label), 0.5, 2.0)
        for label in (1, 0)
    )
    assert inner.sum() > 20
    np.testing.assert_allclose(share[inner], no / (no - yes), atol=2e-3)  # less than a pixel
