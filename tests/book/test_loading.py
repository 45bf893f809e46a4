"""How the built pages load: what blocks them, what they ask for, what moves."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("*.md"))
MADE = ["genindex"]
WIDTHS = {1280: 900, 390: 844}
MOST_BLOCKING = 1  # files: the style sheet
MOST_SHIFT = 0.05  # where MathJax does not set formulas late, which break lines anew
BLOCKING = """() => performance.getEntriesByType("resource")
  .filter((e) => e.renderBlockingStatus === "blocking" && !/exercises[.]css/.test(e.name))
  .map((e) => e.name)"""
WATCH = """window.shift = 0;
new PerformanceObserver((list) => {
  for (const e of list.getEntries()) { if (!e.hadRecentInput) { window.shift += e.value; } }
}).observe({ type: "layout-shift", buffered: true });"""


@pytest.fixture(scope="module", params=WIDTHS, ids=["wide", "narrow"])
def window(request, new_visit):
    width = request.param
    visit = new_visit(viewport={"width": width, "height": WIDTHS[width]})
    visit.context.add_init_script(WATCH)
    # How late typefaces come, and move lines, is the machine's matter.
    visit.context.route("**/*.woff2", lambda route: route.abort())
    yield visit
    visit.context.close()


@pytest.mark.parametrize("name", [*CHAPTERS, *MADE])
def test_little_blocks_and_nothing_is_asked_unused(window, book, name):
    page = window.open(f"{name}.html")
    blocking = page.evaluate(BLOCKING)
    assert len(blocking) <= MOST_BLOCKING, blocking
    asked = " ".join(window.urls)
    assert "searchindex" not in asked
    html = (book / f"{name}.html").read_text(encoding="utf-8")
    formulas = 'class="math ' in html
    assert ("tex-chtml.js" in asked) == formulas
    preloaded = page.locator("head link[rel=preload][as=font]")
    names = [preloaded.nth(i).get_attribute("href") for i in range(preloaded.count())]
    assert {re.search(r"source-serif|source-sans|inconsolata|$", n)[0] for n in names} == {
        "source-serif",
        "source-sans",
        "inconsolata",
    }
    if not formulas:
        assert page.evaluate("window.shift") < MOST_SHIFT


def test_what_moves_is_seen(window):
    page = window.open("api.html")
    before = page.evaluate("window.shift")
    page.evaluate("document.querySelector('.bd-article h1').style.paddingTop = '300px'")
    page.wait_for_function("(least) => window.shift > least", arg=before + MOST_SHIFT)
