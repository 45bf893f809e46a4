"""Boolean images of ink: their connected parts, their box, a layer less of them."""

import numpy as np

__all__ = ["around", "box", "cropped", "parts", "peeled"]


def parts(ink):
    """The connected parts of a boolean image, by 8 neighbours: their numbers, 0 for no ink."""
    edges = np.diff(np.pad(ink, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    root = list(range(len(rows)))

    def find(run):
        while root[run] != run:
            root[run] = root[root[run]]
            run = root[run]
        return run

    first = np.searchsorted(rows, np.arange(len(ink) + 1))
    for row in range(1, len(ink)):
        above, run = first[row - 1], first[row]
        while above < first[row] and run < first[row + 1]:
            if starts[above] <= ends[run] and starts[run] <= ends[above]:  # they touch
                one, other = find(above), find(run)
                root[max(one, other)] = min(one, other)
            if ends[above] < ends[run]:
                above += 1
            else:
                run += 1
    roots = np.array([find(run) for run in range(len(rows))])
    number = np.unique(roots, return_inverse=True)[1] + 1
    labels = np.zeros((len(ink), ink.shape[1] + 1), int)
    np.add.at(labels, (rows, starts), number)
    np.add.at(labels, (rows, ends), -number)
    return labels.cumsum(axis=1)[:, :-1]


def box(ink):
    """First and last row and column of what is inked, the last ones excluded."""
    spans = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    return [(span[0], span[-1] + 1) for span in spans]


def cropped(ink):
    (top, bottom), (left, right) = box(ink)
    return ink[top:bottom, left:right]


def around(ink):
    """The eight neighbours of each pixel, clockwise from the one above."""
    padded = np.pad(ink, 1)
    ring = [(0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0), (0, 0)]
    height, width = ink.shape
    return [padded[row : row + height, column : column + width] for row, column in ring]


def peeled(ink):
    """One layer less, and no part broken or gone: a step of Zhang and Suen."""
    for first in (True, False):
        near = np.array(around(ink))
        count = near.sum(axis=0)
        rises = (~near & np.roll(near, -1, axis=0)).sum(axis=0)
        north, east, south, west = near[::2]
        if first:
            free = ~(north & east & south) & ~(east & south & west)
        else:
            free = ~(north & east & west) & ~(north & south & west)
        ink = ink & ~((count >= 2) & (count <= 6) & (rises == 1) & free)
    return ink
