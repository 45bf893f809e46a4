"""Serve MathJax from the book itself, so that its formulas need no network.

The pinned package ``django-static-mathjax`` holds all of MathJax, of which nothing of Django's
is used. The one script that the pages load, the fonts that it asks for and the licence are
copied to ``mathjax/`` beside the pages.
"""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

FOLDER = "mathjax"
SCRIPT = "tex-chtml.js"
FONTS = "output/chtml/fonts/woff-v2"  # where the script looks for them
LICENCE = "LICENSE"


def set_path(app, config) -> None:
    """Let the pages load the copy; the path is seen from ``_static``."""
    config.mathjax_path = f"../{FOLDER}/{SCRIPT}"


def copy(app) -> None:
    """Copy what the pages use."""
    if app.builder.format != "html":
        return
    target = Path(app.outdir) / FOLDER
    with as_file(files("mathjax") / "static" / "mathjax") as package:
        shutil.copytree(package / "es5" / FONTS, target / FONTS, dirs_exist_ok=True)
        shutil.copyfile(package / "es5" / SCRIPT, target / SCRIPT)
        shutil.copyfile(package / LICENCE, target / LICENCE)


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("config-inited", set_path)
    app.connect("builder-inited", copy)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
