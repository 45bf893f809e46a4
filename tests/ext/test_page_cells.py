"""What a page in the browser is told of its cells, and the clock of the build."""

import json

import pytest

page_cells = pytest.importorskip("page_cells", reason="the extra 'book' is not installed")
nbformat = pytest.importorskip("nbformat", reason="the extra 'book' is not installed")


def notebook(*sources, tags=()):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    cells[-1].metadata.tags = list(tags)
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("text"), *cells])


def test_cells_are_told_in_their_order_the_hidden_ones_too():
    page = notebook("a = 1", "b = 2", tags=["remove-cell"])
    assert page_cells.cells_of(page) == [
        {"source": "a = 1", "tags": [], "shown": True},
        {"source": "b = 2", "tags": ["remove-cell"], "shown": False},
    ]


@pytest.mark.parametrize("tag", ["remove-cell", "remove-input", "not-in-browser"])
def test_a_page_is_run_where_it_is_read_if_some_cell_can_be(tag):
    neither = page_cells.cells_of(notebook("a = 1", tags=[tag]))
    one = page_cells.cells_of(notebook("a = 1", "b = 2", tags=[tag]))
    assert not page_cells.to_edit(neither)
    assert page_cells.to_edit(one)


def test_the_clock_counts_the_kernel_s_own_work(tmp_path):
    busy = "from time import process_time\nwhile process_time() < 1.5: pass"
    other = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'sum(range(10**8))'])"
    page = notebook("1", busy, other)
    page_cells.execute(page, cwd=str(tmp_path), timeout=60)
    seconds = page.metadata["language_info"]["seconds"]
    assert len(seconds) == 3
    assert seconds[1] > 0.4
    assert seconds[2] < 0.4


def test_the_runtime_s_records_say_what_work_costs(tmp_path):
    configuration = {"question": "ten", "loss": "cross_entropy_with_logits", "batch_size": 64}
    configuration |= {"epochs": 2, "learning_rate": 0.1, "hidden_size": 8, "hidden_layers": 1}
    work = 2 * 50_000 * (784 * 8 + 80)
    for name, about in (
        ("a", {"configuration": configuration, "seconds": 3.0, "outcome": {}}),
        ("b", {"configuration": configuration, "seconds": 0.1, "outcome": {"diverged": "x"}}),
        ("c", {"configuration": {"other": 1}, "seconds": 9.0, "outcome": {}}),
        ("d", ["the long studies"]),
    ):
        (tmp_path / f"{name}.json").write_text(json.dumps(about), encoding="utf-8")
    assert page_cells.seconds_of_work(tmp_path) == pytest.approx(3.0 / work)
    assert page_cells.seconds_of_work(tmp_path / "none") is None
