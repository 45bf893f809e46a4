"""The sentences that the page computes say what the numbers say, whichever way a run falls."""

import numpy as np
import pytest

from mnist_gd.records import Record
from tests.page_functions import functions_of, run


def page():
    defined = functions_of("additions")
    defined["np"] = np  # in the functions' own module
    return defined


def test_what_chance_explains_is_not_said_to_be_more():
    sentence = page()["chance_sentence"]
    differences = {"Adam": (0.02, 0.01), "falling rate": (0.09, 0.01), "shifts": (-0.06, 0.01)}
    assert sentence(differences, 4.7) == "here that limit is exceeded by falling rate and shifts"
    assert sentence({"Adam": (0.02, 0.01)}, 4.7) == "no difference here does"


@pytest.mark.parametrize(
    ("end", "said"),
    [(0.93, "still rises"), (0.87, "falls"), (0.905, "hardly moves"), (0.9, "hardly moves")],
)
def test_the_score_need_not_follow_the_loss(end, said):
    assert page()["score_sentence"](0.9, end, 0.01) == said


def test_the_turn_of_a_loss():
    sentence = page()["turn_sentence"]
    assert sentence([3.0, 2.0, 1.0]) == "was lowest after the last epoch, at 1.000"
    turned = sentence(np.array([3.0, 1.0, 2.0]))
    assert turned == "was lowest after epoch 2, at 1.000, and ends at 2.000"


def test_a_remedy_helps_if_it_does_with_every_seed():
    sentence = page()["remedies_sentence"]
    none = np.array([[0.4, 0.9], [0.5, 0.8]])
    better, mixed = none + [-0.1, 0.01], none + [[-0.1, 0.1], [0.1, -0.1]]
    assert sentence({"none": none, "shifts": better, "dropout": mixed, "same": none}) == (
        "a lower loss than without a remedy came with shifts; a higher accuracy with shifts"
    )
    assert sentence({"none": none, "dropout": mixed}) == (
        "a lower loss than without a remedy came with none of them; "
        "a higher accuracy with none of them"
    )


def test_who_chose_at_an_edge():
    sentence = page()["outermost_sentence"]
    tried = {
        name: [run([0.9] * 3, rate=rate) for rate in (0.1, 0.3, 1.0)]
        for name in ("plain", "Adam", "Adam, shifts")
    }
    inside = {name: [runs[1]] for name, runs in tried.items()}
    assert sentence(tried, inside) == "none was best at an edge"
    low, high = {"Adam": [tried["Adam"][0]]}, {"Adam, shifts": [tried["Adam, shifts"][2]]}
    assert sentence(tried, inside | low | high) == (
        "at an edge of theirs were best Adam and Adam + shifts: a better one may lie outside"
    )


def test_a_mean_course_is_that_of_the_runs_that_came_to_their_end():
    runs = [run([0.1, 0.2, 0.3]), run([0.3, 0.4, 0.5]), run([0.9])]
    assert isinstance(runs[-1], Record)
    assert runs[-1].diverged
    mean = page()["mean_course"](runs, "validation_score")
    np.testing.assert_allclose(mean, [0.2, 0.3, 0.4])
