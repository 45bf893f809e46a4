"""How far an image lies from what a network was trained on (chapter *Draw a digit*)."""

from dataclasses import dataclass

import numpy as np

from mnist_gd._checks import (
    check_finite,
    check_integer,
    check_labels,
    check_matrix,
    check_unit_interval,
)

__all__ = ["Subspaces", "edges", "fit_subspaces"]

SIDE, CELL = 28, 4


def edges(images):
    """Return how much ink begins and ends in each part of an image, equation `eq-draw-edges`.

    Parameters
    ----------
    images : ndarray of float, shape (n, 784)
        From 0 to 1.

    Returns
    -------
    ndarray of the same dtype, shape (n, 196)
        For each of four directions, right, left, down and up, the square roots of the rises of
        brightness in that direction, summed over cells of 4 x 4 pixels; rows of length 1, but for
        images without any edge.

    Raises
    ------
    ValueError, TypeError
        If `images` has another shape, or holds something else.
    """
    images = check_matrix("images", images, SIDE**2)
    check_finite("images", images)
    check_unit_interval("images", images)
    grid = images.reshape(-1, SIDE, SIDE)
    across, down = np.zeros_like(grid), np.zeros_like(grid)
    across[:, :, 1:-1] = grid[:, :, 2:] - grid[:, :, :-2]
    down[:, 1:-1] = grid[:, 2:] - grid[:, :-2]
    cells = [
        np.maximum(rises, 0).reshape(-1, SIDE // CELL, CELL, SIDE // CELL, CELL).sum(axis=(2, 4))
        for rises in (across, -across, down, -down)
    ]
    rows = np.sqrt(np.stack(cells, axis=1).reshape(len(images), -1))
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


@dataclass(frozen=True, eq=False)
class Subspaces:
    """For each class where its rows lie: a mean, and the directions in which they differ most.

    Attributes
    ----------
    means : ndarray, shape (classes, features)
    directions : ndarray, shape (classes, components, features)
        Of length 1, and at right angles to each other.
    """

    means: np.ndarray
    directions: np.ndarray

    def distances(self, rows):
        """Return how far rows lie from the nearest class, equation `eq-draw-distance`.

        Parameters
        ----------
        rows : ndarray of float, shape (n, features)
            For images their :func:`edges`.

        Returns
        -------
        ndarray of float, shape (n,)

        Raises
        ------
        ValueError, TypeError
            If `rows` has another shape, or no finite distances.
        """
        rows = check_matrix("rows", rows, self.means.shape[1])
        squares = np.full(len(rows), np.inf)
        for mean, directions in zip(self.means, self.directions, strict=True):
            away = rows - mean
            along = away @ directions.T
            squares = np.minimum(squares, (away**2).sum(axis=1) - (along**2).sum(axis=1))
        check_finite("squared distances of rows", squares)
        return np.sqrt(np.maximum(squares, 0))


def fit_subspaces(rows, labels, components=20):
    """Find for each class the mean of its rows and the directions in which they differ most.

    Parameters
    ----------
    rows : ndarray of float, shape (n, features)
        For images their :func:`edges`.
    labels : ndarray of int, shape (n,)
        Every class from 0 on must have more rows than `components`.
    components : int
        How many directions, from 1 to the number of features.

    Returns
    -------
    Subspaces

    Raises
    ------
    ValueError, TypeError
        If the arguments do not fit together.
    """
    labels = check_labels("labels", labels)
    rows = check_matrix("rows", rows)
    check_finite("rows", rows)
    if rows.dtype not in (np.float32, np.float64):  # of others no eigenvalues are computed
        rows = rows.astype(np.float64)
    if len(rows) != len(labels):
        raise ValueError(f"rows and labels must be as many, but are {len(rows)} and {len(labels)}")
    # A class as large as the number of rows would leave another without any.
    labels = check_labels("labels", labels, len(labels)).astype(int)
    counts = np.bincount(labels)
    fewest = counts.min()
    components = check_integer("components", components)
    if components >= fewest or components > rows.shape[1]:
        raise ValueError(
            f"components must be at most {rows.shape[1]} and below the {fewest} rows of the "
            f"rarest class, but is {components}"
        )
    means, directions = [], []
    for label in range(len(counts)):
        chosen = rows[labels == label]
        with np.errstate(over="ignore", invalid="ignore"):
            means.append(chosen.mean(axis=0))
            away = chosen - means[-1]
        check_finite("rows less the mean of their class", away)
        # No square is too large or too small, and a power of two rounds nothing.
        away = np.ldexp(away, -np.frexp(np.abs(away).max())[1])
        # The eigenvectors of the covariance with the largest eigenvalues.
        directions.append(np.linalg.eigh(away.T @ away)[1].T[: -components - 1 : -1])
    return Subspaces(np.array(means), np.array(directions))
