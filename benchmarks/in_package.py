"""The package of this book, as a reader calls it."""

import numpy as np

from mnist_gd.losses import cross_entropy_with_logits
from mnist_gd.networks import MultiLayerNetwork


class Package:
    """It takes the images as they are, of uint8."""

    @staticmethod
    def prepare(images):
        return images

    def __init__(self, sizes, batch_size, rate, seed, train, test_images):
        size, *hidden, classes = sizes
        (width,) = set(hidden)
        rng = np.random.default_rng(seed)
        how = {"hidden_layers": len(hidden), "loss": cross_entropy_with_logits, "rng": rng}
        self.network = MultiLayerNetwork(size, width, classes, **how)
        self.settings = {"batch_size": batch_size, "learning_rate": rate, "rng": rng}
        self.train, self.test_images = train, test_images

    def epoch(self):
        self.network.train(*self.train, epochs=1, track_training=False, **self.settings)

    def predict(self):
        return self.network.predict(self.test_images)
