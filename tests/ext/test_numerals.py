"""Numbers are set in one way, whoever wrote them."""

from types import SimpleNamespace

import pytest

numerals = pytest.importorskip("numerals", reason="the extra 'book' is not installed")
nodes = numerals.nodes


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("0.1", "0.1"),
        ("-5", "−5"),
        ("60{,}000", "60,000"),
        ("10^{-5}", "10⁻⁵"),
        ("10^6", "10⁶"),
        (r"-2.5 \times 10^{-12}", "−2.5 × 10⁻¹²"),
        (r"98.4\%", "98.4%"),
        ("2^5", None),
        ("x", None),
        ("1/2", None),
        (r"\frac{1}{2}", None),
        ("0.1, 0.2", None),
        ("", None),
    ],
)
def test_a_formula_that_is_a_number_becomes_text(formula, text):
    assert numerals.in_text(formula) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", ["plain"]),
        ("about 2 × 10⁻¹², say", ["about 2 × 10", "^−12", ", say"]),
        ("10⁶", ["10", "^6"]),
        ("x² is 10 m³", ["x² is 10 m³"]),
        ("its F₁ of 0.9", ["its ", "$F_1", " of 0.9"]),
        ("F1, or F1-scores", ["$F_1", ", or ", "$F_1", "-scores"]),
        ("F16, PF1, F1b", ["F16, PF1, F1b"]),
    ],
)
def test_exponents_and_the_measure_stand_apart(text, shown):
    signs = {nodes.math: "$", nodes.superscript: "^", nodes.Text: ""}
    assert [signs[type(node)] + node.astext() for node in numerals.pieces(text)] == shown


def test_a_page_that_sets_no_formulas_gets_none():
    assert "".join(node.astext() for node in numerals.pieces("F1, 10⁶", False)) == "F₁, 106"


def test_prose_is_set_and_code_is_left():
    from docutils.core import publish_doctree
    from docutils.frontend import get_default_settings
    from docutils.utils import new_document

    tree = publish_doctree("F1 of :math:`10^{-3}` and ``F1``, *F1* :math:`x`\n\n::\n\n  F1 10⁻³")
    document = new_document("", get_default_settings())
    document.settings.env = SimpleNamespace(
        docname="page",
        domains={"math": SimpleNamespace(has_equations=lambda docname: docname == "page")},
    )
    document += tree.children
    numerals.Numerals(document).run()
    found = [(type(node).__name__, node.astext()) for node in document.findall(nodes.Inline)]
    assert [text for name, text in found if name == "math"] == ["F_1", "F_1", "x"]
    assert "F_1 of 10−3 and F1, F_1 x" in document.astext()
    assert "F1 10⁻³" in document.astext()
