"""Records as files: a ``.json`` that holds sums over all of it, and an ``.npz`` of the arrays."""

import hashlib
import json
import os
from dataclasses import replace
from math import inf
from operator import itemgetter

import numpy as np
from numpy.lib.recfunctions import repack_fields

from mnist_gd._checks import (
    as_array,
    check_integer,
    check_real,
    check_sequence,
    check_text,
    is_a,
    shown,
)
from mnist_gd._configurations import plain, settings_of
from mnist_gd._files import write_atomically
from mnist_gd.history import History

LARGEST = 2**30  # bytes that the arrays of a record may take
TIMES = "times.json"  # in a folder of records: what runs took on another day


def digest(data):
    """Return a hash of a text, or of bytes."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def _array_digest(name, array):
    return digest(f"{json.dumps(name)} {array.dtype.str} {array.shape} {digest(array.tobytes())}")


def make_places(folder, locks, keys):
    """Make the folders of records, or say by a ValueError why none could be kept."""
    for name, needed in (("records", folder), ("what is beside records", locks)):
        try:
            needed.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise ValueError(f"{name} must be a folder, but {needed} is none: {error}") from None
    for place in (folder / f"{key}{suffix}" for key in keys for suffix in (".json", ".npz")):
        if os.path.lexists(place) and not place.is_file():
            raise ValueError(f"records must hold whole files, but {place} is none")


def write_record(folder, key, record):
    """Keep a record; its .json comes last and says, by sums over all of it, that it is whole.

    The arrays stand in the order of their names, which are the author's and may be no file's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {name: np.asarray(array) for name, array in sorted(record.arrays.items())}
    sums = {name: _array_digest(name, array) for name, array in arrays.items()}
    settings = settings_of(record.configuration)
    about = {"key": key, **vars(record), "configuration": settings, "arrays": sums}
    text = json.dumps(about | {"sha256": digest(json.dumps(about))}, indent=1)
    if arrays:
        write_atomically(
            folder / f"{key}.npz", lambda file: np.savez_compressed(file, *arrays.values())
        )
    write_atomically(folder / f"{key}.json", lambda file: file.write(text.encode()))


def read_record(path, key, settings, seed):
    """Return the content of a record, or raise because it is not whole, or that of another run."""
    about = json.loads(path.read_text(encoding="utf-8"))
    if about.pop("sha256") != digest(json.dumps(about)):
        raise ValueError("its sum is not that of its content")
    wanted = {"key": key, "configuration": plain("configurations", settings), "seed": seed}
    for name, value in wanted.items():
        if (found := about.pop(name)) != value:
            raise ValueError(f"its {name} is {found}, not {value}")
    sums, arrays = about.pop("arrays"), {}
    if sums:
        with open(path.with_suffix(".npz"), "rb") as file, np.load(file) as saved:
            if sum(info.file_size for info in saved.zip.infolist()) > 2 * LARGEST:  # with headers
                raise ValueError(f"its arrays would take more than {LARGEST} bytes")
            arrays = {name: saved[f"arr_{place}"] for place, name in enumerate(sums)}
    for name, array in arrays.items():
        if _array_digest(name, array) != sums[name]:
            raise ValueError(f"its array {name} is another")
    return about | {"arrays": arrays}


def run_name(function, configuration, seed):
    """Name of a run that is the same whatever its code: the time that it took is kept by that."""
    name = f"{function.__module__}.{function.__qualname__}"
    return digest(json.dumps([name, settings_of(configuration), seed], sort_keys=True))[:16]


def read_times(folder):
    """Return by the names of runs what they took on another day, if a folder holds that."""
    path = folder / TIMES
    try:
        times = json.loads(path.read_text(encoding="utf-8"))
        numbers = [n for time in times.values() for n in (time["seconds"], *time["history"])]
    except FileNotFoundError:
        return {}
    except (OSError, RecursionError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise ValueError(f"records must hold sound times, but {path} does not: {error}") from error
    sound = [isinstance(n, int | float) and n is not True and 0 <= n < inf for n in numbers]
    if not all(sound):
        raise ValueError(f"records must hold times from 0 s on, but {path} holds others")
    return times


def with_time(record, time):
    """The record with the `seconds` of another day, and of its `history` if those tell enough.

    By last digits a training may diverge on one machine, and on another later or not at all.
    """
    outcome, history = record.outcome, record.outcome.get("history", {})
    epochs = len(history.get("seconds", []))
    if time is None or len(time["history"]) < epochs:
        return record
    if epochs:
        outcome = outcome | {"history": history | {"seconds": time["history"][:epochs]}}
    return replace(record, outcome=outcome, seconds=time["seconds"])


def _checked_history(history):
    """Return the history of a run if it is one as :meth:`History.as_dict` gives it, or a part."""
    if not is_a(history, dict):
        raise TypeError(f"history of function must be a dict, but is {shown(history)}")
    empty, checked = History().as_dict(), {}
    if others := [name for name in history if name not in empty]:
        raise ValueError(f"history of function must hold {[*empty]}, but holds {shown(others)}")
    for name in filter(history.__contains__, empty):
        value, what = history[name], f"{name} in the history of function"
        if name == "metric":
            checked[name] = check_text(what, value)
        elif name == "best_epoch":
            most = len(checked.get("validation_loss", ()))
            checked[name] = None if value is None else check_integer(what, value, maximum=most)
        else:
            checked[name] = [check_real(what, number) for number in check_sequence(what, value)]
    lengths = {name: len(value) for name, value in checked.items() if is_a(value, list) and value}
    if len({*lengths.values()}) > 1:
        raise ValueError(
            f"history of function must have an entry for each epoch, but has of each {lengths}"
        )
    return checked


def checked_outcome(returned):
    """Return the outcome of a run and its arrays, if a record can hold them."""
    pair = isinstance(returned, tuple) and len(returned) == 2
    if not pair or not all(isinstance(part, dict) for part in returned):
        raise TypeError(
            "function must return a dict of plain values and a dict of arrays, but has returned "
            f"{shown(returned)}"
        )
    outcome, arrays = returned
    if "history" in outcome:
        outcome = outcome | {"history": _checked_history(outcome["history"])}
    arrays = {
        check_text("each name of the arrays of function", name): as_array(name, array)
        for name, array in arrays.items()
    }
    arrays = dict(sorted(arrays.items(), key=itemgetter(0)))  # as they come back
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"{name} of function must hold numbers, but its dtype is object")
        if array.dtype.names:  # a file does not hold what lies between its fields
            arrays[name] = repack_fields(array, recurse=True)
    if (size := sum(array.nbytes for array in arrays.values())) > LARGEST:
        raise ValueError(f"arrays of function must take at most {LARGEST} bytes, but take {size}")
    return outcome, arrays
