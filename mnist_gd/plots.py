"""Figures of the book: one style, and the drawings that several chapters share."""

import logging
import sys
from numbers import Number

import numpy as np

from mnist_gd._checks import (
    as_array,
    as_float,
    attribute,
    check_as_many,
    check_finite,
    check_integer,
    check_matrix,
    check_real,
    check_text,
    is_a,
    shown,
)

try:
    import matplotlib
    from matplotlib import pyplot as plt
    from matplotlib.ticker import MaxNLocator
except ModuleNotFoundError as error:
    raise ImportError(
        "matplotlib is not installed; it comes with the extra: pip install 'mnist_gd[plots]'"
    ) from error

__all__ = [
    "PALETTE",
    "plot_confusion_matrix",
    "plot_digits",
    "plot_heatmap",
    "plot_history",
    "use_book_style",
]

SIDE = 28  # of an image, in pixels

# Okabe and Ito's colours in an order that stays apart in grey too, without the black and the
# yellow that vanish on one of the two backgrounds.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def use_book_style():
    """Set matplotlib up for the book's pages.

    Figures are SVG on a transparent ground, with text kept as text, and come out the same,
    byte for byte, from the same data. Black is what the pages turn into the colour of their
    text, in light and dark mode alike.
    """
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    matplotlib.rcParams.update(
        {
            "axes.prop_cycle": matplotlib.cycler(color=PALETTE),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlesize": "medium",
            "figure.constrained_layout.use": True,
            "figure.facecolor": "none",
            "figure.figsize": (7.2, 3.0),
            "axes.facecolor": "none",
            "savefig.facecolor": "none",
            "font.size": 10,
            "image.cmap": "cividis",
            "image.interpolation": "nearest",
            "legend.frameon": False,
            "lines.linewidth": 1.8,
            "svg.fonttype": "none",
            "svg.hashsalt": "mnist_gd",
        }
    )
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:  # outside a notebook
        return
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    set_matplotlib_formats("svg", metadata={"Date": None})


def plot_history(history):
    """Draw losses and scores against the epoch.

    Parameters
    ----------
    history : mnist_gd.history.History
        With any number of finished epochs.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError, TypeError
        If `history` is something else, or holds for an epoch other than one number.
    """
    losses, scores = ("train_loss", "validation_loss"), ("train_score", "validation_score")
    needed, missing = ("__len__", "metric", *losses, *scores), object()
    if any(attribute(history, name, missing) is missing for name in needed):
        raise TypeError(f"history must be a History, but is {shown(history)}")
    metric = check_text("history.metric", history.metric)
    losses, scores = ([_course(history, name) for name in names] for names in (losses, scores))
    epochs = np.arange(1, len(history) + 1)
    figure, (left, right) = plt.subplots(1, 2)
    for axes, label, series in [
        (left, "loss", losses),
        (right, metric.replace("_", " "), scores),
    ]:
        for name, values, marker in zip(("training", "validation"), series, "os", strict=True):
            if values.size:
                axes.plot(epochs, values, marker=marker, markersize=4, label=name)
        axes.set(xlabel="epoch", ylabel=label)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if axes.lines:
            axes.legend()
    return figure


def _course(history, name):
    """One of the courses of a history: a number for each epoch, or none at all."""
    values = as_float(f"history.{name}", getattr(history, name))
    if values.size and values.shape != (len(history),):
        raise ValueError(
            f"history.{name} must hold a number for each of {len(history)} epochs, or none, but "
            f"has the shape {values.shape}"
        )
    return values


