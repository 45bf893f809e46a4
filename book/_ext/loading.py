"""Let a page show itself before anything that only later use of it needs.

- All style sheets of a page are one, `_static/book.css`, made of theirs in their order, without
  the rules for classes of which neither a page nor a script says a word: nine tenths.
- Scripts wait until the page is read (`defer`). Those of the search stand on its own page alone:
  from the others its form leads there.
- Of the icons those alone are loaded that a page or a script names.
- Large data of a page are files of their own, which its script asks for once it is shown.
- The typefaces of the text are asked for at once, not when the style sheet names them.
- What is not dark is light, before any script has chosen, and where none ever does.
- The theme's script measures no code: it would have the whole page laid out at once, and
  `_static/a11y.js` measures what scrolls where it comes near the window.

`book/_templates` writes these, and leaves out what the theme's own templates ask for.
"""

from __future__ import annotations

import hashlib
import json
import logging
import posixpath
import re
from importlib.resources import files
from itertools import groupby
from pathlib import Path

import tinycss2
from fontTools import subset
from sphinx.errors import ExtensionError

STYLES = "book.css"
THEME = ("basic.css", "styles/pydata-sphinx-theme.css")  # asked for by the theme's templates
FONTS = (
    "source-serif-4-latin-wght-normal.woff2",
    "source-sans-3-latin-wght-normal.woff2",
    "inconsolata-latin-wght-normal.woff2",
)
logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every table
URL = re.compile(r"""url\(\s*(["']?)(?!data:|#)([^"')]+)\1\s*\)""")
WORD = re.compile(r"[\w-]+")
SCRIPT = re.compile(r"<script[^>]*>([^<]+)")
NAMES = re.compile(r"""\bclass=["']([^"']*)|<(mjx-[a-z-]+)""")
COMMA = tinycss2.ast.LiteralToken(0, 0, ",")
# Which have styles of their own, or name no class.
APART = {"data", "fontawesome.js", "lite", "mathjax", "runtime"}
DATA = re.compile(r'<script type="application/json" id="([\w-]+)">([^<]{20000,})</script>')
DATA_SCRIPT = "document.getElementById({}).textContent = {};\n"
SOLID = re.compile(r'url\("?[^)]*fa-solid-900\.woff2"?\)\s*format\("woff2"\)')
ICON = re.compile("[\ue000-\uf8ff]")  # the private use of characters
MAP = re.compile(r"/\*# sourceMappingURL=.*?\*/")
LIGHT = re.compile(r"""html\[data-theme=(["']?)light\1\]""")
THEME_SCRIPT = "scripts/pydata-sphinx-theme.js"
MEASURING = re.compile(
    r'"complete"===document\.readyState\?(\w+)\(\):window\.addEventListener\("load",\1\)'
)
# What the theme says in scripts of a page's own, and no script asks for.
UNASKED = ("DOCUMENTATION_OPTIONS.",)


def moved(style: str, folder: str) -> str:
    """Return a style sheet of `_static/folder` as it reads in `_static`."""

    def whole(match: re.Match) -> str:
        return f'url("{posixpath.normpath(posixpath.join(folder, match[2]))}")'

    return URL.sub(whole, MAP.sub("", style))


def sheet(static: Path, names: list[str]) -> str:
    """Return these style sheets as one."""
    whole = "\n".join(
        moved((static / name).read_text(encoding="utf-8"), posixpath.dirname(name))
        for name in dict.fromkeys(names)
    )
    return LIGHT.sub('html:not([data-theme="dark"])', whole)


def unmeasured(script: str) -> str:
    """Return the theme's script without what measures the code of the page."""
    script, found = MEASURING.subn("0", script)
    if found != 1:
        raise ExtensionError(f"{THEME_SCRIPT} measures in {found} places, not in 1, as it did")
    return script


def is_comma(token) -> bool:
    """Whether it parts two selectors."""
    return token == ","


def words(folder: Path) -> set[str]:
    """Return what may be a class: those of the pages, and all words of scripts."""
    found, scripts = set(), []
    for path in [*folder.glob("*.html"), *folder.glob("_modules/**/*.html")]:
        text = path.read_text(encoding="utf-8")
        scripts += SCRIPT.findall(text)
        for names in NAMES.findall(text):
            found.update(*map(str.split, names))
    for path in folder.glob("*/**/*.js"):
        if APART.isdisjoint(path.relative_to(folder).parts):
            scripts.append(path.read_text(encoding="utf-8"))
    return found.union(*map(WORD.findall, scripts))


