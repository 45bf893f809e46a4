"""The exercise on measures of a classifier."""

import numpy as np

from mnist_gd.exercises._tasks import Task

__all__ = ["MAKERS"]


def _f1_task(rng):
    def by(formula):
        outcomes = ((1, 1), (0, 1), (1, 0), (0, 0))
        return lambda y, p: formula(*(np.sum((y == a) & (p == b)) for a, b in outcomes))

    def f1(tp, fp, fn, tn):
        return 2 * tp / (2 * tp + fp + fn) if tp else 0.0

    zero = "0/0: where there is no true positive to be counted, F1 is 0 by definition"
    sizes = ((10, 4, 7, 12), (3, 5, 1, 6))  # true positives, false, missed, right refusals
    return Task(
        arguments=("y_true", "y_pred"),
        returns=("F1",),
        truth=by(f1),
        inputs=[(np.repeat([1, 0, 1, 0], n), np.repeat([1, 1, 0, 0], n)) for n in sizes],
        mistakes={
            "this is the accuracy": by(lambda tp, fp, fn, tn: (tp + tn) / (tp + fp + fn + tn)),
            "this is the precision": by(lambda tp, fp, fn, tn: tp / (tp + fp)),
            "this is the recall": by(lambda tp, fp, fn, tn: tp / (tp + fn)),
            "this is the arithmetic mean of precision and recall; F1 is the harmonic one": by(
                lambda tp, fp, fn, tn: (tp / (tp + fp) + tp / (tp + fn)) / 2
            ),
            "this is the geometric mean of precision and recall; F1 is the harmonic one": by(
                lambda tp, fp, fn, tn: tp / np.sqrt((tp + fp) * (tp + fn))
            ),
            "an integer division, //, rounds the share down": by(
                lambda tp, fp, fn, tn: 2 * tp // (2 * tp + fp + fn)
            ),
            "the true positives count once in the denominator; they count twice": by(
                lambda tp, fp, fn, tn: 2 * tp / (tp + fp + fn)
            ),
            "in numerator and denominator the true positives count twice": by(
                lambda tp, fp, fn, tn: tp / (tp + fp + fn)
            ),
            "class 0 is measured; F1 measures class 1": by(
                lambda tp, fp, fn, tn: f1(tn, fp, fn, tp)
            ),
        },
        factors={
            "the factor 2 of the harmonic mean is missing": lambda *arguments: 0.5,
            "in percent; F1 is a share": lambda *arguments: 100,
        },
        extremes=[
            (zero, (np.array(y), np.array(p)))
            for y, p in (([1, 0, 1, 0], [0] * 4), ([1, 0, 1, 0], [0, 1, 0, 0]), ([0] * 3, [0] * 3))
        ],
        source="counting gives",
    )


MAKERS = {"f1-score": _f1_task}
