"""A page that runs: its cells as editors, their outputs where they stood."""

import re

import pytest

from tests.book.conftest import HTML, give_up

PAGE = "losses.html"
LONG = 120_000  # milliseconds; Python starts in a few seconds where nothing else runs

#: Where the page is when nothing runs any more.
IDLE = """() => window.thePage && !window.thePage.busy"""
KEEP = (
    """addEventListener("page-runs", (event) => { window.thePage = event.detail.page; }, true)"""
)


@pytest.fixture(scope="module")
def visits(new_visit, book):
    if not (HTML / "runtime" / "contents.json").is_file():
        give_up("the book was built without the browser's Python: make runtime")
    made = []

    def make(**options):
        made.append(new_visit(**options))
        made[-1].page.set_default_timeout(LONG)
        made[-1].page.add_init_script(KEEP)
        return made[-1]

    yield make
    for visit in made:
        visit.context.close()


def press(visit, name=PAGE):
    """Open a page, press its button and wait until its cells are editors."""
    visit.open(name)
    visit.page.get_by_role("button", name="Run this page").click()
    visit.page.wait_for_function("() => window.thePage")
    return visit.page


@pytest.fixture(scope="module")
def running(visits):
    """The page of losses with Python in it; each test leaves it as it was in the book."""
    visit = visits()
    press(visit)
    return visit


@pytest.fixture
def page(running):
    yield running.page
    running.page.evaluate("() => window.thePage.reset()")
    assert running.faults == []


def cell(page, text):
    """The cell in whose code a text stands."""
    number = page.evaluate(
        "(text) => window.thePage.cells.findIndex((c) => c.editor && c.source.includes(text))",
        text,
    )
    assert number >= 0, f"no cell holds {text!r}"
    return Cell(page, number)


class Cell:
    def __init__(self, page, number):
        self.page, self.number = page, number
        self.element = page.locator("div.cell").nth(
            page.evaluate("(n) => thePage.cells.slice(0, n).filter((c) => c.shown).length", number)
        )

    @property
    def source(self):
        return self.page.evaluate("(n) => thePage.cells[n].source", self.number)

    def write(self, text):
        """Put a text in the place of the code, as a reader does."""
        self.element.evaluate("(e) => e.querySelector('details')?.setAttribute('open', '')")
        self.element.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(text)

    def run(self, wait=True):
        self.element.locator(".run-main").click()
        if wait:
            self.page.wait_for_function(IDLE)

    @property
    def output(self):
        return self.element.locator(".cell_output").inner_text()

    @property
    def state(self):
        return self.element.locator(".run-state").inner_text()


def test_nothing_is_loaded_before_the_button_is_pressed(visits):
    visit = visits()
    visit.open(PAGE)
    asked = [url for url in visit.urls if "/run/" in url or "/runtime/" in url]
    names = {url.rpartition("/")[2] for url in asked}
    assert names == {"start.js", "progress.js", "exercises.css"}  # what the page itself shows
    sizes = {name: (HTML / "run" / name).stat().st_size for name in names}
    assert sizes["start.js"] < 2500
    assert sum(sizes.values()) < 15_000
    assert re.search(r"loads \d+ MB, once", visit.page.locator(".run-page").inner_text())
    assert visit.faults == []


def test_pages_without_cells_to_edit_offer_nothing(visits):
    visit = visits()
    for name in ("index.html", "api.html", "bibliography.html", "summary.html"):
        page = visit.open(name)
        assert page.locator(".run-page").count() == 0


def test_from_the_disk_a_sentence_says_how(chromium, book):
    page = chromium.new_page()
    page.goto((HTML / PAGE).as_uri())
    page.get_by_role("button", name="Run this page").click()
    words = page.locator(".run-page").inner_text()
    page.close()
    assert "make serve" in words
    assert page.is_closed()


def test_an_edit_changes_output_and_prose(page):
    edited = cell(page, "losses-broadcast-{name}")
    span = page.locator(".pasted-text", has_text="0.18").first
    assert "built" not in (span.get_attribute("title") or "")
    edited.write(edited.source.replace("np.arange(200) % 10", "np.arange(200) % 4"))
    edited.run()
    first = "() => [...document.querySelectorAll('.pasted-text.run-changed')].map((s) => s.title)"
    titles = page.evaluate(first)
    assert "0.18 when the book was built" in titles
    page.get_by_role("button", name="Reset the page").click()
    assert page.evaluate(first) == []