def may_match(selector: list, known: set[str]) -> bool:
    """Whether the classes of a selector, and the elements of formulas, are among these words."""
    before = None
    for token in selector:
        if token.type == "ident" and (before == "." or token.value.startswith("mjx-")):
            if WORD.fullmatch(token.value) and token.value not in known:
                return False
        before = token.value if token.type == "literal" else None
    return True


def used(rules: list, known: set[str]) -> list:
    """Return the rules of a style sheet that may match something."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            of = [list(part) for comma, part in groupby(rule.prelude, is_comma) if not comma]
            matching = [selector for selector in of if may_match(selector, known)]
            rule.prelude = [token for one in matching for token in (*one, COMMA)][:-1]
            kept += [rule] * bool(matching)
        elif rule.type == "at-rule" and rule.lower_at_keyword in {"media", "supports"}:
            rule.content = used(tinycss2.parse_rule_list(rule.content, True, True), known)
            kept += [rule] * bool(rule.content)
        else:
            kept.append(rule)
    return kept


def write_icons(style: str, static: Path) -> str:
    """Write the icons of a style sheet as a typeface; return it as it asks for that one."""
    options = subset.Options(flavor="woff", layout_features=[], notdef_outline=False)
    font = subset.load_font(static / "vendor/fontawesome/webfonts/fa-solid-900.ttf", options)
    chosen = subset.Subsetter(options)
    chosen.populate(text="".join(ICON.findall(style)))
    chosen.subset(font)
    subset.save_font(font, static / "fonts" / "icons.woff", options)
    return SOLID.sub('url("fonts/icons.woff") format("woff")', style)


def version(app) -> str:
    """Return what changes with our own style sheet and the pages: no browser keeps an old one."""
    paths = [Path(app.confdir) / "_static" / "custom.css"]
    paths += map(app.env.doc2path, sorted(app.env.found_docs))
    return hashlib.sha256(b"".join(Path(p).read_bytes() for p in paths)).hexdigest()[:8]


def set_apart(app, pagename, templatename, context, doctree) -> None:
    """Write large data of a page as scripts that put them there, for which no server is due."""

    def apart(match: re.Match) -> str:
        name, data = match.groups()
        path = Path(app.outdir) / "data" / f"{name}.js"
        path.parent.mkdir(exist_ok=True)
        path.write_text(DATA_SCRIPT.format(json.dumps(name), json.dumps(data)), encoding="utf-8")
        source = f"data/{name}.js?v={hashlib.sha256(data.encode()).hexdigest()[:8]}"
        return f'<script type="application/json" id="{name}" data-src="{source}"></script>'

    if "body" in context:
        context["body"] = DATA.sub(apart, context["body"])


def prepare(app, pagename, templatename, context, doctree) -> None:
    """Put one style sheet and scripts that wait into the context of a page."""
    if app.builder.format != "html":
        return
    shared = [css for css in context["css_files"] if str(css.filename).startswith("_static/")]
    app.book_styles = [css.filename.removeprefix("_static/") for css in shared]
    context["css_files"] = [css for css in context["css_files"] if css not in shared]
    context["book_styles"] = f"_static/{STYLES}"
    if not hasattr(app, "book_styles_version"):
        app.book_styles_version = version(app)
    context["book_styles_version"] = app.book_styles_version
    context["book_fonts"] = [f"_static/fonts/{name}" for name in FONTS]
    said, scripts = set(), []
    for script in context["script_files"]:
        body = script.attributes.get("body", "")
        if body in said or (body and body.startswith(UNASKED)):
            continue
        if body:
            said.add(body)
        elif templatename == "search.html":  # whose own scripts ask for these at once
            script.attributes.pop("defer", None)  # pages share them
        else:
            script.attributes["defer"] = "defer"
        scripts.append(script)
    context["script_files"] = scripts


def write(app, exception) -> None:
    """Write the style sheet and the theme's script, once Sphinx has copied what they are of."""
    if exception is None and getattr(app, "book_styles", None):
        static = Path(app.outdir) / "_static"
        text = sheet(static, [*THEME, *app.book_styles])
        rules = used(tinycss2.parse_stylesheet(text, True, True), words(Path(app.outdir)))
        style = write_icons(tinycss2.serialize(rules), static)
        (static / STYLES).write_text(style, encoding="utf-8")
        theme = files("pydata_sphinx_theme") / "theme" / "pydata_sphinx_theme" / "static"
        script = unmeasured((theme / THEME_SCRIPT).read_text(encoding="utf-8"))
        (static / THEME_SCRIPT).write_text(script, encoding="utf-8")


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("html-page-context", set_apart)
    app.connect("html-page-context", prepare, priority=900)
    app.connect("build-finished", write, priority=800)  # after MyST-NB writes its own
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
