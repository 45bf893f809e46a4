"""Every page of the built book in Chromium: wide and narrow, light and dark."""

import io
import re
import statistics
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from tests.book.conftest import until

ROOT = Path(__file__).resolve().parents[2]
TOC = (ROOT / "book" / "_toc.yml").read_text(encoding="utf-8")
CHAPTERS = re.findall(r"^ *(?:- file|root): (\w+)", TOC, re.MULTILINE)
MADE = [
    "search",
    "genindex",
    "_modules/mnist_gd/losses",
    "tests/test_losses",
]
WIDTHS = {1280: 900, 390: 844}
ANSWERED_BY = {  # a word, and the page that the search must name first
    "stuck": "landscape.html",
    "dead units": "activations.html",
    "broadcasting": "losses.html",
}
MOST_SENT, MOST_UNPACKED = 1.5e6, 4e6  # bytes a page, all its parts counted
LATEST_PAINT = 2.5  # seconds; lenient, because other programs may share the processor

OPEN_ALL = """() => {
  for (const details of document.querySelectorAll("details")) { details.open = true; }
  for (const button of document.querySelectorAll(".toggle-button-hidden")) { button.click(); }
}"""
HIDDEN = """() => [
  ...document.querySelectorAll("details:not([open]), .toggle-button-hidden, .toggle-hidden"),
].map((e) => `still closed: ${e.outerHTML.slice(0, 100)}`)"""
SET_MODE = """(mode) => {
  document.documentElement.dataset.mode = mode;
  document.documentElement.dataset.theme = mode;
}"""
TOO_WIDE = """(width) => {
  const root = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth);
  if (root <= width) { return []; }
  const wide = [...document.querySelectorAll("body *")].filter(
    (e) => e.getBoundingClientRect().right > width + 0.5);
  return [`page is ${root} wide: ` + wide.slice(0, 5).map((e) => e.outerHTML.slice(0, 100))];
}"""
NAMELESS = r"""() => {
  const faults = [];
  const name = (e) => (e.getAttribute("alt") ?? e.getAttribute("aria-label") ??
    document.getElementById(e.getAttribute("aria-labelledby"))?.textContent ?? "").trim();
  const fine = (text) => /\S\s+\S/.test(text) && !/^\S+\.(svg|png|jpe?g|gif|webp)$/i.test(text);
  const pictures = "img, svg:not(svg svg, button svg), canvas, object, embed, video, [role=img]";
  for (const e of document.querySelectorAll(pictures)) {
    if (e.closest("[aria-hidden=true], mjx-container")) { continue; }
    if (!fine(name(e))) { faults.push(`no alt text (${name(e)}): ${e.outerHTML.slice(0, 120)}`); }
  }
  for (const e of document.querySelectorAll("figure")) {
    if (!e.querySelector(`${pictures}, pre, table, .math`)) {
      faults.push(`nothing in the figure ${e.outerHTML.slice(0, 120)}`);
    }
  }
  return faults;
}"""
TWICE = """() => {
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  return ids.filter((id, n) => ids.indexOf(id) !== n).map((id) => `twice on the page: #${id}`);
}"""
UNTYPESET = r"""() => {
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const faults = [];
  while (walker.nextNode()) {
    const { parentElement: e, data } = walker.currentNode;
    if (/\\[([]|\$\$/.test(data) && !e.closest("pre, code, script, style, mjx-container")) {
      faults.push(`formula not set: ${data.slice(0, 80)}`);
    }
  }
  for (const e of document.querySelectorAll("mjx-merror, [data-mjx-error]")) {
    faults.push(`formula with an error: ${e.textContent.slice(0, 80)}`);
  }
  return faults;
}"""
# For the second round, of colours only: axe-core looks under every glyph of a formula and
# every mark of a drawing. A letter stands for a formula; the colours of drawings are tested
# with the extension that puts them in the page.
SIMPLIFY = """() => {
  for (const e of document.querySelectorAll("mjx-container")) { e.textContent = "x"; }
  for (const e of document.querySelectorAll(".figure-svg svg")) { e.replaceChildren(); }
}"""
PAINTED = """() => new Promise((done) => {
  new PerformanceObserver((list) => done(list.getEntries().at(-1).startTime / 1000))
    .observe({ type: "largest-contentful-paint", buffered: true });
})"""


