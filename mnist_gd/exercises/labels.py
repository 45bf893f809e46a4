"""The exercise on labels."""

import numpy as np

from mnist_gd.exercises._tasks import Task

__all__ = ["MAKERS"]


def _one_hot_task(rng):
    def rows(labels, num_classes):
        return np.eye(num_classes)[labels]

    def of_those_that_occur(labels, num_classes):
        return np.eye(num_classes)[np.unique(labels, return_inverse=True)[1]]

    return Task(
        arguments=("labels", "num_classes"),
        returns=("the rows",),
        truth=rows,
        # The highest class does not occur, and one in the middle is missing.
        inputs=[(np.array([3, 0, 4, 1, 0]), 6), (np.array([1, 1, 3]), 5)],
        mistakes={
            "the rows are the classes and the columns the images; it is the other way round": (
                lambda labels, n: rows(labels, n).T
            ),
            "as many columns as the largest label needs; there is one for each of num_classes": (
                lambda labels, n: rows(labels, labels.max() + 1)
            ),
            "counted from 1; the 1 of class 0 stands in column 0": (
                lambda labels, n: np.roll(rows(labels, n), -1, axis=1)
            ),
            "the class number itself stands in its column; it should be a 1": (
                lambda labels, n: rows(labels, n) * labels[:, None]
            ),
            "numbered among the classes that occur; the label itself is the column": (
                of_those_that_occur
            ),
            "the other classes get -1; they should get 0": lambda labels, n: (
                2 * rows(labels, n) - 1
            ),
            "0 and 1 are exchanged": lambda labels, n: 1 - rows(labels, n),
            "every column up to the label is 1; only its own should be": (
                lambda labels, n: np.cumsum(rows(labels, n)[:, ::-1], axis=1)[:, ::-1]
            ),
        },
        source="the equation gives",
    )


MAKERS = {"one-hot": _one_hot_task}
