"""All extensions in real builds of a book of one page."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from tests.ext.samples import DRAWING, HEAD

ROOT = Path(__file__).resolve().parents[2]
pytest.importorskip("myst_nb", reason="the extra 'book' is not installed")
nbformat = pytest.importorskip("nbformat", reason="the extra 'book' is not installed")

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

Glued {glue:text}`page-value`, math $x^2$ and $0.5$, code `0.5`, 60,000 images,
**{glue:text}`page-value`**.

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
    shutil.copytree(ROOT / "book" / "_extra" / "run", book / "_extra" / "run")
    (book / "_extra" / "run" / "__pycache__").mkdir(exist_ok=True)
    (book / "_extra" / "run" / "__pycache__" / "kernel.cpython-311.pyc").touch()
    shutil.copy(ROOT / "book" / "_config.yml", book)
    shutil.copy(ROOT / "book" / "runtime.py", book)
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
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
        encoding="utf-8",
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
    notebook = nbformat.read(book / "_build" / "html" / "notebooks" / "page.ipynb", as_version=4)
    assert any("0.125" in cell.source for cell in notebook.cells)


def test_the_build_says_which_pages_run_and_that_none_has_to(sound):
    book, _, said = sound
    assert "pages to run: 1 (page)" in said
    assert "1 of 1 pages have run" in said
    code, said = build(book)
    assert code == 0, said
    assert "pages to run: none" in said
    assert "pages have run" not in said


def test_what_python_has_compiled_is_not_published(sound):
    """It holds the time of its source, and no two books would be the same."""
    html = sound[0] / "_build" / "html"
    assert (html / "run" / "kernel.py").is_file()
    assert not [*html.rglob("__pycache__")]


def test_a_book_without_a_runtime_is_built_and_says_so(sound):
    book, html, said = sound
    assert said.count("no Run buttons, for the browser's Python lacks runtime.toml") == 1
    assert 'name="runtime"' not in html
    assert not (book / "_build" / "html" / "runtime").exists()
    assert "Open as a notebook in the browser" not in html
    assert not (book / "_build" / "html" / "lite").exists()


def test_a_page_does_without_the_script_of_icons(sound):
    _, html, _ = sound
    assert "fontawesome.js" not in html
    assert re.search(r"<script defer[^>]*pydata-sphinx-theme.js", html)


def test_a_book_holds_the_fonts_of_its_formulas_and_the_script_for_those_of_readers(sound):
    book, html, _ = sound
    built = book / "_build" / "html"
    assert "<mjx-container" in html
    assert "tex-chtml.js" not in html
    style = (built / "_static" / "book.css").read_text(encoding="utf-8")
    asked = set(re.findall(r'url\("([^"]*MathJax_[^"]*)"\)', style))
    assert len(asked) > 20
    fonts = [built / "_static" / address for address in asked]
    assert all(path.read_bytes()[:4] == b"wOFF" for path in fonts)
    assert b"MathJax_Zero" in (built / "mathjax" / "tex-chtml.js").read_bytes()
    assert "Apache License" in (built / "mathjax" / "LICENSE").read_text(encoding="utf-8")
    size = sum(path.stat().st_size for path in (built / "mathjax").rglob("*") if path.is_file())
    assert size < 1.7e6


def test_a_style_sheet_asks_for_those_icons_alone_that_a_page_shows(sound):
    book, html, _ = sound
    static = book / "_build" / "html" / "_static"
    style = (static / "book.css").read_text(encoding="utf-8")
    assert "fa-solid-900.woff2" not in style
    font = TTFont(static / "fonts" / "icons.woff")
    shown = set(re.findall(r"\bfa-([a-z-]+)\b", html)) - {"solid", "lg", "fw"}
    assert len(shown) > 5
    for name in shown:
        (icon,) = re.search(rf'\.fa-{name}\b[^{{]*{{[^}}]*"(.)"', style).groups()
        assert ord(icon) in font.getBestCmap(), name
    assert len(font.getGlyphOrder()) < 100


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
    assert (
        runs_after(page, page.read_text(encoding="utf-8") + "\nMore prose.\n") == 1
    )  # the fixture's
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