@pytest.fixture(scope="module", params=WIDTHS, ids=["wide", "narrow"])
def window(request, new_visit):
    """A page of the browser as a visitor has it, kept for all pages of the book."""
    width = request.param
    visit = new_visit(viewport={"width": width, "height": WIDTHS[width]}, has_touch=width < 600)
    yield width, visit
    visit.context.close()


@pytest.mark.parametrize("name", [*CHAPTERS, *MADE])
def test_page(window, server, axe, name):
    """Nothing asked elsewhere, no error, no barrier, no picture without words, no overflow."""
    width, visit = window
    page = visit.open(f"{name}.html")
    faults = list(visit.faults)
    if name != "draw_a_digit":
        sent, unpacked = server.weight(visit.urls)
        if sent > MOST_SENT or unpacked > MOST_UNPACKED:
            faults.append(f"weighs {sent:,} bytes sent, {unpacked:,} unpacked")
    page.evaluate(OPEN_ALL)
    faults += page.evaluate(HIDDEN) + page.evaluate(NAMELESS) + page.evaluate(UNTYPESET)
    page.evaluate(SET_MODE, "light")
    visit.settle()
    faults += page.evaluate(TOO_WIDE, width) + axe(page)
    faults += page.evaluate(TWICE)
    page.evaluate(SET_MODE, "dark")
    visit.settle()
    faults += page.evaluate(TOO_WIDE, width)
    page.evaluate(SIMPLIFY)
    faults += [f"dark: {line}" for line in axe(page, "color-contrast", "link-in-text-block")]
    faults += [fault for fault in visit.faults if fault not in faults]
    assert not faults, "\n".join(faults)


# ----------------------------------------------------------------- formulas and titles

# Pictures are taken of the page as it is and with all that formulas cut off let through;
# where a formula scrolls, only above and below it. Whatever has none is out of the way.
BARE = """
  .bd-article :is(pre, figure, .cell, .table-scroll, .live, #draw-demo):not(:has(.math)) {
    display: none !important;
  }
  .bd-header-article { visibility: hidden; }
  .math, .math mjx-container { background: none !important; scrollbar-width: none !important; }
"""
LET_THROUGH = """
  .math, .math mjx-container { overflow: visible !important; min-width: 0 !important; }
  .math.scrolls, .math mjx-container.scrolls { overflow: clip visible !important; }
"""
SLICE = 4000  # pixels: what a browser paints in one piece
STEP = 1.5 / 255  # of a colour; by one in 255 the edge of a box differs that is painted anew
ADD_STYLE = """(text) => {
  const style = document.head.appendChild(document.createElement("style"));
  style.textContent = text;
  return style;
}"""
FORMULAS = """() => [...document.querySelectorAll(".bd-article .math")].map((e) => {
  const { x, y, width, height } = e.getBoundingClientRect();
  return { tex: e.textContent.trim().slice(0, 60), x, y: y + scrollY, width, height };
})"""
HEIGHT = "document.documentElement.scrollHeight"
# What is too wide: it scrolls to its end, by keyboard too, shows a shadow where there is more,
# and its number stays in sight beside it.
UNREACHABLE = """() => {
  const faults = [];
  for (const math of document.querySelectorAll(".bd-article .math")) {
    const drawn = math.querySelector("mjx-math");
    const box = math.matches("div") ? math.querySelector("mjx-container") : math;
    if (!drawn?.offsetWidth || drawn.offsetWidth <= box.clientWidth + 1) { continue; }
    const fault = (text) => faults.push(`${text}: ${math.textContent.trim().slice(0, 60)}`);
    const style = getComputedStyle(box);
    box.scrollLeft = 1e6;
    const [end, edge] = [drawn, box].map((e) => e.getBoundingClientRect().right);
    box.scrollLeft = 0;
    if (style.overflowX !== "auto" || end > edge + 1) { fault("does not scroll"); }
    if (box.tabIndex !== 0) { fault("no key reaches it"); }
    if (!style.backgroundImage.includes("radial-gradient")) { fault("no shadow"); }
    const number = math.querySelector(".eqno")?.getBoundingClientRect();
    if (number && !(number.left >= edge && number.right <= innerWidth)) { fault("no number"); }
  }
  return faults;
}"""
WIDE_FORMULAS = """() => [...document.querySelectorAll("div.math mjx-container.scrolls")].map(
  (e) => `too wide for a large window: ${e.textContent.trim().slice(0, 60)}`)"""
