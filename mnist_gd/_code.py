"""The code that a result depends on, as it was when it was imported.

A module counts by its syntax tree: comments, docstrings and the layout of lines do not. All
modules are read once, when the package is imported, so that an edit made while a long run is
under way is never taken for what ran.
"""

import ast
import hashlib
import inspect
import sys
from functools import cache
from pathlib import Path

import numpy as np

PACKAGE = __package__
FOLDER = Path(__file__).parent


def without_docstrings(tree):
    """Remove the docstrings of a syntax tree, in place, and return it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
    return tree


def digest(source):
    """Return a hash of what some Python source does, whatever its comments and docstrings."""
    dump = ast.dump(without_docstrings(ast.parse(source)))
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


PLAIN = int | float | complex | str | bytes | bool | tuple | frozenset | None


def _text(value):
    """A constant as text that is the same in each process: the order of a set is not."""
    if isinstance(value, frozenset):
        return f"frozenset({sorted(map(_text, value))})"
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))})"
    return repr(value)


def _instructions(function, seen=()):
    """What a function does: its code, and that of its module's functions and constants in it."""
    function = inspect.unwrap(function)
    defaults = [function.__defaults__, *sorted((function.__kwdefaults__ or {}).items())]
    parts = [_code_parts(function.__code__, function.__doc__), _text(tuple(defaults))]
    for name in sorted(_names(function.__code__)):
        value = function.__globals__.get(name, ...)
        if isinstance(value, PLAIN):
            parts.append([name, _text(value)])
        elif inspect.isfunction(value) and value.__module__ == function.__module__:
            if value is not function and value not in seen:
                parts.append([name, _instructions(value, (*seen, function))])
    return parts


def _code_parts(code, doc=None):
    constants = code.co_consts
    if doc is not None and constants and constants[0] == doc:
        constants = constants[1:]
    constants = [_code_parts(c) if inspect.iscode(c) else _text(c) for c in constants]
    return [code.co_code.hex(), code.co_names, code.co_varnames, constants]


def _names(code):
    inner = (_names(c) for c in code.co_consts if inspect.iscode(c))
    return set(code.co_names).union(*inner)


def _neighbours(module):
    """Sources of a module and of those beside or below its folder that it has loaded."""
    home = Path(module.__file__).resolve().parent
    package = module.__name__.rpartition(".")[0]
    found, left = {}, [module.__name__]
    while left:
        name = left.pop()
        file = getattr(sys.modules.get(name), "__file__", None) or ""
        if name in found or not file.endswith(".py") or home not in Path(file).resolve().parents:
            continue
        found[name] = Path(file).read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(found[name])):
            names = [alias.name for alias in getattr(node, "names", ()) if hasattr(alias, "name")]
            if isinstance(node, ast.Import):
                left += names
            elif isinstance(node, ast.ImportFrom):
                base = ".".join(filter(None, [package if node.level else "", node.module]))
                left += [base, *(f"{base}.{inner}" for inner in names)]
    return found


@cache
def code_of(function):
    """Return the code that a function's result depends on, as a dict from names to hashes.

    Of the package these are the modules that are imported with the function's own. A function
    from elsewhere depends on the whole package, on its own instructions and those of the
    functions of its module that it calls, all as they were imported, and on the source of its
    module and of those beside it that this imports, as it is when it is first asked for. One of
    a notebook or a script has no source that a worker could find: its instructions have to do.

    Parameters
    ----------
    function : callable
        Importable by name.
    """
    name = function.__module__
    if name in MODULES:
        return {module: made_by()["digests"][module] for module in closure([name])}
    instructions = hashlib.sha256(repr(_instructions(function)).encode()).hexdigest()
    code = made_by()["digests"] | {f"{name}.{function.__qualname__}": instructions}
    module = sys.modules.get(name)
    if name != "__main__" and getattr(module, "__file__", None):
        code |= {other: digest(source) for other, source in _neighbours(module).items()}
    return code
