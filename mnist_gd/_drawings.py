"""Lines on a pad: digits and what is none, in MNIST's form as the pad of the book draws them."""

import numpy as np

from mnist_gd.handwriting import BOX, CENTRE, SIDE

__all__ = ["NO_DIGITS", "OTHERS", "drawn", "scribble", "slanted"]

PEN = 2.6  # width of a line, in pixels


def drawn(strokes):
    """Draw lines as the script of the page does (``book/_extra/draw/network.js``).

    Parameters
    ----------
    strokes : sequence of ndarrays, shape (points, 2)
        Points (x, y) in any unit, y downwards; one point is a dot.

    Returns
    -------
    ndarray of float64, shape (784,)
        Without strokes all zero.
    """
    if not len(strokes):
        return np.zeros(SIDE**2)
    # A line of no length at the end makes a dot of a single point.
    lines = [np.asarray(stroke, float) for stroke in strokes]
    starts = np.concatenate([line[: max(len(line) - 1, 1)] for line in lines])
    ends = np.concatenate([line[min(1, len(line) - 1) :] for line in lines])
    low, high = np.minimum(starts, ends).min(axis=0), np.maximum(starts, ends).max(axis=0)
    extent = (high - low).max()
    scale = (BOX - PEN) / extent if extent > 0 else 1
    moved = CENTRE - scale * (low + high) / 2
    image = _rasterised(scale * starts + moved, scale * ends + moved)
    at = np.arange(SIDE) + 0.5
    centre = np.array([image.sum(axis=0) @ at, image.sum(axis=1) @ at]) / image.sum()
    moved += CENTRE - centre
    return _rasterised(scale * starts + moved, scale * ends + moved).ravel()


def _rasterised(starts, ends):
    """A pixel is as bright as a round pen on these lines covers it."""
    at = np.arange(SIDE) + 0.5
    points = np.stack(np.meshgrid(at, at), axis=-1)[:, :, None]
    along = ends - starts
    squares = (along**2).sum(axis=1)
    part = ((points - starts) * along).sum(axis=-1) / np.where(squares > 0, squares, 1)
    nearest = starts + np.clip(part, 0, 1)[..., None] * along
    distance = np.sqrt(((points - nearest) ** 2).sum(axis=-1)).min(axis=-1)
    return np.clip(PEN / 2 + 0.5 - distance, 0, 1)


def slanted(strokes, rng):
    """Draw strokes as another hand would: stretched, sheared and turned a little."""
    change = np.eye(2) + rng.normal(0, 0.12, (2, 2))
    return [np.asarray(stroke, float) @ change for stroke in strokes]


def scribble(rng):
    """Go up to thirty steps at random."""
    return [rng.normal(size=(rng.integers(15, 30), 2)).cumsum(axis=0)]


def _lines(text):
    """Lines from text: points "x,y", with a bar between strokes."""
    points = [stroke.split() for stroke in text.split("|")]
    return [np.array([[float(n) for n in p.split(",")] for p in stroke]) for stroke in points]


def _arc(x, y, across, down, first, last):
    """Part of an ellipse, by degrees from the right, clockwise."""
    angles = np.radians(np.linspace(first, last, 24))
    return np.stack([x + across * np.cos(angles), y + down * np.sin(angles)], axis=1)


def _heart():
    t = np.linspace(0, 2 * np.pi, 40)
    down = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return [np.stack([16 * np.sin(t) ** 3, -down], axis=1)]


def _turning(turns, radius):
    t = np.linspace(0, 2 * np.pi * turns, 80)
    return [radius(t)[:, None] * np.stack([np.cos(t), np.sin(t)], axis=1)]


