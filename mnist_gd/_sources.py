"""What a reader's run imports: the reader's own modules by their sources, others by versions."""

import ast
import hashlib
import logging
import os
import sys
from contextlib import suppress
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import decode_source, find_spec
from pathlib import Path
from pkgutil import iter_modules

from mnist_gd._checks import attribute, is_a

PACKAGE = __package__
INSTALLED = {"site-packages", "dist-packages"}  # folders of a Python
STDLIB = {Path(module.__file__).parent for module in (os, ast)}  # in a browser an archive, too
_first = logging.makeLogRecord({})  # knows when logging was loaded: in a notebook, at its start
BEGUN = _first.created - _first.relativeCreated / 1000  # what is edited later may be imported


def _place(name):
    """Where a module, and what is in it, lies; it need not be loaded: a worker may have more."""
    origin, folders, whole = None, None, ""
    for part in (name,) if name in sys.modules else name.split("."):
        whole = f"{whole}.{part}".removeprefix(".")
        loaded = sys.modules.get(whole)
        if loaded is None:
            spec = _spec(whole, folders)
            if spec is None:
                return None, []
            origin, folders = spec.origin, spec.submodule_search_locations or []
        else:
            origin, folders = attribute(loaded, "__file__"), attribute(loaded, "__path__", [])
    return origin, folders


def _file(name):
    """The file that holds a module."""
    origin, _ = _place(name)
    if not is_a(origin, str):
        return None
    path = Path(origin)
    return next((file for file in (path, *path.parents) if file.is_file()), None)  # or its archive


def _spec(name, folders):
    """Where a module that is not loaded would come from; nothing is imported for that."""
    try:
        return find_spec(name) if folders is None else PathFinder.find_spec(name, folders)
    except (ImportError, ValueError):  # no name of a module
        return None


def is_own(name):
    """Return whether a module is the reader's: none of Python's, none installed, none of these."""
    first, file = name.partition(".")[0], _file(name)
    if name == "__main__":  # whose file, in a notebook or a worker, is another's
        return True
    if file is None:
        return first != PACKAGE and first not in sys.stdlib_module_names
    is_python_s = STDLIB.intersection((file, *file.parents))
    return first != PACKAGE and not (is_python_s or INSTALLED.intersection(file.parts))


def is_read(name):
    """Return whether what is of a module counts by a file or a version, not by what it does."""
    return name != "__main__" and (_file(name) is not None or not is_own(name))


@cache
def source(name):
    """Return the source of a module of the reader's; of what is installed one of its versions.

    Parameters
    ----------
    name : str

    Returns
    -------
    str or None
        None if there is nothing to read: for Python's own, and NumPy, which is known otherwise.

    Raises
    ------
    ValueError
        If the file was edited since this process began, which may have imported what it was.
    """
    if not is_own(name):
        return _versions(name.partition(".")[0])
    path = None if name == "__main__" else _file(name)
    if path is None:
        return None
    about = path.stat()
    if max(about.st_mtime, about.st_ctime) > BEGUN:
        raise ValueError(
            f"function must use modules as they were imported, but {name} was edited since this "
            f"process began: begin it again ({path})"
        )
    content = path.read_bytes()
    if path.suffix == ".py":
        with suppress(SyntaxError, ValueError):  # what Python could not import either
            _words(text := decode_source(content))
            return text
    return f"source = '{hashlib.sha256(content).hexdigest()}'"


def _versions(package):
    from importlib.metadata import version  # which takes long to load

    names = () if package in ("numpy", PACKAGE) else _distributions().get(package, ())
    return f"versions = {sorted({(name, version(name)) for name in names})}" if names else None


@cache
def _distributions():
    from importlib.metadata import packages_distributions

    return packages_distributions()


def sources(modules, attributes=()):
    """Return the sources of some modules, and of those that the reader's own among them import.

    Parameters
    ----------
    modules : set of str
    attributes : set of str
        Names by which modules in a package may be reached, as by those in the sources.

    Returns
    -------
    dict
        Of what :func:`source` reads, by the names of modules, of packages for what is installed.
    """
    found, words, left = {}, set(attributes), sorted(modules)
    while left:
        name = left.pop()
        own = is_own(name)
        name = name if own else name.partition(".")[0]
        if not (name in found or name == "__main__"):
            found[name] = source(name)
            if own:
                left.append(name.rpartition(".")[0] or name)
                left += _imported(name, found[name] or "")
                words |= _words(found[name] or "")[1]
        if not left:
            inner = {name for package in filter(is_own, found) for name in _inner(package)}
            left = [n for n in sorted(inner - found.keys()) if n.rpartition(".")[2] in words]
    return {name: text for name, text in found.items() if text is not None}


def _inner(name):
    """The modules in a package; there are none in another module."""
    return [module.name for module in iter_modules(_place(name)[1], f"{name}.")]


@cache
def _words(text):
    """The statements of a source that import, and the last parts of its names and texts."""
    nodes = [*ast.walk(ast.parse(text))]
    words = {attribute(node, part) for node in nodes for part in ("id", "attr", "value")}
    words = {word.rpartition(".")[2] for word in words if is_a(word, str)}
    return [node for node in nodes if is_a(node, ast.Import | ast.ImportFrom)], words


def _imported(name, text):
    """Names of modules that one of the reader's may import."""
    package = name.split(".")[: None if _place(name)[1] else -1]
    for node in _words(text)[0]:
        if is_a(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            above = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            yield from (base, *(f"{base}.{alias.name}" for alias in node.names))
