r"""Warn, and so fail a strict build, where a page could mislead its reader.

Four things are looked for, the first two in every page as it is read, the others in the page
as it will be written, formulas, references and glued values in their places:

* an image or a figure without a text that stands for it (or with its file name there),
* a measured number typed into prose. Numbers in prose are glued from the cell that
  computed them (``{glue:text}`name```) or, where they are a setting or a definition,
  written as mathematics (``$0.1$``) or as code. What is left, a decimal fraction, a
  power of ten or a percentage in plain text, would go stale without anybody noticing,
* a full stop, comma or colon that stands twice, after a space or at the head of a paragraph,
* a number as programs print it: with a hyphen for a minus, as ``1e-05`` or ``nan``, with a space
  before its per cent, without commas between its thousands, or with more digits than are known;
  and a list that says ``none``.

The alternative text of a figure may hold glued values as well, in the same words as in
prose: ``alt: The loss falls to {glue:text}`losses-last```. They are filled in here.
"""

from __future__ import annotations

import re

from docutils import nodes
from page_facts import glued
from sphinx import addnodes
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)

#: Pages that only list what was written elsewhere.
EXEMPT = {"api", "bibliography"}

NUMBER = re.compile(
    r"""
    (?<![\w.,])                                    # not inside a word or another number
    (?:
        \d[\d,]*(?:\.\d+)?\s*(?:%|per\s?cent\b)    # 98 %, 9.8 percent
      | (?:\d[\d,]*)?\.\d+(?:e[+-]?\d+)?           # 0.98, .5, 1.2e-5
      | \d+e[+-]?\d+                               # 1e-5
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
#: Names that end in a number, which nobody measured.
NAMES = re.compile(r"\b(?:CC BY(?:-SA)?|Python|NumPy|PyTorch|version)\s+\d+(?:\.\d+)+", re.I)
FILE_NAME = re.compile(r"\S+\.(?:svg|png|jpe?g|gif|webp)", re.IGNORECASE)
IMG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
IMG_ALT = re.compile(r"""\balt\s*=\s*(?:"\s*[^"\s][^"]*"|'\s*[^'\s][^']*'|[^\s"'>]+)""", re.I)
#: Stops where no sentence has one; three full stops are an ellipsis, "et al.," is none of them.
STOPS = re.compile(
    r"""
    (?<!\.)\.\.(?!\.)                 # twice
  | [,;:](?:\s*[.,;:](?!\.))           # after another
  | \(\(                              # brackets: the number of an equation has its own
  | (?:^|\s)(?!(?<=\d\s):\s\d)[.,;:!?](?=\s|$)  # after a space, or first, but for 9 : 1
    """,
    re.VERBOSE,
)
#: Numbers as programs print them, and what is wrong with each.
PRINTED = {
    "a hyphen for a minus": re.compile(r"(?<![\w.)\]\-–/])-\.?\d"),
    "a power of ten in code": re.compile(r"(?<![\w.])\d+(?:\.\d+)?e[+-]?\d+\b"),
    "no number": re.compile(r"(?<!\w)-?(?:nan|inf)(?!\w)"),
    "a space before the per cent": re.compile(r"\d\s%"),
    "no commas between the thousands": re.compile(
        r"(?<![\w.,:/^\-])(?<!ISO )(?!(?:1[6-9]|20)\d\d(?!\d))\d{4,}(?![\w:/\-])"
    ),
    "a list of nothing": re.compile(r":\s+none(?=[;.,])"),
    "more digits than are known": re.compile(r"\d\.\d{9,}"),
}
GLUE = re.compile(r"\{glue:text\}`([^`]+)`")

#: Nodes whose text is not prose that an author typed.
SILENT = (
    nodes.literal,
    nodes.literal_block,
    nodes.doctest_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.comment,
    nodes.citation,
    nodes.citation_reference,
    nodes.reference,
    nodes.substitution_definition,
    nodes.system_message,
    addnodes.pending_xref,
    addnodes.desc,
    addnodes.index,
)


def is_prose(text: nodes.Text) -> bool:
    """Tell whether an author typed this text for readers to read.

    Text that a cell glued in stands in an inline node of the class ``pasted-text``, and
    what a cell printed in a container ``cell_output``; captions stand in there too but
    are typed.
    """
    in_caption = False
    node = text.parent
    while node is not None:
        classes = node.get("classes", ()) if isinstance(node, nodes.Element) else ()
        if isinstance(node, SILENT) or "pasted-text" in classes:
            return False
        in_caption = in_caption or isinstance(node, nodes.caption | nodes.legend)
        if "cell_output" in classes and not in_caption:
            return False
        node = node.parent
    return True


def naked_numbers(text: str) -> list[str]:
    """Return the numbers in plain text that look measured."""
    return NUMBER.findall(NAMES.sub(" ", text))


def fill_alt(alt: str, texts: dict[str, str]) -> tuple[str, list[str]]:
    """Put glued values into an alternative text; also return the keys not found."""
    missing = []

    def value(match: re.Match) -> str:
        key = match.group(1).strip()
        if key not in texts:
            missing.append(key)
        return texts.get(key, match.group(0))

    return GLUE.sub(value, alt), missing


def alt_problem(alt: str | None, uri: str = "") -> str | None:
    """Say what is wrong with an alternative text, or None."""
    alt = (alt or "").strip()
    if not alt:
        return "has no alt text"
    if alt == uri or FILE_NAME.fullmatch(alt):
        return f"has a file name as its alt text: {alt!r}"
    return None


def line_of(node: nodes.Node) -> int | None:
    """Return the line at which `node`, or else the nearest thing before it, stands."""
    line = None
    for other in node.document.findall(nodes.Element):
        line = other.line or line
        if other is node:
            break
    return line


def warn(message: str, node: nodes.Node, subtype: str) -> None:
    """Log one warning at the place of `node`."""
    place = (node.document.settings.env.docname, line_of(node))
    LOGGER.warning(f"{message} [checks.{subtype}]", location=place, type="checks", subtype=subtype)


def check_images(app, doctree: nodes.document, docname: str) -> None:
    """Warn of every image that says nothing to a reader who cannot see it."""
    seen = set()  # a cell's output is here once for each format that it has
    for image in doctree.findall(nodes.image):
        alt = image.get("alt")
        if alt and "{glue" in alt:
            image["alt"], missing = fill_alt(alt, glued(app.env, docname))
            for key in missing:
                warn(f"alt text: no glued text named {key!r} on this page", image, "alt")
        problem = alt_problem(image.get("alt"), image.get("uri", ""))
        bundle = id(image.parent)
        if problem and bundle not in seen:
            seen.add(bundle)
            warn(f"an image {problem}", image, "alt")
    for raw in doctree.findall(nodes.raw):
        for tag in IMG.findall(raw.astext()):
            if not IMG_ALT.search(tag):
                warn("an <img> has no alt text", raw, "alt")


def check_numbers(app, doctree: nodes.document, docname: str) -> None:
    """Warn of every measured number that was typed into prose."""
    if docname in EXEMPT:
        return
    for text in doctree.findall(nodes.Text):
        if is_prose(text):
            for number in naked_numbers(text.astext()):
                warn(
                    f"the number {number!r} is typed into prose: glue it from the cell that"
                    " computed it, or write a setting as math or code",
                    text.parent,
                    "number",
                )


def reading(node: nodes.Node) -> str:
    """Return what is read in `node`; a sign is for formulas, code, pictures and exponents."""
    if isinstance(node, nodes.Text):
        return node.astext()
    if isinstance(node, nodes.math | nodes.literal | nodes.image | nodes.raw):
        return "□"
    if isinstance(node, nodes.superscript):
        return f"^{node.astext()}"
    return "".join(map(reading, node.children))


def lost_stops(text: str) -> list[str]:
    """Return the stops of `text` that are doubled or out of place, with what is round them."""
    return [text[max(0, m.start() - 20) : m.end() + 10] for m in STOPS.finditer(text)]


def check_stops(app, doctree: nodes.document, docname: str) -> None:
    """Warn of every stop that is doubled or out of place in the page to be written."""
    if app.builder.format != "html":
        return
    for block in doctree.findall(nodes.TextElement):
        if isinstance(block, nodes.paragraph | nodes.caption | nodes.title | nodes.term):
            for place in lost_stops(reading(block)):
                LOGGER.warning(
                    f"a stop is doubled or out of place: {place!r} [checks.stop]",
                    location=(docname, line_of(block)),
                    type="checks",
                    subtype="stop",
                )


def as_printed(text: str) -> list[str]:
    """Return the numbers of `text` that are as a program prints them, with what is wrong."""
    return [
        f"{fault}: {text[max(0, m.start() - 12) : m.end() + 8]!r}"
        for fault, pattern in PRINTED.items()
        for m in pattern.finditer(text)
    ]


def check_numerals(app, doctree: nodes.document, docname: str) -> None:
    """Warn of every number in the page to be written that is as a program prints it."""
    if app.builder.format != "html" or docname in EXEMPT:
        return
    faults = {}
    for block in doctree.findall(nodes.TextElement):
        if isinstance(block, nodes.paragraph | nodes.caption | nodes.title | nodes.term):
            faults |= dict.fromkeys(as_printed(reading(block)), block)
    for printed in doctree.findall(nodes.literal_block):
        if "output" in printed.get("classes", ()):
            long = PRINTED["more digits than are known"].findall(printed.astext())
            faults |= {f"more digits than are known: {number}": printed for number in long}
    for fault, block in faults.items():
        LOGGER.warning(
            f"{fault} [checks.numeral]",
            location=(docname, line_of(block)),
            type="checks",
            subtype="numeral",
        )


def check_page(app, doctree: nodes.document) -> None:
    """Run every check on a page that was just read."""
    docname = app.env.docname
    check_images(app, doctree, docname)
    check_numbers(app, doctree, docname)


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("doctree-read", check_page)
    app.connect("doctree-resolved", check_stops)
    app.connect("doctree-resolved", check_numerals)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
