"""What a function does and uses, as text that is the same in each process."""

import ast
import dis
import hashlib
import sys
from collections.abc import Iterator
from copyreg import dispatch_table
from functools import cache
from importlib.machinery import PathFinder
from importlib.metadata import packages_distributions, version
from operator import itemgetter
from pathlib import Path
from types import (
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    ModuleType,
)

import numpy as np

from mnist_gd._checks import attribute, is_a, shown

PACKAGE = __package__
CONSTANTS = {int, float, complex, str, bytes, bool, type(None), type(...), type(NotImplemented)}
WORDS = {"__annotate__", "__annotate_func__", "_abc_impl"}  # what does nothing in a class
INSTALLED = {"site-packages", "dist-packages"}  # folders of a Python


class _Description:
    """What a function does and uses, as a list that is written alike in each process.

    What is of its own module counts by its instructions; what is installed, and what is of this
    package, by its name. An object counts by what a pickle would hold of it.
    """

    def __init__(self, module):
        self.module, self.known = module, {}
        self.modules, self.attributes = set(), set()  # that are met
        self.uses = []  # names, the innermost last

    def of(self, value):
        """Describe a value; what is met again, as in a cycle, by its number."""
        kind = type(value)
        if kind in CONSTANTS:
            return [kind.__name__, hex(value) if kind is int else repr(value)]
        if kind is tuple:
            return [kind.__name__, *map(self.of, value)]
        if kind is frozenset:
            return self._set(value)
        if kind is CodeType:
            return self._code(value)
        if (kind is np.ndarray or is_a(value, np.generic)) and not value.dtype.hasobject:
            data = hashlib.sha256(value.tobytes()).hexdigest()
            return [kind.__name__, str(value.dtype), value.shape, data]
        if id(value) in self.known:
            return ["again", self.known[id(value)][0]]
        self.known[id(value)] = len(self.known), value  # which thus keeps its place in memory
        if kind is set:
            return self._set(value)
        if kind is list:
            return [kind.__name__, *map(self.of, value)]
        if kind is dict:
            return [kind.__name__, *map(self.of, value.items())]
        if is_a(value, ModuleType):
            return self._module(value)
        if kind is FunctionType:
            return self._function(value)
        if is_a(value, type):
            return self._class(value)
        if kind is property:
            return [kind.__name__, *map(self.of, (value.fget, value.fset, value.fdel))]
        if kind in {staticmethod, classmethod}:
            return [kind.__name__, self.of(value.__func__)]
        if is_a(wrapped := attribute(value, "__wrapped__"), FunctionType):  # as functools.cache's
            return [self.of(kind), self.of(wrapped)]
        return self._object(value)

    def _set(self, value):
        """Describe what has another order in each process: each part as if it came first."""
        parts, known = [], self.known
        for part in value:
            self.known = dict(known)
            parts.append(repr(self.of(part)))
        self.known = known
        return [type(value).__name__, *sorted(parts)]

    def _named(self, value):
        """The name of a function or class, and whether that says all."""
        name, space = value.__qualname__, str(attribute(value, "__module__"))
        says_all = "<" not in name and not _is_own(space)
        module = None if says_all or space in (self.module, "__main__") else sys.modules.get(space)
        self.modules.add(space)
        return [space, name, *([] if module is None else [self.of(module)])], says_all

    def _module(self, module):
        """Describe a module: its source may have been edited since its functions were imported."""
        name = module.__name__
        self.modules.add(name)
        its_own = _is_own(name) and name not in (self.module, "__main__")
        return ["module", name, *(self._codes(vars(module), name) if its_own else ())]

    def _codes(self, space, module):
        parts = []
        for name, value in sorted(space.items()):
            if attribute(value, "__module__") == module and type(value) is FunctionType:
                parts.append([name, self._code(value.__code__)])
            elif attribute(value, "__module__") == module and type(value) is type:
                parts.append([name, *self._codes(vars(value), module)])
        return parts

    def _function(self, function):
        name, says_all = self._named(function)
        if says_all:
            return name
        code, space = function.__code__, function.__globals__
        parts = [name, self._code(code)]
        cells = zip(code.co_freevars, map(_content, function.__closure__ or ()), strict=True)
        held = [("a default", function.__defaults__), *(function.__kwdefaults__ or {}).items()]
        held += [*cells, *vars(function).items()]
        if space.get("__name__") == self.module:
            used, imported = _globals(code)
            self.modules |= imported
            self.attributes |= set(code.co_names)
            held += [(name, space[name]) for name in used if name in space]
        for name, value in sorted(held, key=itemgetter(0)):
            self.uses.append(name)
            parts.append([name, self.of(value)])
            self.uses.pop()
        return parts

    def _class(self, kind):
        name, says_all = self._named(kind)
        if says_all:
            return name
        parts = [name, self.of(type(kind)), *map(self.of, kind.__bases__)]
        for name, value in sorted(vars(kind).items()):
            does = callable(value) or is_a(value, property | classmethod)
            is_python_s = name.startswith("__") and name.endswith("__") and not does
            is_slot = is_a(value, MemberDescriptorType | GetSetDescriptorType)
            if not (name in WORDS or is_python_s or is_slot):
                parts.append([name, self.of(value)])
        return parts

    def _object(self, value):
        try:
            reduce = dispatch_table.get(type(value))
            reduced = reduce(value) if reduce else value.__reduce_ex__(4)
        except Exception:  # whatever an object of the reader's raises
            raise TypeError(
                f"function must use what is the same in each process, but uses {self.uses[-1]}, "
                f"which is {shown(value)}: make it inside the function, or hand in by the "
                "configuration what it is made of"
            ) from None
        if is_a(reduced, str):
            module = str(attribute(value, "__module__"))
            return [module, reduced, *([self.of(type(value))] if _is_own(module) else ())]
        made, arguments, *more = reduced
        more = [list(part) if is_a(part, Iterator) else part for part in more]
        if more and type(more[0]) is tuple and [*map(type, more[0])] == [dict, dict]:
            first, slots = more[0]  # which a worker's copy has in its dict, too
            first = {name: v for name, v in first.items() if slots.get(name, slots) is not v}
            more[0] = (first or None, slots)
        return ["object", *map(self.of, (made, arguments, *more))]

    def _code(self, code):
        steps = dis.get_instructions(code)
        is_used = any(step.opcode in dis.hasconst and step.arg == 0 for step in steps)
        constants = code.co_consts if is_used else code.co_consts[1:]  # else the first is words
        return [code.co_code.hex(), code.co_names, code.co_varnames, *map(self.of, constants)]


