"""Keep together what a line must not break: a formula with its signs, a number with its spread.

In the page a formula is a box, and browsers may break a line on either side of a box: the
next line would begin with a full stop. Both are put into one element that does not break. The
spaces in "98.3% ± 0.1%", "8 × 10" and its exponent, "12 s" and "Fig. 5" become such as do not
break. And a link begins with its first word, not with the space before it.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

BEFORE = re.compile(r"[(\[“‘±−-]+$")
BEHIND = re.compile(r"^(?:[.,;:!?)\]”’…%-]|'s\b|’s\b|s\b|th\b)+|\s[=≈<>]\s")
#: What has a number behind it, in text: "λ =" or "F_1 \approx"
RELATION = re.compile(r"(?:=|\\approx|\\le|\\ge|<|>)\s*$")


def keep_together(formula: nodes.math) -> None:
    """Wrap one formula and the signs that touch it."""
    parent = formula.parent
    place = parent.index(formula)
    before = parent[place - 1] if place else None
    behind = parent[place + 1] if place + 1 < len(parent) else None
    first = BEFORE.search(before) if isinstance(before, nodes.Text) else None
    sign = re.compile(r"\s") if RELATION.search(formula.astext()) else BEHIND
    last = sign.match(behind) if isinstance(behind, nodes.Text) else None
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
        kept += nodes.Text(re.sub(r"\s", "\u00a0", last[0]))


#: Where a line does not break: beside the sign of two numbers, before a unit, behind a name.
SPACES = re.compile(
    r"""
    (?<=[\d%])\s(?=[±×]\s[\d(])
  | (?<=\d)\s(?=[/:]\s\d) | (?<=\d\s[/:])\s(?=\d) | (?<=\(±)\s
  | (?<=\d\s[±×])\s(?=[\d(]) | (?<=%\s±)\s(?=[\d(])
  | (?<=\d)\s(?=(?:ms|s|kB|MB|GB|TB|million|thousand)\b)
  | (?<=Fig\.)\s(?=\d) | (?<=Table)\s(?=\d) | (?<=Exercise)\s(?=\d) | (?<=Theorem)\s(?=\d)
    """,
    re.VERBOSE,
)
#: A unit behind a number that a cell computed.
UNIT = re.compile(r"\s(?:ms|s|kB|MB|GB|TB|million|thousand)\b")


def put(text: nodes.Text, *others: nodes.Node) -> None:
    """Put nodes where a text stands: by its place, as above."""
    parent = text.parent
    place = next(i for i, child in enumerate(parent) if child is text)
    parent[place : place + 1] = others


def join_texts(document: nodes.document) -> None:
    """Make one text of those that follow each other: a line of the source ends in its own."""
    for element in list(document.findall(nodes.TextElement)):
        for place in range(len(element) - 1, 0, -1):
            first, second = element[place - 1 : place + 1]
            if type(first) is type(second) is nodes.Text:
                element[place - 1 : place + 1] = [nodes.Text(first + second)]


def keep_numbers(document: nodes.document) -> None:
    """Let no line break within a number, its spread and its unit; code stays as it is."""
    for text in list(document.findall(nodes.Text)):
        held = SPACES.sub("\u00a0", text)
        if held != text and not isinstance(text.parent, nodes.FixedTextElement | nodes.literal):
            put(text, nodes.Text(held))


def keep_units(document: nodes.document) -> None:
    """Let no line break between a number that a cell computed and its unit."""
    for number in list(document.findall(nodes.inline)):
        if "pasted-text" in number["classes"]:
            place = number.parent.index(number) + 1
            behind = number.parent[place] if place < len(number.parent) else None
            if isinstance(behind, nodes.Text) and UNIT.match(behind):
                number.parent[place] = nodes.Text(f"\u00a0{behind[1:]}")


def begin_with_words(document: nodes.document) -> None:
    """Move the space at the head of a link before it, where it is not underlined."""
    for link in list(document.findall(nodes.reference)):
        first = next(iter(link.findall(nodes.Text)), None)
        if first is not None and first.startswith(" "):
            put(first, nodes.Text(first.lstrip()))
            place = link.parent.index(link)
            link.parent.insert(place, nodes.Text(" "))


class KeepTogether(SphinxPostTransform):
    """Wrap every formula of a page that needs it."""

    default_priority = 700
    formats = ("html",)

    def run(self, **kwargs) -> None:
        """Walk through one page."""
        join_texts(self.document)
        for formula in list(self.document.findall(nodes.math)):
            keep_together(formula)
        keep_numbers(self.document)
        keep_units(self.document)
        begin_with_words(self.document)


def setup(app):
    """Register the extension with Sphinx."""
    app.add_post_transform(KeepTogether)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
