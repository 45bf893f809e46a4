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
#: Which module a chapter is about.
MODULES = {
    "gradient_descent": "gradient_descent",
    "activations": "activations",
    "losses": "losses",
    "data": "data",
    "layers": "layers",
    "networks": "networks",
    "metrics": "metrics",
    "the_search": "search",
}
UNLINKED = {"index"}  # its first screen is for what the book shows


def tests_of(module: str, root: Path) -> Path:
    """Return where the tests of a module are."""
    return root / "tests" / f"test_{module}.py"


def line(docname: str) -> nodes.paragraph:
    """Return the links of one page, as one paragraph."""
    paragraph = nodes.paragraph(classes=["chapter-links"])

    def add(words: str, link: nodes.Node) -> None:
        paragraph.append(nodes.inline("", f"{words} ", link))

    if module := MODULES.get(docname):
        name = f"{PACKAGE}.{module}"
        where = {"refdomain": "py", "reftype": "mod", "reftarget": name, "refdoc": docname}
        add("Module", addnodes.pending_xref("", nodes.literal(text=name), refwarn=True, **where))
        tests = nodes.literal(text=f"test_{module}.py")
        add("Tests", nodes.reference("", "", tests, refuri=f"tests/test_{module}.html"))
    html = f'<a href="notebooks/{docname}.ipynb" download><code>{docname}.ipynb</code></a>'
    add("Notebook", nodes.raw("", html, format="html"))
    return paragraph


def add_line(app, doctree: nodes.document) -> None:
    """Put the links under the title of a page that runs."""
    docname = app.env.docname
    runs = any(node.get("nb_element") == "cell_code" for node in doctree.findall(nodes.container))
    title = doctree.next_node(nodes.title)
    if runs and title and docname not in UNLINKED:
        title.parent.insert(title.parent.index(title) + 1, line(docname))


def test_pages(app):
    """Yield the tests of each chapter's module as a page of the book."""
    root = Path(app.srcdir).resolve().parent
    for docname, module in MODULES.items():
        if docname not in app.env.found_docs:
            continue
        path = tests_of(module, root)
        code = app.builder.highlighter.highlight_block(
            path.read_text(encoding="utf-8"), "python", location=path
        )
        back = f'<p><a href="../{docname}.html">Back to the chapter</a></p>'
        body = f"<h1><code>tests/{path.name}</code></h1>{back}{code}"
        yield f"tests/test_{module}", {"title": path.name, "body": body}, "page.html"


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("doctree-read", add_line)
    app.connect("html-collect-pages", test_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
