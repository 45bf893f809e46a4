"""The sentences that the page computes say what the numbers say, whichever way a run falls."""

import pytest

from mnist_gd.history import History
from tests.page_functions import functions_of

PAGE = functions_of("is_it_a_four")


def test_a_rate_at_the_edge_of_those_tried_is_said_to_be():
    sentence = PAGE["choice_sentence"]
    means = {0.1: 0.95, 1: 0.98, 10: 0.0}
    text = sentence(means, 1)
    assert "rate 1 is taken, with a mean of 0.9800; the best of the others is 0.1" in text
    assert text.endswith("A smaller and a larger one were tried")
    for rate in (0.1, 10):
        assert "at the edge" in sentence(means, rate)
    assert sentence({1: 0.98}, 1) == (
        "The first rate 1 is taken, with a mean of 0.9800. It lies at the edge of those tried, so "
        "a better one may lie outside"
    )


def test_sizes_are_told_apart_by_their_error():
    sentence = PAGE["size_sentence"]
    most = [0.976, 0.979, 0.979]
    text = sentence({256: most, 64: [0.977, 0.978, 0.979], 16: [0.969, 0.968, 0.960]})
    worse, equal = text.split(" and ")
    assert worse.startswith("with 16 it is lower than with 256 (−0.0")
    assert equal.startswith("with 64 it is not told apart from that with 256")
    assert "higher than with 256" in sentence({256: most, 64: [0.989, 0.990, 0.991]})


def test_the_curves_are_told_from_end_to_end():
    history = History(
        metric="f1_score",
        train_loss=[0.04, 0.02, 0.01, 0.001],
        train_score=[0.96, 0.98, 0.99, 0.9995],
        validation_loss=[0.03, 0.01, 0.02, 0.05],
        validation_score=[0.95, 0.979, 0.97, 0.96],
    )
    assert PAGE["curves_sentence"](history) == (
        "The training loss goes from 0.040 to 0.001, the validation loss from 0.030 to 0.050. "
        "After 2 epochs F₁ is 0.9800 on the training images and 0.9790 on those held out, after 4 "
        "it is 0.9995 and 0.9600"
    )


def test_a_gap_is_called_one_only_if_there_is_one():
    sentence = PAGE["gap_sentence"]
    assert "better than new ones" in sentence(0.999, 0.979)
    assert "about as well" in sentence(0.980, 0.979)
    assert "about as well" in sentence(0.970, 0.979)


@pytest.mark.parametrize(
    ("difference", "said"),
    [(-0.03, "scores lower"), (0.03, "scores higher"), (0.003, "do not tell from none")],
)
def test_mix_and_all_images_are_told_apart_by_their_error(difference, said):
    assert said in PAGE["beside"](difference, 0.002)


def test_equal_steps_and_an_own_rate_are_claimed_only_where_they_are():
    sentence = PAGE["steps_sentence"]
    text = sentence((9380, 1830), (1, 1))
    assert "mix took 1,830 steps and those of all images 9,380, both from the first rate 1" in text
    unfair = "not all of the difference need be the mix"
    assert unfair in text
    assert unfair in sentence((9380, 9333), (1, 1))
    assert unfair in sentence((9380, 1830), (1, 0.3))
    fair = sentence((9380, 9333), (1, 0.3))
    assert unfair not in fair
    assert "from the first rates 0.3 and 1" in fair
