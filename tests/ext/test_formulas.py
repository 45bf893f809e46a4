"""Formulas are read as they are typeset: a sign that is wrong in one of them is seen."""

import re
from pathlib import Path

import pytest

formulas = pytest.importorskip("formulas", reason="the extra 'book' is not installed")

BOOK = Path(__file__).resolve().parents[2] / "book"
BLOCK = re.compile(r"^\$\$\n((?:(?!\$\$).)*?)\n\$\$ \((eq-[\w-]+)\)", re.DOTALL | re.MULTILINE)
TYPESET = {
    label: latex
    for page in formulas.PAGES
    for latex, label in BLOCK.findall((BOOK / f"{page}.md").read_text(encoding="utf-8"))
}
#: All but that of a left side which is a name, not a formula: minus the logarithm of a density.
SIGNS = [
    (label, sign.start())
    for label in formulas.READ
    for sign in re.finditer("[+-]", TYPESET[label])
    if (label, sign.start()) != ("eq-gaussian-likelihood", 0)
]


def test_each_formula_of_these_pages_is_read_or_listed():
    assert TYPESET.keys() == formulas.READ.keys() | formulas.BY_HAND.keys()
    assert not formulas.READ.keys() & formulas.BY_HAND.keys()


@pytest.mark.parametrize("label", formulas.READ)
def test_the_formulas_of_the_pages_are_those_of_the_package(label):
    assert formulas.problems(label, TYPESET[label]) == []


@pytest.mark.parametrize(("label", "place"), SIGNS)
def test_each_sign_matters(label, place):
    latex = TYPESET[label]
    other = {"+": "-", "-": "+"}[latex[place]]
    assert formulas.problems(label, latex[:place] + other + latex[place + 1 :])


@pytest.mark.parametrize(
    ("label", "right", "wrong"),
    [
        ("eq-f1", r"2 \, \mathrm{TP} + ", r"\mathrm{TP} + "),
        ("eq-relu", r"z & z > 0", r"z & z \le 0"),
        ("eq-bce-gradient", "y_i}{p_i}", "y_i}{1 - p_i}"),
        ("eq-mse-gradient", r"\frac{2}", r"\frac{1}"),
        ("eq-focal", r"^{\gamma}", ""),
        ("eq-tanh-derivative", r"\tanh^2", r"\tanh"),
        ("eq-prevalence", r"+ \pi}", "}"),
        ("eq-saturation", "p - 1, ", "p, "),
    ],
)
def test_other_slips_are_seen(label, right, wrong):
    assert right in TYPESET[label]
    assert formulas.problems(label, TYPESET[label].replace(right, wrong))


def test_what_cannot_be_read_is_said():
    (problem,) = formulas.problems("eq-sigmoid", r"\sigma(z) = \frac{1}{1 + e^{-z}")
    assert "cannot be read" in problem
    (problem,) = formulas.problems("eq-sigmoid", r"\sigma(z) = \frac{1}{1 + e^{-w}}")
    assert "'w'" in problem
    (problem,) = formulas.problems("eq-sigmoid", r"\sigma(z) = 1 \qquad z = 2")
    assert "2 formulas, where 1" in problem


def test_sides_of_a_formula():
    read = formulas.statements(
        r"""\begin{aligned} f(z) &= \bigl[ z_i + 1 \bigr] \\ &= p(1 - z) \ge 0 , \\
        u_i &= \begin{cases} z & y = 1 \\ 0 & y = 0 . \end{cases} \end{aligned}"""
    )
    assert [len(sides) for sides in read] == [3, 2]
    assert read[0][2].replace(" ", "") == r"p\cdot(1-z)"
    assert formulas.value(read[1][1], {"z": 3.0, "y": 1}) == 3
    assert formulas.value(read[1][1], {"z": 3.0, "y": 0}) == 0