CLOSE_ROWS = """() => {
  const fractions = (row) => [...row.querySelectorAll('mjx-frac[type="d"]')].map(
    (e) => e.getBoundingClientRect());
  return [...document.querySelectorAll("div.math mjx-mtr + mjx-mtr")].filter((row) => {
    const bottom = Math.max(...fractions(row.previousElementSibling).map((e) => e.bottom));
    const top = Math.min(...fractions(row).map((e) => e.top));
    return Number.isFinite(bottom) && Number.isFinite(top) && top - bottom < 6;
  }).map((row) => row.closest(".math").textContent.trim().slice(0, 60)).map(
    (text) => `fractions that nearly touch: ${text}`);
}"""
# What a pseudo-element prints over the words of a title. Its place is its own where it is laid
# on top of the others, and else it is part of the line.
OVER_TITLES = """() => {
  const faults = [];
  for (const title of document.querySelectorAll(".bd-article .admonition-title")) {
    if (!title.offsetWidth) { continue; }
    const lines = [];
    const walker = document.createTreeWalker(title, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      if (!walker.currentNode.data.trim()) { continue; }
      const words = document.createRange();
      words.selectNodeContents(walker.currentNode);
      lines.push(...words.getClientRects());
    }
    for (const button of title.querySelectorAll("button")) {
      const { left, right, top, bottom } = button.getBoundingClientRect();
      if (lines.some((line) => line.left < right && line.right > left && line.top < bottom
        && line.bottom > top)) {
        faults.push(`a button over the title ${title.textContent.trim().slice(0, 60)}`);
      }
    }
    const home = title.getBoundingClientRect();
    for (const pseudo of ["::before", "::after"]) {
      const style = getComputedStyle(title, pseudo);
      const content = style.content.split(" / ")[0];
      if (style.position !== "absolute" || ["none", "normal", '""'].includes(content)) {
        continue;
      }
      const left = home.left + parseFloat(style.left) + parseFloat(style.marginLeft);
      const top = home.top + parseFloat(style.top) + parseFloat(style.marginTop);
      const right = left + parseFloat(style.width);
      const bottom = top + parseFloat(style.height);
      if (lines.some((line) => line.left < right && line.right > left && line.top < bottom
        && line.bottom > top)) {
        faults.push(`${content} over the title ${title.textContent.trim().slice(0, 60)}`);
      }
    }
  }
  return faults;
}"""

CODE_CUT = """() => [...document.querySelectorAll(".bd-article pre")]
  .filter((pre) => pre.scrollWidth > pre.clientWidth + 1)
  .map((pre) => `code wider than its box: ${pre.textContent.split("\\n").reduce(
    (a, b) => a.length < b.length ? b : a).trim().slice(0, 60)}`)"""
# What is around a table: room below it, a caption that stays when it scrolls, a box that a key
# reaches; and in it, figures of one typeface in columns that are read from their ends.
TABLES = r"""() => {
  const faults = [];
  for (const table of document.querySelectorAll(".bd-article table.table")) {
    const name = `${table.id || table.textContent.trim().slice(0, 40)}`;
    const box = table.closest(".table-scroll");
    if (!box) { faults.push(`no box around ${name}`); continue; }
    let last = box;
    while (!last.nextElementSibling && last.parentElement) { last = last.parentElement; }
    const next = last.nextElementSibling;
    const room = next && next.getBoundingClientRect().top - table.getBoundingClientRect().bottom;
    if (next?.offsetHeight && room < 12) { faults.push(`no room below ${name}: ${room}`); }
    if (box.scrollWidth > box.clientWidth + 1) {
      if (box.tabIndex !== 0) { faults.push(`no key reaches ${name}`); }
      box.scrollLeft = 1e6;
      const caption = table.caption?.getBoundingClientRect();
      const edge = box.getBoundingClientRect();
      if (caption && (caption.left < edge.left - 1 || caption.right > edge.right + 1)) {
        faults.push(`the caption scrolls away: ${name}`);
      }
      box.scrollLeft = 0;
    }
    for (const formula of table.querySelectorAll("td .math")) {
      const text = formula.querySelector("math")?.textContent ?? formula.textContent;
      if (/^[−+-]?[\d.,]+%?$/.test(text.trim())) { faults.push(`a formula's figures: ${name}`); }
    }
    for (const cell of table.querySelectorAll("tbody td")) {
      if (!cell.textContent.trim() && !cell.firstElementChild) { faults.push(`empty: ${name}`); }
    }
    const rows = [...table.tBodies[0].rows].map((row) => [...row.cells]);
    for (let column = 1; column < rows[0].length; column += 1) {
      const cells = rows.map((row) => row[column]);
      if (cells.every((cell) => /^[−+]?\d[^a-z]*$/.test(cell.textContent.trim()))
        && cells.some((cell) => !["right", "end"].includes(getComputedStyle(cell).textAlign))) {
        faults.push(`numbers that do not end below each other: ${name}, column ${column}`);
      }
    }
  }
  return faults;
}"""
# A label names one control; what shows and hides says what.
NAMES = """() => {
  const named = "input, output, select, textarea, button, meter, progress";
  const faults = [...document.querySelectorAll("label")]
    .filter((label) => label.querySelectorAll(named).length > 1)
    .map((label) => `a label of two: ${label.textContent.trim()}`);
  const names = [...document.querySelectorAll(".toggle-button, img.toggler")]
    .map((button) => button.alt ?? button.getAttribute("aria-label"));
  const twice = names.filter((name, n) => names.indexOf(name) !== n);
  return [...faults, ...twice.map((name) => `two buttons are called ${name}`)];
}"""


def picture(page, top):
    page.evaluate("(top) => scrollTo({ top, behavior: 'instant' })", top)
    return page.screenshot()


def pixels(png):
    return imread(io.BytesIO(png))


def both(page, top):
    """The page as it is and let through, in pictures between which nothing else moved."""
    for _ in range(5):
        seen = picture(page, top)
        page.evaluate("letThrough.disabled = false")
        whole = picture(page, top)
        page.evaluate("letThrough.disabled = true")
        if picture(page, top) == seen:
            return seen, whole
    pytest.fail("the page does not come to rest")


def cut(page):
    """The formulas of a page that lose pixels."""
    width, usual = page.viewport_size["width"], page.viewport_size["height"]
    page.set_viewport_size({"width": width, "height": SLICE})
    page.evaluate(ADD_STYLE, BARE)
    page.evaluate(f"(text) => {{ window.letThrough = ({ADD_STYLE})(text); }}", LET_THROUGH)
    there = page.evaluate(FORMULAS)
    page.evaluate("letThrough.disabled = true")
    faults = [] if page.evaluate(FORMULAS) == there else ["what is let through moves the page"]
    for top in range(0, page.evaluate(HEIGHT), SLICE):
        if not any(-one["height"] < one["y"] - top < SLICE for one in there):
            continue
        seen, whole = both(page, top)
        if whole == seen:
            continue
        changed = abs(pixels(whole) - pixels(seen)).max(axis=2) > STEP
        rows, columns = np.nonzero(changed)
        rows += page.evaluate("scrollY")  # the last slice begins before its place
        for formula in there:
            down = abs(rows - formula["y"] - formula["height"] / 2)
            across = abs(columns - formula["x"] - formula["width"] / 2)
            inside = (down < formula["height"]) & (across < formula["width"] / 2 + 9)
            if inside.any():
                faults.append(f"{inside.sum()} pixels cut off: {formula['tex']}")
    page.set_viewport_size({"width": width, "height": usual})
    return faults


