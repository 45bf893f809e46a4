"""All runs of the search for the ten digits, to the end: the truth that halving spares.

``make studies`` trains those that are not recorded and writes what came out of all of them to
``benchmarks/records/full_search``; the chapter *The search* compares halving with the newest
file.
"""

import sys
from pathlib import Path

from benchmarks.machine import keep
from mnist_gd.experiments import searches

FOLDER = Path(__file__).parent / "records" / "full_search"
SETTINGS = ("batch_size", "hidden_size", "learning_rate", "decay")


def outcomes(rows):
    """Of each run: its settings, the best score at one of its numbers of epochs, its seconds."""
    best = {}
    for row in rows:  # the best first
        best.setdefault(searches.candidate_of(row), row)
    return [
        {name: row[name] for name in SETTINGS}
        | {"epochs": row["epochs"], "score": row.score, "seconds": row.records[0].seconds}
        for row in best.values()
    ]


def main():
    (records,) = sys.argv[1:]
    keep({"runs": outcomes(searches.full_search(records=Path(records)).rows)}, FOLDER)


if __name__ == "__main__":
    main()
