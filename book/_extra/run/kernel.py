"""What the cells of a page run in, in the reader's browser."""

import ast
import contextlib
import os
import traceback

namespace = {"__name__": "__main__"}


class _Stream:
    def __init__(self, name, emit):
        self.name, self.emit = name, emit

    def write(self, text):
        if text:
            self.emit({"kind": "stream", "name": self.name, "text": text})
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False


def start(build):
    """Make this the Python of the build: its folder, and the names of its records."""
    os.chdir("/book")
    os.environ["MPLBACKEND"] = "svg"
    from mnist_gd import _code, records

    digests = dict(build["digests"])
    _code.digests = records.digests = lambda: digests


def run(source, name, emit):
    """Run one cell and emit what it shows; returns whether it ended without an error."""
    streams = [_Stream(stream, emit) for stream in ("stdout", "stderr")]
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        try:
            tree = ast.parse(source, name)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, name, "exec"), namespace)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), name, "eval"), namespace)
                if value is not None:
                    emit({"kind": "text", "text": repr(value)})
        except BaseException:
            emit({"kind": "error", "text": traceback.format_exc()})
            return False
    return True
