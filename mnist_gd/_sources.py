"""What a reader's run imports: the reader's own modules by their sources, others by versions."""

import ast
import hashlib
import os
import sys
import time
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import decode_source
from pathlib import Path

from mnist_gd._checks import attribute, is_a

PACKAGE = __package__
INSTALLED = {"site-packages", "dist-packages"}  # folders of a Python
STDLIB = Path(os.__file__).parent
BEGUN = time.time()  # what is edited later may be imported already


def _file(name):
    """The file of a module, which need not be loaded: a worker may have loaded more."""
    file, folders, path = attribute(sys.modules.get(name), "__file__"), None, ""
    if file is None and name not in sys.modules:
        for part in name.split("."):
            path = f"{path}.{part}".removeprefix(".")
            spec = PathFinder.find_spec(path, folders) if part else None
            if spec is None:
                return None
            file, folders = spec.origin, spec.submodule_search_locations or []
    return Path(file) if is_a(file, str) else None


def is_own(name):
    """Return whether a module is the reader's: none of Python's, none installed, none of these."""
    first, file = name.partition(".")[0], _file(name)
    if name == "__main__":  # whose file, in a notebook or a worker, is another's
        return True
    if file is None:
        return first != PACKAGE and first not in sys.stdlib_module_names
    is_python_s = STDLIB in file.parents or INSTALLED.intersection(file.parts)
    return first != PACKAGE and not is_python_s


def is_read(name):
    """Return whether what is of a module counts by a source or a version, not by what it does."""
    file = _file(name)
    has_source = file is not None and file.suffix == ".py" and file.is_file()
    return name != "__main__" and (has_source or not is_own(name))


@cache
def source(name):
    """Return the source of a module of the reader's; of what is installed one of its versions.

    Parameters
    ----------
    name : str

    Returns
    -------
    str or None
        None if there is nothing to read: for Python's own, NumPy, which is known otherwise, and
        what is compiled.

    Raises
    ------
    ValueError
        If the file was edited since this process began, which may have imported what it was.
    """
    if not is_own(name):
        return _versions(name.partition(".")[0])
    if not is_read(name):
        return None
    path = _file(name)
    about = path.stat()
    if max(about.st_mtime, about.st_ctime) > BEGUN:
        raise ValueError(
            f"function must use modules as they were imported, but {name} was edited since this "
            f"process began: begin it again ({path})"
        )
    content = path.read_bytes()
    try:
        text = decode_source(content)
        ast.parse(text)
    except (SyntaxError, ValueError):  # what Python could not import either
        return f"source = '{hashlib.sha256(content).hexdigest()}'"
    return text


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
        Names that may be modules of a package among these.

    Returns
    -------
    dict
        Of what :func:`source` reads, by the names of modules, of packages for what is installed.
    """
    found, left = {}, sorted(modules)
    while left:
        name = left.pop()
        name = name if is_own(name) else name.partition(".")[0]
        if name in found or name == "__main__":
            continue
        found[name] = source(name)
        if is_own(name):
            left.append(name.rpartition(".")[0] or name)
            left += _imported(name, found[name] or "", attributes)
    return {name: text for name, text in found.items() if text is not None}


def _imported(name, text, attributes):
    """Names of modules that one of the reader's may import."""
    file = _file(name)
    is_package = hasattr(sys.modules.get(name), "__path__") or (file and file.stem == "__init__")
    if is_package:
        yield from (f"{name}.{inner}" for inner in attributes)
    package = name.split(".")[: None if is_package else -1]
    for node in ast.walk(ast.parse(text)):
        if is_a(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif is_a(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            yield from (base, *(f"{base}.{alias.name}" for alias in node.names))
