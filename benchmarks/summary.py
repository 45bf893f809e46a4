"""What the times of a record say; the page *How fast* computes with it too."""

import json
from pathlib import Path

import numpy as np

RECORDS = Path(__file__).parent / "records"


def newest(folder=RECORDS):
    """Return the record whose file has the last name: names begin with the date."""
    return json.loads(max(Path(folder).glob("*.json")).read_text(encoding="utf-8"))


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


def whole_search(search):
    """Return seconds of the whole search, and of each loop over all combinations, extrapolated."""
    (_, first), (longer, second) = search["searches"].items()
    each = (second - first) / (int(longer) - 1)
    loops = {
        how: sum(part["rates"] * part["seconds"][how] for part in search["loops"])
        * sum(search["epochs"])
        for how in search["loops"][0]["seconds"]
    }
    return first + each * (max(search["epochs"]) - 1), loops


def reached(run, target):
    """Return seconds and epochs until a cold run's accuracy is the target, or None."""
    for number, (second, score) in enumerate(zip(run["epochs"], run["accuracies"], strict=True)):
        if score >= target:
            return second, number + 1
    return None
