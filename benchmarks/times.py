"""Times that pages show beside what they explain, taken once and kept.

A build of the book measures no time that it shows: two builds would differ, and a machine that
builds is not quiet. Here are timed, in processor time on one thread: a step by its batch size
(*Gradients from a few examples*), activations (*Activations, measured further*), a layer whose
buffers are used again and the drawing of batches (*Learning diary*).

Of the trainings of the last build the times are taken from its records, each with the processor
time that it took. A build puts them beside its own records, as ``times.json``, and
:func:`mnist_gd.records.run_all` returns runs with these; what was not kept has the build's own.

``make benchmark`` writes both, to ``benchmarks/records/times`` and ``benchmarks/records/runs``.
Another processor's last digits may have a search go on with other runs: ``python -m
benchmarks.times --lacking book/_build/records`` keeps the times of those that no machine had.
"""

import argparse
import inspect
import json
import sys
from functools import partial
from pathlib import Path
from time import thread_time

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.machine import about, keep
from mnist_gd import records
from mnist_gd._record_files import read_times, run_name
from mnist_gd.activations import leaky_relu, relu, sigmoid, softmax
from mnist_gd.data import load_mnist, scale_pixels
from mnist_gd.experiments import runs
from mnist_gd.losses import cross_entropy_with_logits
from mnist_gd.networks import SingleLayerNetwork, minibatches

FOLDER = Path(__file__).parent / "records"
SIZES = (1, 4, 16, 64, 256, 1024)
ACTIVATIONS = {"ReLU": relu, "leaky ReLU": leaky_relu, "sigmoid": sigmoid, "softmax": softmax}


def by_turns(jobs, rounds, calls=1):
    """Processor seconds of a call of each job, one for each round; the jobs take turns."""
    seconds = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            start = thread_time()
            for _ in range(calls):
                job()
            seconds[name].append((thread_time() - start) / calls)
    return seconds


def steps(images, labels, rounds=25):
    """Least seconds of a step of a network with 64 hidden units, by batch size."""
    rng = np.random.default_rng(0)
    network = SingleLayerNetwork(784, 64, 10, loss=cross_entropy_with_logits, rng=rng)
    x, y = scale_pixels(images[: max(SIZES)]), labels[: max(SIZES)]

    def step(size):
        network.forward(x[:size])
        network.backward(y[:size])
        network.update(1e-3)

    seconds = by_turns({size: partial(step, size) for size in SIZES}, rounds)
    return {str(size): min(took) for size, took in seconds.items()}  # the least disturbed


def activations(rounds=15, calls=4):
    """Median seconds of activations of 256 by 256 numbers, forward and back, and a product."""
    z, g = np.random.default_rng(0).normal(size=(2, 256, 256)).astype(np.float32)
    weights = z.copy()

    def both(function):
        function(z)
        function.backward(g, z)

    jobs = {name: partial(both, function) for name, function in ACTIVATIONS.items()}
    seconds = by_turns({"product": lambda: z @ weights} | jobs, rounds, calls)
    return {name: float(np.median(took)) for name, took in seconds.items()}


def plain(x, grad, weights, bias):
    """Forward and back through a layer, with new arrays."""
    z = x @ weights
    z += bias
    activated = np.maximum(z, 0)
    grad_z = grad * (z > 0)
    return activated, x.T @ grad_z, grad_z.sum(axis=0, keepdims=True)


class Buffered:
    """The same with arrays that are used again."""

    def __init__(self, x, weights):
        self.z = np.empty((len(x), weights.shape[1]), x.dtype)
        self.activated, self.grad_z = np.empty_like(self.z), np.empty_like(self.z)
        self.mask = np.empty(self.z.shape, bool)
        self.weights_grad = np.empty_like(weights)
        self.bias_grad = np.empty((1, weights.shape[1]), x.dtype)

    def __call__(self, x, grad, weights, bias):
        np.matmul(x, weights, out=self.z)
        np.add(self.z, bias, out=self.z)
        np.maximum(self.z, 0, out=self.activated)
        np.greater(self.z, 0, out=self.mask)
        np.multiply(grad, self.mask, out=self.grad_z)
        np.matmul(x.T, self.grad_z, out=self.weights_grad)
        np.sum(self.grad_z, axis=0, keepdims=True, out=self.bias_grad)
        return self.activated, self.weights_grad, self.bias_grad


