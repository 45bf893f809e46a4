"""The two ends of NumPy: the matrix products alone, and a beginner's loop."""

from itertools import pairwise

import numpy as np


class Products:
    """An epoch's matrix products, forward and back, with nothing in between: the yardstick."""

    @staticmethod
    def prepare(images):
        return np.divide(images, 255, dtype=np.float32)

    def __init__(self, sizes, batch_size, rate, seed, train, test_images):
        self.x, self.batch_size = train[0], batch_size
        self.weights = [np.ones(pair, np.float32) for pair in pairwise(sizes)]
        self.signals = [np.ones((batch_size, size), np.float32) for size in sizes[1:]]

    def epoch(self):
        for start in range(0, len(self.x), self.batch_size):
            first = self.x[start : start + self.batch_size]
            inputs = [first, *(signal[: len(first)] for signal in self.signals)]
            for k, w in enumerate(self.weights):
                _ = inputs[k] @ w  # forward
                _ = inputs[k].T @ inputs[k + 1]  # gradient for the weights
                if k:
                    _ = inputs[k + 1] @ w.T  # gradient for the input


class Notebook:
    """The notebook's way: float64, one-hot rows, masks, and gradients summed over the batch."""

    @staticmethod
    def prepare(images):
        return images / 255

    def __init__(self, sizes, batch_size, rate, seed, train, test_images):
        self.rng = np.random.default_rng(seed)
        self.x, labels = train
        self.y = np.zeros((len(labels), sizes[-1]))
        for i in range(len(labels)):
            self.y[i, labels[i]] = 1
        self.batch_size, self.rate = batch_size, rate / batch_size  # a step along the sum
        self.test_images = test_images
        self.weights, self.biases = [], []
        for n_in, n_out in pairwise(sizes):
            self.weights.append(self.rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out)))
            self.biases.append(np.zeros((1, n_out)))

    def forward(self, x):
        inputs, masks = [], []
        for k in range(len(self.weights)):
            inputs.append(x)
            z = np.dot(x, self.weights[k]) + self.biases[k]
            mask = np.where(z > 0, 1, 0)
            masks.append(mask)
            x = z * mask
        return z, inputs, masks

    def softmax(self, z):
        e = np.exp(z - np.max(z, axis=1, keepdims=True))
        return e / np.sum(e, axis=1, keepdims=True)

    def step(self, x, y):
        z, inputs, masks = self.forward(x)
        p = self.softmax(z)
        loss = -np.sum(y * np.log(p + 1e-15))
        delta = p - y
        for k in reversed(range(len(self.weights))):
            w_grad = np.dot(inputs[k].T, delta)
            b_grad = np.sum(delta, axis=0, keepdims=True)
            if k > 0:
                delta = np.dot(delta, self.weights[k].T) * masks[k - 1]
            self.weights[k] = self.weights[k] - self.rate * w_grad
            self.biases[k] = self.biases[k] - self.rate * b_grad
        return loss

    def epoch(self):
        order = self.rng.permutation(len(self.x))
        x, y = self.x[order], self.y[order]
        total = 0
        for start in range(0, len(x), self.batch_size):
            end = start + self.batch_size
            total = total + self.step(x[start:end], y[start:end])

    def predict(self):
        return np.argmax(self.softmax(self.forward(self.test_images)[0]), axis=1)
