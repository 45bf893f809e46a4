"""Give a coding exercise what an answer in the page begins with, and list all exercises.

Which function an exercise asks for stands in its text: ``check("softmax-gradient", my_gradient)``,
or ``my_gradient(grad_output, z)`` and the task in quotes, ``"softmax-gradient"``. A task without
quotes can be tried as well. The arguments are those of the package's task; where text or
solution have others, the build says so. What is hidden here, the script ``run/progress.js`` shows.

The directive ``{progress}`` lists the exercises of the book by chapter.
"""

from __future__ import annotations

import ast
import json
import posixpath
import re
from functools import cache
from html import escape
from pathlib import Path

import jupytext
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.util import logging
from sphinx.util.nodes import make_refnode
from sphinx_exercise.nodes import exercise_subtitle, is_exercise_node, is_solution_node

LOGGER = logging.getLogger(__name__)

CHECK = re.compile(r'(?:[\w.]+\.)?check\("([\w-]+)", (\w+)\)')
QUOTED = re.compile('"([a-z0-9-]+)"')
SIGNATURE = re.compile(r"(\w+)\((\w+(?:, \w+)*)\)")


@cache
def known() -> dict:
    """Return the package's tasks; a book without exercises needs none."""
    from mnist_gd.exercises import TASKS

    return TASKS


