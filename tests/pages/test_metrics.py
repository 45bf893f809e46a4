"""The sentence of the chapter on metrics that compares two classifiers."""

import pytest

from tests.page_functions import functions_of

told_apart = functions_of("metrics")["told_apart"]


@pytest.mark.parametrize(
    ("b", "c", "words"),
    [
        (35, 9, "it helped"),
        (9, 35, "it did harm"),
        (12, 10, "may be chance"),
        (10, 12, "may be chance"),
        (20, 20, "may be chance"),
        (0, 0, "may be chance"),  # no image on which they differ
        (4, 0, "it helped"),  # z is 2
        (3, 0, "may be chance"),
    ],
)
def test_a_difference_is_called_one_only_beyond_twice_its_error(b, c, words):
    assert words in told_apart(b, c)
