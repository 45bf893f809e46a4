"""Examples as a network takes them: rows, and labels in the form of its logits."""

import numpy as np

from mnist_gd._checks import (
    as_array,
    as_real,
    check_distributions,
    check_finite,
    check_labels,
    check_matrix,
    check_unit_interval,
)
from mnist_gd.data import one_hot


def as_rows(x, size, name="x"):
    """Return `x` as an array of rows of as many features as a network takes."""
    x = as_real(name, x)
    if x.ndim != 2 or x.shape[1] != size or len(x) == 0:
        raise ValueError(f"{name} must have the shape (n, {size}) with n >= 1, but has {x.shape}")
    return x


def check_rows(x, y):
    """Raise unless there is a label for each row."""
    if len(x) != len(y):
        raise ValueError(f"x and y must have as many rows, but have {len(x)}, {len(y)}")


def as_targets(y, outputs, dtype):
    """Bring labels to the shape (n, outputs): yes or no with one output, else one-hot rows.

    What has that shape already must hold probabilities, and with several outputs a distribution
    in each row.
    """
    y = as_array("y", y)
    if y.ndim == 2 and y.shape[1] == outputs:
        y = check_matrix("y", y)
        check_finite("y", y)
        check_unit_interval("y", y)
        if outputs > 1:
            check_distributions("y", y)
        return y.astype(dtype)  # a copy: a loss of the reader's may work in place
    if outputs == 1:
        return check_labels("y", y, 2)[:, None].astype(dtype)
    return one_hot(check_labels("y", y, outputs), outputs, dtype=dtype)


def as_labels(y, outputs):
    """Bring what :func:`as_targets` takes to labels, integers of shape (n,)."""
    y = as_array("y", y)
    if y.ndim == 1:
        return check_labels("y", y, max(2, outputs)).astype(int)
    y = as_targets(y, outputs, np.float64)
    return (y[:, 0] > 0.5).astype(int) if outputs == 1 else y.argmax(axis=1)
