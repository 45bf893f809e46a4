"""The code that a result depends on, as it was when it was imported.

A module counts by its syntax tree: comments, docstrings and the layout of lines do not. All
modules are read once, when the package is imported, so that an edit made while a long run is
under way is never taken for what ran.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

import numpy as np

from mnist_gd._instructions import instructions, is_found
from mnist_gd._sources import source, sources

PACKAGE = __package__
FOLDER = Path(__file__).parent


def without_docstrings(tree):
    """Remove the docstrings of a syntax tree, in place, and return it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
    return tree


@cache
def digest(source):
    """Return a hash of what some Python source does, whatever its comments and docstrings."""
    try:
        dump = ast.dump(without_docstrings(ast.parse(source)))
    except RecursionError:  # of several hundred branches
        dump = source
    return hashlib.sha256(dump.encode()).hexdigest()


@cache
def imports(source, *, lazy=False):
    """Return the modules of this package that a source imports when it is imported itself.

    Importing a module of a sub-package imports this too. What a function imports when it is
    called (drawings, what is optional) counts if `lazy`.
    """
    found, left = set(), list(ast.parse(source).body)
    while left:
        node = left.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif lazy or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            left += ast.iter_child_nodes(node)
    return _with_parents(found)


def _with_parents(names):
    """The given modules of this package, and the sub-packages that they are in."""
    parts = (name.split(".") for name in names)
    parents = {".".join(path[:end]) for path in parts for end in range(1, len(path) + 1)}
    return frozenset(parents & MODULES.keys())


def _modules():
    """Each source by its name; a sub-package has that of its `__init__`, the package has none."""
    sources = {}
    for path in sorted(FOLDER.rglob("*.py")):
        name = ".".join((PACKAGE, *path.relative_to(FOLDER).with_suffix("").parts))
        sources[name.removesuffix(".__init__")] = path.read_text(encoding="utf-8")
    del sources[PACKAGE]
    return sources


MODULES = _modules()
_elsewhere = {}


@cache
def digests():
    """Return the hash of each module of this package."""
    return {name: digest(source) for name, source in MODULES.items()}


def made_by():
    """Return what a record depends on beside its run: NumPy's version, and :func:`digests`.

    Returns
    -------
    dict
        With `numpy` and `digests`.
    """
    return {"numpy": np.__version__, "digests": digests()} | _elsewhere


def take_records_of(build):
    """Have the records of another machine found, and those that are made named like them.

    Another Python gives the same code other hashes, and a browser has a NumPy of its own.

    Parameters
    ----------
    build : dict
        What :func:`made_by` returned there.
    """
    _elsewhere.update({name: build[name] for name in ("numpy", "digests")})
    code_of.cache_clear()


def closure(names, *, lazy=False):
    """Return the modules of this package that are imported with the given ones, themselves too."""
    found, left = set(), _with_parents(names)
    while left:
        found |= left
        left = set().union(*(imports(MODULES[name], lazy=lazy) for name in left)) - found
    return found


@cache
def code_of(function):
    """Return the code that a function or a class depends on, as a dict from names to hashes.

    Of the package these are the modules that are imported with its own. What is from elsewhere
    depends on the whole package, on the sources of the reader's own modules that it imports, and
    on the versions of what is installed. What is in no such module, but in a script or a
    notebook, depends on its instructions, too, and on whatever they use, as it is when it is
    first asked for (:func:`look_again`); an object counts by what a pickle holds of it. What a
    run finds by no name does not count (a global or a module that a text names, the subclasses of
    a class, real and virtual), nor does what is set in another module while that runs: workers,
    which import it anew, do not know it.

    Parameters
    ----------
    function : callable or type
        Importable by name.

    Raises
    ------
    ValueError, TypeError
        If it uses what is not the same in each process, such as a lock or an open file, or a
        module that was edited since this process began.
    """
    name = str(function.__module__)  # which may be anything
    if name in MODULES and is_found(function, name, *function.__qualname__.split(".")):
        return {module: made_by()["digests"][module] for module in closure([name])}
    text, modules, attributes = instructions(function)
    used = sources(modules, attributes)
    code = made_by()["digests"] | {other: digest(text) for other, text in used.items()}
    return code | {f"{name}.{function.__qualname__}()": hashlib.sha256(text.encode()).hexdigest()}


def is_here(code):
    """Return whether what :func:`code_of` said elsewhere of modules is true of those here.

    Parameters
    ----------
    code : dict
        Of a function that has come here with all that it has from no module.
    """
    ours = made_by()["digests"]
    of_modules = {name: value for name, value in code.items() if not name.endswith("()")}
    return all(
        value == (ours[name] if name in ours else digest(source(name) or ""))
        for name, value in of_modules.items()
    )


def look_again():
    """Have :func:`code_of` look at what functions use now: it may have changed since."""
    code_of.cache_clear()
    source.cache_clear()