def asked(literals: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return the tasks of an exercise with their functions' names, and what it offers besides.

    >>> asked(["f(x)", '"mse-gradient"', "kl-gradient"])
    ({'mse-gradient': 'f'}, ['kl-gradient'])
    """
    tasks, nameless, names, besides = {}, [], [], []
    for literal in literals:
        if match := CHECK.fullmatch(literal):
            tasks[match[1]] = match[2]
        elif (match := QUOTED.fullmatch(literal)) and match[1] in known():
            nameless.append(match[1])
        elif match := SIGNATURE.fullmatch(literal):
            names.append(match[1])
        elif literal in known():
            besides.append(literal)
    free = [name for name in names if name not in tasks.values()]
    return tasks | dict(zip(nameless, free, strict=False)), besides


def signature(task: str, name: str) -> str:
    """Return how a function is called, by the task's own arguments."""
    return f"{name}({', '.join(known()[task].arguments)})"


def stub(task: str, name: str) -> str:
    """Return a function that is still to be written."""
    return f"def {signature(task, name)}:\n    ...\n"


def imports(cells: list[str], used: set[str]) -> str:
    """Return the lines of a page that import what is used, from NumPy and from the package."""
    lines = {"import numpy as np\n": None}
    for cell in cells:
        if "import" not in cell or cell.lstrip().startswith(("%", "!")):
            continue
        for node in ast.parse(cell).body:
            if not isinstance(node, ast.ImportFrom) or "exercises" in (node.module or ""):
                continue
            wanted = [alias for alias in node.names if (alias.asname or alias.name) in used]
            if wanted and node.module.startswith("mnist_gd"):
                lines[ast.unparse(ast.ImportFrom(node.module, wanted, 0))] = None
    return "\n".join(lines).rstrip()


def code_of(solution: nodes.Element) -> str:
    """Return the cells of a solution."""
    cells = [node for node in solution.findall(nodes.container) if "cell_input" in node["classes"]]
    blocks = (block for cell in cells for block in cell.findall(nodes.literal_block))
    return "\n\n".join(block.astext() for block in blocks)


def faults(tasks: dict[str, str], literals: list[str], functions: dict) -> list[str]:
    """Say where the text or the solution of an exercise parts from the package's task."""
    found = []
    for task, name in tasks.items():
        if task not in known():
            found.append(f"the judge knows no {task}")
        elif signature(task, name) not in literals:
            found.append(f"the text does not say {signature(task, name)}")
        elif name not in functions:
            found.append(f"the solution defines no {name}")
        elif [a.arg for a in functions[name].args.args] != list(known()[task].arguments):
            found.append(f"the solution's {name} has other arguments than {task}")
    return found


def add_start(exercise: nodes.Element, solution: nodes.Element | None, cells: list[str]) -> None:
    """Put what an answer begins with under one exercise, hidden, if it asks for code."""
    literals = [" ".join(node.astext().split()) for node in exercise.findall(nodes.literal)]
    tasks, besides = asked(literals)
    if not tasks:
        return
    tree = ast.parse(code_of(solution)) if solution else ast.Module([], [])
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for fault in faults(tasks, literals, functions):
        LOGGER.warning(
            "exercise %s: %s", exercise["label"], fault, location=exercise, type="page_exercises"
        )
        return
    asks = [functions[name] for name in tasks.values()]
    used = {n.id for function in asks for n in ast.walk(function) if isinstance(n, ast.Name)}
    stubs = [stub(task, name) for task, name in tasks.items()]
    start = "\n\n\n".join([imports(cells, used), "\n\n".join(stubs)])
    more = {task: stub(task, task.replace("-", "_")) for task in besides if task not in tasks}
    exercise += nodes.raw(
        "",
        f'<div class="exercise-answer" data-tasks="{escape(json.dumps(tasks))}"'
        f' data-more="{escape(json.dumps(more))}" hidden><pre>{escape(start)}</pre></div>',
        format="html",
    )


def add_starts(app, doctree: nodes.document) -> None:
    """Look through a page that was just read."""
    exercises = list(doctree.findall(is_exercise_node))
    if not exercises:
        return
    solutions = {node["target_label"]: node for node in doctree.findall(is_solution_node)}
    path = Path(app.env.doc2path(app.env.docname))
    page = jupytext.reads(path.read_text(encoding="utf-8"), fmt="md:myst")
    cells = [cell.source for cell in page.cells if cell.cell_type == "code"]
    for exercise in exercises:
        add_start(exercise, solutions.get(exercise["label"]), cells)


# ---------------------------------------------------------------------- the page of progress


class progress(nodes.General, nodes.Element):
    """Where the list of the exercises comes."""


class Progress(Directive):
    """The exercises of the book by chapter."""

    def run(self):
        """Leave a place for the list, which is known when all pages are read."""
        env = self.state.document.settings.env
        env.metadata[env.docname]["progress"] = True
        return [progress()]


def kind_of(exercise: nodes.Element) -> str:
    """Return how an exercise without a name begins, if that is emphasised: what it asks for."""
    first = exercise.next_node(nodes.paragraph)
    if first is None or not first.children or not isinstance(first[0], nodes.emphasis):
        return ""
    return first[0].astext().rstrip(".").lower()


def by_chapter(env) -> dict[str, list]:
    """Return label, number and name of each exercise, by page."""
    registry = getattr(env, "sphinx_exercise_registry", {})
    order = list(getattr(env.config, "external_site_map", None) or sorted(env.found_docs))
    chapters = {docname: [] for docname in order}
    for label, entry in registry.items():
        docname, node = entry["docname"], entry["node"]
        if not is_exercise_node(node):
            continue
        numbers = env.toc_fignumbers.get(docname, {}).get("exercise", {})
        number = next((numbers[i] for i in node["ids"] if i in numbers), ())
        subtitle = node.next_node(exercise_subtitle)
        name = subtitle.astext() if subtitle else kind_of(node)
        chapters.setdefault(docname, []).append((label, number, name))
    return {
        docname: sorted(found, key=lambda exercise: exercise[1])
        for docname, found in chapters.items()
        if found
    }


def changed(app, env) -> list[str]:
    """Write the page of progress again when there are other exercises."""
    now = by_chapter(env)
    if getattr(env, "exercises_listed", None) == now:
        return []
    env.exercises_listed = now
    return [name for name, about in env.metadata.items() if "progress" in about]


def fill(app, doctree: nodes.document, docname: str) -> None:
    """Put the list in its place."""
    for place in list(doctree.findall(progress)):
        made = []
        for chapter, exercises in by_chapter(app.env).items():
            title = nodes.title("", app.env.titles[chapter].astext())
            section = nodes.section("", title, ids=[f"progress-{chapter}"])
            items = nodes.bullet_list(classes=["progress-list"])
            for label, number, name in exercises:
                text = " ".join(["Exercise", ".".join(map(str, number))]) + (name and f": {name}")
                link = make_refnode(app.builder, docname, chapter, label, nodes.Text(text))
                items += nodes.list_item("", nodes.paragraph("", "", link))
            section += items
            made.append(section)
        place.replace_self(made)


def add_script(app, pagename, templatename, context, doctree) -> None:
    """Bring the script to the pages that have exercises, and to the page of progress."""
    has = doctree is not None and any(doctree.findall(is_exercise_node))
    if not has and "progress" not in app.env.metadata.get(pagename, ()):
        return
    root = posixpath.relpath("run", posixpath.dirname(pagename) or ".")
    context["metatags"] = context.get("metatags", "") + (
        f'\n<link rel="stylesheet" href="{root}/exercises.css" />'
        f'\n<script defer src="{root}/progress.js"></script>'
    )


def setup(app):
    """Register the extension with Sphinx."""
    app.add_node(progress)
    app.add_directive("progress", Progress)
    app.connect("doctree-read", add_starts)
    app.connect("env-updated", changed)
    app.connect("doctree-resolved", fill)
    app.connect("html-page-context", add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
