"""Lines on a pad, as the tests and the page of drawings use them."""

import numpy as np
import pytest

from mnist_gd._drawings import NO_DIGITS, OTHERS, drawn, scribble, slanted
from mnist_gd.handwriting import CENTRE


def test_thirty_are_asked_at_the_end_and_no_other_is_among_them():
    assert len(NO_DIGITS) == 30
    assert not NO_DIGITS.keys() & OTHERS.keys()
    images = [drawn(strokes) for strokes in [*NO_DIGITS.values(), *OTHERS.values()]]
    apart = [np.abs(a - b).sum() for n, a in enumerate(images) for b in images[:n]]
    assert min(apart) > 5


# How bright their pixels are, each counted by the cosine of its place.
BRIGHT = [
    -0.25391, 0.13352, 1.14468, 0.29117, 0.35494, 1.47793, -1.10153, -1.29154, 0.91339,
    0.73604, 0.53217, -0.04062, -0.85797, -1.59132, -0.08068, 0.22186, -0.68582, -0.92897,
    0.66608, 0.06261, -0.11079, 0.01432, -3.79566, 1.16294, 0.51656, -0.99718, -0.17718,
    -0.91781, -1.91590, 2.33446, -0.04684, 0.34871, 0.27053, -1.13447, 1.13228, -0.08902,
    -0.88644, 1.22357, 1.10034, -0.35445, 2.65910, -2.05661, 1.37187, -0.18758, 0.39685,
    -0.05936, 1.16653, 0.20888, 1.38723, 3.77471,
]  # fmt: skip


def test_what_was_asked_stays_as_it_was():
    """What is said of them hangs on every line."""
    at = np.cos(np.arange(784))
    bright = {name: drawn(strokes) @ at for name, strokes in (NO_DIGITS | OTHERS).items()}
    expected = dict(zip(bright, BRIGHT, strict=True))
    assert bright == pytest.approx(expected, abs=2e-5)


def test_drawings_are_centred_and_fill_the_box():
    at = np.arange(28) + 0.5
    for name, strokes in NO_DIGITS.items():
        image = drawn(strokes).reshape(28, 28)
        assert abs(image.sum(axis=1) @ at / image.sum() - CENTRE) < 0.1, name
        ink = np.argwhere(image > 0.5)
        assert name == "dot" or 18 <= np.ptp(ink, axis=0).max() + 1 <= 21, name
    assert drawn([]).tolist() == [0] * 784
    assert 4 < drawn([[(3, 3)]]).sum() < 7  # a dot


def test_hands_differ_by_their_generator():
    shape = NO_DIGITS["A"]
    one, other, again = (slanted(shape, np.random.default_rng(seed)) for seed in (0, 1, 0))
    np.testing.assert_array_equal(one[0], again[0])
    assert not np.allclose(one[0], other[0])
    (change,) = slanted([np.eye(2)], np.random.default_rng(0))
    np.testing.assert_allclose(change, [[1.01509, -0.01585], [0.07685, 1.01259]], atol=1e-5)


def test_a_scribble_is_up_to_thirty_steps():
    rng = np.random.default_rng(0)
    assert {len(scribble(rng)[0]) for _ in range(400)} == set(range(15, 30))
