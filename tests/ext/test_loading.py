"""How a page is made to load: one style sheet, scripts that wait, nothing unasked."""

import importlib.util
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

tinycss2 = pytest.importorskip("tinycss2", reason="the extra 'book' is not installed")
from sphinx.errors import ExtensionError  # noqa: E402

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
        ],
    }
    env = SimpleNamespace(found_docs=["index"], doc2path=lambda name: ROOT / f"book/{name}.md")
    app = SimpleNamespace(builder=SimpleNamespace(format="html"), confdir=ROOT / "book", env=env)
    loading.prepare(app, "page", templatename, context, None)
    return app, context


def test_scripts_wait_and_are_there_once_and_only_where_needed():
    _, context = prepared("<p>No formula</p>")
    assert [(s.filename, s.attributes) for s in context["script_files"]] == [
        ("_static/doctools.js", {"defer": "defer"}),
        (None, {"body": "let hint = 1;"}),
    ]


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
    (tmp_path / "two.css").write_text(
        "e { f: url(g.svg) } html[data-theme=light] a {} html[data-theme='dark'] a {}",
        encoding="utf-8",
    )
    whole = loading.sheet(tmp_path, ["styles/one.css", "two.css", "two.css"])
    assert whole == (
        "a { b: url(\"fonts/x.woff2\") } c { d: url('data:image/svg+xml,<x>') }\n"
        'e { f: url("g.svg") } html:not([data-theme="dark"]) a {} html[data-theme=\'dark\'] a {}'
    )


def kept(style, *known):
    rules = tinycss2.parse_stylesheet(style, True, True)
    return re.sub(r"\s", "", tinycss2.serialize(loading.used(rules, {"mjx-mi", *known})))


@pytest.mark.parametrize(
    ("style", "left"),
    [
        (".a{x:1}.b{x:2}", ".a{x:1}"),
        (".a.b{x:1} p .b{x:2} p{x:3}", "p{x:3}"),
        (".b,.a,.a .b,i{x:1}", ".a,i{x:1}"),
        ('.a:not(.b){x:1} [class*="b"]{x:2}', '.a:not(.b){x:1}[class*="b"]{x:2}'),
        ("@media print{.b{x:1}} @media print{.a{x:2}.b{x:3}}", "@mediaprint{.a{x:2}}"),
        ("@font-face{x:1} @supports (x:1){.b{x:2}}", "@font-face{x:1}"),
        ("mjx-mo{x:1} mjx-mi.a{x:2}", "mjx-mi.a{x:2}"),
        (r".w\:b{x:1}", r".w\:b{x:1}"),  # no word: nobody knows
    ],
)
def test_rules_for_what_no_page_names_are_left_out(style, left):
    assert kept(style, "a") == left


def test_names_are_the_classes_of_pages_and_the_words_of_scripts_but_not_of_other_sites(tmp_path):
    for name in ("page.html", "_modules/a/b.html", "run/c.js", "lite/d.html", "lite/e/f.js"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        said = f"<mjx-mi class='of-{path.stem} more'>said</mjx-mi><script>{path.stem}s()</script>"
        path.write_text(said, encoding="utf-8")
    assert loading.words(tmp_path) == {
        *("of-page", "of-b", "of-c", "more", "mjx-mi"),
        *("pages", "bs", "cs"),  # of scripts in the page
        *("class", "said", "script"),  # of the one that is a script
    }


def test_large_data_are_files_of_their_own(tmp_path):
    large = json.dumps({"weights": 'x"y' * 10_000})
    element = '<script type="application/json" id="{}">{}</script>'
    body = element.format("small", "[1]") + element.format("large", large)
    app, context = SimpleNamespace(outdir=tmp_path), {"body": body}
    loading.set_apart(app, "page", "page.html", context, None)
    assert element.format("small", "[1]") in context["body"]
    assert len(context["body"]) < 300
    (source,) = re.findall(r'id="large" data-src="([^"?]+)', context["body"])
    said = (tmp_path / source).read_text(encoding="utf-8")
    name, data = re.fullmatch(
        r"document.getElementById\((.*)\).textContent = (.*);\n", said
    ).groups()
    assert (json.loads(name), json.loads(data)) == ("large", large)


def test_a_theme_whose_script_measures_otherwise_is_told():
    measuring = 'a();"complete"===document.readyState?Q():window.addEventListener("load",Q);b()'
    assert loading.unmeasured(measuring) == "a();0;b()"
    with pytest.raises(ExtensionError, match="measures in 0 places"):
        loading.unmeasured("a()")
