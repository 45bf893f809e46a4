"""What a link leads to is shown beside it, by pointer and by key, and goes away again."""

import pytest

PREVIEW = ".preview.open"
#: A page, a link in it, where that leads, and words of it: here and in another page.
LINKS = [
    ("losses", "a.internal[href='#equation-eq-bce']", "(4."),
    ("losses", "a.internal[href='activations.html#equation-eq-sigmoid-derivative']", "(3."),
    ("api", "a.internal[href='losses.html#equation-eq-focal']", "(4."),
    ("momentum", "a.internal[href^='#fig-']", "Fig. 11."),
    ("newton", "a.internal[href='#tab-newton-errors']", "Table A.1"),
    ("metrics", "a.internal[href='losses.html#thm-proper']", "Theorem 4.1"),
    ("losses", "a.internal[href*='bibliography.html#']", "."),
]
DOUBLE = """() => {
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  return ids.filter((id, n) => ids.indexOf(id) !== n && id !== "");
}"""
INSIDE = """(e) => { const box = e.getBoundingClientRect();
  return box.left >= 0 && box.right <= document.documentElement.clientWidth && box.top >= 0
    && box.bottom <= innerHeight; }"""


def link_in(page, selector):
    link = page.locator(f".bd-article :is(p, dd, li) {selector}").locator("visible=true").first
    link.evaluate("(e) => e.scrollIntoView({ block: 'center', behavior: 'instant' })")
    return link


def seen(page):
    preview = page.locator(PREVIEW)
    preview.wait_for()
    return preview


def gone(page):
    page.locator(PREVIEW).wait_for(state="detached")
    return True


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    ("name", "selector", "words"), LINKS, ids=[f"{n} {s}" for n, s, _ in LINKS]
)
def test_a_link_shows_what_it_leads_to(visit, axe, width, name, selector, words):
    made = visit(viewport={"width": width, "height": 900})
    page = made.open(f"{name}.html")
    before = set(page.evaluate(DOUBLE))
    link = link_in(page, selector)
    link.hover()
    preview = seen(page)
    assert words in preview.inner_text()
    assert preview.evaluate(INSIDE)
    assert "\\(" not in preview.inner_text()
    assert link.get_attribute("aria-describedby") == preview.get_attribute("id")
    assert page.locator(f"{PREVIEW} :is(a, button, [tabindex])").count() == 0
    assert set(page.evaluate(DOUBLE)) == before
    for mode in ("light", "dark"):
        page.evaluate("(mode) => { document.documentElement.dataset.theme = mode; }", mode)
        made.settle()
        assert axe(page) == []
    assert made.faults == []


def test_escape_closes_it_and_the_pointer_may_move_onto_it(visit):
    page = visit(viewport={"width": 1280, "height": 900}).open("losses.html")
    link = link_in(page, "a.internal[href='#equation-eq-bce']")
    link.hover()
    box = seen(page).bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2, steps=4)
    page.wait_for_timeout(600)
    assert page.locator(PREVIEW).is_visible()
    page.keyboard.press("Escape")
    assert gone(page)
    assert link.get_attribute("aria-describedby") is None
    page.mouse.move(5, 5)
    link.hover()
    seen(page)
    page.mouse.move(5, 5)
    assert gone(page)


def test_a_key_opens_it_and_the_next_closes_it(visit):
    page = visit(viewport={"width": 1280, "height": 900}).open("losses.html")
    link = link_in(page, "a.internal[href='#equation-eq-bce']")
    page.keyboard.press("Tab")  # by key, and so the focus is shown
    link.focus()
    seen(page)
    page.keyboard.press("Escape")
    assert gone(page)
    assert link.evaluate("(e) => e === document.activeElement")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    seen(page)
    page.keyboard.press("Tab")
    assert link.get_attribute("aria-describedby") is None  # the next link may have one of its own


def test_a_finger_and_a_pointer_that_passes_open_nothing(visit):
    made = visit(viewport={"width": 390, "height": 844}, has_touch=True)
    page = made.open("losses.html")
    asked = len(made.urls)
    link = link_in(page, "a.internal[href*='activations.html#equation-']")
    link.dispatch_event("pointerover", {"pointerType": "touch", "bubbles": True})
    link.hover()
    page.mouse.move(1, 1)
    page.wait_for_timeout(600)
    assert page.locator(".preview").count() == 0
    assert made.urls[asked:] == []  # nothing is fetched that nobody asked for


def test_a_source_keeps_its_title(visit):
    page = visit(viewport={"width": 1280, "height": 900}).open("losses.html")
    link = link_in(page, "a.internal[href*='bibliography.html#']")
    title = link.get_attribute("title")
    link.hover()
    seen(page)
    assert link.get_attribute("title") is None
    page.keyboard.press("Escape")
    assert title
    assert link.get_attribute("title") == title


def test_from_the_disk_there_is_what_the_page_has(visit, book):
    made = visit(book.as_uri(), viewport={"width": 1280, "height": 900})
    page = made.open("losses.html")
    for selector in ("a.internal[href='#equation-eq-bce']", "a.internal[href*='bibliography.']"):
        link_in(page, selector).hover()
        assert seen(page).inner_text()
        page.keyboard.press("Escape")
    link_in(page, "a.internal[href*='activations.html#equation-']").hover()
    page.wait_for_timeout(600)
    assert page.locator(".preview").count() == 0
    assert made.faults == []
