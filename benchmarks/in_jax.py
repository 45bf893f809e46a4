"""JAX in two ways: the whole epoch compiled, or a step of it. The parameters are donated."""

from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np


def logits(parameters, x):
    *hidden, (w, b) = parameters
    for v, c in hidden:
        x = jax.nn.relu(x @ v + c)
    return x @ w + b


def mean_loss(parameters, x, labels):
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits(parameters, x)), labels[:, None], 1)
    return -chosen.mean()


def step(parameters, rows, x, labels, rate):
    """One step along the gradient of the rows; images of uint8 are scaled as they are drawn."""
    batch = x[rows].astype(jnp.float32) / 255
    loss, gradients = jax.value_and_grad(mean_loss)(parameters, batch, labels[rows])
    return jax.tree.map(lambda p, g: p - rate * g, parameters, gradients), loss


def whole_epoch(parameters, batches, rest, x, labels, rate):
    """All full batches in one loop of the compiled code, and what is left."""
    parameters, losses = jax.lax.scan(
        lambda inner, rows: step(inner, rows, x, labels, rate), parameters, batches
    )
    if len(rest):
        parameters, _ = step(parameters, rest, x, labels, rate)
    return parameters, losses


class Jax:
    """What both share; compiled ahead, so that compiling is counted apart from training."""

    @staticmethod
    def prepare(images):
        return jnp.asarray(images)

    def __init__(self, sizes, batch_size, rate, seed, train, test_images):
        self.rng, self.batch_size = np.random.default_rng(seed), batch_size
        self.parameters = [
            (
                jnp.asarray(self.rng.normal(0, (2 / n) ** 0.5, (n, m)), jnp.float32),
                jnp.zeros(m, jnp.float32),
            )
            for n, m in pairwise(sizes)
        ]
        self.x, self.labels = train[0], jnp.asarray(train[1], jnp.int32)
        self.rate = rate
        answer = jax.jit(lambda p, x: logits(p, x.astype(jnp.float32) / 255).argmax(1))
        self.answer = answer.lower(self.parameters, test_images).compile()
        self.test_images = test_images
        self.compile()

    def compiled(self, function, *rows):
        function = jax.jit(partial(function, rate=self.rate), donate_argnums=0)
        return function.lower(self.parameters, *rows, self.x, self.labels).compile()

    def order(self):
        """All rows in random order: full batches, and what is left."""
        order = self.rng.permutation(len(self.x)).astype(np.int32)
        full = len(order) // self.batch_size * self.batch_size
        return order[:full].reshape(-1, self.batch_size), order[full:]

    def predict(self):
        return np.asarray(self.answer(self.parameters, self.test_images))


class JaxEpoch(Jax):
    """One call an epoch."""

    def compile(self):
        self.run = self.compiled(whole_epoch, *self.order())

    def epoch(self):
        self.parameters, _ = self.run(self.parameters, *self.order(), self.x, self.labels)
        jax.block_until_ready(self.parameters)


class JaxStep(Jax):
    """One call a step, from a loop in Python."""

    def compile(self):
        batches, rest = self.order()
        self.run = {len(r): self.compiled(step, r) for r in (*batches[:1], rest) if len(r)}

    def epoch(self):
        batches, rest = self.order()
        for rows in [*batches, *([rest] if len(rest) else [])]:
            call = self.run[len(rows)]
            self.parameters, _ = call(self.parameters, rows, self.x, self.labels)
        jax.block_until_ready(self.parameters)
