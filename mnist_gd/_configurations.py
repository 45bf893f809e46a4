"""Configurations of runs: dicts, or frozen dataclasses, of plain values."""

import json
from dataclasses import asdict, is_dataclass, replace

import numpy as np

from mnist_gd._checks import is_a, shown


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
        text = json.dumps(value, default=lambda number: np.generic.item(number), allow_nan=False)
    except (TypeError, RecursionError):  # a longdouble's item is one again
        raise TypeError(
            f"{name} must hold plain values (numbers, strings, lists, dicts), but is "
            f"{shown(value)}"
        ) from None
    except ValueError:  # NaN and infinity are no JSON
        raise ValueError(f"{name} must hold finite numbers, but is {shown(value)}") from None
    return json.loads(text, object_pairs_hook=read)


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
    if not is_one and not is_a(configuration, dict):
        raise TypeError(
            f"configurations must be dicts or dataclasses, but one is {shown(configuration)}"
        )
    settings = plain("configurations", settings_of(configuration))
    if not is_dataclass(configuration):
        return settings
    try:
        again = replace(configuration, **settings)
    except Exception as error:  # of its author's, or of fields that are not given to it
        raise TypeError(
            "configurations must be made again by their fields, but one is "
            f"{shown(configuration)}: {error}"
        ) from None
    for name in settings:
        if getattr(again, name) != getattr(configuration, name):
            raise TypeError(
                f"configurations must hold plain values, but one is {shown(configuration)}, whose "
                f"{name} would come back as {shown(getattr(again, name))}"
            )
    return again