def plot_heatmap(
    values, rows, columns, *, form="{:.2f}", texts=None, axes=None, limits=(None, None)
):
    """Draw a matrix as coloured cells with its numbers in them.

    Parameters
    ----------
    values : ndarray, shape (n, m)
        Cells that are NaN stay empty.
    rows, columns : sequence
        Names of the rows and columns.
    form : str
        How a number is written.
    texts : ndarray of str, shape (n, m), optional
        What stands in the cells, by default their numbers.
    axes : matplotlib.axes.Axes, optional
    limits : (float, float)
        Values at the ends of the colour scale.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError, TypeError
        If the arguments do not fit together.
    """
    values = check_matrix("values", values)
    rows = _names("rows", rows, values.shape[0])
    columns = _names("columns", columns, values.shape[1])
    if texts is not None:
        texts = [
            _names("each row of texts", row, len(columns))
            for row in check_as_many("texts", texts, len(rows))
        ]
    low, high = (
        end if end is None else check_real("limits", end)
        for end in check_as_many("limits", limits, 2)
    )
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        finite = np.zeros(1)  # which Matplotlib's scale is about then
    ends = finite.min() if low is None else low, finite.max() if high is None else high
    if ends[0] > ends[1]:
        raise ValueError(f"limits must not fall, but are {ends[0]} and {ends[1]}")
    check_text("form", form)
    try:
        form.format(values.dtype.type(0.5))
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise ValueError(
            f"form must format a number, but {shown(form)} does not: {error}"
        ) from None
    axes = _checked_axes(axes)
    image = axes.imshow(values, vmin=low, vmax=high, aspect="auto")
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value):
            red, green, blue, _ = image.cmap(image.norm(value))
            bright = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.47
            axes.text(
                j,
                i,
                form.format(value) if texts is None else texts[i][j],
                ha="center",
                va="center",
                fontsize="small",
                color="#111111" if bright else "#fafafa",
            )
    return axes


def _names(name, value, number):
    """What stands beside or in so many cells: strings, or numbers."""
    names = check_as_many(name, value, number)
    if not all(is_a(entry, str | Number | np.generic) for entry in names):
        raise TypeError(f"{name} must hold strings or numbers, but is {shown(value)}")
    return names


def _checked_axes(axes):
    """The axes to draw on, by default those that are at hand."""
    if axes is None:
        return plt.gca()
    if not is_a(axes, matplotlib.axes.Axes):
        raise TypeError(f"axes must be Axes of Matplotlib, but is {shown(axes)}")
    return axes


def plot_confusion_matrix(matrix, classes=None, *, axes=None):
    """Draw a confusion matrix: counts in the cells, shares of each row as colours.

    Parameters
    ----------
    matrix : ndarray of int, shape (classes, classes)
        From :func:`mnist_gd.metrics.confusion_matrix`. A class without examples is drawn too.
    classes : sequence of str, optional
        Names; by default the class numbers.
    axes : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError, TypeError
        If the matrix is not square, holds no counts, or has another number of classes.
    """
    matrix = as_array("matrix", matrix)
    if matrix.ndim != 2 or len(matrix) != matrix.shape[1] or not matrix.size:
        raise ValueError(f"matrix must have the shape (n, n) with n >= 1, but has {matrix.shape}")
    if matrix.dtype.kind not in "iu" or matrix.min() < 0:
        raise ValueError(f"matrix must hold counts, integers from 0 on, but is {matrix}")
    classes = _names("classes", range(len(matrix)) if classes is None else classes, len(matrix))
    axes = _checked_axes(axes)
    totals = matrix.sum(axis=1, keepdims=True, dtype=float)
    shares = np.divide(matrix, totals, out=np.zeros(matrix.shape), where=totals != 0)
    counts = [[f"{count:,}" if count else "·" for count in row] for row in matrix]
    plot_heatmap(shares, classes, classes, texts=counts, axes=axes, limits=(0, 1))
    axes.set(xlabel="predicted", ylabel="true")
    return axes


def plot_digits(images, titles=None, *, columns=10, size=0.75):
    """Draw MNIST images side by side.

    Parameters
    ----------
    images : ndarray, shape (n, 784)
    titles : sequence of str, optional
        One over each image.
    columns : int
        From 1 to 100.
    size : float
        Width of one image in inches, from 0.01 to 100.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range, or the titles are not as many as the images.
    """
    images = check_matrix("images", images, SIDE**2)
    check_finite("images", images)
    if titles is not None:
        titles = _names("titles", titles, len(images))
    columns = check_integer("columns", columns, maximum=100)
    size = check_real("size", size, minimum=0.01, maximum=100)
    rows = -(-len(images) // columns)
    height = size * rows * (1.35 if titles is not None else 1.08)
    figure, grid = plt.subplots(
        rows, columns, figsize=(size * 1.08 * columns, height), squeeze=False
    )
    for axes in grid.flat:
        axes.axis("off")
    for number, (axes, image) in enumerate(zip(grid.flat, images, strict=False)):
        axes.imshow(np.reshape(image, (SIDE, SIDE)), cmap="gray", vmin=0)
        if titles is not None:
            axes.set_title(titles[number], fontsize="small")
    return figure