def instructions(function):
    """Return what a function does and uses, as text that is the same in each process.

    Parameters
    ----------
    function : callable

    Returns
    -------
    tuple
        The text, the names of the modules that are met, and those of attributes that may be
        modules of theirs.
    """
    about = _Description(function.__module__)
    try:
        text = repr(about.of(function))
    except RecursionError:
        raise ValueError(
            f"function must use what is nested less deeply than {about.uses[-1]} is"
        ) from None
    return text, about.modules, about.attributes


def _content(cell):
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return ...


def _globals(code):
    """Names that some code, and what is written inside it, looks up, and modules it imports."""
    used, imported = set(), set()
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            used.add(step.argval)
        elif step.opname == "IMPORT_NAME":
            imported |= {step.argval, *(f"{step.argval}.{name}" for name in code.co_names)}
    for inner in (c for c in code.co_consts if is_a(c, CodeType)):
        used, imported = (a | b for a, b in zip((used, imported), _globals(inner), strict=True))
    return used, imported


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
    return file


def _is_own(name):
    """Whether a module is the reader's: none of Python's, none installed and none of these."""
    first = name.partition(".")[0]
    if name == "__main__":  # whose file, in a notebook or a worker, is another's
        return True
    is_known = first == PACKAGE or first in sys.stdlib_module_names
    return not is_known and not INSTALLED.intersection(Path(_file(name) or "").parts)


_distributions = cache(packages_distributions)


def _installed(name):
    """Source that says which versions of a package are installed; NumPy's is known already."""
    first = name.partition(".")[0]
    names = {} if first in ("numpy", PACKAGE) else _distributions().get(first, ())
    return {first: f"versions = {sorted({(n, version(n)) for n in names})}"} if names else {}


@cache
def sources(modules, attributes):
    """Return the sources of the reader's modules among some, and of those that they import.

    Of what is installed among these the versions stand in the place of the source.
    """
    found, seen, left = {}, set(), sorted(modules)
    while left:
        name = left.pop()
        if name in seen or name == "__main__":
            continue
        seen.add(name)
        if not _is_own(name):
            found |= _installed(name)
            continue
        file = Path(_file(name) or "")
        is_package = file.stem == "__init__" or hasattr(sys.modules.get(name), "__path__")
        if is_package:
            left += [f"{name}.{inner}" for inner in attributes]
        if file.suffix != ".py" or not file.is_file():
            continue
        found[name] = file.read_text(encoding="utf-8")
        package = name.split(".")[: None if is_package else -1]
        for node in ast.walk(ast.parse(found[name])):
            names = [alias.name for alias in getattr(node, "names", ()) if hasattr(alias, "name")]
            if isinstance(node, ast.Import):
                left += names
            elif isinstance(node, ast.ImportFrom):
                above = package[: len(package) + 1 - node.level] if node.level else []
                base = ".".join([*above, *filter(None, [node.module])])
                left += [base, *(f"{base}.{inner}" for inner in names)]
    return found
