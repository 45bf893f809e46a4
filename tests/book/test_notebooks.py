"""The notebooks beside the pages: each runs from top to bottom, in a folder of its own.

They run as a reader's would, in a kernel that finds the package, with the trainings that the
book has made; two at a time, with one thread each.
"""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
nbclient = pytest.importorskip("nbclient", reason="the extra 'test' is not installed")
nbformat = pytest.importorskip("nbformat", reason="the extra 'test' is not installed")
PAGES = sorted(
    path.stem
    for path in (ROOT / "book").glob("*.md")
    if "\nkernelspec:" in path.read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def ran(book, tmp_path_factory):
    """Every notebook after its run, or what stopped it."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "_build").mkdir()
    (folder / "_build" / "records").symlink_to(ROOT / "book" / "_build" / "records")
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    settings = {**os.environ, **one_thread, "PYTHONPATH": paths}  # also if it is not installed

    def run(page):
        notebook = nbformat.read(book / "notebooks" / f"{page}.ipynb", as_version=4)
        client = nbclient.NotebookClient(
            notebook, timeout=600, resources={"metadata": {"path": str(folder)}}
        )
        try:
            client.execute(env=settings)
        except nbclient.exceptions.CellExecutionError as error:
            return error
        return notebook

    with ThreadPoolExecutor(2) as pool:
        done = dict(zip(PAGES, pool.map(run, PAGES), strict=True))
    made = {path.name for path in folder.rglob("*") if path.is_file()}
    return done, made


def test_there_is_one_for_each_page_that_runs(book):
    assert {path.stem for path in (book / "notebooks").glob("*.ipynb")} == set(PAGES)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_notebook_runs(ran, page):
    notebook = ran[0][page]
    assert not isinstance(notebook, Exception), str(notebook)[-3000:]
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.get("name") == "stderr"]


@pytest.mark.parametrize("page", PAGES)
def test_notebook_is_valid_and_plain(book, page):
    """No output is carried along and nothing of MyST is left in its text."""
    notebook = nbformat.read(book / "notebooks" / f"{page}.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert 'pip install -e ".[book]"' in notebook.cells[0].source
    assert not [cell for cell in notebook.cells if cell.get("outputs")]
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    left = r"\{[\w:-]+\}`|^:::|^`{3,}\{|^\([\w-]+\)=|^:\w+:|\$\$ *\("
    assert re.findall(left, text, re.MULTILINE) == []


def test_page_offers_its_notebook(visit):
    page = visit(viewport={"width": 1280, "height": 900}).open("losses.html")
    menu = page.locator(".dropdown-download-buttons")
    menu.locator("button.dropdown-toggle").click()
    link = menu.locator("a.btn-download-notebook-button")
    assert link.is_visible()
    assert link.get_attribute("href").endswith("notebooks/losses.ipynb")
    answer = page.request.get(page.evaluate("(a) => a.href", link.element_handle()))
    assert answer.ok
    assert nbformat.reads(answer.text(), as_version=4).cells
