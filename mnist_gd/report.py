"""What pages write: numbers as they are typeset, sentences from lists, tables."""

import hashlib
import re
from contextlib import contextmanager
from itertools import chain
from numbers import Number

import numpy as np

from mnist_gd._checks import (
    as_array,
    as_float,
    check_as_many,
    check_finite,
    check_sequence,
    check_text,
    is_a,
    shown,
)

__all__ = ["fingerprint", "listed", "say", "spread", "standard_error", "table", "typeset"]

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def typeset(value, form=""):
    """Write a value with true minus signs and powers of ten, per cent without a space.

    Parameters
    ----------
    value : number or str
    form : str
        How it is formatted, as behind the colon of an f-string.

    Returns
    -------
    str

    Raises
    ------
    ValueError, TypeError
        If `value` is something else, or cannot be formatted so.

    Examples
    --------
    >>> typeset(-1.25e-7, ".1e")
    '−1.2 × 10⁻⁷'
    """
    if not is_a(value, str | Number | np.generic):
        raise TypeError(f"value must be a number or a string, but is {shown(value)}")
    try:
        text = format(value, check_text("form", form))
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"form must fit value, but {shown(form)} and {shown(value)}: {error}"
        ) from None
    text = re.sub(
        r"(?<=\d)e([+-]\d+)",
        lambda e: f" × 10{str(int(e[1])).translate(SUPERSCRIPTS)}",
        text,
    )
    text = re.sub(r"(?<=\d) (?=%)", "", text)
    return re.sub(r"(?<![\w)-])-(?=[\d.]|inf\b)", "−", text)


@contextmanager
def _of_the_book():
    """Say where to get what is imported here, if it is missing: the rest does without."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ImportError(
            f"{error.name} is not installed; it comes with the extra: pip install 'mnist_gd[book]'"
        ) from error


def say(name, value, form=""):
    """Hand a number or a text of a cell to the prose: ``{glue:text}`name```.

    Parameters
    ----------
    name : str
        Of its own on the page.
    value, form
        As in :func:`typeset`.

    Raises
    ------
    ImportError
        If MyST-NB is not installed; it comes with the extra ``book``.
    """
    with _of_the_book():
        from myst_nb import glue
    glue(check_text("name", name), typeset(value, form), display=False)


def standard_error(values):
    """Return the standard error of a mean.

    Parameters
    ----------
    values : ndarray, shape (n, ...)
        What the mean is taken of, along the first axis: two or more.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError, TypeError
        If there are fewer, or one is not finite.
    """
    values = _several(values)
    return _deviation(values) / np.sqrt(len(values))


def _several(values):
    values = as_float("values", values)
    if values.ndim == 0 or len(values) < 2:
        raise ValueError(
            f"values must hold two or more along the first axis, but have the shape {values.shape}"
        )
    check_finite("values", values)
    return values


def _deviation(values):
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = np.std(values, axis=0, ddof=1)
    check_finite("the deviation of values", deviation)  # whose squares may be too large
    return deviation


def spread(values, form=".2%"):
    """Write the mean and the standard deviation of values, such as those of several seeds.

    Parameters
    ----------
    values : sequence of float
        Two or more.
    form : str
        As in :func:`typeset`, of both numbers.

    Returns
    -------
    str

    Raises
    ------
    ValueError, TypeError
        If there are fewer, one is not finite, or they cannot be written so.
    """
    values = _several(values)
    if values.ndim > 1:
        raise ValueError(f"values must have the shape (n,), but have {values.shape}")
    deviation = _deviation(values)
    return f"{typeset(np.mean(values), form)} ± {typeset(deviation, form)}"


def listed(names, nothing="none"):
    """Write names as a sentence lists them.

    What follows a comma within a name stands in brackets.

    Parameters
    ----------
    names : iterable of str
    nothing : str
        What to say if there are none.

    Returns
    -------
    str

    Examples
    --------
    >>> listed(["squared error", "focal, α = 0.5", "KL"])
    'squared error, focal (α = 0.5) and KL'
    """
    nothing = check_text("nothing", nothing)
    names = [check_text("names", name) for name in check_sequence("names", names)]
    names = [name.replace(", ", " (", 1) + ")" * (", " in name) for name in names]
    *most, last = names or [nothing]
    return f"{', '.join(most)} and {last}" if most else last


def table(name, caption, header, rows):
    """Return a table of the book that can be referred to, for a cell to display.

    Parameters
    ----------
    name : str
        Its label.
    caption : str
    header : list of str
    rows : list of lists of str
        The first column stands to the left, the others to the right.

    Returns
    -------
    IPython.display.Markdown

    Raises
    ------
    ImportError
        If IPython is not installed; it comes with the extra ``book``.
    ValueError, TypeError
        If something else than strings is to be shown, or a row is not as long as the header.
    """
    name, caption = check_text("name", name), check_text("caption", caption)
    header = [check_text("header", cell) for cell in check_sequence("header", header)]
    if not header:
        raise ValueError("header must name one column or more, but is empty")
    rows = [
        check_as_many("each of rows", row, len(header)) for row in check_sequence("rows", rows)
    ]
    rows = [[check_text("each cell of rows", cell) for cell in row] for row in rows]
    for text in (name, caption, *header, *chain(*rows)):
        if "\n" in text:
            raise ValueError(f"each text of a table must be one line, but one is {shown(text)}")
    with _of_the_book():
        from IPython.display import Markdown
    header, *rows = ([cell.replace("|", "\\|") for cell in row] for row in [header, *rows])
    lines = [header, ["---"] + ["--:"] * (len(header) - 1), *rows]
    body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    for sign in "±=":  # no break there
        body = body.replace(f" {sign} ", f"\u00a0{sign}\u00a0")
    return Markdown(f"```{{table}} {caption}\n:name: {name}\n\n{body}\n```")


def fingerprint(arrays):
    """Return a hash of arrays, bit for bit.

    Parameters
    ----------
    arrays : iterable of ndarray

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If one is no array, or holds objects.
    """
    arrays = [as_array("arrays", array) for array in check_sequence("arrays", arrays)]
    if any(array.dtype.hasobject for array in arrays):
        raise TypeError(f"arrays must hold numbers, but one holds objects: {arrays}")
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()
