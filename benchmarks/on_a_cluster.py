"""Time of a search on two workers: on a cluster of Dask, and on two processes of loky.

The sample is each batch size and hidden size of the notebook's search for the ten digits, at two
rates that work, for one epoch on a fifth of the images. It is searched in this process, on two
processes of joblib's loky, and on a cluster of two worker processes of Dask; the tables must be
the same. (Of one worker joblib makes no use: a single one is always this process.) They take
turns, and the best of several rounds counts. Start-up is timed apart: from nothing to workers that
have done a first small run, with the package and the data loaded.

Dask's nanny tells the workers that it starts to give memory back to the system at once, and under
Linux that costs: the arrays of each step are fetched anew, page by page. The cluster is measured
without that, and once with it, as Dask comes.

What a run costs beside its training is timed on runs that sleep, and return as much as a real one:
in this process that is its record, which is written while nothing else happens; on the cluster it
is how long a worker is idle between two runs.

The times go to a file in ``benchmarks/records/cluster``; the chapter *The search* reads the
newest. With them is printed what :func:`mnist_gd.scaling.makespan` makes of the times that the
runs took in this process: on a machine with nothing else to do it is off by less than a quarter.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from unittest import mock

import dask
import joblib
import numpy as np
from distributed import Client, LocalCluster
from joblib.externals.loky import get_reusable_executor

from mnist_gd.experiments.plans import RUNGS, WORKING_RATES
from mnist_gd.experiments.runs import validation_run
from mnist_gd.experiments.searches import notebook_grid
from mnist_gd.records import run_all
from mnist_gd.scaling import makespan
from mnist_gd.search import grid_search

FOLDER = Path(__file__).parent / "records" / "cluster"
WAYS = {"here": 1, "loky": 2, "dask": 2, "dask as it comes": 2}  # with so many workers
PAUSE, PAUSES = 0.25, 20  # seconds, so many that joblib hands them out one by one
VERSIONS = ("numpy", "joblib", "dask", "distributed")


def sample():
    """The configurations that are searched, in the order of the grid."""
    settings = {"epochs": 1, "images": RUNGS[0]["images"][0]}
    runs = [
        replace(c, learning_rate=rate, **settings)
        for c in notebook_grid("ten")
        for rate in WORKING_RATES[:2]
    ]
    return list(dict.fromkeys(runs))


def pause(configuration, seed):
    """A run that waits, and returns as much as a training."""
    time.sleep(PAUSE)
    logits = np.random.default_rng(configuration["number"]).normal(size=(10_000, 10))
    return {}, {"validation_logits": logits.astype(np.float32)}


@contextmanager
def workers(way):
    """Have the workers of a way, and say how long it took until each had done a first run."""
    get_reusable_executor().shutdown()
    start = perf_counter()
    tiny = replace(sample()[0], images=64, batch_size=64)
    with ExitStack() as stack:
        if way.startswith("dask"):
            # Dask changes this process's environment too, and loky would hand that on.
            stack.enter_context(mock.patch.dict(os.environ))
            if way == "dask":
                stack.enter_context(dask.config.set({"distributed.nanny.pre-spawn-environ": {}}))
            stack.enter_context(cluster(WAYS[way]))
        if way != "here":
            stack.enter_context(joblib.parallel_config(backend=way.split()[0]))
        timed(run_all, validation_run, [tiny], WAYS[way], seeds=range(WAYS[way]))
        yield perf_counter() - start


@contextmanager
def cluster(count):
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            local_directory=folder,
        ) as started,
        Client(started) as client,
    ):
        client.wait_for_workers(count)
        yield
        assert len(client.ncores()) == count  # none was lost meanwhile


def timed(search, function, configurations, n_jobs, **options):
    """What a search finds, and the seconds that it takes."""
    start = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        options |= {"records": folder, "n_jobs": n_jobs, "progress": False}
        result = search(function, configurations, **options)
        return result, perf_counter() - start


def once(way):
    """One round of one way: its table, and its seconds."""
    with workers(way) as start:
        result, seconds = timed(grid_search, validation_run, sample(), WAYS[way])
        pauses = [{"number": number} for number in range(PAUSES)]
        _, waited = timed(run_all, pause, pauses, WAYS[way])
    print(f"{way}, {WAYS[way]}: start {start:.2f} s, search {seconds:.2f} s", flush=True)
    took = {row.configuration: row.records[0].seconds for row in result.rows}
    return {
        "table": [(row.configuration, row.scores) for row in result.rows],
        "runs": [took[configuration] for configuration in sample()],
        "processor": sum(took.values()),
        "start": start,
        "search": seconds,
        "beside": max(0, waited * WAYS[way] / PAUSES - PAUSE),
    }


def summary(rounds):
    """The best of several rounds, each of which maps ways to what :func:`once` returns."""
    tables = [found["table"] for done in rounds for found in done.values()]
    assert all(table == tables[0] for table in tables), "the tables differ"

    def best(what):
        return {way: min(done[way][what] for done in rounds if way in done) for way in WAYS}

    beside = best("beside")
    return {
        "run_seconds": np.min([done["here"]["runs"] for done in rounds], axis=0).tolist(),
        "processor_seconds": best("processor"),
        "start_seconds": best("start"),
        "search_seconds": best("search"),
        "record_seconds": beside["here"],
        "idle_seconds": {way: beside[way] for way in ("loky", "dask")},
    }


def keep(found):
    """Write what was measured to a file, and beside it what the model says."""
    now = datetime.now()
    about = {
        "date": now.strftime("%Y-%m-%d"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "versions": {"python": platform.python_version()} | {n: version(n) for n in VERSIONS},
        "workers": WAYS,
        # Of the last quarter of an hour, own processes included: two, if nothing else ran.
        "load": round(os.getloadavg()[2], 1) if hasattr(os, "getloadavg") else None,
    }
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"on_a_cluster-{now:%Y-%m-%dT%H-%M-%S}.json"
    path.write_text(json.dumps(about | found, indent=1) + "\n", encoding="utf-8")
    print("workers             measured  simulated (s)")
    for way, seconds in found["search_seconds"].items():
        each = found["record_seconds"] + found["idle_seconds"].get(way, 0)
        told = makespan(found["run_seconds"], WAYS[way], each=each)
        print(f"{way:16} {WAYS[way]} {seconds:9.2f} {told:10.2f}")
    print(f"written to {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2)
    rounds = []
    for number in range(parser.parse_args().rounds):
        ways = [way for way in WAYS if way != "dask as it comes" or not number]
        rounds.append({way: once(way) for way in ways})
    keep(summary(rounds))


if __name__ == "__main__":
    main()
