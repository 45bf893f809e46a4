"""The book's own Sphinx extensions: the cache's key, the checks, the figures in the page."""

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytest.importorskip("myst_nb", reason="the extra 'book' is not installed")

cache_key = pytest.importorskip("cache_key")
checks = pytest.importorskip("checks")
inline_svg = pytest.importorskip("inline_svg")


# --------------------------------------------------------------------------- cache_key


@pytest.fixture
def package(tmp_path):
    """A package of two modules with the sums of its data."""
    folder = tmp_path / "package"
    (folder / "mnist").mkdir(parents=True)
    (folder / "__init__.py").write_text("one = 1\n")
    (folder / "losses.py").write_text("two = 2\n")
    (folder / "mnist" / "SHA256SUMS").write_text("abc  archive.gz\n")
    return folder


def test_key_is_the_same_for_the_same_content(package):
    assert cache_key.cache_key(package) == cache_key.cache_key(package)
    assert re.fullmatch(r"[0-9a-f]{12}", cache_key.cache_key(package))


@pytest.mark.parametrize("name", ["__init__.py", "losses.py", "mnist/SHA256SUMS"])
def test_key_follows_an_edit_and_its_taking_back(package, name):
    before = cache_key.cache_key(package)
    path = package / name
    content = path.read_text()
    path.write_text(content + "# edited\n")
    assert cache_key.cache_key(package) != before
    path.write_text(content)
    assert cache_key.cache_key(package) == before


def test_key_follows_a_new_a_renamed_and_a_removed_module(package):
    keys = [cache_key.cache_key(package)]
    (package / "layers.py").write_text("three = 3\n")
    keys.append(cache_key.cache_key(package))
    (package / "layers.py").rename(package / "networks.py")
    keys.append(cache_key.cache_key(package))
    (package / "losses.py").unlink()
    keys.append(cache_key.cache_key(package))
    assert len(set(keys)) == 4


def test_key_ignores_what_cells_do_not_run_on(package):
    before = cache_key.cache_key(package)
    (package / "notes.txt").write_text("nothing")
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "losses.cpython-311.pyc").write_bytes(b"\0")
    assert cache_key.cache_key(package) == before


def test_key_follows_the_versions(package, monkeypatch):
    before = cache_key.cache_key(package)
    monkeypatch.setattr(cache_key, "version", lambda name: "0.0")
    other_library = cache_key.cache_key(package)
    monkeypatch.setattr(cache_key.platform, "python_version", lambda: "4.0.0")
    assert len({before, other_library, cache_key.cache_key(package)}) == 3


def test_cache_key_follows_the_studies(package, tmp_path):
    """Once they have been run in full, pages that show them are run again."""
    marker = tmp_path / "studies.json"
    before = cache_key.cache_key(package)
    assert cache_key.cache_key(package, studies=marker) == before
    marker.write_text("{}")
    first = cache_key.cache_key(package, studies=marker)
    marker.write_text('{"seconds": 1}')
    assert len({before, first, cache_key.cache_key(package, studies=marker)}) == 3


def test_key_reads_the_packages_own_sources():
    names = {path.name for path in cache_key.PACKAGE.rglob("*.py")}
    assert {"__init__.py", "losses.py", "networks.py"} <= names
    assert (cache_key.PACKAGE / "mnist" / "SHA256SUMS").is_file()


def test_prune_keeps_the_last_used(tmp_path):
    for age, name in enumerate(["newest", "newer", "older", "oldest"]):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))
    cache_key.prune(tmp_path, kept=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["newer", "newest"]


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
    assert fills.count("#d55e00") == 1  # a colour is a colour


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


def test_inline_slims(drawn):
    assert not every(drawn, "metadata")
    assert not every(drawn, "style")  # it would have styled the whole page
    assert every(drawn, "use")[0].get("x") == "3.14"
    assert every(drawn, "path")[2].get("d") == "M 1.23 2.5"


def test_inline_takes_a_width_and_needs_no_alt():
    root = ET.fromstring(inline_svg.inline(DRAWING, width="50%"))
    assert root.get("style").endswith("width: 50%")
    assert root.get("aria-label") is None


@pytest.mark.parametrize("svg", ["", "no xml", "<html/>"])
def test_inline_refuses_what_is_not_svg(svg):
    with pytest.raises(ValueError, match="svg"):
        inline_svg.inline(svg)


# ------------------------------------------------------------- all of it in a real build

HEAD = """---
file_format: mystnb
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
"""

SOUND = (
    HEAD
    + r"""
# Page

```{code-cell} ipython3
from matplotlib import pyplot as plt
from matplotlib_inline.backend_inline import set_matplotlib_formats
from myst_nb import glue

set_matplotlib_formats("svg")
plt.rcParams["svg.fonttype"] = "none"
glue("page-value", "0.125", display=False)
with open("runs.txt", "a") as runs:
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
    (book / "_extra").mkdir()
    shutil.copy(ROOT / "_config.yml", folder)
    (folder / "_toc.yml").write_text("format: jb-book\nroot: page\n")
    for name in ("_config.yml", "_toc.yml"):
        (book / name).symlink_to(f"../{name}")
    (book / "references.bib").write_text("")
    (book / "picture.svg").write_text(DRAWING)
    (book / "page.md").write_text(page)
    package = folder / "mnist_gd"
    package.mkdir()
    (package / "__init__.py").write_text("VALUE = 1\n")
    return book


def build(book):
    """Build as `make book` does; return the exit code and what was said."""
    start = "from jupyter_book.cli.main import main; main()"  # it has no `python -m`
    command = [sys.executable, "-c", start, "build", str(book)]
    done = subprocess.run(
        [*command, "-W", "--keep-going", "--all"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
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
    return book, (book / "_build" / "html" / "page.html").read_text(), said


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


def test_words_in_a_figure_are_not_searched(sound):
    book, _, _ = sound
    index = (book / "_build" / "html" / "searchindex.js").read_text()
    assert "unfind" not in index
    assert "glu" in index


def test_the_cache_serves_an_unchanged_page_and_not_a_changed_package(sound):
    book, _, _ = sound
    package = book.parent / "mnist_gd" / "__init__.py"
    content = package.read_text()

    def runs_after_building():
        code, said = build(book)
        assert code == 0, said
        return (book / "runs.txt").read_text().count("once")

    assert runs_after_building() == 1  # the fixture's
    package.write_text("VALUE = 2\n")
    assert runs_after_building() == 2
    package.write_text(content)
    assert runs_after_building() == 2


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
