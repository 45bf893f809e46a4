"""Print the built book as one PDF: ``python book/paper.py``, or ``make pdf``.

The articles of the built pages are put one after the other into one page, in the order of
the contents, each identifier with its chapter's name before it, so that every link inside
the book leads to a place in the same document. Headless Chromium prints it. Nothing of the
book is run again; scripts are left out, so that live figures show their static picture.
Solutions are open; the code that a page folds away, most of which draws figures, is left to
the pages and the notebooks.
"""

from __future__ import annotations

import html
import mimetypes
import re
import shutil
import sys
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup
from sphinx_external_toc.parsing import parse_toc_yaml

BOOK = Path(__file__).resolve().parent
HTML = BOOK / "_build" / "html"
OUTPUT = BOOK / "_build" / "mnist_gd.pdf"
BASE = "http://book.invalid/"  # answered from HTML, never asked for
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDTH = 660  # CSS pixels between the margins of A4
MARGIN = {"top": "18mm", "bottom": "20mm", "left": "18mm", "right": "18mm"}
FOOTER = (
    '<div style="font: 8pt sans-serif; width: 100%; text-align: center; color: #333">'
    '<span class="pageNumber"></span></div>'
)
NOTE = "The pages and the notebooks hold the code of the figures too, which is left out here."
STYLE = """
.paper-title { break-after: page; padding-top: 30vh; text-align: center; }
.paper-title h1 { font-size: 30pt; margin-bottom: 2rem; text-wrap: balance; }
.paper-contents { break-after: page; }
.paper-contents li { list-style: none; margin: 0.3rem 0; }
.paper-contents p { font-weight: 650; margin: 1.2rem 0 0.3rem; }
article.bd-article + article.bd-article { break-before: page; }
.live, .chapter-links, .landing-buttons, summary, .toggle-button { display: none !important; }
pre, code { overflow-wrap: anywhere; }
dl.py > dt.sig { overflow: visible !important; overflow-wrap: anywhere; }
"""
# What is wider than the paper, a table or a formula, becomes smaller as a whole.
FIT = """(width) => {
  const shrink = (e, wide) => {
    const room = Math.min(width, e.parentElement.clientWidth || width);
    if (wide > room + 1) { e.style.zoom = Math.max(0.45, (room - 2) / wide).toFixed(3); }
  };
  for (const e of document.querySelectorAll("table")) { shrink(e, e.scrollWidth); }
  for (const e of document.querySelectorAll("mjx-container[display=true]")) {
    const formula = e.querySelector("mjx-math");
    shrink(e, formula.getBoundingClientRect().width + (e.parentElement.querySelector(".eqno")
      ? 40 : 0));
  }
}"""
CUT = """(width) => [...document.querySelectorAll("article *")].filter((e) =>
  !e.closest("mjx-assistive-mml, svg svg *, .math .eqno") && e.checkVisibility() &&
  !e.matches("mjx-container") && // which has room for ink beyond its box
  e.getBoundingClientRect().right > width + 3).map((e) => e.outerHTML.slice(0, 90))"""


