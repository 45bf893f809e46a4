"""Lead from the reference of the package, and from code, to the equations of the chapters.

A docstring names the equation that its function is by its label, `eq-…`, and so does a comment in
a cell that shows or checks it; on the page the label becomes the equation's number and a link to
it. Notebooks, whose equations bear their labels, keep it.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

PRE = re.compile(r"<pre>.*?</pre>", re.DOTALL)
SAID = re.compile(r'<span class="(?:c1?|sd)">[^<]*</span>')  # comments and docstrings
SHOWN = re.compile(r"(`?)\b(eq-[a-z0-9]+(?:-[a-z0-9]+)*)\1")
LABEL = re.compile(r"(?<![`:])`(eq-[a-z0-9-]+)`(?!`)")


def link_equations(app, what, name, obj, options, lines: list[str]) -> None:
    """Make the labels in the lines of a docstring references, in place."""
    lines[:] = [LABEL.sub(r":eq:`\1`", line) for line in lines]


def number_of(env, label: str) -> str:
    """Return the number of an equation as its chapter shows it."""
    docname = env.domains["math"].equations[label][0]
    number = env.toc_fignumbers[docname]["displaymath"][f"equation-{label}"]
    return ".".join(map(str, number))


def link_in_code(app, pagename, templatename, context, doctree) -> None:
    """Make the labels in the comments and docstrings of a page's code links."""
    known = app.env.domains["math"].equations

    def link(match: re.Match) -> str:
        label = match[2]
        if label not in known:
            return match[0]
        page = context["pathto"](known[label][0]).rstrip("#")  # "#" is this page itself
        number = number_of(app.env, label)
        return f'<a class="reference internal" href="{page}#equation-{label}">({number})</a>'

    def in_block(block: re.Match) -> str:
        return SAID.sub(lambda said: SHOWN.sub(link, said[0]), block[0])

    if "body" in context:
        context["body"] = PRE.sub(in_block, context["body"])


def make_sources_anew(app) -> None:
    """Let Sphinx write the pages of the sources, which it keeps until their modules change."""
    shutil.rmtree(Path(app.outdir) / "_modules", ignore_errors=True)


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("builder-inited", make_sources_anew)
    app.connect("html-page-context", link_in_code)
    app.connect("autodoc-process-docstring", link_equations)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
