"""Label the sources as the text cites them: "Baydin et al., 2018", in the order of the alphabet.

``bibtex_reference_style: author_year`` makes the citations of the text. The styles of pybtex only
know labels such as BPRS18, which a reader who comes from a citation would look for in vain.
"""

from __future__ import annotations

from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style as PlainStyle
from pybtex.style.labels import BaseLabelStyle


def names(persons) -> str:
    """Return the last names of one or two authors, or the first one's and others."""
    last = [
        " ".join(part.render_as("text") for part in (*p.rich_prelast_names, *p.rich_last_names))
        for p in persons
    ]
    return " and ".join(last) if len(last) < 3 else f"{last[0]} et al."


class LabelStyle(BaseLabelStyle):
    """Author and year, as in the text."""

    def format_labels(self, sorted_entries):
        """Yield the label of each entry."""
        for entry in sorted_entries:
            yield f"{names(entry.persons['author'])}, {entry.fields['year']}"


class Style(PlainStyle):
    """The plain style, in the order of authors and years, with their labels."""

    default_label_style = LabelStyle


def setup(app):
    """Register the extension with Sphinx, and the style with pybtex."""
    register_plugin("pybtex.style.formatting", "author_year", Style)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
