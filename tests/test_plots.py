"""The figures show what they were given, in the book's style, and come out the same each time."""

import io
import os
import re
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex, to_rgb

from mnist_gd import plots
from mnist_gd.history import History
from mnist_gd.metrics import confusion_matrix
from mnist_gd.plots import (
    PALETTE,
    plot_confusion_matrix,
    plot_digits,
    plot_heatmap,
    plot_history,
    use_book_style,
)

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def clean():
    """Each test draws into memory, and leaves neither settings nor figures behind."""
    matplotlib.use("agg")
    with matplotlib.rc_context():
        yield
    plt.close("all")


def svg():
    buffer = io.BytesIO()
    plt.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue().decode()


def texts(axes):
    """What stands in each cell, by row and column."""
    return {
        tuple(map(int, text.get_position()[::-1])): text.get_text()
        for text in axes.texts
        if text.get_text()
    }


def tick_labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


# The course of a training


WHOLE = History(
    metric="f1_score",
    train_loss=[0.5, 0.3, 0.2],
    train_score=[0.6, 0.7, 0.8],
    validation_loss=[0.6, 0.4, 0.35],
    validation_score=[0.55, 0.65, 0.7],
    seconds=[1.0, 2.0, 3.0],
)


def test_history_lines():
    left, right = plot_history(WHOLE).axes
    for axes, first, second in [
        (left, WHOLE.train_loss, WHOLE.validation_loss),
        (right, WHOLE.train_score, WHOLE.validation_score),
    ]:
        assert [line.get_label() for line in axes.lines] == ["training", "validation"]
        for line, values in zip(axes.lines, (first, second), strict=True):
            assert line.get_xdata().tolist() == [1, 2, 3]
            assert list(line.get_ydata()) == values
            assert line.get_markersize() == 4
        assert [text.get_text() for text in axes.get_legend().get_texts()] == [
            "training",
            "validation",
        ]
        assert axes.get_xlabel() == "epoch"
    assert (left.get_ylabel(), right.get_ylabel()) == ("loss", "f1 score")


def test_history_of_what_was_tracked_only():
    """A run that took no training score and had no validation data."""
    left, right = plot_history(History(metric="accuracy", train_loss=[0.5, 0.4])).axes
    assert [line.get_label() for line in left.lines] == ["training"]
    assert right.lines[:] == []
    assert right.get_legend() is None
    assert right.get_ylabel() == "accuracy"
    svg()


@pytest.mark.parametrize("epochs", [0, 1])
def test_history_that_has_hardly_begun(epochs):
    """One point is drawn as a point, none as an empty frame; epochs are whole numbers."""
    history = History(
        train_loss=[0.5] * epochs, validation_score=[0.9] * epochs, seconds=[1.0] * epochs
    )
    left, right = history.plot().axes
    assert len(left.lines) == len(right.lines) == epochs
    for axes in (left, right):
        assert all(line.get_marker() not in (None, "None", "") for line in axes.lines)
    svg()
    assert all(float(tick).is_integer() for tick in left.get_xticks())
    assert set(range(1, epochs + 1)) <= set(left.get_xticks())


# Matrices


def test_heatmap_writes_each_number_into_its_cell():
    values = np.array([[0.123, 0.5, 2.0], [-1.0, 0.0, 10.0]])
    axes = plot_heatmap(values, ["a", "b"], [16, 64, 256], form="{:.1f}")
    assert texts(axes) == {
        (0, 0): "0.1",
        (0, 1): "0.5",
        (0, 2): "2.0",
        (1, 0): "-1.0",
        (1, 1): "0.0",
        (1, 2): "10.0",
    }
    assert tick_labels(axes.yaxis) == ["a", "b"]
    assert tick_labels(axes.xaxis) == ["16", "64", "256"]
    (image,) = axes.images
    assert np.array_equal(image.get_array(), values)
    assert image.get_clim() == (-1, 10)


def test_heatmap_has_no_frame_and_no_ticks():
    axes = plot_heatmap(np.eye(2), "ab", "cd")
    assert not any(spine.get_visible() for spine in axes.spines.values())
    for axis in (axes.xaxis, axes.yaxis):
        assert {tick.tick1line.get_markersize() for tick in axis.get_major_ticks()} == {0}


def test_heatmap_limits_and_axes():
    figure, (left, right) = plt.subplots(1, 2)
    drawn = plot_heatmap(np.eye(2), "ab", "cd", axes=right, limits=(-1, 3))
    assert drawn is right
    assert right.images[0].get_clim() == (-1, 3)
    assert not left.has_data()
    assert plt.get_fignums() == [figure.number]


