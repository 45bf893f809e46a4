"""Pages opened as notebooks in the browser, from their menu of downloads, and run to the end."""

from time import monotonic

import pytest

from tests.book.conftest import give_up

LIMIT = 400  # seconds in which a busy machine must have started Python and run a notebook
CELLS = """const cells = jupyterapp.shell.currentWidget.content.widgets
  .filter((cell) => cell.model.type === "code");"""
READY = """() => globalThis.jupyterapp?.shell.currentWidget?.content?.widgets?.length > 1
  && jupyterapp.shell.currentWidget.context.sessionContext.session?.kernel"""
RUN = "() => { jupyterapp.commands.execute('notebook:run-all-cells'); }"
FIRST = f"() => {{ {CELLS} return cells[0].model.executionCount !== null; }}"
ENDED = f"""() => {{ {CELLS}
  const failed = cells.some((cell) => cell.model.outputs.toJSON()
    .some((output) => output.output_type === "error"));
  return failed || cells.every((cell) => cell.model.executionCount !== null
    && cell.model.executionState !== "running");
}}"""
RESULTS = f"""() => {{ {CELLS} return cells.map((cell) => ({{
  source: cell.model.sharedModel.source,
  count: cell.model.executionCount,
  outputs: cell.model.outputs.toJSON(),
}})); }}"""


@pytest.fixture(scope="module")
def lite(book):
    """The folder of the notebooks' site."""
    if not (book / "lite" / "jupyter-lite.json").is_file():
        give_up("the book has no Python for the browser: run `python book/runtime.py` first")
    return book / "lite"


class Reader:
    """Who opens notebooks from the menu; notes what goes wrong and what is requested."""

    def __init__(self, visit):
        self.visit, self.context = visit, visit.context
        self.faults, self.urls = [], []
        self.context.on("request", lambda request: self.urls.append(request.url))
        self.context.on("weberror", lambda error: self.faults.append(str(error.error)))
        self.context.on("console", self.note)

    def note(self, message):
        if message.type == "error":
            self.faults.append(message.text)

    def open(self, name):
        page = self.visit.open(f"{name}.html")
        menu = page.locator(".dropdown-download-buttons")
        menu.locator("button.dropdown-toggle").click()
        with self.context.expect_page() as opened:
            menu.get_by_text("Open as a notebook in the browser").click()
        notebook = opened.value
        notebook.wait_for_function(READY, timeout=LIMIT * 1000)
        return notebook


@pytest.fixture
def reader(lite, new_visit):
    visit = new_visit(viewport={"width": 1280, "height": 900})
    yield Reader(visit)
    visit.context.close()


@pytest.mark.parametrize("name", ["layers", "metrics", "the_search"])
def test_notebook_runs_to_its_end_in_the_browser(reader, server, record_property, name):
    notebook = reader.open(name)
    start = monotonic()
    notebook.evaluate(RUN)
    notebook.wait_for_function(FIRST, timeout=LIMIT * 1000)
    first = monotonic() - start
    notebook.wait_for_function(ENDED, timeout=LIMIT * 1000)
    seconds = monotonic() - start
    cells = notebook.evaluate(RESULTS)
    errors = [out for cell in cells for out in cell["outputs"] if out["output_type"] == "error"]
    assert not errors, errors[0]["evalue"]
    assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert not [output["text"] for output in outputs if output.get("name") == "stderr"]
    assert any("image/svg+xml" in output.get("data", {}) for output in outputs)
    assert not any("```{table}" in str(output) for output in outputs)
    assert [url for url in reader.urls if not url.startswith((server.url, "data:", "blob:"))] == []
    assert reader.faults == []
    sent, _ = server.weight([url for url in reader.urls if url.startswith(server.url)])
    say = f"{len(cells)} cells, {first:.1f} s to the first, {seconds:.1f} s in all, {sent} bytes"
    record_property("notebook", say)
    print(f"{name}: {say}")


def test_a_notebook_opened_as_a_file_says_what_it_needs(lite, new_visit):
    visit = new_visit(base="file://")
    visit.page.goto(f"{(lite / 'notebooks' / 'index.html').as_uri()}?path=layers.ipynb")
    assert "`make serve`" in visit.page.locator("body").inner_text()
    visit.context.close()


def test_the_list_has_each_notebook_and_names_no_time(lite, new_visit):
    visit = new_visit()
    page = visit.open("lite/tree/index.html", settle=False)
    page.get_by_text("metrics.ipynb").wait_for()
    names = {path.name for path in (lite / "files").iterdir()}
    assert {path.name for path in (lite.parent / "notebooks").iterdir()} == names
    assert "years ago" not in page.locator("body").inner_text()
    visit.context.close()
