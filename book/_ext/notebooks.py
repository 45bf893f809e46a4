r"""Offer each page that runs as a notebook, ``notebooks/<page>.ipynb`` beside the pages.

A page is Markdown with the roles and directives of MyST, which a notebook's viewer does not
know. They are written in plain Markdown here: the numbers that cells glued into the text are
those of the build, equations carry their label as their tag, code shown from the package is
a block of code, a figure's caption stands below its cell. Code cells are left as they are,
without outputs; they run in any folder, and keep the trainings there.
"""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

import jupytext
import nbformat
from page_facts import glued, runs

FOLDER = "notebooks"
HEAD = """*The chapter "{title}" of the book "{book}", as a notebook.*

It needs the package of the book. In the folder of the project:

```shell
python -m pip install -e ".[book]"
```

The trainings of this chapter are kept in `_build/records`, in the folder in which the notebook
runs, and are not run twice; to spare even the first, copy `book/_build/records` of a built book
to that place. Numbers in the text are those of the run that built the book."""

FENCE = re.compile(r"^(?P<mark>`{3,}|:{3,})\{(?P<name>[\w:-]+)\}[ \t]*(?P<argument>.*)$")
OPTION = re.compile(r"^:(?P<name>[\w-]+):[ \t]*(?P<value>.*)$")
ROLE = re.compile(r"\{(?P<name>[\w:]+)\}`(?P<text>[^`]+)`")
EQUATION = re.compile(r"\$\$\n?(?P<tex>(?:(?!\$\$).)+?)\s*\$\$[ \t]*\((?P<label>[\w-]+)\)", re.S)
TARGET = re.compile(r"^(?:\([\w-]+\)=|\{[.#][^}`\n]*\})\n", re.MULTILINE)
SPAN = re.compile(r"\[(?P<text>[^\[\]]*)\]\{[.#][^}\n]*\}")
LINK = re.compile(r"\[\]\((?P<name>[\w-]+)(?:\.md)?\)")
SPOKEN = {"exercise", "solution", "solution-start", "theorem", "proof", "lemma", "definition"}
SILENT = {"raw", "bibliography", "index", "solution-end", "eval-rst", "toctree", "code-cell"}


def source_of(path: Path, name: str | None) -> str:
    """Return a file, or one function or class of it with its decorators."""
    text = path.read_text(encoding="utf-8")
    if not name:
        return text.strip("\n")
    body = ast.parse(text).body
    for part in name.split("."):
        node = next(node for node in body if getattr(node, "name", None) == part)
        body = getattr(node, "body", [])
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return textwrap.dedent("\n".join(text.splitlines()[first - 1 : node.end_lineno]))


class Plain:
    """Write the Markdown of one page without MyST's own.

    Parameters
    ----------
    folder : pathlib.Path
        From where the page includes files.
    glued : dict
        What the cells of the page glued, by name.
    titles : dict
        Title of each page, by its name.
    """

    def __init__(self, folder: Path, glued: dict[str, str], titles: dict[str, str]):
        self.folder, self.glued, self.titles = folder, glued, titles

    def role(self, match: re.Match) -> str:
        """Write one role as text."""
        name, text = match["name"], match["text"].strip()
        shown, _, target = text.partition(" <")
        if name == "glue:text":
            return self.glued.get(text.partition(":")[0], match[0])
        if name in ("eq", "numref"):
            return ("" if name == "eq" else "Figure ") + f"({text})"
        if name.startswith("cite"):
            return "[" + ", ".join(key.strip() for key in text.split(",")) + "]"
        if name == "doc":
            return f"*{shown if target else self.titles.get(text.strip('/'), text)}*"
        if name.startswith("py:"):
            return f"`{shown if target else text[1:].split('.')[-1] if text[0] == '~' else text}`"
        return shown if target else f"*{text}*"

    def words(self, text: str) -> str:
        """Write the roles, labels and links in a piece of text."""
        text = ROLE.sub(self.role, TARGET.sub("", text))
        text = EQUATION.sub(lambda m: f"$$\n{m['tex'].strip()} \\tag{{{m['label']}}}\n$$", text)
        text = LINK.sub(lambda m: f"*{self.titles.get(m['name'], m['name'])}*", text)
        return SPAN.sub(lambda m: m["text"], text)

    def directive(self, name: str, argument: str, body: list[str]) -> str:
        """Write one directive and what it holds."""
        options = {}
        while body and (option := OPTION.match(body[0])):
            options[option["name"]] = option["value"]
            body = body[1:]
        name = name.removeprefix("prf:")
        if name == "literalinclude":
            code = source_of(self.folder / argument, options.get("pyobject"))
            return f"```python\n{code}\n```"
        if name in SILENT:
            return ""
        if name in SPOKEN:
            word = name.partition("-")[0].capitalize()
            argument = "" if word == "Solution" else argument
            title = self.words(f" ({argument})" if argument else "")
            return f"**{word}{title}.**\n\n{self(body)}"
        return self(body)  # boxes and grids: what they hold

    def __call__(self, lines: list[str]) -> str:
        """Write lines of Markdown."""
        parts, text, at = [], [], 0
        while at < len(lines):
            fence = FENCE.match(lines[at])
            bare = re.match(r"^(`{3,}|~{3,})", lines[at])
            mark = fence["mark"] if fence else bare[1] if bare else None
            if mark is None:
                text.append(lines[at])
                at += 1
                continue
            end = at + 1
            while end < len(lines) and lines[end].strip() != mark:
                end += 1
            parts.append(self.words("\n".join(text)))
            text = []
            if fence:
                parts.append(self.directive(fence["name"], fence["argument"], lines[at + 1 : end]))
            else:
                parts.append("\n".join(lines[at : end + 1]))  # a block of code is left as it is
            at = end + 1
        parts.append(self.words("\n".join(text)))
        return "\n\n".join(part.strip("\n") for part in parts if part.strip())


