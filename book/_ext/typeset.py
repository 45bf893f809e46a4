"""Set the formulas when the book is built, so that no page waits for it and none moves.

The pinned package ``django-static-mathjax`` holds all of MathJax, of which nothing of Django's is
used; `mini-racer` runs it. What it makes of a formula, with MathML for screen readers, stands in
the page. A formula that it does not understand ends the build. The fonts are copied to
``mathjax/`` beside the pages, with the licence and the one script that sets what a cell shows
that a reader runs.
"""

from __future__ import annotations

import html
import re
import shutil
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from docutils import nodes
from py_mini_racer import JSEvalException, MiniRacer
from sphinx.errors import SphinxError
from sphinx.ext import mathjax

FOLDER = "mathjax"
SCRIPT = "tex-chtml.js"
STYLE = "formulas.css"
FONTS = "output/chtml/fonts/woff-v2"
LICENCE = "LICENSE"
PARTS = ("loader", "core", "adaptors/liteDOM", "input/tex-full", "output/chtml",
         "output/chtml/fonts/tex", "a11y/assistive-mml")  # fmt: skip
BEFORE = "var MathJax = {loader: {load: []}};"
AFTER = """
const made = MathJax._, adaptor = made.adaptors.liteAdaptor.liteAdaptor();
const handler = made.handlers.html_ts.RegisterHTMLHandler(adaptor);
made.a11y["assistive-mml"].AssistiveMmlHandler(handler);
const output = new made.output.chtml_ts.CHTML({
  adaptiveCSS: false,
  font: new made.output.chtml.fonts.tex_ts.TeXFont({ fontURL: "%s" }),
});
const page = made.mathjax.mathjax.document("", {
  InputJax: new made.input.tex_ts.TeX({
    packages: ["base", "ams", "boldsymbol"],
    formatError: (_, error) => { throw error; },
  }),
  OutputJax: output,
});
const typeset = (formula, display) => adaptor.outerHTML(page.convert(formula, { display }));
const style = () => adaptor.textContent(output.styleSheet(page));
"""
FORMULA = re.compile(r"\\([(\[])(.*)\\[)\]]", re.DOTALL)


@cache
def engine() -> MiniRacer:
    """Return what sets formulas."""
    made = MiniRacer()
    made.eval(BEFORE)
    with as_file(files("mathjax") / "static" / "mathjax" / "es5") as scripts:
        for part in PARTS:
            made.eval((scripts / f"{part}.js").read_text(encoding="utf-8"))
    made.eval(AFTER % f"../{FOLDER}/{FONTS}")
    return made


@cache
def typeset(formula: str, display: bool) -> str:
    """Return a formula in LaTeX as HTML."""
    try:
        return engine().call("typeset", formula, display)
    except JSEvalException as error:
        raise SphinxError(f"a formula cannot be set, {formula.strip()}: {error}") from None


def visit(mathjax_visit):
    """Return a writer of formulas that puts what is set where Sphinx's writes the LaTeX."""

    def write(self, node) -> None:
        begin = len(self.body)
        try:
            mathjax_visit(self, node)
        except nodes.SkipNode:
            written = "".join(self.body[begin:])
            self.body[begin:] = [
                FORMULA.sub(lambda m: typeset(html.unescape(m[2]), m[1] == "["), written)
            ]
            raise

    return write


def copy(app) -> None:
    """Copy what the pages use."""
    if app.builder.format != "html":
        return
    target = Path(app.outdir) / FOLDER
    with as_file(files("mathjax") / "static" / "mathjax") as package:
        shutil.copytree(package / "es5" / FONTS, target / FONTS, dirs_exist_ok=True)
        shutil.copyfile(package / "es5" / SCRIPT, target / SCRIPT)
        shutil.copyfile(package / LICENCE, target / LICENCE)


def write_style(app, exception) -> None:
    """Write the style sheet of all that MathJax can set, of which the book's takes its part."""
    if exception is None and app.builder.format == "html":
        style = engine().call("style")
        (Path(app.outdir) / "_static" / STYLE).write_text(style, encoding="utf-8")


def setup(app):
    """Register the extension with Sphinx."""
    app.add_html_math_renderer(
        "typeset",
        (visit(mathjax.html_visit_math), None),
        (visit(mathjax.html_visit_displaymath), None),
    )
    app.add_css_file(STYLE)
    app.connect("builder-inited", copy)
    app.connect("build-finished", write_style, priority=700)  # before that of the book is written
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
