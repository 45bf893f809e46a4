"""What the cells of a page run in, in the reader's browser.

The page calls functions by keyword and hears what they emit on the way, as plain values:

* ``{"kind": "stream", "name": "stdout" or "stderr", "text"}``
* ``{"kind": "data", "data": {type: text}}``: a figure, a table, what `display` was given
* ``{"kind": "text", "text"}``: the value of a cell's last expression
* ``{"kind": "glue", "name", "text"}``: a text for the prose
* ``{"kind": "progress", "done", "total", "unit", "seconds"}``; before trainings an "estimate" too
* ``{"kind": "ask", "trainings", "seconds"}``: the cell ended where it would train for long
* ``{"kind": "error", "name", "message", "text"}``
"""

import ast
import contextlib
import linecache
import logging
import os
import traceback
from time import monotonic

import shown

import __main__

namespace = __main__.__dict__
CELL = "cell "  # names of cells begin so, and no file's name does
WAIT = 0.1  # seconds between two pieces of text
PATIENCE = 60  # seconds of training that need no asking


class Ask(BaseException):
    """Ends a cell that would train for long: no `except Exception` of a cell's holds it up."""


class _Stream:
    """Collects what is printed and hands it on a few times a second."""

    def __init__(self, name, emit):
        self.name, self.emit, self.parts, self.length, self.last = name, emit, [], 0, 0.0

    def write(self, text):
        longest = shown.LONGEST
        if self.length < longest:
            self.parts.append(text[: longest - self.length])
            self.length += len(text)
            if self.length >= longest:
                self.parts.append("\n… the rest of what this cell prints is left out\n")
        if monotonic() - self.last > WAIT:
            self.hand_on()
        return len(text)

    def hand_on(self):
        if self.parts:
            self.emit({"kind": "stream", "name": self.name, "text": "".join(self.parts)})
        self.parts, self.last = [], monotonic()

    def flush(self):
        pass

    def isatty(self):
        return False


def start(build):
    """Make this the Python of the build: its folder, and the names of its records."""
    os.chdir("/book")
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # its cache is built
    shown.install()
    from mnist_gd import _code, records

    _code.take_records_of(build)
    records._run_missing = _asking(records._run_missing)


def warm(emit=None):
    """Import beforehand what the first cell of nearly every page asks for."""
    import matplotlib.pyplot  # noqa: F401


def measure(build, emit=None):
    """Return how many times longer than in the build a cell takes here, about."""
    from speed import slower

    times = slower(build["speed"])
    if build.get("seconds_of_work"):
        _machine["seconds_of_work"] = build["seconds_of_work"] * times
    return times


_machine = {"seconds_of_work": None}
_agreed = False


def _asking(run_missing):
    """Let trainings that no record holds be agreed to first, if they will take long."""

    def asking(function, wanted, found, *args):
        lacking = [wanted[key][0] for key, record in found.items() if record is None]
        seconds = _estimate(lacking)
        if lacking and not _agreed and seconds is not None and seconds > PATIENCE:
            raise Ask({"kind": "ask", "trainings": len(lacking), "seconds": seconds})
        if lacking and seconds is not None:
            shown.progress(0, len(lacking), "training", estimate=seconds)
        run_missing(function, wanted, found, *args)

    return asking


def _estimate(configurations):
    """Return about how many seconds these trainings take here; None if nobody knows."""
    from mnist_gd._configurations import work_of

    work = [work_of(each) for each in configurations]
    if not all(work) or _machine["seconds_of_work"] is None:
        return None
    return sum(work) * _machine["seconds_of_work"]


def _error(error):
    """Return an error as a page shows it: with what led to it in the cells, and not below."""
    told = traceback.TracebackException.from_exception(error)
    left = [told]
    while left:
        one = left.pop()
        own = [frame for frame in one.stack if frame.filename.startswith(CELL)]
        own = own or ([] if one.exc_type is SyntaxError else one.stack[-1:])
        one.stack = traceback.StackSummary.from_list(own) if own else None
        left += filter(None, (one.__cause__, one.__context__))
    try:
        message = str(error)
    except Exception:  # a reader's own class of errors, with an error in it
        message = ""
    name = type(error).__name__
    return {"kind": "error", "name": name, "message": message, "text": "".join(told.format())}


def _evaluate(source, name):
    """Run a cell's statements; the value of a last expression is shown."""
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    if last is not None and source.rstrip().endswith(";"):
        tree.body.append(last)
        last = None
    exec(compile(tree, name, "exec"), namespace)
    if last is not None:
        value = eval(compile(ast.Expression(last.value), name, "eval"), namespace)
        if value is not None:
            namespace["_"] = value
            shown.display(value)


def run(source, name, emit, agreed=False):
    """Run one cell and emit what it shows; returns whether it ended without an error.

    Parameters
    ----------
    source : str
    name : str
        Stands in tracebacks; a name that begins with "cell " is that of a reader's own code.
    emit : callable
    agreed : bool
        Whether it may train for long.
    """
    global _agreed
    _agreed = agreed
    streams = [_Stream(stream, lambda event: emit(event)) for stream in ("stdout", "stderr")]

    def in_turn(event):
        for stream in streams:
            stream.hand_on()
        emit(event)

    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    shown.begin(in_turn, name)
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        try:
            try:
                _evaluate(source, name)
            finally:
                shown.figures()
        except Ask as asked:
            in_turn(asked.args[0])
            return False
        except BaseException as error:
            in_turn(_error(error))
            return False
        finally:
            for stream in streams:
                stream.hand_on()
    return True


def names(source, emit=None):
    """Return which names a cell binds at its top level or changes, and which it reads."""
    binds, reads = set(), set()
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return {"binds": [], "reads": []}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (reads if isinstance(node.ctx, ast.Load) else binds).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            binds.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            binds |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
    return {"binds": sorted(binds), "reads": sorted(reads)}
