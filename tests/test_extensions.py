"""The book's own Sphinx extensions: the cache's key, the checks, the figures in the page."""

import itertools
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from mnist_gd import _code

ROOT = Path(__file__).resolve().parents[1]
pytest.importorskip("myst_nb", reason="the extra 'book' is not installed")

cache_key = pytest.importorskip("cache_key")
chapter_links = pytest.importorskip("chapter_links")
checks = pytest.importorskip("checks")
inline_svg = pytest.importorskip("inline_svg")
keep_together = pytest.importorskip("keep_together")
notebooks = pytest.importorskip("notebooks")
page_meta = pytest.importorskip("page_meta")


# --------------------------------------------------------------------------- cache_key


PAGE = """---
file_format: mystnb
kernelspec:
  display_name: Python 3
  name: python3
---
# A page

```{code-cell} ipython3
:tags: [hide-input]
%matplotlib inline
import numpy as np
from mnist_gd.losses import focal_loss
```
"""


@pytest.fixture
def code(monkeypatch):
    """The package's modules, to be edited; the key follows what is in their code."""

    def edit(module, change):
        source = change(_code.MODULES[f"mnist_gd.{module}"])
        monkeypatch.setitem(_code.MODULES, f"mnist_gd.{module}", source)
        monkeypatch.setitem(_code.digests(), f"mnist_gd.{module}", _code.digest(source))

    return edit


def more(source):
    return source + "\nNEW = 1\n"


@pytest.mark.parametrize("module", ["losses", "activations", "_validation"])
def test_key_follows_the_modules_that_a_page_imports_and_theirs(code, module):
    before = cache_key.page_key(PAGE)
    assert re.fullmatch(r"[0-9a-f]{12}", before)
    assert cache_key.page_key(PAGE) == before
    code(module, more)
    assert cache_key.page_key(PAGE) != before


@pytest.mark.parametrize("module", ["layers", "networks", "plots", "studies", "data"])
def test_key_leaves_out_what_a_page_does_not_import(code, module):
    before = cache_key.page_key(PAGE)
    code(module, more)
    assert cache_key.page_key(PAGE) == before


def test_key_leaves_out_comments_and_docstrings(code):
    before = cache_key.page_key(PAGE)
    code("losses", lambda source: source + "# a comment\n")
    code("activations", lambda source: source.replace("Rectified linear unit", "The ReLU"))
    assert cache_key.page_key(PAGE) == before


def test_key_counts_what_a_function_imports_when_it_is_called(code):
    """The curves of a history are drawn by a module that it imports only then."""
    page = PAGE.replace("mnist_gd.losses import focal_loss", "mnist_gd.history import History")
    before = cache_key.page_key(page)
    code("plots", more)
    assert cache_key.page_key(page) != before


def test_key_of_a_page_that_is_no_python_follows_everything(code):
    page = PAGE.replace("import numpy as np", "import numpy as")
    before = cache_key.page_key(page)
    code("studies", more)
    assert cache_key.page_key(page) != before


def test_key_follows_the_versions(monkeypatch):
    keys = {cache_key.page_key(PAGE)}
    monkeypatch.setattr(cache_key, "version", lambda name: "0.0")
    keys.add(cache_key.page_key(PAGE))
    monkeypatch.setattr(cache_key.platform, "python_version", lambda: "4.0.0")
    assert len(keys | {cache_key.page_key(PAGE)}) == 3


def test_key_follows_the_studies_that_a_page_shows(tmp_path):
    """Once they have been run in full, pages that show them are run again, others are not."""
    marker = tmp_path / "studies.json"
    shows = PAGE.replace("mnist_gd.losses import focal_loss", "mnist_gd import studies")
    keys = {page: cache_key.page_key(page, marker) for page in (PAGE, shows)}
    marker.write_text("{}", encoding="utf-8")
    assert cache_key.page_key(PAGE, marker) == keys[PAGE]
    assert cache_key.page_key(shows, marker) != keys[shows]


