"""Lead from a word of the index, and of the search, to the section that explains it.

A chapter names such words under the heading, ``{index}`` with the spellings that a reader may
type. Sphinx would lead to the place of the directive, below the heading, and its search would show
what is not marked as the main entry after everything else. Here each word leads to its section
and is a main entry: one section of the book explains it, and the build says if two do. In which
order the search shows what it finds, ``search_scorer.js`` says.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
SCORER = Path(__file__).with_name("search_scorer.js")


def section_id(node: nodes.Node) -> str:
    """Return the identifier of the section round a node, or "" for that of the whole page."""
    while not isinstance(node, nodes.section):
        node = node.parent
    return node["ids"][0] if isinstance(node.parent, nodes.section) else ""


class LeadToSections(SphinxTransform):
    """Let the words that a page names itself lead to their sections."""

    default_priority = 200  # before the directive's own target is moved to what follows

    def apply(self, **kwargs) -> None:
        """Walk through one page."""
        for index in list(self.document.findall(addnodes.index)):
            entries = index["entries"]
            if not entries or not entries[0][2].startswith("index-"):
                continue  # a function or a module, which has a place of its own
            here = section_id(index)
            index["entries"] = [(kind, word, here, "main", key) for kind, word, *_, key in entries]
            place = index.next_node(nodes.target, descend=False, siblings=True)
            place.parent.remove(place)


def check_words(app, env) -> None:
    """Warn of a word that more than one section claims to explain."""
    places = defaultdict(list)
    for docname, entries in env.domains["index"].entries.items():
        for _, word, _, main, _ in entries:
            if main:
                places[word.lower()].append(docname)
    for word, docnames in places.items():
        if len(docnames) > 1:
            LOGGER.warning(
                f"the index explains {word!r} twice, also in {docnames[0]} [index_entries]",
                location=docnames[-1],
                type="index_entries",
            )


def set_scorer(app, config) -> None:
    """Name the scorer by its whole path: Sphinx would look where the build was started."""
    config.html_search_scorer = str(SCORER)


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("config-inited", set_scorer)
    app.add_transform(LeadToSections)
    app.connect("env-check-consistency", check_words)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
