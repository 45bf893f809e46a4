"""Formulas keep what touches them."""

import itertools

import pytest

keep_together = pytest.importorskip("keep_together", reason="the extra 'book' is not installed")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("half of :math:`x`. It", ["$."]),
        ("(:math:`x`), that", ["($),"]),
        ("the :math:`x`-th one", ["$-th"]),
        ("of :math:`x` and :math:`y`, too", ["$,"]),
        ("of :math:`x` so", []),
        (":math:`x`", []),
        ("has :math:`x` = 1, or", ["$_=_"]),
        ("has :math:`x` =\n1, or", ["$_=_"]),
        ("has :math:`x =` 1, or", ["$ =_"]),
        ("has :math:`x` and = 1", []),
    ],
)
def test_a_formula_keeps_what_touches_it(text, kept):
    from docutils.core import publish_doctree

    tree = publish_doctree(text)
    before = tree.astext().replace("\n", " ")
    for formula in list(tree.findall(keep_together.nodes.math)):
        keep_together.keep_together(formula)
    together = [node for node in tree.findall(keep_together.nodes.inline)]
    assert [
        node.astext().replace("x", "$").replace("y", "$").replace("4", "$").replace("\u00a0", "_")
        for node in together
    ] == kept
    assert tree.astext().replace("\u00a0", " ") == before


def test_what_a_line_of_the_source_parts_is_kept_together_too():
    nodes = keep_together.nodes
    number = nodes.inline("", "0.98", classes=["pasted-text"])
    pieces = [nodes.math("", "F_1"), nodes.Text(" ="), nodes.Text("\n"), number, nodes.Text(" or")]
    line = nodes.paragraph("", "", *pieces, nodes.Text("\n"), nodes.Text("1"))
    keep_together.join_texts(line)
    assert [child.astext() for child in line] == ["F_1", " =\n", "0.98", " or\n1"]
    keep_together.keep_together(line[0])
    assert [child.astext() for child in line] == ["F_1\u00a0=\u00a0", "", "0.98", " or\n1"]


def test_numbers_keep_their_spreads_and_units_but_for_code():
    from docutils.core import publish_doctree

    text = (
        "of 98.3% ± 0.1% or 1 ± 2, *3 ± 4*, a ± b, ``5 ± 6``, 8.1 × 10, a × 3, in 5 s, 5 seeds,"
        " 1 / 2, 9 : 1, (± standard error), 16 MB, Fig. 53, Table 3, Tables 3, 4 million"
    )
    tree = publish_doctree(f"{text}\n\n::\n\n  7 ± 8 s")
    keep_together.keep_numbers(tree)
    first, code = tree.astext().split("\n\n")
    held = (
        "of 98.3%_±_0.1% or 1_±_2, 3_±_4, a ± b, 5 ± 6, 8.1_×_10, a × 3, in 5_s, 5 seeds,"
        " 1_/_2, 9_:_1, (±_standard error), 16_MB, Fig._53, Table_3, Tables 3, 4_million"
    )
    assert first.replace("\u00a0", "_") == held
    assert code == "7 ± 8 s"


@pytest.mark.parametrize(
    ("behind", "kept"), [(" s on one core", "\u00a0s on one core"), (" seeds", " seeds"), ("", "")]
)
def test_a_computed_number_keeps_its_unit(behind, kept):
    nodes = keep_together.nodes
    number = nodes.inline("", "1.2", classes=["pasted-text"])
    line = nodes.paragraph("", "", nodes.Text("in "), number, nodes.Text(behind))
    keep_together.keep_units(line)
    assert line.astext() == f"in 1.2{kept}"


def test_a_link_begins_with_its_first_word():
    nodes = keep_together.nodes
    link = nodes.reference("", nodes.Text(" Exercise 1"), refuri="#a")
    title = nodes.paragraph("", nodes.Text("Solution to"), link)
    tree = nodes.section("", title)
    keep_together.begin_with_words(tree)
    assert link.astext() == "Exercise 1"
    assert title.astext() == "Solution to Exercise 1"


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