# Thirty that are asked once, at the end.
NO_DIGITS = {
    "A": _lines("0,10 4,0 8,10 | 1.6,6 6.4,6"),
    "×": _lines("0,0 8,8 | 8,0 0,8"),
    "heart": _heart(),
    "horizontal line": _lines("0,0 10,0"),
    "dot": _lines("0,0"),
    "E": _lines("7,0 0,0 0,10 7,10 | 0,5 6,5"),
    "F": _lines("7,0 0,0 0,10 | 0,5 5,5"),
    "H": _lines("0,0 0,10 | 7,0 7,10 | 0,5 7,5"),
    "K": _lines("0,0 0,10 | 7,0 0,5 7,10"),
    "L": _lines("0,0 0,10 6,10"),
    "M": _lines("0,10 0,0 4,6 8,0 8,10"),
    "N": _lines("0,10 0,0 7,10 7,0"),
    "P": _lines("0,10 0,0 4,0 6,1.2 6,3.8 4,5 0,5"),
    "R": _lines("0,10 0,0 4,0 6,1.2 6,3.8 4,5 0,5 | 3,5 7,10"),
    "T": _lines("0,0 8,0 | 4,0 4,10"),
    "V": _lines("0,0 4,10 8,0"),
    "W": _lines("0,0 2.5,10 5,3 7.5,10 10,0"),
    "+": _lines("0,4 8,4 | 4,0 4,8"),
    "#": _lines("3,0 2,10 | 7,0 6,10 | 0,3 9,3 | 0,7 9,7"),
    "question mark": [
        np.vstack([_arc(0, 0, 3, 3, 180, 390), [[0, 4], [0, 6]]]),
        *_lines("0,8.5 0,8.6"),
    ],
    "clover": _turning(1, lambda t: np.sqrt(np.abs(np.cos(2 * t)))),
    "star": [np.array([[np.sin(0.8 * k * np.pi), -np.cos(0.8 * k * np.pi)] for k in range(6)])],
    "spiral": _turning(3, lambda t: t),
    "square": _lines("0,0 8,0 8,8 0,8 0,0"),
    "triangle": _lines("0,8 4,0 8,8 0,8"),
    "arrow": _lines("0,4 10,4 | 7,1 10,4 7,7"),
    "house": _lines("0,5 4,0 8,5 8,11 0,11 0,5 8,5"),
    "smiley": [
        _arc(0, 0, 5, 5, 0, 360),
        _arc(0, 0.6, 3, 2.6, 20, 160),
        *_lines("-1.8,-1.5 -1.8,-1.4 | 1.8,-1.5 1.8,-1.4"),
    ],
    "zigzag": _lines("0,0 2,4 4,0 6,4 8,0 10,4"),
    "scribble": scribble(np.random.default_rng(5)),
}

# Others, by which it is settled what to ask.
OTHERS = {
    "Γ": _lines("0,10 0,0 7,0"),
    "Δ": _lines("0,10 3,1 | 3,0 9,10 | 1,10 8,10"),
    "Θ": [_arc(0, 0, 4, 5, 0, 360), *_lines("-4,0 4,0")],
    "Π": _lines("0,10 0,0 7,0 7,10"),
    "Σ": _lines("7,0 0,0 4,5 0,10 7,10"),
    "Φ": [_arc(0, 0, 4, 3, 0, 360), *_lines("0,-5 0,5")],
    "Ψ": _lines("0,0 0,3 3,6 6,3 6,0 | 3,0 3,10"),
    "C": _lines("6,0 0,0 0,10 6,10"),
    "U": _lines("0,0 0,7 3,10 5,10 8,7 8,0"),
    "Y": _lines("0,0 4,5 8,0 | 4,5 4,10"),
    "a": [_arc(3, 3, 3, 3, 0, 360), *_lines("6,0 6,6")],
    "h": [*_lines("0,0 0,10"), np.vstack([_arc(3, 7, 3, 2.5, 180, 360), [[6, 10]]])],
    "k": _lines("0,0 0,10 | 5,3 0,7 5,10"),
    "t": _lines("3,0 3,9 5,10 | 0,3 6,3"),
    "=": _lines("0,0 8,0 | 0,4 8,4"),
    "✓": _lines("0,5 3,8 9,0"),
    "*": _lines("0,0 8,8 | 8,0 0,8 | 4,-1 4,9 | -1,4 9,4"),
    "diamond": _lines("4,0 8,4 4,8 0,4 4,0"),
    "cup": [*_lines("0,0 1,8 6,8 7,0 0,0"), _arc(7.5, 3, 2, 2, -90, 90)],
    "flag": _lines("0,12 0,0 7,2 0,5"),
}
