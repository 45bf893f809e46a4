"""Lead from the reference of the package to the equations of the chapters.

A docstring names the equation that its function is by its label, `eq-…`; on the page the label
becomes the equation's number and a link to it.
"""

from __future__ import annotations

import re

LABEL = re.compile(r"(?<![`:])`(eq-[a-z0-9-]+)`(?!`)")


def link_equations(app, what, name, obj, options, lines: list[str]) -> None:
    """Make the labels in the lines of a docstring references, in place."""
    lines[:] = [LABEL.sub(r":eq:`\1`", line) for line in lines]


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("autodoc-process-docstring", link_equations)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
