"""The book as one PDF: how its pages are put together, and what came out."""

import importlib.util
import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PDF = ROOT / "book" / "_build" / "mnist_gd.pdf"
bs4 = pytest.importorskip("bs4", reason="the extra 'pdf' is not installed")
pytest.importorskip("sphinx_external_toc", reason="the extra 'book' is not installed")
spec = importlib.util.spec_from_file_location("paper", ROOT / "book" / "paper.py")
paper = importlib.util.module_from_spec(spec)
spec.loader.exec_module(paper)

PAGE = """<html><body><article class="bd-article"><h1 id="one">One<a class="headerlink">#</a></h1>
<a href="two.html#eq">two</a> <a href="two.html">two</a> <a href="#one">here</a>
<a href="tests/test_one.html">tests</a> <a href="https://example.org/">far</a>
<div class="cell"><details class="hide"><summary>Show</summary>draw()</details>
<div class="cell_output"><svg><clipPath id="c"></clipPath><g clip-path="url(#c)"></g>
<use href="#c"></use></svg></div></div>
<div class="cell"><details class="hide">helper()</details></div>
<details class="solution"><summary>Solution</summary>42</details>
<div id="draw-demo">play</div><script>x</script></article></body></html>"""


@pytest.fixture
def article():
    soup = bs4.BeautifulSoup(PAGE, "html.parser")
    return bs4.BeautifulSoup(paper.article(soup, "one", ["one", "two"]), "html.parser")


def test_links_inside_the_book_stay_in_the_document(article):
    hrefs = [link.get("href") for link in article.find_all("a")]
    assert hrefs == ["#two--eq", "#two--top", "#one--one", None, "https://example.org/"]
    assert article.select_one("article")["id"] == "one--top"
    assert article.h1["id"] == "one--one"


def test_drawings_keep_what_they_refer_to(article):
    assert article.select_one("g")["clip-path"] == "url(#one--c)"
    assert article.select_one("use")["href"] == "#one--c"


def test_folded_code_goes_and_solutions_are_open(article):
    text = article.get_text()
    assert "draw()" not in text
    assert "helper()" not in text
    assert article.select_one("svg") is not None
    assert article.select_one("details.solution").has_attr("open")
    assert "play" not in text
    assert article.find("script") is None


def test_contents_are_those_of_the_book():
    pages, parts = paper.contents(ROOT / "book" / "_toc.yml")
    assert pages[0] == "index"
    assert sorted(pages) == sorted(path.stem for path in (ROOT / "book").glob("*.md"))
    assert [page for _, files in parts for page in files] == pages[1:]
    assert parts[0][0] == "First steps"


def test_contents_bear_the_numbers_of_the_chapters(book):
    text = paper.whole(book, ROOT / "book" / "_toc.yml")
    assert '<a href="#gradient_descent--top">1. Gradient descent</a>' in text
    assert '<a href="#newton--top">A. Newton’s method</a>' in text


@pytest.fixture(scope="module")
def printed():
    if not PDF.is_file():
        reason = "the PDF is not printed: run `make pdf` first"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(f"{reason} (REQUIRE_BROWSER=1)", pytrace=False)
        pytest.skip(reason)
    return PDF.read_bytes()


def test_pdf_is_whole_and_its_links_lead_inside(printed):
    assert printed.startswith(b"%PDF-")
    assert printed.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) > 100
    assert len(re.findall(rb"/Subtype\s*/Link\b", printed)) > 500
    assert b"book.invalid" not in printed  # no link to where it was printed from
    assert b"/Outlines" in printed


def test_the_pdf_has_the_typefaces_of_the_book(printed):
    names = set(re.findall(rb"/FontName\s*/(?:\w+[+])?([\w-]+)", printed))
    ours = {b"SourceSerif4-Regular", b"SourceSerif4-Italic", b"SourceSans3-Roman"}
    assert names >= ours | {b"Inconsolata-Regular"}


def test_links_of_the_pdf_have_their_places(printed):
    wanted = set(re.findall(rb"/Dest\s*/([^\s/>]+)", printed))
    defined = set(re.findall(rb"/([\w#%.:-]+--[\w#%.:-]+)\s*\[", printed))
    assert len(wanted) > 200
    assert wanted <= defined