def notebook(text: str, plain: Plain, head: str) -> nbformat.NotebookNode:
    """Return the notebook of a page.

    Parameters
    ----------
    text : str
        The source of the page, MyST Markdown with a kernelspec.
    plain : Plain
        How its Markdown is written.
    head : str
        Markdown of the first cell.

    Returns
    -------
    nbformat.NotebookNode
        Without outputs; the same text gives the same notebook.
    """
    page = jupytext.reads(text, fmt="md:myst")
    cells = [nbformat.v4.new_markdown_cell(head)]
    for cell in page.cells:
        if cell.cell_type == "markdown":
            if written := plain(cell.source.splitlines()):
                cells.append(nbformat.v4.new_markdown_cell(written))
            continue
        tags = cell.metadata.get("tags", [])
        cells.append(nbformat.v4.new_code_cell(cell.source))
        cells[-1].metadata.tags = tags
        figure = cell.metadata.get("mystnb", {}).get("figure", {})
        if "caption" in figure:
            caption = plain.words(figure["caption"]).strip()
            cells.append(
                nbformat.v4.new_markdown_cell(f"**Figure ({figure.get('name', '')}).** {caption}")
            )
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    metadata = {
        "kernelspec": dict(page.metadata["kernelspec"]),
        "language_info": {"name": "python"},
    }
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def pages(env) -> list[str]:
    """Return the names of the pages that run."""
    return sorted(name for name in env.metadata if runs(env, name))


def write_notebooks(app, exception) -> None:
    """Write the notebooks of all pages that run beside the pages."""
    if exception or app.builder.name != "html":
        return
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(exist_ok=True)
    titles = {name: title.astext() for name, title in app.env.titles.items()}
    book = app.config.html_title or app.config.project
    for name in pages(app.env):
        path = Path(app.env.doc2path(name))
        plain = Plain(path.parent, glued(app.env, name), titles)
        made = notebook(
            path.read_text(encoding="utf-8"), plain, HEAD.format(title=titles[name], book=book)
        )
        nbformat.write(made, folder / f"{name}.ipynb")


def offer(app, pagename, templatename, context, doctree) -> None:
    """Put the notebook first into the theme's menu of downloads."""
    if not runs(app.env, pagename):
        return
    for group in context.get("header_buttons", []):
        if group.get("label") == "download-buttons":
            group["buttons"].insert(
                0,
                {
                    "type": "link",
                    "url": context["pathto"](f"{FOLDER}/{pagename}.ipynb", 1),
                    "text": ".ipynb",
                    "tooltip": "Download the notebook",
                    "icon": "fas fa-code",
                    "label": "download-notebook-button",
                },
            )


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("html-page-context", offer, priority=900)  # after the theme made its menu
    app.connect("build-finished", write_notebooks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
