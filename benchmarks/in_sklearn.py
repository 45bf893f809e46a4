"""scikit-learn's own network."""

import numpy as np
from sklearn.neural_network import MLPClassifier


class Sklearn:
    """Its first weights are its own, Glorot and Bengio's; all else is as with the others."""

    @staticmethod
    def prepare(images):
        return np.divide(images, 255, dtype=np.float32)

    def __init__(self, sizes, batch_size, rate, seed, train, test_images):
        settings = {"solver": "sgd", "momentum": 0, "alpha": 0, "learning_rate_init": rate}
        self.network = MLPClassifier(
            sizes[1:-1], batch_size=batch_size, random_state=seed, **settings
        )
        self.train, self.test_images = train, test_images

    def epoch(self):
        self.network.partial_fit(*self.train, classes=np.arange(10))  # one pass over the rows

    def predict(self):
        return self.network.predict(self.test_images)
