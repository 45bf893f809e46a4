"""The images and labels that the experiments learn from and are judged by."""

from collections import Counter

import numpy as np
import pytest

from mnist_gd import data
from mnist_gd.data import examples

pytestmark = pytest.mark.usefixtures("loaded")


@pytest.mark.parametrize(
    ("part", "size"),
    [("training", 50_000), ("validation", 10_000), ("full", 60_000)],
)
def test_sizes_and_labels(part, size):
    images, digits = examples("ten", part)
    assert images.shape == (size, 784)
    assert images.dtype == np.uint8
    assert digits.dtype == np.dtype(int)
    assert np.unique(digits).tolist() == list(range(10))
    same_images, fours = examples("four", part)
    assert np.array_equal(same_images, images)
    assert fours.dtype == np.dtype(int)
    assert np.array_equal(fours, digits == 4)


@pytest.mark.parametrize("part", ["training", "validation", "full"])
def test_balanced_half_and_half(part):
    images, fours = examples("four", part, "balanced")
    digits = {image.tobytes(): digit for image, digit in zip(*examples("ten", part), strict=True)}
    counts = Counter(digits[image.tobytes()] for image in images)
    assert fours.mean() == 0.5
    assert counts[4] == len(fours) / 2
    assert {counts[digit] for digit in range(10) if digit != 4} == {len(fours) / 18}
    assert all(
        (digits[image.tobytes()] == 4) == answer
        for image, answer in zip(images, fours, strict=True)
    )
    assert len(fours) > 17 * (np.array(list(digits.values())) == 4).sum() / 9


def test_the_mix_is_the_same_whatever_is_asked_of_it():
    images, fours = examples("four", "validation", "balanced")
    same_images, digits = examples("ten", "validation", "balanced")
    assert np.array_equal(same_images, images)
    assert np.array_equal(fours, digits == 4)


def rows(images, digits):
    return Counter(zip((hash(image.tobytes()) for image in images), digits.tolist(), strict=True))


def test_training_and_validation_make_up_the_training_set(mnist):
    """Disjoint, and nothing is left over: no image lies on both sides."""
    training, validation = (rows(*examples("ten", part)) for part in ("training", "validation"))
    assert not training.keys() & validation.keys()
    assert training + validation == rows(*examples("ten", "full"))
    assert not validation.keys() & rows(mnist.test.images, mnist.test.labels).keys()


def test_validation_has_the_mix_of_the_training_set():
    _, training = examples("ten", "training")
    _, validation = examples("ten", "validation")
    difference = np.bincount(training) / 5 - np.bincount(validation)
    assert abs(difference).max() < 2


def test_the_split_is_the_same_every_time(loaded):
    first = examples("four", "validation", "balanced")
    loaded()
    second = examples("four", "validation", "balanced")
    assert first[0] is not second[0]
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_the_split_is_that_of_every_record():
    """Other seeds would give other rows, and every score would be another."""
    labels = {mix: examples("ten", "validation", mix)[1][:20].tolist() for mix in data.MIXES}
    assert labels == {
        "natural": [3, 5, 1, 0, 8, 7, 9, 3, 1, 1, 2, 0, 2, 6, 0, 4, 0, 7, 1, 7],
        "balanced": [3, 2, 8, 4, 9, 4, 4, 2, 4, 9, 6, 9, 4, 6, 4, 1, 8, 6, 4, 0],
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("five", "full"), r"question must be one of \('four', 'ten'\), but is 'five'"),
        ((4, "full"), "question must be one of .* but is 4"),
        (("ten", "train"), r"part must be one of \('training', .*, but is 'train'"),
        (("ten", "test"), r"part must be one of \('training', .*, but is 'test'"),
        (("four", "full", "even"), r"mix must be one of \('natural', 'balanced'\), but is 'even'"),
    ],
)
def test_unknown_question_part_or_mix(arguments, message):
    with pytest.raises(ValueError, match=message):
        examples(*arguments)


@pytest.mark.parametrize("part", ["training", "validation", "full"])
@pytest.mark.parametrize("question", ["four", "ten"])
def test_what_is_kept_cannot_be_written_to(question, part, loaded, mnist):
    """Else one caller would change what all later ones get."""
    for array in examples(question, part):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 7
    for array in (*data._training_set(), *data._split_rows()):
        assert not array.flags.writeable
    assert mnist.train.labels.flags.writeable  # what was loaded is its owner's
