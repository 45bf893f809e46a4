"""Lead from a chapter to its module, its tests and its notebook.

A line under the title of each page that runs links to the page as a notebook, which lies
beside the pages in ``notebooks/``. The chapter of a module links to the module's reference
and to its tests as well; the tests become pages of the book, highlighted, so that they can
be read where the book is read.
"""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx import addnodes

PACKAGE = "mnist_gd"
#: Which modules a chapter is about.
MODULES = {
    "gradient_descent": ("gradient_descent", "gradient_check"),
    "activations": ("activations",),
    "losses": ("losses",),
    "data": ("data",),
    "layers": ("layers",),
    "networks": ("networks", "training", "history"),
    "metrics": ("metrics",),
    "is_it_a_four": ("experiments",),
    "the_search": ("search", "records"),
    "ten_digits": ("studies",),
    "additions": ("additions",),
}
UNLINKED = {"index"}  # its first screen is for what the book shows


def line(docname: str) -> nodes.paragraph:
    """Return the links of one page, as one paragraph."""
    modules, tests = [], []
    for module in MODULES.get(docname, ()):
        name = f"{PACKAGE}.{module}"
        where = {"refdomain": "py", "reftype": "mod", "reftarget": name, "refdoc": docname}
        text = nodes.literal(text=name)
        modules.append(addnodes.pending_xref("", text, refwarn=True, **where))
        text = nodes.literal(text=f"test_{module}.py")
        tests.append(nodes.reference("", "", text, refuri=f"tests/test_{module}.html"))
    html = f'<a href="notebooks/{docname}.ipynb" download><code>{docname}.ipynb</code></a>'
    notebook = nodes.raw("", html, format="html")

    paragraph = nodes.paragraph(classes=["chapter-links"])
    for word, links in (("Module", modules), ("Tests", tests), ("Notebook", [notebook])):
        if links:
            word += "s" if word == "Module" and len(links) > 1 else ""
            group = nodes.inline("", f"{word} ")
            for link in links:
                group += [link, nodes.Text(" ")]
            paragraph += group
    return paragraph


def add_line(app, doctree: nodes.document) -> None:
    """Put the links under the title of a page that runs."""
    docname = app.env.docname
    runs = "kernelspec" in app.env.metadata[docname]
    title = doctree.next_node(nodes.title)
    if runs and title and docname not in UNLINKED:
        title.parent.insert(title.parent.index(title) + 1, line(docname))


def pages_of_tests(app):
    """Yield the tests of each chapter's modules as pages of the book."""
    tests = Path(app.srcdir).resolve().parent / "tests"
    for docname, modules in MODULES.items():
        for module in modules if docname in app.env.found_docs else ():
            path = tests / f"test_{module}.py"
            code = app.builder.highlighter.highlight_block(
                path.read_text(encoding="utf-8"), "python", location=str(path)
            )
            back = f'<p><a href="../{docname}.html">Back to the chapter</a></p>'
            body = f"<h1><code>tests/{path.name}</code></h1>{back}{code}"
            yield f"tests/{path.stem}", {"title": path.name, "body": body}, "page.html"


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("doctree-read", add_line)
    app.connect("html-collect-pages", pages_of_tests)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
