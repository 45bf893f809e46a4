"""The built book in a browser: what the tests of this folder share.

They need the book in ``book/_build/html`` (``make book``), Chromium on the path and the
extra ``test``. Where one is missing they are skipped and say which; with the environment
variable ``REQUIRE_BROWSER=1``, as in continuous integration, they fail instead.

The book is served by a small server of its own which packs as servers do and sends a strict
Content-Security-Policy: nothing but the book's own files, no script in a page but those
whose hash is named.
"""

import base64
import contextlib
import functools
import gzip
import hashlib
import mimetypes
import os
import re
import shutil
import threading
import time
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIVE = ROOT / "book" / "_extra" / "live"
HTML = Path(os.environ.get("BOOK_HTML") or ROOT / "book" / "_build" / "html")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PACKED = {".html", ".css", ".js", ".svg", ".json", ".ipynb", ".txt", ".inv"}


LONGEST = ("test_run_all", "test_site")  # minutes each, so that no worker ends with one alone


def pytest_collection_modifyitems(items):
    """Begin with the files that take longest; within each the order stays."""
    items.sort(key=lambda item: item.path.stem not in LONGEST)


def give_up(reason):
    """Skip, or fail where a browser is required."""
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"{reason} (REQUIRE_BROWSER=1)", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def book():
    """The folder of the built pages."""
    if not (HTML / "index.html").is_file():
        give_up("the book is not built: run `make book` first")
    return HTML


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        give_up("Playwright is missing: install the extra 'test'")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        give_up("Chromium is missing: on Debian and Ubuntu, `apt install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield browser
        browser.close()


# ---------------------------------------------------------------------------- the server


class InlineScripts(HTMLParser):
    """Collect the scripts that stand in a page: elements, and attributes such as onclick."""

    def __init__(self, html):
        super().__init__()
        self.scripts, self.handlers, self.inside = set(), set(), False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        kinds = (None, "text/javascript", "module")
        self.inside = tag == "script" and "src" not in attrs and attrs.get("type") in kinds
        self.handlers.update(value for name, value in attrs.items() if name.startswith("on"))

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.scripts.add(data)


@functools.cache
def handlers():
    """The scripts in attributes of any page: the search brings pages into its own."""
    found = (
        InlineScripts(path.read_text(encoding="utf-8")).handlers for path in HTML.rglob("*.html")
    )
    return set().union(*found)


@functools.cache
def policy(html, lite=False):
    """The Content-Security-Policy under which a page must work.

    Styles may stand in the page: MathJax makes some where a cell is run, and formulas, figures
    and theme carry them in attributes. 'unsafe-hashes' lets hashes count for attributes;
    'wasm-unsafe-eval' lets Python run, in a worker. JupyterLite makes scripts of the schemas of
    its settings: its pages alone need 'unsafe-eval'.
    """
    scripts = InlineScripts(html).scripts | handlers()
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    hashes = sorted(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return "; ".join(
        [
            "default-src 'none'",
            " ".join(["script-src 'self' 'unsafe-hashes' 'wasm-unsafe-eval'", *hashes])
            + " 'unsafe-eval'" * lite,
            "worker-src 'self'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


class Handler(BaseHTTPRequestHandler):
    """Serve files as a server on the net would, and note what they weigh."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        name = unquote(urlsplit(self.path).path).lstrip("/") or "index.html"
        path = HTML / name
        self.server.served.append(name)
        if not path.is_file():
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body, packed = self.server.read(path)
        self.send_response(200)
        self.send_header("Content-Type", mimetypes.guess_type(name)[0] or "text/plain")
        kept = name.startswith("runtime/") and path.name != "contents.json"
        self.send_header("Cache-Control", "max-age=600" if kept else "no-store")
        if path.suffix in (".html", ".js"):  # of scripts, a worker's own is what binds it
            page = body.decode() if path.suffix == ".html" else ""
            rules = policy(page, lite=path.is_relative_to(HTML / "lite"))
            self.send_header("Content-Security-Policy", rules)
        if packed is not body:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(packed)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # the browser has gone on already
            if self.command == "GET":
                self.wfile.write(packed)

    do_HEAD = do_GET  # by which Python asks for the size of a file that it fetches later

    def log_message(self, *args):
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """The book on a free port of this machine."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.files = {}
        self.served = []

    def read(self, path):
        """The content of a file, as it is and as it is sent."""
        if path not in self.files:
            body = path.read_bytes()
            small = gzip.compress(body, 6, mtime=0) if path.suffix in PACKED else body
            self.files[path] = body, small
        return self.files[path]

    def weight(self, urls):
        """Bytes of these addresses together: as sent, and unpacked."""
        names = {unquote(urlsplit(url).path).lstrip("/") for url in urls}
        pairs = [self.read(HTML / name) for name in names]
        return sum(len(small) for _, small in pairs), sum(len(body) for body, _ in pairs)


@pytest.fixture(scope="session")
def server(book):
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


# ------------------------------------------------------------------------------ visiting

#: Resolves when the page, its formulas and its fonts are there and nothing moves any more.
SETTLED = """async () => {
  if (document.readyState !== "complete") {
    await new Promise((done) => addEventListener("load", done));
  }
  await document.fonts.ready;
  for (const section of document.querySelectorAll(".bd-article > section > section")) {
    section.style.contentVisibility = "visible"; // as if a reader had come by all of the page
  }
  await new Promise((done) => setTimeout(done, 250)); // the repairs after loading
  const moving = () => document.getAnimations().filter((a) => a.playState === "running");
  for (let n = 0; n < 40 && moving().length; n += 1) {
    await new Promise((done) => setTimeout(done, 50));
  }
}"""
#: Resolves when the live figures are drawn, which wait until they are near the window.
DRAWN = """async () => {
  for (const section of document.querySelectorAll(".bd-article > section > section")) {
    section.style.contentVisibility = "visible";
  }
  for (let frame = 0; frame < 4; frame += 1) { await new Promise(requestAnimationFrame); }
}"""


def let_draw(page):
    """Wait until the live figures show what was asked of them, which they do in the next frame."""
    page.evaluate(DRAWN)


def until(page, condition, seconds=120):
    """Wait for what comes by itself, as long as it takes; what never comes fails."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        page.wait_for_timeout(50)  # in which Playwright hears what the page says


REPORT = """addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));"""


class Visit:
    """A page of the browser that keeps what went wrong and what was requested."""

    def __init__(self, chromium, base, **options):
        self.base = base
        self.context = chromium.new_context(**options)
        self.context.set_default_timeout(120_000)  # ms; a busy machine takes longer for a page
        self.context.add_init_script(REPORT)
        self.page = self.context.new_page()
        self.faults, self.urls = [], []
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("console", self.note)
        self.page.on("request", lambda request: self.requested(request.url))
        self.page.on("response", self.answered)

    def note(self, message):
        if message.type in ("error", "warning"):
            self.faults.append(f"console: {message.text}")

    def requested(self, url):
        self.urls.append(url)
        if not url.startswith((self.base, "data:", "blob:")):
            self.faults.append(f"request: {url}")

    def answered(self, response):
        if response.status >= 400:
            self.faults.append(f"status {response.status}: {response.url}")

    def open(self, name, settle=True):
        """Go to a page of the book and return the browser's page."""
        self.faults.clear()
        self.urls.clear()
        self.page.goto(f"{self.base}/{name}")
        if settle:
            self.settle()
        return self.page

    def settle(self):
        """Wait until the page has come to rest."""
        self.page.evaluate(SETTLED)
        self.page.wait_for_function("""() => !document.querySelector("[aria-busy=true]")""")


@pytest.fixture(scope="session")
def new_visit(chromium, server):
    """Make visits to the served book, or to another base, with options of their own."""

    def make(base=server.url, **options):
        return Visit(chromium, base, **options)

    return make


@pytest.fixture
def visit(new_visit):
    """Make visits that end with the test."""
    visits = []

    def make(*args, **options):
        visits.append(new_visit(*args, **options))
        return visits[-1]

    yield make
    for made in visits:
        made.context.close()


@pytest.fixture(scope="session")
def axe():
    """Run axe-core on a page, all rules or those named; return its findings, one line each.

    All are those that it runs unasked and `target-size`.
    """
    try:
        import axe_playwright_python
    except ImportError:
        give_up("axe-core is missing: install the extra 'test'")
    source = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(
        encoding="utf-8"
    )
    script = """async (only) => (await axe.run(document, {
        resultTypes: ["violations"], preload: false,
        ...(only.length ? {runOnly: only} : {rules: {"target-size": {enabled: true}}})
      })).violations.flatMap(({id, nodes}) => nodes.map((node) =>
        `axe ${id}: ${node.target} ${node.html.slice(0, 160)} ${node.failureSummary}`))"""

    def run(page, *rules):
        if not page.evaluate("Boolean(window.axe)"):
            page.evaluate(source)
        return [re.sub(r"\s+", " ", line) for line in page.evaluate(script, list(rules))]

    return run


@pytest.fixture(scope="module")
def live_scripts(chromium):
    """An empty page with the scripts of the live figures; their pages' parts do nothing there."""
    page = chromium.new_page()
    for path in sorted(LIVE.glob("*.js"), key=lambda path: (path.stem != "chart", path.stem)):
        page.add_script_tag(path=path)
    return page


@pytest.fixture(params=[1280, 390], ids=["wide", "narrow"])
def open_live(request, chromium):
    """Open a built page from the disk; nothing may be requested elsewhere, nothing may fail."""
    contexts, faults = [], []

    def open_page(name, **options):
        path = HTML / f"{name}.html"
        if not path.exists() or not (HTML / "live" / "live.css").exists():
            give_up("the live figures need the built book for their tests: make book")
        context = chromium.new_context(
            viewport={"width": request.param, "height": 900}, has_touch=True, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
        page.on("request", lambda r: None if r.url.startswith("file:") else faults.append(r.url))
        page.goto(path.as_uri())
        if options.get("java_script_enabled", True):  # else no frame is ever called back
            let_draw(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []
