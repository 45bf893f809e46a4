"""Time of the notebook's 72 combinations: a naive loop against the search of this book.

The naive loop is what the notebook planned, with our network: one combination after the other,
each trained from the start for its 10, 15 or 20 epochs, everything at its default (as many BLAS
threads as there are processors, scores on the training set after each epoch). It would take
hours, so one epoch of each of the 24 different settings is timed and multiplied by the epochs
that the loop would train with it. A rate at which the training diverges is replaced by a small
one: what is timed is the work, and the loop's luck is not counted for it or against it.

The search reads the number of epochs off one run, runs one combination on each processor with
one BLAS thread, and takes no scores that nobody asked for. It is timed from outside, start of
the workers and loading of the data included, twice: for one epoch and for some more. What their
difference says of an epoch is added for those that are left out.
"""

import argparse
import os
import tempfile
from time import perf_counter

import numpy as np
from joblib.externals.loky import get_reusable_executor
from threadpoolctl import threadpool_limits

from mnist_gd.experiments import build, task_data, validation_run
from mnist_gd.search import run_all
from mnist_gd.studies import NOTEBOOK, notebook_grid

RATE = 0.01


def settings():
    """The 24 that are different but for their epochs."""
    unique = {}
    for configuration in notebook_grid("ten"):
        key = (configuration["hidden_size"], configuration["batch_size"])
        unique.setdefault((*key, configuration["learning_rate"]), configuration)
    return [c | {"learning_rate": RATE * (1 + i / 1000)} for i, c in enumerate(unique.values())]


def naive_epoch(configuration):
    """Seconds of one epoch of the loop, and the best of two: the first warms the caches."""
    rng = np.random.default_rng(0)
    network = build(configuration, rng)
    images, labels = task_data("ten", "training")
    times = []
    for _ in range(2):
        start = perf_counter()
        network.train(
            images,
            labels,
            epochs=1,
            batch_size=configuration["batch_size"],
            learning_rate=configuration["learning_rate"],
            rng=rng,
            validation=task_data("ten", "validation"),
        )
        times.append(perf_counter() - start)
    return min(times)


def search(configurations, epochs):
    """Seconds of the search with so many epochs, from nothing: its workers are started anew."""
    get_reusable_executor().shutdown()
    start = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        run_all(
            validation_run,
            [c | {"epochs": epochs} for c in configurations],
            records=folder,
            progress=False,
        )
    return perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=3, help="the longer of the timed searches")
    longer = parser.parse_args().epochs
    if longer < 2:
        parser.error("--epochs must be at least 2")
    axis = NOTEBOOK["ten"]["epochs"]
    everything = settings()
    by_shape = {}
    print(f"{os.cpu_count()} processors; one epoch of the naive loop, seconds:")
    print(f"{'hidden':>8} {'batch':>6} {'all threads':>12} {'one thread':>11}")
    for configuration in everything:  # equal shapes cost the same, whatever the rate
        shape = (configuration["hidden_size"], configuration["batch_size"])
        if shape not in by_shape:
            with threadpool_limits(1, user_api="blas"):
                one = naive_epoch(configuration)
            by_shape[shape] = (naive_epoch(configuration), one)
            print("{:>8} {:>6} {:>12.2f} {:>11.2f}".format(*shape, *by_shape[shape]))
    naive, naive_one = (
        sum(axis) * sum(by_shape[c["hidden_size"], c["batch_size"]][i] for c in everything)
        for i in (0, 1)
    )
    short, long = search(everything, 1), search(everything, longer)
    whole = short + (long - short) / (longer - 1) * (max(axis) - 1)
    print(f"naive loop over the 72, extrapolated:     {naive / 60:6.1f} min")
    print(f"  the same with one BLAS thread:          {naive_one / 60:6.1f} min")
    print(f"search of 1 epoch and of {longer}:    {short:.1f} and {long:.1f} s")
    print(f"search of {max(axis)} epochs, extrapolated:         {whole / 60:6.1f} min")
    print(f"the search is faster by a factor of {naive / whole:.1f} ({naive_one / whole:.1f})")


if __name__ == "__main__":
    main()
