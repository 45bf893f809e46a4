r"""Read the formulas as the reader sees them, and compare them with the package.

The typeset LaTeX of a scalar formula is parsed by SymPy and evaluated at numbers; each side of it
must be what the function of the package gives there (``formula_table.py``). So a sign that is
wrong on the page alone, where no code would notice, fails a strict build.

Means over examples are read for one example: \frac1n \sum_i of something is that.
"""

from __future__ import annotations

import math
import operator
import re
from functools import cache

import sympy
from docutils import nodes
from formula_table import BY_HAND, PAGES, READ
from sphinx.util import logging
from sympy.parsing.latex import LaTeXParsingError, parse_latex

LOGGER = logging.getLogger(__name__)

#: What is read as something else, in this order.
REWRITTEN = (
    (r"\\(?:[bB]igg?[lrm]?|left|right)(?![a-zA-Z])|\\(?:begin|end)\{aligned\}", " "),
    (r"\\[,;!:]|\\quad|&|\s+", " "),
    (r"\\[dt]frac", r"\\frac"),
    (r"\[", "("),
    (r"\]", ")"),
    (r"\\hat y", r"\\mathit{haty}"),
    (r"\\(?:mathrm|text)\{(\w+)\}", r"\\mathit{\1}"),
    (r"_(?:[ijk]|\{(?:ij|ik)\})(?![a-z])", ""),  # of an example, a unit, a class
    (r"_\{t,i\}", "_t"),
    (r"\\frac\{1\}\{([nN])\} *\\sum_\{i=1\}\^\{\1\}", " "),
    (r"\\pm", r"(2 y - 1)"),  # the upper sign where y = 1
    # p (1 - p) is a product, not a function p of 1 - p
    (r"(?<![\\\w])(?!\\(?:sigma|max|log|cdot)\b)(\\?[a-zA-Z]+(?:_\w)?) *\(", r"\1 \\cdot ("),
)
CASES = re.compile(r"\\begin\{cases\}(.*?)\\end\{cases\}", re.DOTALL)
CONDITION = re.compile(r"(\w+)_?\S* *(\\equals|>|\\atmost) *(\d)")
UNREADABLE = (LaTeXParsingError, KeyError, NameError, TypeError, ValueError, ArithmeticError)
HOLDS = {r"\equals": operator.eq, ">": operator.gt, r"\atmost": operator.le}
#: What a first side is called by, where the others say what it is.
NAME = re.compile(r"\\frac\{\\partial [^}]+\}|'|\\operatorname|\\mathit|\\mid|^\\?\w+$")
CONSTANTS = {"n": 1, "N": 1, "pi": math.pi, "e": math.e}


def statements(latex: str) -> list[list[str]]:
    """Return the formulas of a block, each as the sides that are said to be equal.

    Parameters
    ----------
    latex : str
        A displayed formula. A line that begins with = goes on with the formula above it.
    """

    def inside(match):
        text = match[0].replace("=", r"\equals ").replace(r"\le ", r"\atmost ")
        return text.replace(r"\\", r"\or ").replace("&", r"\if ")

    text = re.sub(r"\\\\\s*&?\s*=", "=", CASES.sub(inside, latex))
    found = []
    for part in re.split(r"\\\\|\\qquad", text):
        for pattern, other in REWRITTEN:
            part = re.sub(pattern, other, part)
        part = re.split(r"\\[gl]e(?![a-z])", part)[0]
        sides = re.split(r"=(?![^{]*\}|[^(]*\))", part)  # not within brackets
        found.append([side.strip(" .,:") for side in sides if r"\sum" not in side])
    return found


@cache
def parsed(latex: str) -> tuple[list[str], object]:
    """Return the letters of an expression, and the function of them that it is."""
    expression = parse_latex(latex)
    expression = expression.replace(sympy.Function("sigma"), lambda z: 1 / (1 + sympy.exp(-z)))
    expression = expression.doit()  # a derivative is taken
    letters = sorted(expression.free_symbols, key=str)
    function = sympy.lambdify(letters, expression, modules=[{"max": max}, "math"])
    return [re.sub("[{}]", "", letter.name) for letter in letters], function


def value(side: str, point: dict[str, float]) -> float:
    """Return what a side is at a point: a value for every letter."""

    def branch(match):
        for line in match[1].split(r"\or"):
            term, condition = line.split(r"\if")
            letter, relation, number = CONDITION.search(condition).groups()
            if HOLDS[relation](point[letter], float(number)):
                return f"({term})"
        raise LaTeXParsingError(f"no case of {match[0]} holds at {point}")

    letters, function = parsed(CASES.sub(branch, side))
    return float(function(*(point[letter] for letter in letters)))


def problems(label: str, latex: str) -> list[str]:
    """Say which sides of a formula are not what the package computes, and where.

    Parameters
    ----------
    label : str
        One of those that are read.
    latex : str
    """
    points, *functions = READ[label]
    found, blocks = [], statements(latex)
    if len(blocks) != len(functions):
        return [f"has {len(blocks)} formulas, where {len(functions)} are expected"]
    for (name, *sides), function in zip(blocks, functions, strict=True):
        for side in sides if NAME.search(name) else [name, *sides]:
            for point in points:
                wanted = float(function(point))
                try:
                    given = value(side, CONSTANTS | point)
                except UNREADABLE as error:
                    found.append(f"{side!r} cannot be read: {error!r}")
                    break
                if not math.isclose(given, wanted, rel_tol=1e-9, abs_tol=1e-12):
                    found.append(f"{side!r} is {given:.6g}, not {wanted:.6g}, at {point}")
                    break
    return found


def read_formulas(app, doctree: nodes.document) -> None:
    """Read the formulas of a page that has such."""
    if app.env.docname not in PAGES:
        return
    for node in doctree.findall(nodes.math_block):
        label = node.get("label")
        if label in READ:
            for problem in problems(label, node.astext()):
                LOGGER.warning("%s: %s", label, problem, location=node)
        elif label and label not in BY_HAND:
            LOGGER.warning("%s is neither read nor listed in BY_HAND", label, location=node)


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("doctree-read", read_formulas)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
