"""Lines on a pad, as the tests and the page of drawings use them."""

import numpy as np

from mnist_gd._drawings import NO_DIGITS, OTHERS, drawn, scribble, slanted
from mnist_gd.handwriting import CENTRE


def test_thirty_are_asked_at_the_end_and_no_other_is_among_them():
    assert len(NO_DIGITS) == 30
    assert not NO_DIGITS.keys() & OTHERS.keys()
    images = [drawn(strokes) for strokes in [*NO_DIGITS.values(), *OTHERS.values()]]
    apart = [np.abs(a - b).sum() for n, a in enumerate(images) for b in images[:n]]
    assert min(apart) > 5


def test_drawings_are_centred_and_fill_the_box():
    at = np.arange(28) + 0.5
    for name, strokes in NO_DIGITS.items():
        image = drawn(strokes).reshape(28, 28)
        assert abs(image.sum(axis=1) @ at / image.sum() - CENTRE) < 0.1, name
        ink = np.argwhere(image > 0.5)
        assert name == "dot" or 18 <= np.ptp(ink, axis=0).max() + 1 <= 21, name
    assert drawn([]).sum() == 0
    assert 4 < drawn([[(3, 3)]]).sum() < 7  # a dot


def test_hands_differ_by_their_generator():
    shape = NO_DIGITS["A"]
    one, other, again = (slanted(shape, np.random.default_rng(seed)) for seed in (0, 1, 0))
    np.testing.assert_array_equal(one[0], again[0])
    assert not np.allclose(one[0], other[0])
    assert len(scribble(np.random.default_rng(0))[0]) >= 15
