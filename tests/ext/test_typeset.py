"""Formulas are set when the book is built."""

import importlib.util
import re
from pathlib import Path

import pytest

pytest.importorskip("py_mini_racer", reason="the extra 'book' is not installed")
from sphinx.errors import SphinxError

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("typeset", ROOT / "book" / "_ext" / "typeset.py")
typeset = importlib.util.module_from_spec(spec)
spec.loader.exec_module(typeset)


def letters(html):
    """The signs that a formula shows, as the names of their classes tell."""
    return "".join(chr(int(code, 16)) for code in re.findall(r'class="mjx-c([0-9A-F]+)', html))


def test_a_formula_is_html_with_mathml_for_screen_readers():
    html = typeset.typeset(r"\frac{a}{2} < b", display=False)
    shown, read = html.split("<mjx-assistive-mml")
    assert letters(shown) == "\U0001d44e2<\U0001d44f"
    assert "<mjx-frac" in shown
    assert 'display="true"' not in shown
    assert "<mfrac><mi>a</mi><mn>2</mn></mfrac><mo>&lt;</mo>" in re.sub(
        r" [a-z-]+=\"\w+\"", "", read
    )


def test_a_displayed_formula_is_told_apart():
    html = typeset.typeset(r"\begin{split}a &= b \\ &= \boldsymbol{c}\end{split}", display=True)
    assert re.match(r'<mjx-container [^>]*display="true"', html)
    assert html.count("<mjx-mtr") == 2


@pytest.mark.parametrize("wrong", [r"\frac{a}", r"\nothing", r"a}", r"\begin{split}a"])
def test_what_cannot_be_set_is_named(wrong):
    with pytest.raises(SphinxError, match=re.escape(wrong)):
        typeset.typeset(wrong, display=False)


def test_the_style_has_what_a_formula_uses_and_the_way_to_its_fonts():
    style = typeset.engine().call("style")
    used = set(re.findall(r'class="(mjx-c[0-9A-F]+)', typeset.typeset(r"\sum x", display=True)))
    assert len(used) == 2
    assert all(f".{name}::before" in style or f".{name}.TEX" in style for name in used)
    sources = re.findall(r'url\("([^"]+)"\)', style)
    assert {Path(source).parent.as_posix() for source in sources} == {
        f"../{typeset.FOLDER}/{typeset.FONTS}"
    }
