"""The equations that docstrings name are linked."""

import pytest

equation_links = pytest.importorskip("equation_links", reason="the extra 'book' is not installed")


@pytest.mark.parametrize(
    ("line", "linked"),
    [
        ("Equation `eq-focal`.", "Equation :eq:`eq-focal`."),
        ("(`eq-a` and `eq-b-2`)", "(:eq:`eq-a` and :eq:`eq-b-2`)"),
        ("`eq-a`", ":eq:`eq-a`"),
        (":eq:`eq-a`, ``eq-a`` and `equal`", ":eq:`eq-a`, ``eq-a`` and `equal`"),
    ],
)
def test_labels_of_equations_become_references(line, linked):
    lines = [line, "other"]
    equation_links.link_equations(None, "function", "f", None, None, lines)
    assert lines == [linked, "other"]
