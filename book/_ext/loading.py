"""Let a page show itself before anything that only later use of it needs.

- All style sheets of a page are one, `_static/book.css`, made of theirs in their order.
- Scripts wait until the page is read (`defer`). Those of the search stand on its own page alone:
  from the others its form leads there. MathJax stands where there are formulas.
- The typefaces of the text are asked for at once, not when the style sheet names them.

`book/_templates` writes these, and leaves out what the theme's own templates ask for.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from pathlib import Path

STYLES = "book.css"
THEME = ("basic.css", "styles/pydata-sphinx-theme.css")  # asked for by the theme's templates
FONTS = (
    "source-serif-4-latin-wght-normal.woff2",
    "source-sans-3-latin-wght-normal.woff2",
    "inconsolata-latin-wght-normal.woff2",
)
URL = re.compile(r"""url\(\s*(["']?)(?!data:|#)([^"')]+)\1\s*\)""")
MAP = re.compile(r"/\*# sourceMappingURL=.*?\*/")
# What the theme says in scripts of a page's own, and no script asks for.
UNASKED = ("DOCUMENTATION_OPTIONS.",)


def moved(style: str, folder: str) -> str:
    """Return a style sheet of `_static/folder` as it reads in `_static`."""

    def whole(match: re.Match) -> str:
        return f'url("{posixpath.normpath(posixpath.join(folder, match[2]))}")'

    return URL.sub(whole, MAP.sub("", style))


def sheet(static: Path, names: list[str]) -> str:
    """Return these style sheets as one."""
    return "\n".join(
        moved((static / name).read_text(encoding="utf-8"), posixpath.dirname(name))
        for name in dict.fromkeys(names)
    )


def version(app) -> str:
    """Return what changes with our own style sheet, so that no browser keeps an old one."""
    own = Path(app.confdir) / "_static" / "custom.css"
    return hashlib.sha256(own.read_bytes()).hexdigest()[:8]


def prepare(app, pagename, templatename, context, doctree) -> None:
    """Put one style sheet and scripts that wait into the context of a page."""
    if app.builder.format != "html":
        return
    shared = [css for css in context["css_files"] if str(css.filename).startswith("_static/")]
    app.book_styles = [css.filename.removeprefix("_static/") for css in shared]
    context["css_files"] = [css for css in context["css_files"] if css not in shared]
    context["book_styles"] = f"_static/{STYLES}"
    context["book_styles_version"] = version(app)
    context["book_fonts"] = [f"_static/fonts/{name}" for name in FONTS]
    formulas = 'class="math ' in (context.get("body") or "")
    said, scripts = set(), []
    for script in context["script_files"]:
        body = script.attributes.get("body", "")
        mathjax = "mathjax" in str(script.filename) or "MathJax" in body
        if body in said or (body and body.startswith(UNASKED)) or (mathjax and not formulas):
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
    """Write the style sheet, once Sphinx has copied those of which it is made."""
    if exception is None and getattr(app, "book_styles", None):
        static = Path(app.outdir) / "_static"
        text = sheet(static, [*THEME, *app.book_styles])
        (static / STYLES).write_text(text, encoding="utf-8")


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("html-page-context", prepare, priority=900)
    app.connect("build-finished", write, priority=800)  # after MyST-NB writes its own
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