def test_heatmap_leaves_cells_without_a_number_empty():
    axes = plot_heatmap(np.array([[np.nan, 1.0], [np.inf, 2.0]]), "ab", "cd", form="{:.0f}")
    assert texts(axes) == {(0, 1): "1", (1, 1): "2"}
    svg()


def test_heatmap_of_nothing_but_empty_cells():
    axes = plot_heatmap(np.full((2, 2), np.nan), "ab", "cd")
    assert texts(axes) == {}
    svg()


def contrast(first, second):
    def luminance(colour):
        rgb = np.array(to_rgb(colour))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    lighter, darker = sorted([luminance(first), luminance(second)], reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_numbers_can_be_read_on_every_colour_of_the_scale():
    """In the middle of the scale no two greys do better than 4.6. Black itself is kept for what
    turns white in dark mode, which the colour of a cell does not.
    """
    use_book_style()
    values = np.linspace(0, 1, 101)[None]
    axes = plot_heatmap(values, ["a"], range(101))
    image = axes.images[0]
    for text, value in zip(axes.texts, values[0], strict=True):
        assert contrast(text.get_color(), image.cmap(image.norm(value))) > 4
        assert to_hex(text.get_color()) not in ("#000000", "#ffffff")


def test_confusion_matrix_counts_and_shares():
    matrix = np.array([[8, 2, 0], [0, 1234, 0], [3, 0, 1]])
    axes = plot_confusion_matrix(matrix, ["cat", "dog", "owl"])
    assert texts(axes) == {
        (0, 0): "8", (0, 1): "2", (0, 2): "·",
        (1, 0): "·", (1, 1): "1,234", (1, 2): "·",
        (2, 0): "3", (2, 1): "·", (2, 2): "1",
    }  # fmt: skip
    shares = [[0.8, 0.2, 0], [0, 1, 0], [0.75, 0, 0.25]]
    np.testing.assert_allclose(axes.images[0].get_array(), shares)
    assert axes.images[0].get_clim() == (0, 1)
    assert tick_labels(axes.xaxis) == tick_labels(axes.yaxis) == ["cat", "dog", "owl"]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("true", "predicted")


def test_confusion_matrix_in_which_every_cell_counts():
    axes = plot_confusion_matrix(np.array([[1, 3], [2, 2]]))
    np.testing.assert_allclose(axes.images[0].get_array(), [[0.25, 0.75], [0.5, 0.5]])


def test_confusion_matrix_of_one_class_only():
    """Rows without examples are drawn, without a division by zero."""
    matrix = confusion_matrix(np.ones(5, int), np.array([1, 1, 0, 2, 1]), 3)
    axes = plot_confusion_matrix(matrix, axes=plt.subplots()[1])
    assert texts(axes)[1, 1] == "3"
    assert texts(axes)[0, 0] == "·"
    assert np.array_equal(axes.images[0].get_array()[[0, 2]], np.zeros((2, 3)))
    assert tick_labels(axes.xaxis) == ["0", "1", "2"]
    svg()


# Digits


def test_digits_are_drawn_the_right_way_up():
    """Rows of pixels stay rows."""
    image = np.zeros(784, np.float32)
    image[:28] = 1  # the first row
    figure = plot_digits([image, image * 0], columns=3)
    first, empty, unused = figure.axes
    drawn = first.images[0].get_array()
    assert drawn[0].min() == 1
    assert drawn[1:].max() == 0
    assert first.images[0].origin == "upper"
    assert len(empty.images) == 1
    assert len(unused.images) == 0
    assert not any(axes.axison for axes in figure.axes)
    svg()


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (10, 1), (11, 2), (25, 3)])
def test_digits_fill_row_after_row(count, rows):
    images = np.random.default_rng(0).integers(0, 256, (count, 784), np.uint8)
    figure = plot_digits(images, titles=[str(n) for n in range(count)])
    assert len(figure.axes) == 10 * rows
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in shown] == [str(n) for n in range(count)]
    for axes, image in zip(shown, images, strict=True):
        assert np.array_equal(axes.images[0].get_array().ravel(), image)
    width, height = figure.get_size_inches()
    assert width == pytest.approx(8.1)
    assert height == pytest.approx(rows * 0.75 * 1.35)


