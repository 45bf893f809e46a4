"""The sentence that the page computes about batches says what the trainings say."""

import numpy as np
import pytest

from tests.page_functions import functions_of

LOW, HIGH = np.array([0.08, 0.081, 0.082]), np.array([0.30, 0.31, 0.32])
WIDE = np.array([0.05, 0.1, 0.2])


@pytest.mark.parametrize(
    ("after_few", "at_end", "said"),
    [
        ((HIGH, LOW), (LOW, HIGH), "steps, those of 1,024; counted by images, those of 16"),
        ((LOW, HIGH), (HIGH, LOW), "steps, those of 16; counted by images, those of 1,024"),
        (
            (LOW, LOW + 0.001),
            (LOW, WIDE),
            "steps, neither clearly; counted by images, neither clearly",
        ),
        ((HIGH, LOW), (HIGH, LOW), "steps, those of 1,024; counted by images, those of 1,024"),
    ],
)
def test_which_batch_was_better(after_few, at_end, said):
    page = functions_of("noise")
    page["np"] = np
    scores = [{16: small, 64: WIDE, 1024: large} for small, large in (after_few, at_end)]
    assert page["batches_sentence"](*scores).endswith(said)
