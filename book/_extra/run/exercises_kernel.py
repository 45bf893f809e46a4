"""Judge an answer that was written under its exercise, in a namespace of its own."""

import ast
import contextlib
import io
import linecache
import re
import sys
import time
import traceback

import numpy as np

from mnist_gd.exercises import WrongAnswer
from mnist_gd.exercises import check as judge

ANSWER = "<answer>"  # the name of the reader's file: only its lines are shown in an error
SECONDS = 10.0
PRINTED = 4000  # characters, as many as are shown
JUDGES = re.compile(r"(numpy|mnist_gd|builtins|math|warnings)(\.|$)")  # modules it works with


class TooLong(BaseException):
    """The answer runs for too long; no `except Exception` of its own may hold this up."""


@contextlib.contextmanager
def limited(seconds):
    """Stop the lines of the answer, and no others, when the time is up."""
    end = time.monotonic() + seconds

    def step(frame, event, argument):
        if time.monotonic() > end:
            raise TooLong
        return step

    def call(frame, event, argument):
        if frame.f_code.co_filename != ANSWER:
            return None
        frame.f_trace_opcodes = True  # a loop in one line passes on to no other
        return step(frame, event, argument)

    before = sys.gettrace()
    sys.settrace(call)
    try:
        yield
    finally:
        sys.settrace(before)


@contextlib.contextmanager
def unchanged():
    """Give modules back the names that an answer gives other values: the judge uses them too."""
    modules = [vars(sys.modules[name]) for name in sys.modules if JUDGES.match(name)]
    before = [(names, names.copy()) for names in modules]
    errors = np.geterr()
    try:
        yield
    finally:
        for names, values in before:
            names.update(values)
        np.seterr(**errors)


def own_lines(error):
    """Return the lines of the answer through which an error came, the last one at the end."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == ANSWER]
    if len(own) > 6:
        own = own[:3] + own[-3:]  # of a function that calls itself
    return "\n".join(f"line {frame.lineno}:  {frame.line}" for frame in own)


def cut(text):
    """Return as much of a text as is shown."""
    return text if len(text) <= PRINTED else f"{text[:PRINTED]}\n…"


def hint(error):
    """Return what a reader may not expect of an answer, if an error comes of it."""
    if not isinstance(error, NameError):
        return ""
    return " (An answer knows what it imports itself, and no variable of the page.)"


def said(error):
    """Return what an error of the answer itself says, and where."""
    if isinstance(error, TooLong):
        words = f"It ran for more than {SECONDS:g} seconds and was stopped. Does a loop never end?"
    elif isinstance(error, SyntaxError):
        lines = "".join(traceback.format_exception_only(error))
        return {
            "words": "This is no Python yet.",
            "lines": lines.replace(f'File "{ANSWER}", ', ""),
        }
    else:
        words = "".join(traceback.format_exception_only(error)).strip()
    return {"words": words + hint(error), "lines": own_lines(error)}


def unwritten(tree):
    """Return the names of the functions that have no body yet."""
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and all(
            isinstance(part, ast.Pass)
            or (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
            for part in node.body
        )
    }


def verdict(task, name, namespace, empty):
    """Return what the judge says of one function."""
    if name not in namespace:
        return {"words": f"{task}: there is no function {name} in the answer.", "lines": ""}
    if name in empty:
        return {"words": f"{task}: {name} is not written yet.", "lines": ""}
    try:
        return {"right": True, "words": str(judge(task, namespace[name])), "lines": ""}
    except WrongAnswer as refusal:
        cause = refusal.__cause__
        return {
            "words": str(refusal) + hint(cause),
            "lines": own_lines(cause) if cause else "",
        }
    except TypeError as error:  # no function at all
        return {"words": f"{task}: {error}", "lines": ""}


def check(source, tasks, emit):
    """Judge an answer.

    Parameters
    ----------
    source : str
        The answer. It starts with nothing but Python's own names, and leaves nothing behind.
    tasks : list
        For each exercise of the judge its name, that of the answer's function, and whether it is
        asked; one that is not asked is judged if it is there.
    emit : callable
        Gets ``{"kind": "begun"}`` when the time begins to run.

    Returns
    -------
    dict
        ``verdicts``, each with ``words``, ``lines`` of the answer and, if so, ``right``,
        and what the answer ``printed``.
    """
    emit({"kind": "begun", "seconds": SECONDS})
    linecache.cache[ANSWER] = len(source), None, source.splitlines(keepends=True), ANSWER
    namespace, verdicts, printed = {"__name__": "answer"}, [], io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            tree = ast.parse(source, ANSWER)
            empty = unwritten(tree)
            with unchanged(), limited(SECONDS):
                exec(compile(tree, ANSWER, "exec"), namespace)
                for task, name, asked in tasks:
                    if asked or (name in namespace and name not in empty):
                        found = verdict(task, name, namespace, empty)
                        verdicts.append({"task": task, "asked": asked, **found})
        except BaseException as error:
            verdicts.append({"asked": True, **said(error)})
    linecache.cache.pop(ANSWER, None)
    for found in verdicts:
        found["words"] = cut(found["words"])
    return {"verdicts": verdicts, "printed": cut(printed.getvalue())}