def test_a_figure_is_redrawn_in_the_book_s_form(page):
    drawn = cell(page, "q = np.linspace(0.001")
    before = drawn.element.locator("svg").evaluate(
        "(s) => [s.innerHTML, s.getAttribute('aria-label')]"
    )
    drawn.run()
    after = drawn.element.locator("svg").evaluate(
        "(s) => [s.innerHTML, s.getAttribute('aria-label')]"
    )
    assert drawn.element.locator("figure figcaption .caption-number").count() == 1
    assert after[1] == before[1]
    assert "var(--fig-blue" in after[0]
    assert "currentColor" in after[0]
    assert "DejaVu" not in after[0]
    drawn.write(drawn.source.replace("0.999, 999", "0.999, 1201"))
    drawn.run()
    edited = drawn.element.locator("svg").evaluate(
        "(s) => [s.innerHTML, s.getAttribute('aria-label')]"
    )
    assert edited[0] != after[0]
    assert edited[1] != before[1]


def test_a_table_is_a_table(page):
    shown = cell(page, '"tab-losses-three"')
    rows = "(t) => [...t.rows].map((r) => [...r.cells].map((c) => c.innerText.trim()))"
    before = shown.element.locator("table").evaluate(rows)
    caption = shown.element.locator("caption").inner_text()
    shown.run()
    table = shown.element.locator("table")
    assert table.evaluate(rows) == before
    assert table.get_attribute("id") == "tab-losses-three"
    assert shown.element.locator("caption").inner_text().split() == caption.split()
    assert table.locator("mjx-container").count() == 1  # the formula of its caption


def test_an_error_shows_the_reader_s_own_lines(page):
    wrong = cell(page, "must_refuse(lambda g")
    wrong.write("def half(x):\n    return x / 0\n\n\nhalf(1)")
    wrong.run()
    lines = wrong.output.splitlines()
    assert lines[0].startswith("Traceback")
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert wrong.output.count("File ") == 2
    assert f'File "cell {wrong.number + 1}", line 2, in half' in wrong.output
    assert "return x / 0" in wrong.output
    assert "kernel.py" not in wrong.output
    assert wrong.state == "ended with an error"
    assert "ZeroDivisionError" in page.locator(".run-told").inner_text()
    wrong.write("np.zeros(2) @ np.zeros(3)")  # in a library: only the line that called it
    wrong.run()
    assert wrong.output.count("File ") == 1
    wrong.write("1 +")
    wrong.run()
    assert "SyntaxError" in wrong.output
    assert "ast.py" not in wrong.output


def test_an_endless_loop_is_stopped_and_the_page_lives(page):
    endless = cell(page, "must_refuse(lambda g")
    endless.write("while True:\n    pass")
    endless.run(wait=False)
    stop = endless.element.get_by_role("button", name="Stop cell")
    stop.wait_for()
    page.wait_for_timeout(500)
    stop.click()
    page.wait_for_function(IDLE)
    assert endless.state == "stopped"
    assert "variables are gone" in page.locator(".run-words").inner_text()
    endless.write("print(np.pi)")  # np is of the first cell, which runs again
    endless.run()
    assert endless.output.strip() == "3.141592653589793"


def test_cells_that_follow_an_error_say_why_they_did_not_run(page):
    wrong = cell(page, "must_refuse(lambda g")
    after = cell(page, '"tab-losses-three"')
    if after.number < wrong.number:
        wrong, after = after, wrong
    wrong.write("1 / 0")
    page.evaluate("() => thePage.runAll(thePage.cells.length)")
    page.wait_for_function(IDLE)
    name = f"cell {wrong.number + 1}"
    assert after.state == f"not run: {name} ended with an error"
    for link in (after.element.locator(".run-state a"), page.locator(".run-words a")):
        assert link.inner_text().lower() == name
        target = link.get_attribute("href")
        assert page.locator(target).evaluate("(e, w) => e === w", wrong.element.element_handle())
    assert name in wrong.element.locator(".run-number").inner_text()


