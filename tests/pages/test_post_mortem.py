"""The sentences that the page computes say what the numbers say, whichever way a run falls."""

import ast
import re

import numpy as np
import pytest

from tests.page_functions import BOOK, CELL, functions_of


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ([0.5, 0.7, 0.0], "Every seed had"),
        ([0.5, 0.85, 0.0], "2 of 3 seeds had"),
        ([0.9, 0.85, 0.81], "No seed had"),
    ],
)
def test_who_fell_from_the_hill_is_counted(ends, said):
    curves = np.array([[0.6, 0.9, end] for end in ends])
    assert functions_of("post_mortem")["fallen_sentence"](curves).startswith(said)


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (0.01, "the larger rate hides the error"),
        (-0.01, "the larger rate hides the error"),
        (-0.03, "leaves it below"),
        (0.03, "leaves it above"),
    ],
)
def test_whether_a_larger_rate_hides_a_wrong_gradient(difference, said):
    assert said in functions_of("post_mortem")["hiding_sentence"](difference, 0.01)


@pytest.mark.parametrize(("page", "printed"), [("post_mortem", {"error"}), ("diary", set())])
def test_results_that_a_reader_compares_are_tables(page, printed):
    """Only what a check says is printed."""
    text = (BOOK / f"{page}.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\bprint\(([^)]*)\)", text)) == printed


@pytest.mark.parametrize("page", sorted(path.stem for path in BOOK.glob("*.md")))
def test_a_table_is_read_as_one(page):
    """Its caption stands on the fence, which ends where a role has its backtick."""
    for cell in CELL.finditer((BOOK / f"{page}.md").read_text(encoding="utf-8")):
        tables = [
            node
            for node in ast.walk(ast.parse(cell[1]))
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "table"
        ]
        assert not tables or "markdown_format: myst" in cell[0]
        for call in tables:
            assert "`" not in ast.unparse(call.args[1])
