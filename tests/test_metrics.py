"""Metrics: by hand, against scikit-learn, and what they refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference
from sklearn.calibration import calibration_curve

from mnist_gd import metrics
from mnist_gd.metrics import (
    accuracy,
    answers,
    calibration_error,
    confusion_matrix,
    f1_at,
    f1_score,
    precision,
    precision_at,
    recall,
    reliability,
    roc_area,
    specificity,
)

SHARES = {
    "precision": (precision, reference.precision_score),
    "recall": (recall, reference.recall_score),
    "f1": (f1_score, reference.f1_score),
}
every_share = pytest.mark.parametrize(("ours", "theirs"), SHARES.values(), ids=SHARES)
every_metric = pytest.mark.parametrize(
    "metric",
    [accuracy, confusion_matrix, precision, recall, f1_score, specificity],
    ids=lambda metric: metric.__name__,
)


def pairs(classes):
    """Pairs of equally long lists of labels."""
    label = st.integers(0, classes - 1)
    return st.lists(st.tuples(label, label), min_size=1, max_size=30).map(
        lambda rows: tuple(np.array(column) for column in zip(*rows, strict=True))
    )


# --------------------------------------------------------------------------- by hand


def test_by_hand():
    """Of 3 true "yes" 2 are found, and 2 of the 4 "yes" answers are right."""
    y_true = np.array([1, 1, 1, 0, 0, 0, 0, 0])
    y_pred = np.array([1, 1, 0, 1, 1, 0, 0, 0])
    np.testing.assert_array_equal(confusion_matrix(y_true, y_pred), [[3, 2], [1, 2]])
    assert accuracy(y_true, y_pred) == 5 / 8
    assert precision(y_true, y_pred) == 2 / 4
    assert recall(y_true, y_pred) == pytest.approx(2 / 3)
    assert specificity(y_true, y_pred) == 3 / 5
    assert f1_score(y_true, y_pred) == pytest.approx(2 * (1 / 2) * (2 / 3) / (1 / 2 + 2 / 3))


def test_rows_are_true_and_columns_predicted():
    matrix = confusion_matrix(np.array([0, 0, 0]), np.array([2, 2, 1]))
    np.testing.assert_array_equal(matrix, [[0, 1, 2], [0, 0, 0], [0, 0, 0]])


def test_a_false_alarm_is_no_miss():
    one_alarm = np.array([1, 0, 0]), np.array([1, 1, 0])
    one_miss = one_alarm[::-1]
    assert (precision(*one_alarm), recall(*one_alarm)) == (0.5, 1)
    assert (precision(*one_miss), recall(*one_miss)) == (1, 0.5)


@pytest.mark.parametrize(
    ("y_true", "y_pred"),
    [
        pytest.param([1, 1], [0, 0], id="never yes"),
        pytest.param([0, 0], [1, 1], id="yes to every no"),
        pytest.param([0, 0], [0, 0], id="nothing to find"),
        pytest.param([1, 0], [0, 1], id="all wrong"),
    ],
)
def test_without_a_hit_all_shares_are_zero(y_true, y_pred):
    """0 / 0 is 0 by definition, not NaN, and no warning."""
    y_true, y_pred = np.array(y_true), np.array(y_pred)
    assert precision(y_true, y_pred) == recall(y_true, y_pred) == f1_score(y_true, y_pred) == 0


def test_always_no_is_right_nine_times_in_ten_and_finds_nothing():
    y_true, y_pred = np.repeat([1, 0], [10, 90]), np.zeros(100, int)
    assert accuracy(y_true, y_pred) == 0.9
    assert f1_score(y_true, y_pred) == 0
    assert specificity(y_true, y_pred) == 1


def test_f1_flatters_where_there_is_no_negative():
    y_true, y_pred = np.ones(10, int), np.repeat([1, 0], [8, 2])
    assert recall(y_true, y_pred) == 0.8
    assert f1_score(y_true, y_pred) == pytest.approx(2 * 0.8 / 1.8)
    assert specificity(y_true, y_pred) == 0  # there is no "no" to leave alone


def test_a_normalised_matrix_keeps_the_row_of_an_absent_class_at_zero():
    matrix = confusion_matrix(np.array([2, 2]), np.array([2, 0]), 3, normalize=True)
    np.testing.assert_array_equal(matrix, [[0, 0, 0], [0, 0, 0], [0.5, 0, 0.5]])


# --------------------------------------------------------------------------- scikit-learn


@every_share
@given(pairs(2))
def test_binary_agrees_with_scikit_learn(ours, theirs, labels):
    assert ours(*labels) == pytest.approx(theirs(*labels, zero_division=0))


@every_share
@given(pairs(4))
def test_each_class_and_macro_agree_with_scikit_learn(ours, theirs, labels):
    """Class by class up to the largest label; the mean is over the classes that occur."""
    classes = np.arange(max(labels[0].max(), labels[1].max()) + 1)
    expected = theirs(*labels, labels=classes, average=None, zero_division=0)
    np.testing.assert_allclose(ours(*labels, average=None), expected)
    expected = theirs(*labels, average="macro", zero_division=0)
    np.testing.assert_allclose(ours(*labels, average="macro"), expected)


@given(pairs(5))
def test_accuracy_and_confusion_matrix_agree_with_scikit_learn(labels):
    assert accuracy(*labels) == pytest.approx(reference.accuracy_score(*labels))
    expected = reference.confusion_matrix(*labels, labels=np.arange(5))
    np.testing.assert_array_equal(confusion_matrix(*labels, 5), expected)
    expected = expected / np.maximum(expected.sum(axis=1, keepdims=True), 1)
    np.testing.assert_allclose(confusion_matrix(*labels, 5, normalize=True), expected)


# --------------------------------------------------------------------------- properties


@given(pairs(5))
def test_the_confusion_matrix_counts_each_example_once(labels):
    matrix = confusion_matrix(*labels)
    assert matrix.sum() == len(labels[0])
    assert np.trace(matrix) == np.sum(labels[0] == labels[1])
    np.testing.assert_array_equal(matrix.T, confusion_matrix(*labels[::-1]))


@given(pairs(2))
def test_f1_lies_between_precision_and_recall(labels):
    both = precision(*labels), recall(*labels)
    assert min(both) - 1e-12 <= f1_score(*labels) <= max(both) + 1e-12


@given(pairs(2))
def test_specificity_is_the_recall_of_no(labels):
    assert specificity(*labels) == pytest.approx(recall(*labels, average=None)[0])


@every_metric
def test_labels_of_any_integer_dtype_are_equal_and_left_alone(metric):
    y_true, y_pred = np.array([1, 0, 1, 1]), np.array([1, 1, 0, 1])
    expected = metric(y_true, y_pred)
    for kind in (bool, np.uint8, np.int8, np.int32, np.uint64):
        np.testing.assert_array_equal(metric(y_true.astype(kind), y_pred.astype(kind)), expected)
    np.testing.assert_array_equal(metric(list(y_true), list(y_pred)), expected)
    np.testing.assert_array_equal(y_true, [1, 0, 1, 1])


def test_small_dtypes_do_not_overflow():
    y_true, y_pred = np.full(300, 99, np.uint8), np.full(300, 98, np.uint8)
    assert confusion_matrix(y_true, y_pred)[99, 98] == 300


# --------------------------------------------------------------------------- bad input


@every_metric
def test_bad_labels_are_refused(metric):
    good = np.array([0, 1, 1])
    for bad, error, words in [
        (np.array([0.0, 1.0, 1.0]), TypeError, "must hold integers, but its dtype is float64"),
        (np.array(["0", "1", "1"]), TypeError, "must hold integers"),
        (np.array([0, -1, 1]), ValueError, r"must be .*, but range from -1 to 1"),
        (np.array([[0], [1], [1]]), ValueError, r"must have the shape \(n,\).*has \(3, 1\)"),
        (np.array([], int), ValueError, r"must have the shape \(n,\) with n >= 1"),
    ]:
        with pytest.raises(error, match=f"y_true {words}"):
            metric(bad, good)
        with pytest.raises(error, match=f"y_pred {words}"):
            metric(good, bad)
    with pytest.raises(ValueError, match=r"y_true and y_pred must have the same shape"):
        metric(good, good[:2])


@pytest.mark.parametrize("metric", [precision, recall, f1_score, specificity])
def test_binary_metrics_refuse_other_classes(metric):
    """Ten classes are not silently taken for two."""
    with pytest.raises(
        ValueError,
        match="must be from 0 to 1",
    ):
        metric(np.array([1, 2]), np.array([1, 1]))
    with pytest.raises(ValueError, match="y_pred must be from 0 to 1"):
        metric(np.array([1, 1]), np.array([1, 2]))


@every_share
@pytest.mark.parametrize("average", ["micro", "weighted", 1, True])
def test_unknown_averages_are_refused(ours, theirs, average):
    with pytest.raises(ValueError, match=r"average must be one of \('binary', 'macro', None\)"):
        ours(np.array([1]), np.array([1]), average=average)


def test_bad_numbers_of_classes_are_refused():
    y = np.array([0, 3])
    with pytest.raises(ValueError, match="y_true must be from 0 to 2, but range from 0 to 3"):
        confusion_matrix(y, y, 3)
    with pytest.raises(ValueError, match="num_classes must be at least 1, but is 0"):
        confusion_matrix(y, y, 0)
    with pytest.raises(TypeError, match=r"num_classes must be an integer, but is 4\.0"):
        confusion_matrix(y, y, 4.0)


# --------------------------------------------------------------------------- probabilities


@given(pairs(2), st.sampled_from([0.1, 0.5, 0.9]))
def test_scores_at_another_prevalence_are_those_of_weighted_examples(labels, prevalence):
    y_true, y_pred = labels
    if y_true.min() == y_true.max():
        return
    weights = np.where(
        y_true == 1, prevalence / y_true.mean(), (1 - prevalence) / (1 - y_true.mean())
    )
    hits = recall(y_true, y_pred), 1 - specificity(y_true, y_pred)
    if any(hits):
        expected = reference.precision_score(y_true, y_pred, sample_weight=weights)
        assert precision_at(prevalence, *hits) == pytest.approx(expected)
    expected = reference.f1_score(y_true, y_pred, sample_weight=weights)
    assert f1_at(prevalence, *hits) == pytest.approx(expected)


def test_reliability_against_scikit_learn(rng):
    p = rng.random(500)
    y = (rng.random(500) < p**2).astype(int)
    np.testing.assert_allclose(reliability(y, p), calibration_curve(y, p, n_bins=10)[::-1])
    both = np.array([p, p**3])  # two sets of answers to the same questions
    apart = reliability(np.tile(y, 2), both.ravel(), bins=7, fewest=100)
    np.testing.assert_array_equal(reliability(y, both, bins=7, fewest=100), apart)
    assert apart.shape[1] < 7


def test_calibration_error_by_hand():
    """Two bins hold three answers and one: 3/4 of 0.8 - 2/3 and 1/4 of 0.3 - 0."""
    p, y = np.array([0.75, 0.8, 0.85, 0.3]), np.array([1, 1, 0, 0])
    assert calibration_error(y, p, bins=2) == pytest.approx(0.75 * abs(0.8 - 2 / 3) + 0.25 * 0.3)
    assert calibration_error(np.ones(3), np.ones(3)) == 0
    assert calibration_error(np.zeros(3), np.ones(3)) == 1


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(-3, 3)), min_size=2, max_size=30))
def test_roc_area_against_scikit_learn(rows):
    """Integers as scores: many are equal."""
    y, scores = map(np.array, zip(*rows, strict=True))
    if y.min() == y.max():
        with pytest.raises(ValueError, match="y_true must hold both 0 and 1"):
            roc_area(y, scores)
    else:
        assert roc_area(y, scores) == pytest.approx(reference.roc_auc_score(y, scores))


def test_roc_area_refuses_scores_of_another_shape():
    with pytest.raises(ValueError, match="y_true and scores must have the same shape"):
        roc_area(np.array([0, 1]), np.ones((2, 1)))


def test_a_table_that_fits_nowhere_is_refused():
    with pytest.raises(ValueError, match=r"y_true and y_pred must ask for .* \(40001, 40001\)"):
        metrics.confusion_matrix([40_000], [0])


def test_a_share_of_nothing_is_none():
    assert metrics.precision_at(0.5, 0.0, 0.0) == metrics.f1_at(0.0, 0.0, 0.0) == 0
    assert metrics.f1_at(np.array([0.1, 0.5]), 1.0, 0.0).tolist() == [1, 1]


def test_of_ten_classes_the_message_names_the_way_out():
    with pytest.raises(ValueError, match="go up to 9: of more classes ask for average='macro'"):
        metrics.f1_score(np.arange(10), np.arange(10))


def test_the_answer_is_the_class_of_the_largest_logit():
    np.testing.assert_array_equal(answers(np.array([[1.0, 2.0], [3.0, -1.0]])), [1, 0])
    np.testing.assert_array_equal(answers(np.array([[0.0, -5.0, 1.0]])), [2])


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.8])
def test_the_answer_is_yes_above_a_probability(threshold):
    border = np.log(threshold / (1 - threshold))
    logits = np.array([[border - 1], [np.nextafter(border, -9)], [border], [border + 1e-9], [9.0]])
    np.testing.assert_array_equal(answers(logits, threshold), [0, 0, 0, 1, 1])


@pytest.mark.parametrize("threshold", [-0.5, 0.0, 1.0, 1.5])
def test_a_threshold_is_a_probability_between_both_answers(threshold):
    with pytest.raises(ValueError, match="threshold must be"):
        answers(np.zeros((1, 1)), threshold)


def test_three_classes_are_too_many_for_a_binary_average():
    with pytest.raises(ValueError, match=r"must be from 0 to 1 .* but go up to 2"):
        precision([0, 1, 2], [0, 1, 1])


def test_a_probability_of_1_lies_in_the_last_bin_and_a_bin_is_kept_from_fewest_on():
    outcomes, probabilities = np.array([1, 0, 1, 1]), np.array([1.0, 0.95, 0.15, 0.05])
    np.testing.assert_allclose(
        reliability(outcomes, probabilities), [[0.05, 0.15, 0.975], [1, 1, 0.5]]
    )
    np.testing.assert_allclose(reliability(outcomes, probabilities, fewest=2), [[0.975], [0.5]])
    np.testing.assert_allclose(
        reliability(outcomes, probabilities, fewest=0), reliability(outcomes, probabilities)
    )
    with pytest.raises(ValueError, match="fewest must be at least 0"):
        reliability(outcomes, probabilities, fewest=-1)
    stacked = np.full((2, 3, 4), 0.25)
    np.testing.assert_array_equal(reliability(outcomes, stacked), [[0.25], [0.75]])
    for some in (np.array(1), np.ones((3, 4)), np.ones(3)):
        with pytest.raises(ValueError, match=r"outcomes must have the shape \(2, 3, 4\) of prob"):
            reliability(some, stacked)


def test_shares_of_two_shapes_are_refused():
    with pytest.raises(ValueError, match="must be numbers or of one shape"):
        precision_at(np.full(2, 0.5), np.full(3, 0.5), 0.1)


@pytest.mark.parametrize("tiny", [np.float32(1e-30), 1e-200, 1e-300, np.float16(1e-5)])
def test_scores_of_tiny_shares_do_not_vanish(tiny):
    """A product of two would be 0."""
    assert precision_at(tiny, tiny, 0) == 1
    assert precision_at(np.full(2, tiny), tiny, 0.0).tolist() == [1, 1]
    assert precision_at(tiny, 0.0, tiny) == 0
    assert f1_at(tiny, tiny, 0) == pytest.approx(2 * float(tiny), rel=1e-4)
    assert precision_at(tiny, 0.5, tiny) == pytest.approx(1 / 3, rel=1e-4)
    assert f1_at(tiny, 1.0, tiny) == pytest.approx(2 / 3, rel=1e-4)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_has_no_order_is_refused(bad):
    with pytest.raises(ValueError, match="scores must be finite, but holds 1"):
        roc_area([0, 1, 1], [0.1, bad, 0.3])
    for logits in ([[0.5], [bad]], [[0.1, bad], [0.5, 0.2]]):
        with pytest.raises(ValueError, match="logits must be finite, but holds 1"):
            answers(logits)