def opened(visit, name):
    page = visit.open(f"{name}.html")
    page.evaluate(SET_MODE, "light")
    page.evaluate(OPEN_ALL)
    page.evaluate("Promise.allSettled([...document.fonts].map((font) => font.load()))")
    visit.settle()
    return page


@pytest.mark.parametrize("name", CHAPTERS)
def test_nothing_is_cut_or_printed_over(window, name):
    width, visit = window
    page = opened(visit, name)
    faults = page.evaluate(OVER_TITLES) + page.evaluate(UNREACHABLE)
    faults += page.evaluate(TABLES) + page.evaluate(NAMES)
    if width == max(WIDTHS):
        faults += page.evaluate(WIDE_FORMULAS) + page.evaluate(CLOSE_ROWS)
        faults += page.evaluate(CODE_CUT) if name != "api" else []
    faults += cut(page)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ("mjx-container { padding: 0 !important; overflow: hidden !important }", "cut off"),
        (".math { overflow: hidden !important }", "cut off"),
        ("mjx-container { overflow: hidden !important }", "does not scroll"),
        ("mjx-container { background: none !important }", "no shadow"),
        (".eqno { position: relative; left: 9rem }", "no number"),
        ("div.math { font-size: 3em !important }", "too wide for a large window"),
        (
            ":root:root:root:root mjx-mtd { padding-block: 0 !important }",
            "fractions that nearly touch",
        ),
        ("pre { font-size: 2rem !important }", "code wider than its box"),
        (".table-scroll { margin: 0 0 -3rem !important }", "no room below"),
        ("table { min-width: 60rem } caption { position: static !important }", "scrolls away"),
        ("td { text-align: left !important }", "do not end below each other"),
        (
            ".admonition-title::after { content: '!' !important; position: absolute; "
            "left: 0; top: 0; width: 1em; height: 1em }",
            "over the title",
        ),
    ],
)
def test_what_cuts_and_prints_over_is_found(visit, book, style, said):
    """Each check of `test_nothing_is_cut_or_printed_over` can fail."""
    made = visit(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    html = (
        (book / "losses.html")
        .read_text(encoding="utf-8")
        .replace("</head>", f"<style>{style}</style></head>")
    )
    pattern = f"{made.base}/losses.html"
    made.page.route(pattern, lambda route: route.fulfill(body=html, content_type="text/html"))
    page = opened(made, "losses")
    faults = page.evaluate(OVER_TITLES) + page.evaluate(UNREACHABLE)
    faults += page.evaluate(WIDE_FORMULAS) + page.evaluate(CODE_CUT) + page.evaluate(TABLES)
    faults += page.evaluate(CLOSE_ROWS)
    faults += cut(page)
    assert [fault for fault in faults if said in fault], faults


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_comments_are_as_quiet_as_captions(visit, scheme):
    page = visit(color_scheme=scheme).open("losses.html")
    colours = """() => [...document.querySelectorAll(".bd-article .highlight .c1")].map(
      (e) => getComputedStyle(e).color)"""
    caption = """() => getComputedStyle(document.querySelector(".bd-article figcaption")).color"""
    assert set(page.evaluate(colours)) == {page.evaluate(caption)}


@pytest.mark.parametrize("mobile", [True, False])
def test_hints_for_keys_stand_where_there_are_keys(visit, mobile):
    page = visit(has_touch=mobile, is_mobile=mobile).open("gradient_descent.html")
    hint = page.locator(".keys")
    assert hint.count() > 0
    assert hint.first.is_visible() != mobile


@pytest.fixture(scope="module")
def disk(new_visit, book):
    visit = new_visit(book.as_uri(), viewport={"width": 1280, "height": 900})
    yield visit
    visit.context.close()


@pytest.mark.parametrize("name", [*CHAPTERS, *MADE])
def test_page_from_the_disk(disk, name):
    """Opened as a file, a page needs nothing but the files beside it."""
    page = disk.open(f"{name}.html")
    faults = disk.faults + page.evaluate(UNTYPESET)
    assert not faults, "\n".join(faults)


HEADS = """() => [...document.querySelectorAll("table.table thead tr:last-child > *")].map(
  (cell) => [cell.textContent.trim(), getComputedStyle(cell).borderBottom])"""


def test_one_line_runs_below_the_head_of_a_table(disk):
    """Also where a cell of it is empty, and so is no heading."""
    cells = disk.open("losses.html").evaluate(HEADS)
    assert "" in dict(cells)
    assert len(set(dict(cells).values())) == 1


@pytest.mark.parametrize("width", [390, 360])
def test_the_index_of_words_fits_a_phone(visit, width):
    page = visit(viewport={"width": width, "height": 844}).open("genindex.html")
    wide = "(all) => all.filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.textContent)"
    boxes = page.locator(".genindextable, :has(> .genindextable)")
    assert boxes.count() > 20
    assert boxes.evaluate_all(wide) == []


def test_largest_paint_comes_soon(visit, capsys):
    """The median of three loads of the first page and of the longest."""
    made = visit(viewport={"width": 1280, "height": 900})
    late = {}
    for name in ("index", "gradient_descent", "is_it_a_four"):
        seconds = []
        for _ in range(3):
            seconds.append(made.open(f"{name}.html", settle=False).evaluate(PAINTED))
        late[name] = statistics.median(seconds)
    with capsys.disabled():
        slowest = sorted(late, key=late.get)[::-1][:3]
        print("\nlargest paint:", ", ".join(f"{name} {late[name]:.2f} s" for name in slowest))
    assert {name: value for name, value in late.items() if value > LATEST_PAINT} == {}


def test_weight_counts_all_parts(visit, server):
    """What `test_page` weighs holds the page, its styles, scripts and fonts."""
    made = visit()
    made.open("losses.html")
    kinds = {url.rpartition(".")[2].partition("?")[0] for url in made.urls}
    assert {"html", "css", "js", "woff2", "woff"} <= kinds
    sent, unpacked = server.weight(made.urls)
    alone = server.weight([f"{server.url}/losses.html"])
    assert alone[0] + 300_000 < sent < unpacked


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ("<p id='main-content'>again</p>", "twice on the page: #main-content"),
        (
            "<p>" + "<a href='#a' style='display: block; height: 9px'>a</a>" * 2 + "</p>",
            "axe target-size",
        ),
        ("<img src='_static/favicon.svg'>", "no alt text"),
        ("<img src='_static/favicon.svg' alt='_images/0b5cdd3b.svg'>", "no alt text"),
        ("<svg viewBox='0 0 1 1' width='9'></svg>", "no alt text"),
        ("<figure><p>Lost</p></figure>", "nothing in the figure"),
        ("<div style='width: 3000px'>wide</div>", "wide"),
        ("<p style='color: #aaa; background: #fff'>pale</p>", "axe color-contrast"),
        ("<button></button>", "axe button-name"),
        ("<p>a formula \\(x^2\\)</p>", "formula not set"),
        ("<details><summary>more</summary></details>", "still closed"),
        ("<script>console.error('fault')</script>", "fault"),
        ("<img src='http://192.0.2.1/x.png' alt='a picture elsewhere'>", "request: http://192"),
        ("<p onclick='1'>p</p><script src='_static/nowhere.js'></script>", "status 404"),
    ],
)
def test_what_is_planted_is_found(visit, axe, book, planted, said):
    """Each check of `test_page` can fail."""
    made = visit(viewport={"width": 390, "height": 844}, color_scheme="light")
    html = (
        (book / "bibliography.html")
        .read_text(encoding="utf-8")
        .replace("</article>", f"{planted}</article>")
    )
    pattern = f"{made.base}/bibliography.html"
    made.page.route(pattern, lambda route: route.fulfill(body=html, content_type="text/html"))
    made.page.route("http://192.0.2.1/**", lambda route: route.abort())
    page = made.open("bibliography.html")
    faults = made.faults + page.evaluate(HIDDEN) + page.evaluate(NAMELESS)
    faults += page.evaluate(UNTYPESET) + page.evaluate(TOO_WIDE, 390) + axe(page)
    faults += page.evaluate(TWICE)
    assert [fault for fault in faults if said in fault], faults


