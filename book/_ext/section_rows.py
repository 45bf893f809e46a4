"""Tell the style sheet about how many rows of text a section takes.

What is far from the window is not laid out before it comes near (`content-visibility` in
`_static/custom.css`): until then a section has the height of that many rows, on a phone of half as
many again. A few too many: what is too short for its content would have it overlap the next.
"""

from __future__ import annotations

import re
from math import ceil

from docutils import nodes

LETTERS = 60  # of a row of text
FOLDED = {"tag_hide-input", "tag_hide-cell", "dropdown", "toggle"}
SECTION = re.compile(r'<section (?=id="([^"]+)")')


def rows(node: nodes.Node) -> float:
    """Return about how many rows of text a node takes on a page."""
    if isinstance(node, nodes.Text | nodes.comment | nodes.target):
        return 0
    if isinstance(node, nodes.literal_block):
        return node.astext().count("\n") + 3
    if isinstance(node, nodes.math_block):
        return 4 * (1 + node.astext().count("\\\\"))
    if isinstance(node, nodes.image | nodes.raw):
        return 22
    if isinstance(node, nodes.row):
        return 2
    if isinstance(node, nodes.TextElement):
        return ceil(len(node.astext()) / LETTERS) + 1.5 + pictures(node)
    if isinstance(node, nodes.Element) and FOLDED & set(node.get("classes", ())):
        return 3 + sum(rows(child) for child in node.children if "cell_output" in classes(child))
    return sum(map(rows, node.children))


def classes(node) -> list:
    """Return the classes of a node."""
    return node.get("classes", []) if isinstance(node, nodes.Element) else []


def pictures(node) -> float:
    """Return the rows of pictures among text."""
    return sum(22 for _ in node.findall(nodes.image))


def tell(app, pagename, templatename, context, doctree) -> None:
    """Give the sections of a page's HTML their rows."""
    if doctree is None or "body" not in context:
        return
    known = {
        name: ceil(rows(section))
        for section in doctree.findall(nodes.section)
        for name in section["ids"]
    }

    def told(match: re.Match) -> str:
        count = known.get(match[1])
        return f'<section style="--rows: {count}" ' if count else match[0]

    context["body"] = SECTION.sub(told, context["body"])


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("html-page-context", tell)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
