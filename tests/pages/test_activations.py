"""The sentences on activations say what the numbers say, and the solutions are right."""

import numpy as np
import pytest

from mnist_gd.activations import sigmoid
from mnist_gd.exercises import check
from tests.page_functions import functions_of


def solution(page, name):
    functions = functions_of(page)
    functions |= {"np": np, "sigmoid": sigmoid}  # they look here for what they use
    return functions[name]


@pytest.mark.parametrize(
    ("page", "task", "name"),
    [
        ("activations", "softmax-gradient", "my_softmax_gradient"),
        ("activations", "swish-gradient", "my_swish_gradient"),
        ("activations_more", "prelu-slope-gradient", "my_slope_gradient"),
    ],
)
def test_the_solutions_satisfy_the_judge(page, task, name):
    assert check(task, solution(page, name))


def test_first_deaths_are_told_wherever_they_fall():
    tell = functions_of("activations")["first_deaths"]
    assert tell([1, 2, 4], [0, 0, 0.25]) == (
        "Up to 2 times the rate 1/λ no unit is dead, and at 4 times that rate 25% are."
    )
    # One that is silent no more at a higher rate has died at the lower one all the same.
    assert tell([1, 2, 4], [0, 0.1, 0]).startswith("Up to 1 times")
    assert tell([1, 2, 4], [0.1, 0.2, 0.3]).startswith("Units die even at 1 times")
    assert tell([1, 2, 4], [0, 0, 0]) == "Up to 4 times the rate 1/λ no unit is dead."


def test_the_gap_of_prelu_is_told_whichever_way_it_falls():
    tell = functions_of("activations_more")["prelu_gap"]
    tell.__globals__["np"] = np
    noise = np.array([-0.2, -0.1, 0.0, 0.1, 0.2])
    gaps = {"0": 9 + 0 * noise, "0.25": 10 + 0 * noise, "learned": 10 + noise}
    assert "wider than ReLU's" in tell(gaps)
    assert "nothing is seen" in tell(gaps)
    assert "narrower than ReLU's" in tell(gaps | {"0": 11 + 0 * noise})
    assert "widens the gap" in tell(gaps | {"0.25": 9 + 0 * noise})
    assert "narrows the gap" in tell(gaps | {"0.25": 11 + 0 * noise})
    assert "Neither" in tell(gaps | {"0": 10 + noise[::-1]})