def test_a_script_that_no_hash_names_is_refused(visit, server):
    """The policy is strict: it is this server's header that the pages work under."""
    made = visit()
    page = made.open("index.html", settle=False)
    page.evaluate(
        "document.head.append(Object.assign(document.createElement('script'), {text: 'x = 1'}))"
    )
    until(page, lambda: any("policy: script-src" in fault for fault in made.faults))
    made.faults.clear()
    page.evaluate("fetch('http://192.0.2.1/').catch(() => 0)")
    until(page, lambda: any("policy: connect-src" in fault for fault in made.faults))


#: Elements that must not stand anywhere in another, and those that hold nothing.
NOT_INSIDE = {"summary": ("p", "div"), "pre": ("p", "div"), "p": ("p", "div", "ul", "table")}
VOID = {"br", "img", "input", "meta", "link", "hr", "source", "wbr", "col"}


class Misplaced(HTMLParser):
    """Elements that HTML does not allow where they stand: a browser moves them, unasked."""

    def __init__(self, html):
        super().__init__()
        self.open, self.found = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found += [
            f"{tag} in {outer}" for outer in self.open if tag in NOT_INSIDE.get(outer, ())
        ]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """What ends at once holds nothing."""

    def handle_endtag(self, tag):
        while tag in self.open and self.open.pop() != tag:
            pass


