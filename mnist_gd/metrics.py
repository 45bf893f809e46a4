"""Measures of right and wrong answers (chapter *Metrics*).

Each is called ``(y_true, y_pred)`` with one-dimensional integer labels, as in scikit-learn.
A share of nothing, 0 / 0, is 0 by definition: the precision of a classifier that never says
"yes", the recall where there is nothing to be found.
"""

import numpy as np

from mnist_gd._checks import (
    as_float,
    check_finite,
    check_flag,
    check_integer,
    check_labels,
    check_matrix,
    check_one_of,
    check_real,
    check_room,
    check_same_shape,
    check_shares,
)

__all__ = [
    "accuracy",
    "answers",
    "calibration_error",
    "confusion_matrix",
    "f1_at",
    "f1_score",
    "precision",
    "precision_at",
    "recall",
    "reliability",
    "roc_area",
    "specificity",
]


def _pair(y_true, y_pred, num_classes=None):
    y_true = check_labels("y_true", y_true, num_classes)
    y_pred = check_labels("y_pred", y_pred, num_classes)
    check_same_shape("y_true", y_true, "y_pred", y_pred)
    return y_true, y_pred


def answers(logits, threshold=0.5):
    """Return the answers that logits stand for.

    Parameters
    ----------
    logits : ndarray of float, shape (n, output_size)
    threshold : float
        With one output, the probability above which the answer is "yes", in (0, 1). Logits are
        compared, which do not round to a probability of exactly one half.

    Returns
    -------
    ndarray of int, shape (n,)
        With one output 1 for "yes" and 0 for "no", with several the class of the largest.
    """
    logits = check_matrix("logits", logits)
    check_finite("logits", logits)
    threshold = check_real("threshold", threshold, above=0, below=1)
    if logits.shape[1] > 1:
        return logits.argmax(axis=1)
    return (logits[:, 0] > np.log(threshold / (1 - threshold))).astype(int)


