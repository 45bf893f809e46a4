"""Runs to record and to search over; in workers they are found by name."""

import json
import time
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

from mnist_gd.gradient_descent import DivergenceError
from mnist_gd.history import History
from mnist_gd.losses import binary_cross_entropy_with_logits
from mnist_gd.networks import SingleLayerNetwork


def note_call(configuration):
    """Leave a trace that other processes can count."""
    if "log" in configuration:
        with open(configuration["log"], "a", encoding="utf-8") as file:
            file.write("called\n")


def calls(log):
    return len(Path(log).read_text(encoding="utf-8").splitlines()) if Path(log).exists() else 0


def synthetic(configuration, seed):
    """No training: the course of a run depends on everything but the number of epochs."""
    note_call(configuration)
    what = {name: v for name, v in configuration.items() if name not in ("epochs", "log")}
    rng = np.random.default_rng(zlib.crc32(json.dumps([what, seed], sort_keys=True).encode()))
    scores, seconds = rng.random(40), np.cumsum(rng.random(40))
    epochs = configuration["epochs"]
    history = {
        "validation_score": scores[:epochs].tolist(),
        "seconds": seconds[:epochs].tolist(),
    }
    return {"history": history}, {"scores": scores[:epochs], "seed": np.array(seed)}


def real(configuration, seed):
    """A tiny network on a tiny problem."""
    note_call(configuration)
    x = np.random.default_rng(0).normal(size=(90, 5)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    rng = np.random.default_rng(seed)
    network = SingleLayerNetwork(
        5, configuration["hidden_size"], loss=binary_cross_entropy_with_logits, rng=rng
    )
    history = network.train(
        x[:60],
        y[:60],
        epochs=configuration["epochs"],
        batch_size=configuration["batch_size"],
        learning_rate=configuration["learning_rate"],
        rng=rng,
        validation=(x[60:], y[60:]),
    )
    return {"history": history.as_dict()}, {"weights": network.layers[0].weights}


def diverging(configuration, seed):
    """Runs with the large rate leave the finite numbers in their third epoch, with seed 1."""
    epochs = configuration["epochs"]
    history = History(
        train_loss=[1.0] * epochs,
        validation_score=[0.5 + 0.1 * seed] * epochs,
        seconds=list(range(1, epochs + 1)),
    )
    if configuration["learning_rate"] > 10 and seed == 1:
        history = History(train_loss=[1.0] * 2, validation_score=[0.9] * 2, seconds=[1.0, 2.0])
        error = DivergenceError("the outputs are no longer finite in epoch 3, batch 1")
        error.history = history
        raise error
    return {"history": history.as_dict()}, {}


@dataclass(frozen=True)
class Course:
    """A configuration that is no dict."""

    rate: float
    epochs: int = 2
    settles: bool = False


def of_course(configuration, seed):
    """No training: the course of a run depends on everything but the number of epochs."""
    settings = configuration if isinstance(configuration, dict) else asdict(configuration)
    return synthetic(settings, seed)


def failing(configuration, seed):
    if configuration["learning_rate"] == 2:
        raise KeyError("a mistake in the code")
    return {}, {}


def numpy_outcome(configuration, seed):
    kinds = [type(value).__name__ for value in configuration.values()]
    return {"score": np.float32(0.5), "count": np.int64(3), "kinds": kinds}, {}


def waiting(configuration, seed):
    """No training, no work: a run that ends when its gate is opened."""
    note_call(configuration)
    while not Path(configuration["gate"]).exists():
        time.sleep(0.01)
    return {}, {}


def blas_threads(configuration, seed):
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return {"threads": [pool["num_threads"] for pool in pools]}, {}


QUIET = {"n_jobs": 1, "progress": False}


def lines(rows):
    """The rows of a table as plain values."""
    columns = ("score", "scores", "seconds", "diverged")
    return [row.configuration | {name: getattr(row, name) for name in columns} for row in rows]


def without_seconds(lines):
    return [{name: v for name, v in line.items() if name != "seconds"} for line in lines]


# A small grid.
AXES = {"batch_size": [16, 64], "learning_rate": [0.1, 1.0, 3.0], "hidden_size": [4]}


def raises_once(configuration, seed):
    note_call(configuration)
    if configuration["number"] == 40:
        raise ArithmeticError("the fortieth")
    return {"number": configuration["number"]}, {}
