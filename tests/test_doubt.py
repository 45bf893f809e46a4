"""The distance from what a network was trained on."""

import numpy as np
import pytest

from mnist_gd._drawings import NO_DIGITS, OTHERS, drawn
from mnist_gd.data import examples, scale_pixels
from mnist_gd.doubt import Subspaces, edges, fit_subspaces


@pytest.fixture(scope="module")
def digits():
    images, labels = examples("ten", "training")
    return scale_pixels(images[:3000]).astype(np.float64), labels[:3000]


def test_edges_of_a_bar_are_where_it_begins_and_ends():
    image = np.zeros((28, 28))
    image[8:20, 9:15] = 1
    right, left, down, up = edges(image.reshape(1, 784)).reshape(4, 7, 7)
    assert {*np.argwhere(right)[:, 1]} == {2}  # columns 8 and 9
    assert {*np.argwhere(left)[:, 1]} == {3}  # 14 and 15
    assert {*np.argwhere(down)[:, 0]} == {1, 2}  # rows 7 and 8
    assert {*np.argwhere(up)[:, 0]} == {4, 5}  # 19 and 20
    assert np.sum([right**2, left**2, down**2, up**2]) == pytest.approx(1)


def test_edges_do_not_see_how_bright_an_image_is(digits):
    images = digits[0][:10]
    np.testing.assert_allclose(edges(images / 3), edges(images))
    assert edges(images.astype(np.float32)).dtype == np.float32
    np.testing.assert_array_equal(edges(np.zeros((1, 784))), 0)


def test_subspaces_are_those_of_principal_components(digits):
    decomposition = pytest.importorskip("sklearn.decomposition")
    images, labels = digits
    found = fit_subspaces(edges(images), labels, components=5)
    for label in (0, 7):
        rows = edges(images[labels == label])
        theirs = decomposition.PCA(5, svd_solver="full").fit(rows)
        np.testing.assert_allclose(found.means[label], theirs.mean_)
        signs = np.sum(found.directions[label] * theirs.components_, axis=1)
        np.testing.assert_allclose(np.abs(signs), 1, atol=1e-6)
        alone = Subspaces(found.means[[label]], found.directions[[label]])
        left = rows - theirs.inverse_transform(theirs.transform(rows))
        np.testing.assert_allclose(alone.distances(rows), np.linalg.norm(left, axis=1), atol=1e-6)


def test_the_nearest_class_counts(digits):
    known = fit_subspaces(edges(digits[0]), digits[1])
    rows = edges(digits[0][:50])
    each = [Subspaces(known.means[[k]], known.directions[[k]]).distances(rows) for k in range(10)]
    np.testing.assert_array_equal(known.distances(rows), np.min(each, axis=0))


def test_what_is_no_digit_lies_farther_away_than_most_digits(digits):
    known = fit_subspaces(edges(digits[0]), digits[1])
    near = known.distances(edges(scale_pixels(examples("ten", "validation")[0][:1000])))
    for shapes in (NO_DIGITS, OTHERS):
        far = known.distances(edges(np.array([drawn(strokes) for strokes in shapes.values()])))
        assert np.median(far) > np.quantile(near, 0.98)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros(4), np.array([0, 0, 1, 1]), 1), r"rows.*\(4,\)"),
        ((np.zeros((4, 9)), np.array([0, 0, 1]), 1), "4 and 3"),
        ((np.zeros((4, 9)), np.array([0, 0, 0, 1, 1]), 1), "4 and 5"),
        ((np.zeros((9, 2)), np.zeros(9, int), 3), "components must be at most 2"),
        ((np.zeros((4, 9)), np.array([0, 0, 1, 1]), 2), "components.*below the 2 rows"),
        ((np.zeros((4, 9)), np.array([0, 0, 2, 2]), 1), "components.*below the 0 rows"),
        ((np.zeros((4, 9)), np.array([0, 0, 1, 1]), 0), "components"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        fit_subspaces(*arguments)


def test_images_and_rows_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"images.*784.*\(4, 783\)"):
        edges(np.zeros((4, 783)))
    with pytest.raises(ValueError, match=r"images.*finite"):
        edges(np.full((4, 784), np.nan))
    known = fit_subspaces(np.eye(4), np.array([0, 0, 1, 1]), components=1)
    with pytest.raises(ValueError, match=r"rows.*4.*\(2, 3\)"):
        known.distances(np.zeros((2, 3)))


