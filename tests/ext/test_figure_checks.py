"""Figures that leave something out are found, unless they say so."""

import io

import pytest

checks = pytest.importorskip("figure_checks", reason="the extra 'book' is not installed")
plt = pytest.importorskip("matplotlib.pyplot")
nodes = checks.nodes


def drawn(plot, **limits):
    """The drawing of what `plot` puts into axes from 0 to 1."""
    figure, axes = plt.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    plot(axes)
    axes.set(**limits)
    content = io.StringIO()
    figure.savefig(content, format="svg")
    plt.close(figure)
    return content.getvalue()


@pytest.mark.parametrize(
    ("plot", "count"),
    [
        (lambda axes: axes.plot([0, 1], [0, 1], "o-"), 0),
        (lambda axes: axes.plot([0, 1], [0, 1.2]), 1),
        (lambda axes: axes.plot([0.5, 0.5], [0.1, 1.04], "o", ls=""), 1),
        (lambda axes: axes.scatter([0.5, 1.05], [0.5, 0.5]), 1),
        (lambda axes: [axes.plot([0, 0.5], [y, 3 * y]) for y in (0.2, 0.5, 0.6)], 2),
        (lambda axes: axes.axvline(0.5), 0),
        (lambda axes: axes.errorbar([0.5], [0.4], yerr=[0.3], fmt="o"), 0),
        (lambda axes: axes.errorbar([0.5], [0.4], yerr=[0.7], fmt="o"), 1),
        (lambda axes: axes.bar([0.5], [3]), 0),
        (lambda axes: axes.contour([[0, 1], [1, 3]]), 0),
    ],
)
def test_what_leaves_the_axes_is_counted(plot, count):
    assert checks.cut(drawn(plot)) == count


@pytest.mark.parametrize(
    ("caption", "said"),
    [
        ("A line.", ["1 lines or groups of points leave their axes, and no caption says so"]),
        ("What lies above 1 is not shown.", []),
        (None, ["1 lines or groups of points leave their axes, and no caption says so"]),
        ("It leaves the picture (black).", ["the caption names a colour of one mode: (black)"]),
        ("A black box, and beyond.", []),
    ],
)
def test_a_caption_may_say_so_and_names_no_colour_that_turns(caption, said):
    image = nodes.image()
    box = nodes.container("", image)
    figure = nodes.figure("", box) if caption else box
    if caption:
        figure += nodes.caption("", caption)
    leaving = drawn(lambda axes: axes.plot([0, 1], [0, 2]))
    assert checks.faults(leaving, image) == said


@pytest.mark.parametrize(
    ("plot", "count"),
    [
        (lambda axes: axes.plot([0, 1], [0.8, 0.8], label="far below"), 0),
        (lambda axes: axes.plot([0, 1], [0.95, 0.97], label="a line under the words"), 1),
        (lambda axes: axes.plot([0, 1], [0.95, 0.97], "o", label="its ends alone"), 0),
        (lambda axes: axes.scatter([0.9], [0.96], label="a point among the words"), 1),
        (lambda axes: axes.plot([0, 1], [0.96, 0.96], label="$x^2 + x^2$"), 1),
    ],
)
def test_what_runs_under_a_legend_is_counted(plot, count):
    plt.rcParams.update({"svg.fonttype": "none", "legend.frameon": False})

    def with_legend(axes):
        plot(axes)
        axes.legend(loc="upper right")

    drawing = drawn(with_legend)
    assert checks.under_legends(drawing) == count
    if count:
        assert "a legend stands over 1 lines or groups of points" in checks.faults(
            drawing, nodes.image()
        )