def contents(toc: Path) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Read the contents: all pages in order, and the pages of each part."""
    root = parse_toc_yaml(toc).root
    parts = [(part.caption, [str(file) for file in part.files()]) for part in root.subtrees]
    return [root.docname, *(file for _, files in parts for file in files)], parts


def place(page: str, identifier: str = "") -> str:
    """Return the identifier that a place in a page has in the whole."""
    return f"{page}--{identifier}" if identifier else f"{page}--top"


def link(href: str, page: str, pages: list[str]) -> str | None:
    """Return where a link of a page leads in the whole, or None if out of the document."""
    parts = urlsplit(href)
    if parts.scheme:
        return href
    name = parts.path.removesuffix(".html") if parts.path else page
    if name not in pages:
        return None
    return "#" + place(name, unquote(parts.fragment))


def article(soup: BeautifulSoup, page: str, pages: list[str]) -> str:
    """Return the article of one page, with its identifiers and links made those of the whole."""
    body = soup.select_one("article.bd-article")
    unwanted = "script, noscript, .headerlink, .toctree-wrapper, #draw-demo, #train-own"
    for element in body.select(unwanted):
        element.decompose()
    for folded in body.select("details.hide"):  # code that a page shows only when asked
        cell = folded.find_parent("div", class_="cell")
        (folded if cell.select_one("div.cell_output") else cell).decompose()
    for details in body.select("details"):
        details["open"] = ""
    for element in body.find_all(id=True):
        element["id"] = place(page, element["id"])
    for element in body.find_all(True):
        for name, value in list(element.attrs.items()):
            if not isinstance(value, str):
                continue
            if name == "href" and element.name == "a":
                target = link(value, page, pages)
                if target is None:
                    del element["href"]
                else:
                    element["href"] = target
            elif name == "href" and value.startswith("#"):
                element["href"] = "#" + place(page, value[1:])
            elif "url(#" in value:
                element[name] = re.sub(
                    r"url\(#([^)]+)\)", lambda m: f"url(#{place(page, m[1])})", value
                )
    body["id"] = place(page)
    return str(body)


def whole(folder: Path, toc: Path) -> str:
    """Return the page that holds all articles of the built book in `folder`."""
    pages, parts = contents(toc)
    soups = {
        page: BeautifulSoup((folder / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
        for page in pages
    }
    titles = {page: soups[page].select_one("article h1").get_text().rstrip("#") for page in pages}
    head = soups[pages[0]].head
    styles = "".join(str(tag) for tag in head.select('link[rel="stylesheet"]'))
    title = html.escape(titles[pages[0]])
    lines = [f'<li><a href="#{place(pages[0])}">{title}</a></li>']
    for caption, files in parts:
        lines.append(f"<p>{html.escape(caption)}</p>")
        for file in files:
            text = html.escape(titles[file])
            lines.append(f'<li><a href="#{place(file)}">{text}</a></li>')
    front = (
        f'<section class="paper-title"><h1>{title}</h1><p>{NOTE}</p></section>'
        f'<section class="paper-contents"><h1>Contents</h1><ul>{"".join(lines)}</ul></section>'
    )
    articles = "".join(article(soups[page], page, pages) for page in pages)
    return (
        '<!DOCTYPE html><html lang="en" data-theme="light" data-mode="light"><head>'
        f'<meta charset="utf-8"><title>{title}</title>{styles}<style>{STYLE}</style>'
        '</head><body><div class="bd-main"><div class="bd-content">'
        f'<div class="bd-article-container">{front}{articles}</div></div></div></body></html>'
    )


def answer(route, page: str) -> None:
    """Answer the browser from the built book; everything else is refused."""
    path = HTML / unquote(urlsplit(route.request.url).path).lstrip("/")
    if route.request.url == BASE:
        route.fulfill(body=page, content_type="text/html")
    elif route.request.url.startswith(BASE) and path.is_file():
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        content = path.read_bytes()
        if path.suffix == ".css":  # paper has time for all typefaces
            content = re.sub(rb"font-display:\s*optional", b"font-display:block", content)
        route.fulfill(body=content, content_type=kind)
    else:
        route.abort()


def main() -> None:
    """Print the book."""
    from playwright.sync_api import sync_playwright

    start = time.perf_counter()
    if not (HTML / "index.html").is_file():
        sys.exit("error: the book is not built; run `make book` first")
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        sys.exit("error: Chromium is missing; on Debian and Ubuntu: apt install chromium")
    page = whole(HTML, BOOK / "_toc.yml")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        window = browser.new_page(viewport={"width": WIDTH, "height": 950}, color_scheme="light")
        window.set_default_timeout(300_000)
        window.route("**/*", lambda route: answer(route, page))
        window.emulate_media(media="print")
        window.goto(BASE)
        window.evaluate("document.fonts.ready")
        window.evaluate(FIT, WIDTH)
        for cut in window.evaluate(CUT, WIDTH)[:20]:
            print(f"wider than the paper: {cut}", file=sys.stderr)
        window.pdf(
            path=OUTPUT,
            format="A4",
            margin=MARGIN,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
            print_background=True,
            tagged=True,
            outline=True,
        )
        browser.close()
    megabytes = OUTPUT.stat().st_size / 1e6
    print(f"The book: {OUTPUT} ({megabytes:.1f} MB, {time.perf_counter() - start:.0f} s)")


if __name__ == "__main__":
    main()