def test_a_reset_of_what_runs(page):
    slow = cell(page, "must_refuse(lambda g")
    source = slow.source
    slow.write("from time import sleep\nfor _ in range(100):\n    sleep(0.2)")
    slow.run(wait=False)
    slow.element.get_by_role("button", name="Stop cell").wait_for()
    slow.element.get_by_role("button", name="Reset cell").click()
    assert slow.source == source
    assert slow.state == "runs"  # its button stops it still
    page.get_by_role("button", name="Reset the page").click()
    page.wait_for_function(IDLE)
    page.get_by_text("The page is as it was in the book. Variables are gone.").first.wait_for()
    assert slow.state == ""
    slow.run()  # in a Python of its own, which no late word of the one that slept ends
    assert slow.state.startswith("ran in")


def test_the_focus_stays_in_the_tools_when_stop_is_pressed(page):
    endless = cell(page, "must_refuse(lambda g")
    endless.write("while True:\n    pass")
    endless.run(wait=False)
    endless.element.get_by_role("button", name="Stop cell").wait_for()
    page.get_by_role("button", name="Stop", exact=True).press("Enter")
    page.wait_for_function(IDLE)
    assert page.evaluate("document.activeElement.textContent") == "Run all"


def test_a_cell_that_a_browser_cannot_run_says_so(visits):
    visit = visits()
    page = press(visit, "data.html")
    states = "() => thePage.cells.filter((c) => c.left).map((c) => c.state.textContent)"
    unfit = page.evaluate(states)
    assert unfit
    assert set(unfit) == {"needs what a browser does not have: not run here"}
    page.get_by_role("button", name="Reset the page").click()
    page.get_by_text("The page is as it was in the book.").first.wait_for()
    assert page.evaluate(states) == unfit
    assert visit.faults == []