def test_elements_stand_where_html_allows_them(book):
    assert Misplaced("<p>a<br><b>b</b></p><pre><div></div></pre>").found == ["div in pre"]
    pages = [
        *book.glob("*.html"),
        *(book / "_modules").rglob("*.html"),
        *book.glob("tests/*.html"),
    ]
    found = {path.name: set(Misplaced(path.read_text(encoding="utf-8")).found) for path in pages}
    assert {name: faults for name, faults in found.items() if faults} == {}


# ------------------------------------------------------------------------------ search


#: Pages that were found, whose text is still on its way; functions are shown at once.
UNFETCHED = "#search-results li:not(:has(p.context, span))"


def test_search_excerpts_are_prose_and_nothing_covers_what_is_typed(visit):
    page = visit(viewport={"width": 1280, "height": 900}).open("search.html?q=learning+rate")
    page.get_by_text("Search finished").wait_for()
    until(page, lambda: page.locator(UNFETCHED).count() == 0)
    excerpts = page.locator("#search-results p.context").all_inner_texts()
    assert len(excerpts) > 9
    assert [
        text for text in excerpts if re.search(r"\\|Show the code|import |assert ", text)
    ] == []
    assert any("η" in text for text in excerpts)
    glass, field = (
        page.locator(f".bd-search-container form > {e}").bounding_box() for e in ("i", "input")
    )
    assert glass["x"] + glass["width"] <= field["x"]


@pytest.mark.parametrize("base", ["server", "disk"])
def test_search_finds(visit, book, base):
    made = visit(*([book.as_uri()] if base == "disk" else []))
    for words, answer in ANSWERED_BY.items():
        page = made.open("search.html")
        field = page.locator("input[name=q]:visible").first
        field.fill(words)
        field.press("Enter")
        hits = page.locator("#search-results li a")
        page.get_by_text("Search finished").wait_for()
        assert hits.first.get_attribute("href").partition("?")[0].partition("#")[0] == answer
    assert made.faults == []


def test_search_from_any_page_by_keyboard(visit):
    made = visit(viewport={"width": 1280, "height": 900})
    page = made.open("losses.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("softmax")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=softmax*")
    page.locator("#search-results li a").first.wait_for()
    assert made.faults == []