def test_key_stands_behind_the_name_of_the_kernel():
    """No line is added, so that warnings name the right ones."""
    text = cache_key.with_key(PAGE)
    assert f"display_name: Python 3 {cache_key.page_key(PAGE)}\n" in text
    assert len(text.splitlines()) == len(PAGE.splitlines())
    assert text.replace(f" {cache_key.page_key(PAGE)}", "") == PAGE
    for plain in ("# No front matter\n", PAGE.replace("  display_name: Python 3\n", "")):
        assert cache_key.with_key(plain) == plain


def test_every_page_that_runs_has_a_kernel_with_a_name():
    for path in sorted((ROOT / "book").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        runs = "{code-cell}" in text
        assert (cache_key.with_key(text) != text) == runs, path.name


# ------------------------------------------------------------------------------ checks


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("an accuracy of 0.98 on the test set", ["0.98"]),
        ("it reached 98.4% at last", ["98.4%"]),
        ("it reached 98 % at last", ["98 %"]),
        ("nine of ten, or 90 percent", ["90 percent"]),
        ("about 90 per cent.", ["90 per cent"]),
        ("a rate of .5 and one of 1e-5", [".5", "1e-5"]),
        ("a loss of 2.303.", ["2.303"]),
        ("costs 1,234.5 multiplications", ["1,234.5"]),
        ("between 0.1–0.2", ["0.1", "0.2"]),
    ],
)
def test_naked_numbers_are_found(text, found):
    assert checks.naked_numbers(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "60,000 images of 28 by 28 pixels, ten digits, five seeds",
        "in 1986. The next sentence",
        "under CC BY 4.0, with Python 3.11 or later",
        "chapter 3, step 2, 3Blue1Brown",
        "the file t10k.2.gz and version 1.2.6",
        "",
    ],
)
def test_other_numbers_are_left_alone(text):
    assert checks.naked_numbers(text) == []


@pytest.mark.parametrize(
    ("alt", "is_fine"),
    [
        ("A path that zigzags into a valley.", True),
        ("The file plot.svg as a drawing of a tree", True),
        (None, False),
        ("", False),
        ("   ", False),
        ("images/plot.png", False),
        ("_images/0b5cdd3b.SVG", False),
    ],
)
def test_alt_text(alt, is_fine):
    assert (checks.alt_problem(alt, "images/plot.png") is None) == is_fine


def test_alt_text_equal_to_the_uri_is_refused():
    assert "file name" in checks.alt_problem("picture", "picture")


def test_fill_alt():
    glued = {"losses-gap": {"data": {"text/plain": "'0.125'"}}}
    alt, missing = checks.fill_alt("Falls to {glue:text}`losses-gap`, {glue:text}`no`.", glued)
    assert alt == "Falls to 0.125, {glue:text}`no`."
    assert missing == ["no"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("with its top at □.. The next", 1),
        ("which is (9) . Put in", 1),
        ("at □ ,", 1),
        (". Put in □", 1),
        ("of □,, and", 1),
        ("the step:. The next", 1),
        ("the loss, , which", 1),
        ("and so on ... or ... until", 0),
        ("weights of 9 : 1 and", 0),
        ("weights of 9 : a", 1),
        ("Baydin et al., 2018; see e.g. □, □: it is .5, a 3:1 ratio, ‘:’ and (□).", 0),
    ],
)
def test_stops_out_of_place_are_found(text, found):
    assert len(checks.lost_stops(text)) == found


def test_what_is_read_has_a_sign_for_each_formula_and_code():
    from docutils.core import publish_doctree

    tree = publish_doctree("The *range* :math:`a..b`, or ``..``, is (:math:`c`).")
    assert checks.reading(tree) == "The range □, or □, is (□)."


# -------------------------------------------------------------------------- inline_svg

