"""The equations that docstrings name are linked."""

from types import SimpleNamespace

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


def test_labels_in_comments_and_docstrings_of_code_become_links():
    numbers = {"page": {"displaymath": {"equation-eq-a": (3, 7)}}}
    domains = {"math": SimpleNamespace(equations={"eq-a": ("page", 1)})}
    app = SimpleNamespace(env=SimpleNamespace(domains=domains, toc_fignumbers=numbers))
    body = (
        "<p>eq-a</p><pre>"
        '<span class="c1"># eq-a, and eq-b</span>\n'
        '<span class="sd">"""See `eq-a`."""</span>\n'
        '<span class="s2">"eq-a"</span></pre>'
    )
    context = {"body": body, "pathto": {"page": "#"}.get}
    equation_links.link_in_code(app, "page", "page.html", context, None)
    link = '<a class="reference internal" href="#equation-eq-a">(3.7)</a>'
    assert context["body"] == (
        "<p>eq-a</p><pre>"
        f'<span class="c1"># {link}, and eq-b</span>\n'
        f'<span class="sd">"""See {link}."""</span>\n'
        '<span class="s2">"eq-a"</span></pre>'
    )
