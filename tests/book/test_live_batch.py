"""The live figure of mini-batches: draws, path, cloud and floors against NumPy; by hand."""

import numpy as np
import pytest

from tests.book.conftest import let_draw
from tests.page_functions import functions_of

CURVATURES, COUNT = np.array([1.0, 4.0]), 32


def generator(seed):
    """Whole numbers below 2**32 (mulberry32), as in batch.js."""
    mask, state = 0xFFFFFFFF, seed

    def draw():
        nonlocal state
        state = (state + 0x6D2B79F5) & mask
        t = ((state ^ (state >> 15)) * (state | 1)) & mask
        t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & mask)) & mask
        return t ^ (t >> 14)

    return draw


def shuffle(order, size, draw):
    for i in range(size):
        j = i + int(draw() / 2**32 * (len(order) - i))
        order[i], order[j] = order[j], order[i]


def walk(points, start, rate, size, steps, seed, reshuffled):
    draw, order, x = generator(seed), list(range(COUNT)), np.array(start)
    path = [x]
    for step in range(steps):
        at = step % (COUNT // size) if reshuffled else 0
        if at == 0:
            shuffle(order, COUNT if reshuffled else size, draw)
        rows = order[at * size : (at + 1) * size]
        x = x - rate * np.mean(CURVATURES * (x - points[rows]), axis=0)
        path.append(x)
    return np.array(path)


@pytest.fixture
def points(live_scripts):
    return np.array(live_scripts.evaluate("batch.examples()"))


def test_examples_are_centred_normal_numbers(points):
    draw = generator(1)
    u = (np.array([draw() for _ in range(4 * COUNT)]) + 0.5) / 2**32
    radius, angle = u.reshape(COUNT, 2, 2).transpose(2, 0, 1)
    drawn = [1.5, 0.5] * np.sqrt(-2 * np.log(radius)) * np.cos(2 * np.pi * angle)
    np.testing.assert_allclose(points, drawn - drawn.mean(axis=0), atol=1e-12)


@pytest.mark.parametrize("reshuffled", [False, True])
@pytest.mark.parametrize(("size", "rate"), [(1, 0.1), (2, 0.005), (8, 0.3), (16, 0.51), (32, 0.2)])
def test_path_is_that_of_numpy(live_scripts, points, size, rate, reshuffled):
    here = live_scripts.evaluate(
        "([start, rate, size, reshuffled]) =>"
        " batch.walk(batch.examples(), start, rate, size, 400, { seed: 7, reshuffled })",
        [[3.0, -1.0], rate, size, reshuffled],
    )
    there = walk(points, [3.0, -1.0], rate, size, 400, 7, reshuffled)
    scale = np.maximum(1, np.abs(there).max())
    np.testing.assert_allclose(np.array(here) / scale, there / scale, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [1, 4, 32])
def test_cloud_is_one_step_of_each_batch(live_scripts, points, size):
    here = live_scripts.evaluate(
        "(size) => batch.cloud(batch.examples(), [2, 1], 0.1, size, 1000, 3)", size
    )
    draw, order, start = generator(3), list(range(COUNT)), np.array([2.0, 1.0])
    there = []
    for _ in range(1000):
        shuffle(order, size, draw)
        there.append(start - 0.1 * CURVATURES * (start - points[order[:size]].mean(axis=0)))
    np.testing.assert_allclose(here, there, rtol=1e-12, atol=1e-12)
    # its width is that of eq-noise-variance
    noise = live_scripts.evaluate("(size) => batch.noise(batch.examples(), size)", size)
    expected = CURVATURES**2 * np.var(points, axis=0) / size * (COUNT - size) / (COUNT - 1)
    np.testing.assert_allclose(noise, expected, rtol=1e-12)
    np.testing.assert_allclose(np.var(there, axis=0), 0.01 * expected, rtol=0.25, atol=1e-20)


def predicted(points, rate, size, reshuffled):
    c = CURVATURES**2 * np.var(points, axis=0) / size * (COUNT - size) / (COUNT - 1)
    if not reshuffled:
        return np.sum(rate * c / (2 * (2 - rate * CURVATURES)))
    page = functions_of("noise")
    page["np"] = np
    m = COUNT // size
    each = [
        np.mean([page["reshuffled"](rate, curvature, noise, m, t) for t in range(m)])
        for curvature, noise in zip(CURVATURES, c, strict=True)
    ]
    return np.sum(CURVATURES * each) / 2


@pytest.mark.parametrize("reshuffled", [False, True])
@pytest.mark.parametrize(("size", "rate"), [(1, 0.125), (2, 0.02), (8, 0.3), (16, 0.45)])
def test_floor_is_the_chapters_and_is_reached(live_scripts, points, size, rate, reshuffled):
    here = live_scripts.evaluate(
        "([rate, size, reshuffled]) => batch.floor(batch.examples(), rate, size, reshuffled)",
        [rate, size, reshuffled],
    )
    assert here == pytest.approx(predicted(points, rate, size, reshuffled), rel=1e-12)
    measured = live_scripts.evaluate(
        "([rate, size, reshuffled]) => batch.settled("
        "batch.walk(batch.examples(), [3, 1], rate, size, 40000, { seed: 5, reshuffled }), 2000)",
        [rate, size, reshuffled],
    )
    assert measured == pytest.approx(here, rel=0.12)


def test_no_noise_no_floor(live_scripts):
    assert live_scripts.evaluate("batch.floor(batch.examples(), 0.1, 32)") == 0
    kinds = live_scripts.evaluate(
        "[[0.1, 4], [0.1, 32], [0.5, 4], [0.6, 32]].map(([rate, size]) =>"
        " batch.kindOf({ rate, size }))"
    )
    assert kinds == ["floor", "exact", "diverges", "diverges"]


def part(page, name):
    return page.locator(f"#live-batch [data-part={name}]")


def test_it_answers_to_sliders_choice_and_arrow_keys(open_live, points):
    page = open_live("noise")
    page.locator("#live-batch").wait_for()
    words = part(page, "verdict"), part(page, "details"), part(page, "announced")
    first = words[0].inner_text()
    assert first.startswith("Ends on a floor, predicted at")
    size, rate = part(page, "size"), part(page, "rate")
    size.focus()
    page.keyboard.press("End")
    let_draw(page)
    assert words[0].inner_text() == "Exact gradients: no noise and no floor."
    assert words[2].inner_text().startswith("Exact gradients")
    page.keyboard.press("Home")
    let_draw(page)
    assert part(page, "size-text").inner_text() == "B = 1"
    rate.focus()
    page.keyboard.press("End")
    let_draw(page)
    assert words[0].inner_text() == "No floor: the rate is not below 2/L."
    part(page, "reset").click()
    let_draw(page)
    assert words[0].inner_text() == first
    page.locator("#live-batch input[value=reshuffled]").check()
    let_draw(page)
    assert words[0].inner_text() != first
    path = part(page, "map").locator(".path")
    before = path.get_attribute("points")
    part(page, "again").click()
    let_draw(page)
    assert path.get_attribute("points") != before
    # the start, by keyboard, to the minimum: it does not stay there
    part(page, "reset").click()
    map_ = part(page, "map")
    map_.focus()
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    for _ in range(10):
        page.keyboard.press("ArrowDown")
    let_draw(page)
    assert map_.get_attribute("aria-label") == "Start of the descent, x 0.0, y 0.0"
    drawn = page.evaluate(
        """() => {
          const map = document.querySelector("#live-batch [data-part=map]");
          const unit = map.clientWidth / 7.2;
          const path = map.querySelector(".path").getAttribute("points").split(" ");
          return path.map((pair) => pair.split(",").map(Number)).map(([x, y]) =>
            [(x - map.clientWidth / 2) / unit, (map.clientHeight / 2 - y) / unit]);
        }"""
    )
    there = walk(points, [0.0, 0.0], 0.125, 2, 60, 1, False)
    np.testing.assert_allclose(drawn, there, atol=0.02 / 40)  # a fraction of a pixel
    assert np.abs(there[-1]).max() > 0.01
