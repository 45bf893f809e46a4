"""The sentences that the page computes say what the numbers say, whichever way a run falls."""

import pytest

from tests.page_functions import functions_of


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (0.001, "do not tell from none"),
        (0.004, "no more than another rate costs"),
        (0.009, "is more than another rate costs"),
    ],
)
def test_losses_are_judged_by_their_error_and_by_what_a_rate_costs(difference, said, sign):
    sentence = functions_of("diary")["own_rates_sentence"](sign * difference, 0.001, 0.005)
    assert said in sentence
    assert not any(word in sentence for word in ("better", "worse", "best"))