def layer(images):
    """A batch, what comes back, weights and bias of the largest layer."""
    rng = np.random.default_rng(0)
    weights = rng.normal(scale=0.05, size=(784, 256)).astype(np.float32)
    grad = rng.normal(size=(64, 256)).astype(np.float32)
    return scale_pixels(images[:64]), grad, weights, np.zeros((1, 256), np.float32)


def buffers(images, rounds=30, calls=20):
    """Seconds of the layer, plain and buffered, by rounds."""
    given = layer(images)
    buffered = Buffered(given[0], given[2])
    return by_turns(
        {"plain": lambda: plain(*given), "buffered": lambda: buffered(*given)}, rounds, calls
    )


def drawing(images, labels, rounds=5):
    """Seconds in which an epoch's batches are drawn, from bytes and from scaled pixels."""

    def draw(pixels):
        for _ in minibatches(pixels, labels, 64, rng=np.random.default_rng(0)):
            pass

    scaled = scale_pixels(images)
    return by_turns({"bytes": lambda: draw(images), "scaled": lambda: draw(scaled)}, rounds)


def rounded(seconds):
    """A time to six figures: more than it means, but no two runs shall take the same."""
    return float(f"{seconds:.6g}")


def of_runs(folder):
    """What the trainings took whose records the present code finds, by their name."""
    functions = [f for name, f in inspect.getmembers(runs, inspect.isfunction) if "_run" in name]
    found = {}
    for path in sorted(Path(folder).glob("*.json")):
        about_run = json.loads(path.read_text(encoding="utf-8"))
        try:
            given = runs.Configuration(**about_run["configuration"]), about_run["seed"]
        except (KeyError, TypeError, ValueError):  # of another function, times, the long studies
            continue
        for function in functions:
            if records._key(function, *given) == path.stem:
                history = about_run["outcome"].get("history", {}).get("seconds", [])
                found[run_name(function, *given)] = {
                    "seconds": rounded(about_run["seconds"]),
                    "history": [rounded(seconds) for seconds in history],
                }
    return dict(sorted(found.items()))


def measured():
    """All that is timed here."""
    train = load_mnist(dtype="uint8").train
    with threadpool_limits(1):
        return {
            "steps": steps(train.images, train.labels),
            "activations": activations(),
            "buffers": buffers(train.images),
            "drawing": drawing(train.images, train.labels),
        }


def lacking(found, kept):
    """Those trainings of a build of which no machine has kept the times."""
    return {
        name: times
        for name, times in found.items()
        if name not in kept or len(kept[name]["history"]) < len(times["history"])
    }


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.times")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lacking", action="store_true")
    asked = parser.parse_args()
    if not (found := of_runs(asked.folder)):
        sys.exit(
            f"error: no records of the present code in {asked.folder}: `make book` makes them"
        )
    if not asked.lacking:
        keep({"runs": found}, FOLDER / "runs", indent=None)
        keep(measured(), FOLDER / "times", indent=None)
    elif found := lacking(found, read_times(asked.folder)):  # which the build had put there
        today = FOLDER / "runs" / f"{about()['date'][:10]}.json"  # may have some already
        had = json.loads(today.read_text(encoding="utf-8"))["runs"] if today.exists() else {}
        keep({"runs": had | found}, FOLDER / "runs", indent=None)
    else:
        print("Of every training of this build a time is kept.")


if __name__ == "__main__":
    main()
