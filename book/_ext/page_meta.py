"""Tell search engines and those who share a link what a page is about.

The description of a page is its first paragraph, or its title where Sphinx makes it. The picture
of a shared link is the same on all pages; whoever fetches it needs its whole address, which is
known only once the book is published somewhere: with ``html.baseurl`` set in ``_config.yml`` the
addresses are whole, without it they are relative.

``sphinxext-opengraph`` does not do instead: in its descriptions stand the line of links under the
title and the source of formulas, it cuts words in two, and without an address of the site
it writes relative ones as ``og:url``.
"""

from __future__ import annotations

import posixpath
import re
from html import escape, unescape

from docutils import nodes

CARD = "_static/social-card.png"
CARD_SAYS = (
    "Gradient descent on MNIST, proved on the page: a zigzag path into a valley, above a row of"
    " the ten handwritten digits"
)
LONGEST = 200
MADE = {"genindex": "Index", "search": "Search"}  # which Sphinx gives no title
TAG = re.compile(r"<[^>]+>")


def description(doctree: nodes.document | None) -> str:
    """Return the first paragraph without its formulas' code, cut at a word, or ""."""
    for paragraph in doctree.findall(nodes.paragraph) if doctree else ():
        if "chapter-links" in paragraph["classes"] or paragraph.next_node(nodes.math):
            continue
        text = " ".join(paragraph.astext().split())
        if len(text) < 40:
            continue
        if len(text) > LONGEST:
            text = text[:LONGEST].rsplit(" ", 1)[0].rstrip(",;:.") + " …"
        return text
    return ""


def tags(title: str, about: str, address: str, card: str, site: str) -> str:
    """Return the elements for a page's head."""
    properties = {
        "og:type": "article",
        "og:site_name": site,
        "og:title": title,
        "og:description": about,
        "og:url": address,
        "og:image": card,
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": CARD_SAYS,
    }
    names = {
        "description": about,
        "twitter:card": "summary_large_image",
        "twitter:title": title,
        "twitter:description": about,
        "twitter:image": card,
        "twitter:image:alt": CARD_SAYS,
    }
    lines = [
        f'<meta {kind}="{name}" content="{escape(value)}" />'
        for kind, pairs in (("property", properties), ("name", names))
        for name, value in pairs.items()
        if value
    ]
    return "\n".join(lines)


def add_tags(app, pagename, templatename, context, doctree) -> None:
    """Put the elements into one page's context."""
    base = app.config.html_baseurl.rstrip("/")
    root = base or posixpath.relpath(".", posixpath.dirname(pagename) or ".")
    site = app.config.html_title or app.config.project
    title = unescape(TAG.sub("", context.get("title") or MADE.get(pagename, site)))
    address = f"{base}/{pagename}.html" if base else ""
    made = tags(title, description(doctree) or f"{title}. {site}", address, f"{root}/{CARD}", site)
    context["metatags"] = context.get("metatags", "") + "\n" + made


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("html-page-context", add_tags)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