def half(name):
    content = next(HTML.glob(f"runtime/{name}")).read_bytes()
    return {"body": content[: len(content) // 2]}


@pytest.mark.parametrize(
    ("missing", "answer"),
    [
        ("run/worker.js", None),
        ("run/pages/gradient_check.json", None),
        ("runtime/contents.json", None),
        ("codemirror-*/*.js", None),
        ("*/numpy-*.whl", None),
        ("*/numpy-*.whl", half),
        ("*/pyodide.asm.wasm*", half),
        ("*/python_stdlib.zip", half),
    ],
)
def test_a_file_that_does_not_come_is_named_and_may_come_later(visits, missing, answer):
    page = visits().open("gradient_check.html")
    given = answer(missing) if answer else {"status": 404}
    page.context.route(f"**/{missing.removeprefix('*/')}", lambda route: route.fulfill(**given))
    button = page.get_by_role("button", name="Run this page")
    button.click()
    page.get_by_text("This did not work").wait_for()
    file = missing.rpartition("/")[2].partition("*")[0]
    assert file in page.locator(".run-page").inner_text()
    assert page.locator(".run-bar, .cm-editor, .run-page progress").count() == 0
    assert page.locator("div.cell .cell_input pre").count() > 0
    page.context.unroute_all()
    button.click()
    page.wait_for_function("() => window.thePage")
    assert page.locator(".run-bar").count() == page.locator("div.cell").count()


def test_text_printed_is_one_box_and_has_an_end(page):
    written = cell(page, "must_refuse(lambda g")
    written.write("for i in range(3):\n    print(i, flush=True)\n'the last value'")
    written.run()
    boxes = written.element.locator(".cell_output > .output")
    assert [boxes.nth(n).inner_text().strip() for n in range(2)] == ["0\n1\n2", "'the last value'"]
    written.write("for i in range(100_000):\n    print('x' * 20)")
    written.run()
    text = written.output
    assert text.rstrip().endswith("the rest of what this cell prints is left out")
    assert len(text) < 250_000


def test_a_bar_is_drawn_and_not_printed(page):
    slow = cell(page, "must_refuse(lambda g")
    slow.write(
        "from time import sleep\nfrom tqdm import tqdm\nfor _ in tqdm(range(8)):\n    sleep(0.4)"
    )
    slow.run(wait=False)
    bar = slow.element.locator("progress")
    bar.wait_for()
    page.wait_for_function("() => document.querySelector('.run-state progress')?.value >= 2")
    assert re.search(r"\d of 8, about .* left", slow.state)
    page.wait_for_function(IDLE)
    assert slow.element.locator(".cell_output").count() == 0


TRAINING = """
from mnist_gd.experiments import runs
from mnist_gd.records import run_all
new = runs.Configuration(
    question="ten", loss="cross_entropy_with_logits", batch_size=100, epochs=%d,
    learning_rate=0.1, hidden_size=7, hidden_layers=1, images=2000,
)
run_all(runs.validation_run, [new], records="_build/records")[0].diverged
"""


def test_a_setting_that_the_book_did_not_run_is_trained(page):
    own = cell(page, "must_refuse(lambda g")
    own.write(TRAINING % 2)
    own.run()
    assert own.output.strip() == "False"
    own.write(TRAINING % 100_000)  # asks first
    own.run(wait=False)
    asking = own.element.locator(".run-ask")
    asking.wait_for()
    assert re.search(r"trains 1 networks? that the book did not: about \d+ min", own.state)
    words = page.locator(".run-words")  # at the top, which may be what the reader sees
    assert words.inner_text() == f"Cell {own.number + 1} asks whether to run it"
    assert words.locator("a").get_attribute("href") == f"#{own.element.get_attribute('id')}"
    asking.get_by_role("button", name="Leave it out").click()
    page.wait_for_function(IDLE)
    assert own.state == "left out"
    assert own.element.locator(".cell_output pre").inner_text().strip() == "False"


def test_all_by_keyboard(visits):
    visit = visits(viewport={"width": 1280, "height": 900})
    page = visit.open("gradient_check.html")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Run this page":
            break
    page.keyboard.press("Enter")
    page.wait_for_function("() => window.thePage")
    assert page.evaluate("document.activeElement.textContent") == "Run all"
    inside = "document.activeElement.closest('.run-editor') !== null"
    for _ in range(60):  # into an editor, and out of it
        page.keyboard.press("Tab")
        if page.evaluate(inside):
            break
    assert page.evaluate(inside)
    page.keyboard.press("Control+A")
    page.keyboard.type("print(6 / 2)")
    page.keyboard.press("Control+Enter")
    page.wait_for_function(IDLE)
    assert page.evaluate(inside)
    mine = "document.activeElement.closest('div.cell')"
    assert page.evaluate(f"{mine}.querySelector('.cell_output').innerText.trim()") == "3.0"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Run"
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(inside)
    number = "[...document.querySelectorAll('div.cell')].indexOf(" + mine + ")"
    before = page.evaluate(number)
    page.keyboard.press("Shift+Enter")
    assert page.evaluate(inside)
    assert page.evaluate(number) == before + 1
    page.wait_for_function(IDLE)
    assert visit.faults == []


def test_two_tabs_have_a_python_each(visits):
    one, two = visits(), visits()
    pages = [press(visit, "gradient_check.html") for visit in (one, two)]
    for number, page in enumerate(pages):
        first = cell(page, "import numpy as np")
        first.write(f"mine = {number}")
        first.run()
    for number, page in enumerate(pages):
        second = Cell(page, cell(page, "mine =").number)
        second.write("print(mine)")
        second.run()
        assert second.output.strip() == str(number)
    assert one.faults == two.faults == []


def test_a_second_visit_loads_nothing_again(visits, server):
    visit = visits()
    loaded = []
    for name in ("gradient_check.html", "metrics.html"):
        server.served.clear()
        page = press(visit, name)
        cell(page, "import numpy as np").run()
        others = re.compile("runtime/(contents|codemirror|data|records)")
        files = [f for f in server.served if f.startswith("runtime/") and not others.match(f)]
        loaded.append(files)
    size = sum((HTML / name).stat().st_size for name in loaded[0])
    assert 10e6 < size < 32e6
    assert len(loaded[0]) == len(set(loaded[0]))  # each once
    assert loaded[1] == []
    assert visit.faults == []


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_accessible_before_and_after(visits, axe, mode):
    visit = visits(viewport={"width": 390, "height": 800}, color_scheme=mode)
    visit.open("gradient_check.html")
    assert axe(visit.page) == []
    page = press(visit, "gradient_check.html")
    wrong = cell(page, "import numpy as np")
    wrong.run()
    wrong.write("1 / 0")
    wrong.run()
    visit.settle()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert visit.faults == []
