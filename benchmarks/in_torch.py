"""PyTorch in eager mode, as its tutorials train."""

from itertools import pairwise

import torch

torch.set_num_threads(1)


class Torch:
    """Slices of one permutation: a DataLoader would be slower."""

    @staticmethod
    def prepare(images):
        return torch.from_numpy(images).float().div_(255)

    def __init__(self, sizes, batch_size, rate, seed, train, test_images):
        torch.manual_seed(seed)
        modules = [
            m for pair in pairwise(sizes) for m in (torch.nn.Linear(*pair), torch.nn.ReLU())
        ]
        for layer in modules[::2]:  # as the others begin
            torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            torch.nn.init.zeros_(layer.bias)
        self.network = torch.nn.Sequential(*modules[:-1])
        self.loss = torch.nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=rate)
        self.x, self.labels = train[0], torch.from_numpy(train[1])
        self.batch_size, self.test_images = batch_size, test_images

    def epoch(self):
        for rows in torch.randperm(len(self.x)).split(self.batch_size):
            self.optimizer.zero_grad()
            self.loss(self.network(self.x[rows]), self.labels[rows]).backward()
            self.optimizer.step()

    @torch.no_grad()
    def predict(self):
        return self.network(self.test_images).argmax(1).numpy()
