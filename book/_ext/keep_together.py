"""Keep together what a line must not break: a formula with its signs, a number with its spread.

In the page a formula is a box, and browsers may break a line on either side of a box: the
next line would begin with a full stop. Both are put into one element that does not break. The
spaces in "98.3% ± 0.1%" become such as do not break.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

BEFORE = re.compile(r"[(\[“‘±−-]+$")
BEHIND = re.compile(r"^(?:[.,;:!?)\]”’…%-]|'s\b|’s\b|s\b|th\b)+")


def keep_together(formula: nodes.math) -> None:
    """Wrap one formula and the signs that touch it."""
    parent = formula.parent
    place = parent.index(formula)
    before = parent[place - 1] if place else None
    behind = parent[place + 1] if place + 1 < len(parent) else None
    first = BEFORE.search(before) if isinstance(before, nodes.Text) else None
    last = BEHIND.match(behind) if isinstance(behind, nodes.Text) else None
    if not first and not last:
        return
    # by their places: two texts that read the same are equal, so none is found by itself
    kept = nodes.inline(classes=["together"])
    parent[place] = kept
    if first:
        parent[place - 1] = nodes.Text(before[: first.start()])
        kept += nodes.Text(first[0])
    kept += formula
    if last:
        parent[place + 1] = nodes.Text(behind[last.end() :])
        kept += nodes.Text(last[0])


SPREAD = re.compile(r"(?<=[\d%]) ± (?=\d)")


def keep_spreads(document: nodes.document) -> None:
    """Let no line break beside the ± between two numbers; code stays as it is."""
    for text in list(document.findall(nodes.Text)):
        held = SPREAD.sub("\u00a0±\u00a0", text)
        if held != text and not isinstance(text.parent, nodes.FixedTextElement | nodes.literal):
            parent = text.parent  # by its place, as above
            place = next(i for i, child in enumerate(parent) if child is text)
            parent[place] = nodes.Text(held)


class KeepTogether(SphinxPostTransform):
    """Wrap every formula of a page that needs it."""

    default_priority = 700
    formats = ("html",)

    def run(self, **kwargs) -> None:
        """Walk through one page."""
        for formula in list(self.document.findall(nodes.math)):
            keep_together(formula)
        keep_spreads(self.document)


def setup(app):
    """Register the extension with Sphinx."""
    app.add_post_transform(KeepTogether)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
