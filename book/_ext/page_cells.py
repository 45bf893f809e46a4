"""Let each page that runs be run where it is read: say what its cells are, offer the button.

A reader who presses *Run this page* gets the page's code cells as editors (``_extra/run``). What
such a page needs to know beside its own HTML stands in ``run/pages/<page>.json``, which is fetched
only then:

* ``cells``: in their order, the hidden ones too, the ``source`` and ``tags`` of each, and whether
  it has a place in the page (``shown``);
* ``pasted``: the names of the texts that cells glued into the page, in the order of the page.

What is measured stands in one file, so that all others of two builds are the same:
``run/build.json`` says how fast the machine of the build is (``_extra/run/speed.py``), and under
``cells`` for each page the seconds of processor time that its cells took, without the processes
in which trainings run; null if the build did not measure. A page
itself gets one line, the script that offers the button, and only where the build has a runtime.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median

import nbformat
import psutil
from docutils import nodes
from jupyter_cache.executors import utils as executors
from jupyter_core.utils import run_sync
from myst_nb.ext.glue.domain import NbGlueDomain
from myst_nb.ext.glue.roles import PasteTextRole
from nbclient import NotebookClient
from page_facts import UNFIT, runs
from threadpoolctl import threadpool_limits

sys.path.append(str(Path(__file__).resolve().parents[1] / "_extra" / "run"))
import speed

FOLDER = Path("run", "pages")
UNSEEN = {"remove-cell"}
NO_EDITOR = {"remove-cell", "remove-input", UNFIT}


class TimedClient(NotebookClient):
    """Runs a notebook and notes the processor time that its kernel took for each code cell.

    The cache finds a notebook by the metadata of its cells, and hands back, of the notebook's own,
    those about the language: so that is where the seconds are kept.
    """

    def _spent(self) -> float:
        times = psutil.Process(self.km.provisioner.pid).cpu_times()
        return times.user + times.system

    async def async_execute_cell(self, cell, *args, **kwargs):
        """Run one cell."""
        start = self._spent()
        done = await super().async_execute_cell(cell, *args, **kwargs)
        if cell.cell_type == "code":
            self.seconds.append(round(self._spent() - start, 2))
        return done

    async def async_execute(self, *args, **kwargs):
        """Run all cells."""
        self.seconds = []
        done = await super().async_execute(*args, **kwargs)
        self.nb.metadata["language_info"]["seconds"] = self.seconds
        return done

    execute = run_sync(async_execute)


def execute(notebook, cwd=None, **options):
    """Run a notebook as nbclient's function of this name does, by the clock."""
    resources = {"metadata": {"path": cwd}} if cwd else {}
    return TimedClient(nb=notebook, resources=resources, **options).execute()


class NamedText(PasteTextRole):
    """Pastes a text and keeps on its node under which name the page glued it."""

    def run(self):
        """Return the nodes."""
        made, messages = super().run()
        for node in made:
            if isinstance(node, nodes.inline):
                node["glued"] = self.text.partition(":")[0]
        return made, messages


def cells_of(notebook) -> list[dict]:
    """Return what a page in the browser is told of each code cell.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The page.
    """
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            tags = cell.metadata.get("tags", [])
            shown = not UNSEEN & set(tags)
            cells.append({"source": cell.source, "tags": tags, "shown": shown})
    return cells


def write_cells(app, doctree: nodes.document, docname: str) -> None:
    """Write down the cells of a page as its HTML is made."""
    if app.builder.name != "html" or not runs(app.env, docname):
        return
    pasted = [
        node.get("glued", "")
        for node in doctree.findall(nodes.inline)
        if "pasted-text" in node["classes"]
    ]
    kept = Path(app.env.mystnb_config.output_folder) / f"{docname}.ipynb"
    about = {"cells": cells_of(nbformat.read(kept, as_version=4)), "pasted": pasted}
    path = Path(app.outdir) / FOLDER / f"{docname}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def to_edit(cells: list[dict]) -> bool:
    """Tell whether a reader can change and run some cell of a page where it is read."""
    return any(NO_EDITOR.isdisjoint(cell["tags"]) for cell in cells)


def offer(app, pagename, templatename, context, doctree) -> None:
    """Give a page with cells to edit the script that offers the button."""
    if not (context.get("has_runtime") and doctree and runs(app.env, pagename)):
        return
    path = Path(app.outdir) / FOLDER / f"{pagename}.json"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    if not to_edit(cells):
        return
    source = context["pathto"]("run/start.js", 1)
    script = f'\n<script defer src="{source}"></script>'
    context["metatags"] = context.get("metatags", "") + script


def seconds_of_work(records: Path) -> float | None:
    """Return the seconds that a unit of a configuration's work took in the records."""
    from mnist_gd.experiments.runs import Configuration

    found = []
    for path in records.glob("*.json"):
        about = json.loads(path.read_text(encoding="utf-8"))
        try:
            work = Configuration(**about["configuration"]).work
        except (KeyError, TypeError, ValueError):  # a record of something else
            continue
        if about["seconds"] and "diverged" not in about["outcome"]:
            found.append(about["seconds"] / work)
    return median(found) if found else None


def write_speed(app, exception) -> None:
    """Write down how fast this machine is, with one thread, and what the cells of pages took."""
    if exception or app.builder.name != "html":
        return
    with threadpool_limits(1):
        about = {"speed": speed.measured()}
    about["seconds_of_work"] = seconds_of_work(Path(app.outdir).parent / "records")
    about["cells"] = {
        name: app.env.metadata[name].get("language_info", {}).get("seconds")
        for name in sorted(app.env.found_docs)
        if runs(app.env, name)
    }
    path = Path(app.outdir, "run", "build.json")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(about), encoding="utf-8")


def setup(app):
    """Register the extension with Sphinx."""
    executors.executenb = execute
    NbGlueDomain.roles["text"] = NamedText()
    app.connect("doctree-resolved", write_cells)
    app.connect("html-page-context", offer)
    app.connect("build-finished", write_speed)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
