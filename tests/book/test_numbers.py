"""Chapters have numbers, the appendix letters; what is numbered in them, and refers, agrees."""

import re
from functools import cache
from itertools import count
from string import ascii_uppercase

import pytest
from bs4 import BeautifulSoup
from sphinx_external_toc.parsing import parse_toc_yaml

from tests.book.conftest import ROOT

PARTS = parse_toc_yaml(ROOT / "book" / "_toc.yml").root.subtrees
NUMBERS = {}
chapters = count(1)
for part in PARTS:
    for place, page in enumerate(part.items):
        if part.numbered:
            lettered = part.style == "alphaupper"
            NUMBERS[page] = ascii_uppercase[place] if lettered else str(next(chapters))
UNNUMBERED = [page for part in PARTS for page in part.items if not part.numbered]
KINDS = ("Fig.", "Table", "Theorem", "Exercise")
LABEL = re.compile(r"\beq-[a-z]")


@cache
def parsed(path):
    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    for unseen in soup.select(".headerlink, script, style"):
        unseen.decompose()
    return soup


def text(element):
    return " ".join(element.get_text().split())


def numbered(soup):
    """The numbers of a page, by kind, in their order."""
    found = {kind: [] for kind in ("Equation", *KINDS)}
    found["Equation"] = [text(number).strip("()") for number in soup.select(".math > .eqno")]
    for caption in soup.select(".bd-article .caption-number"):
        for kind in KINDS:
            if text(caption).startswith(kind):
                found[kind].append(text(caption).removeprefix(kind).strip())
    return found


def test_parts_are_numbered_and_the_last_is_not():
    assert NUMBERS["gradient_descent"] == "1"
    assert NUMBERS["newton"] == "A"
    assert set(UNNUMBERED) == {"your_progress", "api", "bibliography"}


@pytest.mark.parametrize("page", NUMBERS)
def test_heading_contents_and_window_bear_the_number(book, page):
    soup = parsed(book / f"{page}.html")
    number = f"{NUMBERS[page]}. "
    assert text(soup.select_one(".bd-article h1")).startswith(number)
    assert text(soup.title).startswith(number)
    link = parsed(book / "index.html").select_one(f".bd-links a[href='{page}.html']")
    assert text(link).startswith(number)
    assert not [text(h) for h in soup.select(".bd-article :is(h2, h3) .section-number")]


@pytest.mark.parametrize("page", NUMBERS)
def test_numbers_begin_with_the_chapter_and_leave_none_out(book, page):
    for kind, numbers in numbered(parsed(book / f"{page}.html")).items():
        expected = [f"{NUMBERS[page]}.{n}" for n in range(1, len(numbers) + 1)]
        assert sorted(numbers, key=lambda number: int(number.split(".")[1])) == expected, kind


def shown_at(book, page, href):
    """The number of what a link of a page leads to, as it stands there."""
    name, _, anchor = href.partition("#")
    path = (book / f"{page}.html").parent / name if name else book / f"{page}.html"
    target = parsed(path.resolve()).find(id=anchor)
    assert target is not None, href
    number = target.select_one(".eqno, .caption-number")
    return text(number)


@pytest.mark.parametrize("page", [*NUMBERS, "api", "_modules/mnist_gd/losses"])
def test_references_name_the_number_that_stands_there(book, page):
    links = [
        link
        for link in parsed(book / f"{page}.html").select(".bd-article a.internal[href*='#']")
        if re.search(r"#(equation-|fig-|tab-|thm-|ex-)", link["href"])
        and re.search(r"\d", text(link))  # others lead there by words of their own
    ]
    wrong = {
        link["href"]: text(link)
        for link in links
        if not text(link).startswith(shown_at(book, page, link["href"]))
    }
    assert wrong == {}
    if page in ("api", "losses", "_modules/mnist_gd/losses"):
        assert len(links) > 10


def test_no_page_shows_the_label_of_an_equation(book):
    pages = [path for path in book.rglob("*.html") if "lite" not in path.relative_to(book).parts]
    shown = {path.name: found for path in pages if (found := LABEL.findall(text(parsed(path))))}
    assert len(pages) > 60
    assert shown == {}


def test_sources_are_labelled_as_the_text_cites_them(book):
    listed = {
        source["id"]: text(source.select_one(".label")).strip("[]")
        for source in parsed(book / "bibliography.html").select(".citation")
    }
    assert len(listed) > 80
    assert len(set(listed.values())) == len(listed)
    cited = set()
    for page in NUMBERS:
        for link in parsed(book / f"{page}.html").select("a[href^='bibliography.html#id']"):
            label = listed[link["href"].partition("#")[2]]
            cited.add(link["href"].partition("#")[2])
            year = label.rpartition(", ")[2]
            before = str(link.previous_sibling or "")
            behind = str(link.next_sibling or "")[:1]
            if text(link) == year:  # in the sentence: the names, and the year in brackets
                assert before.endswith("[")
                assert behind == "]"
            else:
                assert text(link) == label
                assert behind in "];,"
    assert cited == set(listed)
