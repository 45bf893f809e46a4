"""The code that a result depends on, as it was when it was imported.

A module counts by its syntax tree: comments, docstrings and the layout of lines do not. All
modules of the package are read once, when this one is imported, so that an edit made while a
long run is under way is never taken for what ran.
"""

import ast
import hashlib
import inspect
from functools import cache
from pathlib import Path

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


def imports(source, *, lazy=False):
    """Return the modules of this package that a source imports when it is imported itself.

    What a function imports when it is called (drawings, what is optional) counts if `lazy`.
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
    return found & MODULES.keys()


def _modules():
    paths = {".".join(path.relative_to(FOLDER).parts): path for path in FOLDER.rglob("*.py")}
    return {
        f"{PACKAGE}.{name.removesuffix('.py')}": path.read_text(encoding="utf-8")
        for name, path in sorted(paths.items())
        if path.name != "__init__.py"
    }


MODULES = _modules()
DIGESTS = {name: digest(source) for name, source in MODULES.items()}


def closure(names, *, lazy=False):
    """Return the modules of this package that are imported with the given ones, themselves too."""
    found, left = set(), set(names) & MODULES.keys()
    while left:
        found |= left
        left = set().union(*(imports(MODULES[name], lazy=lazy) for name in left)) - found
    return found


PLAIN = int | float | complex | str | bytes | bool | tuple | frozenset | None


def _instructions(function, seen=()):
    """What a function does: its code, and that of its module's functions and constants in it."""
    parts = [_code_parts(function.__code__, function.__doc__)]
    for name in sorted(_names(function.__code__)):
        value = function.__globals__.get(name, ...)
        if isinstance(value, PLAIN):
            parts.append([name, repr(value)])
        elif inspect.isfunction(value) and value.__module__ == function.__module__:
            if value is not function and value not in seen:
                parts.append([name, _instructions(value, (*seen, function))])
    return parts


def _code_parts(code, doc=None):
    constants = [c for c in code.co_consts if doc is None or c != doc]
    constants = [_code_parts(c) if inspect.iscode(c) else repr(c) for c in constants]
    return [code.co_code.hex(), code.co_names, code.co_varnames, constants]


def _names(code):
    inner = (_names(c) for c in code.co_consts if inspect.iscode(c))
    return set(code.co_names).union(*inner)


@cache
def code_of(function):
    """Return the code that a function's result depends on, as a dict from names to hashes.

    Of the package these are the modules that are imported with the function's own. A function
    from elsewhere depends on its own instructions, on the module that it stands in and on those
    of the package that this imports; one of a notebook or a script, whose module a worker does
    not know, on its instructions and on the whole package.

    Parameters
    ----------
    function : callable
        Importable by name.
    """
    name = function.__module__
    if name in MODULES:
        return {module: DIGESTS[module] for module in closure([name])}
    instructions = hashlib.sha256(repr(_instructions(function)).encode()).hexdigest()
    own = {f"{name}.{function.__qualname__}": instructions}
    try:
        source = inspect.getsource(inspect.getmodule(function)) if name != "__main__" else None
    except (OSError, TypeError):  # typed at a prompt
        source = None
    if source is None:
        return own | DIGESTS
    return own | {name: digest(source), **{m: DIGESTS[m] for m in closure(imports(source))}}
