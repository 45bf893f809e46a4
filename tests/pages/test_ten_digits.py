"""The sentences that the page computes say what the numbers say, whichever way a run falls."""

import pytest

from mnist_gd.records import Record
from tests.page_functions import functions_of, run


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (0.001, "do not tell the two losses apart"),
        (0.004, "no more than two lengths of the step"),
        (0.009, "differ by more than two lengths of the step"),
    ],
)
def test_losses_are_judged_by_their_error_and_by_what_a_rate_makes(difference, said, sign):
    sentence = functions_of("ten_digits")["loss_sentence"]
    assert said in sentence(sign * difference, 0.001, [0.003, 0.005])


def test_a_sweep_tells_of_every_run():
    sentence = functions_of("ten_digits")["sweep_sentence"]
    good, early, late, stuck = [0.9] * 3, [], [0.5], [0.5, 0.1, 0.1]
    assert sentence([run(good), run(good)], 0.1) == "2 of the 2 runs ended better than guessing"
    unborn = Record(run(good).configuration, 0, {"history": {}}, {}, 1.0)
    text = sentence([run(good, hidden=256), run(early), unborn, run(late), run(stuck)], 0.1)
    assert text.split("; ") == [
        "1 of the 5 runs ended better than guessing",
        "2 with 64 units at a rate of 1 diverged in the first epoch and left no curve",
        "1 with 64 units at a rate of 1 diverged later, where the curve ends",
        "1 with 64 units at a rate of 1 ended no better than guessing",
    ]