def test_all_directions_leave_no_distance_and_what_was_found_is_fixed():
    rows = np.random.default_rng(0).normal(size=(9, 3))
    found = fit_subspaces(rows, np.zeros(9, int), components=3)
    np.testing.assert_allclose(found.distances(rows + 5), 0, atol=1e-6)
    assert (found.distances(rows + 5) >= 0).all()
    with pytest.raises(AttributeError):
        found.means = rows


def test_as_many_means_as_directions_are_compared(rng):
    found = fit_subspaces(rng.random((9, 4)), np.arange(9) % 3, 1)
    with pytest.raises(ValueError, match="shorter than"):
        Subspaces(found.means, found.directions[:2]).distances(rng.random((2, 4)))


def test_edges_of_a_faint_image_have_length_1():
    image = np.zeros((28, 28))
    image[8:20, 9:15] = 1e-4
    assert np.linalg.norm(edges(image.reshape(1, 784))) == pytest.approx(1)


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble, np.int8])
def test_rows_of_any_precision_have_subspaces(dtype, rng):
    rows = rng.integers(0, 5, (9, 4))
    expected = fit_subspaces(rows.astype(np.float64), np.zeros(9, int), 2)
    found = fit_subspaces(rows.astype(dtype), np.zeros(9, int), 2)
    np.testing.assert_array_equal(found.means, expected.means)
    np.testing.assert_array_equal(found.directions, expected.directions)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_what_has_no_distance_is_refused(value, rng):
    rows = rng.random((9, 4))
    found = fit_subspaces(rows, np.zeros(9, int), 2)
    with np.errstate(all="ignore"):
        with pytest.raises(ValueError, match="rows must be finite"):
            found.distances(rows * value)
        with pytest.raises(ValueError, match="images must"):
            edges(np.full((1, 784), value))


@pytest.mark.parametrize("largest", [4, 2**40, 2**63 - 1])
def test_labels_beyond_the_number_of_rows_are_refused_before_they_are_counted(largest, rng):
    with pytest.raises(ValueError, match=f"labels must be from 0 to 3, but .* to {largest}"):
        fit_subspaces(rng.random((4, 3)), np.array([0, 0, 1, largest]), 1)


@pytest.mark.parametrize(("dtype", "classes"), [(np.int8, 128), (np.uint8, 256), (np.uint64, 3)])
def test_as_many_classes_as_a_dtype_has_numbers_are_found(dtype, classes, rng):
    rows, labels = rng.random((3 * classes, 4)), np.arange(3 * classes) % classes
    expected = fit_subspaces(rows, labels, 2)
    found = fit_subspaces(rows, labels.astype(dtype), 2)
    assert len(found.means) == classes
    np.testing.assert_array_equal(found.directions, expected.directions)


@pytest.mark.parametrize(
    ("dtype", "powers"), [(np.float32, [-83, 83]), (np.float64, [-565, 532, 1020])]
)
def test_the_directions_of_rows_hang_on_no_unit(dtype, powers, rng):
    """Their squares would be 0, or infinite; a class may lie far below another."""
    rows, labels = rng.random((20, 4)).astype(dtype), np.arange(20) % 2
    expected = fit_subspaces(rows, labels, 2)
    for power in powers:
        unit = dtype(2.0**power)
        found = fit_subspaces(rows * unit, labels, 2)
        np.testing.assert_array_equal(found.directions, expected.directions)
        np.testing.assert_array_equal(found.means, expected.means * unit)
    mixed = rows * np.where(labels, dtype(2.0 ** powers[0]), 1)[:, None].astype(dtype)
    found = fit_subspaces(mixed, labels, 2)
    np.testing.assert_array_equal(found.directions, expected.directions)


def test_rows_whose_mean_is_not_finite_are_refused():
    with pytest.raises(ValueError, match="rows less the mean of their class must be finite"):
        fit_subspaces(np.full((4, 3), 1.7e308), np.zeros(4, int), 1)


def test_subspaces_are_equal_to_themselves_alone(rng):
    rows, labels = rng.normal(size=(8, 4)), np.zeros(8, int)
    one, other = (fit_subspaces(rows, labels, 2) for _ in "ab")
    assert (one == one, one == other) == (True, False)
