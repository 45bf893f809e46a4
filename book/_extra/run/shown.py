"""What cells show, as a page of the book shows it: figures, tables, glued texts, bars.

It stands in for IPython, MyST-NB and tqdm's text: the cells of the book import these.
"""

import io
import os
import pprint
import sys
import types

import markdown_tables

MIME = {
    "_repr_html_": "text/html",
    "_repr_svg_": "image/svg+xml",
    "_repr_markdown_": "text/markdown",
}
WIDEST = 79
LONGEST = 200_000  # characters of a text
MOST = 1000  # things that one cell displays

_emit = print
_name = ""
_figures = 0
_displayed = 0


def begin(emit, name):
    """Let what is shown from here on go to a cell."""
    global _emit, _name, _figures, _displayed
    _emit, _name, _figures, _displayed = emit, name.replace(" ", "-"), 0, 0


# ------------------------------------------------------------------------------- displaying


class _Held:
    """A text of some type, as IPython's display objects hold it."""

    mime = ""

    def __init__(self, data):
        self.data = data

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {self.mime: self.data}


class HTML(_Held):
    """HTML to show."""

    mime = "text/html"


class Markdown(_Held):
    """Markdown to show."""

    mime = "text/markdown"


class SVG(_Held):
    """A drawing to show."""

    mime = "image/svg+xml"


def bundle(value):
    """Return what an object shows, by type."""
    if hasattr(value, "_repr_mimebundle_"):
        return dict(value._repr_mimebundle_())
    found = {}
    for method, mime in MIME.items():
        if hasattr(value, method) and not isinstance(value, type):
            text = getattr(value, method)()
            if text is not None:
                found[mime] = text
    return found


def pretty(value):
    """Return the text of a value, of long lists in several lines."""
    text = repr(value)
    if len(text) > LONGEST:
        return f"{text[:LONGEST]}\n… the rest of it is left out"
    if len(text) <= WIDEST or not isinstance(value, list | tuple | dict | set):
        return text
    return pprint.pformat(value, width=WIDEST + 1, sort_dicts=False, compact=False)


def display(*values, **_):
    """Show values one below the other."""
    global _displayed
    for value in values:
        _displayed += 1
        if _displayed >= MOST:
            if _displayed == MOST:
                _emit({"kind": "text", "text": "… the rest of what this cell shows is left out"})
            return
        pyplot = sys.modules.get("matplotlib.figure")
        if pyplot is not None and isinstance(value, pyplot.Figure):
            _show_figure(value)
        elif data := bundle(value):
            if "text/markdown" in data:
                data = {"text/html": markdown_tables.html(data["text/markdown"])}
            if "image/svg+xml" in data:
                data = {"image/svg+xml": _inline(data["image/svg+xml"])}
            _emit({"kind": "data", "data": data})
        else:
            _emit({"kind": "text", "text": pretty(value)})


def glue(name, value, display=True):
    """Hand a value to the prose."""
    if not isinstance(value, _Held) and not hasattr(value, "savefig"):
        text = value if isinstance(value, str) else repr(value)
        _emit({"kind": "glue", "name": name, "text": text})
    if display:
        globals()["display"](value)


# ---------------------------------------------------------------------------------- figures


def _inline(drawing):
    """Return a drawing with the colours and the font of the page."""
    global _figures
    import svg

    _figures += 1
    return svg.inline(drawing, prefix=f"{_name}-{_figures}-")


def _show_figure(figure):
    if not figure.axes and not figure.lines:
        return
    file = io.StringIO()
    figure.savefig(
        file,
        format="svg",
        bbox_inches="tight",
        facecolor=figure.get_facecolor(),
        edgecolor=figure.get_edgecolor(),
        metadata={"Date": None},
    )
    _emit({"kind": "data", "data": {"image/svg+xml": _inline(file.getvalue())}})


def figures(*_, **__):
    """Show all open figures and close them, as `plt.show()` and the end of a cell do."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    try:
        for number in pyplot.get_fignums():
            _show_figure(pyplot.figure(number))
    finally:
        pyplot.close("all")


# ------------------------------------------------------------------------------------- bars


def progress(done, total, unit, **more):
    """Tell how far something is."""
    _emit({"kind": "progress", "done": done, "total": total, "unit": unit, **more})


def _install_bars():
    """Let tqdm's bars be drawn by the page."""
    import tqdm
    import tqdm.std

    class Bar(tqdm.std.tqdm):
        """A bar that tells how far it is instead of drawing itself."""

        monitor_interval = 0  # else a thread

        def __init__(self, *args, **options):
            options["file"] = io.StringIO()
            if options.get("disable") is None:
                options["disable"] = False
            options.setdefault("mininterval", 0.2)
            super().__init__(*args, **options)

        def display(self, msg=None, pos=None):
            if self.total and not self.disable:
                progress(self.n, self.total, self.unit, seconds=self.format_dict["elapsed"])

    tqdm.tqdm = tqdm.std.tqdm = Bar
    tqdm.trange = lambda *args, **options: Bar(range(*args), **options)
    auto = types.ModuleType("tqdm.auto")
    auto.tqdm, auto.trange = Bar, tqdm.trange
    sys.modules["tqdm.auto"] = sys.modules["tqdm.notebook"] = auto


def _input(prompt="", /):
    raise EOFError("nobody can be asked here: write the value into the cell")


def _module(name, **members):
    module = types.ModuleType(name)
    vars(module).update(members)
    sys.modules[name] = module
    return module


def install():
    """Put all of it in the place of what the cells import."""
    shown = {"display": display, "HTML": HTML, "Markdown": Markdown, "SVG": SVG}
    display_module = _module("IPython.display", **shown)
    # Matplotlib asks for the version, and does nothing of its own where it is no old one.
    about = {"version_info": (9, 0), "get_ipython": lambda: None}
    _module("IPython", display=display_module, **about)
    _module("myst_nb", glue=glue)
    import builtins

    builtins.display = display
    builtins.input = _input
    os.environ["MPLBACKEND"] = "module://page_figures"
    _install_bars()
