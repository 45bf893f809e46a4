r"""Set numbers in one way, whoever wrote them.

Prose, tables and captions get theirs from authors, as ``$0.1$``, and from cells, as text. In the
page to be written a formula that is a number alone becomes text, in the digits of what is round
it, and powers of ten get an exponent of the same typeface. The measure $F_1$ is a formula
everywhere, also where a cell, which writes no formulas, called it F₁, or a heading F1.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

#: A number in the language of formulas: 60{,}000, -0.1, 98\%, 10^{-5}, 2 \times 10^5
NUMBER = re.compile(
    r"""
    (?P<factor>[+-]?(?:\d|\{,\}|,(?=\d{3}))*\.?\d+)(?P<percent>\\%)?
    (?:(?P<times>\s*\\times\s*10)?\^(?:\{(?P<power>-?\d+)\}|(?P<digit>\d)))?
    """,
    re.VERBOSE,
)
RAISED, ON_THE_LINE = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "−0123456789"
LOWER, RAISE = str.maketrans(RAISED, ON_THE_LINE), str.maketrans("-" + ON_THE_LINE[1:], RAISED)
#: What text does not hold: an exponent, and the measure by its name.
PIECES = re.compile(r"(?<=10)(?P<power>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)|(?<!\w)(?P<f1>F(?:1(?!\w)|₁))")
#: Nodes whose text is no prose.
OTHERS = (
    nodes.literal,
    nodes.FixedTextElement,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.citation,
)


def in_text(formula: str) -> str | None:
    r"""Write a formula that is a number as text, or return None if it is none.

    >>> in_text(r"-2 \times 10^{-5}")
    '−2 × 10⁻⁵'
    """
    found = NUMBER.fullmatch(formula.strip())
    if found is None:
        return None
    power = found["power"] or found["digit"] or ""
    if power and not found["times"] and found["factor"] != "10":
        return None  # 2^5 is a formula
    text = re.sub(r"[{}]", "", found["factor"]).replace("-", "−") + "%" * bool(found["percent"])
    text += " × 10" * bool(found["times"])
    return text + power.translate(RAISE)


def pieces(text: str, formulas: bool = True) -> list[nodes.Node]:
    """Return the nodes that show a text: itself, or with its exponents and measures apart.

    A page without `formulas` loads nothing that could set one.
    """
    made: list[nodes.Node] = []
    end = 0
    for found in PIECES.finditer(text):
        made.append(nodes.Text(text[end : found.start()]))
        if found["f1"]:
            made.append(nodes.math("F_1", "F_1") if formulas else nodes.Text("F₁"))
        else:
            made.append(nodes.superscript("", found["power"].translate(LOWER)))
        end = found.end()
    return [node for node in [*made, nodes.Text(text[end:])] if node.astext()]


def is_prose(node: nodes.Node) -> bool:
    """Tell whether a node stands in no code, no formula and no list of sources."""
    while node is not None:
        if isinstance(node, OTHERS):
            return False
        node = node.parent
    return True


class Numerals(SphinxPostTransform):
    """Set the numbers of a page."""

    default_priority = 690  # before what keeps formulas and numbers together
    formats = ("html",)

    def run(self, **kwargs) -> None:
        """Walk through one page."""
        for formula in list(self.document.findall(nodes.math)):
            text = in_text(formula.astext())
            if text is not None:
                parent = formula.parent  # by its place: nodes that read the same are equal
                parent[parent.index(formula)] = nodes.Text(text)
        formulas = self.env.domains["math"].has_equations(self.env.docname)
        for text in list(self.document.findall(nodes.Text)):
            if PIECES.search(text) and is_prose(text.parent):
                place = next(i for i, child in enumerate(text.parent) if child is text)
                text.parent[place : place + 1] = pieces(text.astext(), formulas)


def setup(app):
    """Register the extension with Sphinx."""
    app.add_post_transform(Numerals)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
