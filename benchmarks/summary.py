"""What the times of a record say; the page *How fast* computes with it too."""

import json
from pathlib import Path

import numpy as np

RECORDS = Path(__file__).parent / "records"


def newest(folder=RECORDS):
    """Return the last record by its file's name, which is its date; quick ones are no records."""
    paths = [path for path in Path(folder).glob("*.json") if not path.stem.endswith("quick")]
    return json.loads(max(paths).read_text(encoding="utf-8"))


def ratios(times, base="products"):
    """Return each contender's time as a multiple of the base's in the same round."""
    return {name: np.divide(times[name], times[base]) for name in times if name != base}


def fastest(times):
    """Return the name with the least median."""
    return min(times, key=lambda name: np.median(times[name]))


def exponent(sizes, times):
    """Return b of the least-squares line log t = a + b log s, and its standard error."""
    x, y = np.log(sizes), np.log(times)
    x, y = x - x.mean(), y - y.mean()
    b = x @ y / (x @ x)
    left = y - b * x
    return b, np.sqrt(left @ left / max(len(x) - 2, 1) / (x @ x))


def costs(batch_sizes, times, rows):
    """Return seconds a step and seconds an image: t = steps · a + rows · b.

    Least squares of the relative errors.
    """
    steps = np.ceil(rows / np.asarray(batch_sizes))
    terms = np.stack([steps, np.full(len(steps), rows)], axis=1) / np.reshape(times, (-1, 1))
    return np.linalg.lstsq(terms, np.ones(len(steps)))[0]


def reached(run, target):
    """Return seconds and epochs until a cold run's accuracy is the target, or None."""
    for number, (second, score) in enumerate(zip(run["epochs"], run["accuracies"], strict=True)):
        if score >= target:
            return second, number + 1
    return None


def phases(run, end):
    """Return the seconds of a cold run by what they went into, until its second `end`."""
    imported, loaded, ready = run["imported"], run["loaded"], run["ready"]
    return {
        "start and import": imported,
        "data": loaded - imported,
        "prepare and compile": ready - loaded,
        "train": end - ready,
    }


def whole_search(search):
    """Return seconds that the whole search takes at most, and that each loop over all takes."""
    timed, epochs = search["search"], search["epochs"]
    loops = {
        how: sum(part["rates"] * part["seconds"][how] for part in search["loops"]) * sum(epochs)
        for how in search["loops"][0]["seconds"]
    }
    return timed["seconds"] * max(epochs) / timed["epochs"], loops
