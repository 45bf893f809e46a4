"""The live figure of the threshold: its counts against the package, its page in a browser."""

import json
import re

import numpy as np
import pytest

from mnist_gd import metrics
from tests.book.conftest import HTML, give_up, let_draw

FIGURE = "live-threshold"
LEVELS = [0, 1, 17, 250, 433, 447, 500, 501, 900, 999, 1000]
MEASURES = {
    "accuracy": metrics.accuracy,
    "precision": metrics.precision,
    "recall": metrics.recall,
    "specificity": metrics.specificity,
    "f1": metrics.f1_score,
}


def embedded():
    """The two histograms in the built page."""
    path = HTML / "metrics.html"
    if not path.is_file():
        give_up("the book is not built: run `make book` first")
    found = re.search(
        r'<script type="application/json" id="live-threshold-data">(.*?)</script>',
        path.read_text(encoding="utf-8"),
        re.DOTALL,
    )
    assert found, "the page embeds no data"
    assert len(found[1]) < 40_000
    return json.loads(found[1])


def drawn():
    """Two histograms as the page has them, of scores that nobody trained for."""
    rng = np.random.default_rng(5)
    fours, others = np.append(rng.beta(4, 1, 300), 1.0), rng.beta(1, 6, 2700)  # one surely a 4
    return {
        name: np.bincount((1000 * scores).astype(int), minlength=1001).tolist()
        for name, scores in (("fours", fours), ("others", others))
    }


def examples(counts):
    """The labels and levels of all images that two histograms stand for."""
    labels = np.repeat([1, 0], [sum(counts["fours"]), sum(counts["others"])])
    levels = np.repeat(np.tile(np.arange(1001), 2), counts["fours"] + counts["others"])
    return labels, levels


@pytest.mark.parametrize("source", [drawn, embedded])
def test_measures_are_those_of_the_package(live_scripts, source):
    counts = source()
    y_true, levels = examples(counts)
    rows = live_scripts.evaluate("(counts) => threshold.table(counts)", counts)
    assert len(rows) == 1001
    for k in LEVELS:
        y_pred = (levels >= k).astype(int)
        matrix = metrics.confusion_matrix(y_true, y_pred, 2)
        assert [rows[k][name] for name in ("TN", "FP", "FN", "TP")] == matrix.ravel().tolist()
        for name, metric in MEASURES.items():
            assert rows[k][name] == pytest.approx(metric(y_true, y_pred), abs=1e-12), (name, k)
    # both curves hold every threshold: the area under the one is the share of pairs
    fpr, tpr = ([row[name] for row in rows] for name in ("specificity", "recall"))
    area = np.trapezoid(tpr[::-1], 1 - np.array(fpr)[::-1])
    area += tpr[-1] * (1 - fpr[-1]) / 2  # from "no" to all
    assert area == pytest.approx(metrics.roc_area(y_true, levels), abs=1e-12)


@pytest.mark.parametrize("source", [drawn, embedded])
def test_marks_are_the_best_threshold_and_half_of_the_best_f1(live_scripts, source):
    counts = source()
    y_true, levels = examples(counts)
    scores = [metrics.f1_score(y_true, (levels >= k).astype(int)) for k in range(1001)]
    marks = live_scripts.evaluate("(counts) => threshold.marks(threshold.table(counts))", counts)
    assert marks == {
        "half": 500,
        "best": int(np.argmax(scores)),
        "theory": round(1000 * max(scores) / 2),
    }


def test_shares_of_nothing_are_zero(live_scripts):
    nothing = live_scripts.evaluate("threshold.measures(0, 0, 0, 5)")
    assert [nothing[name] for name in ("precision", "recall", "f1")] == [0, 0, 0]
    assert nothing["specificity"] == nothing["accuracy"] == 1


@pytest.mark.parametrize("source", [drawn, embedded])
def test_bars_hold_every_image_once(live_scripts, source):
    for counts in source().values():
        bars = live_scripts.evaluate("(counts) => threshold.coarse(counts, 20)", counts)
        assert bars == [sum(counts[i : i + 20]) for i in range(0, 980, 20)] + [sum(counts[980:])]


def part(page, name):
    return page.locator(f"#{FIGURE} [data-part={name}]")


def test_slider_buttons_and_drag_move_everything_together(open_live):
    page = open_live("metrics")
    page.locator(f"#{FIGURE}").wait_for()
    y_true, levels = examples(embedded())
    scores = [metrics.f1_score(y_true, (levels >= k).astype(int)) for k in range(1001)]

    def reads(k):
        let_draw(page)
        assert part(page, "threshold-text").inner_text() == f"{k / 1000:.3f}"
        y_pred = (levels >= k).astype(int)
        shares = [f(y_true, y_pred) for f in (metrics.f1_score, metrics.precision, metrics.recall)]
        said = re.findall(r"\d\.\d{3}", part(page, "verdict").inner_text())
        assert [float(text) for text in said] == pytest.approx(shares, abs=5.1e-4)
        matrix = metrics.confusion_matrix(y_true, y_pred, 2)
        for name, count in zip(("TN", "FP", "FN", "TP"), matrix.ravel(), strict=True):
            assert part(page, name).inner_text() == f"{count:,}"
        # the points on the two curves, in shares of the axes
        for name, x, y in (
            ("roc", 1 - metrics.specificity(y_true, y_pred), shares[2]),
            ("pr", shares[2], shares[1]),
        ):
            at = part(page, name).evaluate(
                """(svg) => {
                  const [first, , last] = [...svg.querySelectorAll(".grid")];
                  const value = (e, name) => Number(e.getAttribute(name));
                  const [x0, x1] = [value(first, "x1"), value(first, "x2")];
                  const [y0, y1] = [value(first, "y1"), value(last, "y1")];
                  const handle = svg.querySelector(".handle");
                  return [(value(handle, "cx") - x0) / (x1 - x0),
                    (value(handle, "cy") - y0) / (y1 - y0)];
                }"""
            )
            assert at == pytest.approx([x, y], abs=1e-6)

    reads(500)
    slider = part(page, "threshold")
    slider.focus()
    page.keyboard.press("ArrowRight")
    reads(501)
    assert "F₁" in part(page, "announced").inner_text()
    page.keyboard.press("End")
    reads(999)
    page.keyboard.press("Home")
    reads(1)
    for name, k in (
        ("best", int(np.argmax(scores))),
        ("theory", round(500 * max(scores))),
        ("half", 500),
    ):
        part(page, name).click()
        reads(k)
    box = part(page, "fours").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 13 + 0.25 * (box["width"] - 26), box["y"] + 30, steps=3)
    page.mouse.up()
    let_draw(page)
    k = round(1000 * float(part(page, "threshold-text").inner_text()))
    assert abs(k - 250) <= 3
    reads(k)
