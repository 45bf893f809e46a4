"""How the built pages load: what blocks them, what they ask for, what moves."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("*.md"))
MADE = ["genindex"]
WIDTHS = {1280: 900, 390: 844}
MOST_BLOCKING = 1  # files: the style sheet
MOST_SHIFT = 0.05
BLOCKING = """() => performance.getEntriesByType("resource")
  .filter((e) => e.renderBlockingStatus === "blocking" && !/exercises[.]css/.test(e.name))
  .map((e) => e.name)"""
SHOWN = """async () => {
  if (document.readyState !== "complete") {
    await new Promise((done) => addEventListener("load", done));
  }
  await document.fonts.ready;
  await new Promise((done) => setTimeout(done, 700));
}"""
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
def test_little_blocks_nothing_is_asked_unused_and_nothing_moves(window, name):
    page = window.open(f"{name}.html", settle=False)  # as it is when its reader has not moved
    page.evaluate(SHOWN)
    blocking = page.evaluate(BLOCKING)
    assert len(blocking) <= MOST_BLOCKING, blocking
    asked = " ".join(window.urls)
    assert "searchindex" not in asked
    assert "tex-chtml.js" not in asked  # formulas are set in the book
    preloaded = page.locator("head link[rel=preload][as=font]")
    names = [preloaded.nth(i).get_attribute("href") for i in range(preloaded.count())]
    assert {re.search(r"source-serif|source-sans|inconsolata|$", n)[0] for n in names} == {
        "source-serif",
        "source-sans",
        "inconsolata",
    }
    assert page.evaluate("window.shift") < MOST_SHIFT


def test_what_moves_is_seen(window):
    page = window.open("api.html")
    before = page.evaluate("window.shift")
    page.evaluate("document.querySelector('.bd-article h1').style.paddingTop = '300px'")
    page.wait_for_function("(least) => window.shift > least", arg=before + MOST_SHIFT)


@pytest.mark.parametrize("width", WIDTHS)
def test_lines_break_alike_before_the_typefaces_are_there(new_visit, width):
    heights = []
    for typefaces in (True, False):
        visit = new_visit(viewport={"width": width, "height": WIDTHS[width]})
        if not typefaces:
            visit.context.route("**/*.woff2", lambda route: route.abort())
        texts = visit.open("additions.html").locator(".bd-article p:not(.sd-card-text)")
        heights.append(
            texts.evaluate_all("(all) => all.reduce((sum, e) => sum + e.offsetHeight, 0)")
        )
        visit.context.close()
    assert heights[1] == pytest.approx(heights[0], rel=0.03)


LOOKS = """() => [...document.querySelectorAll(
  "body, .bd-article :is(p, a, code, pre, pre span), .bd-article :is(table, caption, td)"
)].slice(0, 300).map((e) => {
    const { backgroundColor, borderBottomWidth, color } = getComputedStyle(e);
    const height = e === document.body ? 0 : e.offsetHeight;
    return [e.tagName, backgroundColor, borderBottomWidth, color, height];
  })"""


STORED = {  # what an earlier visit, another page of this server or a browser left there
    "nothing": "",
    "a mode alone": "localStorage.mode = 'dark'",
    "no mode": "localStorage.mode = 'zzz'; localStorage.theme = 'dark'",
    "no storage": "Object.defineProperty(window, 'localStorage', { get() { throw Error(); } })",
}


@pytest.mark.parametrize(
    ("mode", "scripts", "stored"),
    [
        *[(mode, "late", stored) for mode in ("light", "dark") for stored in STORED],
        ("light", "none", "nothing"),
    ],
)
def test_a_page_has_its_colours_before_its_scripts_are_there(new_visit, mode, scripts, stored):
    looks = []
    for before in (False, True):
        visit = new_visit(color_scheme=mode, java_script_enabled=not before or scripts != "none")
        visit.context.add_init_script(STORED[stored])
        late = "**/*.{woff2,js,js?*}" if before else "**/*.woff2"
        visit.context.route(late, lambda route: route.abort())
        page = visit.open("data.html", settle=False)
        if not before:
            page.evaluate(SHOWN)
        looks.append(page.evaluate(LOOKS))
        visit.context.close()
    assert len({colour for _, _, _, colour, _ in looks[0]}) > 4
    assert looks[1] == looks[0]


HEIGHTS = """() => [...document.querySelectorAll(".bd-article > section > section")].map((e) => [
  e.id, parseFloat(getComputedStyle(e).containIntrinsicHeight.replace("auto ", "")),
  e.offsetHeight])"""


@pytest.mark.parametrize("name", CHAPTERS)
def test_what_is_not_laid_out_yet_has_about_its_height(window, name):
    page = window.open(f"{name}.html")
    if page.locator(".landing").count():
        pytest.skip("short, and laid out whole")
    heights = page.evaluate(HEIGHTS)
    assert heights or name in {"bibliography", "your_progress", "train_your_own"}
    assert all(height < 2 * told for _, told, height in heights), heights
    assert sum(told for _, told, _ in heights) < 3 * max(900, sum(h for _, _, h in heights))


def test_a_link_into_a_chapter_leads_there_though_what_is_above_was_never_laid_out(window):
    page = window.open("losses.html")
    last = page.locator(".bd-article > section > section").last.get_attribute("id")
    fresh = page.context.new_page()
    fresh.goto(f"{page.url}#{last}")
    place = "(id) => document.getElementById(id).getBoundingClientRect().top"
    fresh.wait_for_function(f"(id) => Math.abs(({place})(id) - 80) < 80", arg=last)
    skipped = "(e) => !e.querySelector('p').checkVisibility({ contentVisibilityAuto: true })"
    assert fresh.locator(".bd-article > section > section").nth(1).evaluate(skipped)
    fresh.close()