@pytest.mark.parametrize(
    ("count", "columns", "size"), [(1, 1, 100), (3, 1, 2), (3, 2, 2), (1, 1, 0.01)]
)
def test_digits_without_titles_stand_in_squares(count, columns, size):
    """Black is 0, however bright the darkest pixel."""
    figure = plot_digits(np.full((count, 784), 5.0), columns=columns, size=size)
    sides = size * 1.08 * np.array([columns, -(-count // columns)])
    np.testing.assert_allclose(figure.get_size_inches(), sides)
    drawn = [axes.images[0] for axes in figure.axes if axes.images]
    assert [image.get_clim()[0] for image in drawn] == [0] * count


# The style


def test_palette_is_of_different_colours_that_show_on_both_backgrounds():
    assert len(set(PALETTE)) == len(PALETTE) == 6
    for colour in PALETTE:
        assert contrast(colour, "#ffffff") > 1.9
        assert contrast(colour, "#121212") > 1.9


def test_style_of_a_figure():
    use_book_style()
    plot_history(WHOLE)
    drawn = svg()
    assert ">epoch</text>" in drawn
    assert ">validation</text>" in drawn
    assert not re.search(r"fill: ?(#fff|white|#ffffff)", drawn), "a white ground"
    figure = plt.gcf()
    for ground in (figure.patch, *(axes.patch for axes in figure.axes)):
        assert ground.get_facecolor()[3] == 0
    used = [to_hex(line.get_color()).upper() for line in figure.axes[0].lines]
    assert used == list(PALETTE[:2])
    # Text and axes are black, which the pages turn into the colour of their text.
    assert to_hex(figure.axes[0].xaxis.label.get_color()) == "#000000"
    assert to_hex(figure.axes[0].spines["left"].get_edgecolor()) == "#000000"


def test_a_figure_is_as_wide_as_the_text_and_has_no_frames():
    use_book_style()
    figure = plot_history(WHOLE)
    assert figure.get_size_inches().tolist() == [7.2, 3.0]
    assert figure.get_constrained_layout()
    for axes in figure.axes:
        seen = {side for side, spine in axes.spines.items() if spine.get_visible()}
        assert seen == {"left", "bottom"}
        assert not axes.get_legend().get_frame_on()
        assert axes.xaxis.label.get_size() == 10
        assert {line.get_linewidth() for line in axes.lines} == {1.8}


def test_without_matplotlib_it_says_which_extra_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # as if it were not there
    with pytest.raises(ImportError, match=r"not installed; .* pip install 'mnist_gd\[plots\]'"):
        runpy.run_path(plots.__file__)


def test_figures_come_out_the_same_byte_for_byte():
    use_book_style()
    drawn = []
    for _ in range(2):
        plot_history(WHOLE)
        drawn.append(svg())
        plt.close("all")
    assert drawn[0] == drawn[1]
    plt.rcParams["svg.hashsalt"] = None
    plot_history(WHOLE)
    assert svg() != drawn[0]


NOTEBOOK = """
import sys
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
shell.history_manager.enabled = False
import matplotlib
matplotlib.use("agg")
from matplotlib import pyplot as plt
import mnist_gd.plots

mnist_gd.plots.use_book_style()
figures = []
for _ in range(2):
    plt.plot([1, 2])
    bundle, _ = shell.display_formatter.format(plt.gcf())
    plt.close("all")
    figures.append(bundle)
assert figures[0].keys() == {"text/plain", "image/svg+xml"}, figures[0].keys()
assert figures[0]["image/svg+xml"] == figures[1]["image/svg+xml"]
assert "<dc:date>" not in figures[0]["image/svg+xml"]
print("same")
"""
PLAIN = """
import sys
import mnist_gd.plots

mnist_gd.plots.use_book_style()
assert "IPython" not in sys.modules
import IPython

mnist_gd.plots.use_book_style()
assert not IPython.core.interactiveshell.InteractiveShell.initialized()
print("same")
"""


@pytest.mark.parametrize("program", [NOTEBOOK, PLAIN], ids=["notebook", "script"])
def test_style_in_a_fresh_process(tmp_path, program):
    """A page shows SVG without a date; a script does not become a notebook for it."""
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", program],
        env=os.environ | {"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "same\n"
    assert done.stderr == ""


def test_no_figure_is_opened_beside_the_axes_given():
    _, axes = plt.subplots()
    plot_confusion_matrix(np.eye(2, dtype=int), axes=axes)
    plot_heatmap(np.eye(2), "ab", "cd", axes=axes)
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"columns": 0}, ValueError, "columns must be at least 1, but is 0"),
        ({"columns": 101}, ValueError, "columns must be at most 100, but is 101"),
        ({"size": 101}, ValueError, r"size must be at most 100, but is 101\.0"),
        ({"size": 0}, ValueError, r"size must be at least 0\.01, but is 0"),
        ({"titles": ["a"]}, ValueError, "titles must hold 2 entries, but holds 1"),
        ({"titles": [None, "a"]}, TypeError, "titles must hold strings or numbers"),
        ({"images": np.ones((2, 783))}, ValueError, r"images must have the shape \(n, 784\)"),
        ({"images": np.full((2, 784), np.nan)}, ValueError, "images must be finite"),
    ],
)
def test_digits_that_cannot_be_drawn_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        plot_digits(**{"images": np.ones((2, 784))} | options)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("form", ["{:d}", "{", "{1}", "{name}", "{.name}", "{0[0]}"])
def test_a_form_that_takes_no_number_is_refused(form):
    with pytest.raises(ValueError, match=r"form must format a number, but .* does not"):
        plot_heatmap(np.eye(2), "ab", "cd", form=form)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones((2, 3), int), r"matrix must have the shape \(n, n\)"),
        (np.ones((3, 2), int), r"matrix must have the shape \(n, n\)"),
        (np.ones(1, int), r"matrix must have the shape \(n, n\) .* but has \(1,\)"),
        (np.ones((2, 2, 2), int), r"matrix must have the shape \(n, n\) .* but has \(2, 2, 2\)"),
        (np.ones((0, 0), int), r"matrix must have the shape \(n, n\) with n >= 1"),
        (np.ones((2, 2)), "matrix must hold counts"),
        (np.array([[1, -1], [0, 1]]), "matrix must hold counts"),
    ],
)
def test_what_is_no_confusion_matrix_is_refused(matrix, message):
    with pytest.raises(ValueError, match=message):
        plot_confusion_matrix(matrix)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("count", [2**62, 2**63 - 1])
