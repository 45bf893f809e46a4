"""Pictures of handwriting as people take them, made from images of MNIST: pen, paper, light."""

import numpy as np

__all__ = ["PAPERS", "photographed"]


def _enlarged(image, size, rng):
    """An image of MNIST as the share of ink in each of size x size pixels, a little turned."""
    angle = rng.uniform(-0.12, 0.12)
    at = (np.arange(size) + 0.5) / size - 0.5
    down, right = np.cos(angle) * at[:, None], np.sin(angle) * at[:, None]
    rows = (down + np.sin(angle) * at) * 28 + 13.5
    columns = (np.cos(angle) * at - right) * 28 + 13.5
    padded = np.pad(image.reshape(28, 28).astype(float) / 255, 8)
    rows, columns = rows + 8, columns + 8
    row, column = rows.astype(int), columns.astype(int)
    down, right = rows - row, columns - column
    top = padded[row, column] * (1 - right) + padded[row, column + 1] * right
    bottom = padded[row + 1, column] * (1 - right) + padded[row + 1, column + 1] * right
    return top * (1 - down) + bottom * down


def _pen(share, level):
    """Ink where an image is brighter than a level: a high one is a fine pen, a low one a broad."""
    return np.clip((share - level) * 6 + 0.5, 0, 1)


def _blocks(picture, size=8, step=24):
    """What a strong compression leaves: the means of blocks, and coarse steps from them."""
    high, wide = (side // size * size for side in picture.shape)
    blocks = picture[:high, :wide].reshape(high // size, size, wide // size, size)
    means = blocks.mean(axis=(1, 3), keepdims=True)
    return (means + np.round((blocks - means) / step) * step).reshape(high, wide)


def _on(ground, ink, tone, rng, *, size, noise=3, level=0.5):
    """Ink of a tone on a ground, at a place of its own, with noise."""
    high, wide = ground.shape
    top, left = rng.integers(0, high - size + 1), rng.integers(0, wide - size + 1)
    share = np.zeros(ground.shape)
    share[top : top + size, left : left + size] = _pen(_enlarged(ink, size, rng), level)
    return ground + share * (tone - ground) + rng.normal(0, noise, ground.shape)


def _flat(side, tone):
    return np.full((side, side), float(tone))


def _slope(side, first, last, rng):
    """Light that falls off to one side."""
    angle, at = rng.uniform(0, 2 * np.pi), np.linspace(-0.7, 0.7, side)
    across = np.cos(angle) * at + np.sin(angle) * at[:, None]
    return first + (last - first) * (across + 1) / 2


def _shadow(side, rng):
    """The edge of a shadow across bright paper."""
    ground = _slope(side, 235, 205, rng)
    edge = rng.uniform(0.3, 0.7) * side + rng.uniform(-0.3, 0.3) * np.arange(side)[:, None]
    depth = np.clip((np.arange(side) - edge) / (0.02 * side), 0, 1)
    return ground * (1 - 0.45 * depth)


def _squared(side):
    """Squared paper."""
    ground, step = _flat(side, 240), side // 14
    for line in range(step // 2, side, step):
        ground[line : line + 2] = ground[:, line : line + 2] = 190
    return ground


def _small(ink, rng):
    """28 x 28 pixels, white on a ground of grey noise."""
    return np.maximum(ink.reshape(28, 28), rng.uniform(0, 120, (28, 28)))


PAPERS = {
    "white paper, dark pen": lambda i, g: _on(_flat(280, 250), i, 30, g, size=240),
    "chalk on a board": lambda i, g: _on(_slope(320, 50, 90, g), i, 220, g, size=230, noise=8),
    "28 × 28, grey noise around it": _small,
    "large photograph, small digit": lambda i, g: _on(
        _slope(1512, 230, 170, g), i, 60, g, size=300, noise=6
    ),
    "light from one side": lambda i, g: _on(_slope(480, 245, 90, g), i, 30, g, size=300),
    "edge of a shadow": lambda i, g: _on(_shadow(480, g), i, 40, g, size=300),
    "dim, with noise": lambda i, g: _on(_flat(400, 110), i, 30, g, size=260, noise=18),
    "fine pen": lambda i, g: _on(_flat(400, 235), i, 40, g, size=320, level=0.75),
    "broad pen": lambda i, g: _on(_flat(400, 235), i, 40, g, size=320, level=0.1),
    "squared paper": lambda i, g: _on(_squared(420), i, 40, g, size=260),
    "pencil on grey paper": lambda i, g: _on(_slope(400, 190, 160, g), i, 120, g, size=280),
    "compressed hard": lambda i, g: _blocks(_on(_flat(400, 225), i, 60, g, size=200, noise=8)),
}


def photographed(image, paper, rng):
    """Make a picture of an image of MNIST.

    Parameters
    ----------
    image : ndarray of uint8, shape (784,)
    paper : str
        One of `PAPERS`: how it was written and taken.
    rng : numpy.random.Generator
        For place, light and noise.

    Returns
    -------
    ndarray of uint8, shape (h, w)
    """
    return np.clip(np.rint(PAPERS[paper](image, rng)), 0, 255).astype(np.uint8)
