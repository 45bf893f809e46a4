"""About how tall a section is."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

nodes = pytest.importorskip("docutils.nodes", reason="the extra 'book' is not installed")

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "book" / "_ext" / "section_rows.py"
spec = importlib.util.spec_from_file_location("section_rows", FILE)
section_rows = importlib.util.module_from_spec(spec)
spec.loader.exec_module(section_rows)

TEXT = nodes.paragraph("", "word " * 120)  # 600 letters
CODE = nodes.literal_block("", "a\nb\nc\n")


def section(name, *children):
    return nodes.section("", *(child.deepcopy() for child in children), ids=[name])


def test_what_is_shown_takes_rows():
    assert section_rows.rows(TEXT) == 11.5
    assert section_rows.rows(CODE) == 6
    assert section_rows.rows(nodes.math_block("", r"a \\ b")) == 8
    whole = section("whole", TEXT, CODE, nodes.image())
    assert section_rows.rows(whole) == 11.5 + 6 + 22


def test_what_is_folded_takes_few_but_what_came_out():
    output = nodes.container("", TEXT.deepcopy(), classes=["cell_output"])
    cell = nodes.container("", CODE.deepcopy(), output, classes=["tag_hide-input"])
    assert section_rows.rows(cell) == 3 + 11.5


def test_sections_of_a_page_bear_their_rows():
    document = SimpleNamespace(
        findall=section("top", section("one", TEXT), section("two")).findall
    )
    context = {
        "body": '<section id="one"><p id="one"></p></section><section id="other"></section>'
    }
    section_rows.tell(None, "page", "page.html", context, document)
    assert context["body"] == (
        '<section style="--rows: 12" id="one"><p id="one"></p></section>'
        '<section id="other"></section>'
    )
