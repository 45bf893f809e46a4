"""Time of one training epoch, as a multiple of its matrix products alone.

Measured is plain mini-batch gradient descent, without momentum, penalty or evaluation, of a
network 784-256-256-256-10 with ReLU and cross-entropy, on shuffled float32 rows of random pixels.
The yardstick is the epoch's matrix products alone, forward and back, with nothing in between;
beside this package stand PyTorch in eager mode and scikit-learn's MLPClassifier. They take turns,
and the best of several repeats counts, so that whatever else the machine does falls on all.
Ratios of different runs can be compared; seconds cannot.
"""

import argparse
import os
from time import perf_counter

import numpy as np
import sklearn
import torch
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from mnist_gd.losses import cross_entropy_with_logits
from mnist_gd.networks import MultiLayerNetwork

SIZES = [784, 256, 256, 256, 10]
PAIRS = list(zip(SIZES[:-1], SIZES[1:], strict=True))
RATE = 0.01


def products(x, y, batch_size):
    weights = [np.ones(pair, np.float32) for pair in PAIRS]
    signals = [np.ones((batch_size, size), np.float32) for size in SIZES[1:]]

    def epoch():
        for start in range(0, len(x), batch_size):
            first = x[start : start + batch_size]
            inputs = [first, *(signal[: len(first)] for signal in signals)]
            for k, w in enumerate(weights):
                _ = inputs[k] @ w  # forward
                _ = inputs[k].T @ inputs[k + 1]  # gradient for the weights
                if k:
                    _ = inputs[k + 1] @ w.T  # gradient for the input

    return epoch


def mnist_gd(x, y, batch_size):
    rng = np.random.default_rng(0)
    network = MultiLayerNetwork(784, 256, loss=cross_entropy_with_logits, rng=rng)
    settings = {"batch_size": batch_size, "learning_rate": RATE, "rng": rng}
    return lambda: network.train(x, y, epochs=1, track_training=False, **settings)


def pytorch(x, y, batch_size):
    modules = [m for pair in PAIRS for m in (torch.nn.Linear(*pair), torch.nn.ReLU())]
    network, loss = torch.nn.Sequential(*modules[:-1]), torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    x, y = torch.from_numpy(x), torch.from_numpy(y)

    def epoch():  # slices of one permutation: a DataLoader would be slower
        for rows in torch.randperm(len(x)).split(batch_size):
            optimizer.zero_grad()
            loss(network(x[rows]), y[rows]).backward()
            optimizer.step()

    return epoch


def scikit_learn(x, y, batch_size):
    settings = {"solver": "sgd", "momentum": 0, "alpha": 0, "learning_rate_init": RATE}
    network = MLPClassifier(SIZES[1:-1], batch_size=batch_size, random_state=0, **settings)
    return lambda: network.partial_fit(x, y, classes=np.arange(10))  # one pass over the rows


def best_times(x, y, batch_size, repeats):
    contestants = [f(x, y, batch_size) for f in (products, mnist_gd, pytorch, scikit_learn)]
    times = np.empty((repeats, len(contestants)))
    for repeat in range(repeats):
        for k, epoch in enumerate(contestants):
            start = perf_counter()
            epoch()
            times[repeat, k] = perf_counter() - start
    return times.min(axis=0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    x = np.random.default_rng(0).random((options.rows, 784), dtype=np.float32)
    y = np.arange(options.rows) % 10
    print(*(f"{module.__name__} {module.__version__}" for module in (np, torch, sklearn)))
    print(f"{options.rows} rows, best of {options.repeats}, {os.cpu_count()} processors")
    print("threads  batch  products (s)  mnist_gd  PyTorch  scikit-learn (multiples of products)")
    for threads in sorted({1, os.cpu_count()}):
        torch.set_num_threads(threads)
        for batch_size in (16, 64, 256):
            with threadpool_limits(threads):
                base, *others = best_times(x, y, batch_size, options.repeats)
            ratios = "".join(f"{other / base:10.2f}" for other in others)
            print(f"{threads:7}{batch_size:7}{base:14.2f}{ratios}", flush=True)
