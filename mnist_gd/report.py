"""What pages write: numbers as they are typeset, sentences from lists, tables."""

import hashlib
import re
from contextlib import contextmanager

import numpy as np

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

    Examples
    --------
    >>> typeset(-1.25e-7, ".1e")
    '−1.2 × 10⁻⁷'
    """
    text = re.sub(
        r"(?<=\d)e([+-]\d+)",
        lambda e: f" × 10{str(int(e[1])).translate(SUPERSCRIPTS)}",
        format(value, form),
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
    glue(name, typeset(value, form), display=False)


def standard_error(values):
    """Return the standard error of a mean.

    Parameters
    ----------
    values : ndarray, shape (n, ...)
        What the mean is taken of, along the first axis.

    Returns
    -------
    float or ndarray
    """
    return np.std(values, axis=0, ddof=1) / np.sqrt(len(values))


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
    """
    return f"{typeset(np.mean(values), form)} ± {typeset(np.std(values, ddof=1), form)}"


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
    """
    with _of_the_book():
        from IPython.display import Markdown
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
    """
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()
