"""What a function of a script or a notebook does and uses, as text that each process gives."""

import dis
import hashlib
import sys
from collections.abc import Iterator
from copyreg import dispatch_table
from enum import Enum
from functools import cache, cached_property
from itertools import count
from operator import attrgetter
from pickle import whichmodule
from types import (
    BuiltinMethodType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MappingProxyType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import NewType, ParamSpec, TypeVar

import numpy as np
from numpy.lib.array_utils import byte_bounds

from mnist_gd._checks import attribute, is_a, shown
from mnist_gd._sources import is_read

CONSTANTS = {int, float, complex, str, bytes, bool, type(None), type(...), type(NotImplemented)}
CACHED = type(cache(repr))  # functions that keep what they have returned
HOLDERS = {  # what holds others, by which attributes
    property: ("fget", "fset", "fdel"),
    cached_property: ("func",),
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
    NewType: ("__name__", "__supertype__"),
    ParamSpec: ("__name__",),
    MemberDescriptorType: ("__objclass__", "__name__"),
    GetSetDescriptorType: ("__objclass__", "__name__"),
    TypeVar: ("__name__", "__bound__", "__constraints__"),
}
BY_PLACE = {"torch"}  # whose pickles of tensors say where those lie in memory
HEAP = 1 << 9  # flag of a class that no C code holds
MOST = 10**6  # values that are described before it is given up
# Of code beside its constants, and of a class what does nothing in it or is kept there by Python.
PARTS = attrgetter(
    *("co_code", "co_exceptiontable", "co_flags"),
    *("co_argcount", "co_posonlyargcount", "co_kwonlyargcount"),
    *("co_names", "co_varnames", "co_cellvars", "co_freevars"),
)
WORDS = {"__module__", "__doc__", "__firstlineno__", "__static_attributes__", "_abc_impl"}
WORDS |= {"__annotate__", "__annotate_func__", "__annotations_cache__", "_value2member_map_"}
WORDS |= {"__slotnames__"}  # which a copy of an object leaves
IMPORT = {"__name__", "__doc__", "__package__", "__loader__", "__spec__", "__path__", "__file__"}
IMPORT |= {"__cached__", "__builtins__"}  # what each module has


class _Description:
    """What a function does and uses, as a list that is written alike in each process.

    What is found by name in a module with a source, or an installed one, counts by that name;
    what is not, as in a script or a notebook, by its instructions. An object counts by what a
    pickle would hold of it, an array also by how it lies in memory.
    """

    def __init__(self):
        self.known, self.calls = {}, 0
        self.memory = []  # from where to where each array lies
        self.modules, self.attributes = set(), set()  # that are met
        self.uses = []  # names, the innermost last

    def of(self, value):
        """Describe a value; what is met again, as in a cycle, by its number."""
        kind = type(value)
        if kind in CONSTANTS:
            return [kind.__name__, hex(value) if kind is int else repr(value)]
        self.calls += 1
        if self.calls > MOST:
            raise ValueError(
                f"function must use less than {self.uses[-1]}, which leads to more than {MOST} "
                "values: hand in by the configuration what it is made of"
            )
        if kind is tuple:
            return [kind.__name__, *map(self.of, value)]
        if kind is CodeType:
            return self._code(value)
        if is_a(value, np.generic) and not value.dtype.hasobject:
            return self._numbers(value)
        if id(value) in self.known:
            return ["again", self.known[id(value)][0]]
        self.known[id(value)] = len(self.known), value  # which thus keeps its place in memory
        if is_a(value, np.ndarray):
            self.memory.append(byte_bounds(value) if value.size else (0, 0))
            lies = [value.strides, value.flags.writeable]
            if kind is np.ndarray and not value.dtype.hasobject:
                return [*lies, *self._numbers(value), self.of(value.dtype)]
            return [*lies, self._object(value)]
        if is_a(value, set | frozenset):
            return self._set(value)
        if kind is list:
            return [kind.__name__, *map(self.of, value)]
        if kind in {dict, MappingProxyType}:
            return [kind.__name__, *map(self.of, value.items())]
        if is_a(value, ModuleType):
            return self._module(value)
        if kind is FunctionType:
            return self._function(value)
        if kind is CACHED:
            keeps = self.of(value.cache_parameters())
            return self._named(value) or [kind.__name__, keeps, *self._items(vars(value))]
        if is_a(value, type):
            return self._class(value)
        if is_a(value, Enum):
            kept = vars(value).items()  # beside what Python names itself, as __objclass__
            own = {n: v for n, v in kept if not (n.startswith("_") and n.endswith("_"))}
            return ["member", self.of(kind), value._name_, self.of(value._value_), self.of(own)]
        if kind in HOLDERS:
            return [kind.__name__, *(self.of(attribute(value, part)) for part in HOLDERS[kind])]
        return self._object(value)

    def _numbers(self, value):
        shape = value.shape  # of what is the same along an axis, one will do
        value = value[tuple(slice(None if step else 1) for step in value.strides)]
        padded = value.dtype.char in "gGV"  # by what is not the same in each process
        data = repr(value.tolist()).encode() if padded else value.tobytes()
        data = hashlib.sha256(data).hexdigest()
        return [type(value).__name__, str(value.dtype), shape, data]

    def shared(self):
        """Which arrays lie over each other, by the order in which they are met, and where."""
        groups, end = [], 0
        for (start, stop), number in sorted(zip(self.memory, count(), strict=False)):
            if start >= end:
                groups.append([])
                first = start
            groups[-1].append((number, start - first))
            end = max(end, stop)
        return sorted(sorted(group) for group in groups if len(group) > 1)

    def _items(self, held):
        """Describe what something holds by name, but what does nothing there."""
        return [[name, self.of(value)] for name, value in held.items() if name not in WORDS]

    def _set(self, value):
        """Describe what has another order in each process: each part as if it came first."""
        parts, known, memory = [], len(self.known), len(self.memory)
        for part in value:
            parts.append(hashlib.sha256(repr(self.of(part)).encode()).hexdigest())
            while len(self.known) > known:
                self.known.popitem()
            del self.memory[memory:]
        return [self.of(type(value)), *sorted(parts), self.of(object.__getstate__(value))]

    def _module(self, module):
        name = module.__name__
        self.modules.add(name)
        held = {} if is_found(module, name) else vars(module)
        return ["module", name, *(self.of(item) for item in held.items() if item[0] not in IMPORT)]

    def _named(self, value):
        """The name of a function or class, if that says all; its module is met in any case."""
        space, name = (str(attribute(value, part)) for part in ("__module__", "__qualname__"))
        self.modules.add(space)
        is_known = is_a(value, type) and not value.__flags__ & HEAP
        says_all = is_known or is_found(value, space, *name.split("."))
        return [space, name] if says_all else None

    def _function(self, function):
        if name := self._named(function):
            return name
        code, space = function.__code__, function.__globals__
        module = str(space.get("__name__"))
        parts = [function.__name__, self._code(code)]
        used, imported, attributes = _names(code)
        found = {} if is_read(module) else {n: space[n] for n in sorted(used & space.keys())}
        cells = zip(code.co_freevars, map(_content, function.__closure__ or ()), strict=True)
        defaults = {"a default": function.__defaults__} | (function.__kwdefaults__ or {})
        package = f"{space.get('__package__')}.".split(".")
        above = [".".join([*package[:end], ""]) for end in range(len(package))]
        self.modules |= {module, *(f"{p}{name}" for p in above for name in imported)}
        self.attributes |= attributes
        for held in (defaults, dict(cells), vars(function), found):
            parts.append(len(held))
            for name, value in held.items():
                self.uses.append(name)
                parts.append([name, self.of(value)])
                self.uses.pop()
        return parts

    def _class(self, kind):
        if name := self._named(kind):
            return name
        bases = map(self.of, kind.__bases__)
        return [kind.__name__, self.of(type(kind)), *bases, *self._items(vars(kind))]

    def _by_name(self, value, name):
        """Where it is found by its name, or None if another process would not find it there."""
        module = whichmodule(value, name)
        if not is_found(value, module, *name.split(".")):
            return None
        self.modules.add(module)
        return [str(attribute(value, "__module__")), name]  # of ufuncs, which have none, by name

    def _object(self, value):
        if is_a(value, MethodType | BuiltinMethodType):  # of a hidden object, as those of random
            if found := self._by_name(value, value.__name__):
                return found
            if is_a(value, MethodType):
                return ["method", self.of(value.__func__), self.of(value.__self__)]
        try:
            if str(type(value).__module__).split(".")[0] in BY_PLACE:
                raise LookupError("another process has another pickle")
            reduce = dispatch_table.get(type(value))
            reduced = reduce(value) if reduce else value.__reduce_ex__(4)
            if is_a(reduced, str):
                if found := self._by_name(value, reduced):
                    return found
                raise LookupError(f"{reduced} is not found")
            made, arguments, *more = reduced
            more = [list(part) if is_a(part, Iterator) else part for part in more]
        except Exception:  # whatever an object of the reader's raises
            raise TypeError(
                f"function must use what is the same in each process, but uses {self.uses[-1]}, "
                f"which is {shown(value)}: make it inside the function, hand in by the "
                "configuration what it is made of, or put it into a module of its own"
            ) from None
        return ["object", *map(self.of, (made, arguments, *more))]

    def _code(self, code):
        steps = dis.get_instructions(code)
        is_used = any(step.opcode in dis.hasconst and step.arg == 0 for step in steps)
        constants = code.co_consts if is_used else code.co_consts[1:]  # else the first is words
        return [PARTS(code), *map(self.of, constants)]


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
    about = _Description()
    about.uses.append(function.__name__)
    try:
        text = repr((about.of(function), about.shared()))
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


def _names(code):
    """Names that some code, and what is inside it, looks up; modules it imports; all its names."""
    used, imported, names = set(), set(), set(code.co_names)
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            used.add(step.argval)
        elif step.opname == "IMPORT_NAME":  # of nothing, where it is from a package's own folder
            parts = (f"{step.argval}.{name}".removeprefix(".") for name in code.co_names)
            imported |= {step.argval, *parts}
    for inner in (c for c in code.co_consts if is_a(c, CodeType)):
        for ours, of_inner in zip((used, imported, names), _names(inner), strict=True):
            ours |= of_inner
    return used, imported, names


def is_found(value, module, *names):
    """Whether another process finds it by its name; what wraps another goes by that one's."""
    found = sys.modules.get(module)
    for name in names:
        found = attribute(found, name)
    return found is value and is_read(module)