def test_confusion_matrix_whose_rows_sum_to_more_than_an_integer(count):
    axes = plot_confusion_matrix(np.array([[count, count], [0, 1]]))
    np.testing.assert_array_equal(axes.images[0].get_array(), [[0.5, 0.5], [0, 1]])


class Foreign:
    validation_score = ()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"metric": None}, TypeError, "history.metric must be a string, but is None"),
        ({"train_loss": [0.5, [1, 2], 3]}, TypeError, "history.train_loss must be an array"),
        ({"train_score": ["a", "b", "c"]}, TypeError, "history.train_score must hold real num"),
        ({"validation_loss": [0.5]}, ValueError, "history.validation_loss must .* 3 epochs"),
        ({"validation_score": np.eye(3)}, ValueError, "history.validation_score .* of 3 epochs"),
    ],
)
def test_what_is_no_course_of_a_training_is_refused(change, error, message):
    with pytest.raises(error, match=message):
        plot_history(replace(WHOLE, **change))
    assert plt.get_fignums() == []


@pytest.mark.parametrize("history", [Foreign(), {"validation_score": 1}, None, History])
def test_what_is_no_history_is_refused(history):
    with pytest.raises(TypeError, match="history must be a History"):
        plot_history(history)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("limits", [(1, 0), (5, None), (None, -1)])
def test_limits_that_fall_are_refused(limits):
    with pytest.raises(ValueError, match="limits must not fall, but are"):
        plot_heatmap(np.eye(2), "ab", "cd", limits=limits)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("limits", [(1, 1), (0, None), (None, 0), (None, None)])
@pytest.mark.parametrize("values", [np.eye(2), np.full((2, 2), np.nan)])
def test_limits_that_do_not_fall_are_drawn(limits, values):
    plot_heatmap(values, "ab", "cd", limits=limits)
    svg()


def test_a_form_must_take_the_numbers_that_are_drawn():
    with pytest.raises(ValueError, match=r"form must format a number, but .* does not"):
        plot_heatmap(np.eye(2, dtype=np.float32), "ab", "cd", form="{0.hex}")


def test_the_colours_of_a_heatmap_reach_from_its_least_to_its_largest_number():
    values = np.array([[-2.0, np.nan], [np.inf, 7.0]])
    for limits, wanted in (((None, None), (-2, 7)), ((None, 9), (-2, 9)), ((1, None), (1, 7))):
        axes = plot_heatmap(values, "ab", "cd", limits=limits)
        assert axes.images[-1].get_clim() == wanted
