"""A chapter on paper: folded as its reader left it, and no longer than a chapter should be."""

import re

MOST_PAGES = 24  # A4, of the first chapter as it is opened
FOLDED = """() => [...document.querySelectorAll(".bd-article details:not([open])")]
  .map((e) => [e.matches(".hide"), e.offsetHeight,
    [...e.querySelectorAll("pre, p")].filter((p) => !p.closest("summary") &&
      p.checkVisibility()).length])"""


def test_what_is_folded_stays_folded_and_what_is_open_is_printed(visit):
    page = visit(viewport={"width": 1280, "height": 900}).open("gradient_descent.html")
    opened = page.locator("div.cell details.hide").first
    opened.locator("summary").click()
    assert page.locator(".run-page").is_visible()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert opened.locator("pre").is_visible()
    assert not page.locator(".run-page").is_visible()
    folded = page.evaluate(FOLDED)
    assert any(code for code, _, _ in folded)
    assert all(seen == 0 for _, _, seen in folded)  # nothing of what they hold
    assert all(height == 0 for code, height, _ in folded if code)  # of code not even the line
    page.emulate_media(media="screen")
    assert page.locator("div.cell details.hide:not([open]) > summary").first.is_visible()


def test_the_first_chapter_is_short_enough_to_print(visit):
    page = visit().open("gradient_descent.html")
    pages = re.findall(rb"/Type /Page\b", page.pdf(format="A4"))
    assert 5 < len(pages) <= MOST_PAGES
