"""Lead from a chapter to its module, its tests and its notebook.

A line under the title of each page that runs links to the page as a notebook, which lies
beside the pages in ``notebooks/``. Where its front matter names the ``modules`` that it is about,
it links to their reference and to their tests as well; the tests become pages of the book,
highlighted, so that they can be read where the book is read.
"""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from page_facts import modules, runs
from sphinx import addnodes

PACKAGE = "mnist_gd"
TESTS = Path(__file__).resolve().parents[2] / "tests"
UNLINKED = {"index"}  # its first screen is for what the book shows


def tests_of(names: list[str]) -> list[Path]:
    """Return the files that test these modules, each once.

    The tests of ``experiments.runs`` are in ``test_runs.py`` or else, as those of the other parts
    of its package may be, in ``test_experiments.py``.
    """
    files = []
    for name in names:
        known = [TESTS / f"test_{part}.py" for part in reversed(name.split("."))]
        files.append(next(filter(Path.is_file, known), known[0]))
    return list(dict.fromkeys(files))


def line(docname: str, names: list[str]) -> nodes.paragraph:
    """Return the links of one page, to these modules among others, as one paragraph."""
    references, tests = [], []
    for module in names:
        name = f"{PACKAGE}.{module}"
        where = {"refdomain": "py", "reftype": "mod", "reftarget": name, "refdoc": docname}
        text = nodes.literal(text=name)
        references.append(addnodes.pending_xref("", text, refwarn=True, **where))
    for path in tests_of(names):
        text = nodes.literal(text=path.name)
        tests.append(nodes.reference("", "", text, refuri=f"tests/{path.stem}.html"))
    html = f'<a href="notebooks/{docname}.ipynb" download><code>{docname}.ipynb</code></a>'
    notebook = nodes.raw("", html, format="html")

    paragraph = nodes.paragraph(classes=["chapter-links"])
    for word, links in (("Module", references), ("Tests", tests), ("Notebook", [notebook])):
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
    title = doctree.next_node(nodes.title)
    if runs(app.env, docname) and title and docname not in UNLINKED:
        links = line(docname, modules(Path(app.env.doc2path(docname))))
        title.parent.insert(title.parent.index(title) + 1, links)


def pages_of_tests(app):
    """Yield the tests of each chapter's modules as pages of the book, each for its own chapter."""
    chapter = {}
    for docname in sorted(app.env.found_docs):
        about = modules(Path(app.env.doc2path(docname)))
        for path in tests_of(about):
            if docname in about or path not in chapter:
                chapter[path] = docname
    for path, docname in chapter.items():
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
