"""Configurations of runs: dicts, or frozen dataclasses, of plain values."""

import json
from dataclasses import asdict, fields, is_dataclass, replace
from functools import cached_property
from types import BuiltinFunctionType

import joblib
import numpy as np

from mnist_gd._checks import attribute, is_a, shown

PLAIN = {bool, int, float, str, type(None)}
LEVELS = 100  # of lists and dicts in each other


def settings_of(configuration):
    """Return the settings of a configuration by name.

    Parameters
    ----------
    configuration : dict or dataclass

    Returns
    -------
    dict
    """
    return asdict(configuration) if is_dataclass(configuration) else configuration


def work_of(configuration):
    """Return how much work one says that it is, or 0: what it calls so may be something else."""
    work = attribute(configuration, "work")
    return work if is_a(work, int | float) else 0


def changed(configuration, **settings):
    """Return a configuration of the same kind with other settings.

    Parameters
    ----------
    configuration : dict or dataclass
    **settings
        What is changed.

    Returns
    -------
    dict or dataclass
    """
    if is_dataclass(configuration):
        return replace(configuration, **settings)
    return configuration | settings


def plain(name, value):
    """Return `value` as it comes back from a record: NumPy's numbers as Python's own.

    Parameters
    ----------
    name : str
        What to call it if it is refused.
    value : dict, list, str or number

    Raises
    ------
    ValueError, TypeError
        If it, or what it holds, is no such value, or is not finite, or names are one as text.
    """

    def read(pairs):
        if len(as_one := dict(pairs)) != len(pairs):
            raise ValueError(f"{name} must have other names than 1 and '1', but is {shown(value)}")
        return as_one

    try:
        _values(value)
        text = json.dumps(value, default=lambda number: np.generic.item(number), allow_nan=False)
    except (TypeError, RecursionError):  # a longdouble's item is one again
        raise TypeError(
            f"{name} must hold plain values (numbers, strings, lists, dicts, at most {LEVELS} in "
            f"each other), but is {shown(value)}"
        ) from None
    except ValueError as error:  # NaN and infinity are no JSON, nor are thousands of digits
        raise ValueError(
            f"{name} must hold finite numbers, but is {shown(value)}: {error}"
        ) from None
    return json.loads(text, object_pairs_hook=read)


def _values(value, levels=LEVELS):
    """What a value holds, at any depth."""
    if not is_a(value, dict | list | tuple):
        return [value]
    if not levels:
        raise RecursionError
    parts = value.values() if is_a(value, dict) else value
    return [inner for part in parts for inner in _values(part, levels - 1)]


def _is_bare(configuration):
    """Whether it is no list, or the like, too: such a one has items that no field holds."""
    made_by = (kind for kind in type(configuration).__mro__ if "__new__" in vars(kind))
    return next(kind for kind in made_by if is_a(kind.__new__, BuiltinFunctionType)) is object


def _beside_fields(configuration):
    """Hashes of what a dataclass holds beside its fields, by name; not of what it has computed."""
    state, held = object.__getstate__(configuration), {}
    for part in state if is_a(state, tuple) else (state,):
        held |= part or {}
    kept = {name for name in held if is_a(getattr(type(configuration), name, 0), cached_property)}
    names = held.keys() - kept - {field.name for field in fields(configuration)}
    return {name: joblib.hash(held[name]) for name in sorted(names)}


def checked_configuration(configuration):
    """Return a configuration with plain values, as it comes back from a record.

    Parameters
    ----------
    configuration : dict or frozen dataclass

    Raises
    ------
    ValueError, TypeError
        If it is neither, or holds anything else.
    """
    is_one = is_dataclass(configuration) and not is_a(configuration, type)
    if not (_is_bare(configuration) if is_one else is_a(configuration, dict)):
        raise TypeError(
            f"configurations must be dicts or dataclasses, but one is {shown(configuration)}"
        )
    given = configuration
    if is_one:
        given = {f.name: attribute(configuration, f.name) for f in fields(configuration)}
    settings = plain("configurations", given)
    for value in _values(given):
        if not (type(value) in PLAIN or is_a(value, np.generic)):
            raise TypeError(
                f"configurations must hold plain values, but one is {shown(configuration)}, "
                f"which holds {shown(value)} of {type(value)}"
            )
    if not is_one:
        return settings
    try:
        again = replace(configuration, **settings)
        differ = [n for n in settings if getattr(again, n) != getattr(configuration, n)]
        before, after = map(_beside_fields, (configuration, replace(configuration)))
        differ += [n for n in before | after if before.get(n) != after.get(n)]
    except Exception as error:  # of its author's, or of fields that are not given to it
        raise TypeError(
            "configurations must be made again by their fields, but one is "
            f"{shown(configuration)}: {error}"
        ) from None
    if differ:
        raise TypeError(
            "configurations must be made again by fields of plain values, but one is "
            f"{shown(configuration)}, whose {differ[0]} would come back as "
            f"{shown(attribute(again, differ[0]))}"
        )
    return again
