"""Time of the notebook's 72 combinations: a naive loop against the search of this book.

The naive loop is what the notebook planned, with our network: one combination after the other,
each trained from the start for its 10, 15 or 20 epochs, with as many BLAS threads as there are
processors and scores on the training set after each epoch. Its numbers are float64, as the
notebook's are, since NumPy makes them so where nothing else is said. The same loop in float32, and
in float32 with one BLAS thread, tell what of the difference is due to the type of the numbers and
to the threads.

The loop would take hours, so one epoch of each of the 8 shapes of network and batch is timed
(after a short one that warms the caches) and multiplied by the epochs that the loop would train
with it. A rate at which the training diverges is replaced by a small one: what is timed is the
work, and the loop's luck is not counted for it or against it.

The search reads the number of epochs off one run, runs one combination on each processor with
one BLAS thread, and takes no scores that nobody asked for. It is timed from outside, start of
the workers and loading of the data included, for a few epochs, and that time is multiplied up to
all of them: so the start is counted several times, and the search takes less than is said.
"""

import tempfile
from collections import Counter
from dataclasses import replace
from time import perf_counter

import numpy as np
from joblib.externals.loky import get_reusable_executor
from threadpoolctl import threadpool_limits

from mnist_gd import losses
from mnist_gd.data import examples
from mnist_gd.experiments.plans import NOTEBOOK
from mnist_gd.experiments.runs import validation_run
from mnist_gd.experiments.searches import notebook_grid
from mnist_gd.networks import MultiLayerNetwork
from mnist_gd.records import run_all

RATE = 0.01
WARM_UP = 2_000  # images
LOOPS = {  # type of the numbers, BLAS threads
    "float64": (np.float64, None),
    "float32": (np.float32, None),
    "float32, one thread": (np.float32, 1),
}


def settings(images):
    """The 24 that are different but for their epochs; cut to so many images, a few of them."""
    unique = list(dict.fromkeys(replace(c, epochs=1) for c in notebook_grid("ten")))
    unique = unique if images is None else unique[:: len(unique) // 4]
    return [
        replace(c, learning_rate=RATE * (1 + i / 1000), images=images)
        for i, c in enumerate(unique)
    ]


def naive_epoch(hidden_size, batch_size, dtype, threads, images):
    """Seconds of one epoch of the loop, scores included."""
    rng = np.random.default_rng(0)
    network = MultiLayerNetwork(
        784, hidden_size, loss=losses.cross_entropy_with_logits, rng=rng, dtype=dtype
    )
    train, validation = (
        ((pixels[:images] / 255).astype(dtype), labels[:images])
        for pixels, labels in (examples("ten", part) for part in ("training", "validation"))
    )
    how = {"batch_size": batch_size, "learning_rate": RATE, "rng": rng, "validation": validation}
    with threadpool_limits(threads, user_api="blas"):
        network.train(*(part[:WARM_UP] for part in train), epochs=1, **how)
        start = perf_counter()
        network.train(*train, epochs=1, **how)
        return perf_counter() - start


def search(configurations, epochs):
    """Seconds of the search with so many epochs, from nothing: its workers are started anew."""
    get_reusable_executor().shutdown()
    start = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        run_all(
            validation_run,
            [replace(c, epochs=epochs) for c in configurations],
            records=folder,
            progress=False,
        )
    return perf_counter() - start


def measure(few, images=None):
    """Seconds of a search of a few epochs, and of the loops' epochs by shape."""
    everything = settings(images)
    # Equal shapes cost the same, whatever the rate.
    shapes = Counter((c.hidden_size, c.batch_size) for c in everything)
    loops = [
        {
            "shape": shape,
            "rates": rates,
            "seconds": {how: naive_epoch(*shape, *LOOPS[how], images) for how in LOOPS},
        }
        for shape, rates in shapes.items()
    ]
    print("naive loops: done", flush=True)
    return {
        "epochs": NOTEBOOK["ten"]["epochs"],
        "loops": loops,
        "search": {"epochs": few, "seconds": search(everything, few)},
    }