# ---------------------------------------------------------------------- mode and motion


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_mode_follows_the_system_until_it_is_chosen_and_is_remembered(visit, scheme):
    made = visit(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page = made.open("index.html")
    theme = "document.documentElement.dataset.theme"
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(theme) == scheme
    before = page.evaluate(ground)
    button = page.locator(".theme-switch-button:visible").first
    for _ in range(3):  # system, light, dark in turn
        button.click()
        if page.evaluate(theme) != scheme:
            break
    chosen = page.evaluate(theme)
    assert chosen != scheme
    made.settle()
    assert page.evaluate(ground) != before
    for name in ("index.html", "losses.html"):
        assert made.open(name).evaluate(theme) == chosen
    assert made.faults == []


def test_reduced_motion_is_respected(visit):
    made = visit(reduced_motion="reduce")
    for name in ("index.html", "gradient_descent.html", "draw_a_digit.html"):
        moving = made.open(name).evaluate(
            """() => [...document.querySelectorAll("*")].filter((e) => {
              const style = getComputedStyle(e);
              const slow = (list) => list.split(",").some((time) => parseFloat(time) > 0.001);
              return slow(style.transitionDuration) || slow(style.animationDuration)
                || style.scrollBehavior === "smooth";
            }).map((e) => e.outerHTML.slice(0, 100))"""
        )
        assert moving == []


# ---------------------------------------------------------------------------- keyboard

FOCUSED = """() => {
  const e = document.activeElement;
  const shows = (node) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(node);
    return (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
  };
  const box = e.getBoundingClientRect();
  return {
    what: `${e.tagName} ${e.className} ${e.dataset.part ?? ""} ${e.textContent.trim()}`
      .replace(/\\s+/g, " ").slice(0, 80),
    href: e.getAttribute("href"),
    part: e.dataset.part ?? e.closest("[data-part]")?.dataset.part ?? null,
    place: e.closest("nav, header, .bd-sidebar-primary, article, footer")?.className ?? "",
    shown: shows(e) || shows(e.parentElement),
    seen: box.width > 0 && box.height > 0,
    end: e === document.body,
  };
}"""


def walk(page, most=400):
    """What Tab reaches from the top of the page, in its order."""
    page.evaluate("document.body.tabIndex = -1; document.body.focus()")
    stops = []
    for _ in range(most):
        page.keyboard.press("Tab")
        page.wait_for_timeout(10)
        stop = page.evaluate(FOCUSED)
        if stop["end"]:
            break
        stops.append(stop)
    return stops


def test_keyboard_reaches_everything_and_shows_where_it_is(visit):
    made = visit(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = made.open("draw_a_digit.html")
    page.locator(".draw-tests button").first.click()  # so that no control is disabled
    stops = walk(page)
    assert stops[0]["href"] == "#main-content"  # to skip what every page has
    assert [stop["what"] for stop in stops if not (stop["shown"] and stop["seen"])] == []
    links = {(stop["href"] or "").partition("#")[0] for stop in stops}
    assert {f"{name}.html" for name in CHAPTERS} - {"draw_a_digit.html", "index.html"} <= links
    parts = [stop["part"] for stop in stops]
    assert {"pad", "clear", "undo", "tests", "label", "rate", "step", "restore"} <= set(parts)
    assert parts.count("tests") == 20
    assert made.faults == []


def test_skip_link_leads_to_the_text(visit):
    page = visit().open("losses.html")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("Boolean(document.activeElement.closest('main'))")


def test_contents_and_search_open_on_a_phone(visit, axe):
    made = visit(viewport={"width": 390, "height": 844}, has_touch=True)
    page = made.open("losses.html")
    page.locator(".primary-toggle:visible").first.click()
    made.settle()
    link = page.locator(
        ".bd-sidebar-primary a[href='networks.html'], dialog a[href='networks.html']"
    )
    assert link.first.is_visible()
    assert axe(page) == []
    link.first.click()
    page.wait_for_url("**/networks.html")
    assert made.faults == []
