"""Measure everything, and write one record: ``python -m benchmarks [--quick] [--folder X]``."""

import argparse
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks import cold_starts, measurements, the_search
from benchmarks.contenders import CONTENDERS, SIZES, available
from benchmarks.machine import about
from benchmarks.summary import RECORDS, ratios


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rows: int = 60_000
    rounds: int = 5
    few: int = 2  # rounds where there are many points
    batch_sizes: tuple = (16, 64, 256)
    axes: dict = field(
        default_factory=lambda: {
            "batch": (8, 32, 128, 512, 2048),
            "width": (64, 128, 256, 512, 1024),
            "depth": (1, 2, 4, 8),
            "images": (7_500, 15_000, 30_000, 60_000),
        }
    )
    seeds: int = 3
    target: float = 0.98
    most_epochs: int = 15
    ten: int = 10
    ten_seeds: int = 2
    imports: int = 7
    search_epochs: int = 3
    search_images: int | None = None


QUICK = Plan(
    rows=2_000,
    rounds=2,
    few=1,
    batch_sizes=(64,),
    axes={"batch": (32, 128), "width": (32, 64), "depth": (1, 2), "images": (1_000, 2_000)},
    seeds=1,
    target=0.5,
    most_epochs=3,
    ten=2,
    ten_seeds=1,
    imports=1,
    search_images=1_000,
)


def measure(plan):
    """Return the whole record."""
    start = perf_counter()
    names, missing = available()
    for name, why in missing.items():
        print(f"left out: {CONTENDERS[name].label}, for {why}")
    record = about() | {"plan": asdict(plan), "sizes": SIZES, "left_out": missing}
    record["labels"] = {name: CONTENDERS[name].label for name in CONTENDERS}
    record["epochs"] = measurements.epochs(plan, names)
    record["scaling"] = measurements.scaling(plan, names, record["epochs"])
    cold = {"rows": plan.rows, "rate": 0.1}
    record["to_target"] = cold_starts.cold_runs(
        plan.seeds, names, **cold, epochs=plan.most_epochs, batch_size=32, target=plan.target
    )
    record["ten_epochs"] = cold_starts.cold_runs(
        plan.ten_seeds, names, **cold, epochs=plan.ten, batch_size=measurements.BATCH
    )
    record |= cold_starts.imports(plan, {CONTENDERS[name].library for name in missing})
    record["search"] = the_search.measure(plan.search_epochs, plan.search_images)
    record["seconds"] = perf_counter() - start
    return record


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run, to see that it works")
    parser.add_argument("--folder", type=Path, default=RECORDS, help="where the record goes")
    options = parser.parse_args()
    record = measure(QUICK if options.quick else Plan()) | {"quick": options.quick}
    for size, times in record["epochs"].items():
        shown = (f"{n} {np.median(r):.2f}" for n, r in ratios(times).items())
        print(f"multiples of the products alone, batches of {size}: {', '.join(shown)}")
    options.folder.mkdir(parents=True, exist_ok=True)
    path = options.folder / f"{record['date'][:10]}{'-quick' * options.quick}.json"
    text = json.dumps(record, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    print(f"{record['seconds'] / 60:.0f} minutes; the record: {path}")


if __name__ == "__main__":
    main()
