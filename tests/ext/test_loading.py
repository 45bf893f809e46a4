"""How a page is made to load: one style sheet, scripts that wait, nothing unasked."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("loading", ROOT / "book" / "_ext" / "loading.py")
loading = importlib.util.module_from_spec(spec)
spec.loader.exec_module(loading)


def script(filename, **attributes):
    return SimpleNamespace(filename=filename, attributes=attributes)


def prepared(body, templatename="page.html", **had):
    """The context of a page with this body; what another page had given to the first script."""
    context = {
        "body": body,
        "css_files": [
            SimpleNamespace(filename="_static/styles/one.css"),
            SimpleNamespace(filename="_static/two.css"),
            SimpleNamespace(filename="https://example.org/three.css"),
        ],
        "script_files": [
            script("_static/doctools.js", **had),
            script(None, body="let hint = 1;"),
            script(None, body="let hint = 1;"),
            script(None, body="DOCUMENTATION_OPTIONS.pagename = 'page';"),
            script(None, body="window.MathJax = {}"),
            script("_static/../mathjax/tex-chtml.js"),
        ],
    }
    app = SimpleNamespace(builder=SimpleNamespace(format="html"), confdir=ROOT / "book")
    loading.prepare(app, "page", templatename, context, None)
    return app, context


def test_scripts_wait_and_are_there_once_and_only_where_needed():
    _, context = prepared("<p>No formula</p>")
    assert [(s.filename, s.attributes) for s in context["script_files"]] == [
        ("_static/doctools.js", {"defer": "defer"}),
        (None, {"body": "let hint = 1;"}),
    ]


def test_a_page_with_a_formula_has_mathjax():
    _, context = prepared('<span class="math notranslate">x</span>')
    assert context["script_files"][-1].filename.endswith("tex-chtml.js")
    assert context["script_files"][-1].attributes == {"defer": "defer"}


def test_on_the_page_of_the_search_none_waits():
    _, context = prepared("", "search.html", defer="defer")
    assert all("defer" not in s.attributes for s in context["script_files"])


def test_style_sheets_of_the_book_are_one():
    app, context = prepared("")
    assert app.book_styles == ["styles/one.css", "two.css"]
    assert [css.filename for css in context["css_files"]] == ["https://example.org/three.css"]


def test_what_a_style_sheet_asks_for_is_found_from_the_whole(tmp_path):
    (tmp_path / "styles").mkdir()
    (tmp_path / "styles" / "one.css").write_text(
        "a { b: url(../fonts/x.woff2) } c { d: url('data:image/svg+xml,<x>') }"
        "/*# sourceMappingURL=one.css.map*/",
        encoding="utf-8",
    )
    (tmp_path / "two.css").write_text("e { f: url(g.svg) }", encoding="utf-8")
    whole = loading.sheet(tmp_path, ["styles/one.css", "two.css", "two.css"])
    assert whole == (
        "a { b: url(\"fonts/x.woff2\") } c { d: url('data:image/svg+xml,<x>') }\n"
        'e { f: url("g.svg") }'
    )