DRAWING = """<?xml version="1.0" encoding="utf-8" standalone="no"?>
<svg xmlns:xlink="http://www.w3.org/1999/xlink" xmlns="http://www.w3.org/2000/svg"
     width="144pt" height="72pt" viewBox="0 0 144 72" version="1.1">
 <metadata>made by</metadata>
 <defs><style type="text/css">*{stroke-linejoin: round}</style></defs>
 <g id="figure_1">
  <g id="patch_1"><path d="M 0 72 L 144 72" style="fill: #ffffff"/></g>
  <g id="axes_1">
   <g id="patch_2"><path d="M 0 1" style="fill: #ffffff"/></g>
   <path d="M 1.234567 2.5" clip-path="url(#p1)" style="fill: none; stroke: #000000"/>
   <defs><path id="m1" d="M 0 3" style="stroke: #000"/></defs>
   <use xlink:href="#m1" x="3.14159" y="2" style="fill: #d55e00; stroke: black"/>
   <g id="legend_1"><path d="M 9 9" style="fill: #ffffff; stroke: #cccccc"/></g>
   <text style="font-weight: 700; font-size: 12px; font-family: 'DejaVu Sans'">A &amp; B</text>
   <text style="fill: #ffffff">white</text>
   <text><tspan x="0" style="font-family: 'DejaVu Sans'">x</tspan>
     <tspan x="3"> </tspan></text>
  </g>
 </g>
 <defs><clipPath id="p1"><rect x="1" y="1" width="9" height="9"/></clipPath></defs>
</svg>"""


@pytest.fixture
def drawn():
    """The drawing as it stands in the page, parsed."""
    return ET.fromstring(inline_svg.inline(DRAWING, alt='Says "it" & <all>', prefix="svg3-"))


def every(root, name):
    """The elements of that name."""
    return list(root.iter(f"{{{inline_svg.SVG}}}{name}"))


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
    fills = [inline_svg.parse_style(path.get("style", "")).get("fill") for path in drawn.iter()]
    assert fills.count("none") == 3  # the figure, the axes, the line
    assert fills.count(inline_svg.PAGE_COLOUR) == 1  # the legend's frame
    assert fills.count("#ffffff") == 1  # the text
    assert fills.count("var(--fig-vermilion, #d55e00)") == 1


def test_inline_drops_unused_ids_and_prefixes_the_others(drawn):
    ids = {element.get("id") for element in drawn.iter() if element.get("id")}
    assert ids == {"svg3-m1", "svg3-p1"}
    assert every(drawn, "use")[0].get("href") == "#svg3-m1"
    assert any(path.get("clip-path") == "url(#svg3-p1)" for path in every(drawn, "path"))


def test_inline_leaves_fonts_to_the_page_but_for_placed_glyphs(drawn):
    title, _, formula = every(drawn, "text")
    assert title.get("style") == "font-weight: 700; font-size: 12px"
    assert title.text == "A & B"
    assert "DejaVu" in formula[0].get("style")
    assert formula[1].text == " "


def test_inline_writes_the_prime_of_a_formula():
    prime = DRAWING.replace("'DejaVu Sans'\">x</tspan>", "'cmsy10'\">0</tspan>")
    assert "′</" in inline_svg.inline(prime)
    assert "0</" in inline_svg.inline(prime.replace("cmsy10", "DejaVu Sans"))


def test_inline_slims(drawn):
    assert not every(drawn, "metadata")
    assert not every(drawn, "style")  # it would have styled the whole page
    assert every(drawn, "use")[0].get("x") == "3.14"
    assert every(drawn, "path")[2].get("d") == "M 1.23 2.5"


def test_inline_takes_a_width_and_needs_no_alt():
    root = ET.fromstring(inline_svg.inline(DRAWING, width="50%"))
    assert inline_svg.parse_style(root.get("style"))["width"] == "50%"
    assert root.get("aria-label") is None


def test_inline_names_the_colours_of_the_palette_and_no_others():
    from mnist_gd.plots import PALETTE

    assert set(inline_svg.COLOURS) == {colour.lower() for colour in PALETTE}
    style = {"fill": "#0072B2", "stroke": "#0072b3"}
    inline_svg.recolour(style, is_text=True)
    assert style == {"fill": "var(--fig-blue, #0072b2)", "stroke": "#0072b3"}


def sized(*sizes, width="300pt"):
    """A root of that width with texts of those sizes."""
    texts = "".join(f'<text style="font-size: {size}px">a</text>' for size in sizes)
    return ET.fromstring(f'<svg xmlns="{inline_svg.SVG}" width="{width}">{texts}</svg>')


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
    assert inline_svg.legible_width(root) == (width and pytest.approx(width))


def test_inline_stays_legible(drawn):
    assert "min-width: 120px" in drawn.get("style")  # 144 points with text of 12


@pytest.mark.parametrize("svg", ["", "no xml", "<html/>"])
def test_inline_refuses_what_is_not_svg(svg):
    with pytest.raises(ValueError, match="svg"):
        inline_svg.inline(svg)


# ------------------------------------------- the palette in the style sheet, in both modes

STYLE = (ROOT / "book" / "_static" / "custom.css").read_text(encoding="utf-8")


def variables(selector):
    """The colours that the style sheet sets for a selector, all its blocks together."""
    blocks = re.findall(rf"^ *{re.escape(selector)} {{(.*?)^ *}}", STYLE, re.MULTILINE | re.DOTALL)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", "".join(blocks)))


LIGHT = {"pst-color-background": "#ffffff"} | variables(":root")
LIGHT |= variables('html[data-theme="light"]')
DARK = variables('html[data-theme="dark"]')


def linear(colour):
    """The three components of a colour as amounts of light."""
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """The contrast of two colours as WCAG 2 defines it."""
    low, high = sorted(linear(colour) @ [0.2126, 0.7152, 0.0722] for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


# What a reader without one kind of cones sees: Machado, Oliveira and Fernandes, 2009.
VISION = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def lab(light):
    """CIE L*a*b* of amounts of light, under D65."""
    xyz = np.clip(light, 0, 1) @ np.array(
        [[0.41246, 0.21267, 0.01933], [0.35758, 0.71515, 0.11919], [0.18044, 0.07218, 0.95030]]
    )
    t = xyz / [0.95047, 1, 1.08883]
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("mode", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", inline_svg.COLOURS.values())
def test_a_colour_of_the_figures_stands_out_from_the_page_and_from_boxes(mode, name):
    for ground in ("pst-color-background", "pst-color-surface"):
        assert contrast(mode[f"fig-{name}"], mode[ground]) >= 3


@pytest.mark.parametrize("mode", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("vision", VISION)
def test_every_reader_can_tell_the_colours_apart(mode, vision):
    seen = [lab(VISION[vision] @ linear(mode[f"fig-{n}"])) for n in inline_svg.COLOURS.values()]
    for i, one in enumerate(seen):
        for other in seen[:i]:
            assert np.linalg.norm(one - other) > 12  # 2 is what can just be noticed


def test_text_has_the_contrast_that_small_letters_need():
    for mode in (LIGHT, DARK):
        for name in ("text-base", "text-muted", "heading", "link", "inline-code", "primary"):
            for ground in ("background", "surface"):
                assert contrast(mode[f"pst-color-{name}"], mode[f"pst-color-{ground}"]) >= 4.5


# What draws and writes in the live figures and the drawing pad takes its colours from there.

OTHERS = [p for p in sorted((ROOT / "book" / "_extra").rglob("*.*s*")) if "mathjax" not in p.parts]
RULE = re.compile(r"([^{};]+){([^{}]*)}")
UNSEEN = {"pst-color-background", "pst-color-surface"}
DECORATION = {"pst-color-border"}  # frames and grids, without which nothing is lost
PAINTS = re.compile(r"^\s*(fill|stroke|color|background|border(?:-left|-color)?): (.*);", re.M)


def painted(style):
    """What each rule of a style sheet paints with: selector, property, variable, opacity."""
    for selector, body in RULE.findall(re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)):
        for name, value in PAINTS.findall(body):
            opacity = re.search(rf"^\s*(?:{name}-)?opacity: ([\d.]+);", body, re.MULTILINE)
            variable = re.search(r"var\(--([\w-]+)\)|(currentColor)", value)
            if variable:
                colour = variable[1] or "pst-color-text-base"
                yield selector.strip(), name, colour, float(opacity[1]) if opacity else 1.0


def mixed(colour, ground, opacity):
    """A colour that lets its ground through."""
    pairs = [(int(colour[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(opacity * a + (1 - opacity) * b):02x}" for a, b in pairs)


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.name)
def test_no_other_file_has_colours_of_its_own(path):
    found = re.findall(
        r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|hwb|lab|lch)a?\(", path.read_text(encoding="utf-8"), re.I
    )
    assert found == []


@pytest.mark.parametrize("mode", [LIGHT, DARK], ids=["light", "dark"])
def test_what_is_drawn_live_stands_out_from_the_page(mode):
    seen = set()
    for path in OTHERS:
        if path.suffix == ".css":
            for selector, name, colour, opacity in painted(path.read_text(encoding="utf-8")):
                area = name in ("fill", "background") and opacity < 0.5  # behind a line
                if colour in UNSEEN | DECORATION or area:
                    continue
                ground = mode["pst-color-background"]
                least = 4.5 if "text" in selector or name == "color" else 3
                value = contrast(mixed(mode[colour], ground, opacity), ground)
                assert value >= least, f"{selector}: {name} of {value:.2f}:1"
                seen.add(colour)
    assert {"fig-blue", "fig-vermilion", "fig-green", "fig-orange"} <= seen


# ------------------------------------------------- chapter_links, page_meta, keep_together


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("half of :math:`x`. It", ["$."]),
        ("(:math:`x`), that", ["($),"]),
        ("the :math:`x`-th one", ["$-th"]),
        ("of :math:`x` and :math:`y`, too", ["$,"]),
        ("of :math:`x` so", []),
        (":math:`x`", []),
    ],
)
def test_a_formula_keeps_what_touches_it(text, kept):
    from docutils.core import publish_doctree

    tree = publish_doctree(text)
    before = tree.astext()
    for formula in list(tree.findall(keep_together.nodes.math)):
        keep_together.keep_together(formula)
    together = [node for node in tree.findall(keep_together.nodes.inline)]
    assert [
        node.astext().replace("x", "$").replace("y", "$").replace("4", "$") for node in together
    ] == kept
    assert tree.astext() == before


def test_no_text_is_moved_however_alike_the_pieces_are():
    """All paragraphs of up to seven pieces, among them texts that are equal."""
    nodes = keep_together.nodes
    kept = 0
    for length in range(1, 8):
        for pieces in itertools.product(["$", ".", " ("], repeat=length):
            paragraph = nodes.paragraph()
            for piece in pieces:
                paragraph += nodes.math("", "$") if piece == "$" else nodes.Text(piece)
            for formula in list(paragraph.findall(nodes.math)):
                keep_together.keep_together(formula)
            assert paragraph.astext() == "".join(pieces)
            kept += len(list(paragraph.findall(nodes.inline)))
    assert kept > 1000


@pytest.mark.parametrize("page", chapter_links.MODULES)
def test_a_chapter_leads_to_its_modules_tests_and_notebook(page):
    assert (ROOT / "book" / f"{page}.md").is_file()
    line = chapter_links.line(page)
    targets = {node["reftarget"] for node in line.findall(chapter_links.addnodes.pending_xref)}
    links = {node["refuri"] for node in line.findall(chapter_links.nodes.reference)}
    for module in chapter_links.MODULES[page]:
        assert (ROOT / "mnist_gd" / f"{module}.py").is_file()
        assert (ROOT / "tests" / f"test_{module}.py").is_file()
        assert f"mnist_gd.{module}" in targets
        assert f"tests/test_{module}.html" in links
    assert f'href="notebooks/{page}.ipynb"' in line.astext()


def test_another_page_leads_to_its_notebook_alone():
    line = chapter_links.line("diary")
    assert not list(line.findall(chapter_links.nodes.reference))
    assert line.astext().startswith("Notebook ")


def test_description_is_the_first_paragraph_in_plain_words():
    from docutils.core import publish_doctree

    words = "The valley is steep on one side and flat on the other. " * 9
    about = page_meta.description(
        publish_doctree(f"Short.\n\nWith math :math:`x^2` {words}\n\n{words}")
    )
    assert about.startswith("The valley is steep")
    assert about.endswith(" …")
    assert len(about) <= page_meta.LONGEST + 2
    assert page_meta.description(None) == ""


def test_tags_are_escaped_and_left_out_where_there_is_nothing_to_say():
    tags = page_meta.tags('A "title" & <more>', "", "", "_static/card.png", "Site")
    assert 'property="og:title" content="A &quot;title&quot; &amp; &lt;more&gt;"' in tags
    assert 'name="twitter:image" content="_static/card.png"' in tags
    assert "description" not in tags
    assert "og:url" not in tags


def test_the_card_is_there_in_the_size_that_the_tags_name():
    png = (ROOT / "book" / page_meta.CARD).read_bytes()
    assert [int.from_bytes(png[i : i + 4], "big") for i in (16, 20)] == [1200, 630]


def test_the_style_sheet_finds_its_fonts():
    fonts = re.findall(r'url\("(fonts/[^"]+)"\)', STYLE)
    assert fonts
    for font in fonts:
        assert (ROOT / "book" / "_static" / font).read_bytes()[:4] == b"wOF2"


HEAD = """---
file_format: mystnb
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
"""

# --------------------------------------------------------------------------- notebooks

MODULE = """import numpy as np


@np.vectorize
def double(x):
    return 2 * x


class Layer:
    def forward(self, x):
        return x
"""

CHAPTER = (
    HEAD
    + r"""
(sec-page)=
# Page

Glued {glue:text}`page-value`, {eq}`eq-page`, {numref}`fig-page`, {cite:p}`lecun1998,nesterov1983`.
See {doc}`other`, [](other.md), {ref}`the start <sec-page>`, {py:func}`~package.module.double`.

$$
\begin{aligned}
y &= 2 x
\end{aligned}
$$ (eq-page)

```{literalinclude} module.py
:language: python
:pyobject: double
```

````{exercise} Doubling
:label: ex-page

Double $x$.

```python
kept = "{eq}`as it is`"
```
````

```{code-cell} ipython3
---
mystnb:
  figure:
    name: fig-page
    caption: |
      A line to {glue:text}`page-value`.
  image:
    alt: A line.
tags: [hide-input]
---
print(1)
```

:::{admonition} A box
:class: tip
Inside.
:::

```{raw} html
<p>only in the page</p>
```
"""
)


@pytest.fixture
def made(tmp_path):
    """The notebook of a chapter with everything in it."""
    (tmp_path / "module.py").write_text(MODULE, encoding="utf-8")
    plain = notebooks.Plain(tmp_path, {"page-value": "0.125"}, {"other": "The other"})
    return notebooks.notebook(CHAPTER, plain, "Install it.")


def test_notebook_has_plain_markdown(made):
    head, text, code, caption, box = made.cells
    assert head.source == "Install it."
    assert text.source.startswith("# Page\n\nGlued 0.125, (eq-page), Figure (fig-page), ")
    assert "[lecun1998, nesterov1983]" in text.source
    assert "See *The other*, *The other*, the start, `double`." in text.source
    assert "\\end{aligned} \\tag{eq-page}\n$$" in text.source
    assert "```python\n@np.vectorize\ndef double(x):\n    return 2 * x\n```" in text.source
    assert "**Exercise (Doubling).**\n\nDouble $x$." in text.source
    assert "{eq}`as it is`" in text.source  # in a block of code nothing is changed
    assert code.source == "print(1)"
    assert caption.source == "**Figure (fig-page).** A line to 0.125."
    assert box.source == "Inside."


def test_notebook_is_valid_runs_in_python_and_is_repeatable(made, tmp_path):
    notebooks.nbformat.validate(made)
    assert made.metadata.kernelspec.name == "python3"
    assert made.cells[2].metadata.tags == ["hide-input"]
    plain = notebooks.Plain(tmp_path, {"page-value": "0.125"}, {"other": "The other"})
    assert notebooks.notebook(CHAPTER, plain, "Install it.") == made


def test_source_of_a_method_and_of_a_file(tmp_path):
    (tmp_path / "module.py").write_text(MODULE, encoding="utf-8")
    method = notebooks.source_of(tmp_path / "module.py", "Layer.forward")
    assert method == "def forward(self, x):\n    return x"
    assert notebooks.source_of(tmp_path / "module.py", None) == MODULE.strip()
    with pytest.raises(StopIteration):
        notebooks.source_of(tmp_path / "module.py", "nowhere")


# ------------------------------------------------------------- all of it in a real build

SOUND = (
    HEAD
    + r"""
# Page

```{code-cell} ipython3
from matplotlib import pyplot as plt
from matplotlib_inline.backend_inline import set_matplotlib_formats
from myst_nb import glue

from mnist_gd.values import VALUE

set_matplotlib_formats("svg")
plt.rcParams["svg.fonttype"] = "none"
glue("page-value", "0.125", display=False)
with open("runs.txt", "a", encoding="utf-8") as runs:
    runs.write("once ")
```

Glued {glue:text}`page-value`, math $0.5$, code `0.5`, 60,000 images, **{glue:text}`page-value`**.

| a | b |
| --- | --- |
| $0.25$ | {glue:text}`page-value` |

```{code-cell} ipython3
---
mystnb:
  figure:
    name: fig-page
    caption: |
      A line that ends at {glue:text}`page-value`.
  image:
    alt: A line that ends at {glue:text}`page-value`.
---
plt.plot([0, 1], [0, 1], color="black")
plt.xlabel("".join(["un", "findable"]))
plt.show()
print("0.75")
```

See {numref}`fig-page`.
"""
)

#: A line that makes the page unsound, and what the build must say about it.
UNSOUND = {
    "a number": ("It reached 0.98 at last.", "'0.98' is typed into prose"),
    "a number in a table": ("| a |\n| --- |\n| 97% |", "'97%' is typed into prose"),
    "a number in a heading": ("## A rate of 0.3", "'0.3' is typed into prose"),
    "a number in a box": (":::{note}\nAbout 12.5 of them.\n:::", "'12.5' is typed into prose"),
    "a number in a caption": (
        "```{figure} picture.svg\n:alt: A tree.\n\nAbout 12.5 of them.\n```",
        "'12.5' is typed into prose",
    ),
    "an image without alt": ("![](picture.svg)", "an image has no alt text"),
    "an image with its name": (
        "![picture.svg](picture.svg)",
        "an image has a file name as its alt text",
    ),
    "a cell's figure without alt": (
        "```{code-cell} ipython3\nplt.plot([0, 1])\nplt.show()\n```",
        "an image has no alt text",
    ),
    "an img tag without alt": ('<img src="picture.svg">', "an <img> has no alt text"),
    "an alt with an unknown key": (
        "```{image} picture.svg\n:alt: Ends at {glue:text}`page-no`.\n```",
        "no glued text named 'page-no'",
    ),
    "an unknown glued key": ("{glue:text}`page-nowhere`", "No key 'page-nowhere'"),
    "an unknown reference": ("See {eq}`eq-nowhere`.", "eq-nowhere"),
    "a cell that raises": ("```{code-cell} ipython3\n1 / 0\n```", "ZeroDivisionError"),
    "a cell that warns": (
        '```{code-cell} ipython3\nimport warnings\nwarnings.warn("oh")\n```',
        "stderr was found in the cell outputs",
    ),
}


def make_book(folder, page):
    """Lay a book of one page beside the real configuration and extensions."""
    book = folder / "book"
    book.mkdir(parents=True)
    shutil.copytree(ROOT / "book" / "_ext", book / "_ext")
    shutil.copytree(ROOT / "book" / "_static", book / "_static")
    shutil.copytree(ROOT / "book" / "_templates", book / "_templates")
    (book / "_extra").mkdir()
    shutil.copy(ROOT / "book" / "_config.yml", book)
    (book / "_toc.yml").write_text("format: jb-book\nroot: page\n", encoding="utf-8")
    (book / "references.bib").write_text("", encoding="utf-8")
    (book / "picture.svg").write_text(DRAWING, encoding="utf-8")
    (book / "page.md").write_text(page, encoding="utf-8")
    package = folder / "mnist_gd"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "values.py").write_text("VALUE = 1\n", encoding="utf-8")
    (package / "others.py").write_text("VALUE = 1\n", encoding="utf-8")
    for name in ("_code.py", "_progress.py"):
        shutil.copy(ROOT / "mnist_gd" / name, package)
    return book


def build(book):
    """Build as `make book` does; return the exit code and what was said."""
    start = "from jupyter_book.cli.main import main; main()"  # it has no `python -m`
    command = [sys.executable, "-c", start, "build", str(book)]
    done = subprocess.run(
        [*command, "-W", "--keep-going", "--all"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    return done.returncode, said


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A sound book, built once: its folder, its page's HTML and what the build said."""
    book = make_book(tmp_path_factory.mktemp("sound"), SOUND)
    code, said = build(book)
    assert code == 0, said
    return book, (book / "_build" / "html" / "page.html").read_text(encoding="utf-8"), said


def test_a_sound_page_passes_and_has_its_figure_inside(sound):
    _, html, _ = sound
    figure = re.search(r"<figure\b.*?</figure>", html, re.DOTALL).group()
    assert 'id="fig-page"' in figure
    assert re.search(r'<svg\b[^>]*\brole="img"', figure)
    assert 'aria-label="A line that ends at 0.125."' in figure
    assert "currentColor" in figure
    assert "<img" not in figure
    assert "Fig. 1" in figure
    assert "unfindable" in figure


def test_a_page_says_what_it_is_about_and_where_its_notebook_is(sound):
    book, html, _ = sound
    assert '<meta property="og:title" content="Page" />' in html
    assert 'content="./_static/social-card.png"' in html
    assert '<a href="notebooks/page.ipynb" download>' in html
    assert 'href="notebooks/page.ipynb" target="_blank"' in html  # the theme's menu
    notebook = notebooks.nbformat.read(
        book / "_build" / "html" / "notebooks" / "page.ipynb", as_version=4
    )
    assert any("0.125" in cell.source for cell in notebook.cells)


def test_the_build_says_which_pages_run_and_that_none_has_to(sound):
    book, _, said = sound
    assert "pages to run: 1 (page)" in said
    assert "1 of 1 pages have run" in said
    code, said = build(book)
    assert code == 0, said
    assert "pages to run: none" in said
    assert "pages have run" not in said


def test_a_page_does_without_the_script_of_icons(sound):
    _, html, _ = sound
    assert "fontawesome.js" not in html
    assert re.search(r"<script defer[^>]*pydata-sphinx-theme.js", html)


def test_words_in_a_figure_are_not_searched(sound):
    book, _, _ = sound
    index = (book / "_build" / "html" / "searchindex.js").read_text(encoding="utf-8")
    assert "unfind" not in index
    assert "glu" in index


def test_an_edit_runs_a_page_that_depends_on_it_and_no_other(sound):
    """What is taken back has been run before."""
    book, _, _ = sound
    package = book.parent / "mnist_gd"

    def runs_after(path, content):
        path.write_text(content, encoding="utf-8")
        code, said = build(book)
        assert code == 0, said
        return (book / "runs.txt").read_text(encoding="utf-8").count("once")

    page = book / "page.md"
    prose = page.read_text(encoding="utf-8")
    assert runs_after(page, prose + "\nMore prose.\n") == 1  # the fixture's
    assert runs_after(package / "others.py", "VALUE = 2\n") == 1
    assert runs_after(package / "values.py", "VALUE = 1  # a comment\n") == 1
    assert runs_after(package / "values.py", "VALUE = 2\n") == 2
    assert runs_after(package / "values.py", "VALUE = 1\n") == 2


def test_everything_unsound_is_named_and_fails_the_build_each_time(tmp_path):
    """All but the raising cell in one build, which is slow; a second build fails as well."""
    wrong = {key: value for key, value in UNSOUND.items() if key != "a cell that raises"}
    page = SOUND + "\n\n" + "\n\n".join(line for line, _ in wrong.values()) + "\n"
    book = make_book(tmp_path, page)
    for _ in range(2):
        code, said = build(book)
        assert code != 0
        missing = [key for key, (_, message) in wrong.items() if message not in said]
        assert not missing, said
        assert not re.search(r"\.md:: .*checks", said), said  # each names its line


@pytest.mark.parametrize("key", ["a number", "an image without alt", "a cell that raises"])
def test_each_alone_fails_the_build(tmp_path, key):
    line, message = UNSOUND[key]
    code, said = build(make_book(tmp_path, SOUND + "\n\n" + line + "\n"))
    assert code != 0
    assert message in said
