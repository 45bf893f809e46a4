"""Every page of the book in the reader's browser: *Run all* ends, and says what the build said.

One test for each page; ``-k losses`` runs that one alone, ``-s`` shows the table of pages. What a
cell shows is compared word for word and number for number: another NumPy and another BLAS give
other last digits, so numbers agree to `SAME` of their size, or to one step of the last place that
is written where there is a decimal point or a per cent sign; what is smaller than `NOTHING` is the
rounding itself. Cells that measure time or name the machine are left out by `MEASURES`, and what
a training took by `TOOK`.

Cells that take longer than a minute and a half in a browser ask first. They are left out, and
what needs them too, unless `RUN_LONG=1` is set: then all of the book is run, in an hour or so.
"""

import json
import os
import re

import pytest

from tests.book.conftest import HTML, ROOT
from tests.book.test_run_page import KEEP

page_facts = pytest.importorskip("page_facts", reason="the extra 'book' is not installed")

SAME, NOTHING = 1e-2, 1e-6
#: What a cell's code holds that measures time, or names versions and the machine.
MEASURES = re.compile(
    r"perf_counter|process_time|timeit|\.seconds\b|\bseconds_|platform\.|version\(|__version__"
    r"|threadpool_info|cpu_count|benchmarks|fingerprint\(|tracemalloc"
)
#: Cells whose text differs for a reason: page, a piece of their code, the reason.
DIFFER = {
    ("data", "y.dtype"): "NumPy's own integers have 32 bits in a browser",
    ("networks", "history.summary()"): "last bits decide, as between BLAS kernels",
}
UNFIT = "not-in-browser"
TOOK = re.compile(r"\bin [\d.,]+ s\b")
NUMBER = re.compile(r"[-+−]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+|(?:\s*×\s*10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)))?")
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")
RAISED = str.maketrans("−0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

#: What each cell of the page shows: its texts, its figures.
SHOWN = """() => [...document.querySelectorAll(".bd-article div.cell")].map((cell) => {
  const output = cell.querySelector(":scope > .cell_output")?.cloneNode(true);
  output?.querySelectorAll("mjx-container, .headerlink, .copybtn, script")
    .forEach((e) => e.remove());
  const parts = [...(output?.querySelectorAll("pre, caption, th, td, .text_html") ?? [])];
  return {
    text: parts.filter((e) => !e.querySelector("td")).map((e) => e.textContent.trim()).join(" "),
    figures: output?.querySelectorAll(".figure-svg svg").length ?? 0,
  };
})"""
PASTED = """() =>
  [...document.querySelectorAll(".bd-article .pasted-text")].map((e) => e.textContent)"""
LONG = os.environ.get("RUN_LONG") == "1"
SLOWER = 45  # a browser, on a machine that does nothing else; so that load changes nothing here
#: Run all cells; what asks is answered; where one fails, go on behind it.
RUN_ALL = """async ([agree, slower]) => {
  const page = window.thePage;
  page.slower = slower;
  const asked = [], failed = [];
  const answer = setInterval(() => {
    for (const cell of page.cells) {
      if (cell.answer) {
        asked.push(cell.number);
        cell.state.querySelectorAll("button")[agree ? 0 : 1].click();
      }
    }
  }, 100);
  const start = performance.now();
  await page.runAll(page.cells.length);
  const stopped = () => page.words.textContent.includes("error");
  while (stopped() && failed.length < 4) {
    failed.push(page.words.textContent);
    const last = page.cells.findLastIndex((one) => one.ran);
    await page.runFrom(last + 1);
  }
  clearInterval(answer);
  const left = page.cells.filter((one) => !one.ran).map((one) => one.number);
  return { asked, failed, left, seconds: (performance.now() - start) / 1000 };
}"""


def pages():
    """The pages that can be run where they are read."""
    for path in sorted((ROOT / "book").glob("*.md")):
        html = HTML / f"{path.stem}.html"
        if html.is_file() and "run/start.js" in html.read_text(encoding="utf-8"):
            yield path.stem


def value(match):
    """The number that a piece of text writes."""
    mantissa, _, power = re.sub(r"[,\s]", "", match[0]).partition("×10")
    number = float(mantissa.replace("−", "-"))
    return number * 10 ** int(power.translate(SUPERSCRIPTS)) if power else number


def typeset(text):
    """A text as both have it: the build raises exponents by an element, and F₁ is a formula."""
    power = re.compile(r"(?<=×\s10)−?\d{1,2}(?![\d,.])|(?<=\b10)−\d+")
    raised = power.sub(lambda found: found[0].translate(RAISED), text)
    return re.sub(r"F(?:₁|1\b)", "", raised)


def last_place(match):
    """One step of the last place written: of a decimal or a percentage; counts have none."""
    _, _, decimals = match[0].partition(".")
    per_cent = match.string[match.end() :].lstrip().startswith("%")
    exact = "e" in match[0] or "×" in match[0] or not (decimals or per_cent)
    return 0 if exact else 1.001 * 10 ** -len(decimals)


def differs(ours, theirs):
    """Say how two texts differ, "" if they do not but for rounding."""
    ours, theirs = (typeset(TOOK.sub("", text)) for text in (ours, theirs))
    texts = [re.sub(r"[\s’']+", "", NUMBER.sub("#", text)) for text in (ours, theirs)]
    if texts[0] != texts[1]:
        return f"{ours!r} is {theirs!r}"
    for one, other in zip(*map(NUMBER.finditer, (ours, theirs)), strict=True):
        a, b = value(one), value(other)
        if abs(a - b) > max(NOTHING, SAME * max(abs(a), abs(b)), last_place(one)):
            return f"{a} is {b} in {theirs!r}"
    return ""


def test_texts_are_compared_as_said():
    assert differs("loss 0.123 after 5 s", "loss  0.1231 after 5 s") == ""
    assert differs("error 7.1e-11", "error 2.3e-12") == ""
    assert differs("2 × 10⁻¹¹ and −4", "3 × 10⁻¹¹ and −4") == ""
    assert differs("0.1 of 12%, 5 epochs in 1.8 s", "0.2 of 13 %, 5 epochs in 42.5 s") == ""
    assert differs("4.7 × 10−7 of F₁", "4.7 × 10⁻⁷ of ") == ""
    assert differs("4.7 × 10−7", "4.7 × 10⁻⁵")
    assert differs("loss 0.123", "loss 0.130")
    assert differs("12%", "14%")
    assert differs("12 of 13", "13 of 13")
    assert differs("0.1", "0.3")
    assert differs("right", "wrong")
    assert differs("1,000 images", "2,000 images")
    assert differs("2 × 10⁻¹", "3 × 10⁻¹")


@pytest.fixture(scope="session")
def table():
    """What came out, a line for each page."""
    lines = []
    yield lines
    print("\npage                  cells  left out  asked  errors  differ  seconds")
    for line in sorted(lines):
        print("{:<20} {:>6} {:>9} {:>6} {:>7} {:>7} {:>8.0f}".format(*line))


@pytest.mark.slow
@pytest.mark.parametrize("name", list(pages()))
def test_run_all(new_visit, table, name):
    visit = new_visit()
    page = visit.page
    page.set_default_timeout(600_000)
    page.add_init_script(KEEP)
    visit.open(f"{name}.html")
    about = json.loads((HTML / "run/pages" / f"{name}.json").read_text(encoding="utf-8"))
    numbers = [n for n, cell in enumerate(about["cells"], 1) if cell["shown"]]
    cells = [about["cells"][n - 1] for n in numbers]
    built, pasted = page.evaluate(SHOWN), page.evaluate(PASTED)
    page.get_by_role("button", name="Run this page").click()
    page.wait_for_function("() => window.thePage")
    ran = page.evaluate(RUN_ALL, [LONG, SLOWER])
    shown, now = page.evaluate(SHOWN), page.evaluate(PASTED)
    visit.context.close()

    different = []
    timed = any(MEASURES.search(cell["source"]) for cell in about["cells"])
    for number, cell, was, is_now in zip(numbers, cells, built, shown, strict=True):
        reasons = [
            why for (at, code), why in DIFFER.items() if at == name and code in cell["source"]
        ]
        if number in ran["left"] or MEASURES.search(cell["source"]) or reasons:
            continue
        if told := differs(was["text"], is_now["text"]):
            different.append(f"cell {number}: {told}")
        elif was["figures"] != is_now["figures"]:
            different.append(f"cell {number}: {was['figures']} figures, {is_now['figures']}")
    if not timed:
        different += filter(None, map(differs, pasted, now))
    counts = [about["cells"], ran["left"], ran["asked"], ran["failed"], different]
    table.append((name, *map(len, counts), ran["seconds"]))
    assert ran["failed"] == []
    assert different == []
    assert visit.faults == []


def test_few_cells_are_left_out_or_ask(book):
    cells = []
    for path in sorted((HTML / "run" / "pages").glob("*.json")):
        cells += json.loads(path.read_text(encoding="utf-8"))["cells"]
    unfit = [cell for cell in cells if UNFIT in cell["tags"]]
    build = json.loads((HTML / "run" / "build.json").read_text(encoding="utf-8"))
    took = [seconds for of_page in build["cells"].values() for seconds in of_page]
    assert cells
    assert len(took) == len(cells)
    long = [seconds for seconds in took if seconds * SLOWER > 90]
    assert len(unfit) + len(long) <= len(cells) / 10