def accuracy(y_true, y_pred):
    """Share of the answers that are right, equation `eq-accuracy`.

    Parameters
    ----------
    y_true, y_pred : ndarray of int, shape (n,)

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If the shapes differ or the labels are not integers from 0 on.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return float(np.mean(y_true == y_pred))


def confusion_matrix(y_true, y_pred, num_classes=None, *, normalize=False):
    """Count each true class against each predicted one, equation `eq-confusion-matrix`.

    Parameters
    ----------
    y_true, y_pred : ndarray of int, shape (n,)
    num_classes : int, optional
        By default one more than the largest label.
    normalize : bool
        Divide each row by its sum; a class without examples keeps a row of zeros.

    Returns
    -------
    ndarray of int (float if normalised), shape (num_classes, num_classes)
        Rows are true, columns predicted.

    Raises
    ------
    ValueError, TypeError
        If the shapes differ or a label is out of range.
    """
    if num_classes is not None:
        num_classes = check_integer("num_classes", num_classes)
    y_true, y_pred = _pair(y_true, y_pred, num_classes)
    if num_classes is None:
        num_classes = int(max(y_true.max(), y_pred.max())) + 1
    normalize = check_flag("normalize", normalize)
    check_room("num_classes or the labels y_true and y_pred", (num_classes, num_classes))
    pairs = y_true.astype(int) * num_classes + y_pred.astype(int)
    matrix = np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)
    return _share(matrix, matrix.sum(axis=1, keepdims=True)) if normalize else matrix


def _share(part, whole):
    """part / whole, and 0 where the whole is 0."""
    part, whole = np.asarray(part, float), np.asarray(whole, float)
    return np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=whole != 0)


def _averaged(y_true, y_pred, average, share):
    """Apply `share(true positives, false positives, false negatives)` class by class."""
    check_one_of("average", average, ("binary", "macro", None))
    y_true, y_pred = _pair(y_true, y_pred)
    highest = max(y_true.max(), y_pred.max())
    if average == "binary" and highest > 1:
        raise ValueError(
            "y_true and y_pred must be from 0 to 1 where average is 'binary', but go up to "
            f"{highest}: of more classes ask for average='macro', or for each with None"
        )
    matrix = confusion_matrix(y_true, y_pred, 2 if average == "binary" else None)
    hits = np.diag(matrix)
    each = share(hits, matrix.sum(axis=0) - hits, matrix.sum(axis=1) - hits)
    if average is None:
        return each
    occurs = matrix.sum(axis=0) + matrix.sum(axis=1) > 0
    return float(each[1] if average == "binary" else each[occurs].mean())


def precision(y_true, y_pred, average="binary"):
    """Share of the "yes" answers that are right, TP / (TP + FP), equation `eq-precision`.

    Parameters
    ----------
    y_true, y_pred : ndarray of int, shape (n,)
    average : {"binary", "macro", None}
        "binary" takes labels 0 and 1 and measures class 1; "macro" is the mean over the
        classes that occur in either; None gives each class its own.

    Returns
    -------
    float, or ndarray of shape (num_classes,)

    Raises
    ------
    ValueError, TypeError
        If the shapes differ or a label is out of range.
    """
    return _averaged(y_true, y_pred, average, lambda tp, fp, fn: _share(tp, tp + fp))


def recall(y_true, y_pred, average="binary"):
    """Share of the true "yes" that is found, TP / (TP + FN), equation `eq-recall`.

    Parameters, returns and errors are those of :func:`precision`.
    """
    return _averaged(y_true, y_pred, average, lambda tp, fp, fn: _share(tp, tp + fn))


def f1_score(y_true, y_pred, average="binary"):
    """Harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN), equation `eq-f1`.

    Parameters, returns and errors are those of :func:`precision`.
    """
    return _averaged(y_true, y_pred, average, lambda tp, fp, fn: _share(2 * tp, 2 * tp + fp + fn))


def specificity(y_true, y_pred):
    """Share of the true "no" that is left alone, TN / (TN + FP), equation `eq-specificity`.

    Parameters
    ----------
    y_true, y_pred : ndarray of int, shape (n,)
        Labels 0 and 1.

    Returns
    -------
    float
    """
    left_alone, false_alarms = confusion_matrix(y_true, y_pred, 2)[0]
    return float(_share(left_alone, left_alone + false_alarms))


def precision_at(prevalence, recall, false_alarms):
    """Precision where a share of all is "yes", equation `eq-prevalence`.

    Parameters
    ----------
    prevalence : float or ndarray
        That share.
    recall, false_alarms : float or ndarray
        Shares of the true "yes" and of the true "no" that are answered "yes".

    Returns
    -------
    float or ndarray
    """
    found, alarms, _ = _parts_of_all(prevalence, recall, false_alarms)
    return _share(found, found + alarms)[()]


def f1_at(prevalence, recall, false_alarms):
    """F1 where a share of all is "yes", equation `eq-prevalence`.

    Parameters and returns are those of :func:`precision_at`.
    """
    found, alarms, yes = _parts_of_all(prevalence, recall, false_alarms)
    return _share(2 * found, found + alarms + yes)[()]


def _parts_of_all(prevalence, recall, false_alarms):
    """What is found, false alarms and all "yes", times a power of two: no product is too small."""
    named = {"prevalence": prevalence, "recall": recall, "false_alarms": false_alarms}
    shares = [check_shares(name, value).astype(float) for name, value in named.items()]
    if len({share.shape for share in shares} - {()}) > 1:
        shapes = [share.shape for share in shares]
        raise ValueError(f"{', '.join(named)} must be numbers or of one shape, but have {shapes}")
    yes, recall, false_alarms = shares
    alarms = (1 - yes) * false_alarms
    exponent = np.frexp(np.maximum(yes, alarms))[1]
    yes, alarms = np.ldexp(yes, -exponent), np.ldexp(alarms, -exponent)
    return yes * recall, alarms, yes


def _answered(outcomes, probabilities, bins):
    """Both in one row, the bin of each, and how many bins there are."""
    outcomes = check_shares("outcomes", outcomes).astype(float)  # bincount adds no other
    probabilities = check_shares("probabilities", probabilities).astype(float)
    bins, shape = check_integer("bins", bins), probabilities.shape
    check_room("bins", (bins,))
    if not shape or outcomes.shape not in (shape, shape[-1:]):
        raise ValueError(
            f"outcomes must have the shape {shape} of probabilities, but has {outcomes.shape}"
        )
    outcomes, probabilities = np.broadcast_to(outcomes, shape).ravel(), probabilities.ravel()
    return outcomes, probabilities, np.minimum((probabilities * bins).astype(int), bins - 1), bins


def reliability(outcomes, probabilities, *, bins=10, fewest=1):
    """Compare probabilities with how often what they speak of is so, in bins of equal width.

    Parameters
    ----------
    outcomes : ndarray of 0 and 1, shape (n,)
    probabilities : ndarray, shape (..., n)
        In [0, 1].
    bins : int
    fewest : int
        A bin with fewer is left out.

    Returns
    -------
    ndarray, shape (2, filled bins)
        Mean probability, and share of the outcomes that are 1.
    """
    fewest = check_integer("fewest", fewest, minimum=0)
    outcomes, probabilities, number, bins = _answered(outcomes, probabilities, bins)
    counts = np.bincount(number, minlength=bins)
    sums = [np.bincount(number, values, bins) for values in (probabilities, outcomes)]
    filled = counts >= max(fewest, 1)
    return np.array(sums)[:, filled] / counts[filled]


def calibration_error(outcomes, probabilities, *, bins=10):
    """Expected calibration error: mean distance of both in bins of equal width.

    Parameters
    ----------
    outcomes, probabilities, bins
        As in :func:`reliability`, of one shape.

    Returns
    -------
    float
    """
    outcomes, probabilities, number, _ = _answered(outcomes, probabilities, bins)
    surplus = outcomes - probabilities
    return float(np.abs(np.bincount(number, surplus)).sum() / len(surplus))


def roc_area(y_true, scores):
    """Area under the ROC curve: how often a "yes" scores higher than a "no", ties by half.

    Parameters
    ----------
    y_true : ndarray of 0 and 1, shape (n,)
        Both occur.
    scores : ndarray, shape (n,)
        The larger, the more like "yes".

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes differ, a score is not finite or one of the labels does not occur.
    """
    y_true = check_labels("y_true", y_true, 2)
    scores = as_float("scores", scores)
    check_same_shape("y_true", y_true, "scores", scores)
    check_finite("scores", scores)
    yes = int(y_true.sum())
    if not 0 < yes < len(y_true):
        raise ValueError("y_true must hold both 0 and 1")
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2  # equal scores share the mean of their ranks
    below = ranks[places][y_true == 1].sum() - yes * (yes + 1) / 2
    return float(below / (yes * (len(y_true) - yes)))
