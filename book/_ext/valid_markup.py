"""Make valid HTML of what Sphinx's extensions write.

MyST-NB puts paragraphs into the ``summary`` of folded code, Sphinx ``div`` elements into the
``pre`` of the sources, where text alone may stand, and sphinx-exercise gives the contents of all
exercises of a page one ``id``. Here they become ``span`` elements, and lose the ``id``.
"""

from __future__ import annotations

import re

PROMPT = re.compile(r'<p (class="(?:collapsed|expanded) admonition-title")>([^<]*)</p>')
BLOCK = re.compile(r'<pre>.*?<div class="viewcode-block".*?</pre>', re.DOTALL)
REPEATED = re.compile(r' id="(?:exercise|solution)-content"')


def repaired(body: str) -> str:
    """Return the content of a page as valid HTML.

    >>> repaired('<summary><p class="expanded admonition-title">Hide</p></summary>')
    '<summary><span class="expanded admonition-title">Hide</span></summary>'
    """
    body = REPEATED.sub("", PROMPT.sub(r"<span \1>\2</span>", body))
    return BLOCK.sub(lambda block: re.sub(r"(</?)div\b", r"\1span", block[0]), body)


def repair(app, pagename, templatename, context, doctree) -> None:
    """Repair one page before it is written."""
    if "body" in context:
        context["body"] = repaired(context["body"])


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("html-page-context", repair)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
