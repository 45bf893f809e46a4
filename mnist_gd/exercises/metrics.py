"""The exercises on measures of a classifier."""

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
    # True positives, false, missed, right refusals; in the last set all is right: F1 is 1.
    sizes = ((10, 4, 7, 12), (3, 5, 1, 6), (4, 0, 0, 9))
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


def _area_task(rng):
    def by(share):
        """Apply `share` to the leads of each 1 over each 0."""
        return lambda y, s: share(s[y == 1][:, None] - s[y == 0])

    def won(lead):
        return np.mean(lead > 0) + np.mean(lead == 0) / 2

    def drawn(yes, no):
        y = rng.permutation(np.repeat([1, 0], (yes, no)))
        return y, (rng.integers(0, 8, yes + no) + 2 * y) / 10  # some scores are equal

    return Task(
        arguments=("y_true", "scores"),
        returns=("area",),
        truth=by(won),
        inputs=[drawn(6, 9), drawn(11, 5)],
        mistakes={
            "equal scores count nothing; they count as half a pair": by(
                lambda lead: np.mean(lead > 0)
            ),
            "equal scores count as a whole pair; they count as half": by(
                lambda lead: np.mean(lead >= 0)
            ),
            "the pairs are counted in which the 0 is ahead": by(lambda lead: 1 - won(lead)),
            "this is the number of pairs; divide it by the number of all pairs": by(
                lambda lead: lead.size * won(lead)
            ),
            "divided by the number of all pairs of images; only a 1 with a 0 counts": (
                lambda y, s: (
                    by(won)(y, s) * np.sum(y == 1) * np.sum(y == 0) / (len(y) * (len(y) - 1) / 2)
                )
            ),
            "this is the mean lead of the 1 over the 0; count who is ahead, not by how much": by(
                np.mean
            ),
            "this is the accuracy at the threshold one half": lambda y, s: np.mean((s > 0.5) == y),
        },
        factors={"in percent; the area is a share": lambda *arguments: 100},
        source="counting pairs gives",
    )


MAKERS = {"f1-score": _f1_task, "roc-area": _area_task}
