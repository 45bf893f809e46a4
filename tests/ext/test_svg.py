"""The figures in the page itself, in the colours and the type of the page."""

import re
import xml.etree.ElementTree as ET

import pytest

from tests.ext.samples import DRAWING

svg = pytest.importorskip("svg", reason="the extra 'book' is not installed")


@pytest.fixture
def drawn():
    """The drawing as it stands in the page, parsed."""
    return ET.fromstring(svg.inline(DRAWING, alt='Says "it" & <all>', prefix="svg3-"))


def every(root, name):
    """The elements of that name."""
    return list(root.iter(f"{{{svg.SVG}}}{name}"))


def test_inline_has_role_label_and_fluid_width(drawn):
    assert drawn.get("role") == "img"
    assert drawn.get("aria-label") == 'Says "it" & <all>'
    assert "max-width: 100%" in drawn.get("style")
    assert drawn.get("viewBox") == "0 0 144 72"


def test_inline_turns_black_into_the_text_colour(drawn):
    text = ET.tostring(drawn, encoding="unicode")
    assert not re.search(r"#000\b|#000000|black", text)
    assert drawn.get("fill") == "currentColor"  # and so what had no colour of its own
    assert [path.get("style") for path in every(drawn, "path")].count("stroke: currentColor") == 1


def test_inline_clears_backgrounds_and_keeps_white_text(drawn):
    fills = [svg.parse_style(path.get("style", "")).get("fill") for path in drawn.iter()]
    assert fills.count("none") == 3  # the figure, the axes, the line
    assert fills.count(svg.PAGE_COLOUR) == 1  # the legend's frame
    assert fills.count("#ffffff") == 1  # the text
    assert fills.count("var(--fig-vermilion, #d55e00)") == 1


def test_inline_drops_unused_ids_and_prefixes_the_others(drawn):
    ids = {element.get("id") for element in drawn.iter() if element.get("id")}
    assert ids == {"svg3-m1", "svg3-p1"}
    assert every(drawn, "use")[0].get("href") == "#svg3-m1"
    assert any(path.get("clip-path") == "url(#svg3-p1)" for path in every(drawn, "path"))


def test_inline_leaves_fonts_to_the_page(drawn):
    title, *_ = every(drawn, "text")
    assert title.get("style") == "font-weight: 700; font-size: 12px"
    assert title.text == "A & B"
    assert "DejaVu" not in ET.tostring(drawn, encoding="unicode")


def test_inline_makes_a_formula_one_line_of_text(drawn):
    """With room around the sign of equality, letters in italics, and exponents where they were."""
    formula = every(drawn, "text")[-1]
    assert (formula.get("text-anchor"), formula.get("y")) == ("middle", "-1")
    assert [(span.text, span.get("dy")) for span in formula] == [
        ("2\u00a0=\u00a0", "0"),
        ("x", "0"),
        ("3", "-4"),
    ]
    assert ["italic" in span.get("style") for span in formula] == [False, True, False]


def test_inline_begins_a_formula_of_a_legend_where_its_line_ends():
    in_legend = DRAWING.replace("<g><text>", '<g id="legend_2"><g><text>')
    root = ET.fromstring(svg.inline(in_legend.replace("</text></g>", "</text></g></g>")))
    formula = every(root, "text")[-1]
    assert (formula.get("text-anchor"), formula.get("x")) == (None, "0")


def test_inline_writes_the_prime_of_a_formula():
    glyph = "8.4px; font-family: 'DejaVu Sans'\">3</tspan>"
    prime = DRAWING.replace(glyph, "8.4px; font-family: 'cmsy10'\">0</tspan>")
    assert prime != DRAWING
    assert "′</" in svg.inline(prime)
    assert "0</" in svg.inline(prime.replace("cmsy10", "DejaVu Sans"))


def test_inline_slims(drawn):
    assert not every(drawn, "metadata")
    assert not every(drawn, "style")  # it would have styled the whole page
    assert every(drawn, "use")[0].get("x") == "3.14"
    assert every(drawn, "path")[2].get("d") == "M 1.23 2.5"


def test_inline_takes_a_width_and_needs_no_alt():
    root = ET.fromstring(svg.inline(DRAWING, width="50%"))
    assert svg.parse_style(root.get("style"))["width"] == "50%"
    assert root.get("aria-label") is None


def test_inline_names_the_colours_of_the_palette_and_no_others():
    from mnist_gd.plots import PALETTE

    assert set(svg.COLOURS) == {colour.lower() for colour in PALETTE}
    style = {"fill": "#0072B2", "stroke": "#0072b3"}
    svg.recolour(style, is_text=True)
    assert style == {"fill": "var(--fig-blue, #0072b2)", "stroke": "#0072b3"}


def sized(*sizes, width="300pt"):
    """A root of that width with texts of those sizes."""
    texts = "".join(f'<text style="font-size: {size}px">a</text>' for size in sizes)
    return ET.fromstring(f'<svg xmlns="{svg.SVG}" width="{width}">{texts}</svg>')


@pytest.mark.parametrize(
    ("root", "width"),
    [
        (sized(10), 300),  # 10 points are 13.3 pixels on 400: at 300 there are 10 left
        (sized(10, 12, 8), 375),
        (sized(5), 400),  # never wider than drawn
        (sized(10, 7), 300),  # an exponent of what is 10 points high
        (sized(), None),
        (sized(10, width="100%"), None),
    ],
)
def test_legible_width(root, width):
    assert svg.legible_width(root) == (width and pytest.approx(width))


def test_inline_stays_legible(drawn):
    assert "min-width: 120px" in drawn.get("style")  # 144 points with text of 12


@pytest.mark.parametrize("text", ["", "no xml", "<html/>"])
def test_inline_refuses_what_is_not_svg(text):
    with pytest.raises(ValueError, match="svg"):
        svg.inline(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("-1", "−1"),
        ("from -0.5 to (-2)", "from −0.5 to (−2)"),
        ("784-256-10", "784-256-10"),
        ("1e-05", "10⁻⁵"),
        ("2.5e+07 steps", "2.5 × 10⁷ steps"),
        ("10000", "10,000"),
        ("-1000", "−1,000"),
        ("784", "784"),
        ("in 2023", "in 2023"),
        ("1024.5", "1024.5"),
        ("f1 score", "F₁"),
        ("harmonic mean: F1", "harmonic mean: F₁"),
        ("", ""),
    ],
)
def test_labels_have_the_numbers_of_prose(text, written):
    assert svg.typeset(text) == written


def test_inline_typesets_labels():
    root = ET.fromstring(svg.inline(DRAWING.replace("A &amp; B", "-1e-05")))
    assert every(root, "text")[0].text == "−10⁻⁵"
